"""Spikes: scipy's negative binomial, the rate of false alarms, and what a baseline makes of empty hours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from servicequality.errors import ParameterError
from servicequality.stats import nb_spike_threshold, nb_upper_tail, slot_baseline
from simulation import Simulate, assert_share


@given(st.floats(0.01, 5_000), st.floats(1.01, 50), st.sampled_from([0.05, 0.01, 0.001, 1e-6]))
def test_threshold_and_tail_are_scipys(mean: float, phi: float, alpha: float) -> None:
    law = nbinom(mean / (phi - 1), 1 / phi)
    threshold = int(nb_spike_threshold(mean, phi, alpha))
    assert threshold == law.isf(alpha) + 1
    assert nb_upper_tail(threshold, mean, phi) == pytest.approx(law.sf(threshold - 1), rel=1e-6)
    assert nb_upper_tail(threshold, mean, phi) <= alpha < nb_upper_tail(threshold - 1, mean, phi)


@given(st.floats(0.01, 5_000), st.floats(0, 1), st.sampled_from([0.05, 0.001]))
def test_without_over_dispersion_it_is_poissons(mean: float, phi: float, alpha: float) -> None:
    assert nb_spike_threshold(mean, phi, alpha) == poisson.isf(alpha, mean) + 1
    assert nb_upper_tail(3, mean, phi) == pytest.approx(poisson.sf(2, mean), rel=1e-9)


def test_as_dispersion_vanishes_the_threshold_goes_over_into_poissons() -> None:
    assert nb_spike_threshold(40.0, [1 + 1e-12, 1 + 1e-8, 1 + 1e-5], 0.001).tolist() == [62, 62, 62]
    assert poisson.isf(0.001, 40) + 1 == 62


def test_a_baseline_is_means_and_one_dispersion() -> None:
    counts, slots = [4, 6, 0, 0, 10, 14], np.array([0, 0, 1, 1, 2, 2])
    result = slot_baseline(counts, slots, 4)
    assert result.mean.tolist()[:3] == [5, 0.25, 12]  # half an event in two hours without one
    assert np.isnan(result.mean[3])
    assert result.periods.tolist() == [2, 2, 2, 0]
    assert result.phi == pytest.approx(max(1, (2 / 5 + 8 / 12) / 2))


def test_dispersion_and_false_alarms_come_out_as_they_went_in(simulate: Simulate) -> None:
    """Twelve weeks make a baseline; of the hours of the 48 after them as many are spikes as alpha says."""

    def batch(rng: np.random.Generator) -> list[float]:
        alarms = []
        for _ in range(10):
            rates = rng.uniform(2, 20, 168)
            draws = rng.negative_binomial(rates / 0.8, 1 / 1.8, (60, 168))
            result = slot_baseline(draws[:12].ravel(), np.tile(np.arange(168), 12), 168)
            assert result.phi == pytest.approx(1.8, abs=0.25)
            threshold = nb_spike_threshold(result.mean, result.phi * (1 + 1 / 12), 0.01)
            alarms.append(float((draws[12:] >= threshold).mean()))
        return alarms

    assert_share(
        simulate(8, batch), 0.007, 0.011
    )  # at most 0.01, by counts that are whole and means that are estimated


def test_calls_without_an_answer() -> None:
    with pytest.raises(ParameterError, match="a slot that was seen at least twice; got 3 periods in 168 slots"):
        slot_baseline([1, 2, 3], np.array([0, 1, 2]), 168)
    with pytest.raises(ParameterError, match="mean must be above 0; got 0"):
        nb_spike_threshold(0, 2)
    with pytest.raises(ParameterError, match="alpha must be strictly between 0 and 1; got 1"):
        nb_spike_threshold(3, 2, 1)
    with pytest.raises(ParameterError, match=r"count must be whole and 0 or more; got 2\.5"):
        nb_upper_tail(2.5, 2, 1)
