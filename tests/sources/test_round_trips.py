"""A desk written in the shape of a schema and read again has the same facts, but for those that the schema cannot hold."""

from pathlib import Path

import polars as pl
import pytest

from servicequality import sources
from sources.roundtrips import desk, different_facts, facts_of

# What no schema but `tickets` and `event_log` has room for.
STAMPS = {"account_value", "handle_seconds", "escalations", "handoffs", "first_tier_resolution"}
NO_CHANNELS = {"customer_channels"}  # messages without the channel that they came by
LOST = {
    "event_log": {"account_value"},
    "zendesk.fivetran": STAMPS | NO_CHANNELS | {"product"},
    "zammad.postgres": STAMPS | {"product"},
    "jira.fivetran": STAMPS
    | NO_CHANNELS
    | {"due_at", "channel", "team", "account_id", "opened_by", "teams"}
    # The opening text is no comment.
    | {"public_agent_messages", "customer_messages", "one_touch", "two_touch", "multi_touch", "team_reassignments"},
    "intercom.fivetran": STAMPS
    | NO_CHANNELS
    | {"due_at", "priority", "requester_id", "account_id", "product", "category"}
    # New comes back as open, pending and on hold as snoozed, solved and closed as one.
    | {"status", "hold_seconds", "requester_wait_seconds", "agent_wait_seconds"}
    | {"closed_at", "resolved_by_close", "close_seconds", "close_observed"}
    | {"first_action_at", "first_action_seconds", "first_action_observed"},
    "chatwoot.postgres": STAMPS - {"handoffs"}
    | NO_CHANNELS
    | {"due_at", "priority", "channel", "account_id", "product", "category", "opened_by", "reassignments", "teams"}
    # No history of agents and teams.
    | {"agent_reassignments", "team_reassignments", "unassigned_seconds", "first_agent_id", "last_assigned_at"}
    | {f"first_assign{rest}" for rest in ("ed_at", "ment_seconds", "ment_observed", "ment_reason")}
    | {f"assignment_to_resolution_{rest}" for rest in ("seconds", "observed", "reason")}
    # A history of open and resolved alone.
    | {"status", "hold_seconds", "requester_wait_seconds", "agent_wait_seconds", "agent_work_seconds"}
    | {"closed_at", "close_seconds", "close_observed"}
    | {"first_action_at", "first_action_seconds", "first_action_observed"},
}


@pytest.mark.parametrize("name", LOST)
def test_the_way_there_and_back(name: str, tmp_path: Path) -> None:
    assert set(different_facts(desk(), name, tmp_path)) == LOST[name]


def test_a_table_of_tickets_comes_back_as_it_was(tmp_path: Path) -> None:
    records = desk().replace(responses=None, changes=None)
    assert different_facts(records, "tickets", tmp_path) == {}


@pytest.mark.parametrize("kind", ["csv", "parquet", "ndjson"])
def test_every_kind_of_file_holds_the_same(kind: str, tmp_path: Path) -> None:
    records = desk()
    written = sources.export(records, "zendesk.fivetran", tmp_path, kind=kind)
    assert {path.suffix for path in written.values()} == {f".{kind}"}
    back = facts_of(sources.read("zendesk.fivetran", tmp_path))
    assert back.equals(
        facts_of(sources.read("zendesk.fivetran", {name: _frame(path) for name, path in written.items()}))
    )


def _frame(path: Path) -> object:
    read = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".ndjson": pl.read_ndjson}[path.suffix]
    return read(path, infer_schema_length=None) if path.suffix != ".parquet" else read(path)


def test_every_map_that_writes_is_tried_here() -> None:
    assert {one.name for one in sources.maps() if one.exports} == {*LOST, "tickets"}
    assert all(one.cannot_hold for one in sources.maps() if one.exports)


def test_every_row_is_placed_or_left_out_with_a_reason(tmp_path: Path) -> None:
    for name in LOST:
        sources.export(desk(), name, tmp_path / name)
        placed = sources.read(name, tmp_path / name).placed
        parts = placed.filter(placed["outcome"].is_in(["read", "placed", "left out"]))
        for target, source in parts.select("records", "source").unique().rows():
            part = parts.filter((parts["records"] == target) & (parts["source"] == source))
            sums = dict(part.group_by("outcome").agg(pl.col("n").sum()).rows())
            assert sums["read"] == sums["placed"] + sums.get("left out", 0), (name, target, source)
            assert part.filter(outcome="left out")["reason"].null_count() == 0
