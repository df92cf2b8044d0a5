"""Targets in schedules of their own, and next replies with or without the first wait."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from events.histories import EPOCH, at, crowd, records_of
from servicequality import Records, facts, reply_waits
from servicequality.errors import ParameterError
from servicequality.sla import Policy, Target, at_risk, clocks
from servicequality.worktime import ALWAYS_OPEN, Schedule, Schedules

OFFICE = Schedule({"sun": [("00:20", "01:10")]}, "UTC", name="office")
TWO = [
    Target("first_response", 600, "1"),
    Target("first_response", 1200),
    Target("first_response", 1800, schedule=ALWAYS_OPEN),
    Target("resolution", 3600, "2", schedule=ALWAYS_OPEN),
    Target("next_reply", 900),
    Target("next_reply", 1800, schedule=ALWAYS_OPEN),
]


@pytest.fixture(scope="module")
def desk() -> Records:
    records = records_of(crowd(300, 3))
    assert records.tickets is not None
    priority = pl.Series("priority", ["1", "2", None]).gather([number % 3 for number in range(300)])
    return records.replace(tickets=records.tickets.collect().with_columns(priority))


def test_one_policy_of_two_schedules_is_the_two_policies_of_one(desk: Records) -> None:
    both = clocks(desk, Policy("p", TWO, schedule=OFFICE), as_of=at(120)).collect()
    parts = []
    for schedule in (OFFICE, ALWAYS_OPEN):
        own = [target for target in TWO if (target.schedule or OFFICE) == schedule]
        parts.append(clocks(desk, Policy("p", own, schedule=OFFICE), as_of=at(120)).collect())
    keys = ["ticket_id", "kind", "sequence", "target_schedule"]
    assert all(part.height > 200 for part in parts)
    assert_frame_equal(both.sort(keys), pl.concat(parts).sort(keys))
    assert both.select(keys[:3]).equals(both.sort(keys[:3], maintain_order=True).select(keys[:3]))
    pairs = both.filter(pl.len().over(keys[:3]) == 2)
    assert pairs["target_schedule"].to_list() == ["office", "always open"] * (pairs.height // 2)


def test_the_list_of_what_is_at_risk_tells_the_two_clocks_apart(desk: Records) -> None:
    table = clocks(desk, Policy("p", TWO, schedule=OFFICE), as_of=at(60)).collect()
    assert set(at_risk(table, within=3600)["target_schedule"]) == {"office", "always open"}


def test_a_target_in_the_schedule_of_the_tickets_team() -> None:
    tickets = [{"ticket_id": key, "created_at": EPOCH, "team": key, "status": "open"} for key in "ab"]
    teams = Schedules({"a": OFFICE, "b": ALWAYS_OPEN}, column="team")
    policy = Policy("p", [Target("resolution", 3600, schedule=teams), Target("resolution", 3600)])
    rows = clocks(Records(tickets=tickets), policy, as_of=at(60)).collect()
    told = rows.select("ticket_id", "target_schedule", "elapsed_seconds").rows()
    assert told == [
        ("a", "by team", 2400.0),
        ("a", "always open", 3600.0),
        ("b", "by team", 3600.0),
        ("b", "always open", 3600.0),
    ]


def test_next_replies_without_the_first_wait_are_the_waits_since_the_first_response(desk: Records) -> None:
    with_all, later = (
        clocks(desk, Policy("p", [Target("next_reply", 60, first_wait=first)]), as_of=at(120)).collect()
        for first in (True, False)
    )
    waits = reply_waits(desk, as_of=at(120)).collect()
    assert with_all.select("ticket_id", "sequence").equals(waits.select("ticket_id", "sequence"))
    answered = facts(desk, as_of=at(120)).select("ticket_id", "first_response_at").collect()
    since = waits.join(answered, on="ticket_id", how="left").filter(pl.col("started_at") >= pl.col("first_response_at"))
    assert 20 < later.height < with_all.height
    assert later.select("ticket_id", "sequence").equals(since.select("ticket_id", "sequence"))


def test_the_first_wait_can_be_left_out_of_one_priority_alone(desk: Records) -> None:
    targets = [Target("next_reply", 60, "1", first_wait=False), Target("next_reply", 60)]
    rows = clocks(desk, Policy("p", targets), as_of=at(120)).collect()
    whole, later = (
        clocks(desk, Policy("p", [Target("next_reply", 60, first_wait=first)]), as_of=at(120)).collect()
        for first in (True, False)
    )
    ones = pl.col("priority") == "1"
    assert rows.filter(ones).equals(later.filter(ones))
    assert rows.filter(ones.not_()).equals(whole.filter(ones.not_()))


NAMELESS = Schedule({"mon": [("00:00", "12:00")]}, "UTC")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Policy("p", [Target("resolution", 1), Target("resolution", 2, schedule=ALWAYS_OPEN)]),
            (r"one target for each clock, priority and schedule; got Target\(resolution, 1 s\) and Target\(resolution, 2 s, "
            r"schedule 'always open'\)"),
        ),
        (
            lambda: Policy("p", [Target("resolution", 1), Target("resolution", 2, schedule=NAMELESS)],
                           schedule=Schedule({"mon": [("01:00", "12:00")]}, "UTC")),
            r"schedules of one clock to have names that tell them apart, such as Schedule\(…, name='office'\); got",
        ),
        (lambda: Target("resolution", 1, schedule="24x7"), r"the target of resolution: schedule must be a Schedule, Sched"),
        (lambda: Target("next_reply", 1, first_wait=None), r"first_wait must be True or False; got None"),
        (lambda: Target("resolution", 1, first_wait=False), r"is for targets of 'next_reply'; got one of 'resolution'"),
    ],
)  # fmt: skip
def test_targets_are_checked_when_they_are_made(make: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()


def test_a_schedule_by_a_column_that_nobody_has_is_refused() -> None:
    tickets = [{"ticket_id": "a", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}]
    policy = Policy("p", [Target("resolution", 1, schedule=Schedules({"a": NAMELESS}, column="site"))])
    with pytest.raises(ParameterError, match="policy 'p' reads 'site', which is not a column of the tickets"):
        clocks(Records(tickets=tickets), policy, as_of=at(1))
