"""HTMT, limits of correlations, ends of scales and straight lines: plain loops as oracles, coverage, bad input."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy.stats import pearsonr

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats import (
    correlation_interval,
    covariance,
    end_shares,
    htmt,
    htmt_interval,
    htmt_limits,
    resampled_covariances,
    straight_lined,
)
from servicequality.stats.validity import percentile_limits
from simulation import assert_share

THREE = ["a", "a", "a", "b", "b", "c", "c", "c", "c"]


def two_dimensions(rows: int, phi: float, seed: int, items: int = 3) -> np.ndarray:
    """Items with loadings of 0.8 on two dimensions whose correlation is phi."""
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, phi], [phi, 1]], size=rows)
    return np.repeat(factors, items, axis=1) * 0.8 + rng.normal(size=(rows, 2 * items)) * 0.6


def plain_htmt(answers, dimensions, one, other):
    r = pd.DataFrame(answers).corr().to_numpy()
    mine, theirs = ([i for i, name in enumerate(dimensions) if name == which] for which in (one, other))
    across = np.mean([r[i, j] for i in mine for j in theirs])
    within = [np.mean([r[i, j] for i in of for j in of if i < j]) for of in (mine, theirs)]
    return across / (within[0] * within[1]) ** 0.5


def test_htmt_is_that_of_a_plain_loop():
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(90, 9)) + rng.normal(size=(90, 1))
    got = htmt(covariance(answers), THREE)
    for i, one in enumerate("abc"):
        for j, other in enumerate("abc"):
            expected = 1 if one == other else plain_htmt(answers, THREE, one, other)
            assert got[i, j] == pytest.approx(expected)


def test_htmt_is_the_correlation_of_what_is_measured_and_blind_to_units():
    answers = two_dimensions(100_000, 0.7, seed=2)
    got = htmt(covariance(answers), "aaabbb")[0, 1]
    assert got == pytest.approx(0.7, abs=0.01)
    assert htmt(covariance(5 + answers * [1, 2, 3, 4, 5, 6]), "aaabbb")[0, 1] == pytest.approx(got)
    order = [3, 0, 4, 1, 2, 5]
    assert htmt(covariance(answers[:, order]), ["b", "a", "b", "a", "a", "b"])[0, 1] == pytest.approx(got)


def test_the_bootstrap_of_htmt_is_that_of_drawn_rows():
    answers = two_dimensions(60, 0.6, seed=3)
    low, high = htmt_interval(answers, "aaabbb", resamples=500, seed=5)
    rng = np.random.default_rng(5)
    plain = [plain_htmt(answers[rng.integers(0, 60, 60)], "aaabbb", "a", "b") for _ in range(500)]
    assert (low[0, 1], high[0, 1]) == pytest.approx(np.quantile(plain, [0.025, 0.975]))
    assert (low[0, 0], high[0, 0]) == (1, 1)
    drawn = resampled_covariances(answers, resamples=500, seed=5)
    assert np.array_equal(htmt_limits(drawn, "aaabbb")[0], low)
    assert low[0, 1] < htmt(covariance(answers), "aaabbb")[0, 1] < high[0, 1]


def test_the_bootstrap_of_htmt_covers(simulate):
    def batch(rng):
        held = []
        for seed in rng.integers(2**31, size=300).tolist():
            low, high = htmt_interval(two_dimensions(120, 0.6, seed), "aaabbb", resamples=300, seed=seed)
            held.append(low[0, 1] <= 0.6 <= high[0, 1])
        return held

    assert_share(simulate(6, batch), 0.93, 0.955)  # percentiles of 300 resamples


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_limits_of_a_correlation_cover(simulate, rho):
    def batch(rng):
        x, noise = rng.normal(size=(2, 10_000, 25))
        y = rho * x + np.sqrt(1 - rho**2) * noise
        x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
        r = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
        low, high = correlation_interval(r, 25)
        return (low <= rho) & (rho <= high)

    assert_share(simulate(10, batch), 0.945, 0.955)


def test_samples_without_an_answer_are_counted_or_refused():
    values = np.arange(100.0)
    with pytest.warns(ServiceQualityWarning, match="undefined in 3 of 100 resamples"):
        low, _ = percentile_limits(np.where(values < 3, np.nan, values), of=100, level=0.9)
    assert low == pytest.approx(np.quantile(values[3:], 0.05))
    with pytest.raises(ParameterError, match="undefined in 6 of 100 resamples"):
        percentile_limits(np.where(values < 6, np.nan, values), of=100, level=0.9)
    rare = np.array([[1, 1, 5, 4], [1, 1, 4, 5], [1, 1, 4, 4], [2, 2, 5, 5], [1, 1, 3, 3]])
    with pytest.raises(ParameterError, match="too few respondents differ"):
        htmt_interval(rare, "aabb", resamples=100)


def test_limits_of_a_correlation_are_scipys_and_pingouins():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(40, 3)) + rng.normal(size=(40, 1))
    r = pearsonr(x[:, 0], x[:, 1])
    theirs = r.confidence_interval(0.9)
    assert correlation_interval(r.statistic, 40, level=0.9) == pytest.approx((theirs.low, theirs.high))
    partial = pingouin.partial_corr(pd.DataFrame(x, columns=[*"xyz"]), x="x", y="y", covar="z")
    got = correlation_interval(partial["r"].item(), 40, controlled=1)
    assert got == pytest.approx(partial.filter(like="CI95").iloc[0, 0], abs=0.005)  # they print two digits
    low, high = correlation_interval([1, -1, 0], 10)
    assert low[:2].tolist() == high[:2].tolist() == [1, -1]
    assert low[2] == -high[2]


def test_ends_are_counted_among_those_who_answered():
    floor, ceiling, n = end_shares([[1, 7, 7], [np.nan, 7, 4], [2, 1, 4]], (1, 7))
    assert floor == pytest.approx([1 / 2, 1 / 3, 0])
    assert ceiling == pytest.approx([0, 2 / 3, 1 / 3])
    assert n.tolist() == [2, 3, 3]


def test_a_straight_line_is_the_same_answer_to_all():
    answers = [[4, 4, 4], [4, 4, 5], [np.nan, 4, 4], [np.nan] * 3, [1, 1, 1]]
    assert straight_lined(answers).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: htmt(np.eye(4), "aab"), "one for each of 4 items; got 3"),
        (lambda: htmt(np.eye(3), "aab"), "at least 2 of at least 2 items each; got {'a': 2, 'b': 1}"),
        (lambda: htmt(np.eye(2), "aa"), "at least 2 of at least 2 items each"),
        (lambda: htmt(np.eye(4), "aabb"), "mean correlation within a dimension must be above 0"),
        (lambda: htmt(np.diag([1.0, 1, 1, 0]), "aabb"), "an item without variance"),
        (lambda: correlation_interval(1.1, 20), "r must be within -1 and 1"),
        (lambda: correlation_interval(0.5, 3), r"n must be above controlled \+ 3"),
        (lambda: end_shares([[8]], (1, 7)), "answers must be within 1 and 7; got 8"),
        (lambda: end_shares([[1]], (7, 1)), "scale must be"),
        (lambda: end_shares([[np.nan]], (1, 7)), "nobody answered it"),
        (lambda: end_shares([1, 2], (1, 7)), "a row a respondent"),
        (lambda: end_shares([["x"]], (1, 7)), "answers must hold numbers"),
        (lambda: straight_lined([[1], [2]]), "at least 2 items; got 1"),
    ],
)
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
