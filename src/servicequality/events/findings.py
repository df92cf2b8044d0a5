"""What can be wrong with a desk's tables: one lazy row a finding, with its count and first cases."""

from collections.abc import Iterator

import polars as pl

from servicequality.checks import column
from servicequality.events.as_of import STAMPS, changes_of
from servicequality.model import Records

__all__ = ["FIELDS", "TIED", "findings"]

TIED = "tickets that depend on the order of rows of one instant"

FIELDS = ("status", "priority", "agent", "team", "tier", "policy", "schedule", "handoff")
"""The fields of `Change` that anything here reads."""


def findings(
    records: Records, tickets: pl.LazyFrame, named: frozenset[str], reasons: frozenset[str]
) -> Iterator[pl.LazyFrame]:
    """Every finding: `table`, `finding`, `about`, `count`, `of`, `examples`.

    `tickets` are the records' own; `named` are the statuses that a set names, `reasons` the words that exclude.
    """
    for table, rows in records.tables.items():
        if table in ("tickets", "responses", "changes"):
            yield _finding(table, "rows", rows, pl.lit(value=True), examples=False)
            for name in rows.collect_schema():
                yield _finding(table, "null", rows, column(name).is_null(), about=name, examples=False)
    yield from _of_tickets(tickets, reasons)
    heads = tickets.select("ticket_id", "created_at").unique("ticket_id")
    for table, frame in (("responses", records.responses), ("changes", records.changes)):
        if frame is not None:
            yield from _of_events(table, frame, heads)
    if records.responses is not None:
        yield from _of_responses(records.responses.join(heads, on="ticket_id", how="left"))
    if (changes := changes_of(records)) is not None:
        yield from _of_changes(changes, named, sequenced=records.has("changes", "sequence"))


def _of_tickets(tickets: pl.LazyFrame, reasons: frozenset[str]) -> Iterator[pl.LazyFrame]:
    yield _finding("tickets", "duplicate id", tickets, pl.col("ticket_id").is_duplicated())
    for stamp in STAMPS:
        yield _finding("tickets", "stamp before creation", tickets, pl.col(stamp) < pl.col("created_at"), about=stamp)
    for first, last in (("first_resolved_at", "resolved_at"), ("resolved_at", "closed_at")):
        yield _finding("tickets", "stamps reversed", tickets, pl.col(first) > pl.col(last), about=f"{first} > {last}")
    ended = pl.any_horizontal(pl.col(stamp).is_not_null() for stamp in STAMPS[1:])
    yield _finding("tickets", "without an end stamp", tickets, ~ended, examples=False)
    out = pl.col("excluded").str.to_lowercase().is_in(sorted(reasons))
    yield _finding("tickets", "excluded", tickets, out)
    yield _finding("tickets", "excluded for a reason that is not named", tickets, ~out)


def _of_events(table: str, events: pl.LazyFrame, heads: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    yield _finding(table, "duplicate row", events, pl.struct(pl.all()).is_duplicated())
    yield _finding(table, "of no ticket", events.join(heads, on="ticket_id", how="anti"), pl.lit(value=True), of=events)
    placed = events.join(heads, on="ticket_id")
    yield _finding(table, "before its ticket was created", placed, pl.col("at") < pl.col("created_at"), of=events)
    silent = heads.join(events, on="ticket_id", how="anti")
    yield _finding("tickets", f"without {table}", silent, pl.lit(value=True), of=heads)


def _of_responses(responses: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    yield _finding("responses", "unknown author", responses, pl.col("author").is_null())
    anonymous = (pl.col("author") == "agent") & pl.col("author_id").is_null()
    yield _finding("responses", "agent message without author_id", responses, anonymous)
    unsaid = pl.col("opening").is_null() & (pl.col("at") == pl.col("created_at"))
    yield _finding("responses", "taken for the opening text", responses, unsaid)
    public = pl.col("public").fill_null(value=True) & ~pl.col("automated").fill_null(value=False)
    sides = (
        responses.filter(public & pl.col("author").is_in(["customer", "agent"]))
        .group_by("ticket_id", "at")
        .agg(pl.col("author").n_unique().alias("sides"))
    )
    yield _tickets_of("responses", TIED, sides.filter(pl.col("sides") > 1), responses)


def _of_changes(changes: pl.LazyFrame, named: frozenset[str], *, sequenced: bool) -> Iterator[pl.LazyFrame]:
    strange = ~pl.col("field").is_in(list(FIELDS))
    yield _finding("changes", "field that nothing reads", changes, strange, show="field")
    status = changes.filter(pl.col("field") == "status")
    nameless = ~pl.col("value").str.to_lowercase().is_in(sorted(named))
    yield _finding("changes", "status in no set, so it runs", status, nameless, show="value")
    order = (
        (pl.col("sequence").n_unique() == pl.len()) & pl.col("sequence").is_not_null().all()
        if sequenced
        else pl.lit(value=False)
    )
    tied = (
        changes.filter(pl.col("field").is_in(list(FIELDS)))
        .group_by("ticket_id", "at", "field")
        .agg(pl.col("value").n_unique().alias("values"), order.alias("ordered"))
        .filter((pl.col("values") > 1) & ~pl.col("ordered"))
    )
    yield _tickets_of("changes", TIED, tied, changes)
    if "previous" in changes.collect_schema():
        same = (pl.col("ticket_id") == pl.col("ticket_id").shift()) & (pl.col("field") == pl.col("field").shift())
        rows = changes.with_columns(
            pl.col("at").dt.timestamp("us").alias("_at"), _story=pl.struct("ticket_id", "field")
        )
        broken = same & (pl.col("previous") != pl.col("value").shift())
        # The row index keeps the two stable sorts apart: Polars would make them one by two keys, four times as long.
        ordered = rows.sort("_at", maintain_order=True).with_row_index("_row").sort("_story", maintain_order=True)
        yield _finding("changes", "previous value is not the row above", ordered, broken)


def _finding(
    table: str,
    finding: str,
    frame: pl.LazyFrame,
    mask: pl.Expr,
    *,
    about: str | None = None,
    examples: bool = True,
    show: str = "ticket_id",
    of: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """One row: how many rows of `frame` the mask holds for, of how many, and the first three different ones."""
    hit = frame.filter(mask)
    shown = (
        pl.col(show).cast(pl.String).unique(maintain_order=True).head(3).str.join(", ")
        if examples
        else pl.lit(None, pl.String)
    )
    total = (frame if of is None else of).select(pl.len().cast(pl.Int64).alias("of"))
    return pl.concat(
        [
            hit.select(
                pl.lit(table).alias("table"),
                pl.lit(finding).alias("finding"),
                pl.lit(about, pl.String).alias("about"),
                pl.len().cast(pl.Int64).alias("count"),
                shown.alias("examples"),
            ),
            total,
        ],
        how="horizontal",
    )


def _tickets_of(table: str, finding: str, rows: pl.LazyFrame, whole: pl.LazyFrame) -> pl.LazyFrame:
    """How many tickets the rows belong to, of those in the whole table."""
    return _finding(table, finding, *_each_once(rows), of=_each_once(whole)[0])


def _each_once(rows: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.Expr]:
    return rows.select(pl.col("ticket_id").unique().sort()), pl.lit(value=True)
