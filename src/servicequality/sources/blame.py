"""Where a value that does not fit is from: the file with its line, or the table with its row, and the column."""

import re
from collections.abc import Mapping

import polars as pl

from servicequality.checks import column, shown
from servicequality.errors import InputError
from servicequality.model import TABLES, schema_of
from servicequality.model.coercion import coerced
from servicequality.model.schema import nullable_fields
from servicequality.sources.language import Part, SourceMap, Value
from servicequality.sources.plan import made_of, tables_of
from servicequality.sources.prepared import ROW, Prepared

__all__ = ["located", "refuse_unread"]

_FAULT = re.compile(r"^- (?P<target>\w+)\.(?P<role>\w+)")
_SHOWN = 3


def located(
    error: InputError, source_map: SourceMap, tables: Mapping[str, Prepared], people: pl.DataFrame | None
) -> InputError:
    """The error of `Records` with the source of each fault.

    Args:
        error: the error of `Records`.
        source_map: the map.
        tables: its tables.
        people: id and kind of every person.
    """
    lines = []
    numbered = _numbered(source_map, tables)
    for line in str(error).split("\n"):
        match = _FAULT.match(line)
        lines.append(line)
        if match is None:
            continue
        lines += [
            f"  {_place(part, match['role'], source_map, numbered, people)}"
            for part in source_map.parts
            if numbered[part.source].frame is not None
            and part.target == match["target"]
            and match["role"] in {*part.roles, *(("value",) if part.melt else ())}
        ]
    return InputError("\n".join([f"the map {source_map.name}: {lines[0]}", *lines[1:]]))


def refuse_unread(
    part: Part, source_map: SourceMap, tables: Mapping[str, Prepared], people: pl.DataFrame | None
) -> None:
    """Raise for the first values of a part that could not be read as the map says.

    Args:
        part: the part.
        source_map: the map.
        tables: its tables.
        people: id and kind of every person.

    Raises:
        InputError: always, where the part has such a value.
    """
    numbered = _numbered(source_map, tables)
    made = made_of(part, source_map, numbered, people)
    for check in made.checks:
        bad = made.wide.filter(pl.col(check.raw).is_not_null() & pl.col(check.read).is_null())
        rows = bad.select(ROW, pl.col(check.raw).cast(pl.String).alias("raw"))
        if rows.height:
            base = numbered[part.source].base
            values = ", ".join(map(shown, rows["raw"].unique(maintain_order=True).head(_SHOWN)))
            given = made.wide[check.raw].count()
            raise InputError(
                f"{base.at_row(rows[ROW][0])}, column {shown(_column(check.value, base.names))}: {rows.height} of {given} are "
                f"not {_expected(check.reading)}, such as {values}; correct them, or the map"
            )


def _numbered(source_map: SourceMap, tables: Mapping[str, Prepared]) -> dict[str, Prepared]:
    return tables_of(source_map, {name: one.base for name, one in tables.items()}, numbered=True)


def _place(
    part: Part, role: str, source_map: SourceMap, tables: Mapping[str, Prepared], people: pl.DataFrame | None
) -> str:
    """Where the first values of a role are from that cannot be of its type, or are missing and must not."""
    base = tables[part.source].base
    made = made_of(part, source_map, tables, people).frame
    if role not in made.columns or ROW not in made.columns:
        return f"from {base.place}"
    target, dtype = schema_of(TABLES[part.target])[role], made.schema[role]
    value = coerced(column(role), dtype, target, source_map.timezone)
    name = _column(part.roles.get(role, Value()), base.names)
    if value is None:
        return f"from {base.place}, column {shown(name)}"
    read = made.select(pl.col(ROW), column(role).alias("raw"), value.alias("value"))
    lost = pl.col("value").is_null() & pl.col("raw").is_not_null()
    if role not in nullable_fields(TABLES[part.target]):
        lost = pl.col("value").is_null()
    bad = read.filter(lost)
    if bad.is_empty():
        bad = read.filter(pl.col("value").is_duplicated())
    return f"from {base.at_row(bad[ROW][0])}, column {shown(name)}" if bad.height else f"from {base.place}"


def _column(value: Value, names: Mapping[str, str]) -> str:
    inner = value.column or value.who or next((one.column for one in value.first_of if one.column), None) or "?"
    return names.get(inner, inner)


def _expected(reading: str) -> str:
    words = {
        "flag": "true or false (t, f, yes, no, 1, 0)",
        "hh:mm": "hours and minutes such as 01:30",
        "end of day": "a date such as 2024-07-01",
        "unix seconds": "seconds from 1970",
        "unix milliseconds": "milliseconds from 1970",
    }
    if "%" in reading:
        return f"written as {reading!r}"
    return words.get(reading, f"numbers of {reading}")
