"""The tables as they were known at `as_of`, with instants as integer microseconds."""

# All arithmetic on instants is done in Int64 microseconds since 1970 UTC; `instant` and `seconds` turn results back at
# the edge. Tickets are numbered in the order of their ids: whole numbers are sorted and summed with less work than texts.

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

import polars as pl
from polars.io.plugins import register_io_source

from servicequality.checks import column, shown, zone_aware
from servicequality.errors import InputError, ParameterError
from servicequality.events.numbering import TicketNumbers, with_tickets
from servicequality.model import Records, TableLike

__all__ = [
    "COUNTERS",
    "STAMPS",
    "Heads",
    "changes_of",
    "instant",
    "known_at",
    "known_events",
    "known_tickets",
    "last_instant",
    "microseconds",
    "needed",
    "over_tickets",
    "seconds",
    "words",
]

STAMPS = ("first_response_at", "first_resolved_at", "resolved_at", "closed_at")
"""The stamps that say what happened; `due_at` is a promise, known from the start."""

COUNTERS = ("reopen_count", "reassignments", "handle_seconds")
"""What the tickets' own system counts; `known_tickets` gives them under these names after ``_own_``."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Heads(Protocol):
    """Gives the tickets of `known_tickets`, with those of their own columns that are named beside the id; None names all."""

    def __call__(self, columns: Collection[str] | None = None) -> pl.DataFrame:
        """The tickets, by number."""


def known_at(as_of: dt.datetime) -> int:
    """`as_of` in microseconds.

    Raises:
        ParameterError: `as_of` is not an instant with a time zone.
    """
    return (zone_aware("as_of", as_of) - _EPOCH) // dt.timedelta(microseconds=1)


def last_instant(records: Records) -> dt.datetime:
    """The last instant at which something happened by the records of tickets: what is known cannot be older.

    Raises:
        InputError: no ticket has a creation.
    """
    latest = [
        table.select(pl.max_horizontal(pl.col(name).max() for name in names))
        for table, names in (
            (records.tickets, ["created_at", *STAMPS]),
            (records.responses, ["at"]),
            (records.changes, ["at"]),
        )
        if table is not None
    ]
    instants: list[dt.datetime] = [at for frame in pl.collect_all(latest) if (at := frame.item()) is not None]
    if not instants:
        raise InputError("expected at least one ticket with created_at; got none: say as_of=, or give the tickets")
    return max(instants)


def needed(records: object, call: str) -> Records:
    """The records that a call was given.

    Raises:
        ParameterError: They are something else, such as a frame or a list of dataclasses.
    """
    if isinstance(records, Records):
        return records
    raise ParameterError(
        f"{call} needs Records; got {type(records).__name__}: say {call}(Records(tickets=…, responses=…, changes=…), …), "
        "with a table or a list of dataclasses for each name"
    )


def records_of(records: TableLike | Records | pl.LazyFrame, call: str) -> Records:
    """The records that a call was given, or those of a table of tickets alone.

    Raises:
        InputError: It is no table, or none of tickets.
    """
    if isinstance(records, Records):
        return records
    try:
        return Records(tickets=records)
    except InputError as error:
        raise InputError(
            f"{call} reads a table of tickets as Records(tickets=…); say {call}(Records(…), …) to give other tables, "
            f"columns= or timezone= too: {error}"
        ) from error


def words(parameter: str, values: Collection[str]) -> frozenset[str]:
    """A set of names in lower case, since case is ignored.

    Raises:
        ParameterError: `values` is a text, or holds something else than texts.
    """
    if (
        isinstance(values, str)
        or not isinstance(values, Collection)
        or not all(isinstance(value, str) for value in values)
    ):
        raise ParameterError(f"{parameter} must be a tuple of names such as ('solved', 'closed'); got {shown(values)}")
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


def known_tickets(records: Records, known: int) -> pl.LazyFrame:
    """The tickets that existed at the instant, sorted by id, with their number `_ticket` and `_created`.

    A stamp of something that happened later is null; `_has_end_stamp` says whether the ticket has one at all. What the
    ticket's own system counted is called `_own_reopen_count` and so on.

    Raises:
        InputError: The records hold no tickets.
    """
    if records.tickets is None:
        raise InputError("expected records with tickets; got none: say Records(tickets=...), one row a ticket")
    has_end_stamp = pl.any_horizontal(pl.col(name).is_not_null() for name in STAMPS[1:])
    own = [
        column(name) for name in records.tickets.collect_schema() if not name.startswith("_") and name not in COUNTERS
    ]
    return (
        records.tickets.select(*own, *(pl.col(name).alias(f"_own_{name}") for name in COUNTERS))
        .with_columns(microseconds("created_at").alias("_created"), has_end_stamp.alias("_has_end_stamp"))
        .filter(pl.col("_created") <= known)
        .with_columns(pl.when(microseconds(name) <= known).then(pl.col(name)).alias(name) for name in STAMPS)
        .sort("ticket_id", maintain_order=True)
        .with_row_index("_ticket")
    )


def over_tickets(
    records: Records,
    known: int,
    plan: Callable[[Heads, Collection[str] | None], pl.LazyFrame],
    types: Mapping[str, pl.DataType] | None = None,
) -> pl.LazyFrame:
    """What a plan makes of the known tickets, which are read when the answer is collected: events look their ticket up.

    A selection of the answer's columns, even one far down the query, reaches the plan, which need not make the others.

    Args:
        records: the tickets.
        known: the instant.
        plan: gets the tickets, and the columns of its answer that are wanted, or None for all.
        types: the columns of its answer with their types; by default the plan is asked, which takes as long as to make it.

    Raises:
        InputError: The records hold no tickets.
    """
    tickets = known_tickets(records, known)
    schema = tickets.collect_schema()

    def chosen(columns: Collection[str] | None) -> list[pl.Expr]:
        always = ("ticket_id", "_ticket", "_created")
        return [column(name) for name in schema if columns is None or name in always or name in columns]

    def read(columns: Collection[str] | None = None) -> pl.DataFrame:
        return tickets.select(chosen(columns)).collect(engine="streaming")

    def unread(columns: Collection[str] | None = None) -> pl.DataFrame:
        return schema.to_frame().select(chosen(columns))

    def source(
        names: list[str] | None, predicate: pl.Expr | None, rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        answer = plan(read, names)
        answer = answer if names is None else answer.select(map(column, names))
        answer = answer if predicate is None else answer.filter(predicate)
        yield (answer if rows is None else answer.head(rows)).collect(engine="streaming")

    answer = plan(unread, None).collect_schema() if types is None else types
    return register_io_source(source, schema=answer, is_pure=True)


def changes_of(records: Records) -> pl.LazyFrame | None:
    """The changes, those of one instant in the order of their `sequence` where it is given, else as they came in."""
    if records.changes is None or not records.has("changes", "sequence"):
        return records.changes
    return records.changes.sort("sequence", nulls_last=True, maintain_order=True)


def known_events(events: pl.LazyFrame, numbers: TicketNumbers, known: int) -> pl.LazyFrame:
    """The rows of a table of events that were known at the instant and belong to a ticket, with its number.

    Adds `_at` in microseconds, `_ticket` and `_created`.
    """
    rows = events.with_columns(microseconds("at").alias("_at")).filter(pl.col("_at") <= known)
    return with_tickets(rows, numbers)
