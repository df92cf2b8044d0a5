"""Agreement of reviewers as tables: kernels over counts made by hand, the calibration session's truth, and bad input."""

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import stats
from servicequality.core.results import RESULT
from servicequality.datasets import calibration_reviews, calibration_truth
from servicequality.errors import InputError, ParameterError
from simulation import Simulate, assert_share

GRADES = [1, 2, 3]
TABLES = (
    sq.fleiss_kappa,
    sq.krippendorff_alpha,
    sq.gwet_ac1,
    sq.gwet_ac2,
    sq.brennan_prediger,
    sq.icc,
    sq.reviewer_agreement,
)


def long(table: list[list[Any]], **more: Any) -> pl.DataFrame:
    """A table of items by reviewers as one row a rating."""
    rows = [(f"t{i}", f"r{j}", rating) for i, row in enumerate(table) for j, rating in enumerate(row)]
    return pl.DataFrame(rows, schema=["ticket_id", "reviewer_id", "rating"], orient="row").with_columns(**more)


def figure(result: pl.DataFrame, metric: str) -> dict[str, Any]:
    return result.filter(metric=metric).row(0, named=True)


sessions = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.none() | st.sampled_from(GRADES), min_size=k, max_size=k), min_size=1, max_size=8)
)


@given(sessions, st.randoms())
def test_every_table_holds_what_its_kernel_says_of_counts_made_by_hand(table: list[list[Any]], random: Any) -> None:
    counts = np.array([[row.count(grade) for grade in GRADES] for row in table])
    frame = (
        long(table)
        .with_columns(pl.col("rating").cast(pl.Int64))
        .sample(fraction=1, shuffle=True, seed=random.randint(0, 99))
    )
    several = counts[counts.sum(axis=1) > 1]
    query: list[tuple[Any, str, Callable[[], stats.Agreement], dict[str, Any], bool]] = [
        (sq.fleiss_kappa, "fleiss_kappa", lambda: stats.fleiss_kappa(counts, unequal=True), {"unequal": "allow"}, True),
        (sq.gwet_ac1, "gwet_ac1", lambda: stats.gwet_ac1(counts), {}, False),
        (
            sq.gwet_ac2,
            "gwet_ac2",
            lambda: stats.gwet_ac2(counts, weights="quadratic", scores=GRADES),
            {"weights": "quadratic"},
            False,
        ),
        (sq.brennan_prediger, "brennan_prediger", lambda: stats.brennan_prediger(counts), {}, False),
        (
            sq.krippendorff_alpha,
            "krippendorff_alpha",
            lambda: stats.krippendorff_alpha(counts, scale="ratio", scores=GRADES),
            {"scale": "ratio"},
            True,
        ),
    ]
    for call, name, kernel, options, needs_use in query:
        result = call(frame, categories=GRADES, **options)
        assert result["metric"].to_list() == ["percent_agreement", name]
        row, percent = figure(result, name), figure(result, "percent_agreement")
        assert (row["n"], row["n_missing"]) == (len(several), int((counts.sum(axis=1) == 1).sum()))
        if not len(several):
            assert (row["value"], percent["value"]) == (None, None)
            assert row["reason"] == percent["reason"] == "no item was rated by two reviewers"
        elif needs_use and (several.sum(axis=0) > 0).sum() < 2:
            assert row["value"] is None
            assert "chance agreement is 1" in row["reason"]
            assert percent["value"] == 1
        else:
            expected = kernel()
            assert row["value"] == pytest.approx(expected.value, abs=1e-9)
            for column in ("low", "high", "se"):
                limit = getattr(expected, column)
                assert row[column] == (None if np.isnan(limit) else pytest.approx(limit, abs=1e-9))


@given(
    st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.sampled_from("abc")), min_size=1, max_size=12)
)
def test_cohens_table_is_counted_by_hand(pairs: list[tuple[Any, Any]]) -> None:
    table = [[sum(pair == (a, b) for pair in pairs) for b in "abc"] for a in "abc"]
    frame = long([list(pair) for pair in pairs]).with_columns(pl.col("rating").cast(pl.String))
    if not both_rate(pairs):
        return
    result = sq.cohen_kappa(frame, categories=["a", "b", "c"])
    row, percent = figure(result, "cohen_kappa"), figure(result, "percent_agreement")
    assert (row["n"], row["n_missing"]) == (np.sum(table), sum((a is None) != (b is None) for a, b in pairs))
    if not np.sum(table):
        assert row["reason"] == "no item was rated by two reviewers"
    elif len({grade for pair in pairs for grade in pair if None not in pair}) < 2:
        assert (row["value"], percent["value"]) == (None, 1)
    else:
        expected = stats.cohen_kappa(table)
        assert [row[key] for key in ("value", "low", "high", "se")] == pytest.approx(list(expected[:4]), abs=1e-12)
        assert percent["value"] == pytest.approx(expected.observed)


def both_rate(pairs: list[tuple[Any, Any]]) -> bool:
    return any(a is not None for a, _ in pairs) and any(b is not None for _, b in pairs)


@pytest.mark.parametrize("form", ["ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)"])
def test_icc_by_group_is_the_kernels(form: Any) -> None:
    rng = np.random.default_rng(1)
    tables = {
        name: 1e6 + rng.normal(0, 1, (n, 1)) + rng.normal(0, 0.5, (n, k)) for name, n, k in (("a", 9, 3), ("b", 14, 4))
    }
    frame = pl.concat(long(table.tolist(), team=pl.lit(name)) for name, table in tables.items())
    result = sq.icc(frame, by="team", form=form).filter(metric="icc")
    for row, table in zip(result.to_dicts(), tables.values(), strict=True):
        expected = stats.icc(table, form=form)
        assert [row["value"], row["low"], row["high"]] == pytest.approx([float(part) for part in expected], rel=1e-6)
        assert (row["n"], row["method"]) == (len(table), f"{form}, F")


def test_icc_of_items_that_lack_a_rating() -> None:
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    gaps = [*table, [4, None, 4, 4], [3, 3, None, None]]
    with pytest.raises(InputError, match=r"icc: 2 of 8 items lack a rating.*incomplete='leave_out'"):
        sq.icc(long(gaps))
    result = figure(sq.icc(long(gaps), incomplete="leave_out"), "icc")
    assert (result["n"], result["n_missing"]) == (6, 2)
    assert result["value"] == pytest.approx(float(stats.icc(table).value))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_calibration_sessions_truth_lies_within_the_limits(seed: int) -> None:
    rows, truth = calibration_reviews(1_500, seed=seed), calibration_truth()
    result = sq.reviewer_agreement(rows, by="category", scale="ordinal", level=0.999)
    cohen = sq.cohen_kappa(rows, by="category", reviewers=("reviewer-1", "reviewer-3"), level=0.999)
    every = pl.concat([result, cohen.filter(metric="cohen_kappa")])
    beyond = {"fleiss_kappa", "krippendorff_alpha", "cohen_kappa"}
    for row in every.filter(pl.col("metric") != "gwet_ac2").to_dicts():
        true = truth.filter(category=row["category"]).row(0, named=True)
        expected = true["agreement_beyond_chance" if row["metric"] in beyond else row["metric"]]
        assert row["low"] < expected < row["high"], (row["category"], row["metric"])


def test_the_truth_is_held_at_the_nominal_rate(simulate: Simulate) -> None:
    """100 sessions of 60 tickets: 95 % limits hold the truth of the tone's agreement in 95 % of them, give or take."""
    truth = calibration_truth().filter(category="tone").row(0, named=True)
    truths = {"fleiss_kappa": 0.49, "krippendorff_alpha": 0.49, "gwet_ac1": truth["gwet_ac1"]}

    def batch(rng: np.random.Generator) -> np.ndarray:
        sessions = pl.concat(
            calibration_reviews(60, seed=seed).filter(category="tone").with_columns(session=seed)
            for seed in rng.integers(2**31, size=100).tolist()
        )
        result = sq.reviewer_agreement(sessions, by="session")
        held = [
            result.filter(metric=metric).select((pl.col("low") <= true) & (pl.col("high") >= true)).to_series()
            for metric, true in truths.items()
        ]
        return np.column_stack(held)

    for held in simulate(3, batch).T:
        assert_share(held, 0.93, 0.955)


def test_categories_come_from_the_rows_own_scale() -> None:
    """A point of the scale that nobody gave is a category: chance gives it its part."""
    frame = long([[4, 4], [5, 4], [5, 5], [4, 4]])
    stated = frame.with_columns(scale_min=1, scale_max=5)
    assert figure(sq.brennan_prediger(frame), "brennan_prediger")["value"] == pytest.approx(
        (0.75 - 1 / 2) / (1 - 1 / 2)
    )
    assert figure(sq.brennan_prediger(stated), "brennan_prediger")["value"] == pytest.approx(
        (0.75 - 1 / 5) / (1 - 1 / 5)
    )
    kind = pl.Enum(["bad", "fair", "good"])
    named = long([["good", "good"], ["fair", "good"]]).with_columns(pl.col("rating").cast(kind))
    assert figure(sq.brennan_prediger(named), "brennan_prediger")["value"] == pytest.approx((0.5 - 1 / 3) / (1 - 1 / 3))
    one = figure(sq.gwet_ac1(long([[4, 4], [4, 4]])), "gwet_ac1")
    assert (one["value"], one["reason"]) == (None, "only one category is known: name all of them with categories=")
    assert figure(sq.gwet_ac1(long([[4, 4], [4, 4]]), categories=[1, 2, 3, 4, 5]), "gwet_ac1")["value"] == 1


def test_groups_keep_their_own_scale_and_a_group_of_nothing_its_row() -> None:
    frame = pl.concat([
        long([[4, 4], [5, 4]], category=pl.lit("tone"), scale_min=pl.lit(1), scale_max=pl.lit(5)),
        long([[1, 1], [0, 1]], category=pl.lit("privacy"), scale_min=pl.lit(0), scale_max=pl.lit(1)),
        long([[None, None]], category=pl.lit("empty"), scale_min=pl.lit(0), scale_max=pl.lit(1)).cast({"rating": pl.Int64}),
    ])  # fmt: skip
    result = sq.brennan_prediger(frame, by="category")
    assert result["category"].to_list() == ["empty"] * 2 + ["privacy"] * 2 + ["tone"] * 2
    chance = result.filter(metric="brennan_prediger")["value"].to_list()
    assert chance == [None, pytest.approx(0), pytest.approx((0.5 - 0.2) / 0.8)]
    assert result["notes"].to_list() == ["2 rows without a rating"] * 2 + [None] * 4
    assert result.schema == pl.Schema({"category": pl.String(), **RESULT})


@pytest.mark.parametrize("table", [*TABLES, sq.cohen_kappa], ids=lambda table: table.spec.name)
def test_lazy_stays_lazy_and_the_callers_frame_is_left_alone(table: Any) -> None:
    rows = calibration_reviews(30, seed=2, reviewers=2)
    before = rows.clone()
    lazy, eager = table(rows.lazy(), by="category"), table(rows, by="category")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager.schema
    assert_frame_equal(lazy.collect(), eager, rel_tol=1e-9)
    assert rows.equals(before)
    assert_frame_equal(table(rows.sample(fraction=1, shuffle=True, seed=1), by="category"), eager, rel_tol=1e-9)


@pytest.mark.parametrize("table", [*TABLES, sq.cohen_kappa], ids=lambda table: table.spec.name)
def test_of_nothing_there_is_one_row_a_figure_without_keys_and_none_with(table: Any) -> None:
    empty = calibration_reviews(2, reviewers=2).clear()
    options = {"reviewers": None} if table is sq.cohen_kappa else {}
    if table is sq.cohen_kappa:
        with pytest.raises(InputError, match="names 0 reviewers"):
            table(empty, **options)
        return
    result = table(empty)
    assert result["value"].null_count() == result.height > 0
    assert result["reason"].to_list() == ["no item was rated by two reviewers"] * result.height
    assert table(empty, by="category").height == 0


def test_pandas_and_truth_values_come_through_the_door() -> None:
    frame = long([[True, True], [False, True], [True, True]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from_pandas = frame.to_pandas()
    assert sq.gwet_ac1(from_pandas).equals(sq.gwet_ac1(frame))


def test_nothing_grows_with_pairs_of_reviewers() -> None:
    """Two thousand reviewers of one item: two million pairs, one row of counts."""
    rng = np.random.default_rng(0)
    frame = long([rng.integers(1, 6, 2_000).tolist() for _ in range(3)])
    counts = np.array([np.bincount(frame.filter(ticket_id=f"t{i}")["rating"], minlength=6)[1:] for i in range(3)])
    assert figure(sq.gwet_ac1(frame), "gwet_ac1")["value"] == pytest.approx(stats.gwet_ac1(counts).value)


ROWS = long([[1, 2], [3, 3], [2, 2]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sq.gwet_ac1(ROWS, categories=[1, 2]), InputError, r"holds 3\.0, outside the categories 1\.0, 2\.0"),
        (lambda: sq.gwet_ac1(ROWS, categories=[1, 1]), ParameterError, "categories must be different numbers"),
        (lambda: sq.gwet_ac1(ROWS, categories=[[]]), ParameterError, "categories must be different numbers"),
        (lambda: sq.gwet_ac1(ROWS, categories=["a"]), ParameterError, "must be different numbers, as the ratings are"),
        (lambda: sq.fleiss_kappa(long([[1, 1, None], [2, 2, 1]])), InputError, "from 2 to 3 ratings.*unequal='allow'"),
        (lambda: sq.cohen_kappa(long([[1, 1, 2]])), InputError, "'reviewer_id' names 3 reviewers, and Cohen's kappa compares"),
        (lambda: sq.cohen_kappa(ROWS, reviewers=["r0", "r9"]), ParameterError, "nobody in column 'reviewer_id' is called 'r9'"),
        (lambda: sq.cohen_kappa(ROWS, reviewers="r0"), ParameterError, "reviewers must name two reviewers, got 'r0'"),
        (lambda: sq.cohen_kappa(ROWS.lazy(), reviewers=-1).collect(), ParameterError, "must name two reviewers, got -1"),  # type: ignore[arg-type]
        (lambda: sq.gwet_ac2(ROWS, weights="cubic"), ParameterError, "gwet_ac2: weights must be one of 'none', 'linear'"),
        (lambda: sq.krippendorff_alpha(ROWS, scale="metric"), ParameterError, "scale must be one of 'nominal'"),
        (lambda: sq.reviewer_agreement(ROWS, scale="metric"), ParameterError, "scale must be one of 'nominal'"),
        (lambda: sq.fleiss_kappa(ROWS, unequal="maybe"), ParameterError, "unequal must be one of 'refuse', 'allow'"),
        (lambda: sq.icc(ROWS, form="ICC3"), ParameterError, r"form must be one of 'ICC\(1\)'"),
        (lambda: sq.icc(ROWS, incomplete="drop"), ParameterError, "incomplete must be one of 'refuse', 'leave_out'"),
        (lambda: sq.icc(long([["a", "b"], ["b", "b"]])), InputError, "'rating' holds texts, and the correlation"),
        (lambda: sq.gwet_ac2(long([["a", "b"], ["b", "b"]])), ParameterError, "weights='ordinal' needs an order"),
        (lambda: sq.krippendorff_alpha(long([["a", "b"]]), scale="ordinal"), ParameterError, "scale='ordinal' needs an order"),
        (lambda: sq.gwet_ac1(pl.concat([ROWS, ROWS])), InputError, r"6 times a reviewer rated an item.*\('t0', 'r0'\)"),
        (lambda: sq.cohen_kappa(pl.concat([ROWS, ROWS])), InputError, "6 times a reviewer rated an item twice"),
        (lambda: sq.icc(pl.concat([ROWS, ROWS])), InputError, "6 times a reviewer rated an item twice"),
        (lambda: sq.gwet_ac1(ROWS.with_columns(scale_min=1, scale_max=2)), InputError, "2 rows rated outside scale_min to"),
        (lambda: sq.gwet_ac1(calibration_reviews(5)), InputError, 'different scales .*group them with by="category"'),
        (lambda: sq.gwet_ac1(ROWS, by="rating"), ParameterError, "by='rating' would separate the ratings"),
        (lambda: sq.gwet_ac1(ROWS, by="team"), InputError, "gwet_ac1: no column 'team'"),
        (lambda: sq.gwet_ac1(ROWS.with_columns(rating=pl.lit(float("nan")))), InputError, "holds NaN or infinity"),
        (lambda: sq.gwet_ac1(ROWS.with_columns(rating=pl.lit(None, pl.Date))), InputError, "'rating' holds Date, expected"),
        (lambda: sq.gwet_ac1(long([[i, i + 0.5] for i in range(300)])), InputError, "600 different ratings, and 256"),
        (lambda: sq.gwet_ac1(ROWS, level=95), ParameterError, "level"),
    ],
)  # fmt: skip
def test_bad_input_and_wrong_calls(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_every_scale_of_alpha_by_the_definition_over_pairs() -> None:
    """The ordinal distance by Krippendorff's own words, on a table with a gap."""
    table = [[1, 2, 2], [3, 3, None], [2, 3, 3], [1, 1, 1]]
    result = figure(sq.krippendorff_alpha(long(table), scale="interval"), "krippendorff_alpha")
    rows = [[x for x in row if x is not None] for row in table]
    every = [x for row in rows for x in row]
    seen = sum((a - b) ** 2 / (len(row) - 1) for row in rows for a, b in itertools.permutations(row, 2)) / len(every)
    expected = sum((a - b) ** 2 for a, b in itertools.permutations(every, 2)) / (len(every) * (len(every) - 1))
    assert result["value"] == pytest.approx(1 - seen / expected)
