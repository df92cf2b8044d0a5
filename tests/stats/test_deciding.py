"""Limits that decide about targets: the promise over a grid of truths that lie on the target, the edges, and bad input."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from servicequality import stats
from servicequality.errors import ParameterError
from servicequality.stats.deciding import (
    amount_decision_limits,
    bounded_decision_limits,
    net_decision_limits,
    share_decision_limits,
)
from simulation import STANDARD_ERRORS, Simulate

SIZES = (5, 10, 20, 50, 100, 500)
FIVE = np.array([0, 0.25, 0.5, 0.75, 1])
SCALES = [(0.03, 0.02, 0.05, 0.2, 0.7), (0.2,) * 5, (0.005, 0.005, 0.02, 0.17, 0.8), (0.02, 0.08, 0.8, 0.08, 0.02)]
BOUNDED = [(FIVE, np.array(scale)) for scale in SCALES]
BOUNDED += [
    (np.array(points), np.array([1 - rare, rare]))
    for rare in (0.01, 0.05, 0.2)
    for points in ((0.0, 1.0), (1.0, 0.0), (0.5, 0.0), (0.5, 1.0))
]
BOUNDED.append((np.arange(11) / 10, binom.pmf(np.arange(11), 10, 0.7)))
NETS = [(0.7, 0.2, 0.1), (0.85, 0.1, 0.05), (0.05, 0.85, 0.1), (0.0, 0.82, 0.18)]
NEAR = 1e-12


def errors(low: np.ndarray, high: np.ndarray, truth: float) -> np.ndarray:
    """Met and missed at a target that is the truth, a column each: both are wrong half the time, and so are counted."""
    return np.column_stack([low >= truth + NEAR, high <= truth - NEAR])


@pytest.mark.parametrize("truth", [0.5, 0.8, 0.95, 0.99])
def test_a_share_on_target_is_called_met_or_missed_in_one_case_of_twenty_at_most(truth: float) -> None:
    """Exactly, by the binomial: no draw is needed."""
    for n in SIZES:
        k = np.arange(n + 1)
        low, high = share_decision_limits(k, n)
        for target, side in ((low > truth, "met"), (high < truth, "missed")):
            assert binom.pmf(k, n, truth)[target].sum() <= 0.05, (n, side)


@pytest.mark.parametrize(("target", "n"), [(0.5, 5), (0.8, 14), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_so_many_without_a_miss_meet_a_target(target: float, n: int) -> None:
    def verdict(rows: int) -> str:
        return str(stats.target_verdict(*share_decision_limits(rows, rows), target, n=rows))

    assert (verdict(n), verdict(n - 1)) == ("met", "undecided")


def test_bounded_means_on_target_err_in_seven_of_a_hundred_at_most(simulate: Simulate) -> None:
    draws = 1_500

    def batch(rng: np.random.Generator) -> np.ndarray:
        wrong = []
        for points, chances in BOUNDED:
            truth = float(points @ chances)
            for n in SIZES:
                counts = rng.multinomial(n, chances / chances.sum(), size=draws)
                mean = np.clip(counts @ points / n, 0, 1)
                variance = np.maximum(counts @ points**2 / n - mean**2, 0)
                wrong.append(errors(*bounded_decision_limits(n, mean, variance), truth))
        return np.concatenate(wrong, axis=1)

    shares = simulate(41, batch)
    allowed = 0.07 + STANDARD_ERRORS * np.sqrt(0.07 * 0.93 / len(shares))
    assert shares.mean(axis=0).max() <= allowed


def test_net_scores_on_target_err_in_seven_of_a_hundred_at_most(simulate: Simulate) -> None:
    draws = 4_000

    def batch(rng: np.random.Generator) -> np.ndarray:
        wrong = []
        for chances in NETS:
            for n in SIZES:
                up, _, down = rng.multinomial(n, chances, size=draws).T
                wrong.append(errors(*net_decision_limits(n, up, down), chances[0] - chances[2]))
        return np.concatenate(wrong, axis=1)

    shares = simulate(42, batch)
    allowed = 0.07 + STANDARD_ERRORS * np.sqrt(0.07 * 0.93 / len(shares))
    assert shares.mean(axis=0).max() <= allowed


def test_the_worst_net_score_of_the_grid_errs_in_71_of_a_thousand() -> None:
    """No promoters, 18 % detractors, 100 answers: twelve detractors or fewer are called met, and come 7.1 % of the time.

    One more step of the sum, and the limit would miss in 4 %: between the two there is nothing.
    """
    down = np.arange(101)
    low, _ = net_decision_limits(100, np.zeros(101), down)
    assert binom.pmf(down, 100, 0.18)[low >= -0.18 + NEAR].sum() == pytest.approx(0.071, abs=5e-4)


def test_a_share_read_as_a_mean_or_as_a_net_score_has_limits_at_least_as_wide_while_answers_are_alike() -> None:
    k, n = np.array([0.0, 1, 2, 28, 29, 30]), 30
    mean = k / n
    low, high = bounded_decision_limits(n, mean, mean * (1 - mean))
    exact_low, exact_high = share_decision_limits(k, n)
    assert (low <= exact_low).all()
    assert (high >= exact_high).all()
    assert ((low >= 0) & (low <= mean) & (mean <= high) & (high <= 1)).all()
    net_low, net_high = net_decision_limits(n, k, n - k)
    np.testing.assert_allclose(((net_low + 1) / 2, (net_high + 1) / 2), (low, high), rtol=1e-12)


def test_of_scattered_answers_the_half_answer_limit_decides() -> None:
    """By hand, for 40 answers on 0 … 1: half an answer at each end, t(40), and an eighth of an answer for the steps."""
    answers = np.tile(FIVE, 8)
    more = np.concatenate([answers, [0, 1]])
    weights = np.concatenate([np.ones(40), [0.5, 0.5]])
    centre = np.average(more, weights=weights)
    se = np.sqrt(np.average((more - centre) ** 2, weights=weights) / 41)
    t = 1.6838510133356521  # t(40) at 0.95
    low, high = bounded_decision_limits(40, answers.mean(), answers.var())
    np.testing.assert_allclose((low, high), (centre - t * se - 1 / 320, centre + t * se + 1 / 320), rtol=1e-12)


def test_nearly_equal_answers_have_the_beta_quantile() -> None:
    low, high = bounded_decision_limits(20, 1.0, 0.0)
    assert (low, high) == (pytest.approx(beta.ppf(0.05, 20, 1)), 1.0)


def test_amounts_have_t_below_and_its_exponential_above() -> None:
    low, high = amount_decision_limits([10.0, 0.0], [1.0, 0.0], 120)
    t = 1.6576508993552355  # t(120) at 0.95
    np.testing.assert_allclose(low, (10 - t, 0))
    np.testing.assert_allclose(high, (10 * np.exp(t / 10), 0))


def test_nothing_is_decided_below_five_rows() -> None:
    verdicts = stats.target_verdict([0.9, 0.9, 0.1], [1.0, 1.0, 0.2], 0.8, n=[4.99, 5, 4])
    assert verdicts.tolist() == ["undecided", "met", "undecided"]
    assert str(stats.target_verdict(0.9, 1.0, 0.8)) == "met"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: share_decision_limits(1, 2, tail=0.5), "tail must be strictly between 0 and 0.5"),
        (lambda: bounded_decision_limits(0, 0.5, 0.1), "n must be above 0"),
        (lambda: bounded_decision_limits(5, 1.5, 0.1), r"mean must be in \[0, 1\]; got 1.5"),
        (lambda: bounded_decision_limits(5, 0.5, -1), "variance must be 0 or more"),
        (lambda: net_decision_limits(5, 4, 3), "up [+] down must be at most n"),
        (lambda: amount_decision_limits(-1, 1, 5), "mean must be 0 or more"),
        (lambda: amount_decision_limits(1, -1, 5), "se must be 0 or more"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()  # type: ignore[operator]
