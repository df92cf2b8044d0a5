"""Counts, sums and extremes of rows by ticket number."""

# Each gives one value for every number from 0 to the highest, so that it needs no join with the tickets. A number without
# rows has no value. Numbers may come in any order, and each value is written to its place in an array, where a grouping
# would first have to find it by hash. Rows are read a block at a time, so that what they need stays in the processor's
# cache, and no more memory is used than the answer takes.

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["Sum", "any_of", "count", "distinct", "earliest", "first", "last", "latest", "of_present", "total"]

_NEVER = 2**63 - 1
_NONE = 2**32 - 1
_BLOCK = 1 << 17  # rows

Block = tuple[npt.NDArray[np.integer], Sequence[pl.Series]]
"""The ticket numbers of some rows, and what else is read of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """What is asked of the rows of each ticket.

    Attributes:
        inputs: Row rules, whose values the kernel reads.
        dtype: What comes of them.
        kernel: Makes an array with a value for each of so many numbers from the blocks of all rows.
    """

    inputs: tuple[pl.Expr, ...]
    dtype: pl.DataType | type[pl.DataType]
    kernel: Callable[[Sequence[Block], int], pl.Series]


def of_present(
    rows: pl.LazyFrame, sums: Mapping[str, Sum], names: Collection[str], derived: Mapping[str, pl.Expr] | None = None
) -> pl.LazyFrame:
    """Of the sums, and of what is derived from them, that which is asked: one row a ticket number, null without rows."""
    then = {name: rule for name, rule in (derived or {}).items() if name in names}
    read = {*names, *(root for rule in then.values() for root in rule.meta.root_names())}
    chosen = {name: one for name, one in sums.items() if name in read}
    places = {name: [f"{name} {place}" for place in range(len(one.inputs))] for name, one in chosen.items()}
    inputs = [
        rule.alias(place) for name, one in chosen.items() for rule, place in zip(one.inputs, places[name], strict=True)
    ]

    def kernel(frame: pl.DataFrame) -> pl.DataFrame:
        slices = [frame.slice(start, _BLOCK) for start in range(0, frame.height, _BLOCK)]
        blocks = [(block["_ticket"].to_numpy(), block) for block in slices]
        size = 1 + max((int(ticket.max()) for ticket, _ in blocks if len(ticket)), default=-1)
        present = np.zeros(size, np.bool_)
        for ticket, _ in blocks:
            present[ticket] = True
        columns = {
            name: one.kernel([(ticket, [block[place] for place in places[name]]) for ticket, block in blocks], size)
            for name, one in chosen.items()
        }
        return pl.DataFrame({"_present": pl.Series(present), **columns})

    table = rows.select("_ticket", *inputs).map_batches(
        kernel,
        schema={"_present": pl.Boolean, **{name: one.dtype for name, one in chosen.items()}},
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )
    return (
        table.with_columns(**then)
        .select("_present", *(name for name in {**sums, **then} if name in names))
        .select(pl.when("_present").then(pl.exclude("_present")))
    )


def count(which: pl.Expr) -> Sum:
    """How many rows of the ticket are such, Int64."""

    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        counts = np.zeros(size, np.int64)
        for ticket, (chosen,) in blocks:
            np.add.at(counts, ticket[_rows(chosen)], 1)
        return pl.Series(counts)

    return Sum((_sure(which),), pl.Int64, kernel)


def any_of(which: pl.Expr) -> Sum:
    """Whether any row of the ticket is such."""

    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        flags = np.zeros(size, np.bool_)
        for ticket, (chosen,) in blocks:
            flags[ticket[_rows(chosen)]] = True
        return pl.Series(flags)

    return Sum((_sure(which),), pl.Boolean, kernel)


def total(value: pl.Expr, dtype: type[pl.DataType] = pl.Int64) -> Sum:
    """The sum of a value that is nowhere null, Int64 or Float64."""

    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        totals = np.zeros(size, np.int64 if dtype == pl.Int64 else np.float64)
        for ticket, (value,) in blocks:
            values = value.to_numpy()
            rows = np.flatnonzero(values)
            np.add.at(totals, ticket[rows], values[rows])
        return pl.Series(totals)

    return Sum((value.cast(dtype),), dtype, kernel)


def earliest(which: pl.Expr) -> Sum:
    """The first `_at` of the ticket's rows that are such, null if none is."""
    return _extreme(which, np.minimum, _NEVER)


def latest(which: pl.Expr) -> Sum:
    """The last `_at` of the ticket's rows that are such, null if none is."""
    return _extreme(which, np.maximum, -_NEVER)


def last(value: str, dtype: pl.DataType | type[pl.DataType], which: pl.Expr | None = None) -> Sum:
    """The value in the last of the ticket's rows, or of those that are such, as the rows are ordered; null if none is."""
    return _at_an_end(value, dtype, which, last=True)


def first(value: str, dtype: pl.DataType | type[pl.DataType], which: pl.Expr | None = None) -> Sum:
    """The value in the first of the ticket's rows, or of those that are such, as the rows are ordered; null if none is."""
    return _at_an_end(value, dtype, which, last=False)


def _at_an_end(value: str, dtype: pl.DataType | type[pl.DataType], which: pl.Expr | None, *, last: bool) -> Sum:
    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        place, start = np.full(size, _NEVER), 0
        for ticket, (values, *chosen) in blocks:
            rows = _rows(chosen[0]) if chosen else np.arange(len(ticket))
            if not last:  # what is written last stays
                rows = rows[place[ticket[rows]] == _NEVER][::-1]
            place[ticket[rows]] = start + rows
            start += len(values)
        if not blocks:
            return pl.Series(dtype=dtype)
        whole = pl.concat([values for _, (values, *_) in blocks])
        return whole.gather(_nulls(place, _NEVER))

    return Sum((pl.col(value), *([] if which is None else [_sure(which)])), dtype, kernel)


def distinct(code: pl.Expr) -> Sum:
    """How many different codes (UInt32) the ticket's rows have that are not null, Int64."""

    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        pairs = np.concatenate([np.empty(0, np.int64), *(_pairs(ticket, codes) for ticket, (codes,) in blocks)])
        pairs.sort()
        first = np.flatnonzero(np.diff(pairs, prepend=-1))
        return pl.Series(np.bincount(pairs[first] >> 32, minlength=size), dtype=pl.Int64)

    return Sum((code.cast(pl.UInt32).fill_null(_NONE),), pl.Int64, kernel)


def _pairs(ticket: npt.NDArray[np.integer], codes: pl.Series) -> npt.NDArray[np.int64]:
    values = codes.to_numpy()
    rows = np.flatnonzero(values != _NONE)
    pairs = ticket[rows].astype(np.int64)
    pairs <<= 32
    pairs |= values[rows]
    return pairs


def _extreme(which: pl.Expr, ufunc: np.ufunc, none: int) -> Sum:
    def kernel(blocks: Sequence[Block], size: int) -> pl.Series:
        extremes = np.full(size, none)
        for ticket, (chosen, at) in blocks:
            rows = _rows(chosen)
            ufunc.at(extremes, ticket[rows], at.to_numpy()[rows])
        return _nulls(extremes, none)

    return Sum((_sure(which), pl.col("_at")), pl.Int64, kernel)


def _sure(which: pl.Expr) -> pl.Expr:
    return which.fill_null(value=False)


def _rows(which: pl.Series) -> npt.NDArray[np.int64]:
    return np.flatnonzero(which.to_numpy())


def _nulls(values: npt.NDArray[np.int64], none: int) -> pl.Series:
    series = pl.Series(values)
    return series.zip_with(series != none, pl.Series([None], dtype=pl.Int64))
