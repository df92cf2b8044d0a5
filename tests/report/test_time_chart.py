"""The chart over time: what it draws of results and of control charts, and what it refuses."""

import sys
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from servicequality import detractors, evaluate, nps
from servicequality.control import p_chart, xmr
from servicequality.errors import InputError, ParameterError
from servicequality.report import svg, time_chart

MONDAY = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))
GAP = 7  # a week without answers
SCORES = [[9, 10, 2, 7], [10, 10, 9, 3], [1, 2, 8, 9]]
ANSWERS = pl.DataFrame(
    [
        {"at": MONDAY + timedelta(weeks=week), "team": team, "score": score}
        for week in range(20)
        if week != GAP
        for team in "ab"
        for score in ([0, 0, 0, 0] if week == 15 else SCORES[(week + (team == "a")) % 3])
    ]
    + [{"at": None, "team": "a", "score": 9}]
)
METRICS = [nps(), detractors()]
WEEKLY = evaluate(ANSWERS, METRICS, every="1w", at="at")


def points(chart: Any) -> list[dict[str, Any]]:
    """The rows that a chart draws, with nothing else."""
    (rows,) = chart.to_dict()["datasets"].values()
    return rows


def marks(chart: Any) -> list[str]:
    content = chart.to_dict()
    return [layer["mark"]["type"] for layer in content.get("spec", content)["layer"]]


def subtitle(chart: Any) -> str:
    return " ".join(chart.to_dict()["title"]["subtitle"])


def test_a_result_is_drawn_with_its_limits_and_its_gap() -> None:
    chart = time_chart(WEEKLY, metric="nps", every="1w")
    drawn = points(chart)
    expected = WEEKLY.filter(pl.col("period").is_not_null(), metric="nps")
    assert len(drawn) == len(expected) + 1 == 20
    assert [row["value"] for row in drawn if row["value"] is not None] == pytest.approx(expected["value"].to_list())
    for side in ("low", "high"):
        assert [row[side] for row in drawn if row["value"] is not None] == pytest.approx(expected[side].to_list())
    assert drawn[GAP]["value"] is None
    assert [row["servicequality_at"] for row in drawn[:2]] == ["2026-03-02T00:00:00", "2026-03-09T00:00:00"]
    assert marks(chart) == ["area", "rule", "line", "point", "point", "text"]
    assert (
        subtitle(chart)
        == "band: 95% confidence intervals; n=8 a point; ×: 1 without a value; 1 figure of rows without a time set aside"
    )
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["axis"]["title"] == "points"
    assert "NPS" in svg(chart)


def test_a_control_chart_shows_its_signals() -> None:
    table = xmr(WEEKLY, metric="nps", every="1w", baseline=12)
    chart = time_chart(table)
    drawn = points(chart)
    assert [row["signal"] for row in drawn] == table["signal"].to_list()
    assert [row["signal"] for row in drawn if row["signal"]] == ["below"]
    assert [row["centre"] for row in drawn] == pytest.approx(table["centre"].to_list())
    assert marks(chart) == ["line", "line", "line", "line", "point", "point", "text", "text", "text"]
    assert subtitle(chart) == (
        "dashed: limits of chance; diamonds: signals (1 below); ×: 1 without a value; 1 figure of rows without a time set aside"
    )
    drawn_text = svg(chart)
    assert "#D55E00" in drawn_text  # the colour of a signal, and its name
    assert ">below</text>" in drawn_text
    shares = time_chart(p_chart(WEEKLY, metric="detractors", baseline=12), unit="share")
    assert "#D55E00" in svg(shares)
    assert all(0 <= row["value"] <= 100 for row in points(shares) if row["value"] is not None)


def test_each_group_has_a_panel() -> None:
    teams = evaluate(ANSWERS, METRICS, by="team", every="1w", at="at")
    both = time_chart(teams, by=["team", "metric"])
    assert {row["servicequality_group"] for row in points(both)} == {
        "a, nps",
        "a, detractors",
        "b, nps",
        "b, detractors",
    }
    assert both.to_dict()["resolve"] == {"scale": {"y": "independent"}}
    assert "a, detractors" in svg(both)
    charts = xmr(teams, metric="nps", by="team", baseline=12)
    groups = [row["servicequality_group"] for row in points(time_chart(charts, by="team"))]
    assert groups == charts["team"].to_list()
    for given in (WEEKLY.lazy(), WEEKLY.to_dicts(), WEEKLY.to_pandas()):
        assert len(points(time_chart(given, by="metric"))) == 38


def test_points_that_wait_for_rows_are_rings() -> None:
    waiting = WEEKLY.with_columns(n_pending=pl.when(pl.int_range(pl.len()) > 30).then(3))
    assert "rings: rows are still open" in subtitle(time_chart(waiting, metric="nps"))
    assert "rings" not in subtitle(time_chart(WEEKLY, metric="nps"))


def test_dates_are_drawn_too() -> None:
    dated = WEEKLY.with_columns(pl.col("period").dt.date())
    assert points(time_chart(dated, metric="nps"))[0]["servicequality_at"] == "2026-03-02T00:00:00"


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (WEEKLY, {}, "the series holds several metrics, 'nps', 'detractors': name one with metric="),
        (WEEKLY, {"metric": "npss"}, r"the series has no metric 'npss' \(did you mean 'nps'\?\)"),
        (
            evaluate(ANSWERS, nps(), by="team", every="1w", at="at"),
            {},
            "name the columns that distinguish them, 'team'",
        ),
        (evaluate(ANSWERS, nps()), {}, "column 'period': no row has a time"),
        (WEEKLY.select("period"), {}, "time_chart: no column 'value', 'low', 'high'"),
        (WEEKLY.clear(), {}, "nothing to draw: no row has a value"),
        (WEEKLY.with_columns(value=pl.lit(None, pl.Float64)), {"by": "metric"}, "nothing to draw: no row has a value"),
        (
            WEEKLY.drop_nulls("period").with_columns(pl.col("period").dt.time()),
            {"by": "metric"},
            "column 'period'",
        ),
        (
            WEEKLY.with_columns(far=pl.lit(2**62).cast(pl.Datetime("us", "UTC"))),
            {"metric": "nps", "by": "far"},
            "by: column 'far' has dates outside the years 1 to 9999",
        ),
        (WEEKLY.with_columns(s=pl.struct("n")), {"metric": "nps", "by": "s"}, "by: column 's' holds Struct.*no label"),
    ],
)
def test_what_cannot_be_drawn(table: pl.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        time_chart(table, **options)


def test_options_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match=r"by takes .*, got 3"):
        time_chart(WEEKLY, by=3)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="time_chart: at takes a text, got"):
        time_chart(WEEKLY, at={"answer": "at"})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="every='week' makes no steps"):
        time_chart(WEEKLY, metric="nps", every="week")
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ParameterError, match="charts need altair"):
        time_chart(WEEKLY, metric="nps")


def test_the_frame_is_not_changed() -> None:
    table = xmr(WEEKLY, metric="nps")
    copy = table.clone()
    time_chart(table)
    assert table.equals(copy)
