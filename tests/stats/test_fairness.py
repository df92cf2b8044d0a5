"""Funnels, shrinkage and ranks: identical units are left in peace, different ones are found."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import betabinom

from servicequality import stats
from servicequality.errors import ParameterError
from simulation import Simulate, assert_share

SIZES = np.array([20, 30, 40, 60, 80, 120, 160, 240, 320, 480] * 3)


def test_thirty_identical_units_are_left_in_peace(simulate: Simulate) -> None:
    """Limits of 95 % for each of thirty single somebody out in three months of four; a funnel in one of thirty."""

    def batch(rng: np.random.Generator) -> list[tuple[bool, bool]]:
        singled = []
        for hits in rng.binomial(SIZES, 0.9, (400, SIZES.size)):
            result = stats.funnel(hits, SIZES)
            share = hits / SIZES
            beyond = (share < result.low) | (share > result.high)
            singled.append((bool((np.abs(result.z) > 1.96).any()), bool(beyond.any())))
        return singled

    naive, flagged = simulate(3, batch).T
    assert_share(naive, 0.70, 0.78)  # 1 - 0.95 ** 30 is 0.785, and hits are whole
    assert_share(flagged, 0.02, 0.058)  # at most 1 - 0.998 ** 30; an extreme unit widens the limits too


def test_overdispersed_units_widen_the_funnel_and_an_outlier_is_found() -> None:
    rng = np.random.default_rng(4)
    hits = rng.binomial(SIZES, np.clip(rng.normal(0.85, 0.06, SIZES.size), 0, 1))
    wide = stats.funnel(hits, SIZES)
    assert wide.phi > 2
    hits = rng.binomial(SIZES, 0.9)
    hits[-1] = 300
    assert stats.funnel(hits, SIZES).low[-1] > 300 / 480


def test_shrinkage_finds_the_likeliest_parameters() -> None:
    rng = np.random.default_rng(5)
    hits = rng.binomial(SIZES, rng.beta(17, 3, SIZES.size))
    result = stats.shrink(hits, SIZES)
    best = betabinom.logpmf(
        hits, SIZES, result.mean * result.concentration, (1 - result.mean) * result.concentration
    ).sum()
    for factor in (0.9, 1.1):
        a, b = result.mean * result.concentration * factor, (1 - result.mean) * result.concentration * factor
        assert betabinom.logpmf(hits, SIZES, a, b).sum() < best
    assert result.mean == pytest.approx(0.85, abs=0.04)
    share = hits / SIZES
    inward = np.abs(result.estimates - result.mean) <= np.abs(share - result.mean) + 1e-12
    assert inward.all()
    assert (result.low < result.estimates).all()
    assert (result.estimates < result.high).all()


def test_shrinkage_covers_what_it_says(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> list[float]:
        covered = []
        for _ in range(40):
            true = rng.beta(34, 6, SIZES.size)
            result = stats.shrink(rng.binomial(SIZES, true), SIZES)
            covered.append(float(((result.low <= true) & (true <= result.high)).mean()))
        return covered

    assert_share(simulate(6, batch), 0.925, 0.95)  # the spread of thirty units is itself estimated


def test_units_that_do_not_differ_are_one() -> None:
    result = stats.shrink([50, 100, 150], [100, 200, 300])
    assert result.concentration == np.inf
    assert result.estimates == pytest.approx([0.5, 0.5, 0.5], abs=1e-3)


def test_ranks_are_sure_where_limits_are_apart_and_open_where_they_overlap() -> None:
    mean, low, high = stats.rank_chances([3.0, 2.0, 1.0], [2.9, 1.9, 0.9], [3.1, 2.1, 1.1])
    assert mean.tolist() == low.tolist() == high.tolist() == [1, 2, 3]
    mean, low, high = stats.rank_chances([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0])
    assert mean == pytest.approx([2, 2, 2], abs=0.06)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1], [3, 3, 3])


def test_dispersion_of_poisson_counts_is_one(simulate: Simulate) -> None:
    drawn = simulate(7, lambda rng: [stats.dispersion(row)[2] < 0.05 for row in rng.poisson(40, (600, 30))])
    assert_share(drawn, 0.045, 0.055)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.funnel([1], [2]), "a funnel needs two units or more; got 1"),
        (lambda: stats.funnel([2, 3], [2, 3]), "the common share is 1: nothing varies"),
        (lambda: stats.funnel([3, 1], [2, 3]), "hits must be from 0 to n; got 3"),
        (lambda: stats.shrink([1, 1], [2, 3]), "needs three of them or more; got 2"),
        (lambda: stats.shrink([0, 0, 0], [2, 3, 4]), "the common share is 0"),
        (lambda: stats.rank_chances([1.0], [2.0], [3.0]), "estimate must be within its limits"),
        (lambda: stats.dispersion([0, 0]), "needs two counts or more that are not all 0"),
        (lambda: stats.dispersion([1, -1]), "counts must be 0 or more; got -1"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
