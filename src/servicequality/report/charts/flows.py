"""The chart of the backlog: how many are open in steps, and what came in and went out below."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.checks import in_calendar, refusing_misfits
from servicequality.core import require_columns
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.results import plain_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["backlog_chart"]

_WIDTH = style.WIDTH - 25  # beside it stand the last count, and which way is in
_COUNTS = ("opening", "inflow", "outflow", "closing")


@refusing_misfits
def backlog_chart(flow: Any) -> "alt.VConcatChart":
    """How many tickets are open at the start of each period, and below how many came and how many went.

    Groups are added up. A period that is not over is pale, and the subtitle says so.

    Args:
        flow: what `flow` returns.

    Raises:
        InputError: a column is missing or of a wrong type, or there is no period.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    frame = plain_frame(flow, role="backlog_chart", counts=_COUNTS, flags=["complete"])
    require_columns(frame.schema, ["period"], role="backlog_chart")
    schema = frame.schema
    if not isinstance(schema["period"], pl.Date | pl.Datetime):
        raise InputError(
            f"column 'period' holds {schema['period']}, expected the starts of periods, as flow gives them"
        )
    if not in_calendar(frame["period"]).all():
        raise InputError("column 'period' has dates outside the years 1 to 9999; correct or filter them")
    frame = frame.drop_nulls("period").with_columns(
        pl.col(_COUNTS).fill_null(0), pl.col("complete").fill_null(value=True)
    )
    if frame.is_empty():
        raise InputError("nothing to draw: there is no period")
    start = (
        pl.col("period").cast(pl.Datetime("us"))
        if schema["period"] == pl.Date
        else pl.col("period").dt.replace_time_zone(None)
    )
    periods = frame.group_by(start.dt.cast_time_unit("us").alias("start")).agg(
        pl.col(_COUNTS).sum(), pl.col("complete").all()
    )
    periods = periods.sort("start")
    length = periods["start"].diff().median()
    end = (
        pl.col("start")
        .shift(-1)
        .fill_null(pl.col("start") + (pl.duration(days=1) if length is None else pl.lit(length)))
    )
    periods = periods.with_columns(end=end, out=-pl.col("outflow"))
    steps = pl.concat(
        [
            periods.select("start", open="opening"),
            periods.tail(1).select(start="end", open="closing"),
        ]
    )
    x = alt.X("start:T", axis=alt.Axis(**style.axis(None, grid=False, tickCount=4)))
    bare = alt.X("start:T", axis=alt.Axis(**style.axis(None, grid=False, labels=False, tickCount=4)))
    stock = alt.Chart(steps).encode(
        x=bare, y=alt.Y("open:Q", axis=alt.Axis(**style.axis("open", labelExpr=style.PLAIN)))
    )
    last = alt.Chart(steps.tail(1)).encode(x=bare, y="open:Q")
    above = alt.layer(
        stock.mark_area(color=style.MAIN, opacity=0.2, interpolate="step-after"),
        stock.mark_line(color=style.MAIN, interpolate="step-after", strokeWidth=1.8),
        last.mark_point(filled=True, size=45, opacity=1, color=style.MAIN),
        last.mark_text(align="left", dx=6, fontWeight="bold").encode(text=alt.Text("open:Q", format=",")),
    ).properties(width=_WIDTH, height=130)
    counts = alt.Axis(**style.axis("in and out", labelExpr="format(abs(datum.value), ',.12~g')"))
    bars = alt.Chart(periods).encode(
        x=x,
        x2="end:T",
        opacity=alt.condition("datum.complete", alt.value(0.85), alt.value(0.35)),
        tooltip=[alt.Tooltip("start:T"), *(alt.Tooltip(f"{name}:Q") for name in _COUNTS)],
    )
    words = alt.Chart(pl.DataFrame({"one": [0]}))
    below = alt.layer(
        bars.mark_rect(color=style.MAIN, strokeWidth=0).encode(y=alt.Y("inflow:Q", axis=counts), y2=alt.datum(0)),
        bars.mark_rect(color=style.CONTRAST, strokeWidth=0).encode(y=alt.Y("out:Q", axis=counts), y2=alt.datum(0)),
        words.mark_rule(color=style.GREY).encode(y=alt.datum(0)),
        words.mark_text(text="in", align="left", dx=4, dy=8).encode(x=alt.value("width"), y=alt.value(0)),
        words.mark_text(text="out", align="left", dx=4, dy=-8).encode(x=alt.value("width"), y=alt.value("height")),
    ).properties(width=_WIDTH, height=130)
    sums = periods.select(pl.col("inflow", "outflow").sum()).row(0)
    now = int(periods["closing"][-1])
    running = None if bool(periods["complete"][-1]) else "pale: the last period is not over"
    note = f"{len(periods):,} periods: {sums[0]:,} came, {sums[1]:,} went, {now:,} open at the end"
    ends = [f"{round(number):,}" for number in (steps["open"].to_numpy().min(), steps["open"].to_numpy().max())]
    told = f"Backlog over {note}; from {ends[0]} to {ends[1]} at a period's start."
    title = style.heading("Open tickets, and what came and went", note, running)
    return style.stacked([above, below], title, told, one_axis=True)
