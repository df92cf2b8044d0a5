"""Which signals to look at for which figure, and how far they move together over time. Never: a claim of cause."""

from servicequality.drivers.association import link, partial_correlation
from servicequality.drivers.releases import event_study
from servicequality.drivers.signals import SIGNALS, candidates

__all__ = ["SIGNALS", "candidates", "event_study", "link", "partial_correlation"]
