"""Numbers sorted within their groups, in numpy. Never here: what a group is, or what is read from the sorted numbers."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servicequality.stats._checks import FloatArray, IntArray

__all__ = ["GroupedRows"]

_BLOCK = 1 << 16
_DIGIT = 1 << 16  # numpy sorts 16 bits by counting, wider integers by comparing


class GroupedRows:
    """Where each row goes when rows are ordered by group: found once, used for any number of columns.

    A column is then scattered, which writes to the ends of all groups in turn and so stays in cache, where gathering the
    rows of a group would fetch a line of memory a number. Memory: 8 bytes a row, and as much again a column.

    Args:
        codes: the group of each row, in ``range(n_codes)``.
        n_codes: how many codes there are.
        threads: how many threads work; numpy works without the interpreter's lock.
    """

    def __init__(self, codes: NDArray[np.unsignedinteger], n_codes: int, *, threads: int = 1) -> None:
        self._threads = threads
        self._place = np.empty(len(codes), np.int64)
        # A row of counts a block: with blocks as long as there are codes they are no more than the rows.
        blocks = _slices(len(codes), max(_BLOCK, n_codes))
        counted = [np.bincount(codes[block], minlength=n_codes) for block in blocks]
        counts = np.array(counted, np.int64).reshape(-1, n_codes)
        self._ends = np.concatenate(([0], np.cumsum(counts.sum(axis=0))))
        before = self._ends[:-1] + np.cumsum(counts, axis=0) - counts

        def locate(i: int) -> None:
            order = _stable_order(codes[blocks[i]], n_codes)
            shift = before[i] - (np.cumsum(counts[i]) - counts[i])
            self._place[blocks[i]][order] = np.arange(len(order)) + np.repeat(shift, counts[i])

        self._spread(locate, range(len(blocks)))

    def sorted(self, numbers: FloatArray, groups: IntArray, counts: IntArray) -> FloatArray:
        """The numbers of each group in ascending order, one group after the other.

        Args:
            numbers: a number a row; NaN where there is none.
            groups: codes of the groups that are wanted, ascending.
            counts: how many numbers each of them has; what a sort puts behind these is left out.
        """
        whole = np.empty(len(numbers))

        def scatter(rows: slice) -> None:
            whole[self._place[rows]] = numbers[rows]

        self._spread(scatter, _slices(len(numbers), max(_BLOCK, -(-len(numbers) // self._threads))))
        starts, ends = self._ends[groups], self._ends[groups + 1]

        def sort(part: IntArray) -> None:
            for group in part:
                whole[starts[group] : ends[group]].sort()

        self._spread(sort, np.array_split(np.arange(len(groups)), self._threads))
        filled = np.cumsum(counts)
        for start, count, end in zip(starts, counts, filled, strict=True):
            whole[end - count : end] = whole[start : start + count]
        return whole[: filled[-1]] if len(filled) else whole

    def _spread(self, work: Callable[[Any], None], parts: Iterable[Any]) -> None:
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(work, parts))


def _slices(rows: int, length: int) -> list[slice]:
    return [slice(start, min(start + length, rows)) for start in range(0, rows, length)]


def _stable_order(codes: NDArray[np.unsignedinteger], n_codes: int) -> NDArray[np.intp]:
    order = codes.astype(np.uint16).argsort(kind="stable")  # by the last 16 bits
    if n_codes <= _DIGIT:
        return order
    return order[(codes >> 16).astype(np.uint16)[order].argsort(kind="stable")]
