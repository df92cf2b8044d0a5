"""The key figures that records allow, in one call: `overview`."""

from servicequality.key_figures.answering import overview

__all__ = ["overview"]
