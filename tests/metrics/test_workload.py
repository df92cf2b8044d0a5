"""Who has how much: tickets by agent with their limits, shares, breadth, and causes beside plain Python."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import exp, log

import numpy as np
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
    pareto,
    pending_share,
    solved_per_agent,
    solved_per_paid_hour,
    utilisation,
)
from servicequality.core import Metric, result_rows
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.stats import newcombe, wilson

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


# Causes


def causes(seed: int = 1, n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "category": rng.choice(["billing", "login", "bug", "other"], n, p=[0.5, 0.3, 0.15, 0.05]).tolist(),
            "created_at": [MONDAY + float(day) * DAY for day in rng.uniform(0, 30, n)],
            "handle_seconds": rng.lognormal(5, 1, n).tolist(),
        }
    )


NOW = {"since": MONDAY + 20 * DAY, "until": MONDAY + 30 * DAY}
BEFORE = (MONDAY, MONDAY + 20 * DAY)


def test_pareto_beside_counters() -> None:
    rows = causes()
    result = eager(pareto(rows, **NOW, before=BEFORE))
    now = Counter(r["category"] for r in rows.to_dicts() if NOW["since"] <= r["created_at"] < NOW["until"])
    then = Counter(r["category"] for r in rows.to_dicts() if BEFORE[0] <= r["created_at"] < BEFORE[1])
    n, m, so_far = now.total(), then.total(), 0
    assert result.columns[:2] == ["rank", "category"]
    for place, ((cause, count), row) in enumerate(zip(now.most_common(), result.to_dicts(), strict=True)):
        so_far += count
        assert (row["rank"], row["category"], row["count"], row["n"]) == (place + 1, cause, count, n)
        assert (row["value"], row["cumulative"]) == (pytest.approx(count / n), pytest.approx(so_far / n))
        assert (row["low"], row["high"]) == pytest.approx(tuple(map(float, wilson(count, n))))
        assert (row["count_before"], row["share_before"]) == (then[cause], pytest.approx(then[cause] / m))
        assert row["change"] == pytest.approx(count / n - then[cause] / m)
        assert (row["change_low"], row["change_high"]) == pytest.approx(
            tuple(map(float, newcombe(count, n, then[cause], m)))
        )
        assert row["times"] == pytest.approx(2 * count / then[cause])  # twenty days before, ten now
        assert row["times_low"] < row["times"] < row["times_high"]
    lazy_is_eager(pareto(rows.lazy(), **NOW, before=BEFORE), result)


def test_a_cause_that_is_new_one_that_is_gone_and_tickets_without_one() -> None:
    rows = pl.DataFrame(
        {
            "category": ["new", "new", "old", "both", "both", None, None],
            "created_at": [MONDAY + day * DAY for day in (2, 2, 0, 0, 2, 2, 9)],
        }
    )
    result = eager(pareto(rows, since=MONDAY + DAY, until=MONDAY + 3 * DAY, before=(MONDAY, MONDAY + DAY)))
    assert result.select("rank", "category", "count", "count_before", "times", "n", "n_missing").rows() == [
        (1, "new", 2, 0, None, 3, 1),
        (2, "both", 1, 1, 0.5, 3, 1),
        (3, "old", 0, 1, 0.0, 3, 1),
    ]
    assert result.filter(category="new").select(pl.col("times_low") > 0, pl.col("times_high").is_null()).row(0) == (
        True,
        True,
    )
    alone = eager(pareto(rows))
    assert alone.select("category", "count").rows() == [("both", 2), ("new", 2), ("old", 1)]
    assert alone.select("count_before", "change", "times").null_count().row(0) == (3, 3, 3)
    assert eager(pareto(rows.clear())).height == 0
    nothing = eager(pareto(rows, since=MONDAY + 20 * DAY, until=MONDAY + 30 * DAY, before=BEFORE))
    assert nothing["reason"].unique().to_list() == ["no ticket with a cause in the period"]


def test_causes_by_weight() -> None:
    rows = causes().with_row_index().with_columns(handle_seconds=pl.when(pl.col("index") > 2).then("handle_seconds"))
    result = eager(pareto(rows, weight="handle_seconds"))
    sums: Counter[str] = Counter()
    for row in rows.to_dicts():
        sums[row["category"]] += row["handle_seconds"] or 0
    assert result["category"].to_list() == [cause for cause, _ in sums.most_common()]
    assert result["value"].to_list() == pytest.approx([amount / sums.total() for _, amount in sums.most_common()])
    weighted = rows["handle_seconds"].drop_nulls()
    assert result["n_eff"][0] == pytest.approx(weighted.sum() ** 2 / (weighted**2).sum())
    assert result.select("n", "n_missing").row(0) == (397, 3)
    same = eager(pareto(rows.with_columns(handle_seconds=pl.lit(3.0)), weight="handle_seconds", **NOW, before=BEFORE))
    assert_frame_equal(same, eager(pareto(rows, **NOW, before=BEFORE)))
    with pytest.raises(InputError, match=r"1 row outside numbers of at least 0: column 'handle_seconds' such as -2\.0"):
        pareto(
            rows.with_columns(handle_seconds=pl.when(pl.col("index") != 3).then("handle_seconds").otherwise(-2.0)),
            weight="handle_seconds",
        )


def test_periods_that_cannot_be() -> None:
    rows = causes(n=5)
    with pytest.raises(ParameterError, match="before must be over when the period begins"):
        pareto(rows, **NOW, before=(MONDAY, MONDAY + 25 * DAY))
    with pytest.raises(ParameterError, match="before is a pair of instants"):
        pareto(rows, before=MONDAY)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="since must lie before until"):
        pareto(rows, since=MONDAY, until=MONDAY - DAY)


def test_the_generated_desks_causes_come_out_as_they_went_in() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=11)
    rows = facts(desk, as_of=truth.as_of).collect()
    result = eager(pareto(rows))
    true = {"question": 0.40, "problem": 0.35, "request": 0.18, "complaint": 0.07}
    assert result["category"].to_list() == list(true)
    inside = [row["low"] <= true[row["category"]] <= row["high"] for row in result.to_dicts()]
    assert sum(inside) >= 3
    breadth = exp(-sum(p * log(p) for p in true.values()))
    agents = evaluate(rows.filter(pl.col("agent_id").is_not_null()), activity_breadth(), by="agent_id")
    held = agents.select(pl.lit(breadth).is_between("low", "high").mean()).item()
    assert held >= 0.8
    loads = evaluate(rows, pending_share(), by="agent_id")
    assert loads["n"].sum() == backlog(as_of=truth.as_of).estimate(rows).value
