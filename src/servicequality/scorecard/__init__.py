"""Promises and whether they were kept: met, missed or undecided. Here: `Objective` and `Scorecard`.

Never here: how a figure is computed, which `core` and `shapes` do, or a comparison of two samples (`comparison`).
"""

from servicequality.scorecard.card import Mode, Scorecard
from servicequality.scorecard.objective import Objective, Period

__all__ = ["Mode", "Objective", "Period", "Scorecard"]
