"""Differences and ratios of two figures against scipy and statsmodels, their laws, and their coverage by simulation."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from servicequality.errors import ParameterError
from servicequality.stats import (
    brunner_munzel,
    hodges_lehmann,
    log_ratio_interval,
    mover_ratio,
    newcombe,
    p_from_limits,
    rate_ratio_interval,
    rate_ratio_test,
    welch_df,
    welch_interval,
    wilson,
)
from servicequality.stats.shifts import _difference_at, _wilcoxon_cdf
from simulation import assert_share

RNG = np.random.default_rng(7)
X, Y = RNG.lognormal(2, 1, 23), RNG.lognormal(2.5, 0.6, 41)


def moments(x):
    return x.mean(axis=-1), x.std(axis=-1, ddof=1) / np.sqrt(x.shape[-1]), x.shape[-1] - 1


def test_welch_is_scipys():
    theirs = scipy_stats.ttest_ind(X, Y, equal_var=False)
    ours = welch_interval(*moments(X), *moments(Y))
    np.testing.assert_allclose(ours, theirs.confidence_interval(), rtol=1e-12)
    assert welch_df(*moments(X)[1:], *moments(Y)[1:]) == pytest.approx(theirs.df)
    assert welch_df(0.0, 3, 0.0, 3) == np.inf


def test_geometric_means_are_covered(simulate):
    def batch(rng):
        a, b = rng.lognormal(1, 1.2, (2_000, 15)), rng.lognormal(1.3, 0.5, (2_000, 30))
        low, high = welch_interval(*moments(np.log(a)), *moments(np.log(b)))
        return (low <= -0.3) & (high >= -0.3)

    assert_share(simulate(21, batch), 0.945, 0.955)


@pytest.mark.parametrize(("p", "n"), [((0.9, 0.8), (60, 50)), ((0.5, 0.5), (30, 30)), ((0.98, 0.95), (100, 200))])
def test_newcombes_limits_cover(p, n):
    """Every pair of counts with its chance: no sampling noise."""
    counts = [np.arange(size + 1) for size in n]
    first, second = np.meshgrid(*counts, indexing="ij")
    low, high = newcombe(first, n[0], second, n[1])
    chance = np.multiply.outer(
        *(scipy_stats.binom.pmf(k, size, share) for k, size, share in zip(counts, n, p, strict=True))
    )
    change = p[0] - p[1]
    assert 0.945 <= chance[(low <= change + 1e-12) & (change - 1e-12 <= high)].sum() <= 0.97


def test_rate_ratios_never_cover_less(simulate):
    def batch(rng):
        x, y = rng.poisson(30, 4_000), rng.poisson(20, 4_000)  # 1 a day and 2 a day
        low, high = rate_ratio_interval(x, 30.0, y, 10.0)
        return np.column_stack(
            [(low <= 0.5) & (high >= 0.5), rate_ratio_test(y, 20.0, rng.poisson(20, 4_000), 20.0) < 0.05]
        )

    held, alarms = simulate(22, batch).T
    assert_share(held, 0.95, 0.97)
    assert_share(alarms, 0.03, 0.05)


def test_ratios_of_two_wilson_limits_cover(simulate):
    def batch(rng):
        k, j = rng.binomial(80, 0.6, 20_000), rng.binomial(60, 0.4, 20_000)
        low, high = mover_ratio(k / 80, *wilson(k, 80), j / 60, *wilson(j, 60))
        return (low <= 1.5) & (high >= 1.5)

    assert_share(simulate(23, batch), 0.945, 0.96)


def test_restricted_means_ratio_is_the_delta_method():
    low, high = log_ratio_interval(12.0, 1.5, 8.0, 0.5)
    half = 1.959963984540054 * ((1.5 / 12) ** 2 + (0.5 / 8) ** 2) ** 0.5
    np.testing.assert_allclose((low, high), 1.5 * np.exp([-half, half]))
    with pytest.raises(ParameterError, match="a must be above 0; got 0"):
        log_ratio_interval(0.0, 1.0, 8.0, 0.5)


def test_ratio_by_mover_holds_the_ratio_and_turns_over():
    k, n = np.array([3, 40, 9]), np.array([20, 90, 10])
    a, b = (k / n, *wilson(k, n)), (0.5, *wilson(10, 20))
    low, high = mover_ratio(*a, *b)
    other_low, other_high = mover_ratio(*b, *a)
    assert ((low < a[0] / 0.5) & (a[0] / 0.5 < high)).all()
    np.testing.assert_allclose(low * other_high, 1.0)
    np.testing.assert_allclose(high * other_low, 1.0)
    none_low, none_high = mover_ratio(0.1, 0.0, 0.3, 0.2, 0.0, 0.4)
    assert (none_low, none_high) == (0.0, np.inf)


@pytest.mark.parametrize(("x", "t", "y", "s"), [(412, 31, 368, 30), (0, 2, 5, 3), (5, 2, 0, 3), (1, 1, 1, 1)])
def test_rates_are_the_binomial_given_their_sum(x, t, y, s):
    """Clopper and Pearson's limits of x among x + y, turned into odds; the test is twice the smaller binomial tail."""
    share = scipy_stats.binomtest(x, x + y).proportion_ci(method="exact")
    with np.errstate(divide="ignore"):
        expected = [np.float64(p) / np.float64(1 - p) * s / t for p in share]
    np.testing.assert_allclose(rate_ratio_interval(x, t, y, s), expected, rtol=1e-9)
    tails = [scipy_stats.binomtest(x, x + y, t / (t + s), alternative=side).pvalue for side in ("less", "greater")]
    assert rate_ratio_test(x, t, y, s) == pytest.approx(min(1.0, 2 * min(tails)))


def test_rates_refuse_what_says_nothing():
    with pytest.raises(ParameterError, match="without an event nothing distinguishes the rates"):
        rate_ratio_interval(0, 1, 0, 1)
    with pytest.raises(ParameterError, match="exposure_b must be above 0"):
        rate_ratio_test(1, 1, 1, 0)


def test_p_is_below_alpha_exactly_where_limits_exclude_0():
    change = RNG.normal(0, 1, 500)
    low, high = change - RNG.uniform(0.1, 2, 500), change + RNG.uniform(0.1, 2, 500)
    assert np.array_equal(p_from_limits(change, low, high, level=0.9) < 0.1, (low > 0) | (high < 0))
    assert p_from_limits(1.959963984540054, 0.0, 9.0) == pytest.approx(0.05)
    assert np.isnan(p_from_limits([1.0, np.nan], [np.nan, 0.0], [2.0, 1.0])).all()
    assert p_from_limits(0.0, np.nan, 1.0) == 1.0


@pytest.mark.parametrize(
    ("x", "y"),
    [(X, Y), ([1.0, 2, 2, 7], [0.0, 2, 5]), ([3.0], [1.0]), (np.arange(8.0) * 7 % 11, np.arange(9.0) + 0.25)],
)
def test_the_shift_is_an_order_statistic_of_all_differences(x, y):
    pairs = np.sort(np.subtract.outer(np.asarray(x), np.asarray(y)).ravel())
    result = hodges_lehmann(x, y)
    assert result.shift == pytest.approx(np.median(pairs), abs=1e-12)
    if result.exact and np.isfinite(result.low):
        rank = int((pairs < result.low - 1e-12).sum()) + 1
        np.testing.assert_allclose((result.low, result.high), (pairs[rank - 1], pairs[len(pairs) - rank]))


def test_the_extreme_differences_are_limits_whatever_their_rounding():
    """3.9 + 0.1 is 4.0, and 4.1 - 0.1 is a little less: a search by sums lost the last difference."""
    result = hodges_lehmann([1.1, 1.0, 4.1], [0.1, 5.6, 1.5, 6.9, 6.6])
    assert (result.shift, result.low, result.high) == (-2.5, 1.0 - 6.9, 4.1 - 0.1)


@pytest.mark.parametrize("digits", [0, 1, 3, 9])
def test_a_difference_of_any_rank_is_that_of_the_sorted_list(digits):
    """With few digits there are many ties, and differences that are equal but for their rounding."""
    a = np.sort(np.random.default_rng(digits).normal(0, 2, 211).round(digits))
    b = np.sort(np.random.default_rng(digits + 1).normal(0, 30, 57).round(digits))
    pairs = np.sort(np.subtract.outer(a, b).ravel())
    for rank in (1, 2, 777, len(pairs) // 2, len(pairs) - 3, len(pairs)):
        assert _difference_at(a, b, rank) == pairs[rank - 1]


def test_rows_too_few_for_the_level_have_no_limits_and_rows_too_far_apart_are_refused():
    assert np.isnan(hodges_lehmann([1.2, 3.4, 2.2], [2.9, 4.1, 0.3])[1:3]).all()
    assert hodges_lehmann([1.2, 3.4, 2.2], [2.9, 4.1, 0.3], level=0.9)[1:3] == (1.2 - 4.1, 3.4 - 0.3)
    with pytest.raises(ParameterError, match="difference of x and y must be finite"):
        hodges_lehmann([1e308, 2], [-1e308, 1])


def test_the_exact_distribution_is_scipys():
    for m, n in ((1, 1), (3, 5), (12, 14), (40, 49)):
        ways = _wilcoxon_cdf(m, n)
        x = np.arange(m) * 2.0 + 0.5  # some sample of which scipy gives the tail
        y = np.arange(n) * 2.0 + 3.0
        below = scipy_stats.mannwhitneyu(x, y, alternative="less", method="exact")
        assert ways[int(below.statistic)] == pytest.approx(below.pvalue, rel=1e-9)


def test_the_shift_is_covered(simulate):
    def batch(rng):
        result = [hodges_lehmann(rng.normal(1, 1, 12), rng.normal(0, 1, 15)) for _ in range(600)]
        assert all(one.exact for one in result)
        return [one.low <= 1 <= one.high for one in result]

    assert_share(simulate(24, batch), 0.95, 0.956)  # exact ranks: never below the level


def test_superiority_keeps_its_level_where_spreads_differ(simulate):
    def batch(rng):
        pairs = zip(rng.normal(0, 1, (500, 25)), rng.normal(0, 3, (500, 40)), strict=True)
        return [brunner_munzel(x, y).p < 0.05 for x, y in pairs]

    assert_share(simulate(25, batch), 0.045, 0.06)


def test_large_samples_take_the_normal_ranks():
    large = hodges_lehmann(RNG.normal(1, 1, 4_000), RNG.normal(0, 1, 5_000))
    assert not large.exact
    assert large.low < 1 < large.high < large.low + 0.12
    assert np.isnan(hodges_lehmann([2.0], [1.0])[1:3]).all()
    with pytest.raises(ParameterError, match="none empty"):
        hodges_lehmann([], [1.0])


def test_superiority_is_scipys():
    x, y = RNG.integers(1, 6, 60), RNG.integers(1, 6, 45)
    theirs, result = scipy_stats.brunnermunzel(x, y), brunner_munzel(x, y)
    assert (result.statistic, result.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    pairs = np.subtract.outer(y, x)
    assert result.probability == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert np.isnan(brunner_munzel([1, 1, 1], [2, 2]).p)
    with pytest.raises(ParameterError, match="two rows or more; got 1 and 2"):
        brunner_munzel([1], [1, 2])
