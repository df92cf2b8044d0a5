"""The Pareto chart: the causes of the work, the most frequent first, and their shares added up."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.charts.lines import BELOW, alt_text, group_labels, most_of, place, with_lines
from servicequality.report.results import result_frame, rows_of

if TYPE_CHECKING:
    import altair as alt

__all__ = ["pareto_chart"]

_NEEDED = ("metric", "value", "low", "high", "unit", "n", "reason")


@refusing_misfits
def pareto_chart(causes: Any, *, most: int = 12) -> "alt.LayerChart":
    """What share each cause makes, with its limits, and what the causes so far make together.

    Args:
        causes: what `tables.pareto` returns.
        most: how many causes are drawn, at most 100; the others are one line, added up.

    Raises:
        InputError: the frame is no Pareto table, or has no cause with a share.
        ParameterError: altair is not installed, or an option does not fit.
    """
    alt = style.altair()
    limit = most_of(most)
    extra = ("rank", "count", "cumulative")
    frame = result_frame(causes, (*_NEEDED, *extra), what="a table of pareto")
    keys = [name for name in frame.columns[: frame.columns.index("metric")] if name != "rank"]
    frame = frame.sort("rank", nulls_last=True)
    names = group_labels(frame, keys) if keys else style.labels(map(str, frame["rank"].to_list()))
    known = frame.with_columns(pl.Series("name", names, pl.String)).filter(
        pl.col("value").is_finite() & (pl.col("value") > 0)
    )
    if known.is_empty():
        raise InputError("nothing to draw: no cause has a share")
    head, tail = known.head(limit), known.slice(limit)
    lines = rows_of(head, ("name", "value", "low", "high", "count", "cumulative"))
    told = [
        f"{100 * row['value']:.1f}% ({row['count'] or 0:,.0f}), together {100 * (row['cumulative'] or 0):.1f}%"
        for row in lines
    ]
    drawn = head.select(
        "name",
        *(pl.col(name).cast(pl.Float64) for name in ("value", "low", "high", "cumulative")),
        rest=pl.lit(value=False),
    )
    if tail.height:
        share, count = float(tail["value"].sum()), int(tail["count"].sum())
        told.append(f"{100 * share:.1f}% ({count:,})")
        other = {
            "name": f"{tail.height:,} more",
            "value": share,
            "low": None,
            "high": None,
            "cumulative": None,
            "rest": True,
        }
        drawn = pl.concat([drawn, pl.DataFrame([other], schema=drawn.schema)])
    percent = [(100 * pl.col(name)).alias(name) for name in ("value", "low", "high", "cumulative")]
    drawn = drawn.select(
        pl.int_range(pl.len()).alias("place"), "name", pl.Series("told", told, pl.String), *percent, "rest"
    )
    base = alt.Chart(drawn).encode(y=place(), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("told:N", title="share")])
    axis = alt.Axis(**style.axis(None, grid=False, labelExpr=style.PERCENT))
    x = {name: alt.X(f"{name}:Q", scale=alt.Scale(domain=[0, 100]), axis=axis) for name in ("value", "cumulative")}
    shift = {"yOffset": BELOW}
    bar = base.mark_bar(height=9, opacity=0.85, **shift).encode(x=x["value"])
    layers = [
        bar.transform_filter("!datum.rest").encode(color=alt.value(style.MAIN)),
        bar.transform_filter("datum.rest").encode(color=alt.value(style.GREY)),
        base.mark_rule(strokeWidth=1.5, **shift).encode(x="low:Q", x2="high:Q"),
        base.mark_rule(strokeWidth=1, color=style.CONTRAST, strokeDash=[2, 3], **shift).encode(
            x=x["value"], x2="cumulative:Q"
        ),
        base.mark_point(filled=False, size=45, strokeWidth=2, opacity=1, color=style.CONTRAST, **shift).encode(
            x=x["cumulative"]
        ),
    ]
    counted = known["n"][0] or 0
    has_missing = "n_missing" in known.columns and known.schema["n_missing"].is_integer()
    missing = known["n_missing"][0] if has_missing else None
    notes = [
        f"bars: share, with {style.level_of(frame)}",
        "rings: together with those above",
        f"n={counted:,}" + (f", {missing:,} without a cause" if missing else ""),
    ]
    by = style.label(" and ".join(key.replace("_", " ") for key in keys))
    title = f"Causes by {by}" if by else "Causes"
    unit = style.Unit(100.0, None, "%", None)
    return with_lines(layers, drawn, style.heading(title, *notes), alt_text(title, drawn, unit))
