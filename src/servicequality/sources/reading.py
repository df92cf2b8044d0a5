"""`read`: tables of a schema become records, by a map."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import polars as pl

from servicequality.checks import near, refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.model import Author
from servicequality.sources.blame import located, refuse_unread
from servicequality.sources.instants import check_format
from servicequality.sources.language import Part, SourceMap
from servicequality.sources.needed import columns_of
from servicequality.sources.people import agents_of, kinds_of, people_of
from servicequality.sources.plan import Made, made_of, naming_table, tables_of
from servicequality.sources.prepared import Prepared
from servicequality.sources.shipped import load_map
from servicequality.sources.sourced import SourcedRecords
from servicequality.sources.tables import Base, read_tables

__all__ = ["read", "tables_read"]

Row = tuple[str, str, str, str | None, int]
_WORDS = 12  # words and ids without a place that are named; the rest are counted together
_PLACED = {"records": pl.String, "source": pl.String, "outcome": pl.String, "reason": pl.String, "n": pl.Int64}


@refusing_misfits
def read(
    map: str | Path,  # noqa: A002  (the word of the field)
    tables: Any,
    *,
    columns: Mapping[str, Mapping[str, str | None]] | None = None,
    names: Mapping[str, str] | None = None,
    timezone: str | None = None,
    datetime: str | None = None,
    missing: Sequence[str] | None = None,
    persons: Mapping[str, str] | None = None,
) -> SourcedRecords:
    """The records that tables of a help desk's schema hold.

    Every table is read once, with the columns that the map names alone, and is in memory then. A row that a map does not
    place is counted in `placed`, with its reason; a value that does not fit its role is an error, which names the file or
    table, the line or row, and the column.

    Args:
        map: the name of a map that ships, see `maps`, or the path of a TOML file of your own.
        tables: a folder of CSV, TSV, Parquet, NDJSON or JSON files named after the tables (pages with a number each, or
            in a folder of the table's name), or of a schema of one table its file; a mapping of names to any dataframes;
            a DuckDB, SQLite or ADBC connection; or a URI such as ``"postgresql://user@host/database"`` or
            ``"sqlite:///desk.db"``.
        columns: your names of columns, by table: ``{"ticket": {"created_at": "opened"}}``; None for one that your table does
            not have, or under whose name it has something else.
        names: your names of tables: ``{"ticket": "zendesk_ticket"}``, in a database also ``"schema.table"``.
        timezone: the IANA zone of instants that name none, in which all are kept; by default the map's.
        datetime: the format of instants that are not ISO 8601, such as "%d/%m/%Y %H:%M"; by default the map's.
        missing: texts that mean "no value"; by default the map's.
        persons: ids and what they are, beside or against the schema: ``{"4711": "bot"}``.

    Raises:
        ParameterError: there is no such map, its file is wrong (with its line), or an override names what the map has not.
        InputError: a table or column is absent, cannot be read, or holds values that do not fit.
    """
    source_map = _overridden(load_map(map), timezone=timezone, datetime=datetime, missing=missing, persons=persons)
    check_format(source_map.datetime)
    return _records(source_map, tables_of(source_map, tables_read(source_map, tables, columns=columns, names=names)))


def tables_read(
    source_map: SourceMap,
    tables: Any,
    *,
    columns: Mapping[str, Mapping[str, str | None]] | None = None,
    names: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Base]:
    """The tables of a map, or some of them, as they are; arguments and errors are those of `read`."""
    named = columns_of(source_map)
    own, tables_named = dict(columns or {}), dict(names or {})
    for what, given in (("columns", own), ("names", tables_named)):
        for table in given:
            if table not in source_map.tables:
                raise ParameterError(
                    f"{what} names the table {shown(table)}{near(str(table), source_map.tables)}; the map {source_map.name} "
                    f"reads {', '.join(source_map.tables)}"
                )
    for table, spelt in own.items():
        for name in spelt:
            if name not in named[table]:
                raise ParameterError(
                    f"columns names {shown(name)} of {table}{near(str(name), named[table])}, which the map does not read; it "
                    f"reads {', '.join(named[table])}"
                )
    whole = frozenset(part.source for part in source_map.parts if part.keep_others)
    return read_tables(tables, source_map, named, own, tables_named, whole, only)


def _overridden(
    source_map: SourceMap,
    *,
    timezone: str | None,
    datetime: str | None,
    missing: Sequence[str] | None,
    persons: Mapping[str, str] | None,
) -> SourceMap:
    for person, kind in (persons or {}).items():
        if kind not in get_args(Author):
            raise ParameterError(
                f"persons: {shown(person)} must be one of {', '.join(get_args(Author))}; got {shown(kind)}"
            )
    return replace(
        source_map,
        timezone=timezone if timezone is not None else source_map.timezone,
        datetime=datetime if datetime is not None else source_map.datetime,
        missing=tuple(missing) if missing is not None else source_map.missing,
        persons={**source_map.persons, **(persons or {})},
    )


def _records(source_map: SourceMap, tables: Mapping[str, Prepared]) -> SourcedRecords:
    persons = people_of(source_map, tables)
    people = kinds_of(persons)
    frames: dict[str, list[pl.DataFrame]] = {}
    account: list[Row] = []
    for part in source_map.parts:
        if not _can_be_made(part, tables[part.source]):
            continue
        with naming_table(tables[part.source].base.place, source_map):
            made = made_of(part, source_map, tables, people)
        if any(_failed(made, one.raw, one.read).any() for one in made.checks):
            refuse_unread(part, source_map, tables, people)
        frames.setdefault(part.target, []).append(made.frame)
        account += _account(made, tables[part.source])
    account += _absent(source_map, tables)
    whole = {target: _joined(several, target) for target, several in frames.items()}
    if (agents := agents_of(persons)) is not None:
        whole.setdefault("agents", agents)
    try:
        records = SourcedRecords(**whole, timezone=source_map.timezone)  # type: ignore[arg-type]  # each is a table
    except InputError as error:
        raise located(error, source_map, tables, people) from None
    for name, value in (
        ("placed", pl.DataFrame(account, schema=_PLACED, orient="row")),
        ("statuses", dict(source_map.statuses)),
        ("map", source_map.name),
    ):
        object.__setattr__(records, name, value)
    return records


def _can_be_made(part: Part, source: Prepared) -> bool:
    """Whether the schema has what a part is made of: a table of messages without a message would say that nobody answered."""
    if source.frame is None or any(name in source.base.absent for name in part.needs):
        return False
    melted = [one.column for one in part.melt.values()]
    return not melted or any(name not in source.base.absent for name in melted)


def _failed(made: Made, raw: str, read: str) -> pl.Series:
    """The placed rows in which something was there that nothing was made of."""
    return made.wide.select(pl.col(raw).is_not_null() & pl.col(read).is_null()).to_series()


def _joined(frames: list[pl.DataFrame], target: str) -> pl.DataFrame:
    if len(frames) == 1:
        return frames[0]
    try:
        return pl.concat(frames, how="diagonal_relaxed")
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{target}: the tables that they are made of do not fit together: {error}") from None


def _account(made: Made, source: Prepared) -> list[Row]:
    """What became of the rows of a part."""
    target, table = made.part.target, made.part.source
    left_out = dict(source.left_out)
    for reason, n in made.left_out.items():
        left_out[reason] = left_out.get(reason, 0) + n
    rows: list[Row] = [(target, table, "read", None, source.n_read), (target, table, "placed", None, made.n_placed)]
    rows += [(target, table, "left out", reason, n) for reason, n in left_out.items() if n]
    rows.append((target, table, "made", None, made.frame.height))
    if source.moved:
        rows.append((target, table, "moved", "stamped earlier than the row above", source.moved))
    for what, (raw, of_it) in made.unplaced.items():
        lost = made.wide.lazy().filter(pl.col(raw).is_not_null() & pl.col(of_it).is_null())
        counts = lost.group_by(pl.col(raw).alias("raw")).len("n").sort("n", "raw", descending=[True, False])
        rows += _not_known(target, table, what, counts.collect())
    return rows


def _not_known(target: str, table: str, what: str, lost: pl.DataFrame) -> list[Row]:
    named = lost.head(_WORDS)
    rows: list[Row] = [
        (target, table, "not known", f"{what}: {shown(raw)}", n)
        for raw, n in zip(named["raw"], named["n"], strict=True)
    ]
    if lost.height > _WORDS:
        rest = int(lost["n"].slice(_WORDS).sum())
        rows.append((target, table, "not known", f"{what}: {lost.height - _WORDS:,} others", rest))
    return rows


def _absent(source_map: SourceMap, tables: Mapping[str, Prepared]) -> list[Row]:
    """Tables and columns that the map names and the schema may lack."""
    rows: list[Row] = []
    targets = {name: [part.target for part in source_map.parts if part.source == name] for name in source_map.tables}
    for name, one in tables.items():
        target = next(iter(targets[name]), "")
        if one.frame is None:
            rows.append((target, name, "absent", "the table", 0))
        rows += [(target, name, "absent", f"column {missing}", 0) for missing in one.base.absent]
    return rows
