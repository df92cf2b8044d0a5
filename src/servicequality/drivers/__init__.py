"""From what customers feel to what the software did: which signals to look at, and how far they move together.

Here: associations over time, with their chance. Never: the claim that one thing made the other.
"""

from servicequality.drivers.association import link, partial_correlation
from servicequality.drivers.releases import event_study
from servicequality.drivers.signals import SIGNALS, candidates

__all__ = ["SIGNALS", "candidates", "event_study", "link", "partial_correlation"]
