"""The log of coded rows that the simulation writes, and how codes and seconds become columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

__all__ = ["Log", "instants", "look_up"]


class Log:
    """Rows appended in chunks; a scalar stands for the whole chunk."""

    def __init__(self, **columns: type[np.generic]) -> None:
        self._columns: dict[str, type[np.generic]] = {"ticket": np.int32, "at": np.int64, **columns}
        self._chunks: list[dict[str, ArrayLike]] = []

    def add(self, ticket: NDArray[np.int64], at: NDArray[np.int64], **values: ArrayLike) -> None:
        """Append one row for each of `ticket`, whose order of appending decides among equal instants."""
        self._chunks.append({"ticket": ticket, "at": at, **values})

    def frame(self) -> pl.DataFrame:
        """All rows by ticket and instant, equal instants in the order in which they were appended."""
        sizes = [len(np.asarray(chunk["ticket"])) for chunk in self._chunks]
        columns = {}
        for name, dtype in self._columns.items():
            column = np.empty(sum(sizes), dtype)
            stop = 0
            for chunk, size in zip(self._chunks, sizes, strict=True):
                column[stop : (stop := stop + size)] = chunk[name]
            columns[name] = column
        return pl.DataFrame(columns).sort("ticket", "at", maintain_order=True)


def instants(seconds: NDArray[np.int64], as_of: int) -> pl.Series:
    """Seconds as UTC instants in microseconds, null where they lie after `as_of` (`effects.NEVER` always does)."""
    known = pl.Series(seconds)
    later = seconds > as_of
    if later.any():
        known = known.set(pl.Series(later), None)
    return (known * 1_000_000).cast(pl.Datetime("us", "UTC"))


def look_up(codes: NDArray[np.integer[Any]], values: Sequence[str] | pl.Series) -> pl.Series:
    """The values that codes stand for, null for -1."""
    # A negative index counts from the end, where a null is put.
    return pl.Series(values).extend_constant(None, 1).gather(codes)
