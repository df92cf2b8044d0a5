"""Laws of scores: what must not matter, what must turn the sign, and that parts add up to the whole."""

import functools
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drawing import few
from servicequality.errors import InputError, ParameterError
from servicequality.servqual import SERVQUAL_1991, Scale, merge_scores, score
from servicequality.servqual.layout import recoded
from servqual.questionnaires import POINTS, SMALL, Row, frame_of, rows_of

SAME = functools.partial(assert_frame_equal, rel_tol=1e-9, abs_tol=1e-9)
FIGURES = ("value", "low", "high", "se", "n", "n_missing")


def table(frame: pl.DataFrame, scale: Scale = SMALL, *, measure: str = "gap", **options: object) -> pl.DataFrame:
    scores = score(frame, scale, **options)  # type: ignore[call-overload]
    parts = [scores.dimensions.drop("dimension"), scores.overall]
    return pl.concat(part.filter(measure=measure).select(FIGURES) for part in parts)


@few(8)
@given(rows_of(), st.integers(-3, 3))
def test_a_constant_added_to_both_sides_changes_no_gap(rows: list[Row], constant: int) -> None:
    frame, wide = frame_of(rows), replace(SMALL, low=-9, high=17)  # turned about the same middle
    moved = frame.with_columns(pl.col("^[EP].$") + constant)
    SAME(table(moved, wide), table(frame, wide))


@few(8)
@given(rows_of())
def test_swapping_the_sides_turns_the_sign(rows: list[Row]) -> None:
    frame = frame_of(rows)
    swapped = table(frame, expectation="P", perception="E")
    turned = swapped.select(
        -pl.col("value"), low=-pl.col("high"), high=-pl.col("low"), se="se", n="n", n_missing="n_missing"
    )
    SAME(turned, table(frame))


@few(4)
@given(rows_of(SERVQUAL_1991, min_size=2))
def test_weights_of_20_each_are_no_weights(rows: list[Row]) -> None:
    dimensions = SERVQUAL_1991.dimensions
    frame = frame_of(rows, SERVQUAL_1991).with_columns(pl.lit(20).alias(f"w_{dimension}") for dimension in dimensions)
    complete = frame.drop_nulls([f"{role}{item}" for role in "EP" for item in SERVQUAL_1991.items])
    for data in (frame, complete):
        scores = score(data, SERVQUAL_1991, importance="w_")
        for name in ("gap", "servperf"):
            own = scores.respondents.select(a=f"{name}_overall", b=f"weighted_{name}_overall")
            SAME(own.select("a"), own.select(a="b"))
    overall = score(complete, SERVQUAL_1991, importance="w_").overall
    weighted, plain = (overall.filter(measure=name).select("value", "low", "high") for name in ("weighted_gap", "gap"))
    SAME(weighted, plain)


@few(8)
@given(rows_of())
def test_reversing_twice_is_the_identity(rows: list[Row]) -> None:
    frame = frame_of(rows)
    turned = [
        recoded(pl.col(name), SMALL).alias(name) for name in (f"{role}{i}" for role in "EP" for i in SMALL.reversed)
    ]
    once = frame.with_columns(turned)
    SAME(table(once, replace(SMALL, reversed=())), table(frame))
    assert_frame_equal(once.with_columns(turned), frame)


@few(5)
@given(rows_of(), st.sampled_from(["dimension_complete", "half", "listwise"]))
def test_the_state_of_any_split_is_the_state_of_the_whole(rows: list[Row], missing: str) -> None:
    frame = frame_of(rows)
    options = {"importance": POINTS, "missing": missing, "by": "key"}
    whole = score(frame, SMALL, **options)  # type: ignore[call-overload]
    states = [score(frame.filter(part=part), SMALL, **options).state for part in range(3)]  # type: ignore[call-overload]
    merged = merge_scores(states, SMALL)
    SAME(merged.dimensions, whole.dimensions)
    SAME(merged.overall, whole.overall)
    SAME(merge_scores(reversed(states), SMALL).sums, merged.sums)
    total = score(frame, SMALL, importance=POINTS, missing=missing)  # type: ignore[call-overload]
    assert merged.state is not None
    SAME(merge_scores([merged.state], SMALL, by=()).dimensions, total.dimensions)
    nothing = score(frame.clear(), SMALL, **options).state  # type: ignore[call-overload]
    SAME(merge_scores([nothing, merged.state], SMALL, by=[]).overall, total.overall)


def test_a_state_survives_parquet(tmp_path: object) -> None:
    frame = frame_of(
        [{f"{role}{i}": 4 for role in "EP" for i in SMALL.items} | {"points": None, "key": "x", "part": 0}]
    )
    scores = score(frame, SMALL, by="key")
    path = f"{tmp_path}/state.parquet"
    scores.plan.save(scores.state, path)
    SAME(merge_scores([scores.plan.load(path)], SMALL).dimensions, scores.dimensions)


def test_states_that_do_not_add() -> None:
    frame = frame_of(
        [{f"{role}{i}": 4 for role in "EP" for i in SMALL.items} | {"points": None, "key": "x", "part": 0}]
    )
    state = score(frame, SMALL).state
    with pytest.raises(ParameterError, match="nothing to merge"):
        merge_scores([], SMALL)
    with pytest.raises(InputError, match=r"states made with by=.* do not add"):
        merge_scores([state, score(frame, SMALL, by="key").state], SMALL)
    with pytest.raises(InputError, match="expected states, got DataFrame; make each with score"):
        merge_scores([frame], SMALL)
    with pytest.raises(
        InputError, match=r"states of different rows do not add: small, dimension_complete.*; small, half"
    ):
        merge_scores([state, score(frame, SMALL, missing="half").state], SMALL)
    with pytest.raises(
        InputError, match=r"the states were made by 'small, dimension_complete, .*', and the scale given is 'small"
    ):
        merge_scores([state], replace(SMALL, reversed=()))
    with pytest.raises(ParameterError, match=r"the states have no key 'shop'; they have \[\]"):
        merge_scores([state], SMALL, by="shop")
