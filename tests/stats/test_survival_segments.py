"""Sums and searches over groups laid end to end, against slices of each group."""

import numpy as np
import pytest

from servicequality.stats.survival_segments import CUT, search, sums_before, totals


@pytest.mark.parametrize("lengths", [[0, 3, 0, 1, 7, 0], [], [0], [2 * CUT, 5, CUT + 1]], ids=str)
def test_sums_and_searches_are_those_of_each_group(lengths: list[int]) -> None:
    rng = np.random.default_rng(5)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    values = rng.random(offsets[-1])
    ends = rng.integers(offsets[:-1], offsets[1:] + 1)
    groups = list(zip(offsets[:-1], offsets[1:], ends, strict=True))

    first, second = sums_before(ends, offsets, lambda rows: (values[rows], 2 * values[rows]))
    np.testing.assert_allclose(first, [values[start:end].sum() for start, _, end in groups], rtol=1e-13)
    np.testing.assert_allclose(second, 2 * first, rtol=1e-13)
    np.testing.assert_allclose(totals(values, offsets), [values[start:stop].sum() for start, stop, _ in groups])
    places = search(lambda rows, of: rows >= ends[of], offsets)
    np.testing.assert_array_equal(places, ends)
