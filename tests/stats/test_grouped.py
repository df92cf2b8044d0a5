"""Rows sorted within groups, against one sort by group and number."""

import numpy as np
import pytest

from servicequality.stats.grouped import GroupedRows


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("rows", "codes"),
    [(0, 1), (1, 1), (10, 4), (150_000, 1), (150_000, 7), (70_000, 65_536), (70_000, 65_537), (150_000, 140_000)],
)
def test_each_group_is_sorted_and_blanks_are_left_out(rows: int, codes: int, threads: int) -> None:
    rng = np.random.default_rng(rows + codes)
    group = rng.integers(0, codes, rows).astype(np.uint32)
    numbers = np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 50, rows) - 25.0)
    present = ~np.isnan(numbers)
    expected = np.unique(np.append(group, 0)).astype(np.int64)  # codes without rows may be asked for or not
    given = numbers.copy()
    grouped = GroupedRows(group, codes, threads=threads)
    result = grouped.sorted(np.array_split(numbers, 3))
    np.testing.assert_array_equal(result, numbers[np.lexsort((numbers, group))])  # NaN sorts last
    offsets = grouped.offsets(expected)
    np.testing.assert_array_equal(np.diff(offsets), np.bincount(group, minlength=codes)[expected])
    assert offsets[0] == 0
    counts = np.bincount(group[present], minlength=codes)[expected]
    first = [result[start : start + count] for start, count in zip(offsets, counts, strict=False)]
    assert not np.isnan(np.concatenate(first)).any()
    assert sum(map(len, first)) == present.sum()
    np.testing.assert_array_equal(numbers, given)


def test_one_order_serves_many_columns() -> None:
    grouped = GroupedRows(np.array([1, 0, 1], np.uint32), 2)
    assert grouped.sorted([np.array([3.0, 2.0, 1.0])]).tolist() == [2.0, 1.0, 3.0]
    assert grouped.sorted([np.array([9.0]), np.array([8.0, -1.0])]).tolist() == [8.0, -1.0, 9.0]
    assert grouped.offsets(np.array([0, 1])).tolist() == [0, 1, 3]
