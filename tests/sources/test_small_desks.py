"""Small desks of known facts: Zendesk's pages and ServiceNow's tables, and who is agent, bot or system."""

import datetime as dt
import json
from pathlib import Path

import polars as pl

from servicequality import facts, sources
from sources.desks import ZENDESK_AUDITS, ZENDESK_TICKETS, servicenow_tables, zendesk_pages

NOW = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
HOUR = 3600.0


def test_zendesk_pages(tmp_path: Path) -> None:
    records = sources.read("zendesk.api", zendesk_pages(tmp_path))
    rows = facts(records, as_of=NOW).collect()
    first, second = rows.iter_rows(named=True)
    # The note at 11:00 is no answer; the one at 13:00 is.
    assert first["first_response_seconds"] == 4 * HOUR
    assert first["first_action_seconds"] == 2 * HOUR
    assert (first["resolution_seconds"], first["team"], first["channel"]) == (4 * HOUR, "Hardware", "email")
    # What the agent wrote to open the ticket answers nobody.
    assert (second["opened_by"], second["first_response_observed"], second["agent_replies"]) == ("agent", False, 0)
    assert first["zendesk_satisfaction"] == "good"
    reasons = dict(records.placed.filter(outcome="left out").group_by("reason").agg(pl.col("n").sum()).rows())
    assert reasons == {
        "an event that is no message": 6,
        "an event that changes nothing": 5,
        "a field that the map does not place": 1,
    }


def test_a_page_that_came_twice_counts_once(tmp_path: Path) -> None:
    zendesk_pages(tmp_path)
    once = facts(sources.read("zendesk.api", tmp_path), as_of=NOW).collect()
    (tmp_path / "audits_2.json").write_text(json.dumps(ZENDESK_AUDITS))
    older = json.loads(json.dumps(ZENDESK_TICKETS))
    older["tickets"][0] |= {"updated_at": "2024-03-04T12:00:00Z", "status": "open"}
    (tmp_path / "tickets_2.json").write_text(json.dumps(older))
    twice = sources.read("zendesk.api", tmp_path)
    assert facts(twice, as_of=NOW).collect().equals(once)
    repeated = twice.placed.filter(pl.col("reason").str.starts_with("repeats a row"))
    assert repeated.group_by("source").agg(pl.col("n").max()).sort("source").rows() == [("audits", 10), ("tickets", 2)]


def test_lines_of_json_say_the_same_as_pages(tmp_path: Path) -> None:
    pages = sources.read("zendesk.api", zendesk_pages(tmp_path))
    lines = tmp_path / "lines"
    lines.mkdir()
    for name in ("tickets_1", "audits_1", "users", "groups"):
        rows = next(iter(json.loads((tmp_path / f"{name}.json").read_text()).values()))
        (lines / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    again = sources.read("zendesk.api", lines)
    for name, table in pages.tables.items():
        assert table.collect().equals(again.tables[name].collect()), name
    # Structs and lists of Parquet say the same as JSON.
    frames = {name: pl.read_ndjson(lines / f"{name}.ndjson") for name in ("tickets_1", "audits_1", "users", "groups")}
    typed = {name.removesuffix("_1"): frame for name, frame in frames.items()}
    for name, table in sources.read("zendesk.api", typed).tables.items():
        # Ids keep their type, which in pages is text.
        ids = pl.col("^.*_id$").cast(pl.String)
        assert table.collect().with_columns(ids).equals(pages.tables[name].collect()), name


def test_servicenow_tables() -> None:
    records = sources.read("servicenow.tables", servicenow_tables())
    rows = facts(records, as_of=NOW, **records.statuses).collect()
    first, second = rows.iter_rows(named=True)
    assert (first["number"], first["status"], first["team"], first["priority"]) == (
        "INC001",
        "resolved",
        "Network",
        "high",
    )
    assert (first["resolution_seconds"], first["first_response_seconds"]) == (6 * HOUR, HOUR)
    assert (second["status"], second["resolution_observed"]) == ("hold", False)
    assert second["hold_seconds"] == (NOW - dt.datetime(2024, 3, 4, 11, tzinfo=dt.UTC)).total_seconds()
    # The vendor's verdicts stand beside ours.
    assert rows["servicenow_made_sla"].to_list() == [True, False]
    assert rows["servicenow_has_breached"].to_list() == [False, True]
    assert rows["due_at"][1] == dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)
    changes = records.changes.collect()
    assert changes.select("field", "actor").rows() == [
        ("status", "agent"),
        ("status", "agent"),
        ("team", "agent"),
        ("status", "system"),
    ]
    messages = records.responses.collect()
    assert messages["author_id"].to_list() == ["u1", "u2", "u2"]  # by the id that tickets have, not by the name
    assert messages.select("author", "public").rows() == [("customer", True), ("agent", False), ("agent", True)]


def test_a_bot_is_named_in_the_call(tmp_path: Path) -> None:
    zendesk_pages(tmp_path)
    records = sources.read("zendesk.api", tmp_path, persons={"20": "bot"})
    rows = facts(records, as_of=NOW).collect()
    assert rows["first_response_end"].to_list() == ["ended_without", "open"]
    assert records.responses.collect()["author"].value_counts(sort=True).rows()[0] == ("bot", 3)
    assert records.changes.collect()["actor"].to_list() == ["customer", "bot", "bot", "bot"]


def test_a_person_of_no_known_kind_is_counted(tmp_path: Path) -> None:
    zendesk_pages(tmp_path)
    (tmp_path / "users.json").write_text('{"users": [{"id": 20, "role": "robot"}]}')
    placed = sources.read("zendesk.api", tmp_path).placed.filter(outcome="not known")
    assert ("responses", "person in author: '20'", 3) in placed.select("records", "reason", "n").rows()
    # Who asked for the ticket is the customer, whatever the table of users says.
    assert "person in author: '10'" not in placed["reason"].to_list()


def test_people_on_the_agents_side_are_the_agents(tmp_path: Path) -> None:
    records = sources.read("zendesk.api", zendesk_pages(tmp_path), persons={"10": "bot"})
    agents = records.agents.collect()
    assert agents.select("agent_id", "kind").rows() == [("-1", "system"), ("10", "bot"), ("20", "human")]
    own = tmp_path / "own.toml"
    own.write_text(
        'title = "x"\ntimezone = "UTC"\n[tables.t]\n[tables.staff]\n'
        '[tickets]\nfrom = "t"\nticket_id = "id"\ncreated_at = "at"\n'
        '[people]\nfrom = "staff"\nid = "id"\nkind = { value = "agent" }\nteam = "team"\ntier = "tier"\n'
        'valid_from = "since"\nvalid_to = "until"\n'
    )
    staff = pl.DataFrame(
        {
            "id": [7, 7],
            "team": ["front", "back"],
            "tier": ["1", "2"],
            "since": [None, "2024-01-05"],
            "until": ["2024-01-05", None],
        }
    )
    desk = {"t": pl.DataFrame({"id": ["1"], "at": ["2024-01-01"]}), "staff": staff}
    agents = sources.read(own, desk).agents.collect()
    assert agents.select("agent_id", "team", "tier").rows() == [("7", "front", "1"), ("7", "back", "2")]
    assert agents["valid_from"].to_list() == [None, dt.datetime(2024, 1, 5, tzinfo=dt.UTC)]
