"""`facts`: one row a ticket, and the tickets that are left out."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import get_args

import polars as pl

from servicequality.checks import choice, column, refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import Heads, known_at, known_tickets, needed, over_tickets, records_of, words
from servicequality.events.assignments import HELD
from servicequality.events.hours import KEY, Hours, hours, key_columns, key_types, with_keys
from servicequality.events.numbering import TicketNumbers
from servicequality.events.outcomes import (
    assignees,
    closing,
    durations,
    first_contact,
    ratings,
    resolution,
    response,
    touches,
)
from servicequality.events.statuses import StatusSets
from servicequality.events.ticket_rows import (
    FirstResponse,
    as_known,
    exclusion,
    in_force_columns,
    sum_types,
    ticket_rows,
)
from servicequality.model import Records, TableLike

__all__ = ["ENDED", "EXCLUDED", "excluded_tickets", "facts"]

ENDED = ("solved", "resolved", "closed")
CLOSED = ("closed",)
EXCLUDED = ("merged", "spam", "deleted", "test")

_HOLD = ("hold", "on-hold", "on hold")


@refusing_misfits
def facts(
    records: Records | TableLike | pl.LazyFrame,
    *,
    as_of: dt.datetime,
    ended: tuple[str, ...] = ENDED,
    paused: tuple[str, ...] = (),
    excluded: tuple[str, ...] = EXCLUDED,
    first_response: FirstResponse = "public_reply",
    requester_wait: tuple[str, ...] = ("new", "open", *_HOLD),
    agent_wait: tuple[str, ...] = ("pending",),
    agent_work: tuple[str, ...] = ("new", "open"),
    new: tuple[str, ...] = ("new",),
    closed: tuple[str, ...] = CLOSED,
    rating: str | None = None,
    schedule: Hours | None = None,
) -> pl.LazyFrame:
    """What had happened to each ticket by `as_of`: one row for each ticket that existed and is not excluded.

    A column of the tickets with the name of a fact is replaced by it, and one that begins with an underscore is dropped.
    What happened after `as_of` is not known: such rows and stamps do not exist. A ticket's facts depend on its own rows and
    on the call alone. Where a ticket has status changes they decide, else its stamps do; so with messages and the stamp of
    the first response, and with the counts of the ticket's own system (`reopen_count`, `reassignments`, `handle_seconds`).
    Who is a person the table of agents says, if there is one, and else the message's own `author`.
    Status names are compared without regard to case, and a status in no set runs. At equal instants messages precede
    changes; changes of one instant are taken in the order of their `sequence` where it is given, else as they came in.
    Nothing is subtracted for pauses. Where a lazy table holds an id twice, its events belong to one of those rows; `check`
    counts such ids.

    Columns, beside those of `Ticket` (status, priority, team and agent_id as they were at `as_of`, if the log says):

    - `first_response_at`, `first_response_seconds`, `first_response_observed`, `first_response_end` (answered,
      ended_without, open), and `first_response_reason` where the seconds are null. The seconds run from creation to
      the response, to the end that came without one, or to `as_of`.
    - `first_resolution_at` and `resolved_at` (the last one, null while the ticket is open), each with `_seconds`,
      `_observed` and `_reason` under `first_resolution` and `resolution`. A move from one ended status to another is no
      second resolution. `first_resolved_at` is `first_resolution_at` by its name among the stamps.
    - `closed_at` (the last close, null while the ticket is not closed), `close_seconds`, `close_observed`, `close_reason`. A
      close counts as the resolution only if neither the log nor a timestamp tells of one: then `resolved_by_close` is true.
    - `resolution_count`, `reopen_count`: moves into and out of the ended statuses; `reopened_at`: the first move out.
    - `hold_seconds` (time in the `paused` statuses; null if none is named), `requester_wait_seconds`,
      `agent_wait_seconds`, `agent_work_seconds`: within the ticket's life, which lasts from creation to `as_of`.
    - `first_action_at`, `first_action_seconds`, `first_action_reason`: the first message of a person on the agents' side,
      note or reply, or the first status that is not a `new` one.
    - `public_agent_messages`, `agent_replies` (without the opening text), `customer_messages`, `agents` (who wrote),
      `internal_notes` (of persons on the agents' side), `customer_channels` (by how many the customer wrote in public),
      `teams`, `escalations`, `handle_seconds` (recorded work).
    - `reassignments` (of agent, team or both at once), `agent_reassignments`, `team_reassignments`, `handoffs` (changes of
      the field `handoff`).
    - `first_agent_id`, `first_assigned_at` with `first_assignment_seconds`, `_observed` and `_reason` (from creation; an end
      without an assignment competes), `last_agent_id`, `last_assigned_at`: of the log's agents. Without a log the last is
      the ticket's `agent_id`. `assignment_to_resolution_seconds`, `_observed` and `_reason`: from the first assignment to
      the last resolution, or to `as_of`. `unassigned_seconds`: how long nobody held the ticket while it was not ended.
    - `first_rating`, `first_rated_at`, `last_rating`, `last_rated_at`, `rating_count` and `rating_turn` (up, down or same;
      null before there are two): of the answers to the question `rating`, null if none is named.
    - `one_touch`, `multi_touch`, `no_customer_followup`, `closed_once_one_teammate`: the four meanings of resolved at
      first contact, as of `as_of` and without a window for a second contact. `two_touch` (ended, two public messages of
      agents) and `first_tier_resolution` (ended, never escalated or given to another team) likewise.

    With a schedule every duration but `handle_seconds` has a twin in its working time, such as
    `resolution_working_seconds` or `hold_working_seconds`.

    A stop before its start gives no duration: the instant stays, the seconds are null and the reason says so. What
    neither events nor stamps can tell is null.

    Args:
        records: tickets, and responses and changes where there are any. A change may carry the column `previous`,
            the value before it: it is used where the log does not reach back to the ticket's creation. A table of tickets
            alone is enough: a list of `Ticket`, a list of mappings, any dataframe; an empty list is no tickets.
        as_of: the instant of knowledge, inclusive; with a time zone.
        ended: statuses in which the work is over.
        paused: statuses in which the ticket is on hold.
        excluded: what in the column `excluded`, or as status in force, keeps a ticket out; `excluded_tickets` lists them.
        first_response: ``"public_reply"``: the first public message of a person on the agents' side that is neither
            automated nor the text that opened the ticket. ``"zammad"``: the same, but a message of the channel
            ``note`` is none. ``"frappe"``: also a move to a paused or ended status. ``"after_handoff"``: time runs
            from the last reopening or change of the field ``handoff`` before the reply.
        requester_wait: statuses in which the requester waits.
        agent_wait: statuses in which the agents wait.
        agent_work: statuses in which the agents work.
        new: statuses in which nobody has acted yet.
        closed: those of the `ended` statuses that close a ticket for good.
        rating: the question of `SurveyAnswer` whose answers are the ticket's ratings, such as ``"csat"``.
        schedule: the hours that count in the twins. Of `Schedules`, the one whose key is the ticket's `schedule` as of
            `as_of` (a column of its own, or a field of its changes; ``Schedules(…, column="team")`` names another). The
            twins are null where no schedule is in force.

    Returns:
        A lazy frame, sorted by `ticket_id`. What a selection of its columns does not need is neither computed nor read: a
        few facts of a long log take a fraction of the time of all.

    Raises:
        ParameterError: `as_of` has no time zone, a set of statuses is not a tuple of texts, `first_response` is unknown,
            or `rating` is no text.
        InputError: The records hold no tickets, the table is none of tickets, or `rating` is named and they hold no answers.
    """
    choice("first_response", first_response, get_args(FirstResponse))
    known = known_at(as_of)
    records = records_of(records, "facts")
    schedule = hours(schedule, records)
    over = words("ended", ended)
    sets = StatusSets(
        ended=over,
        closed=words("closed", closed) & over,
        paused=words("paused", paused),
        requester_wait=words("requester_wait", requester_wait),
        agent_wait=words("agent_wait", agent_wait),
        agent_work=words("agent_work", agent_work),
        new=words("new", new),
    )
    if rating is not None and not isinstance(rating, str):
        raise ParameterError(f"rating must be a question of the answers, such as 'csat', or None; got {shown(rating)}")
    if rating is not None and records.answers is None:
        raise InputError("expected records with answers; got none: rating= needs Records(answers=...)")
    reason = exclusion(words("excluded", excluded))
    layers = [
        in_force_columns(records),
        [*resolution(records, sets), *closing(records, sets)],
        [*response(records, first_response), *assignees(records)],
        [*durations(records, known, schedule), *touches(records, sets, schedule), *ratings(records)],
        first_contact(),
    ]
    sums, own = sum_types(schedule), known_tickets(records, known).collect_schema()
    types = {name: dtype for name, dtype in own.items() if name not in sums} | sums | key_types(schedule)
    # The tickets' own columns, then the facts.
    whole = _derived(pl.LazyFrame(schema=types), layers).collect_schema()
    schema = {name: dtype for name, dtype in whole.items() if not name.startswith("_")}

    def plan(read: Heads, names: Collection[str] | None) -> pl.LazyFrame:
        selected = schema if names is None else names
        (now, *rules), needed_sums = _needed(layers, {*selected, *reason.meta.root_names()})
        if any(name.startswith("unassigned_") for name in needed_sums):
            needed_sums |= {"resolved_at", "closed_at"}  # they end what no status ends
        if KEY in needed_sums or any(name.endswith("_working_seconds") for name in needed_sums):
            tickets = with_keys(read({*needed_sums, *key_columns(schedule)}), schedule, records, known)
        else:
            tickets = read(needed_sums)
        rows = ticket_rows(records, tickets, known, sets, first_response, schedule, rating, needed_sums)
        return _derived(rows.with_columns(now).filter(reason.is_null()), rules).select(map(column, selected))

    return over_tickets(records, known, plan, schema)


def _derived(rows: pl.LazyFrame, layers: Iterable[Iterable[pl.Expr]]) -> pl.LazyFrame:
    """The rows with what the rules make of them, layer by layer."""
    for rules in layers:
        rows = rows.with_columns(rules)
    return rows


def _needed(layers: Sequence[list[pl.Expr]], names: set[str]) -> tuple[list[list[pl.Expr]], set[str]]:
    """The rules that lead to the named columns, layer by layer, and every column that they read."""
    kept: list[list[pl.Expr]] = []
    for layer in reversed(layers):
        kept.insert(0, [rule for rule in layer if rule.meta.output_name() in names])
        names = names.union(*(rule.meta.root_names() for rule in kept[0]))
    return kept, names


@refusing_misfits
def excluded_tickets(records: Records, *, as_of: dt.datetime, excluded: tuple[str, ...] = EXCLUDED) -> pl.LazyFrame:
    """The tickets that `facts` leaves out and why: `ticket_id`, `created_at`, `reason`, sorted by `ticket_id`.

    Args:
        records: the tickets.
        as_of: the instant of knowledge, inclusive; with a time zone.
        excluded: reasons in the tickets' column `excluded`, or statuses, that leave a ticket out.

    Raises:
        ParameterError: `as_of` has no time zone, or `excluded` is not a tuple of texts.
        InputError: The records hold no tickets.
    """
    known = known_at(as_of)
    records = needed(records, "excluded_tickets")
    reason = exclusion(words("excluded", excluded))

    def plan(read: Heads, _names: Collection[str] | None) -> pl.LazyFrame:
        tickets = read(("created_at", "excluded", *HELD.values()))
        left_out = as_known(tickets, TicketNumbers(tickets), records, known).filter(reason.is_not_null())
        return left_out.select("ticket_id", "created_at", reason.alias("reason"))

    return over_tickets(records, known, plan)
