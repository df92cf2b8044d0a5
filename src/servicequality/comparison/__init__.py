"""Two samples, or many units, side by side. Here: differences with their doubt. Never: formulas, which are in `stats`."""

from servicequality.comparison.many import funnel, ranks, shrink

__all__ = ["funnel", "ranks", "shrink"]
