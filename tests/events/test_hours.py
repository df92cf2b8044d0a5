"""Schedules by a column of the ticket: each ticket has the times that its own schedule alone would give it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from events.histories import EPOCH, at, crowd, records_of
from servicequality.errors import InputError, ParameterError
from servicequality.events import status_times
from servicequality.sla import Policy, Target, clocks
from servicequality.worktime import ALWAYS_OPEN, Schedule, Schedules, Version

EARLY = Schedule({"sun": [("00:00", "01:10")]}, "UTC")  # the histories begin on a Sunday at midnight
LATE = Schedule({"sun": [("00:40", "02:00")]}, "UTC")
NOW = at(150)
OF_KEY = {"1": EARLY, "2": LATE}


def facts(records: sq.Records, schedule: Any) -> pl.LazyFrame:
    return sq.facts(records, as_of=NOW, paused=("hold",), schedule=schedule)


def waits(records: sq.Records, schedule: Any) -> pl.LazyFrame:
    return sq.reply_waits(records, as_of=NOW, schedule=schedule)


def spells(records: sq.Records, schedule: Any) -> pl.LazyFrame:
    return sq.status_spells(records, as_of=NOW, schedule=schedule)


def times(records: sq.Records, schedule: Any) -> pl.LazyFrame:
    return status_times(records, as_of=NOW, schedule=schedule)


def promises(records: sq.Records, schedule: Any) -> pl.LazyFrame:
    policy = Policy("p", [Target("first_response", 600), Target("resolution", 1800)], schedule=schedule)
    # Where it is chosen at the stop and not at `as_of` another schedule may hold: the running ones are alike.
    return clocks(records, policy, as_of=NOW).filter(pl.col("stopped_at").is_null()).drop("target_schedule")


CALLS: list[Callable[[sq.Records, Any], pl.LazyFrame]] = [facts, waits, spells, times, promises]


@pytest.fixture(scope="module")
def desk() -> sq.Records:
    records = records_of(crowd(400, 9))
    assert records.tickets is not None
    keys = pl.Series("schedule", ["1", "2", None, "2"]).gather([number % 4 for number in range(400)])
    return records.replace(tickets=records.tickets.collect().with_columns(keys))


@pytest.mark.parametrize("call", CALLS)
def test_each_ticket_has_the_times_of_its_own_schedule(desk: sq.Records, call: Callable[..., pl.LazyFrame]) -> None:
    assert desk.tickets is not None
    keys = desk.tickets.select("ticket_id", _key="schedule")
    ours = call(desk, Schedules(OF_KEY)).join(keys, on="ticket_id", how="left", maintain_order="left").collect()
    for key, schedule in OF_KEY.items():
        alone = call(desk, schedule).join(keys, on="ticket_id", how="left", maintain_order="left")
        theirs = alone.filter(_key=key).collect()
        assert theirs.height > 50
        assert_frame_equal(ours.filter(pl.col("_key") == key), theirs)
    # Nothing tells how long the others worked.
    names = [name for name in ours.columns if name.endswith("working_seconds")]
    unkeyed = ours.filter(pl.col("_key").is_null()).select(names)
    assert unkeyed.null_count().row(0) == (unkeyed.height,) * len(names)


@pytest.mark.parametrize("call", CALLS[:4])
def test_the_schedule_follows_the_last_change_of_the_column(call: Callable[..., pl.LazyFrame]) -> None:
    tickets = [{"ticket_id": key, "created_at": EPOCH, "opened_by": "customer", "team": "1"} for key in "ab"]
    changes = [{"ticket_id": "b", "at": at(30), "field": "team", "value": "2"}]
    changes += [{"ticket_id": key, "at": at(20), "field": "status", "value": "open"} for key in "ab"]
    responses = [{"ticket_id": key, "at": at(90), "author": "agent"} for key in "ab"]
    records = sq.Records(tickets=tickets, changes=changes, responses=responses)
    ours = call(records, Schedules(OF_KEY, column="team")).collect()
    for key, schedule in zip("ab", OF_KEY.values(), strict=True):
        assert_frame_equal(ours.filter(ticket_id=key), call(records, schedule).filter(ticket_id=key).collect())


def test_versions_follow_one_another_and_outside_them_there_is_no_time() -> None:
    noon = EPOCH + dt.timedelta(hours=1)
    both = Schedules(
        {7: [Version(EARLY, until=noon), Version(ALWAYS_OPEN, since=noon)], 8: [Version(EARLY, since=noon)]}
    )
    tickets = [{"ticket_id": str(key), "created_at": EPOCH, "schedule": key, "resolved_at": at(120)} for key in (7, 8)]
    frame = sq.facts(sq.Records(tickets=tickets), as_of=NOW, schedule=both).collect()
    assert frame["resolution_working_seconds"].to_list() == [2 * 3600.0, None]
    assert frame["resolution_seconds"].to_list() == [2 * 3600.0] * 2


def test_selected_twins_are_those_of_the_whole(desk: sq.Records) -> None:
    whole = facts(desk, Schedules(OF_KEY)).collect()
    for name in ("hold_working_seconds", "resolution_working_seconds", "agent_replies"):
        assert_frame_equal(facts(desk, Schedules(OF_KEY)).select(name).collect(), whole.select(name))


def test_what_cannot_be_is_refused() -> None:
    tickets = [{"ticket_id": "a", "created_at": EPOCH, "site": "berlin"}]
    alone = sq.Records(tickets=tickets)
    with pytest.raises(ParameterError, match=r"schedule is chosen by 'schedule', which is not a column of the tickets"):
        facts(alone, Schedules(OF_KEY))
    with pytest.raises(ParameterError, match=r"chosen by 'sit' \(did you mean 'site'\?\)"):
        facts(alone, Schedules(OF_KEY, column="sit"))
    with pytest.raises(InputError, match=r"'site': expected keys of \['1', '2'\]; 1 are of no schedule.*'berlin'"):
        facts(alone, Schedules(OF_KEY, column="site")).collect()
    changes = [{"ticket_id": "a", "at": EPOCH, "field": "site", "value": "five"}]
    log = sq.Records(tickets=[{"ticket_id": "a", "created_at": EPOCH, "site": 5}], changes=changes)
    with pytest.raises(
        InputError, match=r"changes of the field 'site': expected keys of schedules, whole numbers; got \['five'\]"
    ):
        facts(log, Schedules({5: EARLY}, column="site")).collect()
    with pytest.raises(
        ParameterError, match="schedule must be a Schedule, Schedules by a column of the ticket, or None; got"
    ):
        facts(alone, {"mon": []})
    with pytest.raises(ParameterError, match="column must be a text"):
        Schedules(OF_KEY, column=3)  # type: ignore[arg-type]
