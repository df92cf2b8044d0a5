"""Desks in real databases: PostgreSQL over ADBC, DuckDB and SQLite, with columns and filters in the query."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars import selectors

from servicequality import sources
from servicequality.errors import InputError
from servicequality.sources import database
from sources.roundtrips import desk, differences, facts_of
from sources.test_round_trips import LOST

VARIABLE = "SERVICEQUALITY_POSTGRES"
HELP_DESKS = ["chatwoot.postgres", "zammad.postgres"]


def exported(name: str, folder: Path) -> dict[str, pl.DataFrame]:
    """The tables of a desk as a Rails application keeps them: instants without a zone, in UTC."""
    paths = sources.export(desk(), name, folder, kind="parquet")
    return {
        table: pl.read_parquet(path).with_columns(selectors.datetime(time_zone="*").dt.replace_time_zone(None))
        for table, path in paths.items()
    }


@pytest.fixture
def postgres() -> Iterator[str]:
    """A database of its own on a server that `.ci/run` has started."""
    server = os.environ.get(VARIABLE)
    if server is None:
        pytest.skip(f"{VARIABLE} is not set: .ci/run starts a PostgreSQL, or give the URI of one of yours")
    driver = pytest.importorskip("adbc_driver_postgresql.dbapi")
    name = f"servicequality_{uuid.uuid4().hex}"
    base = server.rpartition("/")[0]
    with driver.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    yield f"{base}/{name}"
    with driver.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database {name} with (force)")


def fill_postgres(uri: str, tables: dict[str, pl.DataFrame]) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(uri) as connection, connection.cursor() as cursor:
        for name, frame in tables.items():
            cursor.adbc_ingest(name, frame.to_arrow(), mode="create")
        connection.commit()


@pytest.mark.parametrize("name", HELP_DESKS)
def test_a_help_desk_in_postgres(name: str, postgres: str, tmp_path: Path) -> None:
    fill_postgres(postgres, exported(name, tmp_path))
    records = sources.read(name, postgres)
    assert set(differences(facts_of(desk()), facts_of(records))) == LOST[name]
    from_files = sources.read(name, tmp_path)
    # A query leaves out what the map leaves out, and the account is the same.
    columns = ["records", "source", "outcome", "reason", "n"]
    placed = [
        one.placed.filter(pl.col("outcome") != "absent").select(columns).sort(columns) for one in (records, from_files)
    ]
    assert placed[0].equals(placed[1])


def test_postgres_goes_away_in_the_middle(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import adbc_driver_postgresql.dbapi as driver

    fill_postgres(postgres, exported("chatwoot.postgres", tmp_path))
    read, n_read = database.Database.read, 0

    def ended(self: Any, *arguments: Any) -> Any:
        nonlocal n_read
        n_read += 1
        if n_read == 3:
            with driver.connect(postgres, autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
                cursor.fetchall()
        return read(self, *arguments)

    monkeypatch.setattr(database.Database, "read", ended)
    with pytest.raises(InputError, match=r'reading "public"."reporting_events" failed, and nothing was read'):
        sources.read("chatwoot.postgres", postgres)


def test_a_postgres_that_is_not_there() -> None:
    pytest.importorskip("adbc_driver_postgresql")
    with pytest.raises(InputError, match=r"postgresql://127.0.0.1:1/x cannot be opened") as caught:
        sources.read("zammad.postgres", "postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


def test_postgres_lacks_a_table_or_a_column(postgres: str, tmp_path: Path) -> None:
    tables = exported("zammad.postgres", tmp_path)
    fill_postgres(postgres, {name: frame for name, frame in tables.items() if name != "ticket_states"})
    with pytest.raises(InputError, match=r"has no table ticket_states; it has .*public.tickets"):
        sources.read("zammad.postgres", postgres)
    fill_postgres(postgres, {"ticket_states": tables["ticket_states"].rename({"name": "label"})})
    with pytest.raises(InputError, match=r'table "public"."ticket_states" has no column \'name\''):
        sources.read("zammad.postgres", postgres)


TYPES = """
create table tickets (ticket_id numeric(30, 0), created_at timestamptz, closed_at timestamp, agent_id uuid,
    handle_seconds interval, category {kind}, account_value decimal(12, 2), opened time);
insert into tickets values (123456789012345678901234567890, '2024-01-01 00:00:00+00', '2024-01-02', '{uuid}',
    interval '90 minutes', 'a', 1234.5, '10:00'), (2, '2024-01-01 00:00:00+00', null, null, null, null, null, null)
"""
UUID = "12345678-1234-1234-1234-123456789012"


def the_types_of(records: sources.SourcedRecords) -> None:
    row = records.tickets.collect().row(0, named=True)
    assert (row["ticket_id"], row["agent_id"], row["category"]) == ("123456789012345678901234567890", UUID, "a")
    assert (row["handle_seconds"], row["account_value"], row["opened"]) == (5400.0, 1234.5, "10:00:00")
    assert (row["closed_at"] - row["created_at"]).days == 1


def test_types_that_arrow_does_not_have(postgres: str) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(postgres, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("create type kind as enum ('a', 'b')")
        for statement in TYPES.format(kind="kind", uuid=UUID).split(";"):
            cursor.execute(statement)
    the_types_of(sources.read("tickets", postgres, timezone="UTC"))


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "desk.duckdb")) as connection:
        yield connection


@pytest.mark.parametrize("name", ["zendesk.fivetran", *HELP_DESKS])
def test_duckdb_says_the_same_as_files(name: str, duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for table, frame in exported(name, tmp_path).items():
        duck.register("frame", frame.to_arrow())
        duck.execute(f'create table "{table}" as select * from frame')
    records, from_files = sources.read(name, duck), sources.read(name, tmp_path)
    assert facts_of(records).equals(facts_of(from_files))
    assert set(records.placed.rows()) == set(from_files.placed.rows())


def test_only_columns_and_rows_that_are_needed_are_read(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for table, frame in exported("zendesk.fivetran", tmp_path).items():
        duck.register("frame", frame.to_arrow())
        duck.execute(f"create table \"{table}\" as select *, 'a long text' as body from frame")
    duck.execute(
        "insert into ticket_field_history (ticket_id, updated, field_name, value) values ('t-000', now(), 'x', 'y')"
    )
    asked: list[str] = []

    class Watched:
        __module__ = "duckdb"

        def sql(self, query: str) -> Any:
            asked.append(query)
            return duck.sql(query)

    records = sources.read("zendesk.fivetran", Watched())
    history = next(query for query in asked if '"ticket_field_history" where' in query)
    assert "body" not in "".join(asked)
    assert "not (not (cast(\"field_name\" as varchar) in ('status', 'assignee_id', 'group_id', 'priority')" in history
    account = records.placed.filter(outcome="left out").select("source", "reason", "n").rows()
    assert account == [("ticket_field_history", "a field that the map does not place", 1)]


def test_types_that_arrow_does_not_have_in_duckdb(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute(TYPES.format(kind="enum('a', 'b')", uuid=UUID))
    the_types_of(sources.read("tickets", duck, timezone="UTC"))


def test_a_table_in_two_schemas_is_named(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute("create schema a; create schema b; create table a.tickets (ticket_id int, created_at timestamptz)")
    duck.execute("create table b.tickets as select * from a.tickets; insert into b.tickets values (1, now())")
    with pytest.raises(
        InputError, match=r"several tables are called 'tickets': a.tickets, b.tickets; name one in names="
    ):
        sources.read("tickets", duck)
    assert sources.read("tickets", duck, names={"tickets": "b.tickets"}).tickets.collect().height == 1


def test_sqlite_says_the_same_as_files(tmp_path: Path) -> None:
    paths = sources.export(desk(), "zendesk.fivetran", tmp_path)
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        for table, path in paths.items():
            frame = pl.read_csv(path, infer_schema=False)
            columns = ", ".join(f'"{name}"' for name in frame.columns)
            connection.execute(f'create table "{table}" ({columns})')
            marks = ", ".join("?" * frame.width)
            connection.executemany(f'insert into "{table}" values ({marks})', frame.rows())
    connection.close()
    from_files = facts_of(sources.read("zendesk.fivetran", tmp_path))
    assert facts_of(sources.read("zendesk.fivetran", f"sqlite:///{tmp_path}/desk.db")).equals(from_files)
    opened = sqlite3.connect(tmp_path / "desk.db")
    assert facts_of(sources.read("zendesk.fivetran", opened)).equals(from_files)
    opened.close()
    with pytest.raises(InputError, match="SQLite: reading the list of tables failed"):
        sources.read("zendesk.fivetran", opened)
    with pytest.raises(InputError, match=r"sqlite:///.*none.db cannot be opened"):
        sources.read("zendesk.fivetran", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(InputError, match="expected postgresql://… or sqlite:///file"):
        sources.read("zendesk.fivetran", "mysql://host/desk")
