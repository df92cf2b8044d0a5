"""How many kinds there are, by their shares: `effective_kinds`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import Label, Reading
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats.diversity import effective_number


@dataclass(frozen=True, eq=False, kw_only=True)
class EffectiveKinds(WholeShape):
    """The exponential of the entropy of shares, with limits about the jackknifed entropy. Make one with `effective_kinds`."""

    kind: Label

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        counts = rows.frame.group_by("group", "kind").agg(n=pl.len().cast(pl.Int64)).sort("group")
        codes = counts["group"].cast(pl.Int64).to_numpy()
        number = effective_number(counts["n"].to_numpy(), codes, rows.groups, level=level)
        value = np.where(number.n > 0, number.value, np.nan)
        return WholeReading(Reading(number.low, number.high, number.se, "jackknife", value))


def effective_kinds(kind: pl.Expr, *, of: pl.Expr) -> EffectiveKinds:
    """How many kinds the rows for which `of` holds have: 1 where they are alike, k for k kinds of equal shares.

    Args:
        kind: the kind of each row.
        of: boolean row rule for the rows that count.
    """
    return EffectiveKinds(n=of, kind=kind)
