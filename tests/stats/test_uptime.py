"""Downtime against a count of every second, limits against published numbers and against what simulation covers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality import stats
from servicequality.errors import ParameterError
from simulation import Simulate, assert_share

SPANS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-5, 40), st.integers(0, 12), st.booleans()), min_size=1, max_size=12
)


@given(SPANS)
def test_downtime_is_what_a_count_of_seconds_finds(spans: list[tuple[int, int, int, bool]]) -> None:
    group, start, length, planned = (np.array(column) for column in zip(*spans, strict=True))
    result = stats.downtime(start, start + length, group=group, planned=planned, groups=3, window=(0, 30))
    for one in range(3):
        mine = [(s, s + n, p) for g, s, n, p in spans if g == one and n > 0]
        maintained = {t for s, stop, p in mine if p for t in range(s, stop)} & set(range(30))
        failing = {t for s, stop, p in mine if not p for t in range(s, stop)} & set(range(30))
        down = failing - maintained
        starts = [t for t in sorted(failing) if t - 1 not in failing]
        runs = [[t for t in sorted(failing) if a <= t < b] for a, b in pairwise([*starts, 99])]
        assert result.down[one] == len(down)
        assert result.excluded[one] == len(maintained)
        assert result.outages[one] == sum(bool(set(run) & down) for run in runs)


def test_spans_that_touch_are_one_outage_and_one_within_maintenance_is_none() -> None:
    assert stats.downtime([0, 10], [10, 20], window=(0, 100)).outages.tolist() == [1]
    inside = stats.downtime([0, 2], [10, 4], planned=[True, False], window=(0, 100))
    assert (inside.down[0], inside.excluded[0], inside.outages[0]) == (0, 10, 0)
    none = stats.downtime(np.array([], np.int64), np.array([], np.int64), groups=2, window=(0, 9))
    assert none.down.tolist() == none.outages.tolist() == [0, 0]


def test_large_instants_are_added_exactly() -> None:
    start = np.full(100_000, 1_700_000_000_000_000) + np.arange(100_000) * 3
    down = stats.downtime(start, start + 1, window=(1_700_000_000_000_000, 1_700_000_001_000_000))
    assert down.down[0] == 100_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"start": [3], "end": [1], "window": (0, 9)}, "a span must not end before it begins; 1 do"),
        ({"start": [1], "end": [3], "window": (9, 9)}, "window must begin before it ends; got 9 to 9"),
        ({"start": [1], "end": [3], "group": [4], "window": (0, 9)}, "group must lie from 0 to 0; got 4 to 4"),
    ],
)
def test_downtime_refuses(call: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        stats.downtime(**call)  # type: ignore[arg-type]


def test_mtbf_covers_what_it_says(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> np.ndarray:
        low, high = stats.mtbf_interval(600.0, rng.poisson(6.0, 4_000), level=0.9)
        return (low <= 100) & ((high >= 100) | np.isnan(high))

    assert_share(simulate(5, batch), 0.9)  # exact limits cover at least their level
    assert np.isnan(stats.mtbf_interval(10.0, 0)[1])


def test_availability_covers_what_it_says(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> np.ndarray:
        up, down = rng.exponential(99.0, (4_000, 8)).sum(1), rng.exponential(1.0, (4_000, 8)).sum(1)
        low, high = stats.availability_interval(up, down, 8)
        return (low <= 0.99) & (high >= 0.99)

    assert_share(simulate(6, batch), 0.95, 0.95)


def test_budgets_are_arithmetic() -> None:
    assert float(stats.budget_time(0.999, period=30 * 24 * 60)) == pytest.approx(43.2)
    assert float(stats.burn_rate(144, 10_000, objective=0.999)) == pytest.approx(14.4)
    assert float(stats.burn_threshold(0.02, window=1, period=720)) == pytest.approx(14.4)
    assert float(stats.budget_spent(14.4, window=1, period=720)) == pytest.approx(0.02)
    assert float(stats.time_to_exhaust(14.4, period=720)) == pytest.approx(50.0)
    assert float(stats.time_to_exhaust(0.0, period=720)) == float("inf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.burn_rate(3, 2, objective=0.9), "bad must be from 0 to total"),
        (lambda: stats.burn_rate(1, 2, objective=1.0), "objective must be strictly between 0 and 1"),
        (lambda: stats.burn_threshold(0.1, window=9, period=3), "window must be no longer than the period"),
        (lambda: stats.time_to_exhaust(-1.0, period=3), "burn must be 0 or more"),
        (lambda: stats.series_availability([99.9, 1.0]), "parts must be shares from 0 to 1"),
        (lambda: stats.series_availability([]), "at least one part"),
        (lambda: stats.availability_interval(5.0, 0.0, 1), "down must be above 0"),
        (lambda: stats.mtbf_interval(0.0, 1), "exposure must be above 0"),
        (lambda: stats.slope(2, 1.0, 1.0, 1.0), "n must be 3 or more"),
        (lambda: stats.slope(3, 0.0, 1.0, 1.0), "square_x must be above 0"),
        (lambda: stats.apdex_rating("0.9", 5), "index must be a number; got '0.9'"),
        (lambda: stats.apdex_rating(0.9, 5.5), "n must be a whole number; got 5.5"),
        (lambda: stats.apdex_rating(1.2, 5), "an Apdex lies from 0 to 1"),
        (lambda: stats.apdex_rating(0.5, 0), "no samples has no rating"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()  # type: ignore[operator]


def test_the_slope_is_that_of_scipy() -> None:
    from scipy.stats import linregress, t

    rng = np.random.default_rng(7)
    x = rng.normal(size=30)
    y = 0.4 * x + rng.normal(size=30)
    centred = x - x.mean(), y - y.mean()
    value, low, high, se = stats.slope(
        30, (centred[0] ** 2).sum(), (centred[1] ** 2).sum(), (centred[0] * centred[1]).sum()
    )
    fit = linregress(x, y)
    assert float(value) == pytest.approx(fit.slope)
    assert float(se) == pytest.approx(fit.stderr)
    assert float(high - low) == pytest.approx(2 * fit.stderr * t.ppf(0.975, 28))


def test_the_slope_is_covered(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> np.ndarray:
        x, noise = rng.normal(size=(2, 4_000, 12))
        y = 0.4 * x + noise
        x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
        _, low, high, _ = stats.slope(12, (x**2).sum(axis=1), (y**2).sum(axis=1), (x * y).sum(axis=1))
        return (low <= 0.4) & (high >= 0.4)

    assert_share(simulate(8, batch), 0.95, 0.95)


@pytest.mark.parametrize(
    ("index", "word"),
    [(1.0, "Excellent"), (0.94, "Excellent"), (0.935, "Excellent"), (0.934, "Good"), (0.85, "Good"), (0.845, "Good"),
     (0.5 + 0.5 * 0.69, "Good"), (0.8449, "Fair"), (0.695, "Fair"), (0.495, "Poor"), (0.7, "Fair"), (0.5, "Poor"),
     (0.49, "Unacceptable"), (0.0, "Unacceptable")],
)  # fmt: skip
def test_apdex_words(index: float, word: str) -> None:
    assert stats.apdex_rating(index, 100)[1:] == (word, False)
    assert stats.apdex_rating(index, 99).small_group
