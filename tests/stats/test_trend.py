"""The trend of a rate over bands: beside a fitted regression, by hand, at its ends, and its coverage."""

import math
import warnings
from typing import Any

import numpy as np
import pytest

from servicequality.errors import ParameterError
from servicequality.stats.trend import poisson_trend
from simulation import Simulate, assert_share


@pytest.mark.parametrize(
    ("events", "exposure"),
    [([12, 7, 3], [10.0, 11.5, 9.0]), ([1, 0, 2, 9], [3.0, 5.0, 4.0, 2.5]), ([400, 1], [1.0, 2.0])],
)
def test_it_is_the_poisson_regression(events: list[int], exposure: list[float]) -> None:
    import statsmodels.api as sm

    design = sm.add_constant(np.arange(len(events), dtype=float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit: Any = sm.GLM(events, design, family=sm.families.Poisson(), exposure=exposure).fit(tol=1e-12)
    result = poisson_trend(events, exposure)
    low, high = np.exp(fit.conf_int()[1])
    assert (result.ratio, result.low, result.high) == pytest.approx((np.exp(fit.params[1]), low, high), rel=1e-6)


def test_two_bands_are_the_ratio_of_their_rates_and_the_score_test_is_the_normal_one() -> None:
    result = poisson_trend([8, 2], [4.0, 4.0])
    assert result.ratio == pytest.approx(0.25)
    # Given 10 events, the upper band holds a binomial number of them: (2 - 5) / sqrt(2.5).
    assert result.p_value == pytest.approx(math.erfc(3 / math.sqrt(2.5) / math.sqrt(2)))


def test_where_nothing_can_be_said() -> None:
    outer = poisson_trend([5, 0, 0], [1.0, 1.0, 1.0])
    assert math.isnan(outer.ratio)
    assert outer.p_value < 0.05
    for events, exposure in (([3], [1.0]), ([0, 0], [1.0, 1.0]), ([3, 0], [1.0, 0.0])):
        assert all(map(math.isnan, poisson_trend(events, exposure)))
    # A band without any time says nothing, and keeps its place.
    assert poisson_trend([8, 0, 2], [4.0, 0.0, 4.0]).ratio == pytest.approx(0.5)


def test_each_group_has_the_trend_that_it_has_alone() -> None:
    events = [[8, 0, 2], [5, 0, 0], [0, 0, 0], [3, 4, 9], [3, 0, 0]]
    exposure = [[4.0, 0.0, 4.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 0.5, 1.0], [1.0, 0.0, 0.0]]
    together = poisson_trend(events, exposure)
    alone = [poisson_trend(*each) for each in zip(events, exposure, strict=True)]
    np.testing.assert_array_equal(np.transpose(together), alone)
    assert np.isnan(together.ratio).tolist() == [False, True, True, False, True]
    none = poisson_trend(np.zeros((0, 3)), np.zeros((0, 3)))
    assert [figure.shape for figure in none] == [(0,)] * 4


def test_coverage_and_false_alarms(simulate: Simulate) -> None:
    time = np.array([30.0, 40.0, 20.0])

    def batch(rng: np.random.Generator) -> list[tuple[bool, bool]]:
        falling, level = rng.poisson(time * 0.5 * 0.7 ** np.arange(3), (400, 3)), rng.poisson(time * 0.5, (400, 3))
        trend, null = poisson_trend(falling, time), poisson_trend(level, time)
        held = (trend.low <= 0.7) & (trend.high >= 0.7)
        return list(zip(held.tolist(), (null.p_value < 0.05).tolist(), strict=True))

    held, alarms = simulate(11, batch).T
    assert_share(held, 0.945, 0.96)
    assert_share(alarms, 0.045, 0.055)


@pytest.mark.parametrize(
    ("events", "exposure", "message"),
    [
        ([-1, 2], [1.0, 1.0], "events must be 0 or more"),
        ([1, 2], [-1.0, 1.0], "exposure must be 0 or more"),
        ([1, 2], [0.0, 1.0], "exposure must be above 0 where events are"),
    ],
)
def test_refusals(events: list[int], exposure: list[float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        poisson_trend(events, exposure)
