"""Series side by side: unrelated ones are left apart, led ones are found, shifts are those of a plain loop."""

from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg

from servicequality import stats
from servicequality.errors import ParameterError
from simulation import Simulate, assert_share


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
        (lambda: stats.event_shift_test([1.0, float("nan")], [1], half=1), "y must be finite"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
