"""How many to ask: against the formulas, and whether samples of that size keep what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import allocated_n, clustered_n, mean_interval, mean_n


def test_a_mean_of_so_many_rows_is_known_as_well_as_was_asked() -> None:
    n = int(np.ceil(mean_n(1.2, 0.1)))
    assert mean_n(1.2, 0.1) == pytest.approx((1.2 * 1.959963984540054 / 0.1) ** 2)
    rows = np.random.default_rng(1).normal(4, 1.2, (400, n))
    low, high = mean_interval(n, rows.mean(axis=1), ((rows - rows.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    assert np.mean(high - low) / 2 == pytest.approx(0.1, rel=0.02)
    with pytest.raises(ParameterError, match="margin must be above 0"):
        mean_n(1.2, 0)


def test_clusters_need_more_rows() -> None:
    assert clustered_n(385, 10, 0.05) == pytest.approx(385 * 1.45)
    assert clustered_n(385, 1, 0.9) == 385
    with pytest.raises(ParameterError, match=r"correlation must be in \[0, 1\]; got 5"):
        clustered_n(385, 10, 5)


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0.1, 5)), min_size=1, max_size=8), st.data())
def test_what_is_allocated_adds_up_and_fits(strata, data) -> None:
    totals, spread = zip(*strata, strict=True)
    if not sum(totals):
        with pytest.raises(ParameterError, match="n must be from 1 to the 0 rows"):
            allocated_n(1, totals, spread=spread)
        return
    n = data.draw(st.integers(1, sum(totals)))
    drawn = allocated_n(n, totals, spread=spread)
    assert drawn.sum() == n
    assert (drawn <= totals).all()
    assert (drawn >= 0).all()


def test_allocation_follows_size_and_spread() -> None:
    assert allocated_n(100, [500, 300, 200]).tolist() == [50, 30, 20]
    assert allocated_n(100, [500, 500], spread=[1, 3]).tolist() == [25, 75]
    assert allocated_n(90, [1000, 10, 1000], spread=[1, 100, 1]).tolist() == [40, 10, 40]
    with pytest.raises(ParameterError, match="n must be from 1 to the 10 rows that there are; got 11"):
        allocated_n(11, [4, 6])
    with pytest.raises(ParameterError, match="totals must be whole"):
        allocated_n(1, [4.5])
    with pytest.raises(ParameterError, match="one list of strata"):
        allocated_n(1, [[4, 5]])
