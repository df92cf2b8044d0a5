"""The zone of tolerance: from what would just do to what is wished for, and where the service stands. Never here: scores."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["zone_chart"]


def zone_chart(dimensions: Any, *, by: str | None = None) -> "alt.LayerChart | alt.FacetChart":
    """Each dimension's zone from the adequate to the desired level, and the perception with its limits before it.

    Args:
        dimensions: a tidy frame with `dimension`, `measure` (adequate, desired and perception), `value`, `low` and `high`.
        by: column of groups, one panel each.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or there is nothing to draw.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = style.measured(dimensions, ["adequate", "desired", "perception"], by=by, of="zones and perceptions")
    order = rows["dimension"].unique(maintain_order=True).to_list()
    keys = [name for name in rows.columns if name in ("dimension", style.GROUP)]
    wide = rows.filter(pl.col("measure") != "perception").pivot("measure", index=keys, values="value")
    seen = rows.filter(pl.col("measure") == "perception").select(*keys, "value", "low", "high")
    drawn = seen.join(wide, on=keys, how="left", maintain_order="left")
    x = alt.X(
        "adequate:Q",
        scale=alt.Scale(zero=False, nice=True, padding=12),
        axis=alt.Axis(**style.axis("mean answer, points of the scale", tickCount=7)),
    )
    figures = ("adequate", "desired", "value", "low", "high")
    hover = [
        alt.Tooltip("dimension:N", title="dimension"),
        *(alt.Tooltip(f"{name}:Q", title="perceived" if name == "value" else name, format=".2f") for name in figures),
    ]
    base = alt.Chart(drawn).encode(
        y=alt.Y("dimension:N", sort=order, axis=alt.Axis(**style.axis(None, ticks=False, domain=False, grid=False))),
        tooltip=hover,
    )
    kinds = {"zone, adequate to desired": style.PALE, "perceived": style.MAIN}
    color = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[*kinds], range=[*kinds.values()]),
        sort=[*kinds],
        legend=alt.Legend(title=None, orient="top", direction="horizontal", symbolType="square", symbolOpacity=1),
    )
    zone = base.transform_calculate(kind="'zone, adequate to desired'").mark_bar(height=18)
    point = base.transform_calculate(kind="'perceived'")
    chart = alt.layer(
        zone.encode(x=x, x2="desired:Q", color=color),
        point.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q", color=color),
        point.mark_point(filled=True, size=100, opacity=1).encode(x="value:Q", color=color),
    ).properties(width=460, height=alt.Step(style.ROW_HEIGHT))
    return style.panels(
        chart, by, style.heading(dimensions, "Zone of tolerance", "lines: {interval} of the perception")
    )
