"""Alpha and its kin: pingouin and plain loops as oracles, laws, coverage, published numbers, bad input."""

import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats import (
    alpha_if_dropped,
    alpha_se,
    combination_reliability,
    composite_covariance,
    correlation,
    covariance,
    cronbach_alpha,
    difference_reliability,
    feldt_interval,
    guttman_lambda2,
    guttman_lambda6,
    item_rest_correlation,
    item_total_correlation,
    mean_inter_item_correlation,
    spearman_brown,
)
from simulation import assert_share

answers_of_items = arrays(
    np.int8, st.tuples(st.integers(4, 25), st.integers(2, 5)), elements=st.integers(1, 7)
).filter(lambda x: (x.var(axis=0) > 0).all() and x.sum(axis=1).var() > 0)  # fmt: skip


def scale_of(rows: int, loadings: tuple[float, ...], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lam = np.array(loadings)
    return rng.normal(size=(rows, 1)) * lam + rng.normal(size=(rows, lam.size)) * np.sqrt(1 - lam**2)


def quiet(kernel, *given, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ServiceQualityWarning)
        return kernel(*given, **options)


@given(answers_of_items)
def test_alpha_is_pingouins_and_that_of_plain_sums(answers):
    k = answers.shape[1]
    total = np.var([sum(map(int, row)) for row in answers], ddof=1)
    plain = k / (k - 1) * (1 - sum(np.var(answers[:, j], ddof=1) for j in range(k)) / total)
    got = float(quiet(cronbach_alpha, covariance(answers)))
    assert got == pytest.approx(plain, abs=1e-9)
    theirs, limits = pingouin.cronbach_alpha(data=pd.DataFrame(answers))
    assert got == pytest.approx(theirs, abs=1e-9)
    assert feldt_interval(got, len(answers), k) == pytest.approx(limits, abs=6e-4)


@given(answers_of_items, st.floats(-9, 9), st.sampled_from([-3.0, -1.0, 0.5, 2.0]))
def test_a_common_affine_change_changes_nothing(answers, shift, factor):
    before, after = covariance(answers), covariance(shift + factor * answers)
    for kernel in (cronbach_alpha, guttman_lambda2, item_total_correlation):
        assert quiet(kernel, after) == pytest.approx(quiet(kernel, before), abs=1e-8)


@given(answers_of_items)
def test_alpha_never_exceeds_lambda_2_nor_1(answers):
    s = covariance(answers)
    assert quiet(cronbach_alpha, s) <= guttman_lambda2(s) + 1e-12
    assert guttman_lambda2(s) <= 1 + 1e-12


def test_item_figures_are_those_of_sums_by_hand():
    answers = scale_of(60, (0.8, 0.7, 0.6, 0.5), seed=3)
    s = covariance(answers)
    for j in range(4):
        others = np.delete(answers, j, axis=1)
        assert item_rest_correlation(s)[j] == pytest.approx(np.corrcoef(answers[:, j], others.sum(axis=1))[0, 1])
        assert item_total_correlation(s)[j] == pytest.approx(np.corrcoef(answers[:, j], answers.sum(axis=1))[0, 1])
        assert alpha_if_dropped(s)[j] == pytest.approx(float(cronbach_alpha(covariance(others))))
    z = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    assert cronbach_alpha(s, standardised=True) == pytest.approx(float(cronbach_alpha(covariance(z))))
    assert alpha_if_dropped(s, standardised=True) == pytest.approx(alpha_if_dropped(covariance(z)))
    assert mean_inter_item_correlation(s) == pytest.approx(np.corrcoef(answers.T)[np.triu_indices(4, 1)].mean())


def test_lambda_6_is_one_less_the_residuals_of_regressions():
    answers = scale_of(80, (0.8, 0.7, 0.6, 0.5), seed=4)
    left = 0.0
    for j in range(4):
        x = np.column_stack([np.ones(80), np.delete(answers, j, axis=1)])
        left += np.linalg.lstsq(x, answers[:, j])[1][0] / 79
    assert guttman_lambda6(covariance(answers)) == pytest.approx(1 - left / answers.sum(axis=1).var(ddof=1))


def test_standardised_alpha_is_spearman_brown_of_the_mean_correlation():
    r = correlation(covariance(scale_of(50, (0.9, 0.6, 0.7), seed=5)))
    mean = mean_inter_item_correlation(r)
    assert cronbach_alpha(r) == pytest.approx(float(spearman_brown(mean, factor=3)))


def test_groups_are_answered_at_once():
    stack = np.stack([covariance(scale_of(40, (0.8, 0.7, 0.6), seed)) for seed in range(4)])
    for kernel in (cronbach_alpha, guttman_lambda2, guttman_lambda6, item_rest_correlation, alpha_if_dropped):
        assert kernel(stack) == pytest.approx(np.stack([kernel(one) for one in stack]))
    assert alpha_se(stack, [40, 40, 40, 40]) == pytest.approx(np.stack([alpha_se(one, 40) for one in stack]))


def test_feldt_and_the_standard_error_cover(simulate):
    # Equally good items: population alpha is 3 · 0.36 / (1 + 2 · 0.36) = 0.62790…
    draws, n, k, lam = 4_000, 40, 3, 0.6
    truth = k * lam**2 / (1 + (k - 1) * lam**2)

    def batch(rng):
        answers = rng.normal(size=(draws, n, 1)) * lam + rng.normal(size=(draws, n, k)) * np.sqrt(1 - lam**2)
        centred = answers - answers.mean(axis=1, keepdims=True)
        s = np.swapaxes(centred, -1, -2) @ centred / (n - 1)
        alpha = quiet(cronbach_alpha, s)
        assert alpha_se(s, n).mean() == pytest.approx(alpha.std(), rel=0.1)
        low, high = feldt_interval(alpha, n, k)
        return (low <= truth) & (truth <= high)

    assert_share(simulate(6, batch), 0.95, 0.95)  # exact of normal answers to equally good items


def test_a_difference_of_scores_is_judged_by_what_they_share():
    assert difference_reliability(1, 1, 0.9, 0.9, 0.5) == pytest.approx(0.8)
    assert difference_reliability(1, 1, 0.9, 0.9, 0.9) == pytest.approx(0)
    # Simulated: true scores and errors apart, the share of true variance in the difference.
    rng = np.random.default_rng(7)
    true = rng.multivariate_normal([0, 0], [[2, 1], [1, 1.5]], size=400_000)
    seen = true + rng.normal(size=true.shape) * [0.7, 0.9]
    share = np.diff(true).var() / np.diff(seen).var()
    parts = (*seen.var(axis=0), *(true.var(axis=0) / seen.var(axis=0)), np.corrcoef(seen.T)[0, 1])
    assert difference_reliability(*parts) == pytest.approx(share, abs=0.01)


def test_a_difference_is_a_combination_with_weights_1_and_minus_1():
    s = np.array([[1.44, 0.48], [0.48, 0.64]])
    total = composite_covariance(s, [[1, -1]])[0, 0]
    got = combination_reliability([1.44, 0.64], [0.9, 0.8], total, weights=[1, -1])
    assert got == pytest.approx(float(difference_reliability(1.44, 0.64, 0.9, 0.8, 0.5)))
    assert got == pytest.approx(0.7571428571428573)


def test_doubling_and_halving_undo_each_other():
    r = np.linspace(0, 1, 11)
    assert spearman_brown(spearman_brown(r), factor=0.5) == pytest.approx(r)
    assert spearman_brown(0.6) == pytest.approx(0.75)


def test_a_negative_alpha_is_kept_and_warned_of():
    s = covariance([[1, 5], [2, 4], [3, 3], [4, 2], [5, 2]])
    with pytest.warns(ServiceQualityWarning, match="alpha is negative"):
        assert cronbach_alpha(s) == pytest.approx(-40)


def test_a_constant_item_leaves_raw_alpha_defined():
    answers = np.column_stack([scale_of(30, (0.8, 0.8), seed=9), np.full(30, 4.0)])
    s = covariance(answers)
    plain = 1.5 * (1 - answers.var(axis=0, ddof=1).sum() / answers.sum(axis=1).var(ddof=1))
    assert cronbach_alpha(s) == pytest.approx(plain)


def test_the_limits_of_a_perfect_alpha_are_1():
    assert feldt_interval(1, 20, 4) == (1, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cronbach_alpha([[1.0]]), "at least 2 items; got 1"),
        (lambda: cronbach_alpha(np.zeros((3, 3))), "variance of the items' sum must be above 0"),
        (lambda: cronbach_alpha([[1, -1], [-1, 1]]), "variance of the items' sum must be above 0"),
        (lambda: cronbach_alpha([[1, 0], [0, 0]], standardised=True), "an item without variance"),
        (lambda: alpha_if_dropped(np.eye(2)), "at least 3 items; got 2"),
        (lambda: item_rest_correlation([[1, 0], [0, 0]]), "an item without variance"),
        (lambda: guttman_lambda6(np.ones((3, 3))), "an item is a copy or a sum of others"),
        (lambda: guttman_lambda6([[1, 0], [0, 0]]), "an item without variance"),
        (lambda: feldt_interval(1.2, 20, 3), "alpha must be at most 1"),
        (lambda: feldt_interval(0.5, 1, 3), "n must be at least 2"),
        (lambda: feldt_interval(0.5, 9, 1), "k must be at least 2"),
        (lambda: alpha_se(np.eye(2), 1), "n must be at least 2"),
        (lambda: spearman_brown(1.1), "reliability must be within -1 and 1"),
        (lambda: spearman_brown(-1), "halves that oppose each other"),
        (lambda: spearman_brown(0.5, factor=0), "factor must be above 0"),
        (lambda: difference_reliability(1, 1, 0.9, 0.9, 1), "the difference is a constant"),
        (lambda: difference_reliability(0, 1, 0.9, 0.9, 0), "var_x must be above 0"),
        (lambda: difference_reliability(1, 1, 1.1, 0.9, 0), "rel_x must be at most 1"),
        (lambda: difference_reliability(1, 1, 0.9, 0.9, 2), "r_xy must be within -1 and 1"),
        (lambda: combination_reliability(1, 0.9, 1), "one value a part along the last axis"),
        (lambda: combination_reliability([1, 1], [0.9, 0.9], 0), "total_variance must be above 0"),
    ],
)  # fmt: skip
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
