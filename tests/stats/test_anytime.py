"""Limits for people who look often: against a plain search, and their error over thirty looks by simulation."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from scipy.optimize import brentq

from servicequality.errors import ParameterError
from servicequality.stats import anytime_mean_interval, normal_mixture_bound, robbins_interval, wilson
from simulation import assert_share

K, N = np.array([0, 3, 17, 40, 188]), np.array([10, 9, 20, 40, 200])


def test_robbins_is_the_likelihood_over_its_average():
    low, high = robbins_interval(K, N, level=0.9)
    for k, n, a, b in zip(K, N, low, high, strict=True):

        def excess(p, k=k, n=n):
            return (n + 1) * scipy_stats.binom.pmf(k, n, p) - 0.1

        expected = (
            0.0 if k == 0 else brentq(excess, 1e-12, k / n),
            1.0 if k == n else brentq(excess, k / n, 1 - 1e-12),
        )
        np.testing.assert_allclose((a, b), expected, atol=1e-9)


def test_they_are_wider_than_limits_for_one_look():
    low, high = robbins_interval(K, N)
    one_low, one_high = wilson(K, N)
    assert (low <= one_low).all()
    assert (high >= one_high).all()


def looks(rng, p, samples, per_look=20, times=30):
    """Running counts of hits at each of thirty looks."""
    return rng.binomial(per_look, p, (samples, times)).cumsum(axis=1), per_look * np.arange(1, times + 1)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.97])
def test_thirty_looks_at_a_share_err_in_fewer_than_five_of_a_hundred(simulate, p):
    def batch(rng):
        k, n = looks(rng, p, 2_000)
        kinds = robbins_interval(k, n[None, :]), wilson(k, n[None, :])
        return np.column_stack([((low > p) | (high < p)).any(axis=1) for low, high in kinds])

    anytime, ordinary = simulate(30, batch).T
    assert_share(anytime, 0, 0.05)  # whatever the number of looks
    assert_share(ordinary, 0.22, 0.29)


def test_thirty_looks_at_a_mean_err_in_about_five_of_a_hundred_at_most(simulate):
    def batch(rng):
        rows = rng.exponential(1.0, (1_000, 30, 100))
        n = 100 * np.arange(1, 31)
        mean = rows.sum(axis=2).cumsum(axis=1) / n
        variance = (rows**2).sum(axis=2).cumsum(axis=1) / n - mean**2
        half = 1.959963984540054 * np.sqrt(variance / n)
        kinds = anytime_mean_interval(n[None, :], mean, variance), (mean - half, mean + half)
        return np.column_stack([((low > 1) | (high < 1)).any(axis=1) for low, high in kinds])

    anytime, ordinary = simulate(31, batch).T
    assert_share(anytime, 0, 0.05)
    assert_share(ordinary, 0.28, 0.3)


def test_the_bound_is_narrowest_where_it_was_asked_to_be():
    v = np.array([50.0, 100.0, 200.0])
    wide = [normal_mixture_bound(v, best_at=best).bound for best in (50.0, 100.0, 200.0)]
    assert np.argmin(wide, axis=0).tolist() == [0, 1, 2]


def test_faults_of_the_call():
    with pytest.raises(ParameterError, match="k must be between 0 and n; got 5"):
        robbins_interval(5, 4)
    with pytest.raises(ParameterError, match="n must be above 0"):
        robbins_interval(0, 0)
    with pytest.raises(ParameterError, match="n must be at least 100; got 99"):
        anytime_mean_interval(99, 1.0, 1.0)
    with pytest.raises(ParameterError, match="first_look must be 2 rows or more"):
        anytime_mean_interval(99, 1.0, 1.0, first_look=1)
    with pytest.raises(ParameterError, match="best_at must be above 0"):
        normal_mixture_bound(1.0, best_at=0.0)
