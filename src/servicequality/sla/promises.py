"""The public functions that give one row a clock, and their checks."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from servicequality.checks import column, refusing_misfits
from servicequality.errors import ParameterError
from servicequality.events import FirstResponse
from servicequality.events.as_of import COUNTERS, STAMPS, known_at, known_tickets, needed, words
from servicequality.model import Records
from servicequality.sla.candidates import History
from servicequality.sla.in_force import columns_of_policies
from servicequality.sla.policy import Policy, read_policies
from servicequality.sla.rows import clock_rows, clock_schema

__all__ = ["ENDED", "EXCLUDED", "clocks"]

ENDED = ("solved", "resolved", "closed")
EXCLUDED = ("merged", "spam", "deleted", "test")
_HOLD = ("hold", "on-hold", "on hold")
_LEFT_OUT = (*STAMPS, *COUNTERS, "due_at", "first_response_due_at")


@refusing_misfits
def clocks(
    records: Records,
    policies: Policy | Sequence[Policy],
    *,
    as_of: dt.datetime,
    ended: tuple[str, ...] = ENDED,
    excluded: tuple[str, ...] = EXCLUDED,
    first_response: FirstResponse = "public_reply",
    requester_wait: tuple[str, ...] = ("new", "open", *_HOLD),
    agent_work: tuple[str, ...] = ("new", "open"),
) -> pl.LazyFrame:
    """Every promise as it stood at `as_of`: one row for each clock for which a policy has a target.

    - ``first_response`` runs from creation to the first response (`facts` says which message is one). A ticket that is
      ended without one lets the clock lapse: it is cancelled if in time, else missed.
    - ``next_reply``: one for each wait of `reply_waits`, with its `sequence`; those that began before the first response are
      left out by ``Target(…, first_wait=False)``. It stops at the answer or at the resolution.
    - ``periodic_update`` runs from each public message of a person on the agents' side to the next. A ticket that is ended
      lets the last one lapse. Spans in which the ticket never ran do not count.
    - ``resolution`` runs from creation to the last resolution; ``requester_wait`` and ``agent_work`` as well, but only
      while the ticket is in one of the statuses that the call names for them.

    Time is that of the target's schedule, or else the policy's. In its paused statuses, and in ended ones, a clock stands
    still: a reopened ticket keeps the budget it had left. Policy, priority, team, agent and schedule are those in force
    when the clock stopped, or at `as_of` while it runs, and count from its start. In force is the last change at or before
    the instant; before the first, what the log's column `previous` says, or else the ticket's own column. Of the policies
    that hold, in their order, the first wins; if it has no target for a clock there is none. `policy_coverage` counts the
    tickets of each policy.

    Args:
        records: tickets, and changes and responses where there are any: next replies and updates need responses,
            requester wait and agent work need changes.
        policies: the policies in the order in which they are tried.
        as_of: the instant of knowledge, inclusive; with a time zone. The same history always gives the same answer.
        ended: statuses in which the work is over, without regard to case.
        excluded: what keeps a ticket out, as in `facts`.
        first_response: what counts as the first response, as in `facts`.
        requester_wait: statuses in which the requester waits.
        agent_work: statuses in which the agents work.

    Returns:
        A lazy frame sorted by `ticket_id`, `kind` and `sequence`: ``ticket_id policy priority kind sequence started_at
        due_at stopped_at elapsed_seconds paused_seconds target_seconds overrun_seconds remaining_seconds outcome
        target_schedule`` and the ticket's other columns but its stamps and counts. `sequence` counts from 1 within ticket
        and kind. `target_schedule` is the name of the schedule that counts, ``by team`` of `Schedules` by that column.
        Seconds are Float64. `due_at` is, while the clock runs, where the budget ends; null while it is paused, unless it
        has ended already; once stopped, where it ended or would have ended had the clock run on. `overrun_seconds` is null
        if in time, `remaining_seconds` unless pending. `outcome` is met (the target itself is in time), missed,
        missed_open, pending or cancelled; null where nothing tells how long the clock ran: no stop is known of an ended
        ticket, a stop precedes the start, or no schedule is in force.

    Raises:
        ParameterError: `as_of` is naive, a set of statuses is not a tuple, a status is both ended and paused, the policies
            are missing or cannot be distinguished, or a condition names no column or is not true or false.
        InputError: The records lack tickets, or a table that a target needs.
    """
    known = known_at(as_of)
    records = needed(records, "clocks")
    tried = read_policies(policies)
    over = words("ended", ended)
    sets = {"requester_wait": words("requester_wait", requester_wait), "agent_work": words("agent_work", agent_work)}
    words("excluded", excluded)
    for name, paused in [(f"policy {policy.name!r}: paused", set(policy.paused)) for policy in tried] + list(
        sets.items()
    ):
        if both := sorted(over.intersection(paused)):
            raise ParameterError(f"{name} names {', '.join(both)}, which is ended too: a status is one or the other")
    policy_columns = columns_of_policies(tried, records)
    tickets = records.tickets
    assert tickets is not None

    def answer(numbered: pl.DataFrame) -> pl.DataFrame:
        history = History(
            records=records,
            tickets=numbered,
            as_of=as_of,
            known=known,
            ended=tuple(sorted(over)),
            excluded=excluded,
            first_response=first_response,
        )
        return clock_rows(history, tried, policy_columns, sets)

    shown = clock_schema(records)
    own = [name for name in tickets.collect_schema() if name not in shown and name not in _LEFT_OUT]
    return (
        known_tickets(records, known)
        .select("ticket_id", "_ticket", "_created")
        .map_batches(answer, schema=shown, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False)
        .join(tickets.select("ticket_id", *map(column, own)), on="ticket_id", how="left", maintain_order="left")
    )
