"""Series side by side: unrelated ones are left apart, led ones are found, shifts are those of a plain loop."""

from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg

from servicequality import stats
from servicequality.errors import ParameterError
from simulation import Simulate, assert_share

EVEN = np.where(np.arange(20) % 2, np.nan, np.arange(20.0))
"""Every second value is missing."""


def drifting(rng: np.random.Generator, n: int, phi: float = 0.8) -> np.ndarray:
    noise = rng.normal(size=n + 50)
    for place in range(1, n + 50):
        noise[place] += phi * noise[place - 1]
    return noise[50:]


def test_the_autoregression_is_least_squares() -> None:
    x = drifting(np.random.default_rng(1), 200)
    assert stats.autoregression(x, order=2) == pytest.approx(AutoReg(x, 2).fit().params[1:], abs=1e-9)
    assert 1 <= len(stats.autoregression(x)) <= 4
    assert len(stats.autoregression(x, order=0)) == 0


def test_prewhitening_keeps_unrelated_series_apart(simulate: Simulate) -> None:
    """Two unrelated series of 120 whose neighbours correlate by 0.84: plain correlation calls two in five of them linked.

    Its variance is (1 + 0.84²) / (1 - 0.84²) = 5.8 times that of series without memory, so that a normal number crosses
    its limits beyond 1.96 / √5.8 = 0.81.
    """

    def batch(rng: np.random.Generator) -> list[tuple[bool, bool]]:
        linked = []
        for _ in range(400):
            x, y = drifting(rng, 120, 0.84), drifting(rng, 120, 0.84)
            (r,), n = stats.prewhitened_ccf(x, y, [0])
            plain = abs(np.corrcoef(x, y)[0, 1]) > 1.96 / np.sqrt(120)
            linked.append((bool(plain), bool(abs(r) * np.sqrt(n) > 1.96)))
        return linked

    plain, white = simulate(2, batch).T
    assert_share(plain, 0.37, 0.42)
    assert_share(white, 0.045, 0.06)


def test_prewhitening_with_gaps_is_that_of_complete_windows() -> None:
    rng = np.random.default_rng(6)
    x, y = drifting(rng, 90), drifting(rng, 90)
    x[[5, 40, 41]], y[[17, 60]] = np.nan, np.nan
    left, right = x[1:] - 0.6 * x[:-1], y[1:] - 0.6 * y[:-1]  # NaN where a value is missing
    left, right = left - np.nanmean(left), right - np.nanmean(right)
    (zero, two), n = stats.prewhitened_ccf(x, y, [0, 2], phi=[0.6])
    spread = np.sqrt(np.nanmean(left**2) * np.nanmean(right**2))
    assert zero == pytest.approx(np.nanmean(left * right) / spread)
    pairs = left[:-2] * right[2:]
    assert two == pytest.approx(np.nanmean(pairs) / spread * 87 / 89)
    fewest = min(np.isfinite(left * right).mean(), np.isfinite(pairs).mean())
    assert n == round(89 * fewest)
    whole = [place for place in range(2, 90) if np.isfinite(x[place - 2 : place + 1]).all()]
    mean = np.nanmean(x)
    earlier = np.column_stack([np.ones(len(whole)), *(x[np.array(whole) - lag] - mean for lag in (1, 2))])
    theirs = np.linalg.lstsq(earlier, x[whole] - mean, rcond=None)[0]
    assert stats.autoregression(x, order=2) == pytest.approx(theirs[1:])


def test_prewhitening_with_gaps_keeps_unrelated_series_apart(simulate: Simulate) -> None:
    """A tenth of either series is missing, and the limits hold as they do without gaps."""

    def batch(rng: np.random.Generator) -> list[bool]:
        linked = []
        for _ in range(400):
            x, y = drifting(rng, 120, 0.84), drifting(rng, 120, 0.84)
            x[rng.random(120) < 0.1], y[rng.random(120) < 0.1] = np.nan, np.nan
            (r,), n = stats.prewhitened_ccf(x, y, [0])
            linked.append(bool(abs(r) * np.sqrt(n) > 1.96))
        return linked

    assert_share(simulate(7, batch), 0.045, 0.065)


def test_a_series_that_leads_is_found_at_its_lag() -> None:
    rng = np.random.default_rng(3)
    x = drifting(rng, 200)
    y = np.concatenate([rng.normal(size=3), -0.8 * x[:-3]]) + rng.normal(size=200) * 0.5
    result, _ = stats.prewhitened_ccf(x, y, range(-5, 6))
    assert int(np.argmax(np.abs(result))) - 5 == 3
    assert result[8] < -0.5


def test_the_shift_test_is_a_loop_over_circular_shifts() -> None:
    rng = np.random.default_rng(4)
    y, events, half = rng.normal(size=37), [3, 20, 36], 4

    def effect(shift: int) -> float:
        changes = [
            np.take(y, range(e + shift, e + shift + half), mode="wrap").mean()
            - np.take(y, range(e + shift - half, e + shift), mode="wrap").mean()
            for e in events
        ]
        return float(np.mean(changes))

    value, p = stats.event_shift_test(y, events, half=half)
    assert value == pytest.approx(effect(0))
    assert p == pytest.approx(np.mean([abs(effect(s)) >= abs(value) - 1e-12 for s in range(37)]))


def test_the_shift_test_leaves_gaps_out_of_its_means() -> None:
    rng = np.random.default_rng(4)
    y, events, half = rng.normal(size=37), [3, 20, 36], 2
    y[[4, 9, 16, 17, 18, 19]] = np.nan  # before the second event there is no value

    def mean(places: range) -> float:
        values = np.take(y, places, mode="wrap")
        return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan

    def effect(shift: int) -> float:
        changes = [mean(range(e + shift, e + shift + half)) - mean(range(e + shift - half, e + shift)) for e in events]
        known = [change for change in changes if np.isfinite(change)]
        return float(np.mean(known)) if known else np.nan

    effects = np.array([effect(shift) for shift in range(37)])
    value, p = stats.event_shift_test(y, events, half=half)
    assert value == pytest.approx(effects[0])
    assert p == pytest.approx(np.mean(np.abs(effects[np.isfinite(effects)]) >= abs(value) - 1e-12))


def test_the_shift_test_keeps_its_level_on_a_drifting_series(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> list[bool]:
        draws = ((drifting(rng, 150), rng.choice(150, 6, replace=False)) for _ in range(500))
        return [stats.event_shift_test(y, events, half=5)[1] <= 0.05 for y, events in draws]

    assert_share(simulate(5, batch), 0.04, 0.05)  # of 150 shifts seven at most lie beyond


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.autoregression([1.0] * 20), "8 values or more that vary"),
        (
            lambda: stats.autoregression(np.arange(12.0), order=9),
            "order must lie from 0 to a third of the length, 4; got 9",
        ),
        (lambda: stats.prewhitened_ccf([1.0, 2.0], [1.0], [0]), "both series must have one length"),
        (lambda: stats.prewhitened_ccf(np.arange(30.0) % 7, np.arange(30.0) % 5, [25]), "lags must lie within a third"),
        (lambda: stats.prewhitened_ccf(np.arange(30.0) % 7, np.ones(30), [0]), "a series does not vary"),
        (
            lambda: stats.event_shift_test([1.0, 2.0, 3.0], [], half=1),
            "events must be places from 0 to 2, at least one",
        ),
        (lambda: stats.event_shift_test([1.0, 2.0, 3.0], [1], half=2), "half must be 1 or more and shorter than half"),
        (lambda: stats.event_shift_test([1.0, float("inf"), 2.0], [1], half=1), "y must be finite"),
        (
            lambda: stats.event_shift_test([1.0, 2.0, float("nan"), 3.0, 4.0, 5.0], [2], half=1),
            "no event has values both before and after it",
        ),
        (lambda: stats.prewhitened_ccf(EVEN, np.arange(20.0), [0], phi=[0.5]), "gaps leave too little of a filtered"),
        (lambda: stats.prewhitened_ccf(EVEN, EVEN[::-1], [0], phi=[]), "gaps leave no pair of values at a lag"),
        (lambda: stats.autoregression(EVEN, order=1), "gaps leave 0 values with the 1 before them"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
