"""The facts in working time: what a schedule says of each of their spans, and the clocks without a pause."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import few
from events.histories import read
from servicequality.events import facts, reply_waits
from servicequality.sla import Policy, Target, clocks
from servicequality.worktime import ALWAYS_OPEN, Schedule
from sla.oracle import Desk, status_rows
from sla.test_oracle import SCHEDULES, desks, minutes

SPANS = ("first_response", "first_resolution", "resolution", "first_action", "close", "first_assignment")
SETS = {"hold": {"hold"}, "requester_wait": {"new", "open", "hold", "on-hold", "on hold"}, "agent_wait": {"pending"},
        "agent_work": {"new", "open"}}  # fmt: skip


def rows(frame: pl.LazyFrame) -> list[dict[str, Any]]:
    return list(frame.collect().iter_rows(named=True))


@few(8)
@given(desks(), st.sampled_from(SCHEDULES), minutes)
def test_twins_are_the_schedules_time_of_the_same_spans(desk: Desk, schedule: Schedule, now: int) -> None:
    as_of = desk.at(now)
    known = {h.ticket_id: h for h in desk.histories}
    for row in rows(facts(desk.records(), as_of=as_of, paused=("hold",), schedule=schedule)):
        for name in SPANS:
            elapsed, worked = row[f"{name}_seconds"], row[f"{name}_working_seconds"]
            assert (elapsed is None) == (worked is None)
            if elapsed is not None:
                stop = row["created_at"] + timedelta(seconds=elapsed)
                assert worked == pytest.approx(schedule.between(row["created_at"], stop), abs=1e-6)
        since = row["first_assigned_at"]
        if row["assignment_to_resolution_seconds"] is not None:
            whole = schedule.between(since, row["resolved_at"] or as_of)
            assert row["assignment_to_resolution_working_seconds"] == pytest.approx(whole, abs=1e-6)
        h = known[row["ticket_id"]]
        idle = sum(schedule.between(desk.at(minute), desk.at(minute + 1)) for minute in read(h, now)["idle"])
        assert row["unassigned_working_seconds"] == pytest.approx(idle, abs=1e-6)
        moves = status_rows(h, now)
        for name, among in SETS.items():
            spans = zip(moves, [*moves[1:], (now, "")], strict=False)
            within = sum(schedule.between(desk.at(a), desk.at(b)) for (a, status), (b, _) in spans if status in among)
            assert row[f"{name}_working_seconds"] == (
                pytest.approx(within, abs=1e-6) if read(h, now)["logged"] else None
            )
    for row in rows(reply_waits(desk.records(), as_of=as_of, schedule=schedule)):
        stop = row["stopped_at"] or as_of
        assert row["reply_wait_working_seconds"] == pytest.approx(schedule.between(row["started_at"], stop), abs=1e-6)


@few(8)
@given(desks(), minutes)
def test_a_schedule_that_never_closes_gives_the_same_twice(desk: Desk, now: int) -> None:
    table = facts(desk.records(), as_of=desk.at(now), schedule=ALWAYS_OPEN).collect()
    twins = [name for name in table.columns if name.endswith("_working_seconds")]
    assert len(twins) == len(SPANS) + len(SETS) + 2  # unassigned, assignment to resolution
    for name in twins:
        assert table[name].equals(table[name.replace("_working", "")], check_names=False)
    assert not [name for name in facts(desk.records(), as_of=desk.at(now)).collect_schema() if "_working_" in name]


@few(8)
@given(desks(), st.sampled_from(SCHEDULES), minutes)
def test_a_clock_of_agent_work_is_the_fact_until_the_ticket_is_ended(desk: Desk, schedule: Schedule, now: int) -> None:
    policy = Policy("p", [Target("agent_work", 1), Target("requester_wait", 1)], schedule)
    clock = clocks(desk.records(), policy, as_of=desk.at(now)).collect()
    table = facts(desk.records(), as_of=desk.at(now), schedule=schedule).collect()
    for kind in ("agent_work", "requester_wait"):
        both = clock.filter(kind=kind).join(table, on="ticket_id", how="inner").drop_nulls("elapsed_seconds")
        both = both.drop_nulls(f"{kind}_working_seconds")
        assert both["elapsed_seconds"].to_list() == pytest.approx(both[f"{kind}_working_seconds"].to_list(), abs=1e-6)
