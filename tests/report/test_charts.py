"""Charts: what they draw by their specification, that they render, that names cannot break out, and what they refuse."""

import sys

import altair as alt
import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.report import dumbbell, gap_bars, importance_performance_map, svg, zone_chart

DIMENSIONS = ["tangibles", "reliability", "empathy"]


def tidy(measures, groups=("north",), level=0.95):
    """A table as scores give it: a row a group, dimension and measure."""
    return pl.DataFrame(
        [
            {"region": group, "dimension": name, "measure": measure, "value": value + i, "low": value + i - 0.2,
             "high": value + i + 0.2, "level": level}
            for group in groups for i, name in enumerate(DIMENSIONS) for measure, value in measures.items()
        ]
    )  # fmt: skip


SCORES = tidy({"expectation": 4.0, "perception": 3.5, "gap": -0.5, "servperf": 3.5})
ZONES = tidy({"adequate": 2.0, "desired": 4.0, "perception": 3.0})
POINTS = pl.DataFrame({"dimension": DIMENSIONS, "importance": [0.2, 0.5, 0.3], "performance": [5.0, 4.0, 4.5]})
DRAWN = {
    "dumbbell": lambda **options: dumbbell(SCORES, **options),
    "gap_bars": lambda **options: gap_bars(SCORES, **options),
    "zone_chart": lambda **options: zone_chart(ZONES, **options),
    "map": lambda: importance_performance_map(POINTS, crosshair=(1 / 3, 4.5)),
}


def marks(chart):
    return [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]


def axes(chart):
    """The titles that a reader sees beside the figures."""
    encodings = [layer["encoding"].get(channel, {}) for layer in chart.to_dict()["layer"] for channel in "xy"]
    return {encoding["axis"]["title"] for encoding in encodings if (encoding.get("axis") or {}).get("title")}


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_renders_and_can_be_gone_on_with(name):
    chart = DRAWN[name]()
    assert isinstance(chart, alt.LayerChart)
    drawn = svg(chart)
    assert drawn.startswith("<svg")
    assert all(dimension in drawn for dimension in DIMENSIONS)
    changed = alt.hconcat(chart.properties(width=200, title="mine"), chart).configure_axis(labelFontSize=9)
    assert "mine" in svg(changed)


def test_dumbbells_join_two_points_and_show_both_limits():
    chart = dumbbell(SCORES)
    assert marks(chart) == ["line", "rule", "point"]
    assert axes(chart) == {"mean answer, points of the scale"}
    point = chart.to_dict()["layer"][2]["encoding"]
    assert point["color"]["scale"]["domain"] == point["shape"]["scale"]["domain"] == ["Expected", "Perceived"]
    assert len(set(point["color"]["scale"]["range"])) == len(set(point["shape"]["scale"]["range"])) == 2
    assert chart.to_dict()["title"]["subtitle"] == "bands: 95% confidence intervals"
    data = next(iter(chart.to_dict()["datasets"].values()))
    assert {row["measure"] for row in data} == {"expectation", "perception"}


def test_gaps_start_at_a_line_at_zero():
    chart = gap_bars(SCORES)
    assert marks(chart) == ["bar", "rule", "tick", "tick", "rule"]
    assert axes(chart) == {"gap: perception less expectation, points of the scale"}
    assert chart.to_dict()["layer"][0]["encoding"]["x"]["scale"]["zero"] is True
    assert chart.to_dict()["layer"][-1]["encoding"]["x"] == {"datum": 0}


def test_a_zone_lies_behind_what_is_perceived():
    chart = zone_chart(ZONES)
    assert marks(chart) == ["bar", "rule", "point"]
    zone = chart.to_dict()["layer"][0]["encoding"]
    assert (zone["x"]["field"], zone["x2"]["field"]) == ("adequate", "desired")
    data = next(iter(chart.to_dict()["datasets"].values()))
    assert data[1] == {
        "dimension": "reliability", "value": 4.0, "low": 3.8, "high": 4.2, "adequate": 3.0, "desired": 5.0,
    }  # fmt: skip


def test_a_map_names_points_and_quadrants_and_draws_the_crosshair_that_it_is_given():
    chart = DRAWN["map"]()
    drawn = svg(chart)
    assert all(name in drawn for name in ("concentrate here", "keep up", "low priority", "possible overkill"))
    assert axes(chart) == {"importance", "performance, points of the scale"}
    sets = chart.to_dict()["datasets"].values()
    assert [{"performance": 4.5}] in sets
    assert [{"importance": 1 / 3}] in sets


def test_dimensions_keep_the_order_of_the_table_and_undefined_ones_their_row():
    hidden = pl.col("dimension") == "reliability"
    holes = SCORES.with_columns(pl.when(~hidden).then(pl.col("value", "low", "high")))
    for chart in (dumbbell(holes), gap_bars(holes)):
        assert chart.to_dict()["layer"][0]["encoding"]["y"]["sort"] == DIMENSIONS
        assert "reliability" in svg(chart)


@pytest.mark.parametrize("draw", [dumbbell, gap_bars, zone_chart])
def test_groups_are_panels_whatever_their_column_is_called(draw):
    of = (
        {"expectation": 4, "perception": 3, "gap": -1}
        if draw is not zone_chart
        else {"adequate": 2, "desired": 4, "perception": 3}
    )
    table = tidy(of, groups=["north", "south"])
    table = table.rename({"region": "where.at[0]: x"})
    panels = draw(table, by="where.at[0]: x")
    assert isinstance(panels, alt.FacetChart)
    drawn = svg(panels)
    assert "north" in drawn
    assert "south" in drawn


def test_the_level_is_that_of_the_table():
    subtitle = gap_bars(tidy({"gap": -0.5}, level=0.999)).to_dict()["title"]["subtitle"]
    assert subtitle == "lines: 99.9% confidence intervals"
    assert gap_bars(tidy({"gap": -0.5}).drop("level")).to_dict()["title"]["subtitle"] == "lines: confidence intervals"


def test_lazy_tables_and_those_of_other_libraries_are_drawn_too():
    drawn = gap_bars(SCORES).to_dict()["datasets"]
    assert gap_bars(SCORES.lazy()).to_dict()["datasets"] == drawn
    assert gap_bars(SCORES.to_pandas()).to_dict()["datasets"] == drawn


def test_names_cannot_break_out_of_the_svg():
    evil = "</script><script>alert(1)</script> & \"so\" 'on' <b>"
    table = SCORES.with_columns(pl.col("dimension").replace("tangibles", evil))
    zones = ZONES.with_columns(pl.col("dimension").replace("tangibles", evil))
    points = POINTS.with_columns(pl.col("dimension").replace("tangibles", evil))
    grouped = SCORES.with_columns(region=pl.lit(evil))
    drawn = [dumbbell(table), gap_bars(table), zone_chart(zones), gap_bars(grouped, by="region")]
    for chart in (*drawn, importance_performance_map(points, crosshair=(0.3, 4.5))):
        text = svg(chart)
        assert "<script" not in text
        assert "&lt;/script" in text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dumbbell(SCORES.drop("low")), "no column 'low'"),
        (lambda: dumbbell(SCORES.filter(measure="gap")), "no 'expectation', 'perception' among its measures"),
        (lambda: gap_bars(tidy({"gap": 1}, groups=["a", "b"])), "a dimension comes several times"),
        (lambda: gap_bars(SCORES, by="regoin"), r"no column 'regoin' \(did you mean 'region'\?\)"),
        (lambda: gap_bars(SCORES.with_columns(value=None)), "every value is null"),
        (lambda: zone_chart(SCORES), "no 'adequate', 'desired'"),
        (lambda: importance_performance_map(SCORES, crosshair=(1, 1)), "no column 'importance'"),
        (lambda: importance_performance_map(POINTS.clear(), crosshair=(1, 1)), "no row has importance and performance"),
    ],
)
def test_bad_tables_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("absent", ["altair", "vl_convert"])
def test_without_the_extra_the_error_says_what_to_install(absent, monkeypatch):
    chart = gap_bars(SCORES)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ParameterError, match=r"pip install 'servicequality\[plot\]'"):
        gap_bars(SCORES) if absent == "altair" else svg(chart)
