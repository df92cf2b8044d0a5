"""What can be wrong with a desk's tables: one lazy row a finding, with its count and first cases."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.events.as_of import STAMPS, changes_of, microseconds
from servicequality.events.automated import QUICK_SECONDS, reply_habits
from servicequality.events.counting import EVERY, Finding, by_word, counted
from servicequality.events.declared import of_agents
from servicequality.events.kinds import who
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.model import TABLES, Records, schema_of

__all__ = ["AUTOMATED", "FIELDS", "NAMELESS", "STRANGE_REASON", "TIED", "findings"]

TIED = "tickets that depend on the order of rows of one instant"
AUTOMATED = "account whose replies look automated"
NAMELESS = "status in no set, so it runs"
STRANGE_REASON = "excluded for a reason that is not named"

FIELDS = ("status", "priority", "agent", "team", "tier", "policy", "schedule", "handoff")
"""The fields of `Change` that anything here reads."""

_NEVER = -(2**62)


def findings(
    records: Records, tickets: pl.LazyFrame, named: frozenset[str], reasons: frozenset[str]
) -> Iterator[pl.LazyFrame]:
    """Every finding, as `counted` gives it.

    `tickets` are the records' own; `named` are the statuses that a set names, `reasons` the words that exclude.
    """
    for table, rows in records.tables.items():
        if table in ("tickets", "responses", "changes"):
            # A role that nobody mapped is no gap.
            own = [
                name
                for name in rows.collect_schema()
                if name not in schema_of(TABLES[table]) or records.has(table, name)
            ]
            nulls = [Finding("null", column(name).is_null(), name, None) for name in own]
            yield counted(table, rows, [Finding("rows", EVERY, show=None), *nulls])
    yield counted("tickets", tickets, list(_of_tickets(records, reasons)))
    excluded = pl.col("excluded").str.to_lowercase()
    yield by_word("tickets", STRANGE_REASON, tickets, pl.when(~excluded.is_in(sorted(reasons))).then(excluded))
    if records.changes is None and records.has("tickets", "status"):
        nameless = ~pl.col("status").str.to_lowercase().is_in(sorted(named))
        yield counted("tickets", tickets, [Finding(NAMELESS, nameless, show="status")])
        yield by_word("tickets", NAMELESS, tickets, pl.when(nameless).then(pl.col("status").str.to_lowercase()))
    yield from of_agents(records)
    heads = tickets.select("ticket_id", microseconds("created_at").fill_null(_NEVER).alias("_created"))
    known = heads.unique("ticket_id", keep="first").sort("ticket_id").collect(engine="streaming")
    if records.responses is not None:
        log = _Log(records.responses.with_columns(who(records, "author", "author_id")), known)
        yield from _of_events("responses", log)
        yield from _of_responses(log, records)
    if (changes := changes_of(records)) is not None:
        log = _Log(changes, known)
        yield from _of_events("changes", log)
        yield from _of_changes(log, named, records)


class _Log:
    """The rows of a table of events beside their tickets.

    Attributes:
        events: the table as it is, and `size`, its length.
        rows: the events with `_at` and `_created` in microseconds, and `_ticket`: the place of the ticket among the heads,
            then among ids of no ticket; the last place is that of rows without an id.
        heads: the tickets, each once, and whether they are `_silent`.
        tickets: how many different ids the events have.
    """

    def __init__(self, events: pl.LazyFrame, heads: pl.DataFrame) -> None:
        numbers = TicketNumbers(heads)
        self.events, self.size = events, int(events.select(pl.len()).collect(engine="streaming").item())
        held = events.select(numbers.number()).unique().collect(engine="streaming").to_series()
        silent = np.ones(heads.height, np.bool_)
        silent[held.drop_nulls().to_numpy()] = False
        rest = pl.Series("ticket_id", dtype=pl.String)
        if held.null_count():
            strange = events.filter(numbers.number().is_null())
            rest = strange.select(pl.col("ticket_id").unique().sort()).collect(engine="streaming").to_series()
        others = pl.DataFrame({"ticket_id": [*rest.drop_nulls(), None], "_created": _NEVER}, schema=heads.schema)
        numbers = TicketNumbers(pl.concat([heads, others]))
        self.known = heads.height
        self.tickets = len(held.drop_nulls()) + len(rest)
        self.heads = heads.with_columns(pl.Series("_silent", silent)).lazy()
        self.rows = events.with_columns(
            microseconds("at").alias("_at"),
            numbers.number().fill_null(heads.height + others.height - 1).alias("_ticket"),
        ).with_columns(numbers.created().alias("_created"))

    @cached_property
    def tied(self) -> pl.LazyFrame:
        """The events that share ticket and instant with another; and now and then one that does not."""
        key = pl.col("ticket_id").hash() ^ pl.col("at").hash(1)
        keys = np.sort(self.events.select(key).collect(engine="streaming").to_series().to_numpy())
        return self.events.filter(key.is_in(pl.Series(keys[1:][keys[1:] == keys[:-1]]).unique().implode()))


def _of_tickets(records: Records, reasons: frozenset[str]) -> Iterator[Finding]:
    def mapped(*names: str) -> bool:
        return all(records.has("tickets", name) for name in names)

    yield Finding("duplicate id", pl.col("ticket_id").is_duplicated())
    for stamp in filter(mapped, STAMPS):
        yield Finding("stamp before creation", pl.col(stamp) < pl.col("created_at"), stamp)
    for first, last in (("first_resolved_at", "resolved_at"), ("resolved_at", "closed_at")):
        if mapped(first, last):
            yield Finding("stamps reversed", pl.col(first) > pl.col(last), f"{first} > {last}")
    if any(map(mapped, STAMPS[1:])):
        ended = pl.any_horizontal(pl.col(stamp).is_not_null() for stamp in STAMPS[1:])
        yield Finding("without an end stamp", ~ended, show=None)
    out = pl.col("excluded").str.to_lowercase().is_in(sorted(reasons))
    yield Finding("excluded", out)
    yield Finding(STRANGE_REASON, ~out)


def _of_events(table: str, log: _Log) -> Iterator[pl.LazyFrame]:
    yield counted(table, log.tied, [Finding("duplicate row", pl.struct(pl.all()).is_duplicated())], log.size)
    known = pl.col("_ticket") < log.known
    early = Finding("before its ticket was created", known & (pl.col("_at") < pl.col("_created")))
    yield counted(table, log.rows, [Finding("of no ticket", ~known), early])
    yield counted("tickets", log.heads, [Finding(f"without {table}", pl.col("_silent"))])


def _of_responses(log: _Log, records: Records) -> Iterator[pl.LazyFrame]:
    unsaid = pl.col("opening").is_null() & (pl.col("_at") == pl.col("_created"))
    sought = [Finding("unknown author", pl.col("author").is_null()), Finding("taken for the opening text", unsaid)]
    if records.has("responses", "author_id"):
        anonymous = (pl.col("author") == "agent") & pl.col("author_id").is_null()
        sought.append(Finding("agent message without author_id", anonymous))
        habits = [
            Finding(AUTOMATED, pl.col("is_quick"), f"within {QUICK_SECONDS} seconds", "author_id", 12),
            Finding(AUTOMATED, pl.col("is_uniform"), "with one and the same text", "author_id", 12),
            Finding(AUTOMATED, pl.col("is_sleepless"), "round the clock", "author_id", 12),
        ]
        yield counted("responses", reply_habits(log.rows), habits)
    yield counted("responses", log.rows, sought)
    public = pl.col("public").fill_null(value=True) & ~pl.col("automated").fill_null(value=False)
    sides = (
        log.tied.filter(public & pl.col("author").is_in(["customer", "agent"]))
        .group_by("ticket_id", "at")
        .agg(pl.col("author").n_unique().alias("sides"))
    )
    yield _tickets_of("responses", sides.filter(pl.col("sides") > 1), log)


def _of_changes(log: _Log, named: frozenset[str], records: Records) -> Iterator[pl.LazyFrame]:
    strange = ~pl.col("field").is_in(list(FIELDS))
    yield counted("changes", log.rows, [Finding("field that nothing reads", strange, show="field")])
    status = log.rows.filter(pl.col("field") == "status")
    nameless = ~pl.col("value").str.to_lowercase().is_in(sorted(named))
    yield counted("changes", status, [Finding(NAMELESS, nameless, show="value")])
    yield by_word("changes", NAMELESS, status, pl.when(nameless).then(pl.col("value").str.to_lowercase()))
    order = (
        (pl.col("sequence").n_unique() == pl.len()) & pl.col("sequence").is_not_null().all()
        if records.has("changes", "sequence")
        else pl.lit(value=False)
    )
    tied = (
        log.tied.filter(pl.col("field").is_in(list(FIELDS)))
        .group_by("ticket_id", "at", "field")
        .agg(pl.col("value").n_unique().alias("values"), order.alias("ordered"))
        .filter((pl.col("values") > 1) & ~pl.col("ordered"))
    )
    yield _tickets_of("changes", tied, log)
    yield _previous(log, carried=records.has("changes", "previous"))


def _previous(log: _Log, *, carried: bool) -> pl.LazyFrame:
    """Rows whose previous value is not what the row above says, by time, of the same ticket and field."""
    fields = log.events.select(pl.col("field").unique().drop_nulls()).collect(engine="streaming").to_series()
    story = pl.col("_ticket").cast(pl.Int64) * len(fields) + pl.col("field").cast(pl.Enum(fields)).to_physical()
    rows = log.rows.filter(pl.col("ticket_id").is_not_null() & pl.col("field").is_not_null()).select(
        "ticket_id",
        pl.col("_at").fill_null(_NEVER),
        pl.col("value", "previous").cast(pl.Categorical),  # few texts, carried like numbers
        story.alias("_story"),
    )
    ordered = one_after_another(rows if carried else rows.head(0), by="_story")
    same = pl.col("_story") == pl.col("_story").shift()
    broken = same & (pl.col("previous") != pl.col("value").shift())
    return counted("changes", ordered, [Finding("previous value is not the row above", broken)], log.size)


def _tickets_of(table: str, rows: pl.LazyFrame, log: _Log) -> pl.LazyFrame:
    """How many tickets hang on the order of these rows, of those that the table has events of."""
    return counted(table, rows.select(pl.col("ticket_id").unique().sort()), [Finding(TIED, EVERY)], log.tickets)
