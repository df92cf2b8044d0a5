"""Effective numbers of types: a line of Python, equal shares, coverage by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import effective_number
from simulation import Simulate, assert_share


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=6), min_size=1, max_size=5))
def test_the_value_is_the_exponential_of_entropy(counts: list[list[int]]) -> None:
    groups = np.repeat(np.arange(len(counts)), [len(own) for own in counts])
    result = effective_number([count for own in counts for count in own], groups, len(counts))
    for own, value, low, high in zip(counts, result.value, result.low, result.high, strict=True):
        shares = [count / sum(own) for count in own if count]
        if not shares:
            assert np.isnan(value)
            continue
        assert value == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares)))
        assert not low > value
        assert not high < value


def test_zahls_jackknife_by_leaving_out_one_after_the_other() -> None:
    seen = np.repeat(np.arange(4), [9, 4, 2, 1])

    def entropy(rows: np.ndarray) -> float:
        share = np.unique(rows, return_counts=True)[1] / len(rows)
        return float(-(share * np.log(share)).sum())

    n = len(seen)
    left = np.array([entropy(np.delete(seen, i)) for i in range(n)])
    centre = n * entropy(seen) - (n - 1) * left.mean()
    square = (n - 1) / n * ((left - left.mean()) ** 2).sum() + 3 / (2 * n**2)
    result = effective_number([9, 4, 2, 1], np.zeros(4, np.int64), 1)
    half = 2.131449545559323 * math.sqrt(square)  # Student's t, 15 degrees
    assert (result.low[0], result.high[0]) == pytest.approx((math.exp(centre - half), math.exp(centre + half)))


def test_what_one_type_alone_can_say() -> None:
    result = effective_number([7, 1, 0], np.array([0, 1, 2]), 3)
    assert result.value[:2].tolist() == [1, 1]
    assert (result.low[0], result.n.tolist()) == (1, [7, 1, 0])
    assert np.isnan([result.high[0], result.low[1], result.value[2], result.low[2]]).all()


@pytest.mark.parametrize(
    ("shares", "n"), [([1] * 5, 40), ([1] * 5, 400), ([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6], 50), ([8, 4, 2, 1], 60)]
)
def test_the_limits_hold_the_truth_as_often_as_they_say(simulate: Simulate, shares: list[float], n: int) -> None:
    p = np.array(shares) / sum(shares)
    true, times = math.exp(-(p * np.log(p)).sum()), 3_000

    def batch(rng: np.random.Generator) -> np.ndarray:
        counts = rng.multinomial(n, p, times)
        result = effective_number(counts.ravel(), np.repeat(np.arange(times), len(p)), times)
        return (result.low <= true) & (true <= result.high)

    assert_share(simulate(6, batch), 0.94)


def test_counts_below_zero() -> None:
    with pytest.raises(ParameterError, match="counts must be 0 or more; got -1"):
        effective_number([-1], np.array([0]), 1)
