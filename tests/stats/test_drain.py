"""Drain times: scipy's inverse Gaussian, a walk that is simulated, and calls without an answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import invgauss

from servicequality.errors import ParameterError
from servicequality.stats import drain_quantile

some = st.floats(0.1, 1e4)


@given(some, st.floats(0.05, 100), st.floats(0.05, 100), st.floats(1e-6, 1 - 1e-6))
def test_it_inverts_the_inverse_gaussian(backlog: float, drift: float, sd: float, q: float) -> None:
    mean, shape = backlog / drift, (backlog / sd) ** 2
    time = float(drain_quantile(backlog, drift, sd, q))
    assert time > 0
    assert invgauss.cdf(time, mean / shape, scale=shape) == pytest.approx(q, rel=1e-6, abs=1e-9)


def test_a_thousand_walks() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(-0.10, 0.4, (2_000, 4_000))  # a hundredth of a period each: drift 10, spread 4
    gone = (300 / 20 + np.cumsum(steps, axis=1) <= 0).argmax(axis=1) + 1
    expected = drain_quantile(15, 10, 4, [0.1, 0.5, 0.9]) * 100
    assert np.quantile(gone, [0.1, 0.5, 0.9]) == pytest.approx(expected, rel=0.05)


def test_edges() -> None:
    assert drain_quantile(0, 3, 2, 0.9) == 0
    assert drain_quantile([300, 30], 10, 0, 0.9).tolist() == [30, 3]
    assert np.diff(drain_quantile(300, 10, 40, np.linspace(0.01, 0.99, 50))).min() > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ((300, 0, 40, 0.5), "drift must be above 0; got 0 .* a backlog that does not shrink never drains"),
        ((-1, 1, 40, 0.5), "backlog must be 0 or more; got -1"),
        ((1, 1, -40, 0.5), "sd must be 0 or more; got -40"),
        ((1, 1, 4, 1.0), "q must be strictly between 0 and 1; got 1"),
    ],
)
def test_calls_without_an_answer(call: tuple[float, float, float, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        drain_quantile(*call)
