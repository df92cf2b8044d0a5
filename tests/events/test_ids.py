"""Ids come back in the type in which they came, from every call that gives rows of records."""

from collections.abc import Callable
from functools import cache
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from events.histories import at, crowd, records_of
from servicequality import events, sla
from servicequality.model import TABLES, schema_of

NOW = at(120)
SIZE = 60
KINDS = ("first_response", "next_reply", "periodic_update", "resolution", "agent_work")
POLICY = sla.Policy("p", [sla.Target(kind, 600) for kind in KINDS])

CALLS: dict[str, Callable[[sq.Records], Any]] = {
    "facts": lambda records: sq.facts(records, as_of=NOW),
    "reply_waits": lambda records: sq.reply_waits(records, as_of=NOW),
    "status_spells": lambda records: sq.status_spells(records, as_of=NOW),
    "status_times": lambda records: events.status_times(records, as_of=NOW),
    "excluded_tickets": lambda records: events.excluded_tickets(records, as_of=NOW),
    "in_force": lambda records: events.in_force(
        sq.facts(records, as_of=NOW), records, field="tier", at="created_at", name="was"
    ),
    "follow_ups": lambda records: sq.follow_ups(sq.facts(records, as_of=NOW), as_of=NOW),
    "clocks": lambda records: sla.clocks(records, POLICY, as_of=NOW),
    "overdue": lambda records: sla.overdue(sla.clocks(records, POLICY, as_of=NOW)),
    "at_risk": lambda records: sla.at_risk(sla.clocks(records, POLICY, as_of=NOW), within=3600),
    "policy_coverage": lambda records: sla.policy_coverage(records, POLICY, as_of=NOW),
    "flow": lambda records: sq.flow(records, every="1d", as_of=NOW),
}
TYPES = [pl.Int64(), pl.Int32(), pl.UInt16(), pl.String(), pl.Categorical(), pl.Enum([f"t{n:05}" for n in range(SIZE)])]


def as_type(frame: pl.DataFrame, dtype: pl.DataType, *names: str) -> pl.DataFrame:
    ids = [
        (pl.col(name).str.slice(1).cast(pl.Int64) if dtype.is_integer() else pl.col(name)).cast(dtype) for name in names
    ]
    return frame.with_columns(ids)


def tables_of() -> dict[str, pl.DataFrame]:
    desk = {name: table.collect() for name, table in records_of(crowd(SIZE, 3)).tables.items()}
    desk["tickets"] = desk["tickets"].with_columns(requester_id=pl.col("ticket_id").str.replace(r"\d$", "1"))
    return desk


def desk_of(dtype: pl.DataType) -> sq.Records:
    tables = {name: as_type(frame, dtype, "ticket_id") for name, frame in tables_of().items()}
    tables["tickets"] = as_type(tables["tickets"], dtype, "requester_id")
    return sq.Records(**tables)


@cache
def texts() -> sq.Records:
    return desk_of(pl.String())


@cache
def of_texts(call: str) -> pl.DataFrame:
    """What a call gives where all ids are texts."""
    answer: pl.DataFrame = CALLS[call](texts()).lazy().collect()
    return answer


@pytest.mark.parametrize("dtype", TYPES, ids=lambda dtype: str(dtype.base_type()))
@pytest.mark.parametrize("call", CALLS)
def test_ids_come_back_as_they_came(call: str, dtype: pl.DataType) -> None:
    plan = CALLS[call](desk_of(dtype)).lazy()
    table, theirs = plan.collect(), of_texts(call)
    assert table.schema == plan.collect_schema()
    ids = [name for name in ("ticket_id", "requester_id") if name in table.columns]
    assert [table.schema[name] for name in ids] == [dtype] * len(ids)
    assert_frame_equal(table, as_type(theirs, dtype, *ids))
    assert call in ("policy_coverage", "flow") or "ticket_id" in ids


@pytest.mark.parametrize("dtype", TYPES, ids=lambda dtype: str(dtype.base_type()))
def test_check_counts_the_same_whatever_the_type(dtype: pl.DataType) -> None:
    counts = ["table", "finding", "count"]
    assert sq.check(desk_of(dtype)).frame.select(counts).equals(sq.check(texts()).frame.select(counts))


def test_agents_keep_their_type_where_no_log_names_them_by_texts() -> None:
    tickets = [{"ticket_id": 1, "created_at": at(0), "agent_id": 7, "status": "open", "resolved_at": at(20)}]
    responses = [{"ticket_id": 1, "at": at(minute), "author": "agent", "author_id": 6 + minute} for minute in (1, 2, 2)]
    silent = sq.Records(tickets=tickets, responses=responses)
    row = sq.facts(silent, as_of=NOW).collect()
    assert row.select("ticket_id", "agent_id", "last_agent_id", "agents").row(0) == (1, 7, 7, 2)
    assert row.schema["first_agent_id"] == row.schema["agent_id"] == pl.Int64
    clocks = sla.clocks(silent, POLICY.__class__("p", [sla.Target("resolution", 60)]), as_of=NOW).collect()
    assert clocks.select("ticket_id", "agent_id").row(0) == (1, 7)
    log = [{"ticket_id": 1, "at": at(5), "field": "agent", "value": "8"}]
    told = sq.facts(sq.Records(tickets=tickets, responses=responses, changes=log), as_of=NOW).collect()
    assert told.select("ticket_id", "agent_id", "first_agent_id").row(0) == (1, "8", "8")


def test_ids_of_two_types_are_texts_in_all_tables() -> None:
    tickets = pl.DataFrame({"ticket_id": [1, 2], "created_at": [at(0)] * 2}, schema_overrides={"ticket_id": pl.Int32})
    responses = [{"ticket_id": "1", "at": at(1), "author": "agent"}]
    for other in (responses, pl.DataFrame(responses).with_columns(pl.col("ticket_id").cast(pl.Int64))):
        records = sq.Records(tickets=tickets, responses=other)
        assert {table.collect_schema()["ticket_id"] for table in records.tables.values()} == {pl.String()}
        assert sq.facts(records, as_of=NOW).select("ticket_id", "agent_replies").collect().rows() == [
            ("1", 1),
            ("2", 0),
        ]


def test_a_part_of_the_records_keeps_the_types() -> None:
    records = desk_of(pl.Int64())
    assert records.tickets is not None
    part = records.replace(tickets=records.tickets.head(5))
    assert {table.collect_schema()["ticket_id"] for table in part.tables.values()} == {pl.Int64()}
    assert sq.facts(part, as_of=NOW).collect()["ticket_id"].to_list() == [0, 1, 2, 3, 4]


def test_every_role_that_is_an_id_is_a_text_by_itself() -> None:
    ids = {
        name: dtype for record in TABLES.values() for name, dtype in schema_of(record).items() if name.endswith("_id")
    }
    assert set(ids.values()) == {pl.String()}
