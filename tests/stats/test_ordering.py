"""Rows sorted within groups, against one sort by group and number."""

from itertools import pairwise

import numpy as np
import pytest

from servicequality.stats.ordering import sorted_rows, stable_order, stable_runs
from servicequality.stats.survival_segments import blocks


@pytest.mark.parametrize(
    "lengths",
    [
        [],
        [0],
        [1],
        [0, 3, 0, 0, 2, 0],
        [5_000, 4_096, 0, 9_000],
        [2_000, 3_000, 1, 0, 20_000, 1, 1],
        [3] * 20_000,
        [0] * 70_000 + [2, 1],
    ],
)
def test_each_group_is_sorted(lengths: list[int]) -> None:
    offsets = np.cumsum([0, *lengths])
    rng = np.random.default_rng(len(lengths))
    group = np.repeat(np.arange(len(lengths)), lengths)
    grouped = rng.permutation(2 * len(group))[: len(group)]
    numbers = rng.integers(0, 500, 2 * len(group)) - 250.0
    parts = list(sorted_rows(numbers, grouped, offsets))
    assert [part.stop for part, _, _ in parts[:-1]] == [part.start for part, _, _ in parts[1:]]
    at, rows = (np.concatenate([part[column] for part in parts]) for column in (1, 2))
    mine = numbers[grouped]
    np.testing.assert_array_equal(at, mine[np.lexsort((mine, group))])
    np.testing.assert_array_equal(numbers[rows], at)
    place = np.empty(2 * len(group), dtype=np.int64)
    place[grouped] = group
    np.testing.assert_array_equal(place[rows], group)
    assert len(set(rows.tolist())) == len(rows)


@pytest.mark.parametrize("lengths", [[], [0], [0, 0], [7], [3, 3, 3, 3], [2, 40, 0, 1, 1, 9, 10, 11], [1] * 100])
def test_blocks_are_neighbours_of_about_one_size(lengths: list[int]) -> None:
    offsets = np.cumsum([0, *lengths])
    result = list(blocks(offsets, 10))
    assert result[0][0] == 0
    assert result[-1][1] == len(lengths)
    assert all(left[1] == right[0] for left, right in pairwise(result))
    assert len(result) <= 1 + offsets[-1] // 10
    for head, end in result:
        assert end - head <= 1 or offsets[end - 1] - offsets[head] < 10


@pytest.mark.parametrize("rows", [0, 1, 2, 300, 65_536, 200_000])
@pytest.mark.parametrize("n_codes", [1, 7, 65_536, 2**31, 2**62])
@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int64])
def test_rows_of_a_code_stand_together_as_they_came(rows: int, n_codes: int, dtype: type[np.integer]) -> None:
    n_codes = min(n_codes, np.iinfo(dtype).max + 1)
    codes = np.random.default_rng(rows).integers(0, n_codes, rows, dtype=dtype)
    codes[rows // 2 :] = codes[: rows - rows // 2]  # every code is there twice
    given = codes.copy()
    truth = np.argsort(codes, kind="stable")
    np.testing.assert_array_equal(stable_order(codes, n_codes), truth)
    order, first = stable_runs(codes, n_codes)
    np.testing.assert_array_equal(order, truth)
    np.testing.assert_array_equal(first, np.append([True] * min(rows, 1), np.diff(codes[truth].astype(object)) != 0))
    np.testing.assert_array_equal(codes, given)
