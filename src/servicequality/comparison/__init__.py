"""Two sets of rows, or many units, side by side: what changed, of what mix, who stands out, and could it be chance.

Here: `compare`, what splits, standardises or doubles a change, and the fair comparison of many. Never here: formulas, which
are in `stats`; targets (`scorecard`); causes.
"""

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
