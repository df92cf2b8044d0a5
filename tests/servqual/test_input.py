"""The forms that questionnaires come in give the same scores, and what cannot be is an error that says where."""

import contextlib
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import SurveyAnswer, evaluate, servqual
from servicequality.datasets import servqual_survey
from servicequality.errors import InputError, ParameterError
from servicequality.servqual import (
    SERVQUAL_1988,
    SERVQUAL_1991,
    Scale,
    merge_scores,
    reliability,
    score,
    servperf,
    servqual_gap,
)

ITEMS = SERVQUAL_1991.items
TWO = Scale("two", {"a": [1, 2], "b": [3]}, low=1, high=7)
ANSWERS = {"E1": [7, 6], "E2": [6, 5], "E3": [7, 7], "P1": [5, 5], "P2": [5, 4], "P3": [6, 2]}


@pytest.fixture(scope="module")
def survey() -> pl.DataFrame:
    return servqual_survey(40, seed=1)


def same(frame: Any, target: pl.DataFrame, **columns: Any) -> None:
    expected = score(target, SERVQUAL_1991, importance="points_")
    got = score(frame, SERVQUAL_1991, **columns)
    assert_frame_equal(got.dimensions, expected.dimensions, rel_tol=1e-9)
    assert_frame_equal(got.overall, expected.overall, rel_tol=1e-9)


def test_prefixes_patterns_lists_and_maps(survey: pl.DataFrame) -> None:
    importance = [f"points_{dimension}" for dimension in SERVQUAL_1991.dimensions]
    renamed = survey.rename({f"{role}{i}": f"문항 {i}, {role}" for role in "EP" for i in ITEMS})
    same(renamed, survey, expectation="문항 {}, E", perception="문항 {}, P", importance=importance)
    listed = {role: [f"문항 {i}, {role}" for i in ITEMS] for role in "EP"}
    same(renamed, survey, expectation=listed["E"], perception=listed["P"], importance="points_")
    shuffled = renamed.select(sorted(renamed.columns))
    maps = {role: {int(i): f"문항 {i}, {role}" for i in reversed(ITEMS)} for role in "EP"}
    points = {dimension: f"points_{dimension}" for dimension in reversed(SERVQUAL_1991.dimensions)}
    same(shuffled, survey, expectation=maps["E"], perception=maps["P"], importance=points)


def test_other_dataframes(survey: pl.DataFrame) -> None:
    same(survey.to_pandas(), survey, importance="points_")
    same(survey.to_dict(as_series=False), survey, importance="points_")


def test_the_order_of_the_questionnaire_need_not_be_that_of_the_dimensions() -> None:
    scale = Scale("mixed", {"a": ["x", "z"], "b": ["y"]}, low=1, high=7, items=["x", "y", "unscored", "z"])
    frame = {"q1": [1], "q2": [2], "q3": [7], "q4": [3], "r1": [2], "r2": [4], "r3": [1], "r4": [6]}
    scores = score(frame, scale, expectation=["q1", "q2", "q3", "q4"], perception=["r1", "r2", "r3", "r4"])
    assert scores.dimensions.filter(measure="gap")["value"].to_list() == [(1 + 3) / 2, 2]
    assert scores.items["item"].unique(maintain_order=True).to_list() == ["x", "z", "y"]


def long_of(survey: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, tuple[str, str]]]:
    questions = {f"E{i}": ("expectation", i) for i in ITEMS} | {f"P{i}": ("perception", i) for i in ITEMS}
    questions |= {f"points_{dimension}": ("importance", dimension) for dimension in SERVQUAL_1991.dimensions}
    long = survey.unpivot(
        [*questions, "satisfaction"], index=["respondent_id", "branch"], variable_name="question", value_name="score"
    )
    return long.sample(fraction=1.0, shuffle=True, seed=1), questions


def test_long_answers(survey: pl.DataFrame) -> None:
    long, questions = long_of(survey)
    same(long, survey, questions=questions)
    expected = score(survey, SERVQUAL_1991, by="branch").dimensions
    got = score(long.lazy(), SERVQUAL_1991, questions=questions, by="branch").dimensions.collect()
    kept = got.filter(pl.col("measure").is_in(["expectation", "perception", "gap", "servperf"]))
    assert_frame_equal(kept, expected, rel_tol=1e-9)


def test_records_of_answers() -> None:
    rows = [
        SurveyAnswer(respondent_id="r1", question=column, score=values[0], weight=2.0)
        for column, values in ANSWERS.items()
    ]
    questions = {f"E{i}": ("expectation", i) for i in (1, 2, 3)} | {f"P{i}": ("perception", i) for i in (1, 2, 3)}
    gaps = score(rows, TWO, questions=questions, weight="weight").dimensions.filter(measure="gap")
    assert gaps["value"].to_list() == [-1.5, -1.0]


def test_long_answers_that_contradict_themselves(survey: pl.DataFrame) -> None:
    long, questions = long_of(survey)
    twice = pl.concat([long, long.filter(question="E1", respondent_id="r3")])
    with pytest.raises(
        InputError, match="answers a question once, but 'E1' has several answers of 'r3'; drop the repeats"
    ):
        score(twice, SERVQUAL_1991, questions=questions)
    lazy = score(twice.lazy(), SERVQUAL_1991, questions=questions)
    with pytest.raises(InputError, match="answers a question once"):
        lazy.overall.collect()
    moved = long.with_columns(
        branch=pl.when((pl.col("respondent_id") == "r3") & (pl.col("question") == "E1"))
        .then(pl.lit("west"))
        .otherwise("branch")
    )
    with pytest.raises(InputError, match="column 'branch' changes between the rows of 1 respondents such as 'r3'"):
        score(moved, SERVQUAL_1991, questions=questions, by="branch")
    with pytest.raises(
        ParameterError, match="'E1' is given the role 'hope'; known are expectation, perception, importance"
    ):
        score(long, SERVQUAL_1991, questions={**questions, "E1": ("hope", "1")})
    with pytest.raises(ParameterError, match="expectation of '1' is asked twice, by 'E1' too"):
        score(long, SERVQUAL_1991, questions={**questions, "satisfaction": ("expectation", "1")})
    with pytest.raises(ParameterError, match="perception: 21 of 22 columns are given; '22' lacks its own"):
        score(long, SERVQUAL_1991, questions={name: of for name, of in questions.items() if name != "P22"})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"expectation": ["E1", "E2"]}, r"expectation: 2 columns for 3 names \(1, 2, 3\); give them in that order"),
        (
            {"expectation": ["E1", "E2", "E2"]},
            "'E2' stand for two answers; each item of each role needs a column of its own",
        ),
        ({"expectation": "P"}, "'P1', 'P2', 'P3' stand for two answers"),
        ({"expectation": {1: "E1", 3: "E3"}}, "expectation: 2 of 3 columns are given; '2' lacks its own"),
        ({"expectation": {1: "E1", 2: "E2", 3: "E3", 4: "P1"}}, "expectation: the scale has no '4'; it has 1, 2, 3"),
        (
            {"importance": {"a": "P1", "bb": "P2"}},
            r"importance: the scale has no 'bb' \(did you mean 'b'\?\); it has a, b",
        ),
        ({"expectation": [1, 2, 3]}, "expectation: a column is given by its name, got 1"),
    ],
)
def test_maps_that_do_not_fit(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        score(ANSWERS, TWO, **columns)


def test_a_scale_is_a_scale() -> None:
    with pytest.raises(ParameterError, match="expected a Scale, such as SERVQUAL_1991, got 'servqual'"):
        score(ANSWERS, "servqual")  # type: ignore[call-overload]


def test_a_questionnaire_of_21_items_is_none_of_22(survey: pl.DataFrame) -> None:
    with pytest.raises(InputError, match=r"perception of SERVQUAL 1991, 22 columns: no column 'P22' \(did you mean"):
        score(survey.drop("P22"), SERVQUAL_1991)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"E2": [6, 8]},
            r"column 'E2' \(expectation of item 2\): 1 answers such as 8; expected whole numbers from 1 to 7; is it",
        ),
        ({"P3": [0, 0]}, r"column 'P3' \(perception of item 3\): 2 answers such as 0, 0"),
        ({"P3": [6.0, 2.5]}, r"column 'P3' .*: 1 answers such as 2.5; expected whole"),
        ({"P3": [6.0, float("nan")]}, r"column 'P3' .*: 1 answers such as nan"),
        ({"P3": [float("-inf"), None]}, r"column 'P3' .*: 1 answers such as -inf"),
        ({"P3": ["6", "2"]}, r"column 'P3' holds String, expected numbers \(1 such\); cast it first"),
        ({"P3": [True, False]}, "column 'P3' holds Boolean, expected numbers"),
        ({"P1": [50, 60], "P2": [50, 60], "P3": [9, 9], "E1": [10, 10]}, r"'P2' .*\n.*'P3' .*|and 1 columns more"),
    ],
)
def test_answers_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    frame = pl.DataFrame({**ANSWERS, **changed}, strict=False)
    with pytest.raises(InputError, match=message):
        score(frame, TWO)
    with pytest.raises(InputError, match=message):  # the check is the caller's to meet, when it collects
        score(frame.lazy(), TWO).dimensions.collect()


def test_a_slider_has_answers_between_and_no_nan() -> None:
    slider = Scale("slider", {"a": [1]}, low=0, high=1, whole=False)
    assert score({"E1": [0.75], "P1": [0.5]}, slider).dimensions.filter(measure="gap")["value"].item() == -0.25
    with pytest.raises(InputError, match="such as nan; expected numbers from 0 to 1"):
        score({"E1": [float("nan")], "P1": [0.5]}, slider)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            (50, 49),
            r"1 respondents with points that do not add up to 100: columns wa, wb such as \[50, 49\]; each divides",
        ),
        ((50.5, 50.1), "points that do not add up to 100"),
        ((-1, 101), "1 respondents with negative or not finite: columns wa, wb"),
        ((float("nan"), 50.0), "negative or not finite"),
        ((float("inf"), 50.0), "negative or not finite"),
    ],
)
def test_points_that_cannot_be(points: tuple[float, float], message: str) -> None:
    frame = {**ANSWERS, "wa": [points[0], None], "wb": [points[1], None]}
    with pytest.raises(InputError, match=message):
        score(frame, TWO, importance="w")


@pytest.mark.parametrize("points", [(50, 50.1), (50, 49.5), (100, 0), (50, None), (None, None)])
def test_rounding_and_blanks_pass(points: tuple[Any, Any]) -> None:
    frame = {**ANSWERS, "wa": [points[0], 50.0], "wb": [points[1], 50.0]}
    weighted = score(frame, TWO, importance="w").overall.filter(measure="weighted_gap")
    assert weighted["n"].item() == (1 if None in points else 2)


def test_a_column_of_nulls_is_blank() -> None:
    scores = score({**ANSWERS, "P3": [None, None]}, TWO)
    assert scores.dimensions.filter(dimension="b", measure="servperf")["n"].item() == 0


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Int128, pl.Float16, pl.Float32, pl.Decimal(4, 1)])
def test_answers_of_any_type_are_scored_alike(dtype: Any) -> None:
    generator = np.random.default_rng(5)
    names = [f"{role}{item}" for role in "EP" for item in SERVQUAL_1988.items]
    wide = pl.DataFrame({name: generator.integers(1, 8, 40) for name in names})
    other = wide.cast(dtype)
    for made in (lambda frame: score(frame, SERVQUAL_1988).overall, lambda frame: reliability(frame, SERVQUAL_1988)):
        assert_frame_equal(made(other), made(wide), rel_tol=1e-12)
    rows, right = (score(frame, SERVQUAL_1988).respondents for frame in (other, wide))
    decimals = rows.select("gap_reliability", "servperf_tangibles").cast(pl.Decimal(20, 9))
    metrics = [servqual_gap("reliability"), servperf("tangibles")]
    assert_frame_equal(evaluate(decimals, metrics), evaluate(right, metrics), rel_tol=1e-6)


def test_keys_and_weights_that_look_like_patterns() -> None:
    generator = np.random.default_rng(6)
    names = [f"{role}{item}" for role in "EP" for item in SERVQUAL_1988.items]
    plain = pl.DataFrame({name: generator.integers(1, 8, 40) for name in names})
    plain = plain.with_columns(k=pl.Series(["a", "b"] * 20), w=pl.Series([1.0, 2.0] * 20))
    odd = plain.rename({"k": "^k$", "w": "*"})
    right, result = score(plain, SERVQUAL_1988, by="k", weight="w"), score(odd, SERVQUAL_1988, by="^k$", weight="*")
    assert_frame_equal(result.dimensions.rename({"^k$": "k"}), right.dimensions, rel_tol=1e-12)
    assert_frame_equal(result.overall.rename({"^k$": "k"}), right.overall, rel_tol=1e-12)
    lazy = score(odd.lazy(), SERVQUAL_1988, by="^k$", weight="*").overall.collect()
    assert_frame_equal(lazy, result.overall, rel_tol=1e-12)
    assert result.respondents.columns[:2] == ["^k$", "*"]
    parts = [score(part, SERVQUAL_1988, by="^k$", weight="*").state for part in (odd.head(15), odd.tail(25))]
    merged = merge_scores(parts, SERVQUAL_1988)
    assert_frame_equal(merged.overall, result.overall, rel_tol=1e-12)
    with pytest.raises(
        ParameterError, match=r"by: Polars reads the name '\^k\$' as a pattern; rename the column first"
    ):
        reliability(odd, SERVQUAL_1988, by="^k$")


JUNK: list[Any] = ["1", "", None, 1.5, -1, 10**400, True, float("nan"), [], ["a", "a"], {}, {"a": 1}, [[1]], object()]


@pytest.mark.parametrize("field", ["name", "dimensions", "low", "high", "reversed", "standard", "items", "whole"])
def test_a_scale_of_anything_is_a_scale_or_an_error_of_ours(field: str) -> None:
    document = {"name": "two", "dimensions": {"a": [1, 2], "b": [3]}, "low": 1, "high": 7}
    for value in JUNK:
        for make in (Scale.from_dict, lambda fields: Scale(**fields)):
            try:
                made = make(document | {field: value})
            except (InputError, ParameterError):
                continue
            assert Scale.from_toml(made.to_toml()) == made


def test_what_is_wrong_with_a_scale_is_said() -> None:
    with pytest.raises(ParameterError, match="low must be below high, both finite numbers, got '1' and 7"):
        Scale("two", {"a": [1]}, low="1", high=7)
    with pytest.raises(ParameterError, match="dimensions must map names to lists of items"):
        Scale("two", [1, 2], low=1, high=7)
    with pytest.raises(ParameterError, match="reversed must be a list of items, got 5"):
        Scale("two", {"a": [1]}, low=1, high=7, reversed=5)
    with pytest.raises(InputError, match="the scale's TOML must be a text, got bytes"):
        Scale.from_toml(b"name = 'two'")
    for read in (Scale.from_toml, Scale.from_json):
        with pytest.raises(InputError, match="nested too deep"):
            read(("name = " if read == Scale.from_toml else "") + "[" * 5_000 + "]" * 5_000)


DECIMALS = pl.DataFrame(ANSWERS).cast(pl.Decimal(10, 2))
ROWS: list[pl.DataFrame] = [
    DECIMALS,
    pl.DataFrame(ANSWERS),
    pl.DataFrame(ANSWERS).cast(pl.String),
    pl.DataFrame(ANSWERS).cast(pl.Int8),
    pl.DataFrame(ANSWERS).clear(),
    pl.DataFrame(ANSWERS).head(1),
    pl.DataFrame(),
    *(pl.DataFrame({name: [value] * 2 for name in ANSWERS}) for value in (None, 7, 1e308, float("nan"))),
]
CALLS = [
    "alpha", "combined_reliability", "correlations", "difference_reliability", "htmt", "item_analysis", "item_sums",
    "omega", "reliability", "response_quality", "score", "zone_of_tolerance",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::servicequality.errors.ServiceQualityWarning")
@pytest.mark.parametrize("name", CALLS)
def test_only_our_own_errors_leave_a_call(name: str) -> None:
    call = getattr(servqual, name)
    for rows in ROWS:
        for given in (rows, rows.lazy()):
            with contextlib.suppress(InputError, ParameterError):
                made = call(given, TWO)
                if isinstance(made, pl.LazyFrame):
                    made.collect()
    for scale in (None, "SERVQUAL", 5, []):
        with pytest.raises((InputError, ParameterError)):
            call(pl.DataFrame(ANSWERS), scale)


def test_decimals_score_as_the_numbers_that_they_are() -> None:
    assert_frame_equal(
        score(DECIMALS, TWO).dimensions, score(pl.DataFrame(ANSWERS), TWO).dimensions, check_dtypes=False
    )
