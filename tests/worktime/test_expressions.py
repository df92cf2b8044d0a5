"""Expressions: equal to the answers for Python datetimes, in every engine and context, and clear about bad columns."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.errors import InputError
from servicequality.worktime import Schedule
from worktime.strategies import exact_instants, schedules

DESK = Schedule({day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}, "America/New_York")
START = datetime(2024, 7, 1, 13, tzinfo=UTC)
QUESTIONS: dict[str, Callable[[Schedule, Any, Any, Any], Any]] = {
    "between": lambda schedule, a, b, _: schedule.between(a, b),
    "add": lambda schedule, a, _, x: schedule.add(a, x),
    "next_open": lambda schedule, a, _, __: schedule.next_open(a),
    "prev_close": lambda schedule, a, _, __: schedule.prev_close(a),
    "is_open": lambda schedule, a, _, __: schedule.is_open(a),
    "clock": lambda schedule, a, _, __: schedule.clock(a),
}
maybe = st.none() | exact_instants
rows = st.lists(st.tuples(maybe, maybe, st.none() | st.integers(-10_000_000, 10_000_000)), max_size=8)


def frame_of(values: list[tuple[Any, Any, Any]], zone: str = "UTC") -> pl.DataFrame:
    instant = pl.Datetime("us", zone)
    return pl.DataFrame(values, schema={"a": instant, "b": instant, "x": pl.Int64}, orient="row")


def some_rows(count: int) -> pl.DataFrame:
    step = pl.int_range(count)
    return pl.select(
        a=START + step * timedelta(minutes=97),
        b=START + step * timedelta(minutes=97) + (step % 11) * timedelta(hours=13),
        x=(step % 7 - 3) * 10_000,
        group=step % 3,
    )


@pytest.mark.parametrize("name", QUESTIONS)
@given(schedule=schedules(), values=rows)
def test_columns_get_the_answers_that_datetimes_get(
    name: str, schedule: Schedule, values: list[tuple[Any, Any, Any]]
) -> None:
    ask = QUESTIONS[name]
    needed = {"between": (0, 1), "add": (0, 2)}.get(name, (0,))
    expected = [None if any(row[index] is None for index in needed) else ask(schedule, *row) for row in values]
    got = frame_of(values).select(out=ask(schedule, "a", "b", "x"))["out"].to_list()
    assert got == expected


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_lazy_is_eager_is_streaming(name: str, engine: Literal["in-memory", "streaming"]) -> None:
    frame, ask = some_rows(5_000), QUESTIONS[name]
    eager = frame.select("group", out=ask(DESK, "a", pl.col("b"), "x"))
    lazy = frame.lazy().select("group", out=ask(DESK, pl.col("a"), "b", pl.col("x"))).collect(engine=engine)
    assert_frame_equal(lazy, eager)
    assert eager["out"].null_count() == 0
    schema = frame.lazy().select("group", out=ask(DESK, "a", "b", "x")).collect_schema()
    assert schema == eager.schema


def test_in_groups_windows_filters_and_on_no_rows() -> None:
    frame = some_rows(100)
    worked = DESK.between("a", "b")
    rowwise = frame.with_columns(worked=worked)
    expected = rowwise.group_by("group").agg(pl.col("worked").sum()).sort("group")
    grouped = frame.lazy().group_by("group").agg(worked.sum().alias("worked")).collect(engine="streaming").sort("group")
    assert_frame_equal(grouped, expected)
    assert_frame_equal(
        frame.select(worked.sum().over("group")), rowwise.select(pl.col("worked").sum().over("group").alias("a"))
    )
    assert_frame_equal(frame.filter(DESK.is_open("a")), frame.filter(rowwise.select(DESK.is_open("a")).to_series()))
    assert frame.clear().select(worked, y=DESK.add("a", 60.0)).schema == {
        "a": pl.Float64,
        "y": pl.Datetime("us", "UTC"),
    }


def test_any_mix_of_column_expression_and_literal() -> None:
    frame = some_rows(30)
    later = START + timedelta(days=3)
    got = frame.select(
        literal_end=DESK.between("a", later),
        literal_start=DESK.between(later, pl.col("a").dt.offset_by("1h")),
        literal_seconds=DESK.add("a", 600),
        literal_instant=DESK.add(START, pl.col("x")),
        all_literal=DESK.between(pl.lit(START), pl.lit(later)),
    )
    a, x = frame["a"].to_list(), frame["x"].to_list()
    assert got["literal_end"].to_list() == [DESK.between(one, later) for one in a]
    assert got["literal_start"].to_list() == [DESK.between(later, one + timedelta(hours=1)) for one in a]
    assert got["literal_seconds"].to_list() == [DESK.add(one, 600) for one in a]
    assert got["literal_instant"].to_list() == [DESK.add(START, one) for one in x]
    assert got["all_literal"].unique().to_list() == [DESK.between(START, later)]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_instants_keep_their_zone_and_unit(unit: Literal["ms", "us", "ns"]) -> None:
    frame = some_rows(10).select(pl.col("a").dt.cast_time_unit(unit).dt.convert_time_zone("Asia/Kathmandu"))
    got = frame.select(pl.col("a"), due=DESK.add("a", 3600), opening=DESK.next_open("a"))
    assert got.schema == dict.fromkeys(("a", "due", "opening"), pl.Datetime(unit, "Asia/Kathmandu"))
    assert got["due"].to_list() == [DESK.add(one, 3600) for one in frame["a"]]


def test_the_callers_frame_is_not_changed_and_the_order_of_rows_does_not_matter() -> None:
    frame = some_rows(500)
    before = frame.clone()
    worked = frame.with_columns(worked=DESK.between("a", "b"))
    assert_frame_equal(frame, before)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1).with_columns(worked=DESK.between("a", "b"))
    assert_frame_equal(shuffled.sort("a", "b", "x"), worked.sort("a", "b", "x"))


def test_budgets_that_never_end_are_null() -> None:
    once = Schedule({}, "UTC", exceptions={"2024-07-06": [("10:00", "12:00")]})
    got = pl.DataFrame({"a": [START] * 3, "x": [3600, 7200, 7201]}).select(once.add("a", "x"))["a"].to_list()
    assert got == [datetime(2024, 7, 6, hour, tzinfo=UTC) for hour in (11, 12)] + [None]


def test_columns_of_nulls_alone() -> None:
    frame = pl.DataFrame({"a": [None, None], "b": [START, None]})
    got = frame.select(worked=DESK.between("a", "b"), due=DESK.add("b", "a"), opening=DESK.next_open("a"))
    assert got["worked"].to_list() == got["due"].to_list() == got["opening"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([datetime(2024, 1, 1)], "'a': expected instants with a time zone; got naive ones"),  # noqa: DTZ001
        (["2024-01-01T00:00Z"], "'a': expected instants .*; got String"),
        ([datetime(2024, 1, 1, tzinfo=UTC).date()], "'a': expected instants .*; got Date"),
    ],
)
@pytest.mark.parametrize("name", ["between", "add"])
def test_columns_that_hold_no_instants_are_refused(name: str, column: list[Any], message: str) -> None:
    frame = pl.LazyFrame({"a": column, "b": column, "x": [1]})
    with pytest.raises(InputError, match=message):
        frame.select(QUESTIONS[name](DESK, "a", "b", "x")).collect()


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        ([1.0, float("nan"), float("inf")], r"'x': expected finite seconds.*2 are not, the first \[nan, inf\]"),
        ([1.0, 1e12, 2.0], "'x': expected finite seconds.*1 are not"),
        (["1", "2", "3"], "'x': expected seconds as numbers; got String"),
    ],
)
def test_seconds_that_are_none_are_refused(seconds: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pl.DataFrame({"a": [START] * 3, "x": seconds}).select(DESK.add("a", "x"))
