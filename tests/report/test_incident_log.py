"""The map of a real incident log gives the figures that two other programs computed from it."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from servicequality.core import evaluate
from servicequality.report import mapped
from servicequality.report.column_map import ColumnMap
from servicequality.report.log_files import read_log

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "examples" / "servicenow.toml"


@pytest.fixture(scope="module")
def log_file(data_dir: Path) -> Path:
    path = data_dir / "servicenow_incident_events.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


@pytest.fixture(scope="module")
def expected(data_dir: Path) -> dict:
    return json.loads((data_dir / "expected.json").read_text(encoding="utf-8"))["servicenow"]


@pytest.fixture(scope="module")
def log(log_file: Path) -> mapped.Log:
    return read_log(log_file, ColumnMap.load(MAP))


def test_the_logs_own_verdict_overall_and_by_priority(log: mapped.Log, expected: dict) -> None:
    how = ColumnMap.load(MAP)
    frames = mapped.frames_of(log, how)
    met = [metric for metric in mapped._scorecard(log, how, frames) if metric.name == "SLA met"]
    whole = evaluate(frames, met).row(0, named=True)
    assert whole["n"] == expected["sla_total"]
    assert 100 * whole["value"] == pytest.approx(expected["sla_pct"], abs=1e-8)
    for row in evaluate(frames, met, by="priority").to_dicts():
        hits, n = expected["sla_by_priority"][row["priority"]]
        assert (round(row["value"] * row["n"]), row["n"]) == (hits, n)


def test_resolution_by_each_definition(log: mapped.Log, expected: dict) -> None:
    table = mapped._resolutions(log, ColumnMap.load(MAP))
    hours = {
        (row["resolution by"], row["metric"]): row["value"] / (1 if row["metric"] == "tickets" else 3_600)
        for row in table.to_dicts()
    }
    own = expected["ttr_open_to_resolved_h"]
    assert hours["resolved stamp alone", "tickets"] == own["n"]
    assert hours["resolved stamp alone", "median"] == pytest.approx(own["median"])
    assert hours["resolved stamp alone", "p90"] == pytest.approx(own["p90"])
    assert hours["resolved stamp, else closed", "median"] == pytest.approx(25.75)
    assert hours["resolved stamp, else closed", "tickets"] == expected["incidents"]


def test_open_tickets_and_reopenings(log: mapped.Log, expected: dict) -> None:
    counts = mapped._open(log, ColumnMap.load(MAP))
    assert counts["not closed"].to_list() == list(expected["backlog_not_closed"].values())
    assert counts["not resolved"].to_list() == list(expected["backlog_not_resolved"].values())
    tickets = mapped.frames_of(log, ColumnMap.load(MAP))["ticket"]
    assert (tickets["reopen_count"] > 0).sum() == expected["reopened_incidents"]
    assert tickets["reopen_count"].sum() == expected["reopen_events_total"]


def test_the_page_shows_them(log_file: Path, expected: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = mapped.mapped_log(log_file)  # the map is found by its columns
    assert max(map(len, page.splitlines())) <= 80
    by_month = dict(re.findall(r"^(20\d\d-\d\d) +([\d,]+)", page, flags=re.MULTILINE))
    assert {month: int(count.replace(",", "")) for month, count in by_month.items()} == expected["opened_by_month"]
    for text in (
        "141,712 rows of 24,918 tickets",
        "63.4%",
        "22.1",
        "25.8",
        "3,353",
        "2,962",
        "2,044",
        "1.9",
        "275",
        "331",
    ):
        assert text in page


def test_as_csv_it_reads_the_same(log_file: Path, log: mapped.Log, tmp_path: Path) -> None:
    pl.read_parquet(log_file).head(5_000).write_csv(tmp_path / "log.csv")
    pl.read_parquet(log_file).head(5_000).write_parquet(tmp_path / "log.parquet")
    assert mapped.mapped_log(tmp_path / "log.csv", MAP) == mapped.mapped_log(tmp_path / "log.parquet", MAP)
