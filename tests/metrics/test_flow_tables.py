"""Throughput and drain time beside plain Python."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import chi2, invgauss

from servicequality import (
    Objective,
    Scorecard,
    compare,
    evaluate,
    facts,
    flow,
    throughput,
    time_to_drain,
)
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


def weeks(rows: pl.DataFrame, as_of: datetime, by: str | tuple[str, ...] = ()) -> pl.DataFrame:
    return eager(flow(rows, every="1w", as_of=as_of, by=by))


def test_throughput_is_what_ends_in_a_week_that_is_over() -> None:
    rows = weeks(tickets((0, 1), (0, 2), (0, 15), (3, None), (16, 40)), MONDAY + 18 * DAY)
    each = evaluate(rows, throughput(), every="1w", at="period")
    assert each.select("period", "value", "n", "n_excluded", "reason").rows() == [
        (MONDAY, 2.0, 1, 0, None),
        (MONDAY + WEEK, 0.0, 1, 0, None),
        (MONDAY + 2 * WEEK, None, 0, 1, "no exposure"),
    ]
    assert each["low"].to_list()[:2] == pytest.approx([chi2.ppf(0.025, 4) / 2, 0])
    assert each["high"].to_list()[:2] == pytest.approx([chi2.ppf(0.975, 2 * k + 2) / 2 for k in (2, 0)])
    assert throughput().estimate(rows).value == 1.0


def test_throughput_adds_up_over_groups_and_in_states() -> None:
    rows, as_of = random_tickets(), MONDAY + 70 * DAY
    whole, parts = weeks(rows, as_of), weeks(rows, as_of, by="team")
    means = evaluate(parts, throughput(), by="team")
    assert means["value"].sum() == pytest.approx(throughput().estimate(whole).value)
    ended = [at for at in rows["resolved_at"] if at is not None and at <= as_of]
    assert throughput().estimate(whole).value == pytest.approx(len(ended) / 10)
    metric = throughput()
    states = [metric.partial(part, by="team") for part in parts.partition_by("period")]
    assert_frame_equal(metric.finish(metric.merge(states)), means)
    card = Scorecard([Objective(metric, at_least=20, by="team")], period="month")
    judged = card.evaluate(parts, at="period", as_of=as_of)
    assert set(judged["verdict"]) <= {"met", "missed", "undecided"}
    slower = compare(whole.head(5), whole.tail(5), [metric])
    assert slower["metric"].to_list() == ["throughput"]


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
    rows = weeks(draining(nets, 60), MONDAY)
    result = evaluate(rows, time_to_drain(), level=0.8).row(0, named=True)
    mean, shape = 60 / np.mean(nets), (60 / np.std(nets, ddof=1)) ** 2
    law = invgauss(mean / shape, scale=shape)
    spans = [law.ppf(q) for q in (0.5, 0.1, 0.9)]
    assert [result[key] / WEEK.total_seconds() for key in ("value", "low", "high")] == pytest.approx(spans)
    assert (result["n"], result["n_eff"], result["notes"], result["method"]) == (
        rows.height,
        8,
        "60 open",
        "inverse gaussian",
    )
    assert time_to_drain().estimate(rows.reverse(), level=0.8).value == result["value"]


def test_queues_that_begin_together_are_one_backlog() -> None:
    rows, as_of = random_tickets(), MONDAY + 70 * DAY
    apart, together = weeks(rows, as_of, by="team"), weeks(rows, as_of)
    assert time_to_drain().estimate(apart).value == time_to_drain().estimate(together).value
    each = evaluate(apart, time_to_drain(), by="team")
    for team, value in each.select("team", "value").rows():
        assert value == time_to_drain().estimate(apart.filter(team=team)).value


def test_an_objective_on_drain_time_reads_the_periods_themselves() -> None:
    rows = weeks(draining([5, 0, 3, 8, 4, 1, 7, 4], 60), MONDAY)
    quarter = evaluate(rows, time_to_drain(), every="1y", at="period")
    assert quarter["value"].to_list()[-1] == pytest.approx(evaluate(rows.tail(9), time_to_drain())["value"][-1])
    card = Scorecard([Objective(time_to_drain(periods=2), at_most=1e9)], period="quarter")
    assert card.evaluate(rows, at="period", as_of=MONDAY + 90 * DAY)["verdict"].len() > 0


def drained(rows: pl.DataFrame, as_of: datetime, periods: int = 8) -> dict[str, Any]:
    return evaluate(weeks(rows, as_of), time_to_drain(periods=periods)).row(0, named=True)


def test_where_no_more_ends_than_comes_there_is_no_drain_time() -> None:
    row = drained(draining([-3, 1, -2, 2], 10), MONDAY, 4)
    assert (row["value"], row["low"], row["reason"]) == (None, None, "no more ends than comes: 0.5 a period stay")
    row = drained(draining([-30, 20, -20, 42], 10), MONDAY, 4)
    assert row["notes"].endswith("; the net outflow is hardly above its own error: it may never drain")
    row = drained(tickets((0, 3), (1, None)), MONDAY + 12 * DAY)
    assert row["reason"] == "fewer than 8 complete periods"
    row = drained(draining([1] * 8, 0), MONDAY)
    assert (row["value"], row["low"], row["high"], row["notes"]) == (0, 0, 0, "0 open")
    row = drained(tickets((0, None)).clear(), MONDAY)
    assert (row["value"], row["reason"]) == (None, "no period")
    with pytest.raises(ParameterError, match="periods is a whole number of at least 2"):
        time_to_drain(periods=1)


# A whole desk, and wrong calls


def test_of_a_log_every_end_counts_also_of_tickets_that_were_reopened() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=2)
    rows = facts(desk, as_of=truth.as_of).collect()
    events, last = flow(desk, every="1w", as_of=truth.as_of), flow(rows, every="1w", as_of=truth.as_of)
    assert (throughput().estimate(events).value or 0) > (throughput().estimate(last).value or 0)
