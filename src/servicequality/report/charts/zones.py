"""The chart of the zone of tolerance: adequate, desired and perceived service."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["zone_chart"]


def zone_chart(dimensions: Any, *, by: str | None = None) -> "alt.LayerChart | alt.FacetChart":
    """Each dimension's zone of tolerance, and where the perception lies in it or outside, counted from the adequate level.

    The zone reaches from 0, the adequate level, to its width, the desired one. The point is the measure of service
    adequacy with its limits; what is left to the right end of the zone is the measure of superiority, with a minus.

    Args:
        dimensions: a tidy frame such as `zone_of_tolerance(…).dimensions`, with `dimension`, `measure` (adequacy and
            zone_width are drawn), `value`, `low` and `high`.
        by: column of groups, one panel each.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or there is nothing to draw.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = style.measured(dimensions, ["adequacy", "zone_width"], by=by, of="adequacy and the width of zones")
    order = rows["dimension"].unique(maintain_order=True).to_list()
    keys = [name for name in rows.columns if name in ("dimension", style.GROUP)]
    width = rows.filter(pl.col("measure") == "zone_width").select(*keys, pl.col("value").alias("width"))
    seen = rows.filter(pl.col("measure") == "adequacy").drop("measure")
    drawn = seen.join(width, on=keys, how="left", maintain_order="left").with_columns(adequate=pl.lit(0.0))
    titles = {"value": "perceived less adequate", "low": "low", "high": "high", "width": "width of the zone"}
    hover = [
        alt.Tooltip("dimension:N", title="dimension"),
        *(alt.Tooltip(f"{name}:Q", title=title, format="+.2f") for name, title in titles.items()),
    ]
    base = alt.Chart(drawn).encode(
        y=alt.Y("dimension:N", sort=order, axis=alt.Axis(**style.axis(None, ticks=False, domain=False, offset=6))),
        tooltip=hover,
    )
    axis = style.axis("above the adequate level, points of the scale", labelExpr=style.SIGNED)
    x = alt.X("adequate:Q", scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(**axis))
    kinds = {"zone, adequate to desired": style.GREY, "perceived": style.MAIN}
    color = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[*kinds], range=[*kinds.values()]),
        sort=[*kinds],
        legend=alt.Legend(title=None, orient="top", direction="horizontal", symbolType="square", symbolOpacity=1),
    )
    zone = base.transform_calculate(kind="'zone, adequate to desired'").mark_bar(height=18, opacity=style.PALE)
    point = base.transform_calculate(kind="'perceived'")
    chart = alt.layer(
        zone.encode(x=x, x2="width:Q", color=color),
        style.zero_line(drawn),
        point.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q", color=color),
        point.mark_point(filled=True, size=100, opacity=1).encode(x="value:Q", color=color),
    ).properties(width=style.WIDTH - 50, height=alt.Step(style.ROW_HEIGHT))
    title = style.heading("Zone of tolerance", f"lines: {style.level_of(dimensions)}")
    told = style.measures_told("Zone of tolerance, perceived less adequate", seen)
    return style.panels(chart, by, title).properties(description=told)
