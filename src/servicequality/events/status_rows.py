"""The statuses of each ticket: one row a spell, and how long each ticket was in each status."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.events.as_of import (
    Heads,
    changes_of,
    instant,
    known_at,
    known_events,
    needed,
    over_tickets,
    seconds,
)
from servicequality.events.hours import Hours, beside, clock, hours, key_columns, with_keys
from servicequality.events.kinds import tells_kinds, who
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.model import Records

__all__ = ["status_spells", "status_times"]

_BEFORE_ALL = -(2**62)
_ACTORS = ("actor", "actor_id")


@refusing_misfits
def status_spells(records: Records, *, as_of: dt.datetime, schedule: Hours | None = None) -> pl.LazyFrame:
    """Every status that a ticket was in by `as_of`, in order: one row a spell, which lasts until the status changes.

    Columns `ticket_id`, `sequence` (from 1), `status` (in lower case), `started_at`, `ended_at` (null while it lasts),
    `seconds` (to the end or to `as_of`), `observed` (the ticket has left the status), and `actor` and `actor_id`, who set
    the status, where the changes have them; what an actor is, the table of agents says first. Sorted by `ticket_id` and
    `sequence`. The spells of a ticket follow one another from its creation on and add up to its life. A change to the
    status that is in force begins no spell. Until its first change a ticket has the status that the log's column `previous`
    says, or null; nobody set it. Ended statuses last like any other; excluded tickets are there too. With a schedule there
    is `working_seconds` too.

    `time_in_status` on these rows is the time of a visit, on those of `servicequality.events.status_times` the time of all
    visits.

    Args:
        records: the tickets and their changes.
        as_of: the instant of knowledge, inclusive; with a time zone.
        schedule: the hours that count in `working_seconds`, without which the column is absent; of `Schedules`, those of
            the ticket, as in `facts`.

    Raises:
        ParameterError: `as_of` has no time zone.
        InputError: The records hold no tickets or no changes.
    """
    known = known_at(as_of)
    records = needed(records, "status_spells")
    schedule = hours(schedule, records)
    changes = _logged(records)
    actors = [name for name in _ACTORS if records.has("changes", name)]
    if "actor_id" in actors and tells_kinds(records):
        actors = [*_ACTORS]
        changes = changes.with_columns(who(records, "actor", "actor_id"))

    def plan(read: Heads, _names: Collection[str] | None) -> pl.LazyFrame:
        tickets = with_keys(read(key_columns(schedule)), schedule, records, known)
        stop = pl.col("_stop").fill_null(known)
        lengths = _lengths(pl.col("_at"), stop, schedule)
        place, ticket = pl.int_range(pl.len(), dtype=pl.Int64), pl.col("_ticket")
        first = pl.when((ticket != ticket.shift()).fill_null(value=True)).then(place).forward_fill()
        return (
            _spells(records, changes, tickets, known, actors, merged=True)
            .with_columns((place - first + 1).alias("sequence"))
            .join(tickets.lazy().select("_ticket", "ticket_id"), on="_ticket", how="left", maintain_order="left")
            .select(
                "ticket_id",
                "sequence",
                "status",
                instant(pl.col("_at"), records).alias("started_at"),
                instant(pl.col("_stop"), records).alias("ended_at"),
                *(seconds(length).alias(name) for name, length in lengths.items()),
                pl.col("_stop").is_not_null().alias("observed"),
                *actors,
            )
        )

    return over_tickets(records, known, plan)


@refusing_misfits
def status_times(records: Records, *, as_of: dt.datetime, schedule: Hours | None = None) -> pl.LazyFrame:
    """How long each ticket was in each status by `as_of`: the rows of a ticket add up to its life, from creation on.

    Columns `ticket_id`, `status` (in lower case; null for the time before the log tells, unless its column `previous` says
    what the status was), `seconds`, `entries` (changes to it, and its creation) and `observed` (the ticket has left the
    status; else the time still runs), sorted by `ticket_id` and `status`. A ticket without status changes is one row. Ended
    statuses last until `as_of` like any other; excluded tickets are there too. With a schedule there is `working_seconds`
    too.

    Args:
        records: the tickets and their changes.
        as_of: the instant of knowledge, inclusive; with a time zone.
        schedule: the hours that count in `working_seconds`, without which the column is absent; of `Schedules`, those of
            the ticket, as in `facts`.

    Raises:
        ParameterError: `as_of` has no time zone.
        InputError: The records hold no tickets or no changes.
    """
    known = known_at(as_of)
    records = needed(records, "status_times")
    schedule = hours(schedule, records)
    changes = _logged(records)

    def plan(read: Heads, _names: Collection[str] | None) -> pl.LazyFrame:
        tickets = with_keys(read(key_columns(schedule)), schedule, records, known)
        lengths = _lengths(pl.col("_at"), pl.col("_stop").fill_null(known), schedule)
        return (
            _spells(records, changes, tickets, known, (), merged=False)
            .group_by("_ticket", "status")
            .agg(
                *(_sum(length, name).alias(name) for name, length in lengths.items()),
                pl.len().cast(pl.Int64).alias("entries"),
                pl.col("_stop").is_not_null().all().alias("observed"),
            )
            .join(tickets.lazy().select("_ticket", "ticket_id"), on="_ticket")
            .select("ticket_id", "status", *lengths, "entries", "observed")
            .sort("ticket_id", "status", maintain_order=True)
        )

    return over_tickets(records, known, plan)


def _sum(length: pl.Expr, name: str) -> pl.Expr:
    total = seconds(length.sum())
    # Where no schedule is in force nothing tells how long it worked.
    return total if name == "seconds" else pl.when(length.is_not_null().all()).then(total)


def _logged(records: Records) -> pl.LazyFrame:
    changes = changes_of(records)
    if changes is None:
        raise InputError("expected records with changes; got none: time in status needs Records(changes=...)")
    return changes


def _lengths(start: pl.Expr, stop: pl.Expr, schedule: Hours | None) -> dict[str, pl.Expr]:
    """The time between two instants in microseconds, also in the schedule's time."""
    lengths = {"seconds": stop - start}
    if schedule is not None:
        lengths["working_seconds"] = clock(schedule, stop) - clock(schedule, start)
    return lengths


def _spells(
    records: Records, changes: pl.LazyFrame, tickets: pl.DataFrame, known: int, actors: Collection[str], *, merged: bool
) -> pl.LazyFrame:
    """The spells by ticket number and time: `_ticket`, `status`, `_at`, `_stop` (null while it lasts), and the actors.

    Unless they are `merged`, a change to the status that is in force begins one too.
    """
    nothing = pl.lit(None, pl.String)
    before = pl.col("previous") if records.has("changes", "previous") else nothing
    moves = known_events(changes.filter(pl.col("field") == "status"), TicketNumbers(tickets), known).select(
        "_ticket", "_created", "_at", pl.col("value").alias("status"), before.alias("_before"), *actors
    )
    # A ticket's life begins in a status that no change set; what the log holds of the time before comes after that row.
    born = tickets.lazy().select(
        "_ticket", "_created", pl.lit(_BEFORE_ALL).alias("_at"), nothing.alias("status"), nothing.alias("_before")
    )
    ticket, at = pl.col("_ticket"), pl.col("_at")
    follows = ticket == ticket.shift(-1)
    next_at = pl.when(follows).then(at.shift(-1))
    status = pl.when(at == _BEFORE_ALL).then(pl.when(follows).then(pl.col("_before").shift(-1))).otherwise("status")
    lived = (at >= pl.col("_created")) | (next_at.is_null()) | (next_at > pl.col("_created"))
    rows = (
        one_after_another(pl.concat([born, moves], how="diagonal"))
        .with_columns(status.str.to_lowercase().alias("status"), lived.alias("_lived"))
        .filter("_lived")
    )
    if merged:
        begins = (ticket != ticket.shift()).fill_null(value=True)
        rows = rows.filter(begins | pl.col("status").ne_missing(pl.col("status").shift()))
    spells = rows.with_columns(pl.max_horizontal("_at", "_created").alias("_at")).select(
        "_ticket", "status", "_at", pl.when(follows).then(at.shift(-1)).alias("_stop"), *actors
    )
    return beside(spells, tickets)
