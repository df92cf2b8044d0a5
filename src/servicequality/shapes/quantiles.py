"""The `quantile` shape: exact from rows, from a histogram of float bits in states."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.errors import ParameterError
from servicequality.shapes.base import FloatArray, Reading, Table, TableShape
from servicequality.stats import quantile_ranks
from servicequality.stats._checks import IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Quantile(TableShape):
    """The type 7 quantile (Hyndman & Fan 1996) with order-statistic limits. Make one with `quantile`."""

    p: float
    mantissa: int = 6
    empty: str = "no answers"

    def expression(self) -> pl.Expr:
        return self.at.filter(self.n).cast(pl.Float64).quantile(self.p, "linear")

    def read(self, table: Table, *, level: float) -> Reading:
        find = _Ranks(table)
        n, value = find.n, np.full(len(find.n), np.nan)
        some = n > 0
        value[some] = find.between((n[some] - 1) * self.p, some)
        low, high, reached = np.full_like(value, np.nan), np.full_like(value, np.nan), np.full_like(value, np.nan)
        # Many groups have as many rows as others: ranks are looked up once a size.
        sizes, same = np.unique(np.maximum(np.floor(n[some] + 1e-9), 1), return_inverse=True)
        lower, upper, reached[some] = (part[same] for part in _ranks(sizes, self.p, level=level))
        for limit, rank in ((low, lower), (high, upper)):
            bounded = some.copy()
            bounded[some] = rank > 0
            limit[bounded] = find.at_rank(rank[rank > 0], bounded)
        # Of few rows the rank may lie beside the number that type 7 interpolates: widened to hold it.
        low, high = np.minimum(low, value), np.maximum(high, value)
        return Reading(low, high, np.full_like(value, np.nan), "order statistics", value=value, level=reached)


def _ranks(sizes: FloatArray, p: float, *, level: float) -> tuple[IntArray, IntArray, FloatArray]:
    """The ranks that bound a quantile, 0 where that side is not bounded, and the level that they reach."""
    if 0 < p < 1:
        return quantile_ranks(sizes, p, level=level)
    # The largest of all is at least the largest that was seen, and nothing says how far it lies above; so mirrored.
    none, seen = np.zeros(len(sizes), np.int64), sizes.astype(np.int64)
    return (seen if p == 1 else none), (none if p == 1 else np.ones_like(none)), np.ones(len(sizes))


class _Ranks:
    """Looks up ranks in each group of a table: directly where rows are observations, else by cumulated counts."""

    def __init__(self, table: Table) -> None:
        self.start, self.at = table.offsets[:-1], table.at
        self.cumulated: FloatArray | None = None
        if table.sums is None:
            assert table.counts is not None  # rows that are observations come with their number
            self.n = table.counts.astype(np.float64)
            return
        counts = table.sums["n"]
        self.cumulated = np.concatenate(([0.0], np.cumsum(counts)))
        self.n = np.diff(self.cumulated[table.offsets])
        self.whole = bool((counts == np.rint(counts)).all())
        if not self.whole:
            self.areas = np.concatenate(([0.0], np.cumsum(counts * self.at)))

    def at_rank(self, rank: FloatArray | NDArray[np.int64], groups: NDArray[np.bool_]) -> FloatArray:
        """The number that holds the 1-based rank in each of `groups`."""
        start = self.start[groups]
        if self.cumulated is None:
            return self.at[start + (rank - 1).astype(np.int64)]
        row = np.searchsorted(self.cumulated, self.cumulated[start] + rank - 0.5, side="left") - 1
        return self.at[row]

    def between(self, position: FloatArray, groups: NDArray[np.bool_]) -> FloatArray:
        """The number at a 0-based position, interpolated between the two ranks around it."""
        if self.cumulated is not None and not self.whole:
            return self._area(position + 1, groups) - self._area(position, groups)
        left = np.floor(position)
        low = self.at_rank(left + 1, groups)
        high = self.at_rank(np.minimum(left + 2, self.n[groups]), groups)
        return low + (high - low) * (position - left)

    def _area(self, position: FloatArray, groups: NDArray[np.bool_]) -> FloatArray:
        """Area under the step function of sorted numbers up to a position: type 7 for fractional counts (Akinshin 2023)."""
        assert self.cumulated is not None  # only asked where counts are there
        start = self.start[groups]
        base = self.cumulated[start]
        end = np.searchsorted(self.cumulated, base + position, side="left") - 1
        end = np.clip(end, start, len(self.at) - 1)
        full = self.areas[end] - self.areas[start]
        return full + (base + position - self.cumulated[end]) * self.at[end]


def quantile(number: pl.Expr, p: float, *, of: pl.Expr) -> Quantile:
    """The p-quantile of `number` over the rows for which `of` holds.

    Args:
        number: a number per row.
        p: from 0, the smallest, to 1, the largest. These two are bounded by the number itself, on the inner side alone.
        of: boolean row rule for the rows that count.

    Raises:
        ParameterError: p is not from 0 to 1.
    """
    if not 0 <= p <= 1:
        raise ParameterError(f"p must lie from 0 to 1, got {p!r}; 0.9 is the 90th percentile")
    return Quantile(n=of, at=number, p=p)
