"""Sums, covariances and resamples: numpy and pandas as oracles, laws of merging, exactness, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicequality.errors import ParameterError
from servicequality.stats import (
    CrossProducts,
    composite_covariance,
    correlation,
    covariance,
    cross_products,
    resampled_covariances,
)


def gappy(seed: int = 1, rows: int = 60, items: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 8, (rows, items)).astype(float)
    answers[rng.random(answers.shape) < 0.1] = np.nan
    return answers


@given(arrays(np.int8, st.tuples(st.integers(2, 30), st.integers(1, 5)), elements=st.integers(1, 7)), st.data())
def test_parts_add_up_to_the_whole(answers, data):
    cut = data.draw(st.integers(0, len(answers)))
    whole, parts = cross_products(answers), cross_products(answers[:cut]) + cross_products(answers[cut:])
    for name in ("n", "sums", "products"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert whole.covariance() == pytest.approx(np.atleast_2d(np.cov(answers.T)), abs=1e-12)
    assert whole.mean() == pytest.approx(answers.mean(axis=0))


def test_covariances_of_complete_rows_and_of_pairs_are_those_of_pandas():
    answers = gappy()
    frame = pd.DataFrame(answers)
    assert covariance(answers) == pytest.approx(frame.dropna().cov().to_numpy())
    assert covariance(answers, missing="pairwise") == pytest.approx(frame.cov().to_numpy())
    assert correlation(covariance(answers)) == pytest.approx(frame.dropna().corr().to_numpy())
    by_pair = cross_products(answers, missing="pairwise", origin=4)
    assert by_pair.n[0, 1] == frame[[0, 1]].dropna().shape[0]
    assert by_pair.mean(origin=4) == pytest.approx(frame.mean().to_numpy())
    halves = cross_products(answers[:20], missing="pairwise") + cross_products(answers[20:], missing="pairwise")
    assert halves.covariance() == pytest.approx(frame.cov().to_numpy())


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_a_whole_weight_is_as_many_respondents(missing):
    answers = gappy()
    times = np.arange(len(answers)) % 3
    weighted = cross_products(answers, weight=times, missing=missing)
    repeated = cross_products(np.repeat(answers, times, axis=0), missing=missing)
    for name in ("n", "sums", "products"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name))


@pytest.mark.parametrize("high", [7, 100, 20_000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_whole_numbers_are_summed_exactly_over_blocks(high, order):
    answers = np.random.default_rng(2).integers(0, high + 1, (40_000, 3))
    got = cross_products(np.asarray(answers, dtype=np.int32, order=order), origin=high // 2)
    moved = answers.astype(np.int64) - high // 2
    assert np.array_equal(got.products, moved.T @ moved)
    assert np.array_equal(got.sums, moved.sum(axis=0))
    assert got.n == 40_000


def test_a_constant_item_has_no_variance_whatever_its_digits():
    answers = np.column_stack([np.full(999, 0.1), np.linspace(0, 1, 999)])
    assert covariance(answers)[0].tolist() == [0, 0]


def test_an_origin_near_the_data_keeps_the_digits():
    answers = 1e9 + np.random.default_rng(3).random((500, 2))
    assert covariance(answers) == pytest.approx(np.cov(answers.T - 1e9), rel=1e-6)


def test_groups_lie_on_leading_axes():
    parts = [cross_products(gappy(seed)) for seed in range(3)]
    stacked = CrossProducts(*(np.stack([getattr(part, name) for part in parts]) for name in ("n", "sums", "products")))
    assert stacked.covariance() == pytest.approx(np.stack([part.covariance() for part in parts]))
    assert stacked.mean() == pytest.approx(np.stack([part.mean() for part in parts]))


def test_composites_are_sums_of_items():
    answers = np.random.default_rng(4).random((30, 4))
    weights = np.array([[0.5, 0.5, 0, 0], [1, 0, -1, 0]])
    assert composite_covariance(covariance(answers), weights) == pytest.approx(np.cov((answers @ weights.T).T))


def test_resamples_are_of_respondents_and_repeatable():
    answers = np.random.default_rng(5).normal(size=(200, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])
    drawn = resampled_covariances(answers, resamples=400, seed=8)
    assert np.array_equal(drawn, resampled_covariances(answers, resamples=400, seed=8))
    assert not np.array_equal(drawn[0], resampled_covariances(answers, resamples=1, seed=9)[0])
    rng = np.random.default_rng(8)
    by_hand = np.array([np.cov(answers[rng.integers(0, 200, 200)].T) for _ in range(3)])
    assert drawn[:3] == pytest.approx(by_hand)
    # Their mean is the covariance with divisor n.
    assert drawn.mean(axis=0) == pytest.approx(covariance(answers) * 199 / 200, abs=0.03)
    missed = np.vstack([answers, [np.nan, 1, 1]])
    assert resampled_covariances(missed, resamples=3, seed=8) == pytest.approx(drawn[:3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cross_products([1, 2, 3]), "answers must be a matrix of numbers"),
        (lambda: cross_products([["a", "b"]]), "answers must hold numbers"),
        (lambda: cross_products([[1, "b", None]]), "answers must hold numbers; got dtype object: .* NaN for what is missing"),
        (lambda: cross_products([[1, object()], [None, 2]]), "answers must hold numbers"),
        (lambda: cross_products([[1, 2], [3]]), "answers must be a rectangular array"),
        (lambda: cross_products([[1.0, np.inf]]), "answers must be finite, or NaN where missing; got inf"),
        (lambda: cross_products([[1, 2]], missing="drop"), "missing must be one of 'listwise', 'pairwise'"),
        (lambda: cross_products([[1, 2]], weight=[1, 2]), "weight must hold one number a respondent"),
        (lambda: cross_products([[1, 2]], weight=[-1]), "weight must be 0 or more"),
        (lambda: covariance([[1, 2]]), "n must be at least 2; got 1"),
        (lambda: covariance([[np.nan, np.nan]]), "n must be at least 2; got 0"),
        (lambda: cross_products([[np.nan, 1]], missing="pairwise").mean(), "nobody answered"),
        (lambda: correlation([[1, 2], [3, 4]]), "asymmetry of covariance must be 0"),
        (lambda: correlation([[-1]]), "diagonal of covariance must be 0 or more"),
        (lambda: correlation([[1, 2]]), "covariance must be a square matrix"),
        (lambda: correlation([[1, 0], [0, 0]]), "variance must be above 0"),
        (lambda: composite_covariance(np.eye(2), [1, 2]), "weights must have a row a composite and 2 columns"),
        (lambda: resampled_covariances([[1, 2]]), "at least 2 complete respondents; got 1"),
        (lambda: resampled_covariances([[1, 2], [2, 1]], resamples=0), "resamples must be at least 1"),
    ],
)  # fmt: skip
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_items_of_unlike_size_keep_their_variances():
    """A rating, a revenue and an instant: about one origin for all, the rating's variance came out as 0."""
    rng = np.random.default_rng(12)
    table = np.column_stack(
        [
            rng.integers(1, 6, 50),
            rng.lognormal(14, 1, 50),
            1.7e9 + rng.integers(0, 10**5, 50),
            1e9 + rng.normal(0, 1e-3, 50),
        ]
    ).astype(np.float64)
    centred = table - table[0]  # exact enough for numpy's own
    np.testing.assert_allclose(covariance(table), np.cov(centred, rowvar=False), rtol=1e-6)
    whole = table[:, :3].astype(np.int64)
    np.testing.assert_allclose(covariance(whole), np.cov(whole - whole[0], rowvar=False), rtol=1e-9)
    holes = table[:, :3].copy()
    holes[3:20, 0] = np.nan
    expected = pd.DataFrame(holes - table[0, :3]).cov().to_numpy()
    np.testing.assert_allclose(covariance(holes, missing="pairwise"), expected, rtol=1e-9)


def test_an_origin_an_item_and_what_cannot_be():
    table = np.array([[1, 100], [3, 104], [2, 108]])
    about = cross_products(table, origin=[2, 104])
    np.testing.assert_array_equal(about.sums, [0, 0])
    np.testing.assert_array_equal(about.mean([2, 104]), [2, 104])
    with pytest.raises(ParameterError, match=r"origin must be one number, or one an item \(2\); got shape \(3,\)"):
        cross_products(table, origin=[1, 2, 3])
    with pytest.raises(ParameterError, match="answers must be small enough to be squared"):
        covariance([[1e308, 1.0], [-1e308, 2.0]])
