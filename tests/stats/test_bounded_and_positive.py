"""Limits of means that have ends: by counts of answers written out, and what a call without an answer raises."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from servicequality.errors import ParameterError
from servicequality.stats import (
    bounded_mean_interval,
    poisson_rate_interval,
    positive_mean_interval,
    quasi_poisson_factor,
    quasi_poisson_interval,
)


def sums(x):
    x = np.asarray(x, dtype=float)
    return len(x), x.mean(), ((x - x.mean()) ** 2).sum()


def test_half_an_answer_at_each_end_is_a_weighted_mean_of_more_answers():
    x = np.array([5, 4, 4, 1, 5, 2])
    values, weights = np.append(x, [1, 5]), np.append(np.ones(6), [0.5, 0.5])
    mean = np.average(values, weights=weights)
    se = np.sqrt(np.average((values - mean) ** 2, weights=weights) / 7)
    half = scipy_stats.t.ppf(0.975, 6) * se
    assert bounded_mean_interval(*sums(x), low=1, high=5) == pytest.approx((mean - half, mean + half), rel=1e-12)


def test_limits_have_a_width_stay_on_the_scale_and_hold_the_mean():
    n = np.array([1, 2, 5, 500])
    for at in (1.0, 3.0, 5.0):
        low, high = bounded_mean_interval(n, at, 0.0, low=1, high=5)
        assert (low < high).all()
        assert ((low >= 1) & (low <= at) & (at <= high) & (high <= 5)).all()


def test_a_population_that_is_exhausted_leaves_no_doubt():
    low, high = bounded_mean_interval(*sums([5, 4, 1]), low=1, high=5, population=3)
    assert low == high == pytest.approx(10 / 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3, 1, 1, 5), "n must be above 0"),
        ((4, 6, 1, 1, 5), "mean must be within the scale; got 6"),
        ((4, 3, -1, 1, 5), "squares must be 0 or more"),
        ((4, 3, 1, 5, 1), "high must be above low"),
    ],
)
def test_a_scale_that_does_not_fit_raises(arguments, message):
    n, mean, squares, low, high = arguments
    with pytest.raises(ParameterError, match=message):
        bounded_mean_interval(n, mean, squares, low=low, high=high)


def test_a_part_of_an_answer_must_be_added():
    with pytest.raises(ParameterError, match="added must be above 0"):
        bounded_mean_interval(4, 3, 1, low=1, high=5, added=0)


def test_amounts_have_students_limit_below_and_that_of_the_logarithm_above():
    x = np.array([1.0, 3.0, 8.0, 30.0])
    half = scipy_stats.t.ppf(0.975, 3) * scipy_stats.sem(x)
    low, high = positive_mean_interval(*sums(x))
    assert (low, high) == pytest.approx((max(x.mean() - half, 0), x.mean() * np.exp(half / x.mean())))
    for arguments, message in [
        ((1, 3, 1), "n must be above 1"),
        ((4, 0, 1), "mean must be"),
        ((4, 3, 0), "squares must be"),
    ]:
        with pytest.raises(ParameterError, match=message):
            positive_mean_interval(*arguments)


def test_quasi_poisson_by_hand():
    events, exposure = np.array([3.0, 9, 1, 12, 0, 4]), np.array([1.0, 2, 1, 1, 1, 2])
    rate, m = events.sum() / exposure.sum(), 6
    chi_square = ((events - rate * exposure) ** 2 / (rate * exposure)).sum()
    assert scipy_stats.chi2.cdf(chi_square, m - 1) > 0.75  # so that all of it counts
    factor = chi_square / (m - 1) * (scipy_stats.t.ppf(0.975, m - 1) / scipy_stats.norm.ppf(0.975)) ** 2
    counts = events.sum(), exposure.sum(), (events**2 / exposure).sum(), m
    assert quasi_poisson_factor(*counts) == pytest.approx(factor)
    expected = poisson_rate_interval(events.sum() / factor, exposure.sum() / factor)
    np.testing.assert_allclose(quasi_poisson_interval(*counts), expected)


@pytest.mark.parametrize("counts", [(0, 4, 0, 8), (12, 3, 150, 3), (20, 5, 80, 5)], ids=["none", "few", "steady"])
def test_without_scatter_to_see_the_limits_are_garwoods(counts):
    assert quasi_poisson_factor(*counts) == 1
    np.testing.assert_allclose(quasi_poisson_interval(*counts), poisson_rate_interval(*counts[:2]))


def test_impossible_counts_raise():
    names = ("events", "exposure", "squares", "periods")
    for counts, message in zip([(-1, 1, 1, 4), (1, 0, 1, 4), (1, 1, -1, 4), (1, 1, 1, -4)], names, strict=True):
        with pytest.raises(ParameterError, match=f"{message} must be"):
            quasi_poisson_factor(*counts)
