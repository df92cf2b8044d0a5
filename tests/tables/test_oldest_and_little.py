"""The oldest tickets and Little's law beside plain Python, on small and real logs."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import backlog_age, evaluate, facts
from servicequality.core.results import RESULT
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.tables import littles_law, oldest_open

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def eager(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    assert isinstance(table, pl.DataFrame)
    return table


def tickets(*lives: tuple[float, float | None], team: str | None = "a") -> pl.DataFrame:
    """Tickets that are created and end so many days after a Monday."""
    return pl.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(len(lives))],
            "created_at": [MONDAY + came * DAY for came, _ in lives],
            "resolved_at": [None if went is None else MONDAY + went * DAY for _, went in lives],
            "team": pl.Series([team] * len(lives), dtype=pl.String),
        },
        schema_overrides={"resolved_at": pl.Datetime("us", "UTC")},
    )


def random_tickets(n: int = 300, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    came = np.sort(rng.uniform(0, 70, n))
    went = came + rng.exponential(4, n)
    lives = [(a, b if rng.random() < 0.95 else None) for a, b in zip(came.tolist(), went.tolist(), strict=True)]
    teams = pl.Series("team", rng.choice(["a", "b"], n).tolist())
    return tickets(*lives).with_columns(teams)


def test_the_oldest_are_named_by_group_and_ties_have_an_order() -> None:
    rows = pl.concat(
        [
            tickets((0, 3), (1, None), (2, 9), (4, None), (4, None), (6, None)),
            tickets((0, 1), team="b").with_columns(ticket_id=pl.lit("x")),
            tickets((2, None), team=None).with_columns(ticket_id=pl.lit("y")),
        ]
    )
    result = eager(oldest_open(rows.reverse(), as_of=MONDAY + 5 * DAY, by="team", top=3))
    day = 86_400.0
    assert result.select("team", "rank", "value", "n", "ticket_id", "reason").rows() == [
        ("a", 1, 4 * day, 4, "t1", None),
        ("a", 2, 3 * day, 4, "t2", None),
        ("a", 3, day, 4, "t3", None),  # t4 is as old
        ("b", 1, None, 0, None, "nothing is open"),
        (None, 1, 3 * day, 1, "y", None),
    ]
    assert result.columns == ["team", "rank", *RESULT, "ticket_id"]


def test_the_oldest_of_all_and_of_nothing() -> None:
    rows = tickets((0, 3), (1, None))
    assert eager(oldest_open(rows, as_of=MONDAY + DAY)).select("ticket_id", "value", "n").row(0) == ("t0", 86_400.0, 2)
    nothing = eager(oldest_open(rows.clear(), as_of=MONDAY))
    assert nothing.select("rank", "value", "n", "reason").row(0) == (1, None, 0, "nothing is open")
    lazy = oldest_open(rows.lazy(), as_of=MONDAY + DAY, by="team")
    assert isinstance(lazy, pl.LazyFrame)
    again = eager(oldest_open(rows, as_of=MONDAY + DAY, by="team"))
    assert_frame_equal(lazy.collect(), again)
    assert lazy.collect_schema() == again.schema


def test_the_law_by_hand() -> None:
    rows = tickets((-2, 1), (0, 2), (1, 5), (3, None), (-5, -1), (9, 10))
    result = eager(littles_law(rows, since=MONDAY, until=MONDAY + 4 * DAY))
    by_name = {row["metric"]: row for row in result.to_dicts()}
    assert by_name["mean_open"]["value"] == (1 + 2 + 3 + 1) / 4
    assert by_name["mean_open"]["notes"] == "open at the start 1, at the end 2"
    arrivals = by_name["arrivals_per_day"]
    assert (arrivals["value"], arrivals["n"]) == (3 / 4, 3)  # who came at the start came in the window
    assert (by_name["mean_time"]["value"], by_name["mean_time"]["unit"]) == (2.5 * 86_400, "s")
    assert by_name["mean_time"]["high"] == pytest.approx((2.5 + 12.706204736 * math.sqrt(0.5 / 2)) * 86_400)
    assert by_name["arrivals_times_time"]["value"] == 0.75 * 2.5
    assert by_name["law_ratio"]["value"] == (7 / 4) / (0.75 * 2.5)


def test_the_law_counts_in_a_window_that_is_open_at_its_end() -> None:
    rows = tickets((0, 4), (1, 2), (4, 6), (-3, 0))
    whole = eager(littles_law(rows, since=MONDAY, until=MONDAY + 4 * DAY)).to_dicts()
    n = {row["metric"]: row["n"] for row in whole}
    assert (n["arrivals_per_day"], n["mean_time"]) == (2, 2)  # came at 0 and 1, ended at 0 and 2
    assert whole[0]["notes"] == "open at the start 1, at the end 1"
    halves = [eager(littles_law(rows, since=MONDAY + a * DAY, until=MONDAY + (a + 2) * DAY)) for a in (0, 2)]
    for metric in ("arrivals_per_day", "mean_time"):
        assert sum(half.filter(metric=metric)["n"].item() for half in halves) == n[metric]


def test_a_steady_desk_obeys_the_law_and_a_growing_one_does_not() -> None:
    lives: list[tuple[float, float | None]] = [(i / 10, i / 10 + 2 + i % 3) for i in range(2_000)]
    result = eager(littles_law(tickets(*lives), since=MONDAY + 20 * DAY, until=MONDAY + 180 * DAY))
    assert result.filter(metric="law_ratio")["value"].item() == pytest.approx(1, abs=0.01)
    growing: list[tuple[float, float | None]] = [(i / 10, None if i % 2 else i / 10 + 2) for i in range(2_000)]
    result = eager(littles_law(tickets(*growing), since=MONDAY + 20 * DAY, until=MONDAY + 180 * DAY))
    assert result.filter(metric="law_ratio")["value"].item() > 3


def test_the_law_by_group_and_over_an_empty_window() -> None:
    rows = random_tickets()
    whole = eager(littles_law(rows, since=MONDAY + 7 * DAY, until=MONDAY + 60 * DAY))
    parts = littles_law(rows.lazy(), since=MONDAY + 7 * DAY, until=MONDAY + 60 * DAY, by="team")
    assert isinstance(parts, pl.LazyFrame)
    for name in ("mean_open", "arrivals_per_day"):
        added = parts.collect().filter(metric=name)["value"].sum()
        assert added == pytest.approx(whole.filter(metric=name)["value"].item())
    empty = eager(littles_law(rows, since=MONDAY - 9 * DAY, until=MONDAY - 2 * DAY))
    assert empty.filter(metric="mean_open")["value"].item() == 0
    assert empty.filter(metric="mean_time")["reason"].item() == "no ticket ended in the window"
    assert "nothing arrived" in empty.filter(metric="law_ratio")["reason"].item()


def test_windows_reversed_and_instants_without_a_zone() -> None:
    rows = tickets((0, 1))
    with pytest.raises(ParameterError, match="since must lie before until, got 2026-03-02"):
        littles_law(rows, since=MONDAY, until=MONDAY)
    with pytest.raises(ParameterError, match="as_of must be a datetime with a time zone"):
        oldest_open(rows, as_of=MONDAY.replace(tzinfo=None))
    with pytest.raises(ParameterError, match="top is a whole number of tickets, 1 or more; got 0"):
        oldest_open(rows, as_of=MONDAY, top=0)


def test_tickets_that_end_before_they_begin() -> None:
    rows = tickets((0, 1), (3, 2))
    with pytest.raises(InputError, match="1 row with 'resolved_at' before 'created_at'"):
        littles_law(rows, since=MONDAY, until=MONDAY + DAY)
    with pytest.raises(InputError, match=r"oldest_open: no column 'resolved_at' \(did you mean"):
        oldest_open(rows.rename({"resolved_at": "resolved"}), as_of=MONDAY)


@pytest.fixture(scope="module")
def incidents(data_dir: Path) -> pl.DataFrame:
    def stamp(column: str) -> pl.Expr:
        return pl.col(column).replace("?", None).str.to_datetime("%d/%m/%Y %H:%M", time_unit="us", time_zone="UTC")

    log = pl.scan_parquet(data_dir / "servicenow_incident_events.parquet")
    last = log.group_by("number", maintain_order=True).last()
    return last.select("number", "priority", stamp("opened_at"), stamp("closed_at")).collect()


@pytest.mark.parametrize("day", ["2016-04-01", "2016-05-01"])
def test_the_backlog_of_a_real_log_is_the_published_one(incidents: pl.DataFrame, data_dir: Path, day: str) -> None:
    expected: Any = json.loads((data_dir / "expected.json").read_text(encoding="utf-8"))
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    still = {"2016-04-01": 3_353, "2016-05-01": 2_962}[day]
    assert still in expected["servicenow"]["backlog_not_closed"].values()
    stamps = ("opened_at", "closed_at")
    row = evaluate(incidents, backlog_age(*stamps, as_of=at)).row(0, named=True)
    opened = incidents.filter(pl.col("opened_at") <= at, pl.col("closed_at").is_null() | (pl.col("closed_at") > at))
    assert (row["n"], opened.height) == (still, still)
    assert row["value"] == (at - opened["opened_at"]).median().total_seconds()  # type: ignore[union-attr]
    oldest = eager(oldest_open(incidents, *stamps, "number", as_of=at)).row(0, named=True)
    assert (oldest["n"], oldest["value"]) == (still, (at - min(opened["opened_at"])).total_seconds())
    law = eager(littles_law(incidents, *stamps, since=at - 14 * DAY, until=at))
    left = incidents.filter(pl.col("opened_at") < at, pl.col("closed_at").is_null() | (pl.col("closed_at") >= at))
    assert law["notes"][0].endswith(f"at the end {left.height}")


def test_the_generated_desk_is_steady_over_its_half_year() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=2)
    rows = facts(desk, as_of=truth.as_of).collect()
    law = eager(littles_law(rows, since=truth.as_of - 20 * WEEK, until=truth.as_of))
    assert law.filter(metric="law_ratio")["value"].item() == pytest.approx(1, abs=0.05)
