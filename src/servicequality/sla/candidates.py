"""Which clocks a history starts, and what stops them."""

# Instants are Int64 microseconds. Columns: `_ticket` (the ticket's number), `kind`, `sequence`, `_start`, `_stop` (null
# while it runs), `_lapsed` (it stopped without what it waited for), `_unknown` (nothing tells whether it stopped), `_is_first`
# (a wait for a reply that began before the first response).

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from servicequality.events import FirstResponse, facts, reply_waits
from servicequality.events.as_of import changes_of, known_events, microseconds
from servicequality.events.messages import messages
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.model import Records
from servicequality.sla.log import Flags, Log
from servicequality.sla.policy import CLOCKS, NEEDS

__all__ = ["KINDS", "History", "candidates", "statuses"]

KINDS = pl.Enum(CLOCKS)
_BEFORE_ALL = -(2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is read of the records, and how.

    Attributes:
        records: The records.
        tickets: `ticket_id`, `_ticket`, `_created` of every ticket that was known, by number.
        as_of: The instant of knowledge.
        known: The same in microseconds.
        ended: Statuses in which the work is over, in lower case.
        excluded: What keeps a ticket out.
        first_response: What counts as the first response.
        numbers: Finds the number of a ticket.
    """

    records: Records
    tickets: pl.DataFrame
    as_of: dt.datetime
    known: int
    ended: tuple[str, ...]
    excluded: tuple[str, ...]
    first_response: FirstResponse = "public_reply"
    numbers: TicketNumbers = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", TicketNumbers(self.tickets))


def candidates(history: History, kinds: Collection[str], status: pl.DataFrame, ended: Flags) -> pl.DataFrame:
    """Every clock of those kinds, whatever its policy; `status` is the log of statuses, `ended` which of its rows are."""
    lazy = _of_tickets(history)
    heads, *waits = pl.collect_all([lazy, *([_of_waits(history)] if "next_reply" in kinds else [])])
    parts = [_stopped_once(heads, kind) for kind in CLOCKS if kind in kinds and NEEDS.get(kind) != "responses"]
    parts += [_shaped(_after_first(rows, heads), "next_reply").collect() for rows in waits]
    if "periodic_update" in kinds:
        parts.append(_updates(history, heads, Log.of(status, history.tickets.height), ended))
    return pl.concat(parts)


def statuses(history: History) -> pl.LazyFrame:
    """The log of statuses: `_ticket`, `_at`, `status`, sorted; each ticket's first row is its creation.

    What lies before creation is not part of a ticket's life. Until its first change a ticket has the status that the column
    `previous` says, if there is one.
    """
    tickets = history.tickets.lazy()
    nothing = pl.lit(None, pl.String)
    # Before all else, so that changes that precede the creation follow its row in the order of their own time.
    created = tickets.select(
        "_ticket", "_created", pl.lit(_BEFORE_ALL).alias("_at"), nothing.alias("status"), nothing.alias("_before")
    )
    changes = changes_of(history.records)
    if changes is None:
        return created.select("_ticket", pl.col("_created").alias("_at"), "status")
    carried = pl.col("previous") if history.records.has("changes", "previous") else nothing
    moves = known_events(changes.filter(pl.col("field") == "status"), history.numbers, history.known).select(
        "_ticket", "_created", "_at", pl.col("value").alias("status"), carried.alias("_before")
    )
    first = pl.col("_at") == _BEFORE_ALL
    before = pl.when(pl.col("_ticket") == pl.col("_ticket").shift(-1)).then(pl.col("_before").shift(-1))
    return one_after_another(pl.concat([created, moves])).select(
        "_ticket",
        pl.max_horizontal("_at", "_created").alias("_at"),
        pl.when(first).then(before).otherwise("status").alias("status"),
    )


def _of_tickets(history: History) -> pl.LazyFrame:
    """One row a ticket that counts: when it was created, answered and resolved, and what is not known of it."""
    rows = facts(
        history.records,
        as_of=history.as_of,
        ended=history.ended,
        excluded=history.excluded,
        first_response=history.first_response,
    )
    resolved, answered = microseconds("resolved_at"), microseconds("first_response_at")
    lapsed = (pl.col("first_response_end") == "ended_without").fill_null(value=False)
    response = pl.coalesce(answered, pl.when(lapsed).then(resolved))
    begun: pl.Expr = pl.col("_created")
    if history.first_response == "after_handoff":
        # The facts know when the turn began, and say it by how long it lasted.
        lasted = (pl.col("first_response_seconds") * 1_000_000).round().cast(pl.Int64)
        begun = pl.coalesce(response.fill_null(history.known) - lasted, begun)
    return (
        rows.join(history.tickets.lazy(), on="ticket_id", maintain_order="left")
        .select(
            "_ticket",
            "_created",
            resolved.alias("_resolved"),
            response.alias("_response"),
            answered.alias("_answered"),
            begun.alias("_begun"),
            lapsed.alias("_lapsed"),
            pl.col("resolution_reason").is_not_null().alias("_resolution_unknown"),
            pl.col("first_response_reason").is_not_null().alias("_response_unknown"),
        )
    )  # fmt: skip


def _of_waits(history: History) -> pl.LazyFrame:
    waits = reply_waits(history.records, as_of=history.as_of, ended=history.ended, excluded=history.excluded).select(
        "ticket_id", "sequence", microseconds("started_at").alias("_start"), microseconds("stopped_at").alias("_stop")
    )
    numbers = history.tickets.lazy().select("ticket_id", "_ticket")
    return waits.join(numbers, on="ticket_id", maintain_order="left")


def _after_first(waits: pl.DataFrame, heads: pl.DataFrame) -> pl.LazyFrame:
    """Waits for a reply, with whether they began before the first response."""
    before = (pl.col("_start") < pl.col("_answered")).fill_null(value=True)
    answered = heads.lazy().select("_ticket", "_answered")
    return (
        waits.lazy()
        .join(answered, on="_ticket", how="left", maintain_order="left")
        .with_columns(before.alias("_is_first"))
    )


def _stopped_once(heads: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The clocks that a ticket has one of: from creation to the first response, or to the last resolution."""
    if kind == "first_response":
        start, stop, unknown, lapsed = "_begun", "_response", "_response_unknown", pl.col("_lapsed")
    else:
        start, stop, unknown, lapsed = "_created", "_resolved", "_resolution_unknown", pl.lit(value=False)
    rows = heads.lazy().select(
        "_ticket",
        pl.col(start).alias("_start"),
        pl.col(stop).alias("_stop"),
        lapsed.alias("_lapsed"),
        pl.col(unknown).alias("_unknown"),
        pl.lit(1, pl.Int64).alias("sequence"),
    )
    return _shaped(rows, kind).collect()


def _updates(history: History, heads: pl.DataFrame, log: Log, ended: Flags) -> pl.DataFrame:
    """From each public message of a person on the agents' side to the next, or to the end of a ticket that is ended now.

    Left out are spans in which the ticket never ran: two messages at once, or while it was ended.
    """
    mail = messages(history.records, history.numbers, history.known)
    assert mail is not None
    following = pl.when(pl.col("_ticket") == pl.col("_ticket").shift(-1)).then(pl.col("_at").shift(-1))
    rows = (
        one_after_another(mail.filter(pl.col("_human") & pl.col("_public")).select("_ticket", "_at"))
        .with_columns(following.alias("_next"))
        .join(heads.lazy(), on="_ticket", maintain_order="left")
        .select(
            "_ticket",
            pl.col("_at").alias("_start"),
            pl.coalesce("_next", "_resolved").alias("_stop"),
            pl.col("_next").is_null().alias("_lapsed"),
            (pl.col("_next").is_null() & pl.col("_resolved").is_null() & pl.col("_resolution_unknown")).alias(
                "_unknown"
            ),
        )
        .filter((pl.col("_stop") > pl.col("_start")).fill_null(value=True))
        .collect()
    )
    ticket, start = rows["_ticket"].to_numpy(), rows["_start"].to_numpy()
    running = np.append(0, np.cumsum(~ended))
    first = np.maximum(log.last(ticket, start), log.first[ticket])
    last = np.maximum(log.last(ticket, rows["_stop"].fill_null(history.known).to_numpy()), first)
    ran = ~ended[first] | (running[last + 1] > running[first + 1])
    rows = rows.filter(pl.Series(ran))
    ticket = rows["_ticket"].to_numpy()
    places = np.arange(len(ticket)) - np.searchsorted(ticket, ticket)
    return _shaped(rows.lazy().with_columns(sequence=pl.Series(places + 1)), "periodic_update").collect()


def _shaped(rows: pl.LazyFrame, kind: str) -> pl.LazyFrame:
    given = rows.collect_schema()
    absent = [pl.lit(value=False).alias(name) for name in ("_lapsed", "_unknown", "_is_first") if name not in given]
    return rows.with_columns(pl.lit(kind, KINDS).alias("kind"), *absent).select(
        "_ticket", "kind", "sequence", "_start", "_stop", "_lapsed", "_unknown", "_is_first"
    )
