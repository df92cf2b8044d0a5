"""What was known at an instant. Lives here: the tables cut at `as_of`, with instants as integer microseconds. Never: any fact.

All arithmetic on instants is done in Int64 microseconds since 1970 UTC; `instant` and `seconds` turn results back at
the edge. Tickets are numbered in the order of their ids: whole numbers are sorted and summed with less work than texts.
"""

import datetime as dt
from collections.abc import Callable, Collection

import polars as pl

from servicequality.errors import InputError, ParameterError
from servicequality.events.numbering import TicketNumbers, with_tickets
from servicequality.model import Records
from servicequality.worktime import Schedule

__all__ = [
    "STAMPS",
    "instant",
    "known_at",
    "known_events",
    "known_tickets",
    "microseconds",
    "over_tickets",
    "seconds",
    "words",
    "worked",
]

STAMPS = ("first_response_at", "first_resolved_at", "resolved_at", "closed_at")
"""The stamps that say what happened; `due_at` is a promise, known from the start."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def known_at(as_of: dt.datetime) -> int:
    """`as_of` in microseconds.

    Raises:
        ParameterError: `as_of` is no instant with a time zone.
    """
    if not isinstance(as_of, dt.datetime) or as_of.utcoffset() is None:
        raise ParameterError(
            f"as_of must be an instant with a time zone; got {as_of!r}: say datetime(..., tzinfo=...), "
            "for what is known depends on it"
        )
    return (as_of - _EPOCH) // dt.timedelta(microseconds=1)


def words(parameter: str, values: Collection[str]) -> frozenset[str]:
    """A set of names in lower case, for case is ignored.

    Raises:
        ParameterError: `values` is a text, or holds something else than texts.
    """
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ParameterError(f"{parameter} must be a tuple of names such as ('solved', 'closed'); got {values!r}")
    return frozenset(value.lower() for value in values)


def microseconds(column: str) -> pl.Expr:
    """An instant as Int64 microseconds since 1970 UTC."""
    return pl.col(column).dt.timestamp("us")


def instant(expr: pl.Expr, records: Records) -> pl.Expr:
    """Int64 microseconds since 1970 UTC as an instant in the zone of the records."""
    return expr.cast(pl.Datetime("us", records.timezone or "UTC"))


def seconds(expr: pl.Expr) -> pl.Expr:
    """Int64 microseconds as Float64 seconds."""
    return expr / 1_000_000


def worked(schedule: Schedule, start: pl.Expr, stop: pl.Expr) -> pl.Expr:
    """Seconds of the schedule between two instants in Int64 microseconds."""
    opened, closed = (schedule.clock(at.cast(pl.Datetime("us", "UTC"))) for at in (start, stop))
    return seconds(closed - opened)


def known_tickets(records: Records, known: int) -> pl.LazyFrame:
    """The tickets that existed at the instant, sorted by id, with their number `_ticket` and `_created`.

    A stamp of something that happened later is null; `_has_end_stamp` says whether the ticket has one at all. Where no log
    can tell, `_any_end_stamp` and `_any_response_stamp` say whether the table keeps such stamps.

    Raises:
        InputError: The records hold no tickets.
    """
    if records.tickets is None:
        raise InputError("expected records with tickets; got none: say Records(tickets=...), one row a ticket")
    has_end_stamp = pl.any_horizontal(pl.col(name).is_not_null() for name in STAMPS[1:])
    kept = [microseconds("created_at").alias("_created"), has_end_stamp.alias("_has_end_stamp")]
    if records.changes is None:
        kept.append(has_end_stamp.any().alias("_any_end_stamp"))
    if records.responses is None:
        kept.append(pl.col("first_response_at").is_not_null().any().alias("_any_response_stamp"))
    return (
        records.tickets.select(pl.exclude("^_.*$"))
        .with_columns(kept)
        .filter(pl.col("_created") <= known)
        .with_columns(pl.when(microseconds(name) <= known).then(pl.col(name)).alias(name) for name in STAMPS)
        .sort("ticket_id", maintain_order=True)
        .with_row_index("_ticket")
    )


def over_tickets(
    records: Records, known: int, plan: Callable[[pl.DataFrame], pl.LazyFrame], *, columns: Collection[str] = ()
) -> pl.LazyFrame:
    """What a plan makes of the known tickets, which are read when the answer is collected: events look their ticket up.

    Args:
        records: The tickets.
        known: The instant.
        plan: Gets the tickets of `known_tickets`; of none, to tell the columns of the answer.
        columns: Those of the tickets' own columns that it needs, beside the id; all by default.

    Raises:
        InputError: The records hold no tickets.
    """
    tickets = known_tickets(records, known)
    schema = tickets.collect_schema()
    if columns:
        tickets = tickets.select(
            name for name in schema if name.startswith("_") or name == "ticket_id" or name in columns
        )
        schema = tickets.collect_schema()

    def answer() -> pl.DataFrame:
        return plan(tickets.collect(engine="streaming")).collect(engine="streaming")

    return pl.defer(answer, schema=plan(schema.to_frame()).collect_schema())


def known_events(events: pl.LazyFrame, numbers: TicketNumbers, known: int) -> pl.LazyFrame:
    """The rows of a table of events that were known at the instant and belong to a ticket, with its number.

    Adds `_at` in microseconds, `_ticket` and `_created`.
    """
    rows = events.with_columns(microseconds("at").alias("_at")).filter(pl.col("_at") <= known)
    return with_tickets(rows, numbers)
