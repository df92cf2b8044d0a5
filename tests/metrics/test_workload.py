"""Who has how much: tickets by agent with their limits, shares and breadth."""

from datetime import UTC, datetime, timedelta
from math import exp, log

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import chi2

from metrics.oracle import Oracle, agrees, share, value
from servicequality import (
    Objective,
    Scorecard,
    activity_breadth,
    backlog,
    compare,
    evaluate,
    facts,
    open_per_agent,
    pending_share,
    solved_per_agent,
    solved_per_paid_hour,
    utilisation,
)
from servicequality.core import Metric, result_rows
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def eager(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    assert isinstance(table, pl.DataFrame)
    return table


def lazy_is_eager(lazy: pl.DataFrame | pl.LazyFrame, table: pl.DataFrame | pl.LazyFrame) -> None:
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager(table).schema
    assert_frame_equal(lazy.collect(), eager(table))


# Shares

ENDED = ("solved", "resolved", "closed")
ORACLES: list[tuple[Metric, Oracle]] = [
    (
        pending_share(pending=("A",), ended=("b",)),
        lambda rows: share(r["status"] == "a" for r in rows if r["status"] not in ("b", None)),
    ),
    (
        utilisation(),
        lambda rows: sum(a for a, b in timed(rows)) / total if (total := sum(b for _, b in timed(rows))) else None,
    ),
]


def timed(rows: list[dict[str, float | None]]) -> list[tuple[float, float]]:
    pairs = [(r["busy_seconds"], r["paid_seconds"]) for r in rows]
    return [(a, b) for a, b in pairs if a is not None and b is not None]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def test_pending_is_among_the_open_whatever_the_case() -> None:
    states = ["Pending", "open", "hold", "new", "Solved", "closed", None]
    assert value(pending_share(), status=states) == 1 / 4
    assert value(pending_share(pending=("pending", "hold")), status=states) == 2 / 4
    with pytest.raises(ParameterError, match=r"pending must be a tuple of names such as .*; got 'pending'"):
        pending_share(pending="pending")  # type: ignore[arg-type]


def test_nobody_is_busy_for_longer_than_paid() -> None:
    with pytest.raises(InputError, match=r"1 row busy for longer than paid: column .*'busy_seconds' such as 61\.0"):
        value(utilisation(), busy_seconds=[61.0, 3.0], paid_seconds=[60.0, 3.0])


# Tickets by agent

TICKETS = pl.DataFrame(
    {
        "created_at": [MONDAY + i * DAY for i in (0, 0, 1, 2, 3, 4)],
        "resolved_at": [MONDAY + 1 * DAY, None, MONDAY + 4 * DAY, None, MONDAY + 3.5 * DAY, None],
        "agent_id": ["a", "a", "a", None, "b", "c"],
        "team": ["x", "x", "x", "x", "x", "y"],
    }
)


def test_open_tickets_of_each_agent_and_their_mean() -> None:
    metric = open_per_agent(as_of=MONDAY + 3.5 * DAY)
    result = evaluate(TICKETS, metric, by="agent_id")
    assert result.select("agent_id", "value", "n", "n_missing", "reason").rows() == [
        ("a", 2.0, 3, 0, None),
        ("b", 0.0, 1, 0, None),  # ended at the instant itself
        ("c", 0.0, 1, 0, None),
        (None, None, 0, 1, "no ticket has an agent"),
    ]
    assert result["low"].to_list() == [*(pytest.approx(low) for low in (chi2.ppf(0.025, 4) / 2, 0, 0)), None]
    assert result["high"].to_list()[:3] == pytest.approx([chi2.ppf(0.975, 2 * k + 2) / 2 for k in (2, 0, 0)])
    mean = metric.estimate(TICKETS)
    assert (mean.value, mean.low) == (pytest.approx(2 / 3), pytest.approx(chi2.ppf(0.025, 4) / 6))
    assert evaluate(TICKETS, metric, by="team")["value"].to_list() == [1.0, 0.0]
    lazy_is_eager(evaluate(TICKETS.lazy(), metric, by="agent_id"), result)


def test_an_objective_counts_open_tickets_at_each_periods_end() -> None:
    card = Scorecard([Objective(lambda at: open_per_agent(as_of=at), at_most=1, by="agent_id")], period="week")
    rows = card.evaluate(TICKETS.drop_nulls("agent_id"), at="created_at", as_of=MONDAY + 7 * DAY)
    assert rows.select("agent_id", "value", "verdict").rows() == [
        ("a", 1.0, "met"),
        ("b", 0.0, "met"),
        ("c", 1.0, "met"),
    ]


def test_solved_tickets_of_each_agent_and_in_a_paid_hour() -> None:
    solved = evaluate(TICKETS, solved_per_agent(since=MONDAY + DAY, until=MONDAY + 4 * DAY), by="agent_id")
    assert solved.select("agent_id", "value").rows()[:3] == [("a", 1.0), ("b", 1.0), ("c", 0.0)]
    assert solved["high"][2] == pytest.approx(chi2.ppf(0.975, 2) / 2)
    paid = pl.DataFrame({"agent_id": ["a", "b", "d"], "paid_seconds": [28_800.0, 3_600.0, None]})
    rows = solved.select("agent_id", solved="value").cast({"solved": pl.Int64}).join(paid, on="agent_id", how="right")
    hourly = evaluate(rows, solved_per_paid_hour(), by="agent_id")
    assert hourly.select("agent_id", "value", "reason").rows() == [
        ("a", 1 / 8, None),
        ("b", 1.0, None),
        ("d", None, "no exposure"),
    ]
    assert solved_per_paid_hour().estimate(rows).value == 2 / 9
    whole = compare(TICKETS, TICKETS.filter(pl.col("agent_id") != "c"), [solved_per_agent()])
    assert whole["change"].item() == pytest.approx(3 / 2 - 1)


def test_windows_and_hours_that_cannot_be() -> None:
    with pytest.raises(ParameterError, match="since must lie before until"):
        solved_per_agent(since=MONDAY, until=MONDAY)
    with pytest.raises(InputError, match=r"outside numbers of at least 0: column 'paid_seconds' such as -1\.0"):
        solved_per_paid_hour().estimate({"solved": [1], "paid_seconds": [-1.0]})


def test_a_key_of_no_name_is_kept() -> None:
    empty = pl.Series("", ["x"], dtype=pl.Categorical)
    assert result_rows(pl.DataFrame({"": empty}), metric="m", unit="u", value=[1.0], n=1).columns[:2] == ["", "metric"]


# Breadth


def test_breadth_is_the_effective_number_of_kinds() -> None:
    work = pl.DataFrame(
        {
            "agent_id": ["a"] * 4 + ["b"] * 3 + ["c"] * 2 + [None],
            "category": ["x", "x", "y", "z", "x", "x", None, None, None, "y"],
        }
    )
    result = evaluate(work, activity_breadth(), by="agent_id")
    assert result["value"].to_list() == pytest.approx([exp(-(0.5 * log(0.5) + 2 * 0.25 * log(0.25))), 1, None, 1])
    assert result.select("agent_id", "n", "n_missing", "reason").rows() == [
        ("a", 4, 0, None),
        ("b", 2, 1, None),
        ("c", 0, 2, "no activity of a known kind"),
        (None, 1, 0, None),
    ]
    assert result.filter(agent_id="b").select("low", "high").row(0) == (1, None)
    assert activity_breadth().estimate(work).value == pytest.approx(
        exp(-sum(p * log(p) for p in (4 / 7, 2 / 7, 1 / 7)))
    )
    lazy_is_eager(evaluate(work.lazy(), activity_breadth(), by="agent_id"), result)
    assert activity_breadth().estimate(work.clear()).reason == "no activity of a known kind"


# A whole desk


def test_the_generated_desks_kinds_of_work_come_out_as_they_went_in() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=11)
    rows = facts(desk, as_of=truth.as_of).collect()
    breadth = exp(-sum(p * log(p) for p in (0.40, 0.35, 0.18, 0.07)))
    agents = evaluate(rows.filter(pl.col("agent_id").is_not_null()), activity_breadth(), by="agent_id")
    held = agents.select(pl.lit(breadth).is_between("low", "high").mean()).item()
    assert held >= 0.8
    loads = evaluate(rows, pending_share(), by="agent_id")
    assert loads["n"].sum() == backlog(as_of=truth.as_of).estimate(rows).value
