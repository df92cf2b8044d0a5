"""Everything known of a ticket on one row: tickets joined with their sums."""

from collections.abc import Callable, Collection, Mapping
from typing import Literal

import polars as pl

from servicequality.events.as_of import changes_of
from servicequality.events.assignments import HELD, assignment_facts, values_in_force
from servicequality.events.holding import unassigned_facts
from servicequality.events.hours import Hours, beside
from servicequality.events.messages import message_facts, messages
from servicequality.events.numbering import TicketNumbers
from servicequality.events.ratings import rating_facts
from servicequality.events.statuses import StatusSets, handovers, status_facts, status_moves
from servicequality.model import Records

__all__ = ["FirstResponse", "as_known", "exclusion", "in_force_columns", "sum_types", "ticket_rows"]

FirstResponse = Literal["public_reply", "zammad", "frappe", "after_handoff"]
"""What counts as the first response, and from when on its time runs."""

_STATUS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("_first_end", "_last_end", "_first_halt", "_first_started"), pl.Int64()),
    **dict.fromkeys(("_first_reopen", "_last_reopen", "_first_closing", "_last_closing", "_last_close"), pl.Int64()),
    **dict.fromkeys(("_ends", "_reopens"), pl.Int64()),
    **dict.fromkeys(
        ("hold_seconds", "requester_wait_seconds", "agent_wait_seconds", "agent_work_seconds"), pl.Float64()
    ),
    **dict.fromkeys(("_ended", "_born_ended", "_closed"), pl.Boolean()),
    "_status": pl.String(),
}
_HELD = [field for field in HELD if field != "status"]
_ASSIGNMENT: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("reassignments", "agent_reassignments", "team_reassignments"), pl.Int64()),
    **dict.fromkeys(("handoffs", "escalations", "_teams", "_first_assigned", "_last_assigned"), pl.Int64()),
    **dict.fromkeys(("_prior_agent", "_first_agent", "_last_agent"), pl.String()),
    **{f"_held_{field}": pl.String() for field in _HELD},
    **{f"_set_{field}": pl.Boolean() for field in _HELD},
}
_MESSAGE: Mapping[str, pl.DataType] = {
    **dict.fromkeys(
        ("_reply", "_first_work", "public_agent_messages", "agent_replies", "customer_messages", "agents"), pl.Int64()
    ),
    **dict.fromkeys(("internal_notes", "customer_channels", "_followups", "_agent_messages", "_named"), pl.Int64()),
    "handle_seconds": pl.Float64(),
}

_UNASSIGNED: Mapping[str, pl.DataType] = {"unassigned_seconds": pl.Float64()}
_RATINGS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("first_rating", "last_rating"), pl.Float64()),
    **dict.fromkeys(("_ratings", "_first_rated", "_last_rated"), pl.Int64()),
}


def sum_types(schedule: Hours | None) -> dict[str, pl.DataType]:
    """Every column that `ticket_rows` can put beside the tickets, with its type."""
    twinned = _with_twins(_STATUS, schedule) | _with_twins(_UNASSIGNED, schedule)
    return {**twinned, **_ASSIGNMENT, **_MESSAGE, **_RATINGS, "_turn": pl.Int64()}


def ticket_rows(
    records: Records,
    tickets: pl.DataFrame,
    known: int,
    sets: StatusSets,
    first_response: FirstResponse,
    schedule: Hours | None,
    rating: str | None,
    needed: Collection[str],
) -> pl.LazyFrame:
    """Tickets with the sums that are asked; null where a table or a ticket's rows are missing."""
    if "_turn" in needed:
        needed = {*needed, "_reply"}  # a turn counts until the reply
    # A ticket's own column of the name of a fact makes way for it.
    rows, numbers = tickets.lazy().drop(*sum_types(schedule), strict=False), TicketNumbers(tickets)
    frames: list[pl.LazyFrame] = []
    missing: dict[str, pl.DataType] = {}

    def add(columns: Mapping[str, pl.DataType], sums: Callable[[Collection[str]], pl.LazyFrame] | None) -> None:
        chosen = {name: dtype for name, dtype in columns.items() if name in needed}
        if sums is None:
            missing.update(chosen)
        elif chosen:
            frames.append(sums(chosen))

    moves, mail, changes = (
        status_moves(records, numbers, known, sets),
        messages(records, numbers, known),
        changes_of(records),
    )
    notes, carried = first_response != "zammad", records.has("changes", "previous")
    columns = _with_twins(_STATUS, schedule)
    add(
        columns,
        None if moves is None else lambda names: status_facts(beside(moves, tickets), known, sets, names, schedule),
    )
    add(
        _ASSIGNMENT,
        None if changes is None else lambda names: assignment_facts(changes, carried, numbers, known, names),
    )
    add(_MESSAGE, None if mail is None else lambda names: message_facts(mail, names, notes_count=notes))
    add(
        _with_twins(_UNASSIGNED, schedule),
        None
        if moves is None
        else lambda names: unassigned_facts(records, tickets, numbers, moves, known, sets, schedule, names),
    )
    add(_RATINGS, None if rating is None else lambda names: rating_facts(records, numbers, known, rating, names))
    # The sums stand in the order of the tickets' numbers: no join has to find their ticket.
    if frames:
        rows = pl.concat([rows, *frames], how="horizontal_extend")
    rows = rows.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in missing.items())
    if first_response != "after_handoff" or moves is None or "_turn" not in needed:
        return rows.with_columns(pl.lit(None, pl.Int64).alias("_turn"))
    turns = (
        handovers(records, numbers, moves, known, sets)
        .join(rows.select("_ticket", "_reply"), on="_ticket")
        .filter(pl.col("_reply").is_null() | (pl.col("_at") < pl.col("_reply")))
        .group_by("_ticket")
        .agg(pl.col("_at").max().alias("_turn"))
    )
    return rows.join(turns, on="_ticket", how="left", maintain_order="left")


def _with_twins(columns: Mapping[str, pl.DataType], schedule: Hours | None) -> dict[str, pl.DataType]:
    twins = columns if schedule is not None else {}
    return {**columns, **{name.replace("_seconds", "_working_seconds"): dtype for name, dtype in twins.items()}}


def as_known(
    tickets: pl.DataFrame, numbers: TicketNumbers, records: Records, known: int, fields: Collection[str] = tuple(HELD)
) -> pl.LazyFrame:
    """Tickets whose status, priority, team and agent are those in force, as far as the log says so by then."""
    changes = changes_of(records)
    if changes is None or not fields:
        return tickets.lazy()
    held = values_in_force(changes, numbers, known, fields)
    return pl.concat([tickets.lazy(), held], how="horizontal_extend").with_columns(_as_set(fields))


def in_force_columns(records: Records) -> list[pl.Expr]:
    """Status, priority, team and agent as they were, from the sums of `ticket_rows`."""
    status = pl.when(pl.col("_ends").is_not_null()).then("_status").otherwise("status").alias("status")
    if records.changes is None:
        return [status]
    return [status, *_as_set(_HELD)]


def _as_set(fields: Collection[str]) -> list[pl.Expr]:
    return [
        pl.when(f"_set_{field}").then(f"_held_{field}").otherwise(HELD[field]).alias(HELD[field]) for field in fields
    ]


def exclusion(excluded: frozenset[str]) -> pl.Expr:
    """Why a ticket does not count, null if it does: the column `excluded`, or else the status in force."""
    reasons = sorted(excluded)
    stamp, status = pl.col("excluded").str.to_lowercase(), pl.col("status").str.to_lowercase()
    return pl.when(stamp.is_in(reasons)).then(stamp).when(status.is_in(reasons)).then(status)
