"""The chart of the week's hours: how many tickets arrive in each, by hour and weekday."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.results import plain_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["volume_chart"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@refusing_misfits
def volume_chart(profile: Any) -> "alt.LayerChart":
    """Arrivals in each hour of the week, as numbers and as shades.

    Args:
        profile: what `tables.volume_profile` returns, of one group.

    Raises:
        InputError: a column is missing or of a wrong type, an hour comes twice or lies outside the week, or there is nothing
            to draw.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = plain_frame(profile, role="volume_chart", numbers=["value"], counts=["weekday", "hour"])
    rows = rows.select("weekday", "hour", "value")
    if rows.select("weekday", "hour").is_duplicated().any():
        raise InputError("an hour of the week comes several times: filter one group of the profile")
    inside = pl.col("weekday").is_in([*range(1, 8)]) & pl.col("hour").is_in([*range(24)])
    if not rows.select(inside.fill_null(value=False).all()).item():
        raise InputError("weekday lies from 1 (Monday) to 7 and hour from 0 to 23, as volume_profile gives them")
    if rows["value"].is_null().all():
        raise InputError("nothing to draw: no hour has a value")
    busiest = rows.sort("value", descending=True, nulls_last=True).row(0, named=True)
    drawn = rows.select(
        day=pl.col("weekday").replace_strict(dict(enumerate(_DAYS, start=1)), return_dtype=pl.String),
        hour="hour",
        value="value",
        told=pl.Series([_short(number) for number in rows["value"].to_list()], dtype=pl.String),
    )
    hours = alt.Axis(
        **style.axis(None, grid=False, ticks=False, domain=False, labelExpr="format(datum.value, '02') + ':00'")
    )
    days = alt.Axis(**style.axis(None, orient="top", labelAngle=0, ticks=False, domain=False, grid=False))
    base = alt.Chart(drawn).encode(
        x=alt.X("day:O", sort=[*_DAYS], scale=alt.Scale(paddingInner=0.04), axis=days),
        y=alt.Y("hour:O", scale=alt.Scale(paddingInner=0.06), axis=hours),
        tooltip=[alt.Tooltip("day:O"), alt.Tooltip("hour:O"), alt.Tooltip("value:Q", format=".3~g")],
    )
    shade = alt.Opacity("value:Q", scale=alt.Scale(domainMin=0, range=[0.04, 0.6]), legend=None)
    chart = alt.layer(
        base.mark_rect(color=style.MAIN).encode(opacity=shade), base.mark_text(fontSize=10).encode(text="told:N")
    ).properties(width=style.WIDTH, height=alt.Step(16))
    day, hour = _DAYS[int(busiest["weekday"]) - 1], int(busiest["hour"])
    most = f"most on {day} at {hour:02}:00, {_short(float(busiest['value']))} an hour"
    total = float(drawn["value"].sum())
    note = f"mean arrivals in each hour; {_short(total)} a week; {most}"
    told = f"Arrivals by hour and weekday: {note}."
    return style.panels(chart, None, style.heading("When tickets arrive", note)).properties(description=told)


def _short(number: float | None) -> str:
    """Two or three digits, as a cell has room for; a dash where nothing is known."""
    if number is None:
        return "–"
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}"
