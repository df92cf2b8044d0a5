"""The command line on logs of one's own, of both shapes: what it prints, its exit codes, its progress."""

import time
from pathlib import Path

import polars as pl
import pytest

from servicequality import cli
from servicequality.datasets import service_desk
from servicequality.events import facts
from servicequality.report.column_map import ColumnMap
from servicequality.report.log_files import read_log

ROWS = """
title = "Our desk"
{more}
[tickets]
ticket_id = "id"
created_at = "opened"
resolved_at = "done"
"""
EVENTS = """
title = "Our log"
ended = ["Completed"]
running = ["Received", "Waiting"]
{more}
[tickets]
ticket_id = "case"
category = "kind"
[updates]
at = "when"
status = "step"
agent = "owner"
{updates}
"""
LOG = pl.DataFrame(
    {
        "case": ["1", "1", "1", "2", "2", "3"],
        "when": [f"2024-01-0{day}T08:00:00Z" for day in (1, 2, 4, 1, 3, 2)],
        "step": ["Received", "Waiting", "Completed", "Received", "Completed", "Received"],
        "owner": ["ann", "ann", "ann", "bob", "bob", "bob"],
        "kind": ["a", "a", None, "b", "b", "b"],
    }
)
MAIL = pl.DataFrame(
    {
        "case": ["1", "1", "1"],
        "when": [f"2024-01-01T{hour:02}:00:00Z" for hour in (8, 9, 11)],
        "step": ["Received", "Waiting", "Waiting"],
        "owner": ["ann", "ann", "ann"],
        "kind": ["a", "a", "a"],
        "text": ["help", "got it", "try this"],
        "who": ["customer", "agent", "agent"],
        "by": ["c-1", "bot-1", "ann"],
    }
)
MESSAGES = 'message = "text"\nauthor = "who"\nactor = "by"'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No step is slow, however busy the machine is."""
    monkeypatch.setattr(cli, "_PATIENCE", 600.0)


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def event_map(folder: Path, more: str = "", updates: str = "") -> Path:
    path = folder / "map.toml"
    path.write_text(EVENTS.format(more=more, updates=updates), encoding="utf-8")
    return path


def rows_map(folder: Path, more: str = "") -> Path:
    path = folder / "map.toml"
    path.write_text(ROWS.format(more=more), encoding="utf-8")
    return path


def event_log(folder: Path, log: pl.DataFrame = LOG) -> Path:
    log.write_csv(folder / "log.csv")
    return folder / "log.csv"


def ticket_log(folder: Path, opened: list[str], done: list[str | None]) -> Path:
    rows = pl.DataFrame({"id": [str(place) for place in range(len(opened))], "opened": opened, "done": done})
    rows.write_csv(folder / "log.csv")
    return folder / "log.csv"


class TestCheck:
    def test_nothing_to_ask_is_zero(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        log = ticket_log(tmp_path, ["2024-01-01T08:00:00Z"], ["2024-01-02T08:00:00Z"])
        code, out, err = run("check", rows_map(tmp_path), log, capsys=capsys)
        assert (code, err) == (0, "")
        assert out.startswith("Our desk\n\nData as of 2024-01-02T08:00:00+00:00")
        assert "All conservation laws hold." in out
        assert "To ask" not in out

    def test_findings_are_one(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        log = ticket_log(tmp_path, ["2024-01-03T08:00:00Z"], ["2024-01-02T08:00:00Z"])
        code, out, err = run("check", rows_map(tmp_path), log, capsys=capsys)
        assert (code, err) == (1, "")
        assert "stamp before creation" in out
        assert "Do all stamps use the same clock" in out

    def test_words_that_the_map_does_not_place_are_findings(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = event_log(tmp_path)
        assert run("check", event_map(tmp_path), log, capsys=capsys)[0] == 0
        words = event_map(tmp_path).read_text().replace('"Received", ', "")
        (tmp_path / "map.toml").write_text(words)
        code, out, _ = run("check", tmp_path / "map.toml", log, capsys=capsys)
        assert code == 1
        assert "status in no set, so it runs" in out
        assert "Received" in out

    def test_a_generated_desk_by_its_own_map(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        service_desk(200, seed=3).tickets.collect().write_csv(tmp_path / "tickets.csv")
        tickets = Path(__file__).resolve().parent.parent / "examples" / "tickets.toml"
        code, out, _ = run("check", tickets, tmp_path / "tickets.csv", capsys=capsys)
        assert code in (0, 1)
        assert "tickets: 200 rows" in out


class TestEventLogs:
    def test_the_map_of_the_docs_is_one(self, tmp_path: Path) -> None:
        page = (Path(__file__).resolve().parent.parent / "docs" / "overview.md").read_text(encoding="utf-8")
        (tmp_path / "map.toml").write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
        how = ColumnMap.load(tmp_path / "map.toml")
        assert (how.created, how.agents) == ("first", {"bots": ["auto-assign"]})
        assert how.columns == ["case", "kind", "when", "step", "clerk"]

    def test_the_first_row_is_the_creation(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        how, log = event_map(tmp_path), event_log(tmp_path)
        read = read_log(log, ColumnMap.load(how))
        rows = facts(read.records, as_of=read.as_of, ended=("completed",)).collect()
        assert (rows["resolution_seconds"] / 86_400).to_list() == [3, 2, 2]
        assert rows["category"].to_list() == ["a", "b", "b"]  # the last known value
        code, out, err = run("demo", "--data", log, "--map", how, capsys=capsys)
        assert (code, err) == (0, "")
        assert "6 rows of 3 tickets, seen from 2024-01-04 08:00 (UTC), 1 open." in out

    def test_created_names_the_first_row_or_a_column(self, tmp_path: Path) -> None:
        log = event_log(tmp_path, LOG.with_columns(born=pl.lit("2023-12-31T08:00:00Z")))
        for line, days in (('created = "first"', [3, 2, 2]), ('created = "born"', [4, 3, 4])):
            read = read_log(log, ColumnMap.load(event_map(tmp_path, updates=line)))
            rows = facts(read.records, as_of=read.as_of, ended=("completed",)).collect()
            assert (rows["resolution_seconds"] / 86_400).to_list() == days

    def test_bots_of_the_map_are_no_persons(self, tmp_path: Path) -> None:
        log = event_log(tmp_path, MAIL)
        pl.DataFrame({"agent_id": ["bot-1", "ann"], "kind": ["bot", "human"]}).write_csv(tmp_path / "agents.csv")
        for more, hours in (
            ("", 1),
            ('[agents]\nbots = ["bot-1"]', 3),
            ('[agents]\nsystem = ["bot-1"]', 3),
            ('[agents]\nfile = "agents.csv"', 3),
        ):
            read = read_log(log, ColumnMap.load(event_map(tmp_path, more=more, updates=MESSAGES)))
            first = facts(read.records, as_of=read.as_of).collect()["first_response_seconds"].item()
            assert first / 3_600 == hours, more

    def test_first_responses_are_shown_where_the_log_has_messages(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = event_log(tmp_path, MAIL)
        _, out, _ = run("demo", "--data", log, "--map", event_map(tmp_path, updates=MESSAGES), capsys=capsys)
        assert "first response" in out

    @pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
    def test_a_flag_of_messages_says_the_same_in_every_file(self, ending: str, tmp_path: Path) -> None:
        path = tmp_path / f"log.{ending}"
        rows = MAIL.with_columns(text=pl.Series([True, False, True]))
        {"csv": rows.write_csv, "ndjson": rows.write_ndjson, "parquet": rows.write_parquet}[ending](path)
        read = read_log(path, ColumnMap.load(event_map(tmp_path, updates=MESSAGES)))
        assert read.records.responses.collect()["author_id"].to_list() == ["c-1", "ann"]

    def test_a_sequence_orders_rows_of_one_instant(self, tmp_path: Path) -> None:
        rows = pl.DataFrame(
            {
                "case": ["1", "1", "1"],
                "when": ["2024-01-01T08:00:00Z"] * 3,
                "step": ["Completed", "Received", "Waiting"],
                "owner": ["ann"] * 3,
                "kind": ["a"] * 3,
                "place": [3, 1, 2],
            }
        )
        log = event_log(tmp_path, rows)
        read = read_log(log, ColumnMap.load(event_map(tmp_path, updates='sequence = "place"')))
        moves = read.records.changes.filter(field="status").collect()
        assert moves["value"].to_list() == ["Received", "Waiting", "Completed"]


class TestScorecard:
    CARD = (
        'period = "month"\n[[objective]]\nmetric = "resolution_time_observed_only"\nat_most = {target}\nowner = "Ada"\n'
    )

    def log(self, folder: Path) -> Path:
        days = [f"2024-01-{day:02}" for day in range(1, 21)] + ["2024-02-10"]
        return ticket_log(folder, [f"{day}T08:00:00Z" for day in days], [f"{day}T09:00:00Z" for day in days])

    @pytest.mark.parametrize(("target", "code", "word"), [(7200, 0, "met"), (60, 1, "missed; owner: Ada")])
    def test_a_missed_promise_is_one(
        self, target: int, code: int, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "card.toml").write_text(self.CARD.format(target=target))
        ended, out, err = run(
            "scorecard", tmp_path / "card.toml", rows_map(tmp_path), self.log(tmp_path), capsys=capsys
        )
        assert (ended, err) == (code, "")
        assert word in " ".join(out.split())
        assert "2024-01" in out  # February is not over

    def test_groups_are_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "card.toml").write_text(self.CARD.format(target=60) + 'by = "agent_id"\n')
        how = event_map(tmp_path, more="as_of = 2024-03-01")
        code, out, _ = run("scorecard", tmp_path / "card.toml", how, event_log(tmp_path), capsys=capsys)
        heads = [line for line in out.splitlines() if line.startswith("▌")]
        assert [head.split(", ")[-1] for head in heads] == ["ann", "bob"]
        assert code == 0  # fewer than five rows decide nothing

    def test_no_period_is_over(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "card.toml").write_text(self.CARD.format(target=60))
        log = ticket_log(tmp_path, ["2024-01-01T08:00:00Z"], ["2024-01-01T09:00:00Z"])
        code, out, _ = run("scorecard", tmp_path / "card.toml", rows_map(tmp_path), log, capsys=capsys)
        assert (code, "No period is over yet." in out) == (0, True)

    def test_a_wrong_card(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        card, how, log = tmp_path / "card.toml", rows_map(tmp_path), self.log(tmp_path)
        for text, message in (
            (None, f"no scorecard at {card}"),
            ("period = ", f"{card}: a scorecard is a TOML text; this is not TOML: Invalid value (at end of document)"),
            (
                '[[objective]]\nmetric = "npz"\nat_least = 1',
                f"{card}: objective 1: metric must be a name of the catalogue",
            ),
            (b"\xff", f"{card}: "),
            ('[[objective]]\nmetric = "nps"\nat_least = 1', "no frame of 'answer' rows"),
        ):
            if text is not None:
                card.write_bytes(text if isinstance(text, bytes) else text.encode())
            code, out, err = run("scorecard", card, how, log, capsys=capsys)
            assert (code, out) == (2, "")
            assert message in err


@pytest.mark.parametrize(
    ("more", "updates", "message"),
    [
        ("agents = 3", "", "agents must be a TOML table, got 3"),
        ('[agents]\nbots = "bot-1"', "", "agents.bots must be a TOML list of texts, got 'bot-1'"),
        ("[agents]\nbots = [1]", "", "agents.bots must be a list of texts; it holds 1"),
        ('[agents]\npeople = ["a"]', "", "'people' is not a key in [agents]; there are bots, system, file"),
        ('[agents]\nfile = "a.csv"\nbots = ["b"]', "", "[agents] takes a file, or lists of ids"),
        ('[agents]\nfile = "none.csv"', "", "none.csv"),
        ("", 'created = "bron"', "has no column 'bron' (did you mean 'born'?), which the map names"),
        ("", "created = 3", "updates.created must be a TOML text, got 3"),
        ("", 'author = "who"', "has no column 'who'"),
        ("", 'author = "owner"', "author says who sent a message; name the column of the messages with message="),
        ("", 'author = "owner"\nmessage = "kind"', "author"),
        ("ended = ", "", "map.toml is not a TOML file: Invalid value (at line 4, column 9)"),
    ],
)
def test_a_wrong_map_is_two_and_says_where(
    more: str, updates: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = event_log(tmp_path, LOG.with_columns(born=pl.lit("2024-01-01T00:00:00Z")))
    text = EVENTS.format(more=more, updates=updates)
    (tmp_path / "map.toml").write_text(text.replace('ended = ["Completed"]\n', "") if "ended" in more else text)
    code, out, err = run("check", tmp_path / "map.toml", log, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_a_wrong_file_of_agents_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how, log = event_map(tmp_path, more='[agents]\nfile = "agents.csv"'), event_log(tmp_path)
    for text, message in (
        ("name\nbot-1\n", "agents: required column 'agent_id' missing"),
        ("agent_id,kind\nbot-1,robot\n", "robot"),
        ("agent_id,kind\nbot-1,bot\nbot-1,human\n", "bot-1"),
    ):
        (tmp_path / "agents.csv").write_text(text)
        code, out, err = run("check", how, log, capsys=capsys)
        assert (code, out) == (2, "")
        assert "agents.csv: " in err
        assert message in err


def test_both_ways_to_say_the_creation_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = event_map(tmp_path, updates='created = "first"')
    how.write_text(how.read_text().replace("[updates]", 'created_at = "when"\n[updates]'))
    code, _, err = run("check", how, event_log(tmp_path), capsys=capsys)
    assert code == 2
    assert "updates.created and tickets.created_at both say when a ticket was created; leave one out" in err


@pytest.mark.parametrize("more", ["", 'datetime = "%Y-%m-%dT%H:%M:%SZ"'])
def test_a_bad_instant_names_file_line_and_column(
    more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = ticket_log(tmp_path, ["2024-01-01T08:00:00Z", "2024-01-02T08:00:00Z", "soon"], [None, None, None])
    code, out, err = run("check", rows_map(tmp_path, more), log, capsys=capsys)
    assert (code, out) == (2, "")
    assert str(log) in err
    assert "column 'opened'" in err
    assert "first in line 4" in err
    pl.read_csv(log).write_parquet(tmp_path / "log.parquet")
    assert "first in row 3" in run("check", rows_map(tmp_path, more), tmp_path / "log.parquet", capsys=capsys)[2]


def test_a_log_without_rows_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text("id,opened,done\n")
    code, _, err = run("check", rows_map(tmp_path), log, capsys=capsys)
    assert (code, str(log) in err) == (2, True)
    assert "expected at least one ticket with created_at; got none" in err
    assert "as_of" in err


def test_a_page_of_json_is_a_log(tmp_path: Path) -> None:
    LOG.write_json(tmp_path / "log.json")
    one, other = (
        read_log(path, ColumnMap.load(event_map(tmp_path))) for path in (event_log(tmp_path), tmp_path / "log.json")
    )
    for name, table in one.records.tables.items():
        assert table.collect().equals(other.records.tables[name].collect()), name


def test_a_step_that_takes_long_says_what_it_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_PATIENCE", 0.01)
    with cli._announced("counting sheep"):
        time.sleep(0.2)
    with cli._announced("nothing at all"):
        pass
    assert capsys.readouterr().err == "servicequality: counting sheep …\n"
    monkeypatch.setattr(cli, "_PATIENCE", 0.0)
    log = event_log(tmp_path)
    code, out, err = run("demo", "--data", log, "--map", event_map(tmp_path), capsys=capsys)
    assert (code, "Our log" in out) == (0, True)
    assert f"servicequality: reading {log} …" in err
    assert "simulating 50 tickets" in run("demo", "--tickets", 50, capsys=capsys)[2]


def test_no_step_is_announced_after_it_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_PATIENCE", 0.3)
    assert run("check", rows_map(tmp_path), tmp_path / "none.csv", capsys=capsys)[0] == 2
    time.sleep(0.5)
    assert capsys.readouterr().err == ""
