"""Intraclass correlations: printed figures, pingouin as oracle, coverage by simulation, and wrong calls."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import icc, icc_of_mean_squares, icc_oneway
from simulation import Simulate, assert_share

FORMS = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
# Shrout and Fleiss 1979, table 2.
TABLE = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_shrout_and_fleiss_1979() -> None:
    result = [float(icc(TABLE, form=form).value) for form in FORMS]
    assert result == pytest.approx([0.17, 0.29, 0.71, 0.44, 0.62, 0.91], abs=5.1e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_values_and_limits_are_pingouins(seed: int) -> None:
    import pandas as pd
    import pingouin

    rng = np.random.default_rng(seed)
    n, k = 12 + seed, 3 + seed
    table = np.round(rng.normal(0, 1, (n, 1)) + rng.normal(0, 0.7, (n, k)) + rng.normal(0, 0.5, k), 2)
    rows = [(i, j, table[i, j]) for i in range(n) for j in range(k)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pingouin.intraclass_corr(
            pd.DataFrame(rows, columns=["item", "rater", "x"]), targets="item", raters="rater", ratings="x"
        )
    for row, form in enumerate(FORMS):
        result = icc(table, form=form)
        assert float(result.value) == pytest.approx(expected["ICC"].iloc[row], abs=1e-9)
        limits = next(expected[name] for name in expected.columns if name.startswith("CI95")).iloc[row]
        assert (float(result.low), float(result.high)) == pytest.approx(
            tuple(limits), abs=6e-3
        )  # printed to two digits


@pytest.mark.parametrize(
    ("form", "truth"), [("ICC(1)", 0.5), ("ICC(C,1)", 0.5), ("ICC(A,1)", 0.4), ("ICC(A,k)", 8 / 11)]
)
def test_the_limits_hold_the_truth_as_often_as_they_say(simulate: Simulate, form: str, truth: float) -> None:
    """Items of variance 1, errors of variance 1 (one-way: nothing else; two-way: raters of variance 1/2)."""
    raters = 0.0 if form == "ICC(1)" else np.sqrt(0.5)

    def batch(rng: np.random.Generator) -> list[bool]:
        held = []
        for _ in range(800):
            table = rng.normal(0, 1, (25, 1)) + rng.normal(0, 1, (25, 4)) + raters * rng.normal(0, 1, 4)
            result = icc(table, form=form)  # type: ignore[arg-type]
            held.append(bool(result.low <= truth <= result.high))
        return held

    exact = form in {"ICC(1)", "ICC(C,1)"}  # those of agreement take Satterthwaite's degrees of freedom
    assert_share(simulate(6, batch), *((0.95, 0.95) if exact else (0.94, 0.96)))


@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=4), min_size=2, max_size=8))
def test_oneway_by_hand(groups: list[list[int]]) -> None:
    rows = [number for group in groups for number in group]
    if len(rows) == len(groups) or len(set(rows)) == 1:
        return
    means, mean = [sum(group) / len(group) for group in groups], sum(rows) / len(rows)
    between = sum(len(g) * (m - mean) ** 2 for g, m in zip(groups, means, strict=True)) / (len(groups) - 1)
    within = sum((x - m) ** 2 for g, m in zip(groups, means, strict=True) for x in g) / (len(rows) - len(groups))
    size = (len(rows) - sum(len(g) ** 2 for g in groups) / len(rows)) / (len(groups) - 1)
    expected = (between - within) / (between + (size - 1) * within)
    sums, squares = [sum(g) for g in groups], [sum(x * x for x in g) for g in groups]
    assert icc_oneway([len(g) for g in groups], sums, squares) == pytest.approx(expected, abs=1e-9)


def test_equal_groups_are_the_one_way_form() -> None:
    table = np.array(TABLE, float)
    result = icc_oneway([4] * 6, table.sum(axis=1), (table**2).sum(axis=1))
    assert result == pytest.approx(float(icc(TABLE, form="ICC(1)").value))


def test_full_agreement() -> None:
    table = [[1, 1, 1], [2, 2, 2], [4, 4, 4]]
    for form in FORMS:
        assert [float(part) for part in icc(table, form=form)] == pytest.approx([1, 1, 1])
    lenient = [[1, 2], [3, 4], [6, 7]]  # the second rater gives 1 more, always
    assert float(icc(lenient, form="ICC(C,1)").value) == pytest.approx(1)
    agreed = icc(lenient, form="ICC(A,1)")
    assert 0 < float(agreed.low) < float(agreed.value) < float(agreed.high) <= 1
    assert float(agreed.value) < 0.95


def test_groups_go_in_one_call() -> None:
    result = icc_of_mean_squares([6, 25], [4, 3], items=[11.24, 3], raters=[32.49, 2], error=[1.02, 1])
    assert result.value[0] == pytest.approx(0.29, abs=5e-3)
    assert result.value[1] == pytest.approx((3 - 1) / (3 + 2 + 3 / 25))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: icc([[1, 2], [3, None]]),
            "1 of 4 ratings are missing, and the intraclass correlation needs a complete",
        ),
        (lambda: icc([[1, 2], [3]]), "ratings must be a rectangular array of numbers"),
        (lambda: icc([[1, 2]]), r"two items by two raters or more; got shape \(1, 2\)"),
        (lambda: icc([[2, 2], [2, 2]]), "without spread a correlation is undefined"),
        (lambda: icc([[1, 3], [1, 3]], form="ICC(C,k)"), "without spread a correlation is undefined"),
        (lambda: icc([[1, 3], [3, 1]], form="ICC(C,k)"), "items that do not differ have no such correlation"),
        (lambda: icc(TABLE, form="ICC2"), r"form must be one of 'ICC\(1\)'"),
        (lambda: icc_of_mean_squares(1, 2, items=1, raters=1, error=1), "n and k must be at least 2; got 1"),
        (lambda: icc_oneway([2, 2], [4, 4], [8, 8]), "without spread a correlation is undefined"),
        (lambda: icc_oneway([1, 1], [4, 5], [16, 25]), "got 2 groups of 2 rows"),
    ],
)
def test_a_call_without_an_answer_raises(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
