"""Rows for each name that there is, such as tickets for each agent: `per_name`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import Label, Quantity, Reading
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats import poisson_rate_interval


@dataclass(frozen=True, eq=False, kw_only=True)
class PerName(WholeShape):
    """How many rows are counted for each name of the rows, with exact Poisson limits. Make one with `per_name`.

    Names of rows that are not counted are names too: who has nothing counts in the mean.
    """

    name: Label
    counted: Quantity

    empty: str = "no row has a name"

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        groups = rows.frame["group"].to_numpy()
        count = np.bincount(groups, weights=rows.frame["counted"].to_numpy(), minlength=rows.groups)
        several = rows.frame.select("group", "name").unique()["group"].to_numpy()
        names = np.bincount(several, minlength=rows.groups).astype(np.float64)
        value, low, high, se = np.full((4, rows.groups), np.nan)
        some = names > 0
        value[some], se[some] = count[some] / names[some], np.sqrt(count[some]) / names[some]
        low[some], high[some] = poisson_rate_interval(count[some], names[some], level=level)
        return WholeReading(Reading(low, high, se, "garwood", value))


def per_name(name: pl.Expr, counted: pl.Expr, *, of: pl.Expr) -> PerName:
    """Rows for which `counted` holds, for each name of the rows for which `of` holds; exact Poisson limits (Garwood 1936).

    Args:
        name: whose the row is.
        counted: boolean row rule for the rows that are counted.
        of: boolean row rule for the rows that have a name.
    """
    return PerName(n=of, name=name, counted=counted.fill_null(value=False).cast(pl.Float64))
