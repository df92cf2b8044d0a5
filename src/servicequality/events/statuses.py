"""The history of the status. Lives here: its moves, and what they sum to for each ticket. Never: messages, stamps.

A status is read once, into a mask with one bit for every set that names it; rows are sorted once, as whole numbers.
Everything else is a sum: each entry into a set adds the time that was left until `as_of`, each exit takes it away.
"""

import datetime as dt
from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from servicequality.events.known import in_time, known_events, seconds, side_by_side
from servicequality.model import Records
from servicequality.worktime import Schedule

__all__ = ["StatusSets", "handovers", "status_facts", "status_moves"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSets:
    """Which statuses, in lower case, mean what; a status in no set runs."""

    ended: frozenset[str]
    paused: frozenset[str]
    requester_wait: frozenset[str]
    agent_wait: frozenset[str]
    agent_work: frozenset[str]
    new: frozenset[str]

    def bit(self, name: str) -> int:
        """The bit that stands for a set."""
        return 1 << [field.name for field in fields(self)].index(name)

    def mask(self, column: str) -> pl.Expr:
        """A column of statuses as UInt8, one bit a set; an unknown status is 0."""
        # A log has many rows and few statuses: as categories each of them is read once.
        status = pl.col(column).cast(pl.Categorical)
        return status.map_batches(self._masks, return_dtype=pl.UInt8, is_elementwise=True)

    def _masks(self, statuses: pl.Series) -> pl.Series:
        codes = statuses.to_physical().cast(pl.Int64).fill_null(-1).to_numpy() + 1
        row_of = np.full(codes.max(initial=0) + 1, -1)
        row_of[codes] = np.arange(len(codes))
        masks = np.zeros(len(row_of), np.uint8)
        occurs = row_of >= 0
        masks[occurs] = [self._mask(status) for status in statuses.gather(row_of[occurs]).to_list()]
        return pl.Series(masks[codes])

    def _mask(self, status: str | None) -> int:
        name = "" if status is None else status.lower()
        return sum(self.bit(field.name) for field in fields(self) if name in getattr(self, field.name))


def status_moves(records: Records, tickets: pl.LazyFrame, known: int, sets: StatusSets) -> pl.LazyFrame | None:
    """Every known status change by ticket and time: `_ticket`, `_created`, `_at`, `_status`, the masks `_before`, `_after`.

    Before is what the row above says; only of a ticket's first row, which `_begins`, it is what the log's own column
    `previous` says.
    """
    if records.changes is None:
        return None
    first = sets.mask("previous") if "previous" in records.changes.collect_schema() else pl.lit(0, pl.UInt8)
    rows = records.changes.filter(pl.col("field") == "status").select(
        "ticket_id",
        "at",
        sets.mask("value").alias("_after"),
        first.alias("_first"),
        # Few different texts: as categories they are sorted and carried like numbers.
        pl.col("value").cast(pl.Categorical).alias("_status"),
    )
    begins = (pl.col("_ticket") != pl.col("_ticket").shift()).fill_null(value=True)
    before = pl.when(begins).then("_first").otherwise(pl.col("_after").shift())
    return side_by_side(known_events(in_time(rows), tickets, known)).with_columns(
        begins.alias("_begins"), before.alias("_before")
    )


def status_facts(moves: pl.LazyFrame, known: int, sets: StatusSets, schedule: Schedule | None = None) -> pl.LazyFrame:
    """One row for each ticket whose status is in the log.

    Instants in microseconds: `_first_end`, `_last_end`, `_first_halt` (the first move to an ended or paused status after
    creation), `_first_started` (the first status that is not a new one), `_first_reopen`. Counts: `_ends` and `_reopens`
    (moves into and out of the ended set). `_ended`: it is so now. `_born_ended`: it was so before the log begins. `_status`:
    the one in force. Times within the ticket's life, in seconds: `hold_seconds` and its like, and with a schedule their
    twins in its time, `hold_working_seconds`.
    """
    before = pl.col("_before")

    def entered(name: str) -> pl.Expr:
        return _has(pl.col("_after"), sets.bit(name)) & ~_has(before, sets.bit(name))

    def left(name: str) -> pl.Expr:
        return ~_has(pl.col("_after"), sets.bit(name)) & _has(before, sets.bit(name))

    # What lies before creation is no part of the ticket's life.
    since = pl.max_horizontal("_at", "_created")
    remaining = {"_seconds": known - since}
    life = {"_seconds": known - pl.col("_created")}
    if schedule is not None:
        clock = {
            name: schedule.clock(at.cast(_INSTANT)) for name, at in (("since", since), ("born", pl.col("_created")))
        }
        now = schedule.clock(_EPOCH + dt.timedelta(microseconds=known))
        remaining["_working_seconds"] = now - clock["since"]
        life["_working_seconds"] = now - clock["born"]
    halted = entered("ended") | entered("paused")
    of_set = {
        "hold": "paused",
        "requester_wait": "requester_wait",
        "agent_wait": "agent_wait",
        "agent_work": "agent_work",
    }

    def time(of: str, twin: str) -> pl.Expr:
        moved = pl.when(entered(of)).then(remaining[twin]).when(left(of)).then(-remaining[twin]).otherwise(0)
        # A ticket that was in the set from the start never entered it.
        return moved + pl.when(pl.col("_begins") & _has(before, sets.bit(of))).then(life[twin]).otherwise(0)

    times = {name + twin: time(of, twin) for twin in remaining for name, of in of_set.items()}
    flows = moves.with_columns(
        _end=entered("ended"),
        _reopen=left("ended"),
        _halt=halted & (pl.col("_at") > pl.col("_created")),
        _started=~_has(pl.col("_after"), sets.bit("new")),
        _born_ended=pl.col("_begins") & _has(before, sets.bit("ended")),
        **times,
    )
    at = pl.col("_at")
    # `first` and `last` take twice the time of sums and extremes.
    grouped = flows.group_by("_ticket").agg(
        pl.when("_end").then(at).min().alias("_first_end"),
        pl.when("_end").then(at).max().alias("_last_end"),
        pl.when("_halt").then(at).min().alias("_first_halt"),
        pl.when("_started").then(at).min().alias("_first_started"),
        pl.when("_reopen").then(at).min().alias("_first_reopen"),
        pl.col("_end").sum().cast(pl.Int64).alias("_ends"),
        pl.col("_reopen").sum().cast(pl.Int64).alias("_reopens"),
        pl.col("_born_ended").any(),
        pl.col("_status").last(),
        *(pl.col(name).sum() for name in times),
    )
    return grouped.with_columns(
        # In the set from the start, or moved into it, and not out of it again.
        _ended=pl.col("_born_ended") + pl.col("_ends") > pl.col("_reopens"),
        _status=pl.col("_status").cast(pl.String),
        **{name: seconds(pl.col(name)) for name in times},
    )


def handovers(
    records: Records, tickets: pl.LazyFrame, moves: pl.LazyFrame, known: int, sets: StatusSets
) -> pl.LazyFrame:
    """When a person's turn began: `_ticket` and `_at` of every reopening and of every change of the field `handoff`."""
    ended = sets.bit("ended")
    reopened = moves.filter(_has(pl.col("_before"), ended) & ~_has(pl.col("_after"), ended))
    assert records.changes is not None
    handed = known_events(records.changes.filter(pl.col("field") == "handoff"), tickets, known)
    return pl.concat([reopened.select("_ticket", "_at"), handed.select("_ticket", "_at")])


def _has(mask: pl.Expr, bit: int) -> pl.Expr:
    return (mask & bit) != 0
