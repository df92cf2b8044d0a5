"""Means and what is built of a standard error: scipy as oracle, laws, coverage, MOVER."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from servicequality.errors import ParameterError
from servicequality.stats import (
    finite_population_factor,
    mean_interval,
    mean_se,
    mover_difference,
    newcombe,
    squared_deviations,
    t_interval,
    t_test,
    wilson,
)
from simulation import assert_share

samples = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=50)


@given(samples, st.floats(0.5, 0.999))
def test_mean_interval_is_students(sample, level):
    x = np.array(sample)
    squares = ((x - x.mean()) ** 2).sum()
    se = oracle.sem(x)
    half = oracle.t.ppf((1 + level) / 2, len(x) - 1) * se
    expected = (x.mean() - half, x.mean() + half)
    assert mean_interval(len(x), x.mean(), squares, level=level) == pytest.approx(expected, abs=1e-6)
    assert float(mean_se(len(x), squares)) == pytest.approx(se, abs=1e-9)


@given(samples, st.floats(-1e3, 1e3))
def test_squared_deviations_do_not_depend_on_the_origin(sample, origin):
    x = np.array(sample)
    got = squared_deviations(len(x), (x - origin).sum(), ((x - origin) ** 2).sum())
    assert float(got) == pytest.approx(((x - x.mean()) ** 2).sum(), rel=1e-6, abs=1e-5)
    assert got >= 0


def test_an_origin_near_the_data_keeps_the_digits():
    x = 1e9 + np.array([-1e-3, 0.0, 1e-3])
    moved = x - 1e9
    exact = ((moved - moved.mean()) ** 2).sum()
    assert float(squared_deviations(3, moved.sum(), (moved**2).sum())) == pytest.approx(exact, rel=1e-9)


def test_t_interval_without_degrees_of_freedom_is_normal():
    assert t_interval(10, 2) == pytest.approx((10 - 3.919927969, 10 + 3.919927969))
    assert t_interval(10, 0, df=3) == pytest.approx((10, 10))


def test_t_test_agrees_with_scipy():
    x = np.array([0.3, 1.2, -0.4, 0.9, 0.8])
    assert float(t_test(x.mean(), oracle.sem(x), df=4)) == pytest.approx(oracle.ttest_1samp(x, 0).pvalue)
    assert float(t_test(-1.959963984540054, 1)) == pytest.approx(0.05)


def test_finite_population():
    # Cochran's factor and the other convention: 40 of 300, standard deviation 3.65 (R statpsych prints .5381631).
    squares = 3.65**2 * 39
    assert float(mean_se(40, squares, population=300, correction="(N-n)/(N-1)")) == pytest.approx(0.5381631, abs=1e-7)
    assert float(mean_se(40, squares, population=300)) == pytest.approx(3.65 / 40**0.5 * (1 - 40 / 300) ** 0.5)
    assert float(mean_se(40, squares, population=40)) == 0
    assert finite_population_factor([1, 1], [1, 2]).tolist() == [0, 0.5]
    assert finite_population_factor([1, 1], [1, 2], correction="(N-n)/(N-1)").tolist() == [0, 1]


def test_mean_with_a_finite_population_averages_to_the_population_variance():
    # Every sample of 3 out of 6: the mean of se² is the variance of the mean, which is what 1 - n/N promises.
    from itertools import combinations

    samples = np.array(list(combinations([1.0, 4.0, 4.0, 9.0, 15.0, 2.0], 3)))
    means = samples.mean(axis=1)
    squares = ((samples - means[:, None]) ** 2).sum(axis=1)
    assert (mean_se(3, squares, population=6) ** 2).mean() == pytest.approx(means.var())


def test_t_covers(simulate):
    def batch(rng):
        x = rng.normal(4, 2, size=(20_000, 8))
        mean = x.mean(axis=1)
        low, high = mean_interval(8, mean, ((x - mean[:, None]) ** 2).sum(axis=1))
        return (low <= 4) & (high >= 4)

    assert_share(simulate(3, batch), 0.95, 0.95)


def test_mover_of_symmetric_limits_is_pythagoras():
    assert mover_difference(5, 2, 8, 1, -3, 5) == pytest.approx((4 - 5, 4 + 5))
    assert mover_difference(5, 2, 8, 1, -3, 5, correlation=1) == pytest.approx((4 - 1, 4 + 1))
    assert mover_difference(5, 2, 8, 1, -3, 5, correlation=-1) == pytest.approx((4 - 7, 4 + 7))


def test_mover_of_wilson_limits_is_newcombe():
    parts = (56 / 70, *wilson(56, 70), 48 / 80, *wilson(48, 80))
    assert mover_difference(*parts) == pytest.approx(np.array(newcombe(56, 70, 48, 80)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval(1, 3, 0), "n must be above 1; got 1"),
        (lambda: mean_interval(5, 3, -1), "squares must be 0 or more"),
        (lambda: mean_interval(5, float("nan"), 1), "mean must be finite"),
        (lambda: mean_se(5, 1, population=4), "n must be at most the population"),
        (lambda: mean_se(5, 1, population=9, correction="none"), "correction must be one of '1-n/N'"),
        (lambda: finite_population_factor(0, 3), "n must be above 0"),
        (lambda: squared_deviations(0, 1, 1), "n must be above 0"),
        (lambda: squared_deviations(3, 1, -1), "squares must be 0 or more"),
        (lambda: t_interval(1, -1), "se must be 0 or more"),
        (lambda: t_interval(1, 1, df=0), "df must be above 0"),
        (lambda: t_interval(1, 1, level=1.5), "level must be between"),
        (lambda: t_test(1, 0), "se must be above 0"),
        (lambda: t_test(1, 1, df=-1), "df must be above 0"),
        (lambda: mover_difference(1, 2, 3, 1, 0, 2), "a must be within its own limits"),
        (lambda: mover_difference(1, 0, 3, 5, 0, 2), "b must be within its own limits"),
        (lambda: mover_difference(1, 0, 3, 1, 0, 2, correlation=2), r"correlation must be in \[-1, 1\]"),
    ],
)
def test_a_call_without_an_answer_raises(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
