"""What can be wrong with a desk's tables: one lazy row a finding, with its count and first cases."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.events.as_of import STAMPS, changes_of, microseconds
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.model import Records

__all__ = ["FIELDS", "TIED", "Finding", "counted", "findings"]

TIED = "tickets that depend on the order of rows of one instant"

FIELDS = ("status", "priority", "agent", "team", "tier", "policy", "schedule", "handoff")
"""The fields of `Change` that anything here reads."""

_NEVER = -(2**62)
_EVERY = pl.first().is_null() | pl.first().is_not_null()


class Finding(NamedTuple):
    """What may be wrong with a row.

    Attributes:
        finding: what, in words.
        mask: row rule that holds for such a row; null is false.
        about: the column that it is about, if it is about one.
        show: the column whose first three different values are shown, if any are.
    """

    finding: str
    mask: pl.Expr
    about: str | None = None
    show: str | None = "ticket_id"

    @property
    def examples(self) -> pl.Expr:
        """The values that are shown."""
        if self.show is None:
            return pl.lit(None, pl.String)
        hit = pl.col(self.show).cast(pl.String).filter(self.mask)
        return hit.unique(maintain_order=True).head(3).str.join(", ")


def counted(table: str, rows: pl.LazyFrame, sought: Sequence[Finding], of: int | None = None) -> pl.LazyFrame:
    """One row a finding, all of them in one scan: `table`, `finding`, `about`, `count`, `examples`, `of`.

    Args:
        table: the table that they are about.
        rows: the rows that are looked at.
        sought: what is counted.
        of: of how many rows they are a part; of all `rows` by default.
    """
    return rows.select(
        pl.lit(table).alias("table"),
        pl.lit(pl.Series([[one.finding for one in sought]])).alias("finding"),
        pl.lit(pl.Series([[one.about for one in sought]], dtype=pl.List(pl.String))).alias("about"),
        pl.concat_list(one.mask.sum().cast(pl.Int64) for one in sought).alias("count"),
        pl.concat_list(one.examples for one in sought).alias("examples"),
        (pl.len() if of is None else pl.lit(of)).cast(pl.Int64).alias("of"),
    ).explode("finding", "about", "count", "examples")


def findings(
    records: Records, tickets: pl.LazyFrame, named: frozenset[str], reasons: frozenset[str]
) -> Iterator[pl.LazyFrame]:
    """Every finding, as `counted` gives it.

    `tickets` are the records' own; `named` are the statuses that a set names, `reasons` the words that exclude.
    """
    for table, rows in records.tables.items():
        if table in ("tickets", "responses", "changes"):
            nulls = [Finding("null", column(name).is_null(), name, None) for name in rows.collect_schema()]
            yield counted(table, rows, [Finding("rows", _EVERY, show=None), *nulls])
    yield counted("tickets", tickets, list(_of_tickets(reasons)))
    heads = tickets.select("ticket_id", microseconds("created_at").fill_null(_NEVER).alias("_created"))
    known = heads.unique("ticket_id", keep="first").sort("ticket_id").collect(engine="streaming")
    if records.responses is not None:
        log = _Log(records.responses, known)
        yield from _of_events("responses", log)
        yield from _of_responses(log)
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


def _of_tickets(reasons: frozenset[str]) -> Iterator[Finding]:
    yield Finding("duplicate id", pl.col("ticket_id").is_duplicated())
    for stamp in STAMPS:
        yield Finding("stamp before creation", pl.col(stamp) < pl.col("created_at"), stamp)
    for first, last in (("first_resolved_at", "resolved_at"), ("resolved_at", "closed_at")):
        yield Finding("stamps reversed", pl.col(first) > pl.col(last), f"{first} > {last}")
    ended = pl.any_horizontal(pl.col(stamp).is_not_null() for stamp in STAMPS[1:])
    yield Finding("without an end stamp", ~ended, show=None)
    out = pl.col("excluded").str.to_lowercase().is_in(sorted(reasons))
    yield Finding("excluded", out)
    yield Finding("excluded for a reason that is not named", ~out)


def _of_events(table: str, log: _Log) -> Iterator[pl.LazyFrame]:
    yield counted(table, log.tied, [Finding("duplicate row", pl.struct(pl.all()).is_duplicated())], log.size)
    known = pl.col("_ticket") < log.known
    early = Finding("before its ticket was created", known & (pl.col("_at") < pl.col("_created")))
    yield counted(table, log.rows, [Finding("of no ticket", ~known), early])
    yield counted("tickets", log.heads, [Finding(f"without {table}", pl.col("_silent"))])


def _of_responses(log: _Log) -> Iterator[pl.LazyFrame]:
    anonymous = (pl.col("author") == "agent") & pl.col("author_id").is_null()
    unsaid = pl.col("opening").is_null() & (pl.col("_at") == pl.col("_created"))
    sought = [
        Finding("unknown author", pl.col("author").is_null()),
        Finding("agent message without author_id", anonymous),
        Finding("taken for the opening text", unsaid),
    ]
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
    yield counted("changes", status, [Finding("status in no set, so it runs", nameless, show="value")])
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
    return counted(table, rows.select(pl.col("ticket_id").unique().sort()), [Finding(TIED, _EVERY)], log.tickets)
