"""Mix and rate, standards and strata against their definitions, statsmodels and a published example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from servicequality.errors import ParameterError
from servicequality.stats import direct_standardise, kitagawa, mantel_haenszel
from simulation import assert_share

# Charig et al. 1986: kidney stones, small and large, removed by open surgery (A) or by puncture (B).
A_K, A_N, B_K, B_N = [81, 192], [87, 263], [234, 55], [270, 80]

cell = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted)


@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=6))
def test_mix_and_rate_add_up_to_the_change(cells):
    k1, n1, k0, n0 = (np.array([pair[side][part] for pair in cells]) for side in (0, 1) for part in (0, 1))
    if not n1.sum() or not n0.sum():
        with pytest.raises(ParameterError, match="a side without rows has no rate"):
            kitagawa(k1, n1, k0, n0)
        return
    result = kitagawa(k1, n1, k0, n0)
    assert result.total == pytest.approx(k1.sum() / n1.sum() - k0.sum() / n0.sum(), abs=1e-12)
    back = kitagawa(k0, n0, k1, n1)
    np.testing.assert_allclose((back.mix, back.rate), (-result.mix, -result.rate), atol=1e-12)
    same_mix = kitagawa(k0, n0, k0, n0)
    assert not same_mix.mix.any()
    assert not same_mix.rate.any()


def test_direct_standardisation_turns_the_kidney_stones_round():
    crude = sum(A_K) / sum(A_N), sum(B_K) / sum(B_N)
    standard = np.add(A_N, B_N)
    rate = np.array([np.divide(A_K, A_N), np.divide(B_K, B_N)])
    value, se, (low, high) = direct_standardise(rate, rate * (1 - rate) / [A_N, B_N], standard)
    assert crude[0] < crude[1]
    assert value[0] > value[1]
    assert value == pytest.approx([0.8325, 0.7789], abs=1e-4)
    np.testing.assert_allclose(high - low, 2 * 1.959963984540054 * se)


def test_mantel_haenszel_is_statsmodels():
    cells = [np.array([[k1, n1 - k1], [k0, n0 - k0]]) for k1, n1, k0, n0 in zip(A_K, A_N, B_K, B_N, strict=True)]
    theirs, result = StratifiedTable(cells), mantel_haenszel(A_K, A_N, B_K, B_N)
    assert result.odds_ratio == pytest.approx(theirs.oddsratio_pooled)
    assert (result.odds_low, result.odds_high) == pytest.approx(theirs.oddsratio_pooled_confint())


def test_standardised_rates_are_covered(simulate):
    n, share, standard = np.array([80, 60, 40]), np.array([0.3, 0.5, 0.8]), [1, 2, 1]

    def batch(rng):
        rate = rng.binomial(n, share, (5_000, 3)) / n
        _, _, (low, high) = direct_standardise(rate, rate * (1 - rate) / n, standard)
        return (low <= 0.525) & (high >= 0.525)

    assert_share(simulate(6, batch), 0.935, 0.95)  # Wald's variances fall short a little


def test_mantel_haenszels_difference_is_covered(simulate):
    n1, n0, base = np.array([30, 80, 5]), np.array([60, 40, 9]), np.array([0.2, 0.5, 0.7])

    def batch(rng):
        many = mantel_haenszel(rng.binomial(n1, base + 0.1, (3_000, 3)), n1, rng.binomial(n0, base, (3_000, 3)), n0)
        assert many.difference.mean() == pytest.approx(0.1, abs=0.005)
        return (many.difference_low <= 0.1) & (many.difference_high >= 0.1)

    assert_share(simulate(5, batch), 0.945, 0.96)


def test_a_stratum_of_one_side_tells_nothing():
    result = mantel_haenszel([*A_K, 9], [*A_N, 10], [*B_K, 0], [*B_N, 0])
    assert result.odds_ratio == pytest.approx(mantel_haenszel(A_K, A_N, B_K, B_N).odds_ratio)
    nothing = mantel_haenszel([1], [2], [0], [0])
    assert np.isnan(nothing.difference)
    assert np.isnan(nothing.odds_ratio)


def test_faults_of_the_call():
    with pytest.raises(ParameterError, match="strata lie along the last axis"):
        kitagawa(1, 2, 1, 2)
    with pytest.raises(ParameterError, match="sum of weights must be above 0"):
        direct_standardise([0.5], [0.1], [0.0])
    with pytest.raises(ParameterError, match="k1 must be between 0 and n; got 3"):
        mantel_haenszel([3], [2], [1], [2])
