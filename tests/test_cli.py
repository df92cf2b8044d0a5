"""The command line: what it prints, what it answers to a wrong call, and what a poor terminal gets."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from servicequality import catalogue, cli
from servicequality.datasets import service_desk, service_desk_with_truth
from servicequality.events import facts
from servicequality.report.layout import Style
from servicequality.report.simulated import simulated_desk

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def demo() -> str:
    return simulated_desk(2_000, seed=7)


def test_the_demo_has_its_sections_and_fits(demo: str) -> None:
    heads = [line for line in demo.splitlines() if line.startswith("▌")]
    sections = ("Overall", "By channel", "By week", "What came and went", "How to read this")
    assert all(any(word in head for head in heads) for word in sections)
    assert max(map(len, demo.splitlines())) <= 80


def test_the_demo_is_repeatable_and_another_seed_is_another_desk(demo: str) -> None:
    assert simulated_desk(2_000, seed=7) == demo
    assert simulated_desk(2_000, seed=8) != demo


def test_the_demo_shows_the_truth_beside_the_estimates(demo: str) -> None:
    desk, truth = service_desk_with_truth(2_000, seed=7)
    still_open = facts(desk, as_of=truth.as_of).filter(~pl.col("resolution_observed")).collect().height
    resolution = next(line for line in demo.splitlines() if line.startswith("resolution"))
    assert resolution.endswith(f"{truth.resolution_median_seconds / 3600:.0f} h")
    nps = next(line for line in demo.splitlines() if line.startswith("NPS"))
    assert nps.split()[-1] == f"{truth.nps:.0f}"
    message = " ".join(demo.split())
    assert f"true NPS was {truth.nps:.0f}, and the answers give" in message
    assert f"Open tickets were counted. {still_open} tickets had no end yet" in message
    assert "95% limits" in message


def test_the_flow_of_the_demo_adds_up(demo: str) -> None:
    lines = demo.partition("What came and went")[2].partition("How to read")[0].splitlines()
    rows = [[int(cell.replace(",", "")) for cell in line.split()[1:6]] for line in lines if line.startswith("2024-")]
    assert len(rows) == 12
    for opening, created, reopened, ended, closing in rows:
        assert opening + created + reopened - ended == closing
    assert [row[4] for row in rows[:-1]] == [row[0] for row in rows[1:]]


@pytest.mark.parametrize("n_tickets", [1, 2, 30])
def test_a_tiny_desk_has_a_page_too(n_tickets: int) -> None:
    assert "How to read this" in simulated_desk(n_tickets)


def test_demo_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service_desk(300, seed=3).tickets.collect().write_csv(tmp_path / "tickets.csv")
    arguments = ("demo", "--data", str(tmp_path / "tickets.csv"), "--map", str(ROOT / "examples" / "tickets.toml"))
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, err) == (0, "")
    assert "300 tickets" in out
    assert "By channel" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("demo", "--data", "none.csv"), "no file at none.csv"),
        (("demo", "--data", "none.txt"), "expected a file that ends in .csv"),
        (("demo", "--map", "some.toml"), "add --data FILE"),
        (("demo", "--tickets", "0"), "n_tickets must be at least 1"),
        (("demo", "--weeks", "0"), "--weeks must be at least 1"),
        (("catalogue", "zzxxqq"), "nothing close to 'zzxxqq'"),
        (("catalogue", "purple", "banana"), "nothing close to 'purple banana'"),
    ],
)
def test_a_wrong_call_is_two_and_a_message(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_argparse_refuses_with_two_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["dmeo"], ["demo", "--tickets", "many"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 2
    assert "invalid int value: 'many'" in capsys.readouterr().err


def test_catalogue_searches_shows_and_exports(capsys: pytest.CaptureFixture[str]) -> None:
    _, result, _ = run("catalogue", "first", "contact", capsys=capsys)
    assert 'for "first contact"' in result
    assert "first_response_time" in result
    for words in (("nps",), ("NPS",), ("sla", "attainment")):
        _, entry, _ = run("catalogue", *words, capsys=capsys)
        assert "When it lies" in entry
        assert "Why your vendor shows another number" in entry
    _, everything, _ = run("catalogue", capsys=capsys)
    assert all(f"\n{spec.name}  " in everything for spec in catalogue.find(""))
    assert json.loads(run("catalogue", "--json", capsys=capsys)[1])


@pytest.mark.parametrize("spec", catalogue.find(""), ids=lambda spec: spec.name)
def test_every_entry_is_printed_without_latex(spec: object, capsys: pytest.CaptureFixture[str]) -> None:
    _, entry, _ = run("catalogue", spec.name, capsys=capsys)
    assert spec.title in entry
    assert "\\" not in entry
    assert "_parameters" not in entry


def test_version_and_help_are_readable(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, one in ((["--version"], r"servicequality \d"), (["--help"], r"demo +a scorecard")):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 0
        assert re.search(one, capsys.readouterr().out)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_stream_gets_what_it_can_hold(encoding: str, demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline="\n"))
    cli._write(demo, sys.stdout)
    shown = raw.getvalue().decode(encoding)
    assert "?" not in shown.replace("?", "", demo.count("?"))
    assert [len(line) for line in shown.splitlines()] == [len(line) for line in demo.splitlines()]
    assert ("─" in shown) == (encoding == "utf-8")


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli._style() == Style(colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli._style() == Style(colour=False)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli._style() == Style(colour=False)


def test_a_reader_that_leaves_early_makes_no_noise() -> None:
    code = "import sys; from servicequality.cli import main; sys.exit(main(['catalogue', '--json']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
