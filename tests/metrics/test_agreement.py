"""Agreement of reviewers: kernels over counts made by hand, the calibration session's truth, and bad input."""

import itertools
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from servicequality import stats
from servicequality.core import Metric
from servicequality.datasets import calibration_reviews, calibration_truth
from servicequality.errors import InputError, ParameterError
from simulation import Simulate, assert_share

GRADES = [1, 2, 3]
DEFINITIONS = (
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


def figure(frame: Any, metric: Metric) -> dict[str, Any]:
    return sq.evaluate(frame, metric).row(0, named=True)


def each(definition: Any) -> Metric:
    """The metric of a session of two reviewers that may have gaps."""
    options = {sq.icc: {"incomplete": "leave_out"}, sq.cohen_kappa: {"reviewers": ("reviewer-1", "reviewer-2")}}
    metric: Metric = definition(**options.get(definition, {}))
    return metric


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
        both = [call(categories=tuple(GRADES), **options).named(name), sq.reviewer_agreement(categories=tuple(GRADES))]
        row, percent = sq.evaluate(frame, both).rows(named=True)
        assert (row["n_eff"], row["n"], row["n_missing"]) == (
            len(several),
            several.sum(),
            frame.height - several.sum(),
        )
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
    row = figure(frame, sq.cohen_kappa(categories=("a", "b", "c")))
    percent = figure(frame, sq.reviewer_agreement(categories=("a", "b", "c")))
    assert (row["n_eff"], row["n_missing"]) == (np.sum(table), 2 * len(pairs) - 2 * np.sum(table))
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
    result = sq.evaluate(frame, sq.icc(form=form), by="team")
    for row, table in zip(result.to_dicts(), tables.values(), strict=True):
        expected = stats.icc(table, form=form)
        assert [row["value"], row["low"], row["high"]] == pytest.approx([float(part) for part in expected], rel=1e-6)
        assert (row["n_eff"], row["n"], row["method"]) == (len(table), table.size, f"{form}, F")


def test_icc_of_items_that_lack_a_rating() -> None:
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    gaps = [*table, [4, None, 4, 4], [3, 3, None, None]]
    with pytest.raises(InputError, match=r"2 of 8 items lack a rating.*incomplete='leave_out'"):
        sq.icc().estimate(long(gaps))
    result = figure(long(gaps), sq.icc(incomplete="leave_out"))
    assert (result["n_eff"], result["n"], result["n_missing"]) == (6, 24, 8)
    assert result["value"] == pytest.approx(float(stats.icc(table).value))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_calibration_sessions_truth_lies_within_the_limits(seed: int) -> None:
    rows, truth = calibration_reviews(1_500, seed=seed), calibration_truth()
    scale = {"scale_min": "scale_min", "scale_max": "scale_max"}
    metrics = [
        sq.reviewer_agreement().named("percent_agreement"),
        sq.fleiss_kappa(),
        sq.krippendorff_alpha(scale="ordinal").named("krippendorff_alpha"),
        sq.gwet_ac1(**scale),
        sq.brennan_prediger(**scale),
        sq.cohen_kappa(reviewers=("reviewer-1", "reviewer-3")).named("cohen_kappa"),
    ]
    beyond = {"fleiss_kappa", "krippendorff_alpha", "cohen_kappa"}
    for row in sq.evaluate(rows, metrics, by="category", level=0.999).to_dicts():
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
        scale = {"scale_min": "scale_min", "scale_max": "scale_max"}
        metrics = [sq.fleiss_kappa(), sq.krippendorff_alpha(), sq.gwet_ac1(**scale)]
        result = sq.evaluate(sessions, metrics, by="session")
        held = [
            result.filter(metric=metric).select((pl.col("low") <= true) & (pl.col("high") >= true)).to_series()
            for metric, true in truths.items()
        ]
        return np.column_stack(held)

    for held in simulate(3, batch).T:
        assert_share(held, 0.93, 0.955)


SCALE = {"scale_min": "scale_min", "scale_max": "scale_max"}


def test_categories_come_from_the_rows_own_scale() -> None:
    """A point of the scale that nobody gave is a category: chance gives it its part."""
    frame = long([[4, 4], [5, 4], [5, 5], [4, 4]])
    stated = frame.with_columns(scale_min=1, scale_max=5)
    assert sq.brennan_prediger().estimate(frame).value == pytest.approx((0.75 - 1 / 2) / (1 - 1 / 2))
    assert sq.brennan_prediger(**SCALE).estimate(stated).value == pytest.approx((0.75 - 1 / 5) / (1 - 1 / 5))
    kind = pl.Enum(["bad", "fair", "good"])
    named = long([["good", "good"], ["fair", "good"]]).with_columns(pl.col("rating").cast(kind))
    assert sq.brennan_prediger().estimate(named).value == pytest.approx((0.5 - 1 / 3) / (1 - 1 / 3))
    one = sq.gwet_ac1().estimate(long([[4, 4], [4, 4]]))
    assert (one.value, one.reason) == (None, "only one category is known: name all of them with categories=")
    assert sq.gwet_ac1(categories=(1, 2, 3, 4, 5)).estimate(long([[4, 4], [4, 4]])).value == 1


def test_groups_keep_their_own_scale_and_a_group_of_nothing_its_row() -> None:
    frame = pl.concat([
        long([[4, 4], [5, 4]], category=pl.lit("tone"), scale_min=pl.lit(1), scale_max=pl.lit(5)),
        long([[1, 1], [0, 1]], category=pl.lit("privacy"), scale_min=pl.lit(0), scale_max=pl.lit(1)),
        long([[None, None]], category=pl.lit("empty"), scale_min=pl.lit(0), scale_max=pl.lit(1)).cast({"rating": pl.Int64}),
    ])  # fmt: skip
    result = sq.evaluate(frame, sq.brennan_prediger(**SCALE), by="category")
    assert result["category"].to_list() == ["empty", "privacy", "tone"]
    assert result["value"].to_list() == [None, pytest.approx(0), pytest.approx((0.5 - 0.2) / 0.8)]
    assert result["n_missing"].to_list() == [2, 0, 0]


@pytest.mark.parametrize("definition", [*DEFINITIONS, sq.cohen_kappa], ids=lambda one: one.spec.name)
def test_of_nothing_there_is_one_row_without_keys_and_none_with(definition: Any) -> None:
    empty = calibration_reviews(2, reviewers=2).clear()
    result = each(definition).estimate(empty)
    assert result.value is None
    assert str(result.reason).startswith("no item was rated by")
    assert sq.evaluate(empty, each(definition), by="category").height == 0
    assert sq.cohen_kappa().estimate(empty).reason == "no item was rated by two reviewers"


def test_two_reviewers_are_named_and_the_others_left_out() -> None:
    table = [[1, 1, 2], [2, 1, 2], [3, 3, 1], [1, 2, None]]
    named = sq.cohen_kappa(reviewers=("r0", "r2")).estimate(long(table))
    alone = sq.cohen_kappa().estimate(long([[row[0], row[2]] for row in table]))
    assert (named.value, named.n_eff) == (alone.value, 3)
    assert (named.n, named.n_missing, named.n_excluded) == (6, 2, 4)
    strange = sq.cohen_kappa(reviewers=("r0", "r9")).estimate(long(table))
    assert strange.reason == "no item was rated by both 'r0' and 'r9'"


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float64(), pl.Decimal(38, 10), pl.String()])
def test_reviewers_may_be_numbers_of_any_type(dtype: pl.DataType) -> None:
    rows = long([[1, 1], [2, 3], [3, 3]]).with_columns(reviewer_id=pl.Series([1, 2] * 3).cast(dtype))
    if dtype == pl.String:
        rows = rows.with_columns(pl.Series("reviewer_id", ["1", "2"] * 3))
    for names in (("1", "2"), (1, 2), (1.0, 2.0)):
        assert sq.cohen_kappa(reviewers=names).estimate(rows).n_eff == 3  # type: ignore[arg-type]  # numbers will do


def test_items_and_reviewers_are_only_told_apart() -> None:
    far = pl.Series([-62_135_596_800_000_001, 5, -62_135_596_800_000_001, 5]).cast(pl.Datetime("ms"))
    plain = long([[1, 1], [2, 3]])
    hostile = plain.with_columns(reviewer_id=far)
    for metric in (sq.cohen_kappa(), sq.fleiss_kappa(), sq.icc()):
        assert sq.evaluate(hostile, metric).equals(sq.evaluate(plain, metric))
    with pytest.raises(InputError, match="'reviewer_id' -62135596800000001"):
        sq.fleiss_kappa().estimate(pl.concat([hostile, hostile]))


def test_an_objective_a_comparison_and_a_slice() -> None:
    rounds = [calibration_reviews(200, seed=seed).filter(category="tone") for seed in (1, 2)]
    rows = rounds[0].with_columns(at=pl.lit(datetime(2026, 3, 2, tzinfo=UTC)))
    card = sq.Scorecard([sq.Objective(sq.krippendorff_alpha(scale="ordinal"), at_least=0.2)])
    judged = card.evaluate(rows, at="at", as_of=datetime(2026, 5, 1, tzinfo=UTC))
    assert judged["verdict"].to_list() == ["met"]
    changed = sq.compare(*rounds, [sq.fleiss_kappa()]).row(0, named=True)
    assert changed["low"] < 0 < changed["high"]
    part = sq.fleiss_kappa(unequal="allow").where(pl.col("reviewer_id") != "reviewer-1")
    alone = sq.fleiss_kappa().estimate(rounds[0].filter(pl.col("reviewer_id") != "reviewer-1"))
    assert part.estimate(rounds[0]).value == alone.value


def test_pandas_and_truth_values_come_through_the_door() -> None:
    frame = long([[True, True], [False, True], [True, True]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from_pandas = frame.to_pandas()
    assert sq.gwet_ac1().estimate(from_pandas) == sq.gwet_ac1().estimate(frame)


def test_nothing_grows_with_pairs_of_reviewers() -> None:
    """Two thousand reviewers of one item: two million pairs, one row of counts."""
    rng = np.random.default_rng(0)
    frame = long([rng.integers(1, 6, 2_000).tolist() for _ in range(3)])
    counts = np.array([np.bincount(frame.filter(ticket_id=f"t{i}")["rating"], minlength=6)[1:] for i in range(3)])
    assert sq.gwet_ac1().estimate(frame).value == pytest.approx(stats.gwet_ac1(counts).value)


ROWS = long([[1, 2], [3, 3], [2, 2]])


@pytest.mark.parametrize(
    ("call", "rows", "error", "message"),
    [
        (lambda: sq.gwet_ac1(categories=(1, 2)), ROWS, InputError, r"holds 3\.0, outside the categories 1\.0, 2\.0"),
        (lambda: sq.gwet_ac1(categories=(1, 1)), ROWS, ParameterError, "categories must be different numbers"),
        (lambda: sq.gwet_ac1(categories=([],)), ROWS, ParameterError, "categories must be different numbers"),
        (lambda: sq.gwet_ac1(categories=("a",)), ROWS, ParameterError, "must be different numbers, as the ratings are"),
        (lambda: sq.gwet_ac1(categories="ab"), ROWS, ParameterError, "categories must be a list or tuple of ratings, got 'ab'"),
        (sq.fleiss_kappa, long([[1, 1, None], [2, 2, 1]]), InputError, "from 2 to 3 ratings.*unequal='allow'"),
        (sq.cohen_kappa, long([[1, 1, 2]]), InputError, "'reviewer_id' names 3 reviewers, and Cohen's kappa compares"),
        (lambda: sq.cohen_kappa(reviewers="r0"), ROWS, ParameterError, "reviewers must name two reviewers, got 'r0'"),
        (lambda: sq.cohen_kappa(reviewers=-1), ROWS, ParameterError, "must name two reviewers, got -1"),
        (lambda: sq.gwet_ac2(weights="cubic"), ROWS, ParameterError, "gwet_ac2: weights must be one of 'none', 'linear'"),
        (lambda: sq.krippendorff_alpha(scale="metric"), ROWS, ParameterError, "scale must be one of 'nominal'"),
        (lambda: sq.gwet_ac1(scale_min="low"), ROWS, ParameterError, "scale_min and scale_max go together"),
        (lambda: sq.fleiss_kappa(unequal="maybe"), ROWS, ParameterError, "unequal must be one of 'refuse', 'allow'"),
        (lambda: sq.icc(form="ICC3"), ROWS, ParameterError, r"form must be one of 'ICC\(1\)'"),
        (lambda: sq.icc(incomplete="drop"), ROWS, ParameterError, "incomplete must be one of 'refuse', 'leave_out'"),
        (sq.icc, long([["a", "b"], ["b", "b"]]), InputError, "'rating' holds texts, and the correlation"),
        (sq.gwet_ac2, long([["a", "b"], ["b", "b"]]), ParameterError, "weights='ordinal' needs an order"),
        (lambda: sq.krippendorff_alpha(scale="ordinal"), long([["a", "b"]]), ParameterError, "scale='ordinal' needs an order"),
        (sq.gwet_ac1, pl.concat([ROWS, ROWS]), InputError, "6 times a reviewer rated an item twice"),
        (sq.cohen_kappa, pl.concat([ROWS, ROWS]), InputError, "6 times a reviewer rated an item twice"),
        (sq.icc, pl.concat([ROWS, ROWS]), InputError, "6 times a reviewer rated an item twice"),
        (lambda: sq.gwet_ac1(**SCALE), ROWS.with_columns(scale_min=1, scale_max=2), InputError, "2 rows rated outside"),
        (lambda: sq.gwet_ac1(**SCALE), calibration_reviews(5), InputError, "rated an item twice"),
        (lambda: sq.gwet_ac1(**SCALE), ROWS.with_columns(scale_min=pl.col("rating") - 1, scale_max=5), InputError, "scales"),
        (sq.gwet_ac1, ROWS.with_columns(rating=pl.lit(float("nan"))), InputError, "holds NaN or infinity"),
        (sq.gwet_ac1, ROWS.with_columns(rating=pl.lit(date(2026, 1, 1))), InputError, "'rating' holds Date, expected"),
        (sq.gwet_ac1, long([[i, i + 0.5] for i in range(300)]), InputError, "600 different ratings, and 256"),
    ],
)  # fmt: skip
def test_bad_input_and_wrong_calls(
    call: Callable[..., Metric], rows: pl.DataFrame, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call().estimate(rows)


def test_every_scale_of_alpha_by_the_definition_over_pairs() -> None:
    """The ordinal distance by Krippendorff's own words, on a table with a gap."""
    table = [[1, 2, 2], [3, 3, None], [2, 3, 3], [1, 1, 1]]
    result = figure(long(table), sq.krippendorff_alpha(scale="interval"))
    rows = [[x for x in row if x is not None] for row in table]
    every = [x for row in rows for x in row]
    seen = sum((a - b) ** 2 / (len(row) - 1) for row in rows for a, b in itertools.permutations(row, 2)) / len(every)
    expected = sum((a - b) ** 2 for a, b in itertools.permutations(every, 2)) / (len(every) * (len(every) - 1))
    assert result["value"] == pytest.approx(1 - seen / expected)
