"""The history of the status: its moves, and their sums for each ticket."""

# A status is read once, into a mask with one bit for every set that names it; the previous row is found by one sort of
# whole numbers, and no row is moved. Everything else is a sum: each entry into a set adds the time that was left until
# `as_of`, each exit subtracts it.

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import polars as pl

from servicequality.events.as_of import changes_of, known_events, seconds
from servicequality.events.hours import Hours, clock
from servicequality.events.numbering import TicketNumbers, beside_above
from servicequality.events.per_ticket import any_of, count, earliest, last, latest, of_present, total
from servicequality.model import Records
from servicequality.worktime import Schedules

__all__ = ["StatusSets", "codes", "handovers", "status_facts", "status_moves"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSets:
    """Which statuses, in lower case, mean what; a status in no set runs."""

    ended: frozenset[str]
    paused: frozenset[str] = frozenset()
    requester_wait: frozenset[str] = frozenset()
    agent_wait: frozenset[str] = frozenset()
    agent_work: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()

    def bit(self, name: str) -> int:
        """The bit that stands for a set."""
        return 1 << [field.name for field in fields(self)].index(name)

    def mask(self, statuses: pl.Expr) -> pl.Expr:
        """Statuses as UInt8, one bit a set; an unknown status is 0."""
        masks: dict[str, int] = {}
        for field in fields(self):
            masks |= {name: masks.get(name, 0) | self.bit(field.name) for name in getattr(self, field.name)}
        return codes(statuses, masks)


def codes(texts: pl.Expr, of_text: Mapping[str, int]) -> pl.Expr:
    """Texts as UInt8, each by its lower case; 0 of those that are not listed."""
    # A log has many rows and few values: as categories each of them is read once.
    category = texts.cast(pl.Categorical)
    return category.map_batches(partial(_codes, of_text), return_dtype=pl.UInt8, is_elementwise=True)


def status_moves(records: Records, numbers: TicketNumbers, known: int, sets: StatusSets) -> pl.LazyFrame | None:
    """Every known status change: `_ticket`, `_created`, `_at`, `_status`, the masks `_before`, `_after`, and whether it is
    the first of its ticket, `_begins`, or the one in force, `_is_last`.

    Before is what the row above says, by time; only of a ticket's first row it is what the log's own column `previous` says.
    """
    changes, carried = changes_of(records), records.has("changes", "previous")
    if changes is None:
        return None
    rows = changes.filter(pl.col("field") == "status").select(
        "ticket_id",
        "at",
        sets.mask(pl.col("value")).alias("_after"),
        (sets.mask(pl.col("previous")) if carried else pl.lit(0, pl.UInt8)).alias("_first"),
        # Few different texts: as categories they are carried like numbers.
        pl.col("value").cast(pl.Categorical).alias("_status"),
    )
    placed = known_events(rows, numbers, known).drop("ticket_id", "at", "_created")
    return (
        beside_above(placed, "_after")
        .with_columns(
            pl.col("_above").is_null().alias("_begins"),
            # What the other rows carry is not read: the row above outranks it.
            pl.coalesce("_above", "_first").alias("_before"),
            numbers.created().alias("_created"),  # found here, it need not be held while rows are sorted
        )
        .drop("_first", "_above")
    )


def status_facts(
    moves: pl.LazyFrame, known: int, sets: StatusSets, names: Collection[str], schedule: Hours | None = None
) -> pl.LazyFrame:
    """What the statuses of each ticket come to, of that what is asked, in the order of the tickets' numbers.

    Instants in microseconds: `_first_end`, `_last_end`, `_first_halt` (the first move to an ended or paused status after
    creation), `_first_started` (the first status that is not a new one), `_first_reopen`, `_last_reopen`, `_last_close` (the
    last move into a closed status), `_first_closing`, `_last_closing` (an end by a closed status). Counts: `_ends` and
    `_reopens` (moves into and out of the ended set). `_ended`, `_closed`: it is so now. `_born_ended`: it was so before the
    log begins. `_status`: the one in force. Times within the ticket's life, in seconds: `hold_seconds` and its like, and with
    a schedule their twins in its time, `hold_working_seconds`. All are null of a ticket whose status is not in the log.
    """
    before, after = pl.col("_before"), pl.col("_after")

    def entered(name: str) -> pl.Expr:
        return _has(after, sets.bit(name)) & ~_has(before, sets.bit(name))

    # What lies before creation is not part of the ticket's life.
    since = pl.max_horizontal("_at", "_created")
    remaining = {"_seconds": known - since}
    life = {"_seconds": known - pl.col("_created")}
    if schedule is not None:
        now = clock(schedule, pl.lit(known))
        remaining["_working_seconds"] = now - clock(schedule, since)
        life["_working_seconds"] = now - clock(schedule, pl.col("_created"))
    of_set = {
        "hold": "paused",
        "requester_wait": "requester_wait",
        "agent_wait": "agent_wait",
        "agent_work": "agent_work",
    }

    def time(of: str, twin: str) -> pl.Expr:
        was, now = (_has(mask, sets.bit(of)).cast(pl.Int8) for mask in (before, after))
        # A ticket that was in the set from the start never entered it.
        return (now - was) * remaining[twin] + (pl.col("_begins") & (was == 1)) * life[twin]

    flags = {
        "_end": entered("ended"),
        "_reopen": ~_has(after, sets.bit("ended")) & _has(before, sets.bit("ended")),
        "_halt": (entered("ended") | entered("paused")) & (pl.col("_at") > pl.col("_created")),
        "_started": ~_has(after, sets.bit("new")),
        "_born": pl.col("_begins") & _has(before, sets.bit("ended")),
    }
    flows = moves.with_columns(**flags)
    end, reopen = pl.col("_end"), pl.col("_reopen")
    closing = end & _has(after, sets.bit("closed"))
    times = {name + twin: time(of, twin) for twin in remaining for name, of in of_set.items()}
    # Where no schedule is in force nothing tells how long it worked.
    keyed = remaining["_working_seconds"].is_null() if isinstance(schedule, Schedules) else None
    return of_present(
        flows,
        {
            "_first_end": earliest(end),
            "_last_end": latest(end),
            "_first_halt": earliest(pl.col("_halt")),
            "_first_started": earliest(pl.col("_started")),
            "_first_reopen": earliest(reopen),
            "_last_reopen": latest(reopen),
            "_first_closing": earliest(closing),
            "_last_closing": latest(closing),
            "_last_close": latest(entered("closed")),
            "_closed": any_of(pl.col("_is_last") & _has(after, sets.bit("closed"))),
            "_ends": count(end),
            "_reopens": count(reopen),
            "_born_ended": any_of(pl.col("_born")),
            "_status": last("_status", pl.Categorical(), pl.col("_is_last")),
            **{name: total(microseconds.fill_null(0)) for name, microseconds in times.items()},
            **({} if keyed is None else {"_unclocked": any_of(keyed)}),
        },
        names,
        {
            # In the set from the start, or moved into it, and not out of it again.
            "_ended": pl.col("_born_ended") + pl.col("_ends") > pl.col("_reopens"),
            "_status": pl.col("_status").cast(pl.String),
            **{name: _told(seconds(pl.col(name)), keyed if "_working" in name else None) for name in times},
        },
    )


def _told(value: pl.Expr, untold: pl.Expr | None) -> pl.Expr:
    return value if untold is None else pl.when(~pl.col("_unclocked")).then(value)


def handovers(
    records: Records, numbers: TicketNumbers, moves: pl.LazyFrame, known: int, sets: StatusSets
) -> pl.LazyFrame:
    """When a person's turn began: `_ticket` and `_at` of every reopening and of every change of the field `handoff`."""
    ended = sets.bit("ended")
    reopened = moves.filter(_has(pl.col("_before"), ended) & ~_has(pl.col("_after"), ended))
    changes = changes_of(records)
    assert changes is not None
    handed = known_events(changes.filter(pl.col("field") == "handoff"), numbers, known)
    return pl.concat([reopened.select("_ticket", "_at"), handed.select("_ticket", "_at")])


def _has(mask: pl.Expr, bit: int) -> pl.Expr:
    return (mask & bit) != 0


def _codes(of_text: Mapping[str, int], texts: pl.Series) -> pl.Series:
    """The code of each text of a column of categories."""
    places = texts.to_physical()
    highest = places.max()
    none = highest + 1 if isinstance(highest, int) else 0
    filled = (places.fill_null(none) if places.null_count() else places).to_numpy()
    row_of = np.full(none + 1, len(filled), np.uint32)
    row_of[filled] = np.arange(len(filled), dtype=np.uint32)
    occurs = row_of < len(filled)
    code = np.zeros(none + 1, np.uint8)
    code[occurs] = [of_text.get((text or "").lower(), 0) for text in texts[row_of[occurs]]]
    return pl.Series(code[filled])
