"""One row a reply wait: when a customer began to wait, and what ended the wait."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from servicequality.checks import column, refusing_misfits
from servicequality.errors import InputError
from servicequality.events.as_of import (
    STAMPS,
    Heads,
    hours,
    instant,
    known_at,
    known_tickets,
    needed,
    over_tickets,
    seconds,
    words,
    worked,
)
from servicequality.events.assignments import HELD
from servicequality.events.messages import messages
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.events.statuses import StatusSets, status_moves
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.events.ticket_rows import as_known, exclusion
from servicequality.model import Records
from servicequality.worktime import Schedule

__all__ = ["reply_waits"]

_NONE: frozenset[str] = frozenset()
_COLUMNS = (
    "ticket_id", "sequence", "started_at", "stopped_at", "reply_wait_seconds", "reply_wait_observed", "reply_wait_end",
)  # fmt: skip


@refusing_misfits
def reply_waits(
    records: Records,
    *,
    as_of: dt.datetime,
    ended: tuple[str, ...] = ENDED,
    excluded: tuple[str, ...] = EXCLUDED,
    schedule: Schedule | None = None,
) -> pl.LazyFrame:
    """Every time a customer waited for an answer, by `as_of`: one row a wait.

    A wait starts at the first customer message that nobody has answered, and the text that opens a customer's ticket is
    one; further messages do not restart it. It ends at the next public message of a person on the agents' side, or at
    the resolution. A message after the resolution starts a wait only if it is answered or the ticket is reopened. A ticket
    whose `opened_by` is null was opened by the customer, unless an agent's public message is its opening text.

    Columns: `ticket_id`, `sequence` (from 1), `started_at`, `stopped_at` (null while it lasts), `reply_wait_seconds`,
    `reply_wait_working_seconds` (with a schedule, in its working time), `reply_wait_observed` (an answer ended it),
    `reply_wait_end` (answered, resolved, open), then the ticket's own columns, without its stamps. Sorted by `ticket_id`
    and `sequence`.

    Args:
        records: the tickets and their responses.
        as_of: the instant of knowledge, inclusive; with a time zone.
        ended: statuses in which a ticket is ended.
        excluded: reasons in the tickets' column `excluded`, or statuses, that leave a ticket out.
        schedule: the hours that count in the working time.

    Raises:
        ParameterError: `as_of` has no time zone, or a set of statuses is not a tuple of texts.
        InputError: The records hold no tickets or no responses.
    """
    known = known_at(as_of)
    sets = StatusSets(
        ended=words("ended", ended),
        closed=_NONE,
        paused=_NONE,
        requester_wait=_NONE,
        agent_wait=_NONE,
        agent_work=_NONE,
        new=_NONE,
    )
    records, schedule, out = needed(records, "reply_waits"), hours(schedule), words("excluded", excluded)
    made = {*_COLUMNS, *STAMPS, *([] if schedule is None else ["reply_wait_working_seconds"])}
    own = [name for name in known_tickets(records, known).collect_schema() if name not in made and name[:1] != "_"]
    if records.responses is None:
        raise InputError("expected records with responses; got none: reply waits need Records(responses=...)")

    def plan(read: Heads, names: Collection[str] | None) -> pl.LazyFrame:
        tickets = read(None if names is None else {*names, "opened_by", "excluded", *HELD.values()})
        numbers = TicketNumbers(tickets)
        mail = messages(records, numbers, known)
        assert mail is not None  # looked at above
        story = one_after_another(_story(tickets.lazy(), mail, status_moves(records, numbers, known, sets), sets))
        stop = pl.col("_stop").fill_null(known)
        twins = (
            [] if schedule is None else [worked(schedule, pl.col("_start"), stop).alias("reply_wait_working_seconds")]
        )
        kept = as_known(tickets, numbers, records, known).filter(exclusion(out).is_null())
        return (
            _waits(story)
            .join(kept.drop("reply_wait_end", strict=False), on="_ticket")
            .sort("ticket_id", "_piece")
            .with_columns(sequence=pl.int_range(1, pl.len() + 1).over("_ticket"))
            .select(
                "ticket_id",
                "sequence",
                instant(pl.col("_start"), records).alias("started_at"),
                instant(pl.col("_stop"), records).alias("stopped_at"),
                seconds(stop - pl.col("_start")).alias("reply_wait_seconds"),
                *twins,
                (pl.col("reply_wait_end") == "answered").alias("reply_wait_observed"),
                "reply_wait_end",
                *(column(name) for name in own if names is None or name in names),
            )
        )

    return over_tickets(records, known, plan)


# What can happen in the story of a ticket's waits.
_ASKED, _ANSWERED, _ENDED, _REOPENED = range(4)


def _story(tickets: pl.LazyFrame, mail: pl.LazyFrame, moves: pl.LazyFrame | None, sets: StatusSets) -> pl.LazyFrame:
    """All events that affect a wait, one row each: `_ticket`, `_at`, `_what`; messages before changes at equal instants."""
    reply = pl.col("_human") & pl.col("_public")
    by_agent = mail.filter(reply & pl.col("_opening")).select("_ticket").unique()
    silent = tickets.filter(pl.col("opened_by").is_null()).join(by_agent, on="_ticket", how="anti")
    opened = pl.concat(
        part.select("_ticket", pl.col("_created").alias("_at"), pl.lit(_ASKED).alias("_what"))
        for part in (tickets.filter(pl.col("opened_by") == "customer"), silent)
    )
    sent = mail.select(
        "_ticket",
        "_at",
        pl.when(pl.col("_customer") & pl.col("_public"))
        .then(_ASKED)
        .when(reply & ~pl.col("_opening"))
        .then(_ANSWERED)
        .alias("_what"),
    ).filter(pl.col("_what").is_not_null())
    parts = [opened, sent]
    if moves is not None:
        bit = sets.bit("ended")
        before, after = (pl.col("_before") & bit) != 0, (pl.col("_after") & bit) != 0
        parts.append(
            moves.filter(before != after).select(
                "_ticket", "_at", pl.when(after).then(_ENDED).otherwise(_REOPENED).alias("_what")
            )
        )
    return pl.concat(parts)


def _waits(story: pl.LazyFrame) -> pl.LazyFrame:
    """The story cut after every answer and every end; the first question of each piece began a wait."""
    what, ticket = pl.col("_what"), pl.col("_ticket")
    stops = what.is_in([_ANSWERED, _ENDED])
    moved = what.is_in([_ENDED, _REOPENED])
    pieces = story.with_columns(
        _piece=stops.cast(pl.Int64).cum_sum().shift(fill_value=0),
        # Ended or not just before the row: the last move above it, if that was the same ticket's.
        _mover=pl.when(moved).then(ticket).shift().forward_fill(),
        _state=pl.when(moved).then(what == _ENDED).shift().forward_fill(),
    ).with_columns(_over=((pl.col("_mover") == ticket) & pl.col("_state")).fill_null(value=False))
    is_question = what == _ASKED
    return (
        pieces.group_by("_ticket", "_piece")
        .agg(
            pl.when(is_question).then("_at").min().alias("_start"),
            pl.when(stops).then("_at").max().alias("_stop"),
            (what == _ANSWERED).any().alias("_answered"),
            (what == _REOPENED).any().alias("_reopened"),
            pl.when(is_question).then("_over").drop_nulls().first().alias("_over"),
        )
        .with_columns(
            reply_wait_end=pl.when("_answered")
            .then(pl.lit("answered"))
            .when(pl.col("_stop").is_not_null())
            .then(pl.lit("resolved"))
            .otherwise(pl.lit("open")),
        )
        .filter(
            pl.col("_start").is_not_null()
            & (~pl.col("_over") | pl.col("_answered") | pl.col("_reopened")).fill_null(value=True)
        )
        .select("_ticket", "_piece", "_start", "_stop", "reply_wait_end")
    )
