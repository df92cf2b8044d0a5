"""Shares: published tables, scipy as oracle, laws, coverage, and what a wrong call is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats import (
    agresti_coull,
    clopper_pearson,
    jeffreys,
    newcombe,
    proportion_interval,
    wald,
    wilson,
)

counts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)

# Newcombe 1998, Statistics in Medicine 17:857-872, Table I.
TABLE_I = [
    ("wald", 81, 263, 0.2522, 0.3638),
    ("wald", 15, 148, 0.0527, 0.1500),
    ("wilson", 81, 263, 0.2553, 0.3662),
    ("wilson", 15, 148, 0.0624, 0.1605),
    ("wilson", 0, 20, 0.0, 0.1611),
    ("wilson", 1, 29, 0.0061, 0.1718),
    ("clopper_pearson", 81, 263, 0.2527, 0.3676),
    ("clopper_pearson", 15, 148, 0.0578, 0.1617),
    ("clopper_pearson", 0, 20, 0.0, 0.1684),
    ("clopper_pearson", 1, 29, 0.0009, 0.1776),
]

# Newcombe 1998, Statistics in Medicine 17:873-890, Table II, method 10.
TABLE_II = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize(("method", "k", "n", "low", "high"), TABLE_I)
def test_newcombe_1998_table_1(method, k, n, low, high):
    assert proportion_interval(k, n, method=method) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("k1", "n1", "k2", "n2", "low", "high"), TABLE_II)
def test_newcombe_1998_table_2(k1, n1, k2, n2, low, high):
    assert newcombe(k1, n1, k2, n2) == pytest.approx((low, high), abs=6e-5)


@given(counts, levels)
def test_wilson_and_clopper_pearson_agree_with_scipy(count, level):
    k, n = count
    test = oracle.binomtest(k, n)
    assert wilson(k, n, level=level) == pytest.approx(test.proportion_ci(level, "wilson"), abs=1e-12)
    assert clopper_pearson(k, n, level=level) == pytest.approx(test.proportion_ci(level, "exact"), abs=1e-9)


@given(counts, levels)
def test_jeffreys_is_the_beta_posterior(count, level):
    k, n = count
    assert jeffreys(k, n, level=level) == pytest.approx(oracle.beta.interval(level, k + 0.5, n - k + 0.5), abs=1e-10)


def test_agresti_coull_by_hand():
    z = 1.959963984540054
    p = (45 + z * z / 2) / (50 + z * z)
    half = z * (p * (1 - p) / (50 + z * z)) ** 0.5
    assert agresti_coull(45, 50) == pytest.approx((p - half, p + half))
    assert float(agresti_coull(50, 50)[1]) == 1.0


def test_degrees_of_freedom_replace_the_normal_quantile():
    z_as_t = 2 * oracle.norm.cdf(oracle.t.ppf(0.975, 7)) - 1
    assert wilson(30, 40, df=7) == pytest.approx(np.array(wilson(30, 40, level=z_as_t)))
    assert wilson(30, 40, df=1e9) == pytest.approx(np.array(wilson(30, 40)), abs=1e-8)


@given(counts)
def test_wilson_inverts_the_score_test(count):
    k, n = count
    z = oracle.norm.ppf(0.975)
    for limit, end in zip(wilson(k, n), (0.0, 1.0), strict=True):
        if limit != end:
            assert abs(k / n - limit) == pytest.approx(z * np.sqrt(limit * (1 - limit) / n), rel=1e-6)


@pytest.mark.parametrize("method", ["wilson", "agresti_coull", "jeffreys", "clopper_pearson"])
class TestEveryMethod:
    @given(count=counts, level=levels)
    def test_mirror(self, method, count, level):
        k, n = count
        low, high = proportion_interval(k, n, method=method, level=level)
        other_low, other_high = proportion_interval(n - k, n, method=method, level=level)
        assert (1 - other_high, 1 - other_low) == pytest.approx(np.array([low, high]), abs=1e-9)

    @given(count=counts, level=levels)
    def test_order_and_bounds(self, method, count, level):
        k, n = count
        low, high = proportion_interval(k, n, method=method, level=level)
        assert 0 <= low < high <= 1
        if method in ("wilson", "clopper_pearson") or 0 < k < n:
            assert low <= k / n <= high

    @given(count=counts, level=levels)
    def test_a_higher_level_contains_a_lower_one(self, method, count, level):
        inner = proportion_interval(*count, method=method, level=level * 0.99)
        outer = proportion_interval(*count, method=method, level=level)
        assert outer[0] <= inner[0] + 1e-12
        assert outer[1] >= inner[1] - 1e-12

    @given(count=counts)
    def test_more_trials_at_the_same_share_narrow(self, method, count):
        k, n = count
        low, high = proportion_interval(np.array([k, 4 * k]), np.array([n, 4 * n]), method=method)
        assert high[1] - low[1] < high[0] - low[0]

    def test_groups_at_once_equal_groups_one_by_one(self, method):
        n = np.arange(1, 200)
        k = n // 3
        low, high = proportion_interval(k, n, method=method)
        assert low.dtype == high.dtype == np.float64
        one_by_one = [proportion_interval(int(a), int(b), method=method) for a, b in zip(k, n, strict=True)]
        np.testing.assert_array_equal(np.column_stack([low, high]), np.array(one_by_one))


def test_ends_are_exact():
    low, high = wilson([0, 7, 3e-9], [7, 7, 1e-3])
    assert low[0] == 0
    assert high[1] == 1
    assert low[2] >= 0
    assert clopper_pearson(0, 3)[0] == 0
    assert clopper_pearson(3, 3)[1] == 1


def test_wilson_keeps_its_digits_in_a_billion_rows():
    low, high = wilson(1, 10**9)
    assert float(low) == pytest.approx(1.7652e-10, rel=1e-3)
    assert 1e-9 < high < 1e-8


def test_an_effective_n_that_rounds_below_its_count_is_no_error():
    n = 0.1 + 0.2
    assert float(wilson(np.nextafter(n, 1), n)[1]) == 1.0


def test_wald_without_width_warns():
    with pytest.warns(ServiceQualityWarning, match="zero width in 2 of 3 groups"):
        low, high = wald([0, 5, 2], [5, 5, 5])
    assert (low[:2] == high[:2]).all()
    assert low[2] < high[2]


def test_wald_is_cut_to_its_range_and_knows_degrees_of_freedom():
    low, high = wald([1, 9], [10, 10])
    half = 1.959963984540054 * 0.009**0.5
    assert (low[0], high[1]) == (0, 1)
    assert (high[0], low[1]) == pytest.approx((0.1 + half, 0.9 - half))
    low, high = wald(50, 100, df=4)
    assert float(high - low) == pytest.approx(2 * oracle.t.ppf(0.975, 4) * 0.05)


def test_finite_population():
    k, n, population = 30, 40, 100
    grown = (population - 1) / (population - n)
    assert proportion_interval(k, n, population=population) == pytest.approx(np.array(wilson(k * grown, n * grown)))
    assert proportion_interval(k, n, population=n) == pytest.approx((0.75, 0.75))
    assert proportion_interval(k, n, population=1e12) == pytest.approx(np.array(wilson(k, n)), abs=1e-9)
    assert proportion_interval(1, 1, population=1) == pytest.approx((1, 1))


@given(counts, counts)
def test_newcombe_is_antisymmetric_and_contains_the_difference(first, second):
    low, high = newcombe(*first, *second)
    other_low, other_high = newcombe(*second, *first)
    assert (-other_high, -other_low) == pytest.approx(np.array([low, high]), abs=1e-12)
    assert low <= first[0] / first[1] - second[0] / second[1] <= high


@pytest.mark.parametrize(("level", "df"), [(0.8, None), (0.99, None), (0.9, 7)])
def test_newcombe_squares_and_adds_wilsons_limits_of_that_level(level, df):
    (low, high), (other_low, other_high) = (wilson(k, n, level=level, df=df) for k, n in ((14, 30), (9, 25)))
    p, q = 14 / 30, 9 / 25
    expected = p - q - np.hypot(p - low, other_high - q), p - q + np.hypot(high - p, q - other_low)
    assert newcombe(14, 30, 9, 25, level=level, df=df) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_covers(level):
    # Exact coverage, averaged over shares as Brown, Cai and DasGupta 2001 do; no sampling noise.
    n = 50
    k = np.arange(n + 1)
    low, high = wilson(k, n, level=level)
    shares = np.linspace(0.005, 0.995, 397)[:, None]
    covered = np.where((low <= shares) & (shares <= high), oracle.binom.pmf(k, n, shares), 0).sum(axis=1)
    assert covered.mean() == pytest.approx(level, abs=0.012)
    assert covered.min() > level - 0.12


@pytest.mark.parametrize(("method", "lowest"), [(jeffreys, 0.88), (agresti_coull, 0.93)])
def test_what_the_other_methods_cover(method, lowest):
    """Exactly, of shares from 0.02 to 0.98 of 50 rows: each is right on the whole, and Jeffreys' falls short at some."""
    k = np.arange(51)
    low, high = method(k, 50)
    shares = np.linspace(0.02, 0.98, 481)[:, None]
    covered = np.where((low <= shares) & (shares <= high), oracle.binom.pmf(k, 50, shares), 0).sum(axis=1)
    assert covered.min() >= lowest
    assert 0.945 <= covered.mean() <= 0.965


def test_clopper_pearson_never_covers_less():
    n = 30
    k = np.arange(n + 1)
    low, high = clopper_pearson(k, n)
    shares = np.linspace(0.001, 0.999, 999)[:, None]
    covered = np.where((low <= shares) & (shares <= high), oracle.binom.pmf(k, n, shares), 0).sum(axis=1)
    assert covered.min() >= 0.95


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((1, 0), {}, r"n must be above 0; got 0 \(1 of 1 values\)"),
        ((12, 10), {}, "k must be at most n; got 12"),
        ((-1, 10), {}, "k must be 0 or more; got -1"),
        ((float("nan"), 10), {}, "k must be finite; got nan"),
        ((1, float("inf")), {}, "n must be finite; got inf"),
        ((["1"], [2]), {}, "k must hold numbers; got dtype <U1"),
        (([1, None], [2, 2]), {}, "k must be finite; got nan"),
        (([1, 2], [3, 4, 5]), {}, r"broadcast to one shape; got k \(2,\), n \(3,\)"),
        (([[1], [2, 3]], 4), {}, "k must be a rectangular array"),
        (([1, 5, 6, 7, 8], 4), {}, r"got 5, 6, 7 \(4 of 5 values\)"),
        ((1, 2), {"level": 1.0}, "level must be between 0 and 1"),
        ((1, 2), {"level": 95}, "level must be between 0 and 1, got 95"),
        ((1, 2), {"level": float("nan")}, "level must be between 0 and 1, got nan"),
        ((1, 2), {"df": 0}, "df must be above 0"),
        ((1, 2), {"method": "exact"}, "method must be one of 'wilson', 'wald'.*got 'exact'"),
        ((1, 2), {"method": "jeffreys", "df": 3}, "takes neither df nor population"),
        ((1, 2), {"method": "clopper_pearson", "population": 30}, "takes neither df nor population"),
        ((1, 20), {"population": 10}, "n must be at most the population; got 20"),
    ],
)
def test_a_call_without_an_answer_raises(arguments, options, message):
    with pytest.raises(ParameterError, match=message):
        proportion_interval(*arguments, **options)


def test_no_groups_give_no_limits():
    low, high = wilson([], [])
    assert low.shape == high.shape == (0,)
