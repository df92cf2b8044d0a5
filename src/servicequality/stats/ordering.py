"""Rows sorted by group, and within their groups."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_segments import blocks

__all__ = ["sorted_rows", "stable_order", "stable_runs"]

_BLOCK = 1 << 16
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
        ordered = numbers[rows]
        rising = ordered.argsort()
        if end - head > 1:
            group = np.repeat(np.arange(end - head, dtype=np.uint16), np.diff(bounds[head : end + 1]))
            rising = rising[group[rising].argsort(kind="stable")]
        yield place, ordered[rising], rows[rising]


def stable_order(codes: NDArray[np.integer], n_codes: int) -> IntArray:
    """The rows of each code side by side, in the order in which they came.

    Code and row share one whole number: sorting those is stable and compares nothing else.

    Args:
        codes: whole numbers in ``range(n_codes)``.
        n_codes: how many there can be; above some 1e12 for a million rows the sort takes several times as long.
    """
    keys, bits = _sorted_keys(codes, n_codes)
    if bits:
        keys &= (1 << bits) - 1
    return keys.astype(np.int64, copy=False)


def stable_runs(codes: NDArray[np.integer], n_codes: int) -> tuple[IntArray, NDArray[np.bool_]]:
    """`stable_order`, and which of the rows in it are the first of their code."""
    keys, bits = _sorted_keys(codes, n_codes)
    begins = np.ones(len(keys), np.bool_)
    for start in range(1, len(keys), _BLOCK):
        end = min(start + _BLOCK, len(keys))
        own, above = (
            codes[keys[a:b]] if not bits else keys[a:b] >> bits for a, b in ((start, end), (start - 1, end - 1))
        )
        np.not_equal(own, above, out=begins[start:end])
    if bits:
        keys &= (1 << bits) - 1
    return keys.astype(np.int64, copy=False), begins


def _sorted_keys(codes: NDArray[np.integer], n_codes: int) -> tuple[NDArray[np.integer], int]:
    """Code and row in one number, sorted, and how many bits hold the row; the order itself and 0 where they do not fit."""
    bits = max((len(codes) - 1).bit_length(), 1)
    wide = bits + (n_codes - 1).bit_length()
    if wide > 63:
        return np.argsort(codes, kind="stable"), 0
    # In place and block by block: memory that is asked for anew can cost as much as the sort.
    keys: NDArray[np.uint32 | np.int64] = codes.astype(np.uint32 if wide <= 32 else np.int64)
    keys <<= bits
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        block |= np.arange(start, start + len(block), dtype=keys.dtype)
    keys.sort()
    return keys, bits
