"""Who has how much: tickets by agent with their limits, shares and breadth."""

from datetime import UTC, datetime, timedelta
from math import exp, log

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import chi2

from metrics.oracle import Oracle, agrees, share, value
from servicequality import (
    Records,
    activity_breadth,
    evaluate,
    facts,
    open_per_agent,
    pending_share,
    solved_per_agent,
    utilisation,
)
from servicequality.core import Metric
from servicequality.core.results import RESULT
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


def test_open_tickets_of_each_agent_and_of_nobody() -> None:
    result = eager(open_per_agent(TICKETS, as_of=MONDAY + 3.5 * DAY))
    assert result.select("agent_id", "value", "n", "notes").rows() == [
        ("a", 2.0, 2, None),
        ("b", 0.0, 0, None),  # ended at the instant itself
        ("c", 0.0, 0, None),
        (None, 1.0, 1, "nobody has them"),
    ]
    assert result["expected"].to_list() == [pytest.approx(2 / 3)] * 4
    assert result["low"].to_list() == pytest.approx([chi2.ppf(0.025, 4) / 2, 0, 0, chi2.ppf(0.025, 2) / 2])
    assert result["high"].to_list() == pytest.approx([chi2.ppf(0.975, 2 * k + 2) / 2 for k in (2, 0, 0, 1)])
    assert result.columns == ["agent_id", *RESULT, "expected"]
    by_team = eager(open_per_agent(TICKETS, as_of=MONDAY + 3.5 * DAY, by="team"))
    assert by_team.filter(team="x")["expected"].unique().to_list() == [1.0]
    lazy_is_eager(open_per_agent(TICKETS.lazy(), as_of=MONDAY + 3.5 * DAY, by="team"), by_team)


def test_solved_tickets_and_solved_in_a_paid_hour() -> None:
    window = {"since": MONDAY + DAY, "until": MONDAY + 4 * DAY}
    result = eager(solved_per_agent(TICKETS, **window))
    assert result.select("agent_id", "value", "expected").rows() == [
        ("a", 1.0, 2 / 3),
        ("b", 1.0, 2 / 3),
        ("c", 0.0, 2 / 3),
    ]
    paid = pl.DataFrame(
        {
            "agent_id": ["a", "a", "a", "b", "d"],
            "at": [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + DAY, MONDAY + DAY],
            "paid_seconds": [36_000.0, 14_400.0, 14_400.0, 3_600.0, 3_600.0],
        }
    )
    result = eager(solved_per_agent(TICKETS, **window, agent_time=paid))
    assert result.select("agent_id", "value", "n", "reason", "unit").rows() == [
        ("a", 1 / 8, 1, None, "per paid hour"),  # Monday lies before the window
        ("b", 1.0, 1, None, "per paid hour"),
        ("c", None, 0, "no paid time in the window", "per paid hour"),
        ("d", 0.0, 0, None, "per paid hour"),
    ]
    assert result["expected"][0] == 2 / 10
    assert result["high"][3] == pytest.approx(chi2.ppf(0.975, 2) / 2)
    lazy_is_eager(solved_per_agent(TICKETS.lazy(), **window, agent_time=paid.lazy()), result)


def test_calls_by_agent_that_cannot_be_answered() -> None:
    with pytest.raises(ParameterError, match="since must lie before until"):
        solved_per_agent(TICKETS, since=MONDAY, until=MONDAY)
    with pytest.raises(ParameterError, match="by names 'agent_id', which is the agent's column"):
        open_per_agent(TICKETS, as_of=MONDAY, by="agent_id")
    with pytest.raises(ParameterError, match="agent_time and by do not go together"):
        solved_per_agent(TICKETS, since=MONDAY, until=MONDAY + DAY, by="team", agent_time=Records())
    with pytest.raises(InputError, match="agent_time: expected records with agent_time; got none"):
        solved_per_agent(TICKETS, since=MONDAY, until=MONDAY + DAY, agent_time=Records())
    owed = pl.DataFrame({"agent_id": ["a"], "at": [MONDAY], "paid_seconds": [-1.0]})
    with pytest.raises(InputError, match=r"outside numbers of at least 0: column 'paid_seconds' such as -1\.0"):
        solved_per_agent(TICKETS, since=MONDAY, until=MONDAY + DAY, agent_time=owed)


def test_a_key_of_no_name_is_kept() -> None:
    nobody = pl.DataFrame(schema={"": pl.Categorical, "resolved_at": pl.Datetime("us", "UTC")})
    result = eager(solved_per_agent(nobody, agent="", since=MONDAY, until=MONDAY + DAY))
    assert result.columns[:2] == ["", "metric"]


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
    assert loads["n"].sum() == eager(open_per_agent(rows, as_of=truth.as_of))["n"].sum()
