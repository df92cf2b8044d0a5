"""Limits of charts: plain loops as oracles, gaps, false alarms by simulation. Published numbers are among the cases."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality import stats
from servicequality.errors import ParameterError

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
    got, lower, upper = stats.ewma(x, target=3.0, sigma=2.0, weight=weight)
    for place, point in enumerate(x):
        average = weight * point + (1 - weight) * average
        assert got[place] == pytest.approx(average, abs=1e-9)
    assert (upper - lower <= 2 * stats.ewma_width(sigma=2.0, weight=weight) + 1e-12).all()
    assert upper[0] - 3.0 == pytest.approx(3 * 2.0 * weight)


def test_gaps_are_kept_and_change_nothing() -> None:
    whole, gappy = [1.0, 4.0, 2.0, 8.0], [1.0, GAP, 4.0, 2.0, GAP, 8.0]
    at = [0, 2, 3, 5]
    assert (
        stats.cusum(gappy, target=2, slack=0.5)[0][at].tolist() == stats.cusum(whole, target=2, slack=0.5)[0].tolist()
    )
    assert stats.ewma(gappy, target=2, sigma=1)[0][at].tolist() == stats.ewma(whole, target=2, sigma=1)[0].tolist()
    assert stats.moving_range([1.0, GAP, 4.0, 2.0]) == 2.0  # 1 and 4 are no neighbours
    shares = stats.share_limits([5, GAP, 7], [10, 10, 10])
    assert shares.center == 0.6
    assert np.isnan(shares.lower[1])


def test_the_baseline_is_frozen() -> None:
    hits, n, baseline = np.array([50, 55, 45, 90.0]), np.full(4, 100.0), np.array([True, True, True, False])
    first = stats.share_limits(hits[:3], n[:3])
    assert stats.share_limits(hits, n, baseline=baseline).center == first.center
    assert stats.share_limits(hits, n, baseline=baseline).upper[0] == first.upper[0]
    assert stats.rate_limits(hits, baseline=baseline).center == 50


def test_laney_keeps_its_false_alarms_where_binomial_limits_do_not() -> None:
    rng = np.random.default_rng(1)
    n = np.full((400, 60), 1_000.0)
    true = np.clip(rng.normal(0.88, 0.02, n.shape), 0, 1)  # days differ
    hits = rng.binomial(n.astype(np.int64), true)
    alarms = {False: 0.0, True: 0.0}
    for row in range(len(n)):
        for laney in alarms:
            limits = stats.share_limits(hits[row], n[row], overdispersed=laney)
            share = hits[row] / n[row]
            alarms[laney] += float(np.mean((share < limits.lower) | (share > limits.upper))) / len(n)
    assert alarms[True] < 0.01
    assert alarms[False] > 0.15


def test_xmr_keeps_its_false_alarms() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 60))
    outside = [np.mean(np.abs(row - row.mean()) > stats.individuals_limits(row).upper - row.mean()) for row in x]
    assert np.mean(outside) < 0.006


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
