"""The cases of `ticket_clocks.json`: names translated, nothing computed but a count, a sum and a largest."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from servicequality.events import facts, flow, reply_waits, status_times
from servicequality.model import Records
from servicequality.sla import Policy, Target, clocks
from servicequality.worktime import ALWAYS_OPEN, Schedule

# What is the clock's own time if there is a target for it, else the fact's.
TIMED_BY = {
    "first_response_seconds": "first_response",
    "reply_wait_seconds": "next_reply",
    "longest_reply_wait_seconds": "next_reply",
    "resolution_seconds": "resolution",
    "first_resolution_seconds": "resolution",
}
SAME_NAME = frozenset({"hold_seconds", "reopen_count", "agent_replies", "public_agent_messages", "one_touch", "multi_touch",
                       "no_customer_followup", "closed_once_one_teammate"})  # fmt: skip


MET = {"met": True, "missed": False, "missed_open": False}
CLOCKS = {"first_response": "first_response", "reply": "next_reply", "resolution": "resolution"}


def run(case: dict[str, Any]) -> dict[str, object]:
    """The facts that the case asks for, as `expected` is written."""
    policy, expected = case["policy"], case["expected"]
    if "tickets" in case:
        return backlog(case)
    records = records_of([{"id": "t", "events": case["events"]}])
    as_of = max(datetime.fromisoformat(event["at"]) for event in case["events"])
    as_of = datetime.fromisoformat(case["as_of"]) if "as_of" in case else as_of
    first_response = "public_reply"
    if policy.get("first_response_starts") == "last_reopen":
        first_response = "after_handoff"
    elif any(event.get("communication") is False for event in case["events"]):
        first_response = "zammad"
    fact = facts(records, as_of=as_of, paused=tuple(policy["paused_states"]), first_response=first_response)
    row = fact.collect().row(0, named=True)
    waits = reply_waits(records, as_of=as_of).collect()
    zone = ZoneInfo(policy["timezone"])
    running = clock_rows(records, policy, as_of, first_response)

    def clocks_of(kind: str, rows: pl.DataFrame = running) -> pl.DataFrame:
        return rows.filter(pl.col("kind") == kind)

    def timed(key: str) -> object:
        """The clock's own time, null if what it waits for was not observed."""
        rows = clocks_of(TIMED_BY[key])
        match key:
            case "reply_wait_seconds":
                return rows["elapsed_seconds"].to_list()
            case "longest_reply_wait_seconds":
                return rows["elapsed_seconds"].max()
            case "first_resolution_seconds" if row["first_resolution_observed"]:
                then = clock_rows(records, policy, row["first_resolution_at"], first_response)
                return clocks_of("resolution", then)["elapsed_seconds"].item()
        return rows["elapsed_seconds"].item() if row[key.replace("_seconds", "_observed")] else None

    def answer(key: str) -> object:
        if key in TIMED_BY and TIMED_BY[key] in policy["targets"] and not policy.get("ended_time_counts", False):
            return timed(key)
        if key == "late_reply_waits":
            return clocks_of("next_reply")["outcome"].is_in(["missed", "missed_open"]).sum()
        if key.endswith("_due_at"):
            rows = clocks_of(CLOCKS[key.removesuffix("_due_at")])
            rows = rows.filter(pl.col("stopped_at").is_null()) if key == "reply_due_at" else rows
            due = rows["due_at"].to_list()
            return due[0].astimezone(zone).isoformat() if due and due[0] is not None else None
        if key.endswith("_met"):
            return MET.get(clocks_of(CLOCKS[key.removesuffix("_met")])["outcome"].item())
        if key in SAME_NAME:
            return row[key]
        if key in TIMED_BY and not key.endswith("wait_seconds"):
            name = key.removesuffix("_seconds")
            return row[key] if row[f"{name}_observed"] else None
        match key:
            case "reply_wait_seconds":
                return waits["reply_wait_seconds"].to_list()
            case "longest_reply_wait_seconds":
                return waits["reply_wait_seconds"].max()
            case "waiting_since":
                since = waits.filter(pl.col("reply_wait_end") == "open")["started_at"].to_list()
                return since[0].astimezone(zone).isoformat() if since else None
            case "first_response_at" | "first_resolution_at":
                return row[key] and row[key].astimezone(zone).isoformat()
            case "resolution_at":
                return row["resolved_at"] and row["resolved_at"].astimezone(zone).isoformat()
            case "resolution_events":
                return row["resolution_count"]
            case "state_seconds":
                times = status_times(records, as_of=as_of).collect()
                return dict(zip(times["status"], times["seconds"], strict=True))
        raise LookupError(f"no adapter knows the key {key!r}")

    return {key: answer(key) for key in expected}


def clock_rows(records: Records, policy: dict[str, Any], as_of: datetime, first_response: Any) -> pl.DataFrame:
    """The clocks under the case's targets and hours."""
    schedule = ALWAYS_OPEN
    if policy["clock"] == "business":
        extra = {key: policy[key] for key in ("holidays", "exceptions", "breaks") if key in policy}
        schedule = Schedule(policy["weekly"], policy["timezone"], **extra)
    targets = [Target(clock, seconds) for clock, seconds in policy["targets"].items()]
    if not targets:
        return pl.DataFrame(schema={"kind": pl.String})
    one = Policy("case", targets, schedule, tuple(policy["paused_states"]))
    return clocks(records, one, as_of=as_of, first_response=first_response).collect()


def records_of(tickets: list[dict[str, Any]]) -> Records:
    """Tickets given as events, as the three tables."""
    heads, responses, changes = [], [], []
    for ticket in tickets:
        for event in ticket["events"]:
            row = {"ticket_id": ticket["id"], "at": datetime.fromisoformat(event["at"])}
            if event["kind"] == "created":
                heads.append({"ticket_id": ticket["id"], "created_at": row["at"], "opened_by": event["by"]})
                changes.append(row | {"field": "status", "value": event["state"]})
            elif event["kind"] == "status":
                changes.append(row | {"field": "status", "value": event["to"]})
            else:
                responses.append(
                    row
                    | {"author": event["by"], "author_id": event.get("agent"), "public": event["public"]}
                    | {"automated": event.get("automated", False), "opening": event.get("opening", False)}
                    | {"channel": None if event.get("communication", True) else "note"}
                )
    return Records(tickets=heads, responses=responses, changes=changes)


def backlog(case: dict[str, Any]) -> dict[str, object]:
    """The flow table by day, with the days before the first ticket, which it does not list."""
    zone = ZoneInfo(case["policy"]["timezone"])
    first, last = (date.fromisoformat(day) for day in case["policy"]["days"])
    as_of = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone) - timedelta(microseconds=1)
    table = flow(records_of(case["tickets"]), every="1d", as_of=as_of, timezone=zone.key).lazy().collect()
    by_day = {row["period"].date(): row for row in table.iter_rows(named=True)}
    before = {"closing": 0, "net_in": 0, "net_out": 0}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [(day, by_day.get(day, before)) for day in days]
    listed = [
        {"day": day.isoformat(), "open": row["closing"], "net_in": row["net_in"], "net_out": row["net_out"]}
        for day, row in rows
    ]
    return {"backlog": listed, "backlog_days": sum(row["closing"] for _, row in rows)}
