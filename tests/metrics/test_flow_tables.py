"""Throughput and drain time beside plain Python."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, invgauss

from servicequality import facts, throughput, time_to_drain
from servicequality.core.results import RESULT
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import ParameterError

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


# Throughput


def test_every_week_has_its_count_and_its_limits() -> None:
    rows = tickets((0, 1), (0, 2), (0, 15), (3, None), (16, 40))
    result = eager(throughput(rows, every="1w", as_of=MONDAY + 18 * DAY))
    assert result.select("period", "value", "notes").rows() == [
        (MONDAY, 2.0, None),
        (MONDAY + WEEK, 0.0, None),
        (MONDAY + 2 * WEEK, 1.0, "the period is not over"),
    ]
    assert result["low"].to_list() == pytest.approx([chi2.ppf(0.025, 4) / 2, 0, chi2.ppf(0.025, 2) / 2])
    assert result["high"].to_list() == pytest.approx([chi2.ppf(0.975, 2 * k + 2) / 2 for k in (2, 0, 1)])
    assert result.columns == ["period", *RESULT]


def test_throughput_adds_up_over_groups_and_is_lazy_if_asked_so() -> None:
    rows, as_of = random_tickets(), MONDAY + 70 * DAY
    whole = eager(throughput(rows, every="1w", as_of=as_of))
    parts = throughput(rows.lazy(), every="1w", as_of=as_of, by="team")
    assert isinstance(parts, pl.LazyFrame)
    assert parts.collect_schema() == parts.collect().schema
    summed = parts.collect().group_by("period").agg(pl.col("value").sum()).sort("period")
    assert summed["value"].to_list() == whole["value"].to_list()
    ended = [at for at in rows["resolved_at"] if at is not None and at <= as_of]
    assert whole["value"].sum() == len(ended)


# Drain time


def draining(nets: Sequence[int], backlog: int) -> pl.DataFrame:
    """One team whose weeks end with so many more tickets ended than created."""
    lives: list[tuple[float, float | None]] = [(-7 * 20, None)] * backlog
    for week, net in enumerate(nets):
        middle = 7 * (week - len(nets)) + 3.0
        lives += [(-7 * 21.0, middle)] * max(net, 0) + [(middle, 0.5)] * max(-net, 0)
    return tickets(*lives)


def test_drain_time_is_the_inverse_gaussian_of_the_last_weeks() -> None:
    nets = [5, 0, 3, 8, 4, 1, 7, 4]
    result = eager(time_to_drain(draining(nets, 60), as_of=MONDAY)).row(0, named=True)
    mean, shape = 60 / np.mean(nets), (60 / np.std(nets, ddof=1)) ** 2
    law = invgauss(mean / shape, scale=shape)
    weeks = [law.ppf(q) for q in (0.5, 0.1, 0.9)]
    assert [result[key] / WEEK.total_seconds() for key in ("value", "low", "high")] == pytest.approx(weeks)
    assert (result["n"], result["n_eff"], result["notes"], result["method"]) == (60, 8, None, "inverse gaussian")


def test_where_no_more_ends_than_comes_there_is_no_drain_time() -> None:
    row = eager(time_to_drain(draining([-3, 1, -2, 2], 10), as_of=MONDAY, periods=4)).row(0, named=True)
    assert (row["value"], row["low"], row["reason"]) == (None, None, "no more ends than comes: 0.5 a period stay")
    row = eager(time_to_drain(draining([-30, 20, -20, 42], 10), as_of=MONDAY, periods=4)).row(0, named=True)
    assert row["notes"] == "the net outflow is hardly above its own error: it may never drain"
    row = eager(time_to_drain(tickets((0, 3), (1, None)), as_of=MONDAY + 12 * DAY)).row(0, named=True)
    assert row["reason"] == "fewer than 8 complete periods"
    row = eager(time_to_drain(draining([1] * 8, 0), as_of=MONDAY)).row(0, named=True)
    assert (row["value"], row["low"], row["high"], row["n"]) == (0, 0, 0, 0)
    assert eager(time_to_drain(tickets((0, None)).clear(), as_of=MONDAY))["value"].to_list() == [0]


# A whole desk, and wrong calls


def test_a_log_counts_every_end_also_of_tickets_that_were_reopened() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=2)
    rows = facts(desk, as_of=truth.as_of).collect()
    events = throughput(desk, every="1w", as_of=truth.as_of)
    assert isinstance(events, pl.LazyFrame)
    assert events.collect()["value"].sum() > eager(throughput(rows, every="1w", as_of=truth.as_of))["value"].sum()


def test_one_period_has_no_spread() -> None:
    with pytest.raises(ParameterError, match="periods is a whole number of at least 2"):
        time_to_drain(tickets((0, 1)), as_of=MONDAY, periods=1)
