"""Schedules of a schema: hours in minutes since Sunday, zones by Rails' names, holidays; and the tickets that are hard."""

import datetime as dt
import zoneinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from servicequality import facts, sources
from servicequality.errors import InputError, ParameterError
from servicequality.sources.rails_zones import RAILS_ZONES

DAY = 24 * 60
ZONE = ZoneInfo("America/New_York")
# Monday to Friday from 9 to 17, Friday on past midnight to 2, and Saturday from 10 to 12.
HOURS = [(day * DAY + 9 * 60, day * DAY + 17 * 60) for day in range(1, 5)]
HOURS += [(5 * DAY + 9 * 60, 6 * DAY + 2 * 60), (6 * DAY + 10 * 60, 6 * DAY + 12 * 60)]
HOLIDAYS = [(dt.date(2024, 7, 4), dt.date(2024, 7, 5)), (dt.date(2024, 12, 25), dt.date(2024, 12, 25))]
NOW = dt.datetime(2024, 12, 31, 18, tzinfo=dt.UTC)


def utc(text: str) -> dt.datetime:
    """A local time of New York."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)


# What a rival package was found to count wrongly: each ticket is its status history.
TICKETS = {
    "out of hours": [
        ("2024-06-01T14:00", "new"),
        ("2024-06-01T15:00", "open"),
        ("2024-06-02T12:00", "pending"),
        ("2024-06-02T20:00", "open"),
        ("2024-06-03T08:00", "solved"),
    ],
    "reopened": [
        ("2024-06-04T10:00", "new"),
        ("2024-06-04T16:30", "solved"),
        ("2024-06-05T09:30", "open"),
        ("2024-06-05T18:00", "solved"),
    ],
    "reopened and open": [("2024-06-04T10:00", "new"), ("2024-06-04T11:00", "solved"), ("2024-12-30T12:00", "open")],
    "unanswered and open": [("2023-02-01T12:00", "new")],
    "longer than a year": [
        ("2023-03-01T12:00", "new"),
        ("2023-03-02T12:00", "pending"),
        ("2024-09-02T12:00", "open"),
        ("2024-09-03T12:00", "solved"),
    ],
    "over the clock's change": [("2024-03-08T16:00", "new"), ("2024-03-11T10:00", "solved")],
    "over its change back": [("2024-11-01T16:00", "new"), ("2024-11-04T10:00", "solved")],
    "over holidays": [("2024-07-03T16:00", "new"), ("2024-07-08T10:00", "solved")],
    "on a Sunday": [("2024-08-04T10:00", "new"), ("2024-08-04T11:00", "closed")],
    "past midnight": [("2024-08-09T23:00", "new"), ("2024-08-10T01:30", "hold"), ("2024-08-10T11:00", "solved")],
}


def tables() -> dict[str, pl.DataFrame]:
    rows = [
        (key, utc(at).strftime("%Y-%m-%d %H:%M:%S"), status) for key, moves in TICKETS.items() for at, status in moves
    ]
    history = pl.DataFrame(rows, schema=["ticket_id", "updated", "value"], orient="row").with_columns(
        field_name=pl.lit("status")
    )
    first = history.group_by("ticket_id", maintain_order=True).agg(
        created_at=pl.col("updated").first(), status=pl.col("value").last()
    )
    hours = pl.DataFrame(HOURS, schema=["start_time", "end_time"], orient="row")
    return {
        "ticket": first.rename({"ticket_id": "id"}),
        "ticket_field_history": history,
        "ticket_schedule": first.select("ticket_id", schedule_id=pl.lit(360)),
        "schedule": hours.with_columns(id=360, time_zone=pl.lit("Eastern Time (US & Canada)"), name=pl.lit("East")),
        "schedule_holiday": pl.DataFrame(
            [(360, *days) for days in HOLIDAYS], schema=["schedule_id", "start_date", "end_date"], orient="row"
        ),
    }


def is_open(minute: dt.datetime) -> bool:
    """Whether a minute counts, by the wall clock."""
    local = minute.astimezone(ZONE)
    if any(first <= local.date() <= last for first, last in HOLIDAYS):
        return False
    since_sunday = (local.isoweekday() % 7) * DAY + local.hour * 60 + local.minute
    return any(start <= since_sunday < end for start, end in HOURS)


OPEN: list[int] = []
START = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)


def worked(start: dt.datetime, end: dt.datetime) -> int:
    """Working minutes between two instants, counted minute by minute."""
    if not OPEN:
        n = int((NOW - START).total_seconds() // 60)
        OPEN.append(0)
        for i in range(n):
            OPEN.append(OPEN[-1] + is_open(START + dt.timedelta(minutes=i)))
    one, other = (int((at - START).total_seconds() // 60) for at in (start, end))
    return OPEN[other] - OPEN[one]


def spent(key: str, statuses: set[str]) -> int:
    """Working minutes of a ticket in some statuses."""
    moves = [(utc(at), status) for at, status in TICKETS[key]]
    ends = [at for at, _ in moves[1:]] + [NOW]
    return sum(worked(at, end) for (at, status), end in zip(moves, ends, strict=True) if status in statuses)


def test_hard_tickets_match_a_calendar_that_is_counted_minute_by_minute() -> None:
    given = tables()
    hours = sources.schedules("zendesk.fivetran", given)
    records = sources.read("zendesk.fivetran", given)
    rows = facts(records, as_of=NOW, paused=("hold",), schedule=hours).collect()
    for row in rows.iter_rows(named=True):
        key = row["ticket_id"]
        assert row["requester_wait_working_seconds"] == 60 * spent(key, {"new", "open", "hold"}), key
        assert row["agent_wait_working_seconds"] == 60 * spent(key, {"pending"}), key
        assert row["hold_working_seconds"] == 60 * spent(key, {"hold"}), key
        created, over = utc(TICKETS[key][0][0]), TICKETS[key][-1][1] in {"solved", "closed"}
        end = utc(TICKETS[key][-1][0]) if over else NOW
        assert (row["resolution_observed"], row["resolution_working_seconds"]) == (over, 60 * worked(created, end)), key
    assert rows.filter(ticket_id="on a Sunday")["resolution_working_seconds"].item() == 0
    assert rows.filter(ticket_id="reopened and open")["reopen_count"].item() == 1


def test_the_zones_of_rails_are_zones() -> None:
    assert RAILS_ZONES["Eastern Time (US & Canada)"] == "America/New_York"
    assert len(RAILS_ZONES) > 140
    assert set(RAILS_ZONES.values()) <= zoneinfo.available_timezones()


def test_pages_of_schedules(tmp_path: Path) -> None:
    page = '{"schedules": [{"id": 1, "name": "Days", "time_zone": "%s", "intervals": [{"start_time": 1980, "end_time": %s}]}]}'
    (tmp_path / "schedules.json").write_text(page % ("Berlin", 2460))
    hours = sources.schedules("zendesk.api", tmp_path)
    monday = dt.datetime(2024, 6, 3, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert hours.between(monday, monday.replace(hour=20), key="1") == 8 * 3600
    for zone, end, message in (
        ("Berlyn", 2460, "schedule '1' of the map zendesk.api.*did you mean 'Berlin'"),
        ("Berlin", 1000, "minutes since Sunday 00:00, from 0 to 10080; got 1980 to 1000"),
    ):
        (tmp_path / "schedules.json").write_text(page % (zone, end))
        with pytest.raises(InputError, match=message):
            sources.schedules("zendesk.api", tmp_path)


def test_schedules_that_are_not_there() -> None:
    with pytest.raises(
        ParameterError, match=r"'jira.fivetran' has no \[schedules\]; these have: zendesk.api, zendesk.fivetran"
    ):
        sources.schedules("jira.fivetran", {})
    given = tables() | {"schedule_holiday": pl.DataFrame({"schedule_id": [1], "start_date": ["x"], "end_date": ["y"]})}
    with pytest.raises(InputError, match="holidays of schedule '1': expected dates"):
        sources.schedules("zendesk.fivetran", given)
    with pytest.raises(InputError, match=r"no table of the map zendesk\.fivetran is there"):
        sources.schedules("zendesk.fivetran", {"ticket": given["ticket"]})


def test_a_real_export_of_schedules(data_dir: Path) -> None:
    hours = sources.schedules("zendesk.fivetran", data_dir / "api_samples" / "zendesk_fivetran")
    monday = dt.datetime(2024, 6, 3, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert hours.between(monday, monday + dt.timedelta(days=7), key="360000310393") == 5 * 12 * 3600
