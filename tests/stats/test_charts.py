"""Limits of charts: plain loops as oracles, gaps, false alarms by simulation. Published numbers are among the cases."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality import stats
from servicequality.errors import ParameterError
from simulation import Simulate, assert_share

POINTS = st.lists(st.floats(-100, 100), min_size=3, max_size=40)
GAP = float("nan")


@given(POINTS, st.floats(-5, 5), st.floats(0, 3))
def test_cusum_is_the_recursion(x: list[float], target: float, slack: float) -> None:
    up = down = 0.0
    high, low = stats.cusum(x, target=target, slack=slack)
    for place, point in enumerate(x):
        up, down = max(0.0, up + point - target - slack), max(0.0, down + target - point - slack)
        assert high[place] == pytest.approx(up, abs=1e-9)
        assert low[place] == pytest.approx(down, abs=1e-9)


@given(POINTS, st.floats(0.05, 1))
def test_ewma_is_the_recursion(x: list[float], weight: float) -> None:
    average = 3.0
    got, low, high = stats.ewma(x, target=3.0, sigma=2.0, weight=weight)
    for place, point in enumerate(x):
        average = weight * point + (1 - weight) * average
        assert got[place] == pytest.approx(average, abs=1e-9)
    assert (high - low <= 2 * stats.ewma_width(sigma=2.0, weight=weight) + 1e-12).all()
    assert high[0] - 3.0 == pytest.approx(3 * 2.0 * weight)


def test_gaps_are_kept_and_change_nothing() -> None:
    whole, gappy = [1.0, 4.0, 2.0, 8.0], [1.0, GAP, 4.0, 2.0, GAP, 8.0]
    at = [0, 2, 3, 5]
    assert (
        stats.cusum(gappy, target=2, slack=0.5)[0][at].tolist() == stats.cusum(whole, target=2, slack=0.5)[0].tolist()
    )
    assert stats.ewma(gappy, target=2, sigma=1)[0][at].tolist() == stats.ewma(whole, target=2, sigma=1)[0].tolist()
    assert stats.moving_range([1.0, GAP, 4.0, 2.0]) == 2.0  # 1 and 4 are no neighbours
    shares = stats.share_limits([5, GAP, 7], [10, 10, 10])
    assert shares.centre == 0.6
    assert np.isnan(shares.low[1])


def test_the_baseline_is_frozen() -> None:
    hits, n, baseline = np.array([50, 55, 45, 90.0]), np.full(4, 100.0), np.array([True, True, True, False])
    first = stats.share_limits(hits[:3], n[:3])
    assert stats.share_limits(hits, n, baseline=baseline).centre == first.centre
    assert stats.share_limits(hits, n, baseline=baseline).high[0] == first.high[0]
    assert stats.rate_limits(hits, baseline=baseline).centre == 50


def test_laney_keeps_its_false_alarms_where_binomial_limits_do_not(simulate: Simulate) -> None:
    """Sixty days of 1,000 whose own share differs by 0.022 about 0.88: one day of five lies beyond three sigma of chance.

    Chance alone has a sigma of 0.0103, and the days together one of 0.0243, of which 3 · 0.0103 is 1.27: a normal number
    lies beyond it in 20 % of cases. Beyond three sigma of Laney's p' lie about 0.3 %.
    """

    def batch(rng: np.random.Generator) -> list[list[float]]:
        n = np.full((400, 60), 1_000.0)
        shares = rng.binomial(1_000, np.clip(rng.normal(0.88, 0.022, n.shape), 0, 1)) / n
        alarms = []
        for share in shares:
            both = [stats.share_limits(share * n[0], n[0], overdispersed=laney) for laney in (False, True)]
            alarms.append([float(np.mean((share < limits.low) | (share > limits.high))) for limits in both])
        return alarms

    binomial, laney = simulate(1, batch).T
    assert_share(binomial, 0.19, 0.21)
    assert_share(laney, 0.002, 0.004)


def test_counts_that_vary_more_than_poissons_alarm_no_more_often(simulate: Simulate) -> None:
    """Sixty days whose own rate differs by a tenth about 400 tickets: the variance is 400 + 40² = 5 · 400.

    A normal number lies beyond 3 / √5 in 18 % of cases: so many days are beyond a plain c chart's limits.
    """

    def batch(rng: np.random.Generator) -> list[list[float]]:
        alarms = []
        for counts in rng.poisson(rng.gamma(100.0, 4.0, (400, 60))).astype(float):
            both = [stats.rate_limits(counts, overdispersed=laney) for laney in (False, True)]
            alarms.append([float(np.mean((counts < limits.low) | (counts > limits.high))) for limits in both])
        return alarms

    plain, laney = simulate(3, batch).T
    assert_share(plain, 0.17, 0.19)
    assert_share(laney, 0.0025, 0.005)  # 0.27 % of normal numbers, and these are skewed


def test_xmr_keeps_its_false_alarms(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> list[float]:
        rows = rng.normal(size=(400, 60))
        half = [stats.individuals_limits(row).high - row.mean() for row in rows]
        return [float(np.mean(np.abs(row - row.mean()) > wide)) for row, wide in zip(rows, half, strict=True)]

    assert_share(simulate(2, batch), 0.0025, 0.0035)  # 0.27 % of normal numbers lie beyond three sigma


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.moving_range([1.0, GAP, 2.0]), "a moving range needs two neighbouring points"),
        (lambda: stats.share_limits([11], [10]), "count must be from 0 to n; got 11"),
        (lambda: stats.share_limits([1], [0]), "size must be above 0"),
        (lambda: stats.share_limits([1, 2], [3, 3], baseline=[False, False]), "the baseline has no points"),
        (lambda: stats.share_limits([3, 3], [3, 3], overdispersed=True), "centre is 1: nothing varies"),
        (lambda: stats.rate_limits([-1]), "count must be 0 or more; got -1"),
        (lambda: stats.ewma([1.0], target=1, sigma=0), "sigma must be above 0"),
        (lambda: stats.ewma([1.0], target=1, sigma=1, weight=0), r"weight must lie in \(0, 1\]; got 0"),
        (lambda: stats.cusum([1.0], target=1, slack=-1), "slack must be 0 or more"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
