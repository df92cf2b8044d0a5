"""Scores against plain loops over rows: every policy, every measure, by group; and what is undefined."""

import math
from dataclasses import replace
from statistics import fmean

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.special import stdtrit

import servicequality as sq
from drawing import few
from servicequality import stats
from servicequality.datasets import servqual_survey
from servicequality.errors import ParameterError
from servicequality.servqual import SERVPERF, SERVQUAL_1988, SERVQUAL_1991, Scale, score
from servqual.questionnaires import POINTS, SMALL, Row, by_pair, frame_of, respondent, rows_of, student

MEASURES = ("expectation", "perception", "gap", "servperf")
POLICIES = ("dimension_complete", "half", "listwise")


def close(got: float | None, expected: float | None) -> bool:
    return got is None if expected is None else got is not None and math.isclose(got, expected, abs_tol=1e-9)


@few(12)
@given(rows_of(), st.sampled_from(POLICIES))
def test_respondents_are_scored_as_the_definition_says(rows: list[Row], missing: str) -> None:
    scored = score(frame_of(rows), SMALL, importance=POINTS, missing=missing).respondents  # type: ignore[call-overload]
    for got, row in zip(scored.to_dicts(), rows, strict=True):
        for name, expected in respondent(row, SMALL, missing).items():
            assert close(got[name], expected), name
        assert (got["key"], got["part"]) == (row["key"], row["part"])
        assert "E1" not in got


@few(12)
@given(rows_of(), st.sampled_from(POLICIES))
def test_tables_are_means_of_the_respondents(rows: list[Row], missing: str) -> None:
    scores = score(frame_of(rows), SMALL, importance=POINTS, missing=missing, by="key")  # type: ignore[call-overload]
    for key in {row["key"] for row in rows}:
        own = [respondent(row, SMALL, missing) for row in rows if row["key"] == key]
        dimensions = by_pair(scores.dimensions.filter(key=key))
        overall = by_pair(scores.overall.filter(key=key).with_columns(dimension=pl.lit("overall")))
        for measure in MEASURES:
            means = []
            for dimension in SMALL.dimensions:
                mean, se, n = student([one[f"{measure}_{dimension}"] for one in own])
                got = dimensions[dimension, measure]
                assert close(got["value"], mean)
                assert close(got["se"], se)
                assert (got["n"], got["n_missing"]) == (n, len(own) - n)
                assert (got["value"] is None) == (got["reason"] == "no respondent has a score in it")
                means.append(mean)
            got = overall["overall", measure]
            _, se, n = student([one[f"{measure}_overall"] for one in own])
            assert close(got["value"], None if None in means else fmean(means))  # type: ignore[arg-type]
            assert (got["value"] is None) == (got["reason"] == "a dimension has no scores")
            assert close(got["se"], se if got["value"] is not None else None)
            assert got["n"] == n
        for measure in ("weighted_gap", "weighted_servperf"):
            mean, se, n = student([one[f"{measure}_overall"] for one in own])
            got = overall["overall", measure]
            assert close(got["value"], mean)
            assert close(got["se"], se)
            assert got["n"] == n


def test_a_paired_t_interval() -> None:
    from scipy.stats import ttest_rel

    felt, hoped = [5, 4, 6, 3, 5], [6, 6, 7, 5, 6]
    scale = Scale("one", {"d": [1]}, low=1, high=7)
    for level in (0.9, 0.95):
        row = by_pair(score({"E1": hoped, "P1": felt}, scale, level=level).dimensions)["d", "gap"]
        limits = stats.bounded_mean_interval(5, -1.4, 1.2, low=-6, high=6, added=1 / 8, level=level)
        low, high = (float(limit) for limit in limits)
        assert (row["value"], row["low"], row["high"]) == pytest.approx((-1.4, low, high))
        assert (row["method"], row["level"], row["n"]) == ("adjusted_t", level, 5)
        # Of a score whose scale is not given the limits are the paired t interval.
        scores = score(pl.DataFrame({"E1": hoped, "P1": felt}), scale).respondents
        plain = sq.servqual_gap("d").estimate(scores, level=level)
        assert (plain.low, plain.high) == pytest.approx(tuple(ttest_rel(felt, hoped).confidence_interval(level)))
        assert plain.method == "t"


def whole(scale: Scale, answer: int, n: int = 1) -> dict[str, list[int]]:
    return {f"{role}{item}": [answer] * n for role in "EP" for item in scale.items}


def test_reversed_items_are_turned_once_in_both_roles() -> None:
    """All say 7 to expectations and 6 to perceptions; on the negative items of 1988 that is a service above what is hoped."""
    frame = whole(SERVQUAL_1991, 7) | {f"P{item}": [6] for item in SERVQUAL_1991.items}
    gaps = score(frame, SERVQUAL_1988).dimensions.filter(measure="gap")
    assert dict(zip(gaps["dimension"], gaps["value"], strict=True)) == {
        "tangibles": -1, "reliability": -1, "responsiveness": 1, "assurance": -1, "empathy": 1,
    }  # fmt: skip
    assert set(score(frame, SERVQUAL_1991).dimensions.filter(measure="gap")["value"]) == {-1.0}


def test_one_respondent_says_next_to_nothing() -> None:
    scores = score(whole(SERVQUAL_1991, 4), SERVQUAL_1991)
    for table in (scores.dimensions, scores.overall):
        assert table["value"].null_count() == 0
        gap = table.filter(measure="gap")
        assert set(gap["low"]) == {-6.0}
        assert set(gap["high"]) == {6.0}
        assert gap["se"].null_count() == gap.height


def test_items_without_variance_have_limits_all_the_same() -> None:
    row = by_pair(score(whole(SERVQUAL_1991, 4, 3), SERVQUAL_1991).dimensions)["empathy", "gap"]
    # Three gaps of 0 and an eighth of one at either end: of 3.25 numbers a variance of 2/8 · 36 / 3.25, and t of 2.25.
    half = float(stdtrit(2.25, 0.975)) * (0.25 * 36 / 3.25 / 3.25) ** 0.5
    assert (row["value"], row["se"], row["n"]) == (0, 0, 3)
    assert (row["low"], row["high"]) == pytest.approx((-half, half))


def test_overall_is_the_mean_of_dimensions_each_on_its_own_respondents() -> None:
    scale = Scale("two", {"a": [1], "b": [2]}, low=1, high=7)
    frame = {"E1": [5, 5, 5], "P1": [4, 4, 1], "E2": [5, 5, None], "P2": [5, 3, 5]}
    row = score(frame, scale).overall.row(2, named=True)
    assert (row["measure"], row["n"], row["n_missing"]) == ("gap", 2, 1)
    assert row["value"] == pytest.approx((-2.0 + -1.0) / 2)  # the two who have both have a mean of -1
    assert "limits from the rows that have all 2 numbers" in row["notes"]
    # Of the two who have both: gaps of -1/2 and -3/2 about -1, moved by -1/2.
    low, high = (float(limit) for limit in stats.bounded_mean_interval(2, -1.0, 0.5, low=-6, high=6, added=1 / 8))
    assert (row["low"], row["high"]) == pytest.approx((max(low - 0.5, -6), high - 0.5))
    assert row["se"] == pytest.approx(0.5)


def test_a_dimension_without_data_makes_the_whole_null() -> None:
    frame = whole(SERVQUAL_1991, 4, 2) | {f"E{item}": [None, None] for item in SERVQUAL_1991.dimensions["empathy"]}
    scores = score(frame, SERVQUAL_1991, missing="half")
    row = by_pair(scores.dimensions)["empathy", "gap"]
    assert (row["value"], row["n"], row["n_missing"]) == (None, 0, 2)
    assert row["reason"] == "no respondent has a score in it"
    gap, servperf = (scores.overall.filter(measure=measure).row(0, named=True) for measure in ("gap", "servperf"))
    assert (gap["value"], gap["reason"]) == (None, "a dimension has no scores")
    assert (servperf["value"], servperf["reason"]) == (4.0, None)


def test_nobody() -> None:
    scores = score(frame_of([]), SMALL, importance=POINTS)
    assert set(scores.dimensions["reason"]) == {"no respondent has a score in it"}
    assert set(scores.overall["reason"]) == {"a dimension has no scores", "no respondent has a score in it"}
    assert score(frame_of([]), SMALL, by="key").dimensions.is_empty()


def test_servperf_is_the_same_from_either_instrument() -> None:
    frame = pl.DataFrame({"E1": [3, 6], "P1": [4, 5]})
    both, alone = (Scale("x", {"d": [1]}, low=1, high=7, standard=kind) for kind in ("expectation", "none"))  # type: ignore[arg-type]
    expected = score(frame, both).dimensions.filter(measure="servperf")
    assert expected.equals(score(frame.drop("E1"), alone).dimensions)
    assert score(whole(SERVPERF, 4), SERVPERF).overall["measure"].to_list() == ["servperf"]


def test_points_are_divided_by_their_own_sum() -> None:
    scale = Scale("two", {"a": [1], "b": [2]}, low=1, high=7)
    answers = {"E1": [7], "P1": [6], "E2": [7], "P2": [4]}
    for points in ((25, 75), (24.9, 75.5), (25.0, 74.9)):
        frame = answers | {"wa": [points[0]], "wb": [points[1]]}
        row = by_pair(score(frame, scale, importance="w").overall.with_columns(dimension=pl.lit("o")))
        share = points[0] / sum(points)
        assert row["o", "weighted_gap"]["value"] == pytest.approx(-share - 3 * (1 - share))
        assert row["o", "weighted_servperf"]["value"] == pytest.approx(6 * share + 4 * (1 - share))


def test_weights_after_averaging_stand_beside_and_differ() -> None:
    """Who cares for a has the small gap there, and the reverse: the mean of products is not the product of means."""
    scale = Scale("two", {"a": [1], "b": [2]}, low=1, high=7)
    frame = {"E1": [7, 7], "P1": [7, 3], "E2": [7, 7], "P2": [3, 7], "wa": [100, 0], "wb": [0, 100]}
    overall = score(frame, scale, importance="w").overall
    value = dict(zip(overall["measure"], overall["value"], strict=True))
    assert (value["weighted_gap"], value["weighted_gap_of_means"]) == (0.0, -2.0)
    last = overall.row(-1, named=True)
    assert (last["measure"], last["low"], last["method"]) == ("weighted_gap_of_means", None, "none")
    assert last["notes"] == "weights applied after averaging, to be compared"


def test_contributions_add_up_to_the_weighted_gap() -> None:
    frame = servqual_survey(200, seed=3).drop_nulls()
    scores = score(frame, SERVQUAL_1991, importance="points_")
    for measure in ("weighted_gap", "weighted_servperf"):
        parts = scores.dimensions.filter(measure=measure)["value"].sum()
        assert scores.overall.filter(measure=measure)["value"].item() == pytest.approx(parts)


def test_survey_weights_and_clusters_are_those_of_evaluate() -> None:
    frame = servqual_survey(300, seed=3).with_columns(w=pl.int_range(300) % 3 + 0.5, shop=pl.int_range(300) % 20)
    scores = score(frame, SERVQUAL_1991, weight="w", cluster="shop", by="branch")
    metrics = [sq.servqual_gap("empathy", scale=(1, 7)), sq.servqual_gap(scale=(1, 7))]
    expected = sq.evaluate(scores.respondents, metrics, by="branch", weight="w", cluster="shop")
    figures = ["branch", "value", "low", "high", "se", "n", "n_missing", "n_eff"]
    got = [scores.dimensions.filter(dimension="empathy", measure="gap"), scores.overall.filter(measure="gap")]
    for table, metric in zip(got, [metric.name for metric in metrics], strict=True):
        assert_frame_equal(table.select(figures), expected.filter(metric=metric).select(figures), rel_tol=1e-9)
    plain = by_pair(score(frame, SERVQUAL_1991).dimensions)["empathy", "gap"]["value"]
    assert plain != by_pair(score(frame, SERVQUAL_1991, weight="w").dimensions)["empathy", "gap"]["value"]


def test_items_stand_on_who_answered_them() -> None:
    items = by_pair(score({"E1": [7, 6], "P1": [5, 5], "E2": [7, None], "P2": [4, 2]}, _two()).items, "item")
    assert items["1", "gap"]["value"] == -1.5
    assert (items["2", "gap"]["value"], items["2", "gap"]["n"], items["2", "servperf"]["value"]) == (-3.0, 1, 3.0)


def _two() -> Scale:
    return Scale("two", {"d": [1, 2]}, low=1, high=7)


def test_periods() -> None:
    frame = pl.DataFrame(
        {
            "E1": [7, 7, 7],
            "P1": [5, 6, 7],
            "E2": [7] * 3,
            "P2": [5, 6, 7],
            "day": ["2026-01-31", "2026-02-01", "2026-02-28"],
        }
    ).with_columns(pl.col("day").str.to_date())
    scores = score(frame, _two(), every="1mo", at="day")
    gaps = scores.dimensions.filter(measure="gap")
    assert gaps["period"].dt.month().to_list() == [1, 2]
    assert gaps["value"].to_list() == [-2.0, -0.5]
    assert "period" not in scores.respondents.columns


@pytest.mark.parametrize("missing", POLICIES)
def test_lazy_is_eager(missing: str) -> None:
    frame = servqual_survey(50, seed=3)
    eager = score(frame, SERVQUAL_1991, importance="points_", by="wave", missing=missing)  # type: ignore[call-overload]
    lazy = score(frame.lazy(), SERVQUAL_1991, importance="points_", by="wave", missing=missing)  # type: ignore[call-overload]
    assert_frame_equal(lazy.state.sums, eager.state.sums)  # a state is read at once
    for name in ("respondents", "dimensions", "overall", "items"):
        plan, table = getattr(lazy, name), getattr(eager, name)
        assert isinstance(plan, pl.LazyFrame)
        assert plan.collect_schema() == table.schema
        assert_frame_equal(plan.collect(), table, rel_tol=1e-12)


def test_the_callers_frame_is_left_alone() -> None:
    frame = servqual_survey(20, seed=3)
    before = frame.clone()
    scores = score(frame, SERVQUAL_1991, importance="points_")
    assert scores.overall.height
    assert scores.items.height
    assert frame.equals(before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "mean"}, "missing must be one of 'dimension_complete', 'half', 'listwise'; got 'mean'"),
        ({"by": "measure"}, "by names 'measure', which is a column of the tables"),
        ({"level": 95}, "level must be between 0 and 1"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        score(frame_of([]).rename({"key": "measure"}), SMALL, **options)  # type: ignore[call-overload]


def test_columns_that_the_scores_need() -> None:
    with pytest.raises(ParameterError, match="'gap_a' is a column of the scores and of the frame"):
        score(frame_of([]).rename({"key": "gap_a"}), SMALL)


def test_small_whole_numbers_do_not_wrap() -> None:
    frame = pl.DataFrame(whole(SERVQUAL_1991, 7) | {f"P{item}": [1] for item in SERVQUAL_1991.items})
    for dtype in (pl.UInt8, pl.Int8, pl.UInt64, pl.Float32):
        gaps = score(frame.cast(dtype), replace(SERVQUAL_1991, reversed=["1"])).dimensions.filter(measure="gap")
        assert gaps["value"].to_list() == [-3.0, -6, -6, -6, -6]
