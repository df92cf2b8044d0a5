"""The gap chart: expectations and perceptions, dimension by dimension."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["dumbbell", "gap_bars"]

_KNOWN = "isValid(datum.value)"
_WIDTH = style.WIDTH - 50  # beside it stand the names of dimensions
_ROLES = {"expectation": "Expected", "perception": "Perceived"}


def dumbbell(dimensions: Any, *, by: str | None = None) -> "alt.LayerChart | alt.FacetChart":
    """Expectation and perception of each dimension on one line, with the limits of both; the line between is the gap.

    Args:
        dimensions: the frame `score(…).dimensions`, with `dimension`, `measure`, `value`, `low` and `high`.
        by: column of groups, one panel each.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or there is nothing to draw.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = style.measured(dimensions, list(_ROLES), by=by, of="expectations and perceptions")
    order = rows["dimension"].unique(maintain_order=True).to_list()
    rows = rows.with_columns(pl.col("measure").replace_strict(_ROLES).alias("answer"))
    names = list(_ROLES.values())
    y = alt.Y("dimension:N", sort=order, axis=alt.Axis(**style.axis(None, ticks=False, domain=False, grid=False)))
    x = alt.X(
        "value:Q",
        scale=alt.Scale(zero=False, nice=True, padding=12),
        axis=alt.Axis(**style.axis("mean answer, points of the scale")),
    )
    legend = alt.Legend(title=None, orient="top", direction="horizontal", symbolSize=110, symbolOpacity=1)
    color = alt.Color(
        "answer:N", scale=alt.Scale(domain=names, range=[style.CONTRAST, style.MAIN]), sort=names, legend=legend
    )
    shape = alt.Shape("answer:N", scale=alt.Scale(domain=names, range=["diamond", "circle"]), sort=names, legend=legend)
    hover = [
        alt.Tooltip("dimension:N", title="dimension"),
        alt.Tooltip("answer:N", title="answer"),
        *(alt.Tooltip(f"{name}:Q", title=name, format=".2f") for name in ("value", "low", "high")),
    ]
    base = alt.Chart(rows).encode(y=y, tooltip=hover)
    between = (
        base.mark_line(strokeWidth=2.5, **style.faint(style.GREY))
        .encode(x=x, detail="dimension:N")
        .transform_filter(_KNOWN)
    )
    limits = base.mark_rule(strokeWidth=5, opacity=0.4).encode(x=alt.X("low:Q"), x2="high:Q", color=color)
    points = base.mark_point(filled=True, size=110, opacity=1).encode(x=x, color=color, shape=shape)
    chart = alt.layer(between, limits, points).properties(width=_WIDTH, height=alt.Step(style.ROW_HEIGHT))
    name = "What was expected, and what was perceived"
    title = style.heading(name, f"bands: {style.level_of(dimensions)}")
    return style.panels(chart, by, title).properties(description=style.measures_told(name, rows, "answer"))


def gap_bars(dimensions: Any, *, by: str | None = None) -> "alt.LayerChart | alt.FacetChart":
    """The gap of each dimension, perception less expectation, from a line at zero, with its limits.

    Args:
        dimensions: the frame `score(…).dimensions`, with `dimension`, `measure`, `value`, `low` and `high`.
        by: column of groups, one panel each.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or there is nothing to draw.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = style.measured(dimensions, ["gap"], by=by, of="gaps")
    order = rows["dimension"].unique(maintain_order=True).to_list()
    hover = [
        alt.Tooltip("dimension:N", title="dimension"),
        *(alt.Tooltip(f"{name}:Q", title=name, format="+.2f") for name in ("value", "low", "high")),
    ]
    base = alt.Chart(rows).encode(
        y=alt.Y("dimension:N", sort=order, axis=alt.Axis(**style.axis(None, ticks=False, domain=False, offset=6))),
        tooltip=hover,
    )
    x = alt.X(
        "value:Q",
        scale=alt.Scale(zero=True, nice=True),
        axis=alt.Axis(**style.axis("gap: perception less expectation, points", labelExpr=style.SIGNED)),
    )
    bars = base.mark_bar(color=style.MAIN, opacity=0.55, height=16).encode(x=x)
    limits = base.mark_rule(strokeWidth=1.6).encode(x="low:Q", x2="high:Q")
    ends = [base.mark_tick(thickness=1.6, size=9).encode(x=alt.X(f"{name}:Q")) for name in ("low", "high")]
    chart = alt.layer(bars, limits, *ends, style.zero_line(rows)).properties(
        width=_WIDTH, height=alt.Step(style.ROW_HEIGHT)
    )
    title = style.heading("Gaps by dimension", f"lines: {style.level_of(dimensions)}")
    return style.panels(chart, by, title).properties(description=style.measures_told("Gaps by dimension", rows))
