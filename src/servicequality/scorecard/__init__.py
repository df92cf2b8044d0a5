"""Promises judged as met, missed or undecided: `Objective` and `Scorecard`. Never here: two samples (`comparison`)."""

from servicequality.scorecard.card import Mode, Scorecard
from servicequality.scorecard.objective import Objective, Period

__all__ = ["Mode", "Objective", "Period", "Scorecard"]
