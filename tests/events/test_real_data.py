"""Figures of real exports, worked out twice without this library, in `expected.json` beside the data."""

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from servicequality.events import check, facts, status_times
from servicequality.model import Records

LONG_AFTER = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
AWAITING = ("Awaiting User Info", "Awaiting Vendor", "Awaiting Problem", "Awaiting Evidence")


@pytest.fixture(scope="module")
def expected(data_dir: Path) -> Any:
    return json.loads((data_dir / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def log(data_dir: Path) -> pl.DataFrame:
    def stamp(column: str) -> pl.Expr:
        known = pl.col(column).replace("?", None)
        return known.str.to_datetime("%d/%m/%Y %H:%M", time_unit="us", time_zone="UTC").alias(column)

    table = pl.read_parquet(data_dir / "servicenow_incident_events.parquet")
    return table.with_columns(stamp(name) for name in ("opened_at", "sys_updated_at", "resolved_at", "closed_at"))


def servicenow(log: pl.DataFrame, *, in_order_of_file: bool = True) -> Records:
    """Incidents and their states; -100 is the export's mark of a missing state.

    The usable order of this log is that of the file: in one incident an update's clock steps back, and is held there.
    """
    updated = pl.col("sys_updated_at")
    at = updated.cum_max().over("number") if in_order_of_file else updated
    incidents = log.group_by("number", maintain_order=True).last()
    return Records(
        tickets=incidents.select("number", "opened_at", "resolved_at", "closed_at", "priority"),
        changes=log.select("number", at.alias("at"), field=pl.lit("status"), value="incident_state").filter(
            pl.col("value") != "-100"
        ),
        columns={"tickets": {"ticket_id": "number", "created_at": "opened_at"}, "changes": {"ticket_id": "number"}},
    )


def test_servicenow_reopenings_both_ways(log: pl.DataFrame, expected: Any) -> None:
    figures = expected["servicenow"]
    reopened = facts(servicenow(log), as_of=LONG_AFTER).collect()["reopen_count"]
    counted = (reopened > 0).sum(), reopened.sum()
    assert counted == (figures["reopened_incidents"], figures["reopen_events_total"]) == (275, 331)
    assert counted == tuple(figures["reopen_from_state_changes"].values())
    # The clock that steps back, taken at its word, makes one more.
    believed = facts(servicenow(log, in_order_of_file=False), as_of=LONG_AFTER).collect()["reopen_count"]
    assert ((believed > 0).sum(), believed.sum()) == (276, 332)


def test_servicenow_hold(log: pl.DataFrame, expected: Any) -> None:
    figures = expected["servicenow"]["awaiting_segments"]
    records = servicenow(log)
    held = facts(records, as_of=LONG_AFTER, paused=AWAITING).collect()["hold_seconds"]
    assert held.sum() / 3600 == pytest.approx(figures["hours"], abs=1e-6) == pytest.approx(1_606_612.85)
    assert (held > 0).sum() <= figures["incidents"]
    segments = status_times(records, as_of=LONG_AFTER).collect().filter(pl.col("status").str.starts_with("awaiting"))
    assert segments["entries"].sum() == figures["n"] == 15_848
    assert segments["seconds"].sum() / 3600 == pytest.approx(figures["hours"], abs=1e-6)
    assert segments["ticket_id"].n_unique() == figures["incidents"]


def test_servicenow_first_action_and_the_two_that_precede_their_incident(log: pl.DataFrame, expected: Any) -> None:
    figures = expected["servicenow"]["first_action_h"]
    records = servicenow(log)
    table = facts(records, as_of=LONG_AFTER).collect()
    assert table["first_action_seconds"].median() == pytest.approx(figures["median"] * 3600)
    reversed_ = table.filter(pl.col("first_action_reason") == "it lies before the start")
    assert reversed_.height == figures["negative"] == 2
    signed = table.select((pl.col("first_action_at") - pl.col("created_at")).dt.total_seconds() / 3600).to_series()
    assert (signed.len(), signed.min(), signed.mean()) == (figures["n"], figures["min"], pytest.approx(figures["mean"]))
    verdict = check(records, as_of=LONG_AFTER, paused=AWAITING, running=("new", "active"))
    early = verdict.frame.filter(pl.col("finding") == "before its ticket was created", pl.col("table") == "changes")
    assert early["count"].item() > 0
    assert verdict.broken_laws.is_empty()
    assert verdict.frame.filter(pl.col("finding") == "status in no set, so it runs")["count"].item() == 0


def test_servicenow_resolution_from_stamps(log: pl.DataFrame, expected: Any) -> None:
    stamps = Records(tickets=servicenow(log).tickets)
    table = facts(stamps, as_of=LONG_AFTER).collect()
    # The rule for an incident that was closed without ever being resolved moves the median from 22.1 to 25.75 hours.
    assert table["resolution_seconds"].median() == pytest.approx(25.75 * 3600)
    for day, still_open in expected["servicenow"]["backlog_not_resolved"].items():
        at = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
        assert facts(stamps, as_of=at).collect()["resolution_observed"].not_().sum() == still_open


def test_github_first_response_by_another_person(data_dir: Path, expected: Any) -> None:
    figures = expected["github_issues"]["first_response_h"]
    issues = json.loads(gzip.decompress((data_dir / "github_issues_tls13-spec.json.gz").read_bytes()))["issues"]
    records = Records(
        tickets=[
            {"ticket_id": issue["number"], "created_at": issue["createdAt"], "closed_at": issue["closedAt"]}
            | {"requester_id": issue["author"], "opened_by": "customer"}
            for issue in issues
        ],
        responses=[
            {"ticket_id": issue["number"], "at": comment["createdAt"], "author_id": comment["author"]}
            | {"author": "customer" if comment["author"] == issue["author"] else "agent"}
            for issue in issues
            for comment in issue["comments"]
        ],
    )
    verdict = check(records)
    suspects = verdict.frame.filter(pl.col("finding") == "account whose replies look automated")
    assert suspects.select("count", "of").unique().rows() == [(0, 7)]  # seven people with 20 comments or more
    table = facts(records, as_of=LONG_AFTER).collect()
    answered = table.filter("first_response_observed")
    assert answered.height == figures["n"] == 272
    hours = answered["first_response_seconds"] / 3600
    assert hours.median() == pytest.approx(figures["median"]) == pytest.approx(17.0681, abs=5e-5)
    assert hours.mean() == pytest.approx(figures["mean"])
    # The figure for all 446: every other issue ended without an answer, a competing end, so half have one only by then.
    silent = table.filter(pl.col("first_response_end") == "ended_without")
    assert silent.height == expected["github_issues"]["no_response_by_others"] == table.height - 272
    assert table["first_response_end"].value_counts().sort("count")["count"].to_list() == [174, 272]
    times = sorted(
        min(
            (
                dt.datetime.fromisoformat(comment["createdAt"]) - dt.datetime.fromisoformat(issue["createdAt"])
                for comment in issue["comments"]
                if comment["author"] != issue["author"]
            ),
            default=dt.timedelta.max,
        )
        for issue in issues
    )
    half = answered["first_response_seconds"].sort()[table.height // 2 - 1]
    assert half == times[table.height // 2 - 1].total_seconds()
    assert half / 3600 > 60 * hours.median()
