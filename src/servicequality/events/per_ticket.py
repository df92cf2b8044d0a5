"""What the rows of a ticket come to. Lives here: counts, sums and extremes by ticket number, as expressions. Never: a fact.

Each is for a `select` of rows with their `_ticket`, and gives one value for every number from 0 to the highest: it stands
beside the tickets without a join. A number without rows has the count 0, the sum 0 and no instant. Numbers may come in any
order, and each value is written to its place in an array, where a grouping would first have to find it by hash.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["count", "distinct", "earliest", "last", "latest", "of_present", "total"]

_NEVER = 2**63 - 1


def count(which: pl.Expr) -> pl.Expr:
    """How many rows of the ticket are such, Int64."""

    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        ticket, chosen = columns
        return pl.Series(np.bincount(_at(ticket, _rows(chosen)), minlength=_size(ticket)), dtype=pl.Int64)

    return _each(kernel, which.fill_null(value=False), dtype=pl.Int64)


def of_present(rows: pl.LazyFrame, sums: Mapping[str, pl.Expr], asked: Collection[str]) -> pl.LazyFrame:
    """Those of the sums that are asked, one row a ticket number, all null for a number without rows."""

    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        found = np.zeros(_size(columns[0]), np.bool_)
        found[columns[0].to_numpy()] = True
        return pl.Series(found)

    chosen = {name: value for name, value in sums.items() if name in asked}
    return rows.select(_each(kernel, dtype=pl.Boolean).alias("_present"), **chosen).select(
        pl.when("_present").then(name).alias(name) for name in chosen
    )


def total(value: pl.Expr, dtype: type[pl.DataType] = pl.Int64) -> pl.Expr:
    """The sum of a value that is nowhere null, Int64 or Float64."""

    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        ticket, value = columns
        values = value.to_numpy()
        rows = np.flatnonzero(values)
        sums = np.zeros(_size(ticket), values.dtype)
        np.add.at(sums, _at(ticket, rows), values[rows])
        return pl.Series(sums)

    return _each(kernel, value.cast(dtype), dtype=dtype)


def earliest(which: pl.Expr) -> pl.Expr:
    """The first `_at` of the ticket's rows that are such, null if none is."""
    return _extreme(which, np.minimum, _NEVER)


def latest(which: pl.Expr) -> pl.Expr:
    """The last `_at` of the ticket's rows that are such, null if none is."""
    return _extreme(which, np.maximum, -_NEVER)


def last(value: str, dtype: pl.DataType | type[pl.DataType], which: pl.Expr | None = None) -> pl.Expr:
    """The value in the last of the ticket's rows, or of those that are such, as the rows are ordered; null if none is."""

    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        ticket, values, *chosen = columns
        rows = _rows(chosen[0]) if chosen else np.arange(len(ticket))
        place = np.full(_size(ticket), _NEVER)
        place[_at(ticket, rows)] = rows
        return values.gather(_nulls(place, _NEVER))

    return _each(kernel, pl.col(value), *([] if which is None else [which.fill_null(value=False)]), dtype=dtype)


def distinct(code: pl.Expr) -> pl.Expr:
    """How many different codes (UInt32) the ticket's rows have that are not null, Int64."""

    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        ticket, code = columns
        rows = _rows(code.is_not_null())
        pairs = np.sort(_at(ticket, rows) << 32 | code.gather(rows).to_numpy())
        first = np.flatnonzero(np.diff(pairs, prepend=-1))
        return pl.Series(np.bincount(pairs[first] >> 32, minlength=_size(ticket)), dtype=pl.Int64)

    return _each(kernel, code.cast(pl.UInt32), dtype=pl.Int64)


def _each(
    kernel: Callable[[Sequence[pl.Series]], pl.Series], *columns: pl.Expr, dtype: pl.DataType | type[pl.DataType]
) -> pl.Expr:
    return pl.map_batches([pl.col("_ticket"), *columns], kernel, return_dtype=dtype)


def _extreme(which: pl.Expr, ufunc: np.ufunc, none: int) -> pl.Expr:
    def kernel(columns: Sequence[pl.Series]) -> pl.Series:
        ticket, chosen, at = columns
        rows = _rows(chosen)
        found = np.full(_size(ticket), none)
        ufunc.at(found, _at(ticket, rows), at.to_numpy()[rows])
        return _nulls(found, none)

    return _each(kernel, which.fill_null(value=False), pl.col("_at"), dtype=pl.Int64)


def _rows(which: pl.Series) -> npt.NDArray[np.int64]:
    return np.flatnonzero(which.to_numpy())


def _at(ticket: pl.Series, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return ticket.to_numpy()[rows].astype(np.int64)


def _size(ticket: pl.Series) -> int:
    return int(ticket.to_numpy().max()) + 1 if len(ticket) else 0


def _nulls(values: npt.NDArray[np.int64], none: int) -> pl.Series:
    found = pl.Series(values)
    return found.zip_with(found != none, pl.Series([None], dtype=pl.Int64))
