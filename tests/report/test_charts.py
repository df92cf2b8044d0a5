"""Charts: what they draw by their specification, that they render, that names cannot break out, and what they refuse."""

import sys

import altair as alt
import polars as pl
import pytest

from servicequality.datasets import servqual_survey
from servicequality.errors import InputError, ParameterError
from servicequality.report import dumbbell, gap_bars, importance_performance_map, svg, zone_chart
from servicequality.servqual import SERVQUAL_1991, derived_importance, importance_performance, score, zone_of_tolerance

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
ZONES = tidy({"adequacy": 1.0, "superiority": -1.0, "zone_width": 2.0, "position": 0.5})
POINTS = pl.DataFrame(
    {"dimension": DIMENSIONS, "importance": [0.2, 0.5, 0.3], "performance": [5.0, 4.0, 4.5]}
).with_columns(importance_cut=1 / 3, performance_cut=4.5)
DRAWN = {
    "dumbbell": lambda **options: dumbbell(SCORES, **options),
    "gap_bars": lambda **options: gap_bars(SCORES, **options),
    "zone_chart": lambda **options: zone_chart(ZONES, **options),
    "map": lambda: importance_performance_map(POINTS),
}


def marks(chart):
    return [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]


def axes(chart):
    """The titles that a reader sees beside the figures."""
    encodings = [layer["encoding"].get(channel, {}) for layer in chart.to_dict()["layer"] for channel in "xy"]
    return {encoding["axis"]["title"] for encoding in encodings if (encoding.get("axis") or {}).get("title")}


ASKED = servqual_survey(120, seed=2)
FIVE = list(SERVQUAL_1991.dimensions)


def test_charts_draw_the_tables_of_scores_as_they_come():
    for by in (None, "wave"):
        scores = score(ASKED, SERVQUAL_1991, importance="points_{}", by=by or ())
        for draw in (dumbbell, gap_bars):
            for table in (scores.dimensions, scores.dimensions.lazy()):
                drawn = svg(draw(table, by=by))
                assert all(dimension in drawn for dimension in FIVE)
    plain = score(ASKED, SERVQUAL_1991).dimensions
    drawn = next(iter(gap_bars(plain).to_dict()["datasets"].values()))
    gaps = plain.filter(measure="gap")
    for name in ("value", "low", "high"):
        assert [row[name] for row in drawn] == pytest.approx(gaps[name].to_list())


def test_charts_draw_the_tables_of_zones_as_they_come():
    levels = ASKED.rename({f"E{item}": f"D{item}" for item in range(1, 23)})
    levels = levels.with_columns(
        (pl.col(f"D{item}") - 2).clip(lower_bound=1).alias(f"A{item}") for item in range(1, 23)
    )
    zones = zone_of_tolerance(levels, SERVQUAL_1991).dimensions
    drawn = next(iter(zone_chart(zones).to_dict()["datasets"].values()))
    assert [row["width"] for row in drawn] == pytest.approx(zones.filter(measure="zone_width")["value"].to_list())
    assert all(dimension in svg(zone_chart(zones)) for dimension in FIVE)


def test_a_map_is_drawn_of_importance_and_performance_as_they_come():
    scores = score(ASKED, SERVQUAL_1991, importance="points_{}")
    table = scores.dimensions.pivot("measure", index="dimension", values="value")
    mapped = importance_performance(table, performance="perception")
    drawn = svg(importance_performance_map(mapped, performance="perception"))
    assert all(dimension in drawn for dimension in FIVE)
    derived = derived_importance(
        scores.respondents, "servperf_overall", {name: f"gap_{name}" for name in FIVE}, resamples=50
    )
    both = importance_performance(derived.join(table.select("dimension", performance="perception"), on="dimension"))
    assert all(dimension in svg(importance_performance_map(both)) for dimension in FIVE)


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
    assert chart.to_dict()["title"]["subtitle"] == ["bands: 95% confidence intervals"]
    data = next(iter(chart.to_dict()["datasets"].values()))
    assert {row["measure"] for row in data} == {"expectation", "perception"}


def test_gaps_start_at_a_line_at_zero():
    chart = gap_bars(SCORES)
    assert marks(chart) == ["bar", "rule", "tick", "tick", "rule"]
    assert axes(chart) == {"gap: perception less expectation, points"}
    assert chart.to_dict()["layer"][0]["encoding"]["x"]["scale"]["zero"] is True
    assert chart.to_dict()["layer"][-1]["encoding"]["x"] == {"datum": 0}


def test_a_zone_reaches_from_adequate_to_desired_behind_what_is_perceived():
    chart = zone_chart(ZONES)
    assert marks(chart) == ["bar", "rule", "rule", "point"]
    assert axes(chart) == {"above the adequate level, points of the scale"}
    zone = chart.to_dict()["layer"][0]["encoding"]
    assert (zone["x"]["field"], zone["x2"]["field"]) == ("adequate", "width")
    data = next(iter(chart.to_dict()["datasets"].values()))
    assert data[1] == {
        "dimension": "reliability", "value": 2.0, "low": 1.8, "high": 2.2, "adequate": 0.0, "width": 3.0,
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
    measures = {"expectation": 4, "perception": 3, "gap": -1, "adequacy": 1, "zone_width": 2}
    table = tidy(measures, groups=["north", "south"])
    table = table.rename({"region": "where.at[0]: x"})
    panels = draw(table, by="where.at[0]: x")
    assert isinstance(panels, alt.FacetChart)
    drawn = svg(panels)
    assert "north" in drawn
    assert "south" in drawn


def test_the_level_is_that_of_the_table():
    subtitle = gap_bars(tidy({"gap": -0.5}, level=0.999)).to_dict()["title"]["subtitle"]
    assert subtitle == ["lines: 99.9% confidence intervals"]
    assert gap_bars(tidy({"gap": -0.5}).drop("level")).to_dict()["title"]["subtitle"] == ["lines: confidence intervals"]


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
    for chart in (*drawn, importance_performance_map(points)):
        text = svg(chart)
        assert "<script" not in text
        assert "&lt;/script" in text


def test_letters_that_no_picture_holds_do_not_end_the_process():
    # The drawing library aborts the interpreter at a null byte.
    evil = "a\0b\x1b[31m"
    table = SCORES.with_columns(pl.col("dimension").replace("tangibles", evil))
    drawn = svg(gap_bars(table).properties(title=f"mine {evil}"))
    assert "mine a\ufffdb" in drawn
    assert "\0" not in drawn
    assert evil not in svg(
        importance_performance_map(POINTS.with_columns(dimension=pl.lit(evil) + pl.col("dimension")))
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dumbbell(SCORES.drop("low")), "no column 'low'"),
        (lambda: dumbbell(SCORES.filter(measure="gap")), "no 'expectation', 'perception' among its measures"),
        (lambda: gap_bars(tidy({"gap": 1}, groups=["a", "b"])), "a dimension comes several times"),
        (lambda: gap_bars(SCORES, by="regoin"), r"no column 'regoin' \(did you mean 'region'\?\)"),
        (lambda: gap_bars(SCORES.with_columns(value=None)), "every value is null"),
        (lambda: zone_chart(SCORES), "no 'adequacy', 'zone_width'"),
        (lambda: importance_performance_map(SCORES), "no column 'importance'"),
        (lambda: importance_performance_map(POINTS.with_columns(importance_cut="importance")), "cut at several places"),
        (lambda: importance_performance_map(POINTS.clear()), "no attribute has importance and performance"),
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
