"""Samples of a finite population: exact limits against every possible population, and how many rows are needed."""

from collections.abc import Callable
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import clopper_pearson, finite_population_n, hypergeometric_interval, mean_se, proportion_n


def tail(k: int, n: int, marked: int, rows: int, *, upper: bool) -> Fraction:
    """P(X >= k) or P(X <= k) of n drawn from rows, by counting subsets."""
    terms = range(k, n + 1) if upper else range(k + 1)
    ways = sum(comb(marked, x) * comb(rows - marked, n - x) for x in terms if n - x <= rows - marked)
    return Fraction(ways, comb(rows, n))


samples = st.integers(1, 40).flatmap(
    lambda rows: st.integers(1, rows).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.just(rows), st.sampled_from([0.8, 0.95, 0.99]))
    )
)


@given(samples)
def test_the_limits_are_the_outermost_populations_not_refuted(sample: tuple[int, int, int, float]) -> None:
    k, n, rows, level = sample
    doubt = (1 - Fraction(str(level))) / 2
    low = min(m for m in range(rows + 1) if tail(k, n, m, rows, upper=True) > doubt)
    high = max(m for m in range(rows + 1) if tail(k, n, m, rows, upper=False) > doubt)
    assert [float(limit) for limit in hypergeometric_interval(k, n, rows, level=level)] == [low, high]


def test_many_samples_in_one_call_and_a_census() -> None:
    low, high = hypergeometric_interval([3, 0, 30, 7], [30, 30, 30, 50], [400, 400, 400, 50])
    assert low.tolist() == [10, 0, 356, 7]
    assert high.tolist() == [103, 44, 400, 7]


def test_of_very_many_rows_the_limits_are_clopper_and_pearsons() -> None:
    low, high = (np.array(limit) / 10**8 for limit in hypergeometric_interval([3, 150], [30, 1_000], 10**8))
    expected = clopper_pearson([3, 150], [30, 1_000])
    assert (low, high) == (pytest.approx(expected[0], abs=1e-5), pytest.approx(expected[1], abs=1e-5))


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.2), st.integers(10, 10_000))
def test_the_margin_is_reached_with_so_many_rows(p: float, margin: float, population: int) -> None:
    infinite = float(proportion_n(p, margin))
    if infinite < 1:
        return
    n = float(finite_population_n(infinite, population))
    assert n <= min(infinite, population) + 1e-9
    half = 1.959963984540054 * np.sqrt(p * (1 - p) / n * (population - n) / (population - 1))
    assert half == pytest.approx(margin, rel=1e-9)


def test_mean_se_uses_the_same_factor() -> None:
    n = float(finite_population_n(proportion_n(0.9, 0.05), 400))
    se = mean_se(n, 0.09 * (n - 1), population=400, correction="(N-n)/(N-1)")
    assert float(se) * 1.959963984540054 == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hypergeometric_interval(3, 2, 10), "k must be within 0 and n; got 3"),
        (lambda: hypergeometric_interval(1, 20, 10), "n must be at most the population; got 20"),
        (lambda: hypergeometric_interval(0, 0, 10), "n must be at least 1; got 0"),
        (lambda: hypergeometric_interval(0.5, 2, 10), "k must be a whole number; got 0.5"),
        (lambda: finite_population_n(0.5, 10), "n must be at least 1; got 0.5"),
        (lambda: finite_population_n(5, 0), "population must be above 0; got 0"),
    ],
)
def test_a_call_without_an_answer_raises(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
