"""Time in status on a schedule: the twin beside the calendar time."""

import datetime as dt

import polars as pl
import pytest

from servicequality import Records, time_in_status
from servicequality.events import status_times
from servicequality.worktime import ALWAYS_OPEN, Schedule

START = dt.datetime(2024, 3, 8, 12, tzinfo=dt.UTC)  # a Friday
OFFICE = Schedule({day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}, "Europe/Berlin")
AS_OF = START + dt.timedelta(days=4)


def records() -> Records:
    moves = [("a", 2, "open"), ("a", 30, "pending"), ("a", 75, "open"), ("b", 0, "new")]
    return Records(
        tickets=[{"ticket_id": key, "created_at": START} for key in "abc"],
        changes=[
            {"ticket_id": key, "at": START + dt.timedelta(hours=hours), "field": "status", "value": value}
            for key, hours, value in moves
        ],
    )


def test_on_a_clock_that_never_stops_both_times_are_one() -> None:
    times = status_times(records(), as_of=AS_OF, schedule=ALWAYS_OPEN).collect()
    assert times["working_seconds"].to_list() == times["seconds"].to_list()


def test_the_working_times_of_a_ticket_add_up_to_its_working_life() -> None:
    times = status_times(records(), as_of=AS_OF, schedule=OFFICE).collect()
    life = OFFICE.between(START, AS_OF)
    assert times.group_by("ticket_id").agg(pl.col("working_seconds").sum())["working_seconds"].to_list() == [life] * 3
    pending = times.filter(ticket_id="a", status="pending")["working_seconds"].item()
    assert pending == OFFICE.between(START + dt.timedelta(hours=30), START + dt.timedelta(hours=75))


def test_the_metric_of_the_twin_says_so() -> None:
    times = status_times(records(), as_of=AS_OF, schedule=OFFICE).collect()
    metric = time_in_status("working_seconds", limit=3600.0)
    assert metric.name == "time_in_status_working_limit_3600"
    assert metric.estimate(times.filter(status="pending")).value == pytest.approx(0.0)
