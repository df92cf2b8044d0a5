"""A real log by a short map: what the map may say, and what is said of a log or a map that is wrong."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.report.column_map import ColumnMap, read_log
from servicequality.report.mapped import mapped_log

PLAIN = """
by = ["team"]
[tickets]
ticket_id = "id"
created_at = "opened"
resolved_at = "done"
"""
TICKETS = pl.DataFrame(
    {
        "id": ["1", "2", "3", "4"],
        "opened": ["2024-01-01T08:00:00Z", "2024-01-02T08:00:00Z", "2024-02-01T08:00:00Z", "2024-02-02T08:00:00Z"],
        "done": ["2024-01-01T09:00:00Z", "2024-01-02T11:00:00Z", None, "2024-02-02T13:00:00Z"],
        "team": ["a", "a", "b", "b"],
        "happy": ["true", "false", None, "1"],
    }
)
UPDATES = pl.DataFrame(
    {
        "id": ["1", "1", "1", "2", "2"],
        "opened": ["1/1/2024 08:00"] * 3 + ["2/1/2024 08:00"] * 2,
        "done": ["?", "?", "1/1/2024 12:00", "?", "?"],
        "when": ["1/1/2024 08:00", "1/1/2024 10:00", "1/1/2024 9:00", "2/1/2024 08:00", "3/1/2024 08:00"],
        "state": ["New", "Open", "Resolved", "New", "Open"],
    }
)
BY_UPDATE = """
missing = ["?"]
datetime = "%d/%m/%Y %H:%M"
[tickets]
ticket_id = "id"
created_at = "opened"
resolved_at = "done"
[updates]
at = "when"
status = "state"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    TICKETS.write_csv(tmp_path / "log.csv")
    return tmp_path / "log.csv"


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "ndjson"])
def test_every_kind_of_file_says_the_same(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"log.{ending}"
    {
        "csv": lambda: TICKETS.write_csv(path),
        "tsv": lambda: TICKETS.write_csv(path, separator="\t"),
        "parquet": lambda: TICKETS.write_parquet(path),
        "jsonl": lambda: TICKETS.write_ndjson(path),
        "ndjson": lambda: TICKETS.write_ndjson(path),
    }[ending]()
    log = read_log(path, ColumnMap.load(written(tmp_path, PLAIN)))
    tickets = log.records.tickets.collect()
    assert tickets["ticket_id"].to_list() == ["1", "2", "3", "4"]
    assert tickets["resolved_at"].null_count() == 1
    assert log.as_of == dt.datetime(2024, 2, 2, 13, tzinfo=dt.UTC)
    text = mapped_log(path, tmp_path / "map.toml")
    assert "4 tickets, seen from 2024-02-02 13:00 (UTC), 1 open." in text
    assert "▌ By team" in text


def test_updates_become_tickets_and_changes(tmp_path: Path) -> None:
    UPDATES.write_parquet(tmp_path / "log.parquet")
    log = read_log(tmp_path / "log.parquet", ColumnMap.load(written(tmp_path, BY_UPDATE)))
    tickets, changes = log.records.tickets.collect(), log.records.changes.collect()
    # In the order of the stamps the row of 10:00 is the last one, and it has no stamp of resolution.
    assert tickets.sort("ticket_id")["resolved_at"].to_list() == [None, None]
    assert changes.height == 5
    in_order = ColumnMap.load(written(tmp_path, BY_UPDATE + "in_order = true"))
    log = read_log(tmp_path / "log.parquet", in_order)
    assert log.n_back == 1
    first = log.records.changes.filter(pl.col("ticket_id") == "1").collect()
    assert first["value"].to_list() == ["New", "Open", "Resolved"]
    assert first["at"].is_sorted()
    assert log.records.tickets.collect().sort("ticket_id")["resolved_at"][0] == dt.datetime(
        2024, 1, 1, 12, tzinfo=dt.UTC
    )


def test_a_customers_verdict_is_a_share(csv: Path, tmp_path: Path) -> None:
    text = mapped_log(csv, written(tmp_path, 'satisfied = "happy"' + PLAIN))
    assert "2 of 3" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tickets = ", "is no TOML file"),
        ("title = 3\n" + PLAIN, "title must be a TOML text, got 3"),
        ("colour = 'red'\n" + PLAIN, "'colour' is no key"),
        ("zone = 'UTC'\n" + PLAIN, "'zone' is no key.*did you mean 'timezone'"),
        ("open_at = ['2024-01-01']\n" + PLAIN, "open_at takes dates"),
        ("[tickets]\nticket_id = 'id'", "must name the columns of ticket_id and created_at"),
        (PLAIN + "solved_at = 'done'", r"'solved_at' is no role in \[tickets\] \(did you mean 'resolved_at'\?\)"),
        (PLAIN + "[updates]\nstatus = 'team'", "must say under `at`"),
        (PLAIN.replace('"team"', '"priority"'), "has no column 'priority', which the map names"),
        (PLAIN.replace('"opened"', '"open"'), r"has no column 'open' \(did you mean 'opened'\?\)"),
        (
            "datetime = '%d/%m/%Y'\n" + PLAIN,
            "column 'opened': 4 of 4 are not written as '%d/%m/%Y', such as '2024-01-01T08",
        ),
        ("timezone = 'Mars/Phobos'\n" + PLAIN, "Mars/Phobos"),
        ("every = 'now and then'\n" + PLAIN, "every='now and then'"),
        ("sla_met = 'team'\n" + PLAIN, "column 'team': 4 of 4 are no truth values"),
    ],
)
def test_a_wrong_map_says_what_is_wrong(text: str, message: str, csv: Path, tmp_path: Path) -> None:
    with pytest.raises((InputError, ParameterError), match=message):
        mapped_log(csv, written(tmp_path, text))


def test_a_wrong_file_says_what_is_wrong(csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = written(tmp_path, PLAIN)
    (tmp_path / "bad.parquet").write_bytes(b"no parquet at all")
    for name, message in (
        ("none.csv", "no file at"),
        ("log.xls", "ends in"),
        ("bad.parquet", "cannot be read as .parquet"),
    ):
        with pytest.raises(InputError, match=message):
            mapped_log(tmp_path / name, how)
    with pytest.raises(ParameterError, match="no column map at"):
        mapped_log(csv, tmp_path / "none.toml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="add --map TOML"):
        mapped_log(csv)
    (tmp_path / "examples").mkdir()
    how.rename(tmp_path / "examples" / "mine.toml")
    (tmp_path / "examples" / "another.toml").write_text("[tool]\nline-length = 120\n", encoding="utf-8")
    assert "4 tickets" in mapped_log(csv)
