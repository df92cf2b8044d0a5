"""Derived importance: statsmodels and all orders of entry as oracles, coverage, bad input."""

from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import (
    covariance,
    lmg_interval,
    lmg_shares,
    partial_correlations,
    regression_weights,
)
from simulation import assert_share


def survey(rows: int, seed: int, weights=(0.6, 0.3, 0.0, 0.4)) -> np.ndarray:
    """Scores that go together, and an outcome in the last column."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, len(weights))) + 0.7 * rng.normal(size=(rows, 1))
    return np.column_stack([x, x @ np.array(weights) + rng.normal(size=rows)])


def r_squared(data, chosen):
    if not chosen:
        return 0.0
    return sm.OLS(data[:, -1], sm.add_constant(data[:, list(chosen)])).fit().rsquared


@given(st.integers(0, 1_000), st.integers(1, 4))
def test_lmg_is_the_mean_gain_over_all_orders(seed, predictors):
    data = survey(30, seed)[:, -predictors - 1 :]
    orders = list(permutations(range(predictors)))
    plain = np.zeros(predictors)
    for order in orders:
        for place, one in enumerate(order):
            plain[one] += r_squared(data, order[: place + 1]) - r_squared(data, order[:place])
    got = lmg_shares(covariance(data))
    assert got == pytest.approx(plain / len(orders), abs=1e-9)
    assert got.sum() == pytest.approx(r_squared(data, range(predictors)))
    assert (got >= -1e-12).all()


def test_lmg_treats_copies_alike_and_ignores_units_and_places():
    data = survey(80, 1)
    twice = np.column_stack([data[:, 0], data])
    shares = lmg_shares(covariance(twice))
    assert shares[0] == pytest.approx(shares[1])
    assert shares.sum() == pytest.approx(lmg_shares(covariance(data)).sum())
    first = lmg_shares(covariance(data[:, [4, 0, 1, 2, 3]] * [3, 1, 10, 0.1, 5]), outcome=0)
    assert first == pytest.approx(lmg_shares(covariance(data)))


def test_lmg_of_groups_and_of_many_predictors():
    stack = np.stack([covariance(survey(50, seed)) for seed in range(6)])
    assert lmg_shares(stack.reshape(2, 3, 5, 5)).reshape(6, 4) == pytest.approx(np.stack([*map(lmg_shares, stack)]))
    many = survey(200, 2, weights=tuple(np.linspace(0, 1, 14)))
    assert lmg_shares(covariance(many)).sum() == pytest.approx(r_squared(many, range(14)))


def test_limits_of_lmg_are_those_of_drawn_rows():
    data = survey(70, 3)
    low, high = lmg_interval(data, resamples=200, seed=4)
    rng = np.random.default_rng(4)
    plain = [lmg_shares(np.cov(data[rng.integers(0, 70, 70)].T)) for _ in range(200)]
    assert np.stack([low, high]) == pytest.approx(np.quantile(plain, [0.025, 0.975], axis=0))


def test_limits_of_lmg_cover(simulate):
    truth = lmg_shares(covariance(survey(400_000, 5)))

    def batch(rng):
        held = []
        for seed in rng.integers(2**31, size=200).tolist():
            low, high = lmg_interval(survey(150, seed), resamples=250, seed=seed)
            held.append((low <= truth) & (truth <= high))
        return held

    for held in simulate(9, batch).T:
        assert_share(held, 0.925, 0.96)  # percentiles of 250 resamples


def test_regression_weights_are_those_of_statsmodels():
    data = survey(60, 6)
    fitted = sm.OLS(data[:, -1], sm.add_constant(data[:, :-1])).fit()
    got = regression_weights(covariance(data), 60, level=0.9)
    assert got.value == pytest.approx(fitted.params[1:])
    assert np.column_stack([got.low, got.high]) == pytest.approx(fitted.conf_int(0.1)[1:])
    z = (data - data.mean(axis=0)) / data.std(axis=0)
    beta = sm.OLS(z[:, -1], z[:, :-1]).fit().params
    assert regression_weights(covariance(data), 60, standardised=True).value == pytest.approx(beta)


def test_limits_of_standardised_weights_cover(simulate):
    population = np.array([[1, 0.5, 0.6], [0.5, 1, 0.5], [0.6, 0.5, 1]])
    truth = np.linalg.solve(population[:2, :2], population[:2, 2])

    def batch(rng):
        drawn = rng.multivariate_normal(np.zeros(3), population, size=(4_000, 60))
        centred = drawn - drawn.mean(axis=1, keepdims=True)
        got = regression_weights(np.swapaxes(centred, -1, -2) @ centred / 59, np.full(4_000, 60), standardised=True)
        return (got.low <= truth) & (truth <= got.high)

    for held in simulate(7, batch).T:
        assert_share(held, 0.94, 0.955)


def test_partial_correlations_are_those_of_residuals():
    data = survey(90, 8)
    rest = sm.add_constant(data[:, 2:])
    left = [data[:, i] - rest @ np.linalg.lstsq(rest, data[:, i])[0] for i in (0, 1)]
    assert partial_correlations(covariance(data))[0, 1] == pytest.approx(np.corrcoef(left)[0, 1])
    assert np.diag(partial_correlations(covariance(data))).tolist() == [1] * 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lmg_shares([[1.0]]), "predictors and the outcome -1; got 1 variables"),
        (lambda: lmg_shares(np.eye(3), outcome=3), "the outcome 3; got 3 variables"),
        (lambda: lmg_shares(np.eye(20)), "at most 18 predictors; got 19"),
        (lambda: lmg_shares(np.diag([1.0, 0.0, 1.0])), "neither predicts nor is predicted"),
        (lambda: regression_weights(np.eye(3), 3), r"n must be above the number of weights \(3\)"),
        (lambda: regression_weights(np.ones((3, 3)), 30), "an item is a copy or a sum of others"),
        (lambda: regression_weights(np.eye(3), 30, level=1), "level must be between 0 and 1"),
        (lambda: partial_correlations(np.ones((2, 2))), "an item is a copy or a sum of others"),
        (lambda: lmg_interval([[1, 1], [1, 2], [1, 3]]), "neither predicts nor is predicted"),
    ],
)
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
