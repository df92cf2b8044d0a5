"""A part of a map made into rows of records, with the counts of what it does not place."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from servicequality.checks import column, first_line
from servicequality.errors import InputError
from servicequality.model import TABLES, schema_of
from servicequality.model.coercion import coerced
from servicequality.sources.conversions import Typed, as_text
from servicequality.sources.instants import as_instant
from servicequality.sources.language import Part, Reason, SourceMap, Value
from servicequality.sources.prepared import ROW, Prepared, prepared
from servicequality.sources.tables import Base
from servicequality.sources.values import Check, Rows

__all__ = ["Made", "made_of", "naming_table", "tables_of"]

_ID, _ORDER, _MELTED = "·id", "·order", "·melted:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of one part.

    Attributes:
        part: the part.
        frame: the rows of records.
        n_placed: rows of the source that became these.
        left_out: rows of the source that the part leaves out, by reason.
        wide: the placed rows of the source with every value, which `checks` and `unplaced` name.
        checks: what was read and may have failed.
        unplaced: for words without a place and persons of no known kind, the columns of both and of what they became.
    """

    part: Part
    frame: pl.DataFrame
    n_placed: int
    left_out: Mapping[str, int]
    wide: pl.DataFrame
    checks: list[Check]
    unplaced: Mapping[str, tuple[str, str]]


@contextlib.contextmanager
def naming_table(place: str, source_map: SourceMap) -> Iterator[None]:
    """Name the table, and the map, in every error that comes of it.

    Raises:
        InputError: what the block raised of its kind, and what Polars did.
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OverflowError) as error:
        raise InputError(f"{place}: the map {source_map.name} does not fit it: {first_line(error)}") from None


def made_of(part: Part, source_map: SourceMap, tables: Mapping[str, Prepared], people: pl.DataFrame | None) -> Made:
    """The rows that a part makes of its table, which is there.

    Args:
        part: the part.
        source_map: its map.
        tables: every table of the map.
        people: id and kind of every person, as text.
    """
    source = tables[part.source]
    assert source.frame is not None  # the caller leaves out parts whose table is absent
    frames = {name: one.frame for name, one in tables.items()}
    frame, left_out = _placed(source.frame, part.leave_out, frames, people)
    rows = Rows(frame.lazy(), dict(frame.schema), frames, people)
    named = {name: rows.role(name, value) for name, value in {**part.roles, **part.also}.items()}
    named = {name: _instant(rows, part, source_map, name, typed) for name, typed in named.items()}
    others = [
        name
        for name in (frame.columns if part.keep_others else ())
        if name not in named and name != ROW and name not in source.base.names
    ]
    extras = {_MELTED + word: _text(*rows.value(value)) for word, value in part.melt.items()}
    if part.one_row_a is not None:
        extras[_ID] = column(part.one_row_a)
    if part.order is not None:
        extras[_ORDER] = _moment(
            *_instant(rows, part, source_map, "", rows.value(Value(column=part.order))), source_map
        )
    held = {one for check in rows.checks for one in (check.raw, check.read)}
    held |= {one for pair in rows.unplaced.values() for one in pair}
    wide = rows.frame.select(
        *(value.alias(name) for name, (value, _) in named.items()),
        *map(column, others),
        *([pl.col(ROW)] if ROW in frame.columns else []),
        *(value.alias(name) for name, value in extras.items()),
        *(pl.col(name) for name in sorted(held)),
    ).collect()
    kept = [*named, *others, *([ROW] if ROW in frame.columns else [])]
    return Made(
        part=part,
        frame=_finished(wide, part, source_map, kept),
        n_placed=frame.height,
        left_out=left_out,
        wide=wide,
        checks=rows.checks,
        unplaced=rows.unplaced,
    )


def tables_of(source_map: SourceMap, bases: Mapping[str, Base], *, numbered: bool = False) -> dict[str, Prepared]:
    """The tables as parts and look-ups read them, without the rows that the map leaves out of a table everywhere.

    Args:
        source_map: the map.
        bases: its tables as they were read.
        numbered: whether each row carries its number in the source.
    """
    tables = {name: prepared(base, source_map, numbered=numbered) for name, base in bases.items()}
    frames = {name: one.frame for name, one in tables.items()}
    for name, one in tables.items():
        # What a query has left out is gone already.
        reasons = [reason for reason in one.base.table.leave_out if reason.reason not in one.base.left_out]
        if one.frame is not None and reasons:
            with naming_table(one.base.place, source_map):
                frame, left_out = _placed(one.frame, reasons, frames, None)
            tables[name] = replace(one, frame=frame, left_out={**one.left_out, **left_out})
    return tables


def _placed(
    frame: pl.DataFrame,
    reasons: Sequence[Reason],
    tables: Mapping[str, pl.DataFrame | None],
    people: pl.DataFrame | None,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows for which no reason holds, and how many are left out for each first one."""
    if not reasons:
        return frame, {}
    rows = Rows(frame.lazy(), dict(frame.schema), tables, people)
    why = pl.lit(None, pl.String)
    for one in reversed(reasons):
        why = pl.when(rows.all_of(one.when)).then(pl.lit(one.reason)).otherwise(why)
    reason_of_row = rows.frame.select(why.alias("why")).collect().to_series()
    if reason_of_row.null_count() == frame.height:
        return frame, {}
    counts = reason_of_row.drop_nulls().value_counts()
    known = dict(zip(counts["why"], counts["count"], strict=True))
    in_order = dict.fromkeys(one.reason for one in reasons)
    return frame.filter(reason_of_row.is_null()), {reason: known[reason] for reason in in_order if reason in known}


def _instant(rows: Rows, part: Part, source_map: SourceMap, role: str, typed: Typed) -> Typed:
    """A text of the map's own format as an instant; ISO 8601 is read by `Records`."""
    target = schema_of(TABLES[part.target]) if part.target in TABLES else {}
    of_time = not role or isinstance(target.get(role), pl.Datetime)
    if source_map.datetime is None or typed[1] != pl.String or not of_time:
        return typed
    raw = rows.held(*typed)
    read = as_instant(pl.col(raw), pl.String(), source_map.datetime, source_map.timezone)
    assert read is not None  # a text can be an instant
    written = rows.held(pl.when(pl.col(raw).str.strip_chars() != "").then(pl.col(raw)), pl.String())
    name = rows.held(read, pl.Datetime("us"))
    rows.checks.append(Check(part.roles.get(role, Value(column=part.order)), written, name, source_map.datetime))
    return pl.col(name), pl.Datetime("us")


def _moment(value: pl.Expr, dtype: pl.DataType, source_map: SourceMap) -> pl.Expr:
    """A value by which rows are ordered in time; what is no instant is ordered as it is."""
    instant = as_instant(value, dtype, None, source_map.timezone or "UTC")
    return value if instant is None else instant


def _text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, pl.String) if dtype == pl.Null else as_text(value, dtype)


def _finished(wide: pl.DataFrame, part: Part, source_map: SourceMap, kept: list[str]) -> pl.DataFrame:
    """The rows of records: one each, one of several, or several of one."""
    rows = wide.lazy()
    if part.one_row_a is not None:
        rows = _grouped(rows, part, kept)
    elif part.melt:
        rows = _melted(rows, part, source_map, kept, wide.schema)
    else:
        rows = rows.select(map(column, kept))
    return (rows.unique(maintain_order=True) if part.distinct else rows).collect()


def _grouped(rows: pl.LazyFrame, part: Part, kept: list[str]) -> pl.LazyFrame:
    """One row for each value of the column `one_row_a`."""
    values = {**part.roles, **part.also}
    picks = {
        "first": lambda one: one.drop_nulls().first(),
        "last known": lambda one: one.drop_nulls().last(),
        "last": lambda one: one.last(),
    }
    ordered = rows if part.order is None else rows.sort(_ORDER, maintain_order=True)
    picked = [picks[values[name].pick if name in values else "last"](column(name)).alias(name) for name in kept]
    return ordered.group_by(_ID, maintain_order=True).agg(picked).drop(_ID)


def _melted(
    rows: pl.LazyFrame, part: Part, source_map: SourceMap, kept: list[str], types: Mapping[str, pl.DataType]
) -> pl.LazyFrame:
    """A row for each thing that a row says has changed, or only where it says something else than the row before."""
    frames = []
    for word in part.melt:
        one = rows.select(*map(column, kept), pl.lit(word).alias("field"), pl.col(_MELTED + word).alias("value"))
        if not part.empties or word == "status":  # a row without a status says nothing of it
            one = one.filter(pl.col("value").is_not_null())
        if part.changes_only:
            ticket = pl.col("ticket_id")
            order = [ticket, _moment(pl.col("at"), types["at"], source_map)]
            if "sequence" in kept:
                number = coerced(pl.col("sequence"), types["sequence"], pl.Int64(), None)
                order += [] if number is None else [number]
            one = one.sort(order, nulls_last=True, maintain_order=True)
            before = pl.when(ticket == ticket.shift(1)).then(pl.col("value").shift(1))
            one = one.with_columns(before.alias("previous")).filter(pl.col("value").ne_missing(pl.col("previous")))
        frames.append(one)
    return pl.concat(frames, how="vertical_relaxed")
