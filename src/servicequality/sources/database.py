"""Tables of a database: DuckDB, SQLite, or PostgreSQL over ADBC, with columns and filters in the query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import first_line, listed, shown
from servicequality.errors import InputError
from servicequality.sources.language import Condition, Reason

__all__ = ["Database", "open_database"]

_CATALOGUE = """
select table_schema, table_name, column_name, data_type from information_schema.columns
where table_schema not in ('information_schema', 'pg_catalog') order by table_schema, table_name, ordinal_position
"""
_SQLITE_CATALOGUE = """
select 'main' as s, m.name as t, p.name as c, '' as d from sqlite_master m join pragma_table_info(m.name) p
where m.type in ('table', 'view') order by m.name, p.cid
"""
_AS_TEXT = (
    *("numeric", "decimal", "uuid", "user-defined", "inet", "cidr", "macaddr", "money", "xml", "bit", "oid", "hugeint"),
    *("time", "enum", "citext", "ltree", "tsvector", "point"),
)
"""How types begin that a query gives as text: exact numbers and ids, and what Arrow has no type for."""
_SNAPSHOT = "set transaction isolation level repeatable read read only"


@dataclass(slots=True)
class Database:
    """A database whose tables are read by queries; all of them see one state of it where it knows snapshots.

    Attributes:
        place: what messages call it.
        run: a query to its rows.
        close: ends the connection, where it is ours.
        catalogue: the query for schema, table and column.
    """

    place: str
    run: Callable[[str], pl.DataFrame]
    close: Callable[[], None]
    catalogue: str
    _tables: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def query(self, sql: str, reading: str) -> pl.DataFrame:
        """The rows of a query.

        Args:
            sql: the query.
            reading: what is read, for the message.

        Raises:
            InputError: the database does not answer; nothing of what was read before is kept.
        """
        try:
            return self.run(sql)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001  (each driver raises its own kinds)
            raise InputError(
                f"{self.place}: reading {reading} failed, and nothing was read: {first_line(error)}"
            ) from None

    def find(self, names: Sequence[str]) -> tuple[str, dict[str, str]] | None:
        """The quoted name, and the columns with their types, of the first table that has one of the names, or "schema.table".

        Raises:
            InputError: several schemas have it.
        """
        if not self._tables:
            rows = self.query(self.catalogue, "the list of tables")
            rows.columns = ["schema", "table", "column", "type"]
            grouped = (
                rows.group_by("schema", "table", maintain_order=True).agg("column", "type").to_dict(as_series=False)
            )
            for schema, table, columns, types in zip(*grouped.values(), strict=True):
                self._tables[schema, table] = dict(zip(columns, types, strict=True))
        for name in names:
            here = [
                (schema, table)
                for schema, table in self._tables
                if name.lower() in (table.lower(), f"{schema}.{table}".lower())
            ]
            if len(here) > 1:
                both = ", ".join(f"{schema}.{table}" for schema, table in here)
                raise InputError(
                    f"{self.place}: several tables are called {shown(name)}: {both}; name one in names={{{name!r}: …}}"
                )
            if here:
                schema, table = here[0]
                return f"{_quoted(schema)}.{_quoted(table)}", self._tables[here[0]]
        return None

    def tables(self) -> str:
        """The names of its tables, for messages."""
        return listed(f"{schema}.{table}" for schema, table in self._tables) or "no tables"

    def read(
        self, table: str, columns: Mapping[str, str], leave_out: Sequence[tuple[Reason, dict[str, str]]]
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """The columns of the rows that are not left out, and how many are for each reason.

        Args:
            table: its quoted name.
            columns: its own names of the columns, with their types.
            leave_out: the reasons that a query can tell, each with the own name of its columns.
        """
        tests = [" and ".join(_test(one, names) for one in reason.when) for reason, names in leave_out]
        chosen = ", ".join(_selected(name, kind) for name, kind in columns.items()) or "1 as " + _quoted("·")
        where = " and ".join(f"not ({test})" for test in tests)
        frame = self.query(f"select {chosen} from {table}{f' where {where}' if where else ''}", table)
        if not tests:
            return frame, {}
        sums, before = [], ""
        for test in tests:
            sums.append(f"sum(case when {before}({test}) then 1 else 0 end)")
            before += f"not ({test}) and "
        counts = self.query(f"select {', '.join(f'{one} as n{i}' for i, one in enumerate(sums))} from {table}", table)
        numbers = counts.transpose().to_series().cast(pl.Int64).fill_null(0)
        return frame, dict(zip((reason.reason for reason, _ in leave_out), numbers, strict=True))


def fits_query(reason: Reason) -> bool:
    """Whether a query can tell it: plain columns, compared with words."""
    return all(
        one.of.column is not None
        and one.of.field is None
        and not (one.of.look_up or one.of.reads or one.of.words)
        and (one.among is not None or one.outside is not None or one.known is not None)
        for one in reason.when
    )


def open_database(given: Any) -> Database | None:
    """A database from a connection or a URI; None if it is neither.

    Args:
        given: a DuckDB or SQLite connection, an ADBC connection, or a URI: postgresql://…, sqlite:///file, duckdb:///file.

    Raises:
        InputError: the database cannot be opened, or its driver is not installed.
    """
    if isinstance(given, str) and "://" in given:
        return _of_uri(given)
    module = type(given).__module__.partition(".")[0].lstrip("_")
    if module == "duckdb":
        return Database("DuckDB", lambda sql: pl.DataFrame(given.sql(sql)), lambda: None, _CATALOGUE)
    if module == "sqlite3":
        return _sqlite(given, "SQLite", lambda: None)
    if module.startswith("adbc_driver"):
        return _adbc(given, "the database", lambda: None)
    return None


def _of_uri(uri: str) -> Database:
    kind, _, rest = uri.partition("://")
    place = f"{kind}://{rest.rpartition('@')[2]}"  # without user and password
    try:
        if kind in ("postgresql", "postgres"):
            import adbc_driver_postgresql.dbapi as driver  # type: ignore[import-untyped]

            connection = driver.connect(uri)
            database = _adbc(connection, place, connection.close)
            with connection.cursor() as cursor:
                cursor.execute(_SNAPSHOT)
            return database
        if kind == "sqlite":
            import sqlite3

            path = Path(rest.removeprefix("/")).absolute()
            opened = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
            return _sqlite(opened, place, opened.close)
    except ImportError:
        raise InputError(f"{place} needs a driver: pip install 'servicequality[postgres]'") from None
    except Exception as error:  # noqa: BLE001  (each driver raises its own kinds)
        raise InputError(f"{place} cannot be opened: {first_line(error)}") from None
    raise InputError(f"{place}: expected postgresql://… or sqlite:///file; for others give their connection")


def _adbc(connection: Any, place: str, close: Callable[[], None]) -> Database:
    def run(sql: str) -> pl.DataFrame:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return pl.DataFrame(cursor.fetch_arrow())

    return Database(place, run, close, _CATALOGUE)


def _sqlite(connection: Any, place: str, close: Callable[[], None]) -> Database:
    def run(sql: str) -> pl.DataFrame:
        cursor = connection.execute(sql)
        names = [one[0] for one in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
        return pl.DataFrame(dict(zip(names, map(_one_kind, columns), strict=True)))

    return Database(place, run, close, _SQLITE_CATALOGUE)


def _one_kind(values: Sequence[Any]) -> pl.Series:
    """A column of SQLite, which holds values of any kind: of several kinds, all as text."""
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) > 1:
        return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
    return pl.Series(values, dtype=None if kinds else pl.String)


def _selected(name: str, kind: str) -> str:
    """A column in a type that Arrow has."""
    own, kind = _quoted(name), kind.lower()
    if kind.startswith("interval"):
        return f"cast(extract(epoch from {own}) as double precision) as {own}"
    is_time = kind.startswith("timestamp")
    return f"cast({own} as varchar) as {own}" if kind.startswith(_AS_TEXT) and not is_time else own


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _test(one: Condition, names: dict[str, str]) -> str:
    """A condition that is never null."""
    assert one.of.column is not None  # fits_query
    own = _quoted(names[one.of.column])
    if one.known is not None:
        return f"{own} is {'not ' if one.known else ''}null"
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in (one.among or one.outside or ()))
    inside = f"(cast({own} as varchar) in ({words or 'null'}) and {own} is not null)"
    return inside if one.among is not None else f"not {inside}"
