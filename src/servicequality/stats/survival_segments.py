"""Running sums, totals and first hits over many groups laid end to end."""

# `offsets` (length G + 1) bounds the groups' rows; a group may be empty.
#
# No figure of a group depends on its neighbours, not even in the last bit: a running sum over all rows less its value at
# a group's start would cancel, and would let one long group take digits from every later one.

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from servicequality.stats._checks import FloatArray, IntArray

BLOCK = 1 << 16  # rows whose intermediate results stay in the cache
CUT = 1 << 14  # rows of which sums of the first few are made together
LONG = 1_000  # rows from which a call per group costs less than gathering the groups into a matrix


def blocks(offsets: IntArray, rows: int = BLOCK) -> Iterator[tuple[int, int]]:
    """From which group to before which other, for neighbours of about so many rows together; at least one pair."""
    turns = 1 + np.flatnonzero(np.diff(offsets[:-1] // rows))
    yield from pairwise((0, *turns.tolist(), len(offsets) - 1))


def accumulate(
    ufunc: np.ufunc, values: FloatArray, offsets: IntArray, *, reverse: bool = False, out: FloatArray | None = None
) -> FloatArray:
    """`ufunc.accumulate` that starts anew in every group; backwards from each group's end if `reverse`.

    `out` may be `values` themselves.

    Long groups are done one by one, and the short ones of one length together, as the rows of a matrix: the loop takes
    no more than LONG + len(values) / LONG turns, whatever the groups.
    """
    out = np.empty_like(values) if out is None else out
    step = -1 if reverse else 1
    lengths = np.diff(offsets)
    if not lengths.size:  # no groups
        return out
    by_length = np.argsort(lengths, kind="stable")
    distinct, begins = np.unique(lengths[by_length], return_index=True)
    for length, starts in zip(distinct, np.split(offsets[by_length], begins[1:]), strict=True):
        if length > LONG:
            for start in starts:
                piece = slice(start, start + length)
                ufunc.accumulate(values[piece][::step], out=out[piece][::step])
        elif length:
            rows = starts[:, None] + np.arange(length)[::step]
            out[rows] = ufunc.accumulate(values[rows], axis=1)
    return out


def earlier(values: FloatArray, offsets: IntArray, *, start: float) -> FloatArray:
    """The value one row before each row, `start` at the first row of a group."""
    out = np.empty_like(values)
    out[1:] = values[:-1]
    starts = offsets[:-1]
    out[starts[starts < offsets[1:]]] = start
    return out


def totals(values: FloatArray, offsets: IntArray) -> FloatArray:
    """Sum of each group; 0 for an empty one."""
    return ranges(values, offsets[:-1], offsets[1:])


def ranges(values: FloatArray, starts: IntArray, ends: IntArray) -> FloatArray:
    """Sum of each of several ranges of rows that follow each other with gaps between them; 0 for an empty one."""
    out = np.zeros(len(starts))
    filled = ends > starts
    if filled.any():
        bounds = np.column_stack((starts[filled], ends[filled])).ravel()
        # reduceat sums the gaps too; the last range ends with the rows.
        out[filled] = np.add.reduceat(values[: bounds[-1]], bounds[:-1])[::2]
    return out


def sums_before(
    ends: IntArray, offsets: IntArray, terms: Callable[[slice], Sequence[FloatArray]]
) -> tuple[FloatArray, ...]:
    """Sums of some terms over each group's rows before `ends`, one place a group; terms of later rows are mostly not made.

    Args:
        ends: one place a group, from its first row to its end.
        offsets: row range of each group.
        terms: the terms of a slice of the rows.
    """
    parts = []
    for head, end in blocks(offsets, CUT):
        start, bounds = offsets[head], ends[head:end]
        rows = slice(start, bounds.max(initial=start))
        parts.append([ranges(values, offsets[head:end] - start, bounds - start) for values in terms(rows)])
    return tuple(np.concatenate(sums) for sums in zip(*parts, strict=True))


def search(holds: Callable[[IntArray, IntArray], NDArray[np.bool_]], offsets: IntArray) -> IntArray:
    """The first row of each group at which `holds`, by halving; the group's end where there is none.

    Args:
        holds: whether it does at some rows, given with their groups; within a group it stays true once it is.
        offsets: row range of each group.
    """
    low, high = offsets[:-1].copy(), offsets[1:].copy()
    moving = np.flatnonzero(low < high)
    while moving.size:
        middle = (low[moving] + high[moving]) // 2
        true = holds(middle, moving)
        high[moving[true]], low[moving[~true]] = middle[true], middle[~true] + 1
        moving = moving[low[moving] < high[moving]]
    return low


def first(mask: NDArray[np.bool_], offsets: IntArray) -> IntArray:
    """Row of the first true entry of each group; the group's end where there is none."""
    turns = mask.copy()  # false after a true one of the same group, so that few rows are left to be searched
    np.greater(mask[1:], mask[:-1], out=turns[1:])
    starts = offsets[:-1][offsets[:-1] < len(mask)]
    turns[starts] = mask[starts]
    hits = np.append(np.flatnonzero(turns), len(mask))
    rows: IntArray = np.minimum(hits[np.searchsorted(hits, offsets[:-1])], offsets[1:])
    return rows


def pick(values: FloatArray, rows: IntArray, where: NDArray[np.bool_], otherwise: float) -> FloatArray:
    """`values[rows]` where it exists."""
    out = np.full(len(rows), otherwise)
    out[where] = values[rows[where]]
    return out


def quotient(above: FloatArray, below: FloatArray, *, otherwise: float) -> FloatArray:
    """Above over below; `otherwise` where below is 0. Several times as fast as a division that looks first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = above / below
    out[below == 0] = otherwise
    return out
