"""Weights, clusters, strata and rates: oracles by the definition, equivalences, coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from servicequality.errors import ParameterError
from servicequality.stats import (
    design_effect,
    kish_n_eff,
    manski_bounds,
    manski_interval,
    poisson_rate_interval,
    poststratification_weights,
    ratio_se,
    stratified_mean,
    t_interval,
    wilson,
)
from simulation import assert_share


def moments(y, x):
    return y.sum(), x.sum(), (y * y).sum(), (x * y).sum(), (x * x).sum(), len(x)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=40))
def test_kish(weights):
    w = np.array(weights)
    n_eff = float(kish_n_eff(w.sum(), (w * w).sum()))
    assert n_eff == pytest.approx(len(w) / (1 + w.var() / w.mean() ** 2))
    assert 1 - 1e-9 <= n_eff <= len(w) + 1e-9


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40))
def test_equal_weights_give_the_plain_standard_error(values):
    y = np.array(values)
    assert float(ratio_se(*moments(y, np.ones(len(y))))) == pytest.approx(oracle.sem(y), abs=1e-5)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 5)), min_size=2, max_size=40))
def test_ratio_se_by_its_residuals(rows):
    y, x = np.array(rows).T
    residuals = y - y.sum() / x.sum() * x
    expected = np.sqrt(len(x) / (len(x) - 1) * (residuals**2).sum()) / x.sum()
    assert float(ratio_se(*moments(y, x))) == pytest.approx(expected, abs=1e-6)


def test_ratio_se_is_close_to_the_jackknife():
    rng = np.random.default_rng(2)
    w, y = rng.uniform(0.5, 3, 400), rng.integers(0, 2, 400)
    left_out = ((w * y).sum() - w * y) / (w.sum() - w)
    jackknife = np.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum())
    assert float(ratio_se(*moments(w * y, w))) == pytest.approx(jackknife, rel=0.01)


def test_clusters_of_identical_rows_count_once():
    # Ten rows that always agree with their cluster carry one cluster's information each.
    met = np.array([1.0, 0, 1, 1, 0, 1, 1, 1])
    p = met.mean()
    se = ratio_se(*moments(10 * met, np.full(8, 10.0)))
    effect = float(design_effect(se, np.sqrt(p * (1 - p) / 80)))
    assert effect == pytest.approx(10 * 8 / 7)


def test_clustered_share_covers(simulate):
    """30 clusters of 12: with Student's t as with the normal quantile, and plain limits far below."""

    def batch(rng):
        k = rng.binomial(12, rng.beta(8, 2, size=(4_000, 30)))
        hits = k.sum(axis=1)
        se = ratio_se(hits, np.full(4_000, 360.0), (k * k).sum(axis=1), 12 * hits, np.full(4_000, 30 * 144.0), 30)
        p = hits / 360
        n_eff = 360 / design_effect(se, np.sqrt(p * (1 - p) / 360))
        limits = wilson(p * n_eff, n_eff, df=29), wilson(p * n_eff, n_eff), wilson(hits, 360)
        return np.column_stack([(low <= 0.8) & (high >= 0.8) for low, high in limits])

    student, normal, plain = simulate(11, batch).T
    assert_share(student, 0.945, 0.955)
    assert_share(normal, 0.93, 0.945)
    assert_share(plain, 0.80, 0.84)


def test_weighted_mean_covers(simulate):
    def batch(rng):
        w = rng.uniform(0.5, 2, size=(10_000, 40))
        y = rng.normal(3, 1, size=w.shape)
        sums = [(w * y).sum(1), w.sum(1), (w * w * y * y).sum(1), (w * w * y).sum(1), (w * w).sum(1)]
        low, high = t_interval(sums[0] / sums[1], ratio_se(*sums, 40), df=kish_n_eff(sums[1], sums[4]) - 1)
        return (low <= 3) & (high >= 3)

    assert_share(simulate(12, batch), 0.945, 0.955)


def test_stratified_mean_covers(simulate):
    """Two strata of a finite population, drawn without return; its mean is known."""
    population = [np.random.default_rng(13).gamma(4, scale, size) for scale, size in ((1.0, 300), (3.0, 100))]
    truth = float(np.concatenate(population).mean())

    def batch(rng):
        drawn = [
            rng.permuted(np.tile(stratum, (4_000, 1)), axis=1)[:, :n]
            for stratum, n in zip(population, (40, 30), strict=True)
        ]
        mean, se = stratified_mean(
            np.column_stack([rows.mean(axis=1) for rows in drawn]),
            np.column_stack([rows.var(axis=1, ddof=1) for rows in drawn]),
            [40, 30],
            [300, 100],
        )
        return np.abs(mean - truth) <= 1.959963984540054 * se

    assert_share(simulate(14, batch), 0.935, 0.95)  # the normal quantile of seventy rows


def test_stratified_mean_by_hand():
    mean, se = stratified_mean([4.0, 2.0], [1.0, 2.25], [10, 5], [300, 100])
    assert float(mean) == pytest.approx(0.75 * 4 + 0.25 * 2)
    variance = 0.75**2 * 1.0 / 10 * (1 - 10 / 300) + 0.25**2 * 2.25 / 5 * (1 - 5 / 100)
    assert float(se) == pytest.approx(variance**0.5)


def test_stratified_mean_of_many_tables_at_once():
    rng = np.random.default_rng(0)
    mean, variance = rng.normal(size=(6, 3)), rng.uniform(1, 2, size=(6, 3))
    values, se = stratified_mean(mean, variance, [5, 6, 7], [50, 60, 7])
    for row in range(6):
        one = stratified_mean(mean[row], variance[row], [5, 6, 7], [50, 60, 7])
        assert (values[row], se[row]) == pytest.approx(np.array(one))


def test_poststratification_restores_the_totals():
    n, totals = np.array([25, 35]), np.array([300, 100])
    np.testing.assert_allclose(n * poststratification_weights(n, totals), totals)


def test_manski():
    assert manski_bounds(180, 800, 1000) == pytest.approx((0.18, 0.98))
    assert manski_interval(45, 7, 60) == pytest.approx(np.array([wilson(45, 60)[0], wilson(52, 60)[1]]))
    assert manski_interval(45, 0, 60) == pytest.approx(np.array(wilson(45, 60)))


def test_garwood_against_the_chi_square_and_published_limits():
    events = np.arange(0, 200)
    low, high = poisson_rate_interval(events, 2.5)
    np.testing.assert_allclose(low[1:], oracle.chi2.ppf(0.025, 2 * events[1:]) / 5, rtol=1e-9)
    np.testing.assert_allclose(high, oracle.chi2.isf(0.025, 2 * events + 2) / 5, rtol=1e-9)
    # Garwood 1936 as reprinted in the epidemiologists' tables: 0, 1, 5, 10, 50 events.
    low, high = poisson_rate_interval([0, 1, 5, 10, 50], 1)
    assert low == pytest.approx([0, 0.0253, 1.623, 4.795, 37.11], abs=6e-3)
    assert high == pytest.approx([3.689, 5.572, 11.668, 18.390, 65.92], abs=6e-3)


def test_garwood_never_covers_less():
    events = np.arange(0, 120)
    low, high = poisson_rate_interval(events, 1)
    rates = np.linspace(0.05, 40, 500)[:, None]
    covered = np.where((low <= rates) & (rates <= high), oracle.poisson.pmf(events, rates), 0).sum(axis=1)
    assert covered.min() >= 0.95


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kish_n_eff(0, 1), "weight must be above 0"),
        (lambda: kish_n_eff(1, 0), "square must be above 0"),
        (lambda: ratio_se(1, 0, 1, 1, 1, 5), "x must be above 0"),
        (lambda: ratio_se(1, 1, 1, 1, 1, 1), "m must be at least 2; got 1"),
        (lambda: ratio_se(1, 1, -1, 1, 1, 4), "yy must be 0 or more"),
        (lambda: design_effect(-1, 1), "se must be 0 or more"),
        (lambda: design_effect(1, 0), "simple_se must be above 0"),
        (lambda: stratified_mean([1, 2], [1, 1], [1, 5], [10, 10]), "n must be at least 2; got 1"),
        (lambda: stratified_mean([1, 2], [1, 1], [3, 11], [10, 10]), "n must be at most the population; got 11"),
        (lambda: stratified_mean([1, 2], [1, -1], [3, 3], [10, 10]), "variance must be 0 or more"),
        (lambda: stratified_mean(1, 1, 3, 10), "one value per stratum"),
        (lambda: poststratification_weights([3, 0], [5, 5]), "n must be above 0"),
        (lambda: poststratification_weights([3, 1], [5, -5]), "totals must be 0 or more"),
        (lambda: manski_bounds(5, 6, 10), r"k \+ unknown must be at most n; got 11"),
        (lambda: manski_bounds(-1, 6, 10), "k must be 0 or more"),
        (lambda: manski_bounds(1, -6, 10), "unknown must be 0 or more"),
        (lambda: manski_interval(0, 0, 0), "n must be above 0"),
        (lambda: poisson_rate_interval(-1, 5), "events must be 0 or more"),
        (lambda: poisson_rate_interval(1, 0), "exposure must be above 0"),
        (lambda: poisson_rate_interval(1, 1, level=1), "level must be between"),
    ],
)
def test_a_call_without_an_answer_raises(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
