"""Krippendorff's alpha: printed figures, the author's way of counting and another package as oracles, errors, coverage."""

import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servicequality.errors import ParameterError
from servicequality.stats import krippendorff_alpha
from simulation import Simulate, assert_share
from stats.test_agreement import FLEISS, RAW4

VALUES = [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("scale", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_the_authors_example_with_gaps(scale: str, printed: float) -> None:
    result = krippendorff_alpha(RAW4, scale=scale, scores=VALUES)
    assert (result.value, result.items) == (pytest.approx(printed, abs=6e-4), 11)


def coincidences(counts: NDArray[np.int64], scores: list[float], scale: str) -> float:
    """Krippendorff 2011, step by step: the coincidence matrix, its margins, then delta squared of every pair of values."""
    q = counts.shape[1]
    o = np.zeros((q, q))
    for row in counts.tolist():
        ratings = [k for k, count in enumerate(row) for _ in range(count)]
        for a, b in itertools.permutations(ratings, 2):
            o[a, b] += 1 / (len(ratings) - 1)
    n_c = o.sum(axis=1)
    n = n_c.sum()

    def delta(c: int, k: int) -> float:
        low, high = min(c, k), max(c, k)
        match scale:
            case "nominal":
                return float(c != k)
            case "ordinal":
                return float((n_c[low : high + 1].sum() - (n_c[c] + n_c[k]) / 2) ** 2)
            case "interval":
                return (scores[c] - scores[k]) ** 2
            case _:
                return ((scores[c] - scores[k]) / (scores[c] + scores[k])) ** 2

    pairs = [*itertools.product(range(q), repeat=2)]
    seen = sum(o[c, k] * delta(c, k) for c, k in pairs) / n
    expected = sum(n_c[c] * n_c[k] * delta(c, k) for c, k in pairs) / (n * (n - 1))
    return float(1 - seen / expected)


tables = st.integers(2, 4).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 2), min_size=q, max_size=q), min_size=2, max_size=7)
)


def varied(counts: NDArray[np.int64]) -> bool:
    paired = counts[counts.sum(axis=1) > 1]
    return bool((paired.sum(axis=0) > 0).sum() > 1)


@given(tables, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_alpha_is_the_coincidence_matrixs(rows: list[list[int]], scale: str) -> None:
    counts, scores = np.array(rows), [1.0, 2.0, 4.0, 9.0][: len(rows[0])]
    if varied(counts):
        result = krippendorff_alpha(counts, scale=scale, scores=scores)
        assert result.value == pytest.approx(coincidences(counts, scores, scale), abs=1e-9)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_is_the_packages(scale: str) -> None:
    import krippendorff

    rng = np.random.default_rng(2)
    counts = rng.multinomial(4, [0.4, 0.3, 0.2, 0.1], size=200) * (rng.random((200, 1)) < 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = krippendorff.alpha(
            value_counts=counts, value_domain=[1, 2, 3, 4], level_of_measurement=scale
        )  # fmt: skip
    result = krippendorff_alpha(counts, scale=scale, scores=[1, 2, 3, 4])
    assert result.value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_the_error_is_the_jackknifes(scale: str) -> None:
    rng = np.random.default_rng(8)
    own = rng.choice(4, p=[0.1, 0.2, 0.3, 0.4], size=(400, 1))
    near = np.clip(own + rng.integers(-1, 2, (400, 3)), 0, 3)
    counts = (near[..., None] == np.arange(4)).sum(axis=1)
    result = krippendorff_alpha(counts, scale=scale, scores=[1, 2, 3, 4])
    left_out = [krippendorff_alpha(np.delete(counts, i, 0), scale=scale, scores=[1, 2, 3, 4]).value for i in range(400)]
    jackknife = np.sqrt(399 / 400 * ((left_out - np.mean(left_out)) ** 2).sum())
    assert result.se == pytest.approx(jackknife, rel=0.02)


@pytest.mark.parametrize("scale", ["nominal", "interval"])
def test_the_limits_hold_the_truth_as_often_as_they_say(simulate: Simulate, scale: str) -> None:
    """A rating is the item's own value with chance 0.8, else one drawn like it: alpha of every scale is 0.64."""
    prevalence = np.array([0.2, 0.5, 0.3])

    def batch(rng: np.random.Generator) -> list[bool]:
        own = rng.choice(3, p=prevalence, size=(800, 80, 1))
        drawn = rng.choice(3, p=prevalence, size=(800, 80, 3))
        rating = np.where(rng.random(drawn.shape) < 0.8, own, drawn)
        counts = (rating[..., None] == np.arange(3)).sum(axis=2)
        result = [krippendorff_alpha(sample, scale=scale) for sample in counts]
        return [limits.low <= 0.64 <= limits.high for limits in result]

    assert_share(simulate(4, batch), 0.935, 0.955)


def test_patterns_stand_for_items() -> None:
    rows, times = np.unique(FLEISS, axis=0, return_counts=True)
    for scale in ("nominal", "ordinal", "interval"):
        whole, short = (
            krippendorff_alpha(FLEISS, scale=scale), krippendorff_alpha(rows, times=times, scale=scale)
        )  # fmt: skip
        assert short == pytest.approx(whole, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: krippendorff_alpha([[2, 0], [2, 0]]), "all ratings are the same"),
        (lambda: krippendorff_alpha([[1, 0], [0, 1]]), "no item has two ratings"),
        (lambda: krippendorff_alpha([[1, 1]], scale="metric"), "scale must be one of 'nominal', 'ordinal'"),
        (lambda: krippendorff_alpha([[1, 1]], scores=[2, 1]), "scores must be in ascending order"),
        (lambda: krippendorff_alpha([[1, 1]], scores=[1, 2, 3]), "scores must hold one number a column of counts, 2"),
        (lambda: krippendorff_alpha([[1, 1]], scale="ratio", scores=[-1, 1]), "scores must be 0 or more; got -1"),
    ],
)
def test_a_call_without_an_answer_raises(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
