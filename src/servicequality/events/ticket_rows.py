"""All that is known of a ticket on one row. Lives here: the joins of tickets with their sums. Never: what it all means."""

from collections.abc import Collection, Mapping
from typing import Literal

import polars as pl

from servicequality.events.assignments import HELD, assignment_facts, values_in_force
from servicequality.events.known import known_tickets
from servicequality.events.messages import message_facts, messages
from servicequality.events.statuses import StatusSets, handovers, status_facts, status_moves
from servicequality.model import Records
from servicequality.worktime import Schedule

__all__ = ["FirstResponse", "as_known", "exclusion", "ticket_rows"]

FirstResponse = Literal["public_reply", "zammad", "frappe", "after_handoff"]
"""What counts as the first response, and from when on its time runs."""

_STATUS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("_first_end", "_last_end", "_first_halt", "_first_started", "_first_reopen"), pl.Int64()),
    **dict.fromkeys(("_ends", "_reopens"), pl.Int64()),
    **dict.fromkeys(
        ("hold_seconds", "requester_wait_seconds", "agent_wait_seconds", "agent_work_seconds"), pl.Float64()
    ),
    **dict.fromkeys(("_ended", "_born_ended"), pl.Boolean()),
    "_status": pl.String(),
}
# The status in force comes with the other sums of the status, the other fields with the assignments: no pass of their own.
_HELD = [field for field in HELD if field != "status"]
_ASSIGNMENT: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("reassignments", "escalations", "_teams"), pl.Int64()),
    **{f"_held_{field}": pl.String() for field in _HELD},
    **{f"_set_{field}": pl.Boolean() for field in _HELD},
}
_MESSAGE: Mapping[str, pl.DataType] = {
    **dict.fromkeys(
        ("_reply", "_first_work", "public_agent_messages", "agent_replies", "customer_messages", "agents"), pl.Int64()
    ),
    **dict.fromkeys(("_followups", "_agent_messages", "_named"), pl.Int64()),
    "handle_seconds": pl.Float64(),
}


def ticket_rows(
    records: Records, known: int, sets: StatusSets, first_response: FirstResponse, schedule: Schedule | None
) -> pl.LazyFrame:
    """Tickets with the sums of their statuses, assignments and messages; null where a table or a ticket's rows are missing."""
    tickets = known_tickets(records, known)
    moves = status_moves(records, tickets, known, sets)
    mail = messages(records, tickets, known)
    statuses = None if moves is None else status_facts(moves, known, sets, schedule)
    holders = None if records.changes is None else assignment_facts(records.changes, tickets, known, _HELD)
    sums = None if mail is None else message_facts(mail, notes_count=first_response != "zammad")
    rows = tickets
    twins = {
        name.replace("_seconds", "_working_seconds"): dtype for name, dtype in _STATUS.items() if "_seconds" in name
    }
    status_columns = {**_STATUS, **(twins if schedule is not None else {})}
    for frame, columns in ((statuses, status_columns), (holders, _ASSIGNMENT), (sums, _MESSAGE)):
        rows = _with(rows, frame, columns)
    rows = rows.with_columns(
        pl.when(pl.col("_ends").is_not_null()).then("_status").otherwise("status").alias("status"), *_as_set(_HELD)
    )
    turns = None
    if first_response == "after_handoff" and moves is not None:
        replies = rows.select("_ticket", "_reply")
        turns = (
            handovers(records, tickets, moves, known, sets)
            .join(replies, on="_ticket")
            .filter(pl.col("_reply").is_null() | (pl.col("_at") < pl.col("_reply")))
            .group_by("_ticket")
            .agg(pl.col("_at").max().alias("_turn"))
        )
    return _with(rows, turns, {"_turn": pl.Int64()})


def as_known(tickets: pl.LazyFrame, records: Records, known: int) -> pl.LazyFrame:
    """Tickets whose status, priority, team and agent are those in force, as far as the log says so by then."""
    if records.changes is None:
        return tickets
    held = values_in_force(records.changes, tickets, known)
    return tickets.join(held, on="_ticket", how="left").with_columns(_as_set(HELD))


def _as_set(fields: Collection[str]) -> list[pl.Expr]:
    return [
        pl.when(f"_set_{field}").then(f"_held_{field}").otherwise(HELD[field]).alias(HELD[field]) for field in fields
    ]


def exclusion(excluded: frozenset[str]) -> pl.Expr:
    """Why a ticket does not count, null if it does: the column `excluded`, or else the status in force."""
    reasons = sorted(excluded)
    stamp, status = pl.col("excluded").str.to_lowercase(), pl.col("status").str.to_lowercase()
    return pl.when(stamp.is_in(reasons)).then(stamp).when(status.is_in(reasons)).then(status)


def _with(rows: pl.LazyFrame, frame: pl.LazyFrame | None, columns: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    # A ticket's own column of the name of a fact makes way for it.
    rows = rows.drop(*columns, strict=False)
    if frame is None:
        return rows.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in columns.items())
    return rows.join(frame.select("_ticket", *columns), on="_ticket", how="left")
