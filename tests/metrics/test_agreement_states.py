"""States of agreement: parts of whole items make the whole, whatever ratings and reviewers are called."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.core import Metric, State
from servicequality.datasets import calibration_reviews
from servicequality.errors import InputError, ParameterError

SCALE = {"scale_min": "scale_min", "scale_max": "scale_max"}
HOSTILE = ['a"b', "a,b", '["a"]', "\\", "\n\0", "é", "null", "", "1.0", "1"]


def ratings(rows: list[tuple[Any, ...]], **more: Any) -> pl.DataFrame:
    """Rows of item, reviewer and rating."""
    return pl.DataFrame(rows, schema=["ticket_id", "reviewer_id", "rating"], orient="row").with_columns(**more)


def drawn(seed: int, values: list[Any], reviewers: list[Any], items: int = 60) -> pl.DataFrame:
    """Random ratings with gaps: nulls, items of one rating, and items that nobody rated; of two weeks and teams."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, len(values), (items, len(reviewers)))
    kept = rng.random(table.shape) < 0.8
    rows = [
        (f"t{item}", reviewer, values[table[item, place]] if kept[item, place] else None)
        for item in range(items)
        for place, reviewer in enumerate(reviewers)
    ]
    day = pl.col("ticket_id").str.slice(1).cast(pl.Int64) % 14
    at = pl.datetime(2026, 3, 2, time_zone="UTC") + pl.duration(days=day)
    return ratings(rows).with_columns(at=at, team=(day % 3).cast(pl.String)).sample(fraction=1, shuffle=True, seed=seed)


def parts_of(rows: pl.DataFrame, seed: int = 0) -> list[pl.DataFrame]:
    """Parts that divide no item, one of them empty."""
    part = pl.col("ticket_id").hash(seed) % 3
    return [rows.clear(), *(rows.filter(part == number) for number in range(3))]


def every_metric(reviewers: tuple[str, str]) -> list[Metric]:
    return [
        sq.reviewer_agreement(),
        sq.fleiss_kappa(unequal="allow"),
        sq.krippendorff_alpha(),
        sq.gwet_ac1(),
        sq.brennan_prediger(weights="none"),
        sq.cohen_kappa(reviewers=reviewers),
    ]


NUMERIC = [
    sq.krippendorff_alpha(scale="ratio"),
    sq.gwet_ac2(weights="quadratic"),
    sq.cohen_kappa(reviewers=("a", "b"), weights="linear").named("weighted kappa"),
    *(sq.icc(form=form, incomplete="leave_out").named(form) for form in ("ICC(1)", "ICC(A,1)", "ICC(C,k)")),
    sq.reviewer_agreement().where(pl.col("reviewer_id") != "c").named("without c"),
]


@pytest.mark.parametrize("options", [{}, {"by": "team"}, {"by": ["team"], "every": "1w", "at": "at"}])
@pytest.mark.parametrize("kind", ["numbers", "decimals", "hostile", "declared"])
def test_parts_of_whole_items_make_the_whole(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    """Every coefficient, from states that went through bytes and a file, in any order, equals that of all rows."""
    reviewers = HOSTILE[:3] if kind == "hostile" else ["a", "b", "c"]
    values: list[Any] = {"numbers": [1, 2, 3, 4], "decimals": [-0.0, 0.0, 0.1, 1 / 3, 1e9 / 7]}.get(kind, HOSTILE)
    rows = drawn(3, values, reviewers)
    if kind == "declared":
        rows = rows.with_columns(pl.col("rating").cast(pl.Enum([*HOSTILE, "never given"])))
    metrics = every_metric((reviewers[0], reviewers[1]))
    metrics += NUMERIC if kind in ("numbers", "decimals") else []
    plan = sq.plan(metrics, **options)
    states = [plan.partial(part) for part in parts_of(rows)]
    plan.save(states[1], tmp_path / "state.parquet")
    merged = plan.merge([plan.loads(plan.dumps(states[3])), states[2], tmp_path / "state.parquet", states[0]])
    whole = sq.evaluate(rows, metrics, **options)
    assert whole["value"].is_not_null().mean() > 0.9
    assert_frame_equal(plan.finish(merged), whole, rel_tol=1e-9, abs_tol=1e-12)
    assert_frame_equal(
        plan.finish(plan.merge([merged], by=())), sq.evaluate(rows, metrics), rel_tol=1e-9, abs_tol=1e-12
    )


def test_ratings_far_from_0_keep_their_digits() -> None:
    rows = drawn(1, [1e9 + step / 8 for step in range(9)], ["a", "b"])
    metric = sq.icc(incomplete="leave_out")
    state = metric.merge([metric.partial(part) for part in parts_of(rows)])
    assert_frame_equal(metric.finish(state), sq.evaluate(rows, metric), rel_tol=1e-9)


ROWS = ratings(
    [("t", "a", 1), ("t", "b", 2), ("u", "a", 2), ("u", "b", 1), ("v", "a", 2), ("v", "b", 2), ("w", "b", 2)]
)


def test_a_state_counts_items_by_their_ratings_and_is_small() -> None:
    """Coefficients of the same rows share one table, which says who rated only where that matters."""
    plan = sq.plan([sq.reviewer_agreement(), sq.gwet_ac1(), sq.cohen_kappa()])
    state = plan.partial(ROWS)
    assert {name: table.rows() for name, table in state.tables.items()} == {
        "reviewer_agreement": [('{"numbers":[1.0,2.0]}', 2), ('{"numbers":[2.0,2.0]}', 1), ('{"numbers":[2.0]}', 1)],
        "cohen_kappa": [
            ('{"numbers":[1.0,2.0],"reviewers":["a","b"]}', 1),
            ('{"numbers":[2.0,1.0],"reviewers":["a","b"]}', 1),
            ('{"numbers":[2.0,2.0],"reviewers":["a","b"]}', 1),
            ('{"numbers":[2.0],"reviewers":["b"]}', 1),
        ],
    }
    assert all(plan.schema[name] == dict(table.schema) for name, table in state.tables.items())
    many = calibration_reviews(3_000, seed=2)
    assert sq.fleiss_kappa().partial(many, by="category").tables["fleiss_kappa"].height < 150


def test_a_scale_or_a_category_that_one_part_states_is_a_category_of_the_whole() -> None:
    """Categories come from the whole: a rating that only one part has, or a point of the scale that nobody gave."""
    rows = drawn(5, [1, 2], ["a", "b"]).with_columns(scale_min=1, scale_max=5)
    for metric in (sq.brennan_prediger(**SCALE), sq.brennan_prediger(), sq.gwet_ac1(categories=(1, 2, 3))):
        three = rows.with_columns(pl.when(pl.col("ticket_id") == "t0").then(3).otherwise("rating").alias("rating"))
        state = metric.merge([metric.partial(part) for part in parts_of(three)])
        assert_frame_equal(metric.finish(state), sq.evaluate(three, metric), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("one", "other"), [(pl.Int64(), pl.Float64()), (pl.UInt8(), pl.Decimal(10, 2)), (pl.String(), pl.Categorical())]
)
def test_reviewers_of_another_type_in_another_part_are_the_same(one: pl.DataType, other: pl.DataType) -> None:
    rows = drawn(7, [1, 2, 3], ["1", "2"])
    first, second, third = parts_of(rows)[1:]
    cast = [part.with_columns(pl.col("reviewer_id").cast(kind)) for part, kind in ((first, one), (second, other))]
    metric = sq.cohen_kappa()
    state = metric.merge([metric.partial(part) for part in (*cast, third)])
    assert_frame_equal(metric.finish(state), sq.evaluate(rows, metric), rel_tol=1e-9)


def test_instants_that_no_calendar_holds_can_be_reviewers() -> None:
    far = pl.Series([-62_135_596_800_000_001, 5] * 3).cast(pl.Datetime("ms"))
    plain = ROWS.head(6)
    hostile = plain.with_columns(reviewer_id=far)
    assert_frame_equal(sq.cohen_kappa().finish(sq.cohen_kappa().partial(hostile)), sq.evaluate(plain, sq.cohen_kappa()))


def test_a_key_that_divides_items_stays(tmp_path: Path) -> None:
    """Tickets are rated in each category: pooled, their ratings would pass for those of several tickets."""
    rows = calibration_reviews(60, seed=1).with_columns(team=pl.col("ticket_id").hash(3) % 2)
    metric = sq.fleiss_kappa()
    state = metric.merge([metric.partial(part, by=["category", "team"]) for part in parts_of(rows)])
    with pytest.raises(InputError, match=r"fleiss_kappa: items have rows of more than one 'category'.*keep that key"):
        metric.merge([state], by="team")
    metric.save(state, tmp_path / "state.parquet")
    with pytest.raises(InputError, match="more than one 'category'"):
        metric.merge([tmp_path / "state.parquet"], by=())
    by_category = sq.evaluate(rows, metric, by="category")
    assert_frame_equal(metric.finish(metric.merge([state], by="category")), by_category, rel_tol=1e-9)


def finished(metric: Metric, *parts: pl.DataFrame) -> pl.DataFrame:
    return metric.finish(metric.merge([metric.partial(part) for part in parts]))


OTHERS = ratings([("x", "a", 1), ("x", "c", 3)])
TEXTS = ROWS.with_columns(pl.col("rating").cast(pl.String))


def declared(*names: str) -> pl.DataFrame:
    return TEXTS.with_columns(pl.col("rating").cast(pl.Enum(names)))


def stating(rows: pl.DataFrame, low: int, high: int) -> pl.DataFrame:
    return rows.with_columns(scale_min=low, scale_max=high)


@pytest.mark.parametrize(
    ("metric", "parts", "error", "message"),
    [
        (sq.cohen_kappa(), (ROWS, OTHERS), InputError, "'reviewer_id' names 3 reviewers, and Cohen's kappa compares"),
        (sq.gwet_ac1(), (ROWS, TEXTS), InputError, "'rating' holds numbers in one part and texts in another"),
        (sq.gwet_ac1(), (declared("1", "2"), declared("2", "1")), InputError, "has other categories in one part"),
        (sq.gwet_ac1(), (declared("1", "2"), TEXTS), InputError, "has other categories in one part"),
        (sq.gwet_ac2(), (TEXTS,), ParameterError, "weights='ordinal' needs an order"),
        (sq.icc(), (TEXTS,), InputError, "'rating' holds texts, and the correlation"),
        (sq.icc(), (ROWS.head(6), OTHERS), InputError, "4 of 4 items lack a rating"),
        (sq.fleiss_kappa(), (ROWS.head(6), ratings([("x", r, 1) for r in "abc"])), InputError, "from 2 to 3 ratings"),
        (sq.gwet_ac1(categories=(1, 2)), (ROWS, OTHERS), InputError, r"holds 3\.0, outside the categories"),
        (sq.gwet_ac1(**SCALE), (stating(ROWS, 1, 5), stating(OTHERS, 1, 4)), InputError, "ratings of different scales"),
        (
            sq.gwet_ac1(**SCALE),
            (stating(ROWS, 1, 2), stating(OTHERS, 1, 2)),
            InputError,
            "1 row rated outside their own",
        ),
        (sq.gwet_ac1(**SCALE), (stating(ROWS, 0, 1), stating(OTHERS, 0, 1)), InputError, r"6 rows rated.*such as 2\.0"),
        (sq.gwet_ac1(), (ROWS, ratings([(f"x{i}", r, i) for i in range(300) for r in "ab"])), InputError, "256"),
    ],
    ids=str,
)
def test_what_the_whole_cannot_be_is_refused_as_in_evaluate(
    metric: Metric, parts: tuple[pl.DataFrame, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        finished(metric, *parts)
    if len({part.schema["rating"] for part in parts}) == 1:
        items = [part.with_columns(pl.format("{} {}", "ticket_id", pl.lit(place))) for place, part in enumerate(parts)]
        with pytest.raises(error, match=message):
            sq.evaluate(pl.concat(items), metric)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sq.gwet_ac1().partial(pl.concat([ROWS, ROWS])), InputError, "7 times a reviewer rated an item twice"),
        (lambda: sq.icc().partial(ROWS.with_columns(rating=float("inf"))), InputError, "holds NaN or infinity"),
        (
            lambda: sq.gwet_ac1().partial(ROWS.with_columns(rating=pl.date(2026, 1, 1))),
            InputError,
            "holds Date, expected",
        ),
        (
            lambda: sq.gwet_ac1(**SCALE).partial(stating(ROWS, 1, 5).with_columns(scale_max=pl.int_range(5, 12))),
            InputError,
            "ratings of different scales",
        ),
        (
            lambda: sq.cohen_kappa().partial(ROWS.with_columns(reviewer_id=pl.concat_list("reviewer_id"))),
            InputError,
            r"'reviewer_id' holds List\(String\), expected texts, numbers or instants that name a reviewer",
        ),
        (lambda: sq.gwet_ac1().partial(ROWS.with_columns(w=1.0), weight="w"), ParameterError, "leave weight= out"),
        (lambda: sq.icc().partial(ROWS, cluster="ticket_id"), ParameterError, "leave cluster= out"),
    ],
)
def test_what_a_part_cannot_be_is_refused_at_once(
    call: Callable[[], State], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_bad_rows_of_other_metrics_are_counted_in_the_same_state() -> None:
    plan = sq.plan([sq.reviewer_agreement(), sq.nps("rating")])
    assert plan.finish(plan.partial(ROWS))["n"].to_list() == [6, 7]
    with pytest.raises(InputError, match="2 rows outside whole numbers from 0 to 10"):
        plan.finish(plan.merge([plan.partial(ROWS), plan.partial(OTHERS.with_columns(rating=12))]))


def test_a_null_key_has_a_group_of_its_own_and_a_group_of_nothing_its_row() -> None:
    rows = pl.concat(
        [ROWS.with_columns(team=None), ROWS.with_columns(team=pl.lit("x"), rating=None)], how="vertical_relaxed"
    )
    metric = sq.reviewer_agreement()
    figures = metric.finish(metric.partial(rows, by="team"))
    assert figures.select("team", "value", "n", "n_missing").rows() == [("x", None, 0, 7), (None, 1 / 3, 6, 1)]
    assert_frame_equal(figures, sq.evaluate(rows, metric, by="team"))


def test_days_of_ratings_make_a_month() -> None:
    rows = drawn(9, [1, 2, 3], ["a", "b", "c"]).sort("at")
    metric = sq.krippendorff_alpha(scale="ordinal")
    days = [metric.partial(day, every="1mo", at="at") for (_,), day in rows.group_by("at")]
    month = metric.finish(metric.merge(days))
    assert month["period"].to_list() == [datetime(2026, 3, 1, tzinfo=UTC)]
    assert_frame_equal(month, sq.evaluate(rows, metric, every="1mo", at="at"), rel_tol=1e-9)
