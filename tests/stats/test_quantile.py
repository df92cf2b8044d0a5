"""Quantile limits and float-bit bins: scipy and sorting as oracles, laws, coverage, the error bound."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats as oracle

from servicequality.errors import ParameterError
from servicequality.stats import bin_values, float_bins, quantile_ranks, wilks_n
from simulation import assert_share

sizes, shares, levels = st.integers(1, 3_000), st.floats(0.001, 0.999), st.floats(0.5, 0.999)
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(sizes, shares, levels)
def test_ranks_are_those_of_scipy(n, p, level):
    # Where a tail equals (1 - level) / 2 exactly, scipy allows it above only, we on both sides.
    assume(np.min(np.abs(oracle.binom.cdf(np.arange(n), n, p) - (1 - level) / 2)) > 1e-12)
    # The values 1..n are their own ranks.
    interval = oracle.quantile_test(np.arange(1, n + 1), q=0, p=p).confidence_interval(level)
    lower, upper, _ = quantile_ranks(n, p, level=level)
    assert (int(lower), int(upper)) == tuple(0 if math.isnan(x) else int(x) for x in interval)


@given(sizes, shares, levels)
def test_achieved_level_is_the_binomial_probability_between_the_ranks(n, p, level):
    lower, upper, achieved = quantile_ranks(n, p, level=level)
    top = n if upper == 0 else int(upper) - 1
    expected = oracle.binom.cdf(top, n, p) - oracle.binom.cdf(int(lower) - 1, n, p)
    assert float(achieved) == pytest.approx(expected, abs=1e-9)
    assert achieved >= level - 1e-12


@given(sizes, st.integers(1, 255).map(lambda k: k / 256), levels)
def test_ranks_mirror(n, p, level):
    lower, upper, achieved = quantile_ranks(n, p, level=level)
    mirrored_lower, mirrored_upper, mirrored_achieved = quantile_ranks(n, 1 - p, level=level)
    assert int(mirrored_lower) == (n + 1 - upper if upper else 0)
    assert int(mirrored_upper) == (n + 1 - lower if lower else 0)
    assert float(mirrored_achieved) == pytest.approx(float(achieved))


@given(sizes, shares)
def test_a_higher_level_contains_a_lower_one(n, p):
    lower, upper, achieved = (
        np.array(x) for x in zip(*(quantile_ranks(n, p, level=c) for c in (0.8, 0.95)), strict=True)
    )
    assert lower[1] <= lower[0]
    assert upper[1] == 0 or upper[1] >= upper[0] > 0
    assert achieved[1] >= achieved[0]


def test_published_ranks_of_the_median():
    # Conover 1999, table A3, and the sign-test tables: ranks for the median's 95 % limits.
    n = np.array([5, 6, 8, 9, 10, 15, 20, 25])
    lower, upper, achieved = quantile_ranks(n, 0.5)
    assert lower.tolist() == [0, 1, 1, 2, 2, 4, 6, 8]
    assert upper.tolist() == [0, 6, 8, 8, 9, 12, 15, 18]
    assert achieved[[0, 1, 4]] == pytest.approx([1.0, 0.96875, 0.978515625])


def test_ranks_in_large_groups():
    n, p = np.array([10**6, 10**9]), 0.99
    lower, upper, achieved = quantile_ranks(n, p)
    spread = 1.96 * np.sqrt(n * p * (1 - p))
    np.testing.assert_allclose(lower, n * p - spread, atol=3)
    np.testing.assert_allclose(upper, n * p + spread, atol=3)
    np.testing.assert_allclose(achieved, 0.95, atol=1e-3)


def test_a_tail_of_exactly_half_the_rest_is_allowed_on_both_sides():
    assert [x.item() for x in quantile_ranks(5, 0.5, level=0.9375)] == [1, 5, 0.9375]


def test_extreme_levels_and_shares():
    lower, upper, _ = quantile_ranks([50, 10**6], 1e-6, level=1 - 1e-9)
    assert lower.tolist() == [0, 0]
    assert [int(x) for x in upper] == [int(oracle.binom.isf(5e-10, n, 1e-6)) + 1 for n in (50, 10**6)]


def test_order_statistics_cover(simulate):
    lower, upper, achieved = quantile_ranks(60, 0.8)
    truth = -np.log(0.2)

    def batch(rng):
        x = np.sort(rng.exponential(size=(20_000, 60)), axis=1)
        return (x[:, lower - 1] <= truth) & (truth <= x[:, upper - 1])

    assert achieved >= 0.95
    assert_share(simulate(5, batch), float(achieved), float(achieved))


def test_wilks():
    assert wilks_n([0.5, 0.9, 0.95, 0.99]).tolist() == [5, 29, 59, 299]
    assert wilks_n(0.5, level=0.9375).tolist() == 4


@given(shares, levels)
def test_wilks_is_the_smallest(p, level):
    n = int(wilks_n(p, level=level))
    assert 1 - p**n >= level - 1e-9
    assert n == 1 or 1 - p ** (n - 1) < level + 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quantile_ranks(0, 0.5), "n must be above 0"),
        (lambda: quantile_ranks(3.5, 0.5), "n must be whole; got 3.5"),
        (lambda: quantile_ranks(3, 90), "p must be strictly between 0 and 1; got 90.*not a percentage"),
        (lambda: quantile_ranks(3, 0.5, level=0), "level must be between"),
        (lambda: wilks_n(1.0), "p must be strictly between 0 and 1"),
        (lambda: wilks_n(0.5, level=2), "level must be between"),
        (lambda: float_bins(np.ones(1), mantissa_bits=53), "mantissa_bits must be from 0 to 52"),
        (lambda: bin_values(np.ones(1, dtype=np.int64), mantissa_bits=-1), "mantissa_bits must be from 0 to 52"),
    ],
)
def test_a_call_without_an_answer_raises(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


@given(st.lists(finite, min_size=1, max_size=50), st.sampled_from([0, 3, 6, 10, 52, None]))
def test_bins_are_monotone(values, bits):
    x = np.sort(np.array(values) + 0.0)
    bins = float_bins(x, mantissa_bits=bits)
    assert bins.dtype == np.int64
    assert (bins[1:] >= bins[:-1]).all()
    if bits in (52, None):
        assert ((bins[1:] == bins[:-1]) == (x[1:] == x[:-1])).all()


@given(st.lists(finite, min_size=1, max_size=50))
def test_whole_bits_give_the_value_back(values):
    x = np.array(values)
    np.testing.assert_array_equal(bin_values(float_bins(x, mantissa_bits=None), mantissa_bits=None), x)


@given(finite.filter(lambda x: x == 0 or abs(x) >= 2.3e-308), st.integers(0, 20))
@example(1.0, 6)
@example(np.nextafter(2.0, 0.0), 6)
@example(np.finfo(np.float64).max, 6)
@example(-np.finfo(np.float64).max, 6)
def test_a_bin_stands_for_its_values_within_the_bound(value, bits):
    x = np.array([value])
    got = bin_values(float_bins(x, mantissa_bits=bits), mantissa_bits=bits)
    bound = 1 / (2 ** (bits + 1) + 1)
    assert abs(got[0] - value) <= bound * (1 + 1e-9) * abs(value)
    # The representative lies in the bin it stands for.
    assert float_bins(got, mantissa_bits=bits)[0] == float_bins(x, mantissa_bits=bits)[0]


def test_the_stated_error_holds():
    x = np.random.default_rng(1).lognormal(8, 2, 100_000)
    assert np.max(np.abs(bin_values(float_bins(x)) / x - 1)) <= 0.0078


def test_zeros_and_signs():
    x = np.array([0.0, -0.0, 5e-324, -5e-324, 1.5, -1.5])
    bins = float_bins(x)
    assert bins[0] == bins[1] == 0
    assert bins[2] == bins[3] == 0
    assert bins[5] == -bins[4]
    assert bin_values(bins)[:4].tolist() == [0, 0, 0, 0]
    assert bin_values(bins)[5] == -bin_values(bins)[4]


def test_bins_leave_the_input_alone_and_take_any_layout():
    x = np.array([[3.0, -0.0], [-2.0, 7.0]])
    before = x.copy()
    np.testing.assert_array_equal(float_bins(x.T), float_bins(x).T)
    np.testing.assert_array_equal(x, before)
    assert np.signbit(x[0, 1])
    assert float_bins(np.empty(0)).shape == (0,)
    assert float_bins(np.array(3.0)).shape == ()


def test_blocks_join_without_a_seam():
    x = np.random.default_rng(6).normal(size=100_000)
    halves = [float_bins(part) for part in np.split(x, [70_001])]
    np.testing.assert_array_equal(float_bins(x), np.concatenate(halves))
    np.testing.assert_array_equal(bin_values(float_bins(x, mantissa_bits=52), mantissa_bits=52), x)
