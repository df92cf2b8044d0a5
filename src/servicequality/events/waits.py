"""One row a reply wait: when a customer began to wait, and what ended the wait."""

import datetime as dt
from collections.abc import Collection

import numpy as np
import polars as pl

from servicequality.checks import column, refusing_misfits
from servicequality.errors import InputError
from servicequality.events.as_of import (
    STAMPS,
    Heads,
    instant,
    known_at,
    known_tickets,
    needed,
    over_tickets,
    seconds,
    words,
)
from servicequality.events.assignments import HELD
from servicequality.events.hours import Hours, hours, key_columns, with_keys, worked
from servicequality.events.messages import messages
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.events.openings import customer_openings
from servicequality.events.statuses import StatusSets, status_moves
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.events.ticket_rows import as_known, exclusion
from servicequality.model import Records

__all__ = ["reply_waits"]

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
    schedule: Hours | None = None,
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
        schedule: the hours that count in the working time; of `Schedules`, those of the ticket, as in `facts`.

    Raises:
        ParameterError: `as_of` has no time zone, or a set of statuses is not a tuple of texts.
        InputError: The records hold no tickets or no responses.
    """
    known = known_at(as_of)
    sets = StatusSets(ended=words("ended", ended))
    records, out = needed(records, "reply_waits"), words("excluded", excluded)
    schedule = hours(schedule, records)
    made = {*_COLUMNS, *STAMPS, *([] if schedule is None else ["reply_wait_working_seconds"])}
    own = [name for name in known_tickets(records, known).collect_schema() if name not in made and name[:1] != "_"]
    if records.responses is None:
        raise InputError("expected records with responses; got none: reply waits need Records(responses=...)")

    def plan(read: Heads, names: Collection[str] | None) -> pl.LazyFrame:
        always = {"opened_by", "excluded", *HELD.values(), *key_columns(schedule)}
        tickets = with_keys(read(None if names is None else {*names, *always}), schedule, records, known)
        numbers = TicketNumbers(tickets)
        mail = messages(records, numbers, known)
        assert mail is not None  # looked at above
        story = one_after_another(_story(tickets, mail, status_moves(records, numbers, known, sets), sets))
        stop = pl.col("_stop").fill_null(known)
        twins = (
            [] if schedule is None else [worked(schedule, pl.col("_start"), stop).alias("reply_wait_working_seconds")]
        )
        heads = as_known(tickets, numbers, records, known).drop("reply_wait_end", "sequence", strict=False)
        return (
            _waits(story)
            # Both are in the order of the tickets' numbers, and each number is there: one walk through them.
            .join_asof(heads, on="_ticket", check_sortedness=False)
            .filter(exclusion(out).is_null())
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


def _story(tickets: pl.DataFrame, mail: pl.LazyFrame, moves: pl.LazyFrame | None, sets: StatusSets) -> pl.LazyFrame:
    """All events that affect a wait, one row each: `_ticket`, `_at`, `_what`; messages before changes at equal instants."""
    reply = pl.col("_human") & pl.col("_public")
    texts = mail.filter(reply & pl.col("_opening"))
    opened = customer_openings(tickets, texts).with_columns(pl.lit(_ASKED).alias("_what"))
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
    """The waits of a story in order: `_ticket`, `_start`, `_stop`, `sequence`, `reply_wait_end`."""
    schema = {
        "_ticket": pl.UInt32,
        "_start": pl.Int64,
        "_stop": pl.Int64,
        "sequence": pl.Int64,
        "_answered": pl.Boolean,
    }
    waits = story.map_batches(
        _pieces, schema=schema, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
    )
    ended = pl.when(pl.col("_stop").is_not_null()).then(pl.lit("resolved")).otherwise(pl.lit("open"))
    answered = pl.when("_answered").then(pl.lit("answered"))
    return waits.with_columns(reply_wait_end=answered.otherwise(ended)).drop("_answered")


def _pieces(story: pl.DataFrame) -> pl.DataFrame:
    """The story cut after every answer and every end; the first question of each piece began a wait."""
    ticket, at, what = (story[name].to_numpy() for name in ("_ticket", "_at", "_what"))
    row = np.arange(len(ticket))
    stops = (what == _ANSWERED) | (what == _ENDED)
    begins = np.ones(len(row), np.bool_)
    begins[1:] = (ticket[1:] != ticket[:-1]) | stops[:-1]
    head = np.flatnonzero(begins)
    end = np.append(head[1:], len(row))[: len(head)] - 1
    asked = np.minimum.accumulate(np.where(what == _ASKED, row, len(row))[::-1])[::-1][head]  # the next question
    waited = asked <= end
    head, end, asked = head[waited], end[waited], asked[waited]
    reopened = np.cumsum(what == _REOPENED)
    again = reopened[end] > reopened[head] - (what[head] == _REOPENED)
    # Ended or not just before the question: the last move above it, if that was the same ticket's.
    move = np.maximum.accumulate(np.where((what == _ENDED) | (what == _REOPENED), row, 0))[asked]
    over = (what[move] == _ENDED) & (ticket[move] == ticket[asked])
    answered = what[end] == _ANSWERED
    kept = ~over | answered | again
    end, asked, answered, row = end[kept], asked[kept], answered[kept], row[: kept.sum()]
    own = ticket[asked]
    first = np.maximum.accumulate(np.where(np.diff(own, prepend=own[:1]) != 0, row, 0))
    stop = pl.Series(at[end]).zip_with(pl.Series(stops[end]), pl.Series([None], dtype=pl.Int64))
    columns = {"_ticket": own, "_start": at[asked], "_stop": stop, "sequence": row - first + 1, "_answered": answered}
    return pl.DataFrame(columns)
