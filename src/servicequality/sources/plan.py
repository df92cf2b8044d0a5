"""A part of a map as a plan: the rows that it makes, and the counts of what it does not place."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from servicequality.checks import column
from servicequality.model import TABLES, schema_of
from servicequality.model.coercion import coerced
from servicequality.sources.language import Part, Reason, SourceMap, Value
from servicequality.sources.prepared import ROW, Prepared
from servicequality.sources.values import Check, Rows, Typed

__all__ = ["WHY", "PartPlan", "columns_of", "people_of", "plan_part"]

WHY = "·why"
"""The column of the reason for which a row is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan:
    """What becomes of one part.

    Attributes:
        part: the part.
        made: the rows of records.
        counts: rows of the source by `WHY`, null where placed; None where no reason is given.
        checks: what was read and may have failed, with the rows that hold both columns.
        rows: the source's rows, widened, with `WHY`.
        unplaced: for words without a place and persons of no known kind, the columns of both and of what they became.
    """

    part: Part
    made: pl.LazyFrame
    counts: pl.LazyFrame | None
    checks: list[Check]
    rows: pl.LazyFrame
    unplaced: Mapping[str, tuple[str, str]]


def plan_part(part: Part, asked: SourceMap, tables: Mapping[str, Prepared], people: pl.LazyFrame | None) -> PartPlan:
    """The plan of one part, whose table is there.

    Args:
        part: the part.
        asked: its map.
        tables: every table of the map.
        people: id and kind of every person, as text.
    """
    source = tables[part.source]
    assert source.frame is not None  # the caller leaves out parts whose table is absent
    frames = {name: one.frame for name, one in tables.items()}
    rows = Rows(source.frame.lazy(), dict(source.frame.schema), frames, people)
    from_base = source.base.left_out  # what a query has left out already
    reasons = [one for one in source.base.table.leave_out if one.reason not in from_base] + list(part.leave_out)
    why = _why(rows, reasons)
    named = {name: rows.role(name, value) for name, value in {**part.roles, **part.also}.items()}
    melted = {name: rows.value(value) for name, value in part.melt.items()}
    named = {name: _instant(rows, part, asked, name, made) for name, made in named.items()}
    others = [
        name
        for name in (source.frame.columns if part.keep_others else ())
        if name not in named and name not in (ROW, WHY) and name not in source.base.names
    ]
    kept = [made.alias(name) for name, (made, _) in named.items()] + [column(name) for name in others]
    if ROW in source.frame.columns:
        kept.append(pl.col(ROW))
    whole = rows.frame if why is None else rows.frame.with_columns(why.alias(WHY))
    placed = whole if why is None else whole.filter(pl.col(WHY).is_null())
    if part.one_row_a is not None:
        made = _grouped(placed, rows, part, asked, kept, {**part.roles, **part.also})
    elif part.melt:
        made = _melted(placed, part, asked, kept, named, melted)
    else:
        made = placed.select(kept)
    return PartPlan(
        part=part,
        made=made.unique(maintain_order=True) if part.distinct else made,
        counts=None if why is None else whole.group_by(WHY).len("n"),
        checks=rows.checks,
        rows=whole,
        unplaced=rows.unplaced,
    )


def _why(rows: Rows, reasons: list[Reason]) -> pl.Expr | None:
    """The first reason that holds of a row."""
    if not reasons:
        return None
    chain = pl.lit(None, pl.String)
    for one in reversed(reasons):
        chain = pl.when(rows.all_of(one.when)).then(pl.lit(one.reason)).otherwise(chain)
    return chain


def _instant(rows: Rows, part: Part, asked: SourceMap, role: str, made: Typed) -> Typed:
    """A text of the map's own format as an instant; ISO 8601 is read by `Records`."""
    target = schema_of(TABLES[part.target]) if part.target in TABLES else {}
    if asked.datetime is None or made[1] != pl.String or not isinstance(target.get(role), pl.Datetime):
        return made
    raw = rows.held(*made)
    read = pl.col(raw).str.strip_chars().str.to_datetime(asked.datetime, time_unit="us", strict=False)
    blank = pl.col(raw).str.strip_chars() == ""
    name = rows.held(read, pl.Datetime("us"))
    rows.checks.append(
        Check(
            part.roles.get(role, Value()),
            rows.held(pl.when(~blank).then(pl.col(raw)), pl.String()),
            name,
            asked.datetime,
        )
    )
    return pl.col(name), pl.Datetime("us")


def _moment(made: pl.Expr, dtype: pl.DataType, asked: SourceMap) -> pl.Expr:
    """A value by which rows are ordered in time; what is no instant is ordered as it is."""
    instant = coerced(made, dtype, pl.Datetime("us"), asked.timezone or "UTC")
    return made if instant is None else instant


def _grouped(
    placed: pl.LazyFrame, rows: Rows, part: Part, asked: SourceMap, kept: list[pl.Expr], values: Mapping[str, Value]
) -> pl.LazyFrame:
    """One row for each value of the column `one_row_a`."""
    assert part.one_row_a is not None
    if part.order is not None:
        made, dtype = rows.value(Value(column=part.order))
        if asked.datetime is not None and dtype == pl.String:
            made, dtype = made.str.strip_chars().str.to_datetime(asked.datetime, strict=False), pl.Datetime("us")
        placed = placed.sort(_moment(made, dtype, asked), maintain_order=True)
    picked = []
    for one in kept:
        name = one.meta.output_name()
        pick = values[name].pick if name in values else "last"
        picked.append(
            one.drop_nulls().first()
            if pick == "first"
            else one.drop_nulls().last()
            if pick == "last known"
            else one.last()
        )
    return (
        placed.group_by(column(part.one_row_a).alias("·id"), maintain_order=True)
        .agg(one.alias(expr.meta.output_name()) for one, expr in zip(picked, kept, strict=True))
        .drop("·id")
    )


def _melted(
    placed: pl.LazyFrame,
    part: Part,
    asked: SourceMap,
    kept: list[pl.Expr],
    named: Mapping[str, Typed],
    melted: Mapping[str, Typed],
) -> pl.LazyFrame:
    """A row for each thing that a row says has changed, or only where it says something else than the row before."""
    frames = []
    for word, (made, dtype) in melted.items():
        text = pl.lit(None, pl.String) if dtype == pl.Null else made.cast(pl.String)
        one = placed.select(*kept, pl.lit(word).alias("field"), text.alias("value"))
        if not part.empties or word == "status":  # a row without a status says nothing of it
            one = one.filter(pl.col("value").is_not_null())
        if part.changes_only:
            ticket, at = pl.col("ticket_id"), _moment(pl.col("at"), named["at"][1], asked)
            one = one.sort(ticket, at, maintain_order=True)
            before = pl.when(ticket == ticket.shift(1)).then(pl.col("value").shift(1))
            one = one.with_columns(before.alias("previous")).filter(pl.col("value").ne_missing(pl.col("previous")))
        frames.append(one)
    return pl.concat(frames, how="vertical_relaxed")


def people_of(asked: SourceMap, tables: Mapping[str, Prepared]) -> pl.LazyFrame | None:
    """Id and kind of every person, as text: those that the map names first, then those of its tables."""
    frames = [
        pl.LazyFrame(
            {"id": list(asked.persons), "kind": list(asked.persons.values())},
            schema={"id": pl.String, "kind": pl.String},
        )
    ]
    for part in asked.people:
        if tables[part.source].frame is not None:
            plan = plan_part(part, asked, tables, None)
            frames.append(plan.made.select(pl.col("id").cast(pl.String), pl.col("kind").cast(pl.String)))
    if len(frames) == 1 and not asked.persons:
        return None
    return pl.concat(frames).filter(pl.col("id").is_not_null()).unique("id", keep="first", maintain_order=True)


def columns_of(asked: SourceMap) -> dict[str, list[str]]:
    """The columns of each table that the map names."""
    named: dict[str, dict[str, None]] = {name: {} for name in asked.tables}

    def value(table: str, one: Value) -> None:
        for name in (one.column, one.who):
            if name is not None:
                named[table].setdefault(name)
        for inner in one.first_of:
            value(table, inner)
        for case in one.case:
            value(table, case.give)
            reasons(table, (Reason(reason="", when=case.when),))
        for step in one.look_up:
            named[step.table].setdefault(step.key)
            named[step.table].setdefault(step.give)

    def reasons(table: str, several: tuple[Reason, ...]) -> None:
        for condition in (condition for one in several for condition in one.when):
            value(table, condition.of)
            for name in (condition.same_as, condition.differs_from, condition.first_by):
                if name is not None:
                    named[table].setdefault(name)

    for name, table in asked.tables.items():
        for key in (*table.key, table.newest, table.each, table.in_order, table.within):
            if key is not None:
                named[name].setdefault(key)
        reasons(name, table.leave_out)
    for part in (*asked.parts, *asked.people):
        for one in (*part.roles.values(), *part.also.values(), *part.melt.values()):
            value(part.source, one)
        for key in (part.one_row_a, part.order, *part.needs):
            if key is not None:
                named[part.source].setdefault(key)
        reasons(part.source, part.leave_out)
    return {name: list(columns) for name, columns in named.items()}
