"""Cross-products of a questionnaire's answers for any sets of items, in one pass over blocks of rows."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.stats import CrossProducts

__all__ = ["products"]

_EXACT = 1 << 24  # whole numbers up to it are exact in float32, and so are their sums in any order
_BLOCK = 1 << 16  # small blocks make threads of BLAS wait for each other more than they work


def products(
    table: pl.DataFrame, sets: Sequence[Sequence[int]], *, furthest: float | None = None
) -> list[CrossProducts]:
    """Counts, sums and cross-products of each set of columns, over the rows that have no null in it.

    A block of rows without any null is multiplied once for all sets, which are corners of its matrix.

    Args:
        table: numbers, one row a respondent.
        sets: places of columns.
        furthest: how far from 0 whole numbers can lie; None where they need not be whole. Where sums of so small ones are
            exact in float32, they take half the time in it.
    """
    kind, rows = _arithmetic(furthest)
    k, rows = table.width, min(rows, table.height)
    whole = np.zeros((k + 1, k + 1))
    own = [np.zeros((len(places) + 1, len(places) + 1)) for places in sets]
    kept = np.empty((k + 1, rows), dtype=kind)
    kept[k] = 1  # its products are the sums, and how many there are
    for begin in range(0, table.height, max(rows, 1)):
        given = table[begin : begin + rows]
        blank = [at for at, column in enumerate(given.get_columns()) if column.null_count()]
        block = kept[:, : given.height]
        for at, column in enumerate((given.fill_null(0) if blank else given).get_columns()):
            block[at] = column.to_numpy()
        if not blank:
            whole += block @ block.T
            continue
        present = given.select(pl.nth(blank).is_not_null()).get_columns()
        known = {at: column.to_numpy() for at, column in zip(blank, present, strict=True)}
        for number, places in enumerate(sets):
            part = block[[*places, k]]
            if needed := [known[at] for at in places if at in known]:
                part *= np.logical_and.reduce(needed).astype(kind)  # less work than to take rows out
            own[number] += part @ part.T
    return [_of(whole[np.ix_([*places, k], [*places, k])] + sums) for places, sums in zip(sets, own, strict=True)]


def _arithmetic(furthest: float | None) -> tuple[type[np.floating], int]:
    """Float32 where nothing can be rounded, in blocks that keep it so; else float64."""
    rows = 0 if furthest is None else int(_EXACT // max(furthest, 1) ** 2)
    return (np.float32, min(rows, _BLOCK)) if rows >= _BLOCK // 32 else (np.float64, _BLOCK)


def _of(bordered: NDArray[np.float64]) -> CrossProducts:
    return CrossProducts(bordered[-1, -1], bordered[-1, :-1], bordered[:-1, :-1])
