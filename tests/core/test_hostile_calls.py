"""Calls that somebody will make: odd names, odd types, odd options. Each gets the right figure or our own error."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars import selectors
from polars.testing import assert_frame_equal

from servicequality import (
    Metric,
    Records,
    average_handle_time,
    defect_density,
    define,
    evaluate,
    first_response_time,
    interactions_per_ticket,
    nps,
    ticket_volume,
)
from servicequality.checks import column
from servicequality.columns import Flag, Number, answered
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, mean, share

HOSTILE = ["^a.*$", "*", "a.b", "", "q'\"x", "new\nline", "^$", "$", " "]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@define(title="Product", unit="points", better="higher", formula=r"\overline{xy}")
def mean_product(x: Number = "x", y: Number = "y") -> Shape:
    """Mean of the product of two numbers."""
    return mean(pl.col(x) * pl.col(y), of=answered(x) & answered(y))


@define(title="Share", unit="share", better="higher", formula=r"k/n")
def share_true(flag: Flag = "flag") -> Shape:
    """Share of the rows that hold."""
    return share(pl.col(flag), of=answered(flag))


def value(frame: pl.DataFrame, metric: Metric, **options: Any) -> float:
    return float(evaluate(frame, metric, **options)["value"].item())


class TestWidths:
    @pytest.mark.parametrize(
        "dtype",
        [pl.Int8, pl.Int16, pl.UInt8, pl.UInt64, pl.Int128, pl.Float16, pl.Float32, pl.Decimal(10, 2), pl.Float64],
    )
    def test_rules_compute_in_wide_numbers(self, dtype: Any) -> None:
        frame = pl.DataFrame({"x": [120, 100, None, 3], "y": [100, 120, 1, 3]}).cast(dtype)
        metric, right = mean_product(), (12_000 + 12_000 + 9) / 3
        assert value(frame, metric) == pytest.approx(right, rel=1e-12)
        assert value(frame.lazy().collect(), metric, weight="y") == pytest.approx(
            (100 * 12_000 + 120 * 12_000 + 27) / 223
        )
        assert frame.select(metric.expr()).item() == pytest.approx(right, rel=1e-12)
        assert metric.finish(metric.partial(frame))["value"].item() == pytest.approx(right, rel=1e-12)
        limits = evaluate(frame, metric).select("low", "high")
        assert limits.equals(evaluate(frame.cast(pl.Float64), metric).select("low", "high"))

    def test_handling_in_bytes(self) -> None:
        frame = pl.DataFrame({"talk_seconds": [100, 100], "wrap_seconds": [65, 60]}).cast(pl.Int8)
        frame = frame.with_columns(outcome=pl.lit("answered"))
        assert value(frame, average_handle_time()) == 162.5
        assert frame.select(average_handle_time().expr()).item() == 162.5

    def test_interactions_in_bytes(self) -> None:
        metric = interactions_per_ticket()
        names = [bound.name for bound in metric.inputs if bound.domain.kind in ("integer", "number")]
        wide = pl.DataFrame({name: [100, 90] for name in names})
        assert value(wide.cast(pl.Int8), metric) == value(wide, metric) > 0

    def test_a_key_that_is_a_number_of_the_metric(self) -> None:
        frame = pl.DataFrame({"x": [100, 100, 2], "y": [100, 50, 2]}).cast(pl.Int8)
        result = evaluate(frame, mean_product(), by="x")
        assert result.select("x", "value").rows() == [(2, 4.0), (100, 7_500.0)]

    def test_numbers_whose_sums_overflow(self) -> None:
        frame = pl.DataFrame({"x": [1e308, 1e308], "y": [10.0, 10.0], "score": [9, 9]})
        with pytest.raises(InputError, match=r"2 rows outside numbers: column 'x' such as 1e\+308"):
            evaluate(frame, mean_product())
        assert frame.select(mean_product().expr()).item() is None
        with pytest.raises(InputError, match=r"2 rows of a weight that is not zero or more.* such as 1e\+308, 1e\+308"):
            evaluate(frame, nps(), weight="x")

    @pytest.mark.parametrize("defects", [0, 1, 75])
    def test_a_figure_that_overflows(self, defects: int) -> None:
        with pytest.raises(ParameterError, match="the numbers are too large, or too far apart, to compute with"):
            evaluate(pl.DataFrame({"defects": [defects], "size": [5e-324]}), defect_density())


class TestNames:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_column_is_that_column(self, name: str) -> None:
        frame = pl.DataFrame({other: [place] for place, other in enumerate(["ab", *HOSTILE])})
        assert frame.select(column(name)).columns == [name]
        assert frame.select((column(name) + 1).alias("more")).item() == frame[name].item() + 1
        assert column(name).meta.root_names() == [name]
        assert frame.lazy().group_by(column(name)).agg(pl.len().alias("rows")).collect().columns == [name, "rows"]

    @pytest.mark.parametrize("name", HOSTILE)
    @pytest.mark.parametrize("lazy", [False, True])
    def test_every_role_takes_the_column_of_that_name(self, name: str, lazy: bool) -> None:
        plain = pl.DataFrame(
            {
                "ab": [0, 0, 0, 0],
                "other": [9, 9, 9, 1],
                "score": [9, 3, 10, 7],
                "key": ["x", "y", "y", "x"],
                "weight": [1.0, 2.0, 3.0, 4.0],
                "at": [NOON, NOON, NOON + timedelta(days=1), NOON + timedelta(days=1)],
                "tier": ["gold", "gold", "iron", "gold"],
            }
        )

        def hostile(role: str) -> Any:
            frame = plain.rename({role: name})
            return frame.lazy() if lazy else frame

        def same(result: Any, right: pl.DataFrame, named: dict[str, str]) -> None:
            assert result.lazy().collect().rename(named).equals(right)

        by = evaluate(plain, nps(), by="key")
        same(evaluate(hostile("key"), nps(), by=name), by, {name: "key"})
        same(nps().finish(nps().partial(hostile("key"), by=name)), by, {name: "key"})
        same(evaluate(hostile("weight"), nps(), weight=name), evaluate(plain, nps(), weight="weight"), {})
        same(evaluate(hostile("key"), nps(), cluster=name), evaluate(plain, nps(), cluster="key"), {})
        daily = evaluate(plain, nps(), every="1d", at="at")
        same(evaluate(hostile("at"), nps(), every="1d", at=name), daily, {})
        same(evaluate(hostile("score"), nps(name)), evaluate(plain, nps()), {})
        same(hostile("score").select(nps(name).expr()), plain.select(nps().expr()), {})
        gold = evaluate(plain, nps().where(pl.col("tier") == "gold"))
        same(evaluate(hostile("tier"), nps().where(selectors.by_name(name).as_expr() == "gold")), gold, {})
        same(evaluate(hostile("other"), nps(), by="key"), by, {})

    def test_records_keep_columns_of_any_name(self) -> None:
        tickets = pl.DataFrame({"ticket_id": [1], "created_at": [NOON], **{name: ["x"] for name in HOSTILE}})
        kept = Records(tickets=tickets).tickets
        assert kept is not None
        assert set(HOSTILE) <= set(kept.lazy().collect().columns)

    def test_quantiles_by_a_pattern(self) -> None:
        frame = pl.DataFrame({"first_response_seconds": [60.0, 90.0, 30.0], "first_response_end": "answered"})
        frame = frame.with_columns(pl.Series("*", ["a", "b", "b"]))
        metric = first_response_time(statistic=0.5)
        right = evaluate(frame.rename({"*": "k"}), metric, by="k")
        assert evaluate(frame, metric, by="*").rename({"*": "k"}).equals(right)


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "told"),
        [
            (pl.lit(value=True), "no column of the frame"),
            (pl.col("w") > pl.col("w").mean(), "the aggregation mean"),
            (pl.col("w").sum().over("k") > 1, "the operation Over"),
            (pl.col("w").shift() > 1, "the operation Shift"),
            (pl.col("w").rank() > 1, "the operation Rank"),
            (pl.col("w").cum_sum() > 1, "the operation CumSum"),
            (pl.col("w").rolling_mean(2) > 1, "the operation RollingExpr"),
            (pl.col("w").sort() > 1, "the operation Sort"),
            (pl.col("w").unique() > 1, "the operation Unique"),
            (pl.col("w").is_first_distinct(), "the operation IsFirstDistinct"),
            (pl.col("w").forward_fill() > 1, "the operation FillNullWithStrategy"),
            (pl.col("w").map_batches(lambda column: column > 1), "the operation AnonymousFunction"),
            (pl.len() > 1, "the operation Len"),
            (pl.all() > 1, "a pattern or a selection of columns"),
            (pl.col("^w$") > 1, "a pattern or a selection of columns"),
            (pl.nth(0) > 1, "a pattern or a selection of columns"),
            (pl.col("w") > pl.Series([1, 2]), "a column of values that is not the frame's"),
            (pl.int_range(pl.len()) < 2, "the operation"),
        ],
    )
    def test_what_looks_at_other_rows_is_refused(self, condition: pl.Expr, told: str) -> None:
        with pytest.raises(ParameterError, match=rf"nps\.where: a condition .* reads {told}.*as a column first"):
            nps().where(condition)

    @pytest.mark.parametrize("condition", ["k", True, pl.Series([True]), None, 3])
    def test_what_is_no_expression(self, condition: Any) -> None:
        with pytest.raises(ParameterError, match=r"nps\.where: expected an expression such as pl\.col"):
            nps().where(condition)

    @pytest.mark.parametrize(
        "condition",
        [
            pl.col("w") > 1,
            pl.col("w").is_in([2, 3]),
            pl.col("w").is_in(pl.Series([2, 3])),
            pl.col("w").is_between(2, 3),
            ~(pl.col("w") == 1),
            pl.col("k").str.contains("b") & pl.col("w").is_not_null(),
            pl.when(pl.col("w") > 1).then(statement=True).otherwise(pl.col("w") < 0),
            pl.col("w").cast(pl.String).replace_strict({"1": False, "2": True, "3": True}),
            pl.col("at").dt.convert_time_zone("Europe/Berlin").dt.day() > 1,
            pl.any_horizontal(pl.col("w") == 2, pl.col("w") == 3),
            pl.col("w").fill_null(0) % 4 >= 2,
        ],
    )
    def test_what_is_row_by_row_is_taken(self, condition: pl.Expr) -> None:
        frame = pl.DataFrame({"score": [0, 9, 9], "w": [1, 2, 3], "k": ["a", "b", "ab"], "at": [NOON] * 3})
        frame = frame.with_columns(at=pl.Series([NOON - timedelta(days=1), NOON, NOON]))
        assert value(frame, nps().where(condition)) == 100

    def test_it_is_true_or_false(self) -> None:
        frame = pl.DataFrame({"score": [9], "w": [1.0], "k": ["a"]})
        with pytest.raises(InputError, match=r"nps\.where: the condition gives Float64, expected true or false"):
            evaluate(frame, nps().where(pl.col("w")))
        with pytest.raises(
            InputError, match=r"nps\.where: the condition does not fit the columns: cannot compare string"
        ):
            evaluate(frame.lazy(), nps().where(pl.col("k") > 3))

    def test_a_period_is_not_taken_for_the_frames_own(self) -> None:
        frame = pl.DataFrame({"score": [9, 1], "period": ["x", "y"], "at": [NOON, NOON]})
        own = evaluate(frame, nps().where(pl.col("period") == "x"), every="1d", at="at")
        assert own.select("period", "value").rows() == [(NOON.replace(hour=0), 100.0)]
        assert evaluate(frame, nps(score="score"), every="1d", at="at", weight=None)["n"].item() == 2

    def test_periods_of_rows_may_be_gathered_under_their_own_name(self) -> None:
        days = pl.datetime_range(NOON, NOON + timedelta(days=40), "1d", eager=True)
        frame = pl.DataFrame({"score": [9] * len(days), "day": days})
        named, plain = frame.rename({"day": "period"}), evaluate(frame, nps(), every="1mo", at="day")
        assert_frame_equal(evaluate(named, nps(), every="1mo", at="period"), plain)
        later = evaluate(named, nps().where(pl.col("period") > NOON), every="1mo", at="period")
        assert later["n"].sum() == len(days) - 1


class TestExpressions:
    @pytest.mark.parametrize(
        "score",
        [
            pl.Series([timedelta(microseconds=9)]),
            pl.Series([True]),
            pl.Series(["9"]),
            pl.Series([date(1970, 1, 10)]),
            pl.Series([NOON]),
            pl.Series([[9]]),
        ],
    )
    def test_what_is_no_number_gives_none(self, score: pl.Series) -> None:
        frame = score.alias("score").to_frame()
        with pytest.raises(InputError, match="column 'score' holds"):
            evaluate(frame, nps())
        for plan in (frame.lazy().select(nps().expr()), frame.lazy().group_by(pl.lit(1)).agg(nps().expr())):
            with pytest.raises(pl.exceptions.PolarsError):
                plan.collect()

    def test_instants_and_flags(self) -> None:
        naive = pl.DataFrame({"created_at": [datetime(2026, 3, 1)]})  # noqa: DTZ001
        with pytest.raises(pl.exceptions.PolarsError):
            naive.select(ticket_volume().expr())
        aware = naive.select(pl.col("created_at").dt.replace_time_zone("Asia/Tokyo"))
        assert aware.select(ticket_volume().expr()).item() == 1
        with pytest.raises(pl.exceptions.PolarsError):
            pl.DataFrame({"flag": [2, 3]}).select(share_true().expr())
        assert pl.DataFrame({"flag": [True, False]}).select(share_true().expr()).item() == 0.5

    def test_decimals_and_blanks(self) -> None:
        assert pl.DataFrame({"score": [Decimal(9), None]}).select(nps().expr()).item() == 100
        assert pl.DataFrame({"score": [None]}).select(nps().expr()).item() is None


class TestOptions:
    FRAME = pl.DataFrame(
        {"score": [9, 3], "n": [1, 2], "at": [NOON, NOON], "list": [[1], [2]], "struct": [{"a": 1}] * 2}
    )

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"by": "n"}, "by names 'n', which is a column of every result"),
            ({"by": pl.col("n")}, "by takes names of columns, got .*; add an expression as a column first"),
            ({"by": 5}, "by takes names of columns, got 5"),
            ({"weight": pl.col("n")}, "weight takes the name of a column, got"),
            ({"cluster": ["n"]}, r"cluster takes the name of a column, got \['n'\]"),
            ({"level": "0.95"}, "level must be between 0 and 1, got '0.95'"),
            ({"level": float("nan")}, "level must be between 0 and 1, got nan"),
            ({"level": None}, "level must be between 0 and 1, got None"),
            ({"min_n": "3"}, "min_n must be at least 1, got '3'"),
            ({"every": "1d1h", "at": "at"}, "every takes one length such as .* got '1d1h'"),
            ({"every": "0d", "at": "at"}, "every takes one length such as .* got '0d'"),
            ({"every": timedelta(days=1), "at": "at"}, r"every takes one length .* got datetime\.timedelta\(days=1\)"),
            ({"every": "99999999999d", "at": "at"}, "every takes one length"),
            ({"every": "1d", "at": 3}, "at takes the name of a column, got 3"),
            ({"every": "1d", "at": "at", "timezone": 3}, "timezone takes the name of a zone .* got 3"),
        ],
    )
    def test_options_that_cannot_be(self, options: dict[str, Any], told: str) -> None:
        with pytest.raises(ParameterError, match=told):
            evaluate(self.FRAME, nps(), **options)

    @pytest.mark.parametrize("name", ["list", "struct"])
    def test_labels_that_are_none(self, name: str) -> None:
        for options in ({"by": name}, {"cluster": name}):
            with pytest.raises(InputError, match=rf"by and cluster: column '{name}' holds (List|Struct).*not a key"):
                evaluate(self.FRAME, nps(), **options)

    def test_columns_called_like_the_answers(self) -> None:
        other = self.FRAME.rename({"n": "w"})
        for role in ("weight", "cluster"):
            left, right = evaluate(self.FRAME, nps(), **{role: "n"}), evaluate(other, nps(), **{role: "w"})
            assert left.equals(right)

    def test_no_keys_are_none(self) -> None:
        none: Any = None
        assert evaluate(self.FRAME, nps(), by=none).equals(evaluate(self.FRAME, nps()))

    def test_records_are_no_rows(self) -> None:
        records = Records(tickets=pl.DataFrame({"ticket_id": [1], "created_at": [NOON]}))
        for call in (lambda: evaluate(records, nps()), lambda: nps().estimate(records), lambda: nps().partial(records)):
            with pytest.raises(
                InputError, match=r"metrics are computed from rows, got Records; make .* facts\(records"
            ):
                call()

    def test_frames_of_nothing(self) -> None:
        with pytest.raises(InputError, match="nps: no column 'score'; the frame has no columns"):
            evaluate(pl.DataFrame(), nps())
        assert evaluate(self.FRAME.clear(), nps(), by="score").height == 0
        assert evaluate(self.FRAME.clear(), nps())["reason"].item() == "no answers"

    def test_instants_outside_the_calendar(self) -> None:
        far = pl.Series("created_at", [9_223_372_036_854_775_807] * 2).cast(pl.Datetime("ms", "UTC"))
        frame = self.FRAME.with_columns(far)
        told = "2 rows outside .*: column 'created_at' such as 9223372036854775807, 9223372036854775807"
        for call in (
            lambda: evaluate(frame, ticket_volume()),
            lambda: evaluate(frame.lazy(), nps(), every="1w", at="created_at").collect(),
            lambda: nps().finish(nps().partial(frame, every="1mo", at="created_at")),
        ):
            with pytest.raises(InputError, match=told):
                call()
        assert frame.select(ticket_volume().expr()).height == 1

    def test_a_plan_of_the_callers_that_fails(self) -> None:
        broken = self.FRAME.lazy().with_columns(k=pl.lit("a")).with_columns(pl.col("k").cast(pl.Int64))
        with pytest.raises(InputError, match="the rows cannot be computed: conversion from"):
            evaluate(broken, nps(), by="k").collect()
        with pytest.raises(InputError, match="the frame cannot be read: "):
            evaluate(pl.scan_csv("there/is/none.csv"), nps())

    def test_intervals_of_a_database(self) -> None:
        duckdb = pytest.importorskip("duckdb")
        with pytest.raises(InputError, match="a column of INTERVAL has no fixed length; make it seconds first"):
            evaluate(duckdb.sql("select interval 3 day as x, 9 as score"), nps())

    def test_a_column_that_is_none(self) -> None:
        none: Any = None
        with pytest.raises(ParameterError, match="nps: 'score' takes the name of a column, got None"):
            nps(none)
