"""Whole answers that came as floats, in 8 bits."""

# Files and other libraries turn whole numbers with blanks into floats. Every later pass over them costs a fraction in 8 bits.

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import polars as pl

__all__ = ["narrowed"]

_BLOCK = 1 << 15  # a block and what it is compared with stay in a core's cache


def narrowed(frame: pl.DataFrame, names: Sequence[str], *, low: int, high: int) -> pl.DataFrame:
    """The frame with Int8 in place of floats, where a column holds nothing but whole numbers from low to high and nulls.

    A column with anything else in it stays as it came, for the check to say what that is; so do all if 8 bits are too few.
    """
    bits = np.iinfo(np.int8)
    if not bits.min <= low <= high <= bits.max:
        return frame
    floats = [frame[name] for name in names if frame.schema[name].is_float()]
    if not floats:
        return frame
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        tried = pool.map(partial(_narrow, low=low, high=high), floats)
    return frame.with_columns(column for column in tried if column is not None)


def _narrow(column: pl.Series, *, low: int, high: int) -> pl.Series | None:
    blank = column.null_count() > 0
    given = (column.fill_null(low) if blank else column).to_numpy()
    small, again = np.empty(len(given), dtype=np.int8), np.empty(min(len(given), _BLOCK), dtype=given.dtype)
    with np.errstate(invalid="ignore"):  # NaN becomes some number, which it does not equal
        for begin in range(0, len(given), _BLOCK):
            part, narrowed = given[begin : begin + _BLOCK], small[begin : begin + _BLOCK]
            np.copyto(narrowed, part, casting="unsafe")
            np.copyto(again[: len(part)], narrowed)
            if not np.array_equal(again[: len(part)], part):
                return None
    if len(small) and not low <= small.min() <= small.max() <= high:
        return None
    whole = pl.Series(column.name, small)
    return pl.select(pl.when(column.is_not_null()).then(whole).alias(column.name)).to_series() if blank else whole
