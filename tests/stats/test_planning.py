"""Sample sizes, detectable changes and verdicts: each by what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from servicequality.errors import ParameterError
from servicequality.stats import (
    n_to_decide,
    net_interval,
    net_n,
    net_variance,
    proportion_n,
    smallest_detectable_change,
    target_verdict,
    two_proportion_n,
    wald,
    wilson,
)
from simulation import assert_share


def test_net_n_gives_the_margin():
    n = net_n(0.5, 0.2, 0.05)
    assert float(n) == pytest.approx(937.316, abs=1e-3)
    low, high = net_interval(0.5 * n, 0.2 * n, n, method="wald")
    assert float(high - low) / 2 == pytest.approx(0.05)


def test_proportion_n_gives_the_margin():
    n = proportion_n([0.5, 0.9], 0.05)
    assert n[0] == pytest.approx(384.146, abs=1e-3)
    low, high = wald(n * [0.5, 0.9], n)
    assert (high - low) / 2 == pytest.approx([0.05, 0.05])


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.5, 0.95))
def test_two_proportion_n_gives_the_power(p1, p2, power):
    if abs(p1 - p2) < 1e-3:
        return
    n = float(two_proportion_n(p1, p2, power=power))
    se = np.sqrt((p1 * (1 - p1) + p2 * (1 - p2)) / n)
    assert oracle.norm.sf(1.959963984540054 - abs(p1 - p2) / se) == pytest.approx(power)
    assert float(two_proportion_n(p2, p1, power=power)) == pytest.approx(n)


def test_two_proportion_n_by_simulation(simulate):
    n = int(np.ceil(two_proportion_n(0.9, 0.95)))

    def batch(rng):
        a, b = rng.binomial(n, 0.9, 20_000) / n, rng.binomial(n, 0.95, 20_000) / n
        return np.abs(a - b) / np.sqrt((a * (1 - a) + b * (1 - b)) / n) > 1.959963984540054

    assert_share(simulate(4, batch), 0.795, 0.81)  # the variances are those of the drawn shares


def test_smallest_detectable_change_is_found_with_its_power():
    se = np.sqrt(net_variance(0.5, 0.2, 1) / 300 + net_variance(0.4, 0.3, 1) / 200)
    change = float(smallest_detectable_change(se))
    assert change == pytest.approx(2.8015852 * se, rel=1e-6)
    assert smallest_detectable_change(0) == 0  # what does not vary is seen to change by anything
    result = oracle.norm.sf(1.959963984540054 - change / se) + oracle.norm.cdf(-1.959963984540054 - change / se)
    assert result == pytest.approx(0.8, abs=1e-5)


def test_verdicts_at_the_boundary():
    low, high = np.array([0.9, 0.8, 0.8, 0.8, 0.91]), np.array([0.95, 0.9, 0.89, 0.95, 0.95])
    at_least = target_verdict(low, high, 0.9)
    assert at_least.tolist() == ["met", "undecided", "missed", "undecided", "met"]
    at_most = target_verdict(low, high, 0.9, direction="at_most")
    assert at_most.tolist() == ["undecided", "met", "met", "undecided", "missed"]
    assert str(target_verdict(*wilson(188, 200, level=0.9), 0.9)) == "met"
    assert str(target_verdict(0.9, 0.9, 0.9)) == "met"  # a census has no doubt


@given(st.integers(1, 500), st.floats(-10, 10), st.floats(0.01, 5), st.floats(-10, 10))
def test_n_to_decide_puts_the_limit_on_the_target(n, estimate, half, target):
    if abs(estimate - target) < 1e-3:
        return
    needed = float(n_to_decide(n, estimate, estimate - half, estimate + half, target))
    assert half * np.sqrt(n / needed) == pytest.approx(abs(estimate - target))
    verdict = target_verdict(estimate - half, estimate + half, target)
    assert (needed > n * (1 + 1e-9)) <= (verdict == "undecided")


def test_n_to_decide_looks_at_the_side_of_the_target():
    assert n_to_decide(100, 0.9, 0.86, 0.92, [0.94, 0.88]) == pytest.approx([25, 400])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: net_n(0.5, 0.2, 0), "margin must be above 0"),
        (lambda: net_n(0.5, 0.6, 0.1), r"up \+ down must be at most n"),
        (lambda: proportion_n(1.0, 0.1), "p must be strictly between 0 and 1"),
        (lambda: proportion_n(0.5, 0), "margin must be above 0"),
        (lambda: two_proportion_n(0.5, 0.5), "p2 must be another share than p1"),
        (lambda: two_proportion_n(90, 0.5), "p1 must be strictly between 0 and 1; got 90"),
        (lambda: two_proportion_n(0.9, 0.5, power=1), "power must be strictly between 0 and 1"),
        (lambda: smallest_detectable_change(-1), "se must be 0 or more"),
        (lambda: target_verdict(2, 1, 0), "low must be at most high"),
        (lambda: target_verdict(1, 2, 0, direction="above"), "direction must be one of 'at_least', 'at_most'"),
        (lambda: n_to_decide(5, 0.5, 0.4, 0.6, 0.5), "estimate must be off the target"),
        (lambda: n_to_decide(5, 0.7, 0.4, 0.6, 0.5), "estimate must be within its limits"),
        (lambda: n_to_decide(0, 0.5, 0.4, 0.6, 0.3), "n must be above 0"),
    ],
)
def test_a_call_without_an_answer_raises(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
