"""How one amount grows with another: `elasticity`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import Quantity, Reading
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats.elasticity import slope

_LEAST = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Elasticity(WholeShape):
    """By how many per cent one amount grows when another grows by one. Make one with `elasticity`."""

    x: Quantity
    y: Quantity

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        x, y = pl.col("x"), pl.col("y")
        sums = rows.frame.group_by("group").agg(
            n=pl.len().cast(pl.Float64),
            xx=x.var(ddof=0) * pl.len(),
            yy=y.var(ddof=0) * pl.len(),
            xy=pl.cov(x, y, ddof=0) * pl.len(),
        )
        n, xx, yy, xy = np.zeros((4, rows.groups))
        for name, column in zip(("n", "xx", "yy", "xy"), (n, xx, yy, xy), strict=True):
            column[sums["group"].to_numpy()] = sums[name].fill_null(0.0).to_numpy()
        fits = (n >= _LEAST) & (xx > 1e-12)
        figures = np.full((4, rows.groups), np.nan)
        figures[:, fits] = slope(n[fits], xx[fits], yy[fits], xy[fits], level=level)
        value, low, high, se = figures
        reasons = ["the load does not vary" if many else "fewer than three rows" for many in n >= _LEAST]
        return WholeReading(Reading(low, high, se, "t", value), reasons=reasons)


def elasticity(y: pl.Expr, x: pl.Expr, *, of: pl.Expr) -> Elasticity:
    """The least-squares slope of the logarithm of `y` on that of `x`, with Student's limits (Draper and Smith 1998).

    Args:
        y: what grows, above 0.
        x: with what it grows, above 0.
        of: boolean row rule for the rows that count.
    """
    return Elasticity(n=of, x=x.cast(pl.Float64).log(), y=y.cast(pl.Float64).log())
