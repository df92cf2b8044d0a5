"""Agreement beyond chance: printed figures, plain Python and statsmodels as oracles, laws, coverage, wrong calls."""

import itertools
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servicequality.errors import ParameterError
from servicequality.stats import (
    Agreement,
    agreement_weights,
    brennan_prediger,
    cohen_kappa,
    counts_of_pairs,
    fleiss_kappa,
    fleiss_kappa_by_category,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from simulation import Simulate, assert_share

# Fleiss 1971, table 1: 30 patients, 6 psychiatrists, 5 diagnoses.
FLEISS = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip
# Krippendorff's example with gaps: 4 observers, 12 units, the last with one rating.
GAPS = [[1, 1, 0, 1], [2, 2, 3, 2], [3] * 4, [3] * 4, [2] * 4, [1, 2, 3, 4], [4] * 4, [1, 1, 2, 1], [2] * 4,
        [0, 5, 5, 5], [0, 0, 1, 1], [0, 3, 0, 0]]  # fmt: skip
RAW4 = np.array([[row.count(value) for value in range(1, 6)] for row in GAPS])
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


@pytest.mark.parametrize(
    ("coefficient", "value", "se", "low", "high"),
    [
        (gwet_ac1, 0.4448007, 0.08418757, 0.264, 0.625),
        (fleiss_kappa, 0.4139265, 0.08119291, 0.240, 0.588),
        (brennan_prediger, 0.4388889, 0.08312142, 0.261, 0.617),
    ],
)
def test_the_first_fifteen_patients_as_gwet_prints_them(
    coefficient: Callable[..., Agreement], value: float, se: float, low: float, high: float
) -> None:
    result = coefficient(FLEISS[:15])
    assert (result.value, result.se) == (pytest.approx(value, abs=1e-7), pytest.approx(se, abs=1e-8))
    assert (result.low, result.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))
    assert (result.observed, result.items) == (pytest.approx(0.5511111, abs=1e-7), 15)


def test_fleiss_1971() -> None:
    assert fleiss_kappa(FLEISS).value == pytest.approx(0.430, abs=5e-4)
    assert fleiss_kappa_by_category(FLEISS) == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=6e-4)


@pytest.mark.parametrize(
    ("coefficient", "value", "chance"),
    [
        (gwet_ac1, 0.77544, 0.1903212),
        (lambda counts: fleiss_kappa(counts, unequal=True), 0.76117, 0.2387153),
        (brennan_prediger, 0.77273, 0.2),
    ],
)
def test_ratings_with_gaps_as_gwet_prints_them(
    coefficient: Callable[..., Agreement], value: float, chance: float
) -> None:
    result = coefficient(RAW4)
    assert (result.value, result.chance) == (pytest.approx(value, abs=5e-6), pytest.approx(chance, abs=1e-7))
    assert (result.observed, result.items) == (pytest.approx(0.81818, abs=5e-6), 11)


def gwets_own_error(counts: NDArray[np.int64]) -> float:
    """AC1's standard error as Gwet 2014 writes it, with the number of items rated twice taken as fixed."""
    r, q = counts.sum(axis=1), counts.shape[1]
    n, several = len(counts), r > 1
    pi = (counts / r[:, None]).mean(axis=0)
    c = 1 / (q - 1)
    pe, pe_i = c * (pi * (1 - pi)).sum(), c * (counts / r[:, None]) @ (1 - pi)
    a = np.where(several, (counts * (counts - 1)).sum(axis=1) / np.maximum(r * (r - 1), 1), 0)
    value = (a[several].mean() - pe) / (1 - pe)
    each = n / several.sum() * (a - pe * several) / (1 - pe) - 2 * (1 - value) * (pe_i - pe) / (1 - pe)
    return float(np.sqrt(((each - value) ** 2).sum() / (n * (n - 1))))


def test_only_items_rated_once_part_our_error_from_gwets() -> None:
    assert gwets_own_error(FLEISS) == pytest.approx(gwet_ac1(FLEISS).se)
    assert gwets_own_error(RAW4) == pytest.approx(0.14295, abs=5e-6)  # as printed
    # Items that nobody could disagree about must not make agreement look less sure.
    alone = np.repeat(np.eye(5, dtype=np.int64), 40, axis=0)
    assert gwets_own_error(np.vstack([FLEISS, alone])) > 1.4 * gwet_ac1(np.vstack([FLEISS, alone])).se


def test_the_paradox_of_feinstein_and_cicchetti() -> None:
    """The same agreement, 0.85: kappa falls with the prevalence, AC1 does not (Feinstein & Cicchetti 1990)."""
    even, uneven = [[40, 9], [6, 45]], [[80, 10], [5, 5]]
    assert cohen_kappa(even).value == pytest.approx(0.70, abs=5e-3)
    assert cohen_kappa(uneven).value == pytest.approx(0.32, abs=5e-3)
    ac = [gwet_ac1(counts, times=times).value for counts, times in map(counts_of_pairs, (even, uneven))]
    assert ac == [pytest.approx(0.70, abs=5e-3), pytest.approx(0.81, abs=5e-3)]


def test_two_abstractors_as_printed() -> None:
    result = cohen_kappa(ABSTRACTORS)
    assert (result.value, result.se) == (pytest.approx(0.7964094, abs=1e-7), pytest.approx(0.05891072, abs=1e-8))
    counts, times = counts_of_pairs(ABSTRACTORS)
    assert fleiss_kappa(counts, times=times).value == pytest.approx(0.7962397, abs=1e-7)
    assert gwet_ac1(counts, times=times).value == pytest.approx(0.8493305, abs=1e-7)
    assert brennan_prediger(counts, times=times).value == pytest.approx(0.835, abs=1e-12)


square = st.integers(2, 5).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 9), min_size=q, max_size=q), min_size=q, max_size=q)
)


def two_used(table: Sequence[Sequence[int]]) -> bool:
    """Whether kappa is defined: somebody left the one category that the other gave."""
    rows, columns = np.flatnonzero(np.sum(table, axis=1)), np.flatnonzero(np.sum(table, axis=0))
    return len({*rows.tolist(), *columns.tolist()}) > 1


@given(square, st.sampled_from(["none", "linear", "quadratic"]))
def test_cohen_is_statsmodels(table: list[list[int]], weights: str) -> None:
    if not two_used(table):
        return
    from statsmodels.stats.inter_rater import cohens_kappa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = cohens_kappa(np.array(table, float), wt=None if weights == "none" else weights)
    result = cohen_kappa(table, weights=weights)
    assert result.value == pytest.approx(expected.kappa, abs=1e-12)
    if expected.var_kappa > 1e-12:
        assert result.se == pytest.approx(expected.std_kappa, rel=1e-6)
        assert (result.low, result.high) == pytest.approx((expected.kappa_low, expected.kappa_upp), rel=1e-6)


patterns = st.integers(2, 4).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 3), min_size=q, max_size=q), min_size=2, max_size=8)
)


@given(patterns)
def test_statsmodels_fleiss_of_equal_raters(rows: list[list[int]]) -> None:
    counts = np.array([row for row in rows if sum(row) == sum(rows[0])])
    if counts.sum(axis=1)[0] < 2 or (counts.sum(axis=0) > 0).sum() < 2:
        return
    from statsmodels.stats.inter_rater import fleiss_kappa as oracle

    assert fleiss_kappa(counts).value == pytest.approx(oracle(counts), abs=1e-12)


def plain(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[float, list[float]]:
    """Agreement by looking at every ordered pair of ratings of an item, and the mean share of each category."""
    items = [[k for k, count in enumerate(row) for _ in range(count)] for row in counts.tolist()]
    items = [item for item in items if item]
    pairs = [[weights[a][b] for a, b in itertools.permutations(item, 2)] for item in items]
    agreement = [sum(pair) / len(pair) for pair in pairs if pair]
    shares = [sum(item.count(k) / len(item) for item in items) / len(items) for k in range(counts.shape[1])]
    return sum(agreement) / len(agreement), shares


@given(patterns, st.sampled_from(["none", "linear", "quadratic", "ordinal", "radical", "ratio"]))
def test_every_coefficient_is_what_pairs_of_ratings_say(rows: list[list[int]], weights: str) -> None:
    counts = np.array(rows)
    if counts.sum(axis=1).max() < 2:
        return
    q = counts.shape[1]
    w = agreement_weights(q, weights)
    seen, pi = plain(counts, w)
    total = sum(w[k][j] for k in range(q) for j in range(q))
    by_chance = {
        fleiss_kappa: sum(w[k][j] * pi[k] * pi[j] for k in range(q) for j in range(q)),
        gwet_ac2: total / (q * (q - 1)) * sum(p * (1 - p) for p in pi),
        brennan_prediger: total / q**2,
    }
    assert percent_agreement(counts, weights=weights).value == pytest.approx(seen)
    for coefficient, chance in by_chance.items():
        if chance > 1 - 1e-9:
            continue
        general = {"unequal": True} if coefficient is fleiss_kappa else {}
        result = coefficient(counts, weights=weights, **general)
        assert (result.chance, result.value) == pytest.approx((chance, (seen - chance) / (1 - chance)), abs=1e-9)


@given(st.permutations(range(30)), st.integers(1, 29))
def test_neither_the_order_of_items_nor_how_they_are_written_matters(order: list[int], cut: int) -> None:
    rows = FLEISS[order]
    repeated = np.vstack([rows[:cut], rows])
    times = np.r_[np.ones(cut), np.zeros(cut), np.ones(30 - cut)]
    for coefficient in (percent_agreement, fleiss_kappa, gwet_ac1, gwet_ac2, brennan_prediger):
        whole = coefficient(FLEISS)
        assert coefficient(repeated, times=times) == pytest.approx(whole, abs=1e-12)
        assert coefficient(np.vstack([FLEISS, np.zeros((1, 5))])) == pytest.approx(whole, abs=1e-12)


def test_the_limits_hold_the_truth_as_often_as_they_say(simulate: Simulate) -> None:
    """A rating is the item's own category with chance 0.8, else drawn from the prevalence: kappa is 0.64."""
    samples, items, prevalence, true_share = 1_000, 100, np.array([0.55, 0.3, 0.15]), 0.8
    agree = true_share**2 + (1 - true_share**2) * (prevalence**2).sum()
    chance = (prevalence * (1 - prevalence)).sum() / 2
    truths = {fleiss_kappa: true_share**2, gwet_ac1: (agree - chance) / (1 - chance), percent_agreement: agree}

    def batch(rng: np.random.Generator) -> np.ndarray:
        own = rng.choice(3, p=prevalence, size=(samples, items, 1))
        drawn = rng.choice(3, p=prevalence, size=(samples, items, 3))
        rating = np.where(rng.random(drawn.shape) < true_share, own, drawn)
        rating[:, : items // 2, 2] = 3  # half of the items lack their third rating
        rating[:, : items // 5, 1] = 3  # and a fifth have a single one
        counts = (rating[..., None] == np.arange(3)).sum(axis=2)
        held = []
        for coefficient, truth in truths.items():
            general = {"unequal": True} if coefficient is fleiss_kappa else {}
            result = [coefficient(sample, **general) for sample in counts]
            held.append([limits.low <= truth <= limits.high for limits in result])
        return np.transpose(held)

    for held in simulate(3, batch).T:
        assert_share(held, 0.94, 0.955)


def test_cohens_limits_hold_the_truth_as_often_as_they_say(simulate: Simulate) -> None:
    prevalence, accuracy = np.array([0.5, 0.3, 0.2]), 0.6
    cells = accuracy * np.diag(prevalence) + (1 - accuracy) * np.outer(prevalence, prevalence)

    def batch(rng: np.random.Generator) -> list[bool]:
        tables = rng.multinomial(150, cells.ravel(), size=1_000).reshape(-1, 3, 3)
        return [one.low <= accuracy <= one.high for one in map(cohen_kappa, tables)]

    assert_share(simulate(5, batch), 0.94, 0.955)


def test_full_agreement_and_a_single_item() -> None:
    full = fleiss_kappa([[3, 0], [0, 3], [3, 0]])
    assert (full.value, full.low, full.high, full.se) == (1, 1, 1, 0)
    one = gwet_ac1([[2, 1]])
    assert one.value == pytest.approx((1 / 3 - 4 / 9) / (1 - 4 / 9))
    assert np.isnan([one.low, one.high, one.se]).all()


def test_weights_as_printed() -> None:
    # Gwet 2014, table 3.4: five categories.
    assert agreement_weights(5, "ordinal")[0] == pytest.approx([1, 0.9, 0.7, 0.4, 0])
    assert agreement_weights(5, "linear")[0] == pytest.approx([1, 0.75, 0.5, 0.25, 0])
    assert agreement_weights(5, "quadratic")[0] == pytest.approx([1, 0.9375, 0.75, 0.4375, 0])
    assert agreement_weights(3, "radical")[0] == pytest.approx([1, 1 - np.sqrt(0.5), 0])
    assert agreement_weights(3, "ratio")[0] == pytest.approx([1, 1 - (1 / 3) ** 2 / (2 / 4) ** 2, 0])
    assert agreement_weights(3, "linear", scores=[1, 2, 5])[1] == pytest.approx([0.75, 1, 0.25])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fleiss_kappa([[3, 0], [2, 2]]), "items have from 3 to 4 ratings, and Fleiss' kappa needs as many"),
        (lambda: fleiss_kappa_by_category([[3, 0], [2, 2]]), "items have from 3 to 4 ratings"),
        (lambda: fleiss_kappa([[3, 0], [3, 0]]), "chance agreement is 1, since all ratings fall into one category"),
        (lambda: cohen_kappa([[2, 0], [0, 0]]), "chance agreement is 1, since both raters gave one category alone"),
        (lambda: gwet_ac1([[3], [2]]), "one category leaves nothing to disagree about"),
        (lambda: brennan_prediger([[3], [2]]), "one category leaves nothing to disagree about"),
        (lambda: gwet_ac1([[1, 0], [0, 1]]), "no item has two ratings"),
        (lambda: gwet_ac1([1, 2]), "counts must be a matrix of items by categories; got 1 dimensions"),
        (lambda: gwet_ac1([[1, -1]]), "counts must be 0 or more; got -1"),
        (lambda: gwet_ac1([[1, 1]], times=[1, 2]), "times must hold one number a row of counts, 1"),
        (lambda: gwet_ac1([[1, 1]], times=[-1]), "times must be 0 or more; got -1"),
        (lambda: cohen_kappa([[1, 2]]), "table must be square"),
        (lambda: cohen_kappa([[0, 0], [0, 0]]), "table holds no items"),
        (lambda: counts_of_pairs([[1, -2], [3, 4]]), "table must be 0 or more; got -2"),
        (lambda: gwet_ac2([[1, 1]], weights="cubic"), "weights must be one of 'none', 'linear'"),
        (lambda: gwet_ac2([[1, 1]], weights=[[1, 0, 0]]), r"weights must be a matrix of 2 by 2.*got shape \(1, 3\)"),
        (lambda: gwet_ac2([[1, 1]], weights=[[1, 2], [2, 1]]), "weights must be within 0 and 1; got 2"),
        (lambda: gwet_ac2([[1, 1]], weights=[[1, 0.5], [0, 1]]), "weights must be symmetric with 1 on the diagonal"),
        (lambda: gwet_ac2([[1, 1]], scores=[1, 2, 3]), "scores must hold one number a category, 2"),
        (lambda: gwet_ac2([[1, 1]], weights="linear", scores=[1, 1]), "scores must differ"),
        (lambda: gwet_ac2([[1, 1]], weights="ratio", scores=[0, 1]), "scores must be above 0; got 0"),
    ],
)
def test_a_call_without_an_answer_raises(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
