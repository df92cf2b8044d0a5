"""What each chart draws: the figures of its frame in the reader's units, against plain arithmetic."""

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from report.chart_inputs import AS_OF, START, by_team, csat, desk, halves, links, profile
from servicequality import report, tables
from servicequality.comparison import compare, funnel
from servicequality.stats.survival import kaplan_meier

HOUR = 3600.0


def sets(chart: Any) -> list[list[dict[str, Any]]]:
    """The frames that a chart draws."""
    return [*chart.to_dict(validate=False)["datasets"].values()]


def holding(chart: Any, *columns: str) -> list[dict[str, Any]]:
    """The one frame with these columns, longest first."""
    fitting = [rows for rows in sets(chart) if rows and set(columns) <= rows[0].keys()]
    return max(fitting, key=len)


def subtitle(chart: Any) -> str:
    return " ".join(chart.to_dict(validate=False)["title"]["subtitle"])


def test_groups_stand_by_value_in_the_readers_unit() -> None:
    scores = pl.DataFrame({"team": ["a"] * 4 + ["b"] * 4 + ["c"] * 2, "score": [5, 5, 1, 1, 5, 5, 5, 1, None, None]})
    result = sq.evaluate(scores, csat(), by="team")
    rows = holding(report.group_chart(result), "place")
    assert [(row["name"], row["value"]) for row in rows] == [("b", 75.0), ("a", 50.0), ("c", None)]
    assert [row["low"] for row in rows[:2]] == pytest.approx((100 * result["low"][:2]).to_list()[::-1])
    assert rows[-1]["told"] == "no answers, n=0"
    ordered = result.with_columns(pl.col("team").cast(pl.Enum(["c", "a", "b"])))
    assert [row["name"] for row in holding(report.group_chart(ordered), "place")] == ["a", "b", "c"]


def test_durations_have_one_unit() -> None:
    waits = pl.DataFrame({"team": ["a"] * 3 + ["b"] * 3, "resolution_seconds": [HOUR * k for k in (2, 3, 4, 8, 9, 10)]})
    result = sq.evaluate(waits.with_columns(resolution_observed=True), sq.resolution_time_observed_only(), by="team")
    chart = report.group_chart(result)
    assert [row["value"] for row in holding(chart, "place")] == pytest.approx([9.0, 3.0])
    axes = [layer["encoding"]["x"].get("axis") or {} for layer in chart.to_dict()["layer"]]
    assert {axis["title"] for axis in axes if "title" in axis} == {"hours"}
    assert chart.description.startswith("Resolution time, observed only by team, in hours. b 9")


def test_a_curve_falls_at_ends_and_has_ticks_where_rows_are_open() -> None:
    rows = pl.DataFrame(
        {
            "resolution_seconds": [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR],
            "resolution_observed": [True, True, False, True],
        }
    )
    chart = report.survival_chart(rows, sq.resolution_time(), until=4 * HOUR)
    drawn = holding(chart, "age")
    curve = [(row["age"], row["share"]) for row in drawn if not row["tick"]]
    assert curve == [(0, 100), (1, 75), (2, 50), (3, 50), (4, 0)]
    assert [(row["age"], row["share"]) for row in drawn if row["tick"]] == [(3, 50)]
    limits = kaplan_meier([0, 4], [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR], [1, 1, 0, 1], [0, 0, 1, 0])
    low, high = (getattr(limits.survival_at(2 * HOUR), side)[0] for side in ("low", "high"))
    assert (drawn[2]["low"], drawn[2]["high"]) == pytest.approx((100 * low, 100 * high))
    assert subtitle(chart).startswith("n=4, 1 open; band: 95% limits at each age; ticks: still open")
    assert chart.description.endswith("half have ended within 3.00 h.")


def test_a_long_curve_is_thinned_and_stays_on_the_curve() -> None:
    drawn = holding(report.survival_chart(desk(("a",), 400), sq.resolution_time()), "age")
    curve = [row for row in drawn if not row["tick"]]
    assert len(curve) <= 122
    for row in (curve[30], curve[90]):
        share = sq.resolution_time(limit=86_400 * row["age"]).estimate(desk(("a",), 400))
        assert row["share"] == pytest.approx(100 - 100 * float(share), abs=1e-6)


def test_pending_rows_may_all_fail_or_all_succeed() -> None:
    clocks = pl.DataFrame(
        {
            "outcome": ["met"] * 3 + ["missed"] + ["pending"] * 2,
            "due_at": [AS_OF - dt.timedelta(days=1)] * 4 + [AS_OF + dt.timedelta(days=1)] * 2,
            "elapsed_seconds": [1.0] * 6,
            "target_seconds": [9.0] * 6,
        }
    )
    (row,) = holding(report.attainment_chart(sq.evaluate(clocks, sq.sla_attainment(as_of=AS_OF))), "lowest")
    assert (row["value"], row["lowest"], row["highest"]) == (75, 50, pytest.approx(500 / 6))
    assert row["told"].endswith("n=4, 2 open")


def test_a_scorecard_brings_its_target_and_its_bounds() -> None:
    promise = sq.Objective(sq.resolution_time(limit=2 * 86_400), at_least=0.9, name="in time")
    card = sq.Scorecard([promise]).evaluate(desk(("a",), 60), as_of=AS_OF, at="created_at")
    rows = holding(report.attainment_chart(card), "target")
    assert {row["target"] for row in rows} == {90.0}
    assert [row["told"].rpartition(", ")[2] for row in rows] == card["verdict"].to_list()
    pending = card["n_pending"].to_list()
    expected = [100 * low if count else None for low, count in zip(card["lowest"], pending, strict=True)]
    assert [row["lowest"] for row in rows] == pytest.approx(expected)


def test_the_backlog_steps_from_opening_to_closing() -> None:
    flow = sq.flow(desk(("a", "b"), 30), every="1w", as_of=AS_OF, by="team")
    chart = report.backlog_chart(flow)
    whole = flow.group_by("period", maintain_order=True).agg(pl.col("opening", "inflow", "outflow", "closing").sum())
    steps = holding(chart, "open")
    assert [row["open"] for row in steps] == [*whole["opening"], whole["closing"][-1]]
    bars = holding(chart, "out")
    assert [(row["inflow"], -row["out"]) for row in bars] == list(zip(whole["inflow"], whole["outflow"], strict=True))
    assert "pale: the last period is not over" in subtitle(chart)


def test_hours_are_numbers_too() -> None:
    rows = profile(desk(("a",), 60))
    drawn = holding(report.volume_chart(rows), "told")
    assert len(drawn) == 168
    assert drawn[0]["day"] == "Mon"
    assert [float(row["told"]) for row in drawn] == pytest.approx(rows["value"].to_list(), abs=0.0501)


def test_funnel_limits_are_those_of_each_size() -> None:
    sizes, hits = np.array([40, 90, 160, 250, 400]), np.array([4, 20, 18, 22, 38])
    units = pl.DataFrame({"agent": list("abcde"), "value": hits / sizes, "n": sizes})
    made = funnel(units, by="agent")
    chart = report.funnel_chart(made)
    curve = [row for row in holding(chart, "n", "low", "high") if "name" not in row]
    low = np.interp(sizes, [row["n"] for row in curve], [row["low"] for row in curve])
    high = np.interp(sizes, [row["n"] for row in curve], [row["high"] for row in curve])
    assert low == pytest.approx(100 * made["low"].to_numpy(), abs=0.1)
    assert high == pytest.approx(100 * made["high"].to_numpy(), abs=0.1)
    outside = made.drop_nulls("outside")["agent"].to_list()
    assert f"diamonds: {len(outside)} outside" in subtitle(chart) or "none is outside" in subtitle(chart)


def test_limits_of_a_change_stand_about_what_was_before() -> None:
    changes = compare(*halves(("a",), 80), csat())
    (row,) = holding(report.change_chart(changes), "before")
    (given,) = changes.to_dicts()
    assert (row["before"], row["after"]) == pytest.approx((100 * given["before"], 100 * given["after"]))
    assert row["low"] == pytest.approx(100 * (given["before"] + given["low"]))
    assert row["high"] == pytest.approx(100 * (given["before"] + given["high"]))


def test_causes_add_up() -> None:
    rows = pl.DataFrame({"category": ["a"] * 6 + ["b"] * 3 + ["c"], "created_at": [START] * 10})
    drawn = holding(report.pareto_chart(tables.pareto(rows), most=1), "place")
    assert [(row["name"], row["value"], row["told"]) for row in drawn] == [
        ("a", pytest.approx(60), "60.0% (6), together 60.0%"),
        ("2 more", pytest.approx(40), "40.0% (4)"),
    ]


def test_a_budget_burns_down_from_all_of_it() -> None:
    periods = {"at": [START + dt.timedelta(days=day) for day in range(3)], "bad": [1, 0, 2], "total": [100, 100, 100]}
    chart = report.budget_chart(periods, objective=0.99)
    assert [row["left"] for row in holding(chart, "left")] == pytest.approx([100, 200 / 3, 200 / 3, 0.0])
    assert [row["even"] for row in holding(chart, "even")] == pytest.approx([100, 200 / 3, 100 / 3, 0])
    assert "spent by 2024-01-04 00:00" in subtitle(chart)
    longer = report.budget_chart(periods, objective=0.99, expected=600)
    assert holding(longer, "left")[-1]["left"] == pytest.approx(50)


def test_links_that_are_seen_are_named() -> None:
    rows = links(("x", "y")).with_columns(seen=pl.col("driver") == "y")
    chart = report.lag_chart(rows)
    drawn = holding(chart, "r")
    assert [row["r"] for row in drawn] == pytest.approx(rows["r"].to_list())
    assert [row["seen"] for row in drawn] == rows["seen"].to_list()
    assert "diamonds: 2 links seen" in subtitle(chart)
    assert "y 0 periods earlier, r " in chart.description


def test_a_chart_is_drawn_light_dark_and_as_a_file() -> None:
    chart = report.group_chart(by_team(("a",)))
    assert report.png(chart, scale=1)[1:4] == b"PNG"
    assert report.pdf(chart, theme="dark")[:4] == b"%PDF"
    light, dark, inherit = (report.svg(chart, theme=theme) for theme in ("light", "dark", "inherit"))
    assert "#FFFFFF" in light
    assert "#15181C" in dark
    assert "currentColor" in inherit
    assert "#1A1A1A" not in inherit
    assert "#123456" in report.svg(chart.configure_title(color="#123456"), theme="dark")
