"""The burn-down of an error budget: what is left of it after each stretch of time."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.checks import column, holds_numbers, in_calendar, refusing_misfits, shown
from servicequality.core import format_number, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["budget_chart"]

_MOST = 2_000  # points of a line
_ROUNDING = 1e-9  # per cent


@refusing_misfits
def budget_chart(
    periods: Any,
    *,
    objective: float,
    at: str = "at",
    bad: str = "bad",
    total: str = "total",
    expected: float | None = None,
) -> "alt.LayerChart":
    """What is left of the error budget at the end of each stretch, beside what would be left at the rate that just spends it.

    The budget is ``(1 - objective)`` of all events of its period. It is 100 % at the beginning, and below 0 it is overspent.

    Args:
        periods: any dataframe, one row a stretch of time with its counts, of one objective; as for `error_budget`.
        objective: share of good events that was promised, strictly between 0 and 1.
        at: column of the stretches' begin.
        bad: column of bad events.
        total: column of all events.
        expected: all events that the whole period will have; by default those of the rows, as if the period were over.

    Raises:
        InputError: a column is missing or of a wrong type, counts are negative, or more are bad than there are.
        ParameterError: altair is not installed, an objective outside (0, 1), or fewer events expected than there were.
    """
    alt = style.altair()
    if isinstance(objective, bool) or not isinstance(objective, int | float) or not 0 < objective < 1:
        raise ParameterError(f"objective must lie strictly between 0 and 1, such as 0.999; got {shown(objective)}")
    frame = as_frame(periods).lazy()
    schema = frame.collect_schema()
    require_columns(schema, [at, bad, total], role="budget_chart")
    if not isinstance(schema[at], pl.Date | pl.Datetime):
        raise InputError(f"column {shown(at)} holds {schema[at]}, expected dates or instants")
    if wrong := [name for name in (bad, total) if not holds_numbers(schema[name])]:
        raise InputError(f"column {shown(wrong[0])} holds {schema[wrong[0]]}, expected counts")
    rows = (
        frame.select(at=column(at), bad=column(bad).cast(pl.Float64), total=column(total).cast(pl.Float64))
        .drop_nulls()
        .collect()
    )
    if rows.is_empty() or not rows["total"].sum():
        raise InputError("nothing to draw: no stretch of time has events")
    if not in_calendar(rows["at"]).all():
        raise InputError(f"column {shown(at)} has dates outside the years 1 to 9999; correct or filter them")
    counts = pl.col("bad", "total")
    faulty = rows.filter(~pl.all_horizontal(counts.is_finite() & (counts >= 0)) | (pl.col("bad") > pl.col("total")))
    if faulty.height:
        raise InputError(f"{faulty.height:,} rows have counts below 0, or more bad events than events; correct them")
    events = float(rows["total"].sum())
    whole = events if expected is None else expected
    if isinstance(whole, bool) or not events <= whole < float("inf"):
        raise ParameterError(
            f"expected must be at least the {events:,.10g} events that there were; got {shown(expected)}"
        )
    clock = (
        pl.col("at").cast(pl.Datetime("us"))
        if rows.schema["at"] == pl.Date
        else pl.col("at").dt.replace_time_zone(None)
    )
    rows = rows.sort("at").select(clock, "bad", "total")
    lines = _burnt(rows, allowed=(1 - objective) * whole, whole=whole)
    last = lines.row(-1, named=True)
    spent = lines.filter(pl.col("left") <= 0).head(1)
    if lines.height > _MOST:
        step = -(-lines.height // _MOST)
        lines = pl.concat([lines.gather_every(step), lines.tail(1)]).unique(maintain_order=True)
    base = alt.Chart(lines).encode(x=alt.X("at:T", axis=alt.Axis(**style.axis(None, grid=False))))
    axis = alt.Axis(**style.axis("budget left", labelExpr=style.PERCENT))
    y = {name: alt.Y(f"{name}:Q", axis=axis, scale=alt.Scale(zero=True)) for name in ("left", "even")}
    end = alt.Chart(lines.tail(1)).encode(x="at:T")
    left = f"{format_number(last['left'] / 100, unit='share')}%"
    layers = [
        base.mark_line(color=style.GREY, strokeDash=style.DASH).encode(y=y["even"]),
        alt.Chart(pl.DataFrame({"one": [0]})).mark_rule(color=style.GREY).encode(y=alt.datum(0)),
        base.mark_line(color=style.MAIN, strokeWidth=2, interpolate="step-after").encode(y=y["left"]),
        end.mark_point(filled=True, size=50, opacity=1, color=style.MAIN).encode(y=y["left"]),
        end.mark_text(align="left", dx=6, fontWeight="bold", text=left).encode(y=y["left"]),
        alt.Chart(spent)
        .mark_point(filled=True, size=100, opacity=1, shape="diamond", color=style.CONTRAST)
        .encode(x="at:T", y=y["left"]),
        alt.Chart(spent).mark_text(align="right", dx=-9, dy=9, text="spent").encode(x="at:T", y=y["left"]),
    ]
    bad_events = float(rows["bad"].sum())
    allowed = f"{(1 - objective) * whole:,.4g} bad events that {100 * objective:.10g}% allow"
    note = f"{left} left of {allowed}; {bad_events:,.10g} bad of {events:,.10g} so far"
    over = f"spent by {spent['at'][0]:%Y-%m-%d %H:%M}" if spent.height else None
    heading = style.heading("Error budget", note, "dashed: at the rate that just spends it", over)
    told = "; ".join(filter(None, (f"Error budget: {note}", over)))
    chart = alt.layer(*layers).properties(width=style.WIDTH - 40, height=190, description=f"{told}.")
    return style.panels(chart, None, heading)


def _burnt(rows: pl.DataFrame, *, allowed: float, whole: float) -> pl.DataFrame:
    """Per cent left at the begin of each stretch and at the end of the last, and at the rate that just spends all."""
    steps = rows["at"].diff().median()
    end = rows.tail(1).select(pl.col("at") + (pl.duration(seconds=0) if steps is None else pl.lit(steps)))
    gone = rows.select(pl.col("bad", "total").cum_sum())
    before = pl.concat([pl.DataFrame({"bad": [0.0], "total": [0.0]}), gone])
    left = 100 * (1 - pl.col("bad") / allowed)
    return pl.concat([pl.concat([rows.select("at"), end]), before], how="horizontal").select(
        "at",
        left=pl.when(left.abs() > _ROUNDING).then(left).otherwise(0.0),
        even=100 * (1 - pl.col("total") / whole),
    )
