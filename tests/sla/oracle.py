"""Clocks of one ticket, reckoned step by step as a person would with a calendar. Lives here: no test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from events.histories import ENDED, EPOCH, History, human, in_time, public, read, records_of
from servicequality.model import Records
from servicequality.sla import Policy
from servicequality.worktime import Schedule
from worktime.strategies import STEP, is_open

#: One minute of a history is so many steps of the calendar.
STEPS = 6
WORKING = {"requester_wait": {"new", "open", "hold", "on-hold", "on hold"}, "agent_work": {"new", "open"}}


@dataclass
class Desk:
    """Histories, their priorities, and where on the calendar their minute 0 lies."""

    histories: list[History]
    priorities: list[str | None]
    base: datetime

    def at(self, minute: float) -> datetime:
        return self.base + minute * STEPS * STEP

    def minute(self, instant: datetime | None) -> float | None:
        return None if instant is None else (instant - self.base) / (STEPS * STEP)

    def records(self) -> Records:
        """The tables, stretched over the calendar."""
        records = records_of(self.histories)

        def moved(frame: pl.LazyFrame, name: str) -> pl.LazyFrame:
            minutes = (pl.col(name) - pl.lit(EPOCH)).dt.total_minutes()
            step = pl.duration(minutes=minutes * STEPS * (STEP // timedelta(minutes=1)))
            return frame.with_columns((pl.lit(self.base.astimezone(UTC)) + step).alias(name))

        tickets, responses, changes = records.tickets, records.responses, records.changes
        assert tickets is not None
        assert responses is not None
        assert changes is not None
        return records.replace(
            tickets=moved(tickets, "created_at").with_columns(priority=pl.Series(self.priorities, dtype=pl.String)),
            responses=moved(responses, "at"),
            changes=moved(changes, "at"),
        )


Rule = tuple[Policy, Callable[[dict[str, str | None]], bool]]


def in_force(h: History, field: str, now: float, own: str | None) -> str | None:
    rows = [value for when, name, value in in_time(h.changes) if name == field and when <= now]
    return rows[-1] if rows else own


def status_rows(h: History, now: int) -> list[tuple[int, str]]:
    """Statuses from creation on; what came before is as if it came with it."""
    return [
        (max(when, h.created), str(value).lower())
        for when, name, value in in_time(h.changes)
        if name == "status" and when <= now
    ]


def updates(h: History, now: int, resolved: int | None) -> list[tuple[int, int | None, bool]]:
    sent = [row["at"] for row in in_time(h.known(now).messages) if human(row) and public(row)]
    rows = status_rows(h, now)
    collected = []
    for start, following in zip(sent, [*sent[1:], None], strict=False):
        stop = resolved if following is None else following
        if stop is not None and stop <= start:
            continue
        until = now if stop is None else stop
        before = [status for when, status in rows if when <= start]
        ended = bool(before) and before[-1] in ENDED
        if ended and all(status in ENDED for when, status in rows if start < when <= until):
            continue
        collected.append((start, stop, following is None))
    return collected


def clocks_of(desk: Desk, number: int, now: int, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Every clock of a ticket that was created by now."""
    h, own = desk.histories[number], desk.priorities[number]
    truth = read(h, now)
    response, resolved = truth["first_response_at"], truth["resolved_at"]
    lapsed = response is None and resolved is not None
    candidates: list[tuple[str, int, int, int | None, bool]] = [
        ("first_response", 1, h.created, resolved if lapsed else response, lapsed),
        *(("next_reply", n, start, stop, False) for n, (start, stop, _) in enumerate(truth["waits"], 1)),
        *(("periodic_update", n, *span) for n, span in enumerate(updates(h, now, resolved), 1)),
        *((kind, 1, h.created, resolved, False) for kind in ("resolution", "requester_wait", "agent_work")),
    ]
    collected = []
    for kind, sequence, start, stop, lapse in candidates:
        until = now if stop is None else stop
        columns = {
            "tier": in_force(h.known(now), "tier", until, None),
            "priority": in_force(h.known(now), "priority", until, own),
        }
        policy = next((policy for policy, holds in rules if holds(columns) and _valid(policy, desk.at(until))), None)
        if policy is None:
            continue
        for_all = {target.priority: target.seconds for target in policy.targets if target.clock == kind}
        target = for_all.get(columns["priority"], for_all.get(None))
        if target is None:
            continue
        row = {"kind": kind, "sequence": sequence, "policy": policy.name, "priority": columns["priority"],
               "start": start, "stop": stop, "target": target}  # fmt: skip
        collected.append(row | _reckon(desk, h, now, row, policy, lapse))
    return collected


def _valid(policy: Policy, instant: datetime) -> bool:
    after = policy.since is None or policy.since <= instant
    return after and (policy.until is None or instant < policy.until)


def _reckon(desk: Desk, h: History, now: int, row: dict[str, Any], policy: Policy, lapse: bool) -> dict[str, Any]:
    start, stop, kind, target = row["start"], row["stop"], row["kind"], row["target"]
    until = now if stop is None else stop
    if until < start:
        return dict.fromkeys(("elapsed", "paused", "stood", "due", "outcome"))
    rows = status_rows(h, now)

    def state(minute: int) -> str:
        """Whether the clock runs, is paused, or stands because the ticket is ended."""
        status = next((status for when, status in reversed(rows) if when <= minute), None)
        if status in ENDED:
            return "ended"
        runs = status in WORKING[kind] if kind in WORKING else status not in policy.paused
        return "runs" if runs else "paused"

    spent = {"runs": 0.0, "paused": 0.0, "ended": 0.0}
    due = desk.at(start) if target == 0 else None
    for minute in range(start, until):
        here = state(minute)
        for step in range(STEPS):
            instant = desk.at(minute) + step * STEP
            spent[here] += STEP.total_seconds() * _open(policy.schedule, instant)
            if due is None and spent["runs"] >= target:
                due = instant + STEP
    elapsed = spent["runs"]
    if due is None and (stop is not None or state(until) == "runs"):
        due = policy.schedule.add(desk.at(until), target - elapsed)
    if elapsed > target:
        outcome = "missed" if stop is not None else "missed_open"
    else:
        outcome = "pending" if stop is None else "cancelled" if lapse else "met"
    return {"elapsed": elapsed, "paused": spent["paused"], "stood": spent["ended"], "due": due, "outcome": outcome}


_seen: dict[tuple[int, datetime], bool] = {}


def _open(schedule: Any, instant: datetime) -> bool:
    assert isinstance(schedule, Schedule)
    key = (hash(schedule), instant)
    if key not in _seen:
        _seen[key] = is_open(schedule, instant)
    return _seen[key]
