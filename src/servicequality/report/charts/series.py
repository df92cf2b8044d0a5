"""The chart of a figure over time: results of `evaluate` by period, and control charts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.checks import column, in_calendar, listed, shown
from servicequality.core import By, names_of, ordered
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["time_chart"]

_AT = "servicequality_at"
_FIGURES = ("value", "low", "high")


def time_chart(
    series: Any, *, metric: str | None = None, at: str = "period", by: By = (), every: str | None = None
) -> "alt.LayerChart | alt.FacetChart":
    """A figure period by period with its limits, or a control chart with its centre, its limits and its signals.

    Times are drawn as the clock of their zone shows them. A limit is drawn where both sides are known.

    Args:
        series: what `evaluate` returns by period, or what a function of `control` returns; `value`, `low` and `high` are
            drawn, and where there are `centre` and `signal` these too. Null is a gap, at which the line ends.
        metric: the metric to draw of a result that holds several; `by="metric"` draws each.
        at: column of the times. Rows of a result without a period are set aside, as the subtitle says.
        by: key columns; one panel a group, each with a scale of its own.
        every: distance of the points ("1d", "1w"): times without a row become gaps. None joins the rows that there are.

    Raises:
        InputError: a column or metric is missing, two points of a panel have one time, or there is nothing to draw.
        ParameterError: altair is not installed, or `every` is no distance.
    """
    alt = style.altair()
    frame = as_frame(series).lazy().collect()
    for option, name in (("at", at), ("metric", metric)):
        if not isinstance(name, str | None):
            raise ParameterError(f"time_chart: {option} takes a text, got {shown(name)}")
    keys = names_of(by)
    is_control = {"centre", "signal"} <= set(frame.columns) - {*keys, at}
    columns = [*_FIGURES, *(["centre"] if is_control else [])]
    groups, note = ordered(frame, columns, at=at, by=by, every=every, role="time_chart", metric=metric)
    rows = pl.concat(groups)
    if not isinstance(rows.schema[at], pl.Date | pl.Datetime):
        raise InputError(
            f"column {shown(at)} holds {rows.schema[at]}, expected dates or instants, which have a place in time"
        )
    for key in keys:
        dtype = rows.schema[key]
        if dtype.is_nested() or dtype == pl.Object:
            raise InputError(
                f"by: column {shown(key)} holds {dtype}, which is no label; take a field of it as a column first"
            )
        if isinstance(dtype, pl.Date | pl.Datetime) and not in_calendar(rows[key]).all():
            raise InputError(f"by: column {shown(key)} has dates outside the years 1 to 9999; correct or filter them")
    if rows["value"].is_null().all():
        raise InputError("nothing to draw: no row has a value")
    if is_control:
        marked = frame.select(*map(column, (*keys, at)), pl.col("signal").alias(style.GROUP)).drop_nulls(style.GROUP)
        rows = rows.join(marked, on=[*map(column, (*keys, at))], how="left", nulls_equal=True, maintain_order="left")
        rows = rows.rename({style.GROUP: "signal"})
        note = next(iter(frame["notes"].drop_nulls()), None) if "notes" in frame.columns else None
    drawn = rows.select(
        column(at).dt.replace_time_zone(None).alias(_AT)
        if isinstance(rows.schema[at], pl.Datetime)
        else column(at).cast(pl.Datetime("us")).alias(_AT),
        *columns,
        *(["signal"] if is_control else []),
        *([_panel(keys)] if keys else []),
    )
    hover = [
        alt.Tooltip(f"{_AT}:T", title=at, format="%Y-%m-%d %H:%M"),
        *(alt.Tooltip(f"{name}:Q", title=name, format=".4~g") for name in columns),
        *([alt.Tooltip("signal:N", title="signal")] if is_control else []),
    ]
    axis = alt.Axis(**style.axis(_unit(frame, metric), tickCount=6))
    y = {name: alt.Y(f"{name}:Q", scale=alt.Scale(zero=False, nice=True, padding=8), axis=axis) for name in columns}
    x = alt.X(f"{_AT}:T", axis=alt.Axis(**style.axis(None, grid=False)))
    base = alt.Chart(drawn).encode(x=x, y=y["value"], tooltip=hover)
    line = base.mark_line(color=style.MAIN, strokeWidth=1.5)
    points = base.transform_filter("isValid(datum.value)").mark_point(filled=True, size=45, opacity=1)
    if is_control:
        flagged = alt.condition("isValid(datum.signal)", alt.value(style.CONTRAST), alt.value(style.MAIN))
        limits = [base.mark_line(color=style.GREY, strokeDash=[5, 4]).encode(y=y[side]) for side in ("low", "high")]
        centre = base.mark_line(color=style.GREY, strokeWidth=1).encode(y=y["centre"])
        chart = alt.layer(centre, *limits, line, points.encode(color=flagged))
        name, words = "Control chart", "dashed: limits of chance; orange: signals"
    else:
        known = base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        limits = [known.mark_rule(color=style.MAIN, strokeWidth=3, opacity=0.3).encode(y=y["low"], y2="high:Q")]
        chart = alt.layer(*limits, line, points.encode(color=alt.value(style.MAIN)))
        name, words = _name(frame, metric, keys), "bars: {interval}"
    title = style.heading(frame, name, "; ".join(filter(None, (words, note))))
    chart = chart.properties(width=560, height=220)
    drawing = style.panels(chart, ", ".join(keys) or None, title)
    if keys:
        drawing = drawing.resolve_scale(y="independent")
    return drawing


def _panel(keys: Sequence[str]) -> pl.Expr:
    """The label of a row's panel."""
    texts = [column(key).cast(pl.String).fill_null("(none)") for key in keys]
    return pl.concat_str(texts, separator=", ").alias(style.GROUP)


def _name(frame: pl.DataFrame, metric: str | None, keys: Sequence[str]) -> str:
    """The metric that is drawn, or those that are."""
    if metric is not None or "metric" not in frame.columns:
        return metric or "Over time"
    names = frame["metric"].unique(maintain_order=True)
    return "Over time" if "metric" in keys and len(names) > 1 else listed(names)


def _unit(frame: pl.DataFrame, metric: str | None) -> str | None:
    """The unit of the figures, where there is one for all."""
    if "unit" not in frame.columns:
        return None
    rows = frame if metric is None else frame.filter(pl.col("metric") == metric)
    units = rows["unit"].unique().to_list()
    return str(units[0]) if len(units) == 1 else None
