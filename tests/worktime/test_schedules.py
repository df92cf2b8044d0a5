"""A schedule per row: by key, and by date."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError
from servicequality.worktime import ALWAYS_OPEN, Schedule, Schedules, Version
from worktime.strategies import exact_instants, schedules

WEEK = ("mon", "tue", "wed", "thu", "fri")
EIGHT = Schedule({day: [("09:00", "17:00")] for day in WEEK}, "America/New_York")
FOUR = Schedule({day: [("09:00", "13:00")] for day in WEEK}, "Europe/Berlin")
HOUR = 3600.0
JULY = date(2024, 7, 1)  # a Monday


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@given(
    kinds=st.lists(schedules(), min_size=1, max_size=4),
    rows=st.lists(
        st.tuples(exact_instants, exact_instants, st.integers(-(10**6), 10**6), st.integers(0, 3)), max_size=12
    ),
)
def test_each_row_gets_the_answer_of_its_own_schedule(
    kinds: list[Schedule], rows: list[tuple[datetime, datetime, int, int]]
) -> None:
    by_key = dict(enumerate(kinds))
    chosen = [(a, b, x, k % len(kinds)) for a, b, x, k in rows]
    instant = pl.Datetime("us", "UTC")
    frame = pl.DataFrame(chosen, schema={"a": instant, "b": instant, "x": pl.Int64, "k": pl.Int64}, orient="row")
    ours = Schedules(by_key)
    got = frame.select(
        between=ours.between("a", "b", key="k"),
        add=ours.add("a", "x", key="k"),
        next_open=ours.next_open("a", key="k"),
        prev_close=ours.prev_close("a", key="k"),
        is_open=ours.is_open("a", key="k"),
        clock=ours.clock("a", key="k"),
    )
    for (a, b, x, k), row in zip(chosen, got.iter_rows(), strict=True):
        one = by_key[k]
        assert row == (
            one.between(a, b), one.add(a, x), one.next_open(a), one.prev_close(a), one.is_open(a), one.clock(a),
        )  # fmt: skip


def test_dates_that_end_beside_hours_that_do_not() -> None:
    once = Schedule({}, "UTC", exceptions={"2024-07-06": [("10:00", "12:00")]})
    both = Schedules({"once": once, "always": ALWAYS_OPEN})
    frame = pl.DataFrame(
        {"at": [utc(2024, 7, 1)] * 4, "x": [7200, 7201, 7201, 4_000_000_000], "k": ["once", "once", "always", "always"]}
    )
    expected = [utc(2024, 7, 6, 12), None, utc(2024, 7, 1, 2, 0, 1), utc(2024, 7, 1) + timedelta(seconds=4e9)]
    assert frame.select(both.add("at", "x", key="k"))["at"].to_list() == expected
    assert frame.select(both.prev_close("at", key="k"))["at"].to_list() == [
        None,
        None,
        utc(2024, 7, 1),
        utc(2024, 7, 1),
    ]


def test_a_span_across_a_change_is_summed_piece_by_piece() -> None:
    desk = Schedules({"desk": [Version(EIGHT, until=JULY), Version(FOUR, since=JULY)]})
    friday, tuesday = utc(2024, 6, 28), utc(2024, 7, 2)
    assert desk.between(friday, tuesday, key="desk") == 8 * HOUR + 4 * HOUR
    assert desk.add(utc(2024, 6, 28, 20), 2 * HOUR, key="desk") == utc(
        2024, 7, 1, 8
    )  # an hour in New York, one in Berlin
    assert desk.add(utc(2024, 7, 1, 8), -2 * HOUR, key="desk") == utc(2024, 6, 28, 20)


def test_a_change_within_open_hours_falls_on_the_instant() -> None:
    noon = utc(2024, 7, 1, 12)
    desk = Schedules({1: [Version(ALWAYS_OPEN), Version(FOUR, since=noon)]})
    assert desk.between(utc(2024, 7, 1), utc(2024, 7, 3), key=1) == 12 * HOUR + 4 * HOUR


def test_a_date_begins_in_the_zone_of_the_schedule_that_it_brings() -> None:
    desk = Schedules({1: [Version(ALWAYS_OPEN), Version(FOUR, since=JULY)]})
    assert desk.between(utc(2024, 6, 30), utc(2024, 7, 1), key=1) == 22 * HOUR  # Berlin's midnight


@given(schedules(), exact_instants, exact_instants, st.lists(exact_instants, min_size=1, max_size=3, unique=True))
def test_cutting_a_schedule_into_versions_changes_nothing(
    schedule: Schedule, a: datetime, b: datetime, cuts: list[datetime]
) -> None:
    versions = [Version(schedule), *(Version(schedule, since=cut) for cut in sorted(cuts))]
    assert Schedules({1: versions}).between(a, b, key=1) == schedule.between(a, b)


def test_where_none_is_in_force_the_answer_is_null() -> None:
    desk = Schedules({"desk": [Version(EIGHT, JULY, date(2024, 8, 1))], "other": FOUR})
    frame = pl.DataFrame(
        {
            "a": [utc(2024, 7, 1, 12), utc(2024, 6, 1), utc(2024, 7, 31), utc(2024, 6, 1), None],
            "b": [utc(2024, 7, 2, 12), utc(2024, 7, 2, 12), utc(2024, 8, 2), utc(2024, 6, 4), utc(2024, 7, 2)],
            "k": ["desk", "desk", "desk", "other", None],
        }
    )
    worked = frame.select(desk.between("a", "b", key="k"))["a"].to_list()
    assert worked == [8 * HOUR, None, None, 4 * HOUR, None]
    assert frame.select(desk.is_open("a", key="k"))["a"].to_list() == [False, None, False, False, None]
    assert desk.between(utc(2024, 6, 1), utc(2024, 6, 2), key="desk") is None
    assert desk.next_open(utc(2024, 6, 1), key="desk") is None
    assert desk.add(utc(2024, 7, 31, 12), 9 * HOUR, key="desk") is None  # the budget outlives the schedule


def test_lazy_is_eager_is_streaming_for_texts_categories_and_integers() -> None:
    both = Schedules({"us": EIGHT, "eu": FOUR})
    rows = pl.int_range(3_000)
    frame = pl.select(
        a=utc(2024, 1, 1) + rows * timedelta(minutes=191),
        b=utc(2024, 7, 1),
        k=pl.when(rows % 2 == 0).then(pl.lit("us")).otherwise(pl.lit("eu")),
    )
    eager = frame.select(both.between("a", "b", key="k"))
    assert_frame_equal(frame.lazy().select(both.between("a", "b", key=pl.col("k"))).collect(engine="streaming"), eager)
    assert_frame_equal(frame.cast({"k": pl.Categorical}).select(both.between("a", "b", key="k")), eager)
    numbered = Schedules({7: EIGHT, 9: FOUR})
    codes = frame.with_columns(k=pl.when(pl.col("k") == "us").then(7).otherwise(9).cast(pl.Int16))
    assert_frame_equal(codes.select(numbered.between("a", "b", key="k")), eager)
    assert_frame_equal(frame.select(both.between("a", "b", key=pl.lit("us"))), frame.select(EIGHT.between("a", "b")))


@pytest.mark.parametrize(
    ("by_key", "message"),
    [
        ({}, "a mapping from keys"),
        ({"a": EIGHT, 1: FOUR}, "all text or all integers"),
        ({1.5: EIGHT}, "all text or all integers"),
        ({"a": []}, "'a': expected a Schedule or a list of Version"),
        ({"a": "EIGHT"}, "'a': expected a Schedule or a list of Version"),
        ({"a": [Version(EIGHT), Version(FOUR)]}, "one since None"),
        (
            {"a": [Version(EIGHT, None, date(2024, 6, 1)), Version(FOUR, JULY)]},
            "one until 2024-06-01 and then one since 2024-07-01",
        ),
        ({"a": [Version(EIGHT, JULY), Version(FOUR, date(2024, 6, 1))]}, "in order of time"),
        ({"a": [Version(EIGHT, since=datetime(2024, 6, 1))]}, "must be a datetime with a time zone, got 2024-06-01"),  # noqa: DTZ001
    ],
)
def test_versions_that_make_no_sense_are_refused(by_key: dict[Any, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Schedules(by_key)


def test_keys_of_no_schedule_are_refused() -> None:
    both = Schedules({"us": EIGHT, "eu": FOUR})
    frame = pl.DataFrame({"a": [utc(2024, 7, 1)] * 3, "k": ["us", "uk", "xx"], "n": [1, 2, 3]})
    with pytest.raises(InputError, match=r"'k': expected keys of \['us', 'eu'\]; 2 are of no schedule.*\['uk', 'xx'\]"):
        frame.select(both.is_open("a", key="k"))
    with pytest.raises(InputError, match=r"'n': expected keys such as .*; got Int64"):
        frame.select(both.is_open("a", key="n"))
    with pytest.raises(InputError, match="1 are of no schedule"):
        both.is_open(utc(2024, 7, 1), key="uk")
    with pytest.raises(ParameterError, match="key: expected a column's name"):
        both.is_open("a", key=3)  # type: ignore[call-overload]
    assert repr(both) == "Schedules(2 keys: 'us', 'eu')"
