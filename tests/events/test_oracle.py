"""The facts against a slow, obvious reading of each ticket in plain Python."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.histories import EPOCH, History, at, crowd, histories, in_time, read, records_of
from servicequality.events import facts, reply_waits, status_spells, status_times
from servicequality.model import Records

SAME = (
    "resolution_count", "reopen_count", "public_agent_messages", "agent_replies", "customer_messages", "agents",
    "reassignments", "agent_reassignments", "team_reassignments", "handoffs", "escalations", "teams", "internal_notes",
    "customer_channels",
    "first_agent_id", "last_agent_id", "one_touch", "two_touch", "multi_touch", "no_customer_followup",
    "first_tier_resolution",
)  # fmt: skip
TIMES = {"hold": "hold_seconds", "work": "agent_work_seconds", "requester": "requester_wait_seconds",
         "agent_wait": "agent_wait_seconds"}  # fmt: skip
INSTANTS = ("first_response_at", "first_resolution_at", "resolved_at", "first_assigned_at", "last_assigned_at")

minutes = st.integers(0, 200)


def rows(frame: pl.LazyFrame) -> dict[str, dict[str, Any]]:
    return {row["ticket_id"]: row for row in frame.collect().iter_rows(named=True)}


def minute(instant: Any) -> int | None:
    return None if instant is None else (instant - EPOCH).total_seconds() / 60


def duration(stop: int | None, competing: int | None, start: int, now: int) -> tuple[float | None, bool | None]:
    end = stop if stop is not None else competing if competing is not None else now
    return (None, None) if end < start else ((end - start) * 60.0, stop is not None)


def agree(desk: list[History], now: int, records: Records | None = None) -> None:
    """Every fact and every wait of every ticket is what a person reads off its history; of records, where they are given."""
    facts_agree(desk, now, records)
    waits_agree(desk, now, records)


@given(histories(), minutes)
def test_facts_are_what_a_person_reads(desk: list[History], now: int) -> None:
    facts_agree(desk, now)


@given(histories(), minutes)
def test_reply_waits_are_what_a_person_reads(desk: list[History], now: int) -> None:
    waits_agree(desk, now)


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_histories(seed: int) -> None:
    agree(crowd(2_000, seed), 120)


def facts_agree(desk: list[History], now: int, records: Records | None = None) -> None:
    got = rows(facts(records or records_of(desk), as_of=at(now), paused=("HOLD",)))
    assert set(got) == {h.ticket_id for h in desk if h.created <= now}
    for h in desk:
        if h.created > now:
            continue
        fact, truth = got[h.ticket_id], read(h, now)
        assert {name: fact[name] for name in SAME} == {name: truth[name] for name in SAME}
        assert {name: minute(fact[name]) for name in INSTANTS} == {name: truth[name] for name in INSTANTS}
        for name, column in TIMES.items():
            assert fact[column] == (truth[name] * 60.0 if truth["logged"] else None)
        assert fact["unassigned_seconds"] == len(truth["idle"]) * 60.0
        response, first, last, assigned, _ = (truth[name] for name in INSTANTS)
        for name, pair in {
            "first_response": duration(response, last, h.created, now),
            "first_resolution": duration(first, None, h.created, now),
            "resolution": duration(last, None, h.created, now),
            "first_assignment": duration(assigned, last, h.created, now),
            "assignment_to_resolution": (None, None) if assigned is None else duration(last, None, assigned, now),
        }.items():
            assert (fact[f"{name}_seconds"], fact[f"{name}_observed"]) == pair
            assert (fact[f"{name}_reason"] is None) == (pair[0] is not None)
        end = "answered" if response is not None else "ended_without" if last is not None else "open"
        assert fact["first_response_end"] == end


@given(histories(), minutes)
def test_variants_of_the_first_response(desk: list[History], now: int) -> None:
    records = records_of(desk)
    zammad = rows(facts(records, as_of=at(now), first_response="zammad"))
    frappe = rows(facts(records, as_of=at(now), first_response="frappe", paused=("hold",)))
    handoff = rows(facts(records, as_of=at(now), first_response="after_handoff"))
    for h in desk:
        if h.created > now:
            continue
        truth = read(h, now)
        reply, end = truth["first_response_at"], truth["resolved_at"]
        assert minute(zammad[h.ticket_id]["first_response_at"]) == truth["zammad"]
        halts = []
        before = None
        for when, name, value in sorted(h.known(now).changes, key=lambda row: row[0]):
            if name == "status":
                status = str(value).lower()
                groups = [{"hold"}, {"solved", "resolved", "closed"}]
                if when > h.created and any(status in group and before not in group for group in groups):
                    halts.append(when)
                before = status
        assert minute(frappe[h.ticket_id]["first_response_at"]) == min(
            [*halts, *([] if reply is None else [reply])], default=None
        )
        handed = [when for when, name, _ in h.known(now).changes if name == "handoff"]
        turns = [when for when in (*truth["reopens"], *handed) if reply is None or when < reply]
        start = max([h.created, *turns])
        assert (
            handoff[h.ticket_id]["first_response_seconds"],
            handoff[h.ticket_id]["first_response_observed"],
        ) == duration(reply, end, start, now)


def waits_agree(desk: list[History], now: int, records: Records | None = None) -> None:
    table = reply_waits(records or records_of(desk), as_of=at(now)).collect()
    got: dict[str, list[Any]] = {}
    for row in table.iter_rows(named=True):
        wait = (minute(row["started_at"]), minute(row["stopped_at"]), row["reply_wait_end"])
        got.setdefault(row["ticket_id"], []).append(wait)
        stop = now if wait[1] is None else wait[1]
        assert row["reply_wait_seconds"] == (stop - wait[0]) * 60
        assert row["sequence"] == len(got[row["ticket_id"]])
        assert row["reply_wait_observed"] == (row["reply_wait_end"] == "answered")
    assert got == {h.ticket_id: result for h in desk if h.created <= now and (result := read(h, now)["waits"])}


@given(histories(), minutes)
def test_time_in_status_is_what_a_person_reads(desk: list[History], now: int) -> None:
    got: dict[str, dict[str | None, float]] = {}
    for row in status_times(records_of(desk), as_of=at(now)).collect().iter_rows(named=True):
        got.setdefault(row["ticket_id"], {})[row["status"]] = row["seconds"]
    for h in desk:
        if h.created <= now:
            truth = {status: time * 60.0 for status, time in read(h, now)["spent"].items()}
            assert {k: v for k, v in got[h.ticket_id].items() if v} == {k: v for k, v in truth.items() if v}
            assert sum(got[h.ticket_id].values()) == (now - h.created) * 60


def spells_of(h: History, now: int) -> list[tuple[str | None, int, int | None]]:
    """The spells of one ticket, by walking through its changes: status, start and end, which is None while it lasts."""
    moves = [(when, value) for when, name, value in in_time(h.known(now).changes) if name == "status"]
    walk: list[tuple[str | None, int]] = [(None, h.created)]
    since = -1  # when the status began that is in force
    for when, value in moves:
        status = None if value is None else value.lower()
        if when < h.created or (when == h.created and since < h.created):
            walk[0] = (status, h.created)  # in force when its life began
        elif status != walk[-1][0]:
            walk.append((status, when))
        since = when
    stops = [when for _, when in walk[1:]] + [None]
    return [(status, start, stop) for (status, start), stop in zip(walk, stops, strict=True)]


@given(histories(), minutes)
def test_spells_are_what_a_person_reads(desk: list[History], now: int) -> None:
    spells_agree(desk, now)


def test_spells_of_a_crowd() -> None:
    spells_agree(crowd(500, 4), 90)


def spells_agree(desk: list[History], now: int) -> None:
    table = status_spells(records_of(desk), as_of=at(now)).collect()
    assert table.equals(table.sort("ticket_id", "sequence"))
    got: dict[str, list[Any]] = {}
    for row in table.iter_rows(named=True):
        own = got.setdefault(row["ticket_id"], [])
        own.append((row["status"], minute(row["started_at"]), minute(row["ended_at"])))
        assert row["sequence"] == len(own)
        assert row["observed"] == (row["ended_at"] is not None)
        stop = row["ended_at"] or at(now)
        assert row["seconds"] == (stop - row["started_at"]).total_seconds()
    assert got == {h.ticket_id: spells_of(h, now) for h in desk if h.created <= now}
