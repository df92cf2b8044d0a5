"""Rows sorted inside their groups. Never here: what a group is, or what is read from sorted rows."""

from collections.abc import Iterator

import numpy as np

from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_segments import blocks

__all__ = ["sorted_rows"]

_SHORT = 1 << 12  # rows of short groups that are sorted together, first by number and then by group


def sorted_rows(
    numbers: FloatArray, grouped: IntArray, offsets: IntArray
) -> Iterator[tuple[slice, FloatArray, IntArray]]:
    """The numbers of each group in ascending order and the rows that hold them, as many groups at a time as suit a sort.

    Args:
        numbers: a number a row; no NaN.
        grouped: the rows of each group, one group after the other.
        offsets: range of each group in `grouped`, G + 1 numbers from 0; a group may be empty.

    Yields:
        The range of some neighbouring groups, their numbers, and their rows; all ranges together are the whole.
    """
    bounds = np.unique(offsets)  # of the groups that have rows
    for head, end in blocks(bounds, _SHORT):
        place = slice(bounds[head], bounds[end])
        rows = grouped[place]
        found = numbers[rows]
        rising = found.argsort()
        if end - head > 1:
            group = np.repeat(np.arange(end - head, dtype=np.uint16), np.diff(bounds[head : end + 1]))
            rising = rising[group[rising].argsort(kind="stable")]
        yield place, found[rising], rows[rising]
