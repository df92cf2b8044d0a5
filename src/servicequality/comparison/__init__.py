"""Comparisons of two sets of rows, or of many units: what changed, by which mix, who differs, and whether by chance."""

from servicequality.comparison.before_after import Adjustment, compare
from servicequality.comparison.many import funnel, ranks, shrink
from servicequality.comparison.mix import mix_and_rate, standardise
from servicequality.comparison.ordinal import superiority
from servicequality.comparison.pooling import mantel_haenszel
from servicequality.comparison.releases import difference_in_differences, interrupted_series

__all__ = [
    "Adjustment",
    "compare",
    "difference_in_differences",
    "funnel",
    "interrupted_series",
    "mantel_haenszel",
    "mix_and_rate",
    "ranks",
    "shrink",
    "standardise",
    "superiority",
]
