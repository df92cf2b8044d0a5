"""Sums of items in blocks, with blanks, in float32: the plain products. Whole floats become small without a trace."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.errors import InputError
from servicequality.servqual import Scale, item_sums, products, response_quality, score
from servicequality.servqual.narrowing import narrowed
from servqual.questionnaires import SMALL

SETS = [[0, 1, 2, 3], [0], [2, 3], [1, 3]]
ANSWERS = [f"{role}{item}" for role in "EP" for item in SMALL.items]


def numbers(rows, *, blanks, high=7, dtype=pl.Int8, seed=3):
    rng = np.random.default_rng(seed)
    table = pl.DataFrame(rng.integers(1, high + 1, (rows, 4))).cast(dtype)
    missed = [pl.Series(rng.random(rows) < blanks) for _ in range(4)]
    return table.select(
        pl.when(~gone).then(pl.col(name)).alias(name) for name, gone in zip(table.columns, missed, strict=True)
    )


@pytest.mark.parametrize(("high", "dtype"), [(7, pl.Int8), (7, pl.Float64), (100, pl.UInt8), (4000, pl.Int64)])
@pytest.mark.parametrize("blanks", [0.0, 0.2, 1.0])
def test_products_of_each_set_are_those_of_its_complete_rows(high, dtype, blanks):
    table = numbers(70_000, blanks=blanks, high=high, dtype=dtype)  # more than a block
    for places, got in zip(SETS, products.products(table, SETS, furthest=high), strict=True):
        rows = table[:, places].drop_nulls().to_numpy().reshape(-1, len(places)).astype(np.int64)
        assert got.n == len(rows)
        np.testing.assert_array_equal(got.sums, rows.sum(axis=0))
        np.testing.assert_array_equal(got.products, rows.T @ rows)


def test_products_where_blanks_stand_in_one_block_of_two():
    table = numbers(70_000, blanks=0.0).with_columns(
        pl.when(pl.int_range(pl.len()) != 69_999).then("column_2").alias("column_2")
    )
    first, alone, *_ = products.products(table, SETS, furthest=7)
    assert (first.n, alone.n) == (69_999, 70_000)


def test_sliders_are_not_rounded_to_float32():
    table = pl.DataFrame({"a": [0.1, 0.7], "b": [1 / 3, 2.0]})
    (got,) = products.products(table, [[0, 1]])
    x = table.to_numpy()
    np.testing.assert_allclose(got.products, x.T @ x, rtol=1e-15)


def survey(n=200, seed=4, blanks=0.1):
    rng = np.random.default_rng(seed)
    table = pl.DataFrame({name: rng.integers(1, 8, n) for name in ANSWERS})
    kept = [pl.Series(name, rng.random(n) >= blanks) for name in ANSWERS]
    return table.select(pl.when(known).then(pl.col(known.name)).alias(known.name) for known in kept)


@pytest.mark.parametrize("blanks", [0.0, 0.1])
def test_floats_score_as_the_whole_numbers_that_they_are(blanks):
    whole = survey(blanks=blanks)
    floats = whole.cast(pl.Float64)
    before = floats.clone()
    for dtype in (pl.Float64, pl.Float32):
        same = floats.cast(dtype)
        for table in ("dimensions", "overall", "items", "respondents"):
            expected, got = (getattr(score(frame, SMALL), table) for frame in (whole, same))
            assert_frame_equal(got, expected, check_dtypes=True)
        assert_frame_equal(item_sums(same, SMALL).state, item_sums(whole, SMALL).state)
        assert_frame_equal(response_quality(same, SMALL), response_quality(whole, SMALL))
    assert_frame_equal(floats, before)


def test_complete_answers_score_as_they_do_beside_a_respondent_who_left_all_blank():
    complete = survey(blanks=0.0)
    nobody = pl.DataFrame({name: [None] for name in ANSWERS}, schema=complete.schema)
    for policy in ("dimension_complete", "half", "listwise"):
        for table in ("dimensions", "overall", "items"):
            alone, beside = (
                getattr(score(frame, SMALL, missing=policy), table)
                for frame in (complete, pl.concat([complete, nobody]))
            )
            assert_frame_equal(beside.with_columns(pl.col("n_missing") - 1), alone, rel_tol=1e-12)


def test_floats_that_are_keys_or_weights_stay_as_they_came():
    frame = survey(blanks=0.0).cast(pl.Float64)
    assert score(frame, SMALL, by="P1").dimensions.schema["P1"] == pl.Float64
    assert item_sums(frame, SMALL, by="P1").state.schema["P1"] == pl.Float64


@pytest.mark.parametrize(
    ("wrong", "message"),
    [(3.5, "3.5"), (3 + 1e-9, "3.000000001"), (np.nan, "nan"), (np.inf, "inf"), (258.0, "258.0"), (0.0, "0.0")],
)
@pytest.mark.parametrize("blanks", [0.0, 0.1])
def test_a_wrong_float_is_shown_as_it_came(wrong, message, blanks):
    frame = survey(blanks=blanks).cast(pl.Float64)
    frame = frame.with_columns(P3=pl.when(pl.int_range(pl.len()) == 150).then(wrong).otherwise("P3"))
    with pytest.raises(
        InputError, match=rf"'P3' \(perception of item 3\): 1 answers such as {message}; expected whole"
    ):
        score(frame, SMALL)


def test_narrowing_leaves_what_does_not_fit_alone():
    frame = pl.DataFrame({"whole": [1.0, None, 7.0], "part": [1.0, None, 1.5], "far": [1.0, 2.0, 8.0], "n": [1, 2, 3]})
    got = narrowed(frame, frame.columns, low=1, high=7)
    assert got.schema == {"whole": pl.Int8, "part": pl.Float64, "far": pl.Float64, "n": pl.Int64}
    assert_frame_equal(got.cast(frame.schema), frame)
    empty = pl.DataFrame(schema={"a": pl.Float64})
    assert narrowed(empty, ["a"], low=1, high=7).height == 0
    assert narrowed(frame, frame.columns, low=0, high=1000).schema == frame.schema


def test_sliders_keep_their_floats():
    slider = Scale("slider", {"a": [1, 2]}, low=0, high=100, whole=False, standard="none")
    frame = pl.DataFrame({"P1": [1.0, 50.0], "P2": [2.0, 99.0]})
    assert item_sums(frame, slider).state.schema["product"] == pl.Float64
