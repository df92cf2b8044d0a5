"""A real log by a short map: what the map may say, and what is said of a log or a map that is wrong."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from servicequality import cli
from servicequality.errors import InputError, ParameterError
from servicequality.events import facts
from servicequality.report.column_map import ColumnMap
from servicequality.report.log_files import read_log
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
    # The last known value holds, though in the order of the stamps the row of 10:00 is the last one, and has none.
    noon = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    assert tickets.sort("ticket_id")["resolved_at"].to_list() == [noon, None]
    assert changes.height == 5
    in_order = ColumnMap.load(written(tmp_path, BY_UPDATE + "in_order = true"))
    log = read_log(tmp_path / "log.parquet", in_order)
    assert log.n_back == 1
    first = log.records.changes.filter(pl.col("ticket_id") == "1").collect()
    assert first["value"].to_list() == ["New", "Open", "Resolved"]
    assert first["at"].is_sorted()
    assert log.records.tickets.collect().sort("ticket_id")["resolved_at"].to_list() == [noon, None]


def test_a_customers_verdict_is_a_share(csv: Path, tmp_path: Path) -> None:
    text = mapped_log(csv, written(tmp_path, 'satisfied = "happy"' + PLAIN))
    assert "2 of 3" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tickets = ", "is not a TOML file"),
        ("title = 3\n" + PLAIN, "title must be a TOML text, got 3"),
        ("colour = 'red'\n" + PLAIN, "'colour' is not a key"),
        ("zone = 'UTC'\n" + PLAIN, "'zone' is not a key.*did you mean 'timezone'"),
        ("open_at = ['2024-01-01']\n" + PLAIN, "open_at takes dates"),
        ("[tickets]\nticket_id = 'id'", "must name the columns of ticket_id and created_at"),
        (PLAIN + "solved_at = 'done'", r"'solved_at' is not a role in \[tickets\] \(did you mean 'resolved_at'\?\)"),
        (PLAIN + "[updates]\nstatus = 'team'", "must say under `at`"),
        (PLAIN.replace('"team"', '"priority"'), "has no column 'priority', which the map names"),
        (PLAIN.replace('"opened"', '"open"'), r"has no column 'open' \(did you mean 'opened'\?\)"),
        (
            "datetime = '%d/%m/%Y'\n" + PLAIN,
            "column 'opened': 4 of 4 are not written as '%d/%m/%Y', such as '2024-01-01T08",
        ),
        ("timezone = 'Mars/Phobos'\n" + PLAIN, "Mars/Phobos"),
        ("every = 'now and then'\n" + PLAIN, "every takes one length such as"),
        ("sla_met = 'team'\n" + PLAIN, "column 'team': 4 of 4 are not truth values"),
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


EVENTS = pl.DataFrame(
    {
        "id": ["1", "1", "1", "2", "2", "3"],
        "when": [f"2024-01-0{day}T08:00:00Z" for day in (1, 2, 4, 1, 3, 2)],
        "state": ["Offen", "Wartet", "Fertig", "Offen", "Fertig", "Offen"],
    }
)
BY_EVENT = """
open_at = [2024-01-02, 2024-01-03, 2024-01-05]
[tickets]
ticket_id = "id"
created_at = "when"
[updates]
at = "when"
status = "state"
"""
PLACED = "ended = ['FERTIG']\npaused = ['wartet']\nrunning = ['offen']\n"


def test_a_ticket_of_an_event_log_is_created_with_its_first_row(tmp_path: Path) -> None:
    EVENTS.write_csv(tmp_path / "log.csv")
    how = ColumnMap.load(written(tmp_path, PLACED + BY_EVENT))
    log = read_log(tmp_path / "log.csv", how)
    rows = facts(log.records, as_of=log.as_of, ended=how.ended, paused=how.paused).collect()
    days = (rows["resolution_seconds"] / 86_400).to_list()
    assert (days, rows["resolution_observed"].to_list()) == ([3, 2, 2], [True, True, False])
    assert rows["hold_seconds"].to_list() == [2 * 86_400, 0, 0]
    page = mapped_log(tmp_path / "log.csv", tmp_path / "map.toml")
    assert "1 open." in page
    open_then = [line.split()[-1] for line in page.splitlines() if line.startswith("2024-01-0")]
    assert open_then == ["2", "3", "1"]  # by the log: no stamp tells


def test_status_words_that_the_map_does_not_place_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    EVENTS.write_csv(tmp_path / "log.csv")
    written(tmp_path, "ended = ['Fertig']\n" + BY_EVENT)
    arguments = ("demo", "--data", str(tmp_path / "log.csv"), "--map", str(tmp_path / "map.toml"))
    code, (out, err) = cli.main(arguments), capsys.readouterr()
    assert (code, out) == (1, "")
    assert "what do these status words mean: 'Offen' (3 rows), 'Wartet' (1 row)? Name each of them in the map" in err
    written(tmp_path, PLACED + BY_EVENT)
    assert cli.main(arguments) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ended = 'closed'\n" + PLAIN, "ended must be a TOML list of texts, got 'closed'"),
        ("paused = [1]\n" + PLAIN, "paused must be a list of texts; it holds 1"),
        ("by = [['a']]\n" + PLAIN.replace('by = ["team"]', ""), r"by must be a list of texts; it holds \['a'\]"),
        (PLAIN.replace('"done"', "3"), r"tickets\.resolved_at must be a TOML text, got 3"),
        (PLAIN.replace('"done"', "[1979-05-27]"), r"tickets\.resolved_at must be a TOML text, got"),
        (
            PLAIN + "[updates]\nat = 'done'\nin_order = 'yes'",
            r"updates\.in_order must be a TOML true or false, got 'yes'",
        ),
        (PLAIN + "[updates]\nat = 'done'\nstate = 'x'", r"'state' is not a change in \[updates\]"),
        ("updates = 3\n" + PLAIN, "updates must be a TOML table, got 3"),
        ("tickets = 3", "must name the columns of ticket_id"),
        ("as_of = 1.5\n" + PLAIN, "as_of must be a TOML date, got 1.5"),
        ("as_of = 0001-01-01\n" + PLAIN, "expected dates in the years 2 to 9998; got 0001-01-01"),
        ("as_of = 08:00:00\n" + PLAIN, "as_of must be a TOML date"),
        ("timezone = ''\n" + PLAIN, "timezone must be an IANA name"),
        ("title = " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("datetime = '%Q %é'\n" + PLAIN, "datetime|not written as"),
    ],
)
def test_any_type_in_any_key_is_an_error_of_ours(text: str, message: str, csv: Path, tmp_path: Path) -> None:
    with pytest.raises((InputError, ParameterError), match=message):
        mapped_log(csv, written(tmp_path, text))


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "ndjson"])
def test_a_corrupt_file_is_named(ending: str, tmp_path: Path) -> None:
    how = written(tmp_path, PLAIN)
    for content in (b"", b"PAR1\x00\xff\xfePAR1", b'{"id": 1,\n[[[', bytes(range(256)) * 20):
        (tmp_path / f"bad.{ending}").write_bytes(content)
        with pytest.raises(InputError, match=rf"bad\.{ending}"):
            mapped_log(tmp_path / f"bad.{ending}", how)


def test_columns_are_names_and_no_patterns(tmp_path: Path) -> None:
    names = {"id": "*", "opened": "^.*$", "done": "^a.*$", "team": ""}
    TICKETS.rename(names).with_columns(abc=1).write_parquet(tmp_path / "log.parquet")
    text = 'by = [""]\n[tickets]\nticket_id = "*"\ncreated_at = "^.*$"\nresolved_at = "^a.*$"\n'
    tickets = read_log(tmp_path / "log.parquet", ColumnMap.load(written(tmp_path, text))).records.tickets.collect()
    assert tickets["ticket_id"].to_list() == ["1", "2", "3", "4"]
    assert tickets["resolved_at"].null_count() == 1
    assert tickets[""].to_list() == ["a", "a", "b", "b"]
    for more in ('datetime = "%Y-%m-%dT%H:%M:%SZ"\n', 'datetime = "%Y-%m-%dT%H:%M:%SZ"\nmissing = ["?"]\n'):
        own = ColumnMap.load(written(tmp_path, more + text + '[updates]\nat = "^.*$"\nin_order = true\n'))
        again = read_log(tmp_path / "log.parquet", own).records.tickets.collect()
        assert again["resolved_at"].equals(tickets["resolved_at"])
