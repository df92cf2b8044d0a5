"""Exports in the shapes that Zendesk, Jira, Freshdesk and ServiceNow really have, read by their maps."""

import datetime as dt
import importlib.resources
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from servicequality import facts, sources

NOW = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def samples(data_dir: Path) -> Path:
    return data_dir / "api_samples"


def counts(records: sources.SourcedRecords, outcome: str) -> dict[str, int]:
    rows = records.placed.filter(pl.col("outcome") == outcome).group_by("source").agg(pl.col("n").sum())
    return dict(rows.rows())


def test_zendesk_of_fivetran(samples: Path) -> None:
    records = sources.read("zendesk.fivetran", samples / "zendesk_fivetran")
    assert counts(records, "read") == {"ticket": 10, "ticket_comment": 20, "ticket_field_history": 38}
    left_out = records.placed.filter(outcome="left out").select("reason", "n").rows()
    assert left_out == [("a field that the map does not place", 1)]
    tickets = records.tickets.collect()
    assert tickets.filter(pl.col("excluded").is_not_null())["status"].unique().to_list() == ["deleted"]
    assert "360008426314" not in tickets["team"].to_list()  # groups by their names, where the table has them
    first = records.changes.filter(ticket_id="11071", field="status").collect()
    assert first["value"].to_list()[:3] == ["open", "pending", "on-hold"]
    assert first["at"][0] == dt.datetime(2020, 8, 28, 11, 1, 27, tzinfo=dt.UTC)
    rows = facts(records, as_of=NOW, **records.statuses).collect()
    assert rows.height == 10 - tickets["excluded"].count()


def test_jira_of_fivetran(samples: Path) -> None:
    records = sources.read("jira.fivetran", samples / "jira_fivetran")
    assert counts(records, "made") == {"issue": 4, "issue_field_history": 0}
    tickets = records.tickets.collect().sort("ticket_id")
    assert tickets["key"].to_list()[0] == "TP-8"
    # The status 3, In Progress, is of the category 4.
    assert tickets.filter(key="TP-8").select("status", "status_name", "priority").row(0) == (
        "open",
        "In Progress",
        "Medium",
    )
    assert tickets["resolved_at"].count() == 3
    absent = records.placed.filter(outcome="absent").select("source", "reason").rows()
    assert ("comment", "the table") in absent


def test_pages_of_freshdesk(samples: Path, tmp_path: Path) -> None:
    for name in ("conversations", "groups"):
        shutil.copy(samples / "freshdesk_v2" / f"{name}.json", tmp_path)
    shutil.copy(samples / "freshdesk_v2" / "all_tickets.json", tmp_path / "tickets_1.json")
    shutil.copy(samples / "freshdesk_v2" / "ticket_1.json", tmp_path / "tickets_2.json")
    records = sources.read("freshdesk.api", tmp_path)
    # Both pages have ticket 1: the one that was updated last counts.
    assert counts(records, "left out") == {"tickets": 2}
    ticket = records.tickets.collect().row(0, named=True)
    assert ticket["status"], ticket["priority"] == ("open", "low")
    assert ticket["channel"] == "portal"
    assert ticket["created_at"] == dt.datetime(2016, 5, 18, 4, 36, 4, tzinfo=dt.UTC)
    assert ticket["freshdesk_late"] is True
    messages = records.responses.collect()
    assert messages.select("author", "public", "opening").rows() == [
        ("customer", True, True),
        ("agent", False, False),
        ("agent", True, False),
    ]
    searched = tmp_path / "searched"
    searched.mkdir()
    shutil.copy(samples / "freshdesk_v2" / "search_tickets.json", searched)
    assert sources.read("freshdesk.api", searched).tickets.collect().height == len(
        {row["id"] for row in json.loads((searched / "search_tickets.json").read_bytes())["results"]}
    )


def test_a_log_of_servicenow(data_dir: Path, tmp_path: Path) -> None:
    own = {
        "ticket_id": "number",
        "at": "sys_updated_at",
        "created_at": "opened_at",
        "status": "incident_state",
        "team": "assignment_group",
        "agent": "assigned_to",
        "opened_by": None,
    }
    # One stamp of the log steps back: its rows are in order, which a map of one's own says.
    shipped = importlib.resources.files("servicequality.sources") / "maps" / "event_log.toml"
    in_order = '[tables.log]\nin_order = "at"\nwithin = "ticket_id"'
    (tmp_path / "own.toml").write_text(shipped.read_text(encoding="utf-8").replace("[tables.log]", in_order))
    records = sources.read(
        tmp_path / "own.toml",
        data_dir / "servicenow_incident_events.parquet",
        columns={"log": own},
        datetime="%d/%m/%Y %H:%M",
        missing=["?"],
        timezone="UTC",
    )
    assert counts(records, "made")["log"] == 24_918 + records.changes.select(pl.len()).collect().item()
    assert counts(records, "moved") == {"log": 2 * 2}  # two rows, once as tickets, once as changes
    assert records.responses is None  # a log without messages does not say that nobody answered
    rows = facts(records, as_of=dt.datetime(2017, 3, 1, tzinfo=dt.UTC)).collect()
    # The figures of the data's own page: reopened incidents and reopenings by the sequence of states.
    assert ((rows["reopen_count"] > 0).sum(), rows["reopen_count"].sum()) == (275, 331)
