"""The tables that a map names, read from files, frames or a database, each once."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import column, listed, near, shown
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.sources.database import Database, fits_query, open_database
from servicequality.sources.files import Piece, absent_columns, files_of, read_file
from servicequality.sources.language import SourceMap, SourceTable
from servicequality.sources.spelling import Spelt, spellings, spelt_here

__all__ = ["Base", "read_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A table as it was read.

    Attributes:
        table: its entry in the map.
        frame: the columns that the map names, under its names; None if the table is absent.
        place: the file, table or frame that it is from.
        pieces: its files.
        names: the map's name of each column to its own.
        left_out: rows that a query left out, by reason.
        absent: columns that the map names and the table lacks.
    """

    table: SourceTable
    frame: pl.DataFrame | None
    place: str
    pieces: tuple[Piece, ...] = ()
    names: Mapping[str, str]
    left_out: Mapping[str, int]
    absent: tuple[str, ...] = ()

    def at_row(self, row: int) -> str:
        """Where a row is from: its file with the line, or its number."""
        before = 0
        for piece in self.pieces:
            if row < before + piece.frame.height:
                return piece.place(row - before)
            before += piece.frame.height
        return f"{self.place}, row {row + 1}"


def read_tables(
    given: Any,
    source_map: SourceMap,
    columns: Mapping[str, Sequence[str]],
    own: Mapping[str, Mapping[str, str | None]],
    names: Mapping[str, str],
    whole: frozenset[str],
    only: Collection[str] | None = None,
) -> dict[str, Base]:
    """Every table of a map, each read once.

    Args:
        given: a folder, a file, a mapping of frames, a connection, or a URI.
        source_map: the map.
        columns: for each table the columns that the map names.
        own: for each table the caller's names of columns.
        names: the caller's names of tables.
        whole: the tables whose other columns are read too.
        only: the tables that are read; all by default.

    Raises:
        InputError: a table or column is absent, or cannot be read.
    """
    tables = {
        name: replace(table, names=(names[name],)) if name in names else table
        for name, table in source_map.tables.items()
        if only is None or name in only
    }
    spelt = {
        name: {one: spellings(one, tables[name], own.get(name, {})) for one in several}
        for name, several in columns.items()
        if name in tables
    }
    if isinstance(given, Mapping):
        _refuse_strangers([name for name in given if name not in names.values()], source_map)
        bases = _of_frames(given, tables, spelt, names, whole)
    elif (database := open_database(given)) is not None:
        try:
            bases = {name: _of_database(database, table, spelt[name], name in whole) for name, table in tables.items()}
        finally:
            database.close()
    elif isinstance(given, str | Path):
        bases = _of_path(Path(given), tables, spelt, whole)
    else:
        bases = _of_one_frame(given, tables, spelt, whole)
    if not any(base.frame is not None for base in bases.values()):
        raise InputError(f"no table of the map {source_map.name} is there; it reads {', '.join(source_map.tables)}")
    return bases


def _of_frames(
    given: Mapping[str, Any],
    tables: Mapping[str, SourceTable],
    spelt: Mapping[str, Spelt],
    names: Mapping[str, str],
    whole: frozenset[str],
) -> dict[str, Base]:
    bases = {}
    for name, table in tables.items():
        key = next((one for one in (*table.names, name) if one in given), None)
        if key is None:
            bases[name] = _missing(table, f"tables has no frame {shown(name)}; it has {listed(given)}")
        else:
            bases[name] = _of_frame(given[key], table, spelt[name], f"the frame {shown(key)}", name in whole)
    return bases


def _refuse_strangers(given: Sequence[str], source_map: SourceMap) -> None:
    known = [*source_map.tables, *itertools.chain.from_iterable(table.names for table in source_map.tables.values())]
    for name in given:
        if name not in known:
            raise ParameterError(
                f"tables holds {shown(name)}{near(str(name), known)}; the map reads {', '.join(source_map.tables)}"
            )


def _of_one_frame(
    given: Any, tables: Mapping[str, SourceTable], spelt: Mapping[str, Spelt], whole: frozenset[str]
) -> dict[str, Base]:
    if len(tables) > 1:
        raise ParameterError(
            "tables takes a folder, a mapping of frames, a connection, or a URI such as postgresql://…; "
            f"got {shown(given)}"
        )
    return {name: _of_frame(given, table, spelt[name], "the frame", name in whole) for name, table in tables.items()}


def _of_frame(given: Any, table: SourceTable, spelt: Spelt, place: str, whole: bool) -> Base:
    frame = as_frame(given).lazy()
    try:
        names = frame.collect_schema().names()
        kept = names if whole else [own for own in dict.fromkeys(spelt_here(spelt, names).values()) if own in names]
        read = frame.select(map(column, kept)).collect() if kept else frame.select(pl.lit(None).alias("·")).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{place} cannot be read: {str(error).partition(chr(10))[0]}") from None
    return _base(table, read, names, spelt, place)


def _of_path(
    path: Path, tables: Mapping[str, SourceTable], spelt: Mapping[str, Spelt], whole: frozenset[str]
) -> dict[str, Base]:
    if not path.is_dir():
        if len(tables) > 1 and path.exists():
            raise InputError(f"{path} is a file, and the map reads {len(tables)} tables: give the folder")
        if len(tables) > 1:
            raise InputError(f"no folder at {path}")
        return {name: _of_files([path], table, spelt[name], name in whole) for name, table in tables.items()}
    files = {name: files_of(path, table) for name, table in tables.items()}
    bases = {}
    for name, table in tables.items():
        if files[name]:
            bases[name] = _of_files(files[name], table, spelt[name], name in whole)
        else:
            files_here = listed(sorted(one.name for one in path.iterdir()))
            bases[name] = _missing(
                table, f"{path} has no file {table.name}.csv, .parquet, .ndjson or .json; it has {files_here}"
            )
    return bases


def _of_files(paths: Sequence[Path], table: SourceTable, spelt: Spelt, whole: bool) -> Base:
    wanted = list(dict.fromkeys(itertools.chain.from_iterable(spelt.values())))
    pieces = [read_file(path, wanted, whole=whole, page=table.page) for path in paths]
    names = list(dict.fromkeys(itertools.chain.from_iterable(piece.names for piece in pieces)))
    place = str(paths[0]) if len(paths) == 1 else f"{paths[0].parent} ({len(paths)} files of {table.name})"
    for piece in pieces:
        # A column that one page has and another lacks is a renamed one, unless pages may leave out what is null.
        if piece.path.suffix.lower() in (".csv", ".tsv", ".parquet") and piece.frame.height:
            lost = [
                own
                for one, own in spelt_here(spelt, names).items()
                if own in names and own not in piece.names and one not in table.may_lack
            ]
            if lost:
                raise _lost(str(piece.path), piece.names, lost)
    filled = [piece.frame for piece in pieces if piece.frame.width]
    try:
        frame = pl.concat(filled, how="diagonal_relaxed") if filled else pl.DataFrame()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{place}: its files do not fit together: {str(error).partition(chr(10))[0]}") from None
    made = _base(table, frame, names, spelt, place, empty=not any(piece.frame.height for piece in pieces))
    return replace(made, pieces=tuple(pieces))


def _of_database(database: Database, table: SourceTable, spelt: Spelt, whole: bool) -> Base:
    located = database.find((*table.names, table.name))
    if located is None:
        return _missing(table, f"{database.place} has no table {table.name}; it has {database.tables()}")
    quoted, types = located
    names = list(types)
    here = spelt_here(spelt, names)
    by_query = [
        (reason, here)
        for reason in itertools.takewhile(fits_query, table.leave_out)
        if all(one.of.column is not None and here[one.of.column] in names for one in reason.when)
    ]
    kept = names if whole else [own for own in dict.fromkeys(spelt_here(spelt, names).values()) if own in names]
    frame, left_out = database.read(quoted, {name: types[name] for name in kept}, by_query)
    made = _base(table, frame, names, spelt, f"{database.place}, table {quoted}")
    return replace(made, left_out=left_out)


def _lost(place: str, names: Sequence[str], lost: Sequence[str]) -> InputError:
    return InputError(f"{absent_columns(place, names, lost)}. Name yours in columns={{table: {{{lost[0]!r}: …}}}}")


def _missing(table: SourceTable, message: str) -> Base:
    if not table.optional:
        raise InputError(message)
    return Base(table=table, frame=None, place=message, names={}, left_out={})


def _base(
    table: SourceTable, frame: pl.DataFrame, names: Sequence[str], spelt: Spelt, place: str, *, empty: bool = False
) -> Base:
    """The frame under the map's names; what it may lack is null."""
    own_names = spelt_here(spelt, names)
    absent = [one for one, own in own_names.items() if own not in names]
    lost = [own_names[one] for one in absent if one not in table.may_lack]
    if lost and not (empty and not names):
        raise _lost(place, names, lost)
    taken = [own for own in own_names.values() if own in frame.columns]
    others = [name for name in frame.columns if name not in taken and name not in spelt]
    named = (
        frame.select(
            *(column(own).alias(one) for one, own in own_names.items() if own in frame.columns),
            *(pl.lit(None).alias(one) for one in absent),
            *map(column, others),
        )
        if frame.width
        else pl.DataFrame(schema=dict.fromkeys(spelt, pl.String()))
    )
    return Base(table=table, frame=named, place=place, names=own_names, left_out={}, absent=tuple(absent))
