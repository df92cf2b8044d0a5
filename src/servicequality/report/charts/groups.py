"""The chart of a figure group by group: each with its limits, its rows, and what is undefined in words."""

from typing import TYPE_CHECKING, Any

from servicequality.catalogue.searching import written
from servicequality.checks import refusing_misfits
from servicequality.report.charts import style
from servicequality.report.charts.lines import BELOW, alt_text, grouped, most_of, place, with_lines, with_rest
from servicequality.report.results import NEEDED, result_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["group_chart"]


@refusing_misfits
def group_chart(result: Any, *, metric: str | None = None, most: int = 20) -> "alt.LayerChart":
    """A figure group by group, each with its limits: scores by team, channel or agent.

    Groups stand in the order of a key of numbers, times or categories with an order, else by value. An undefined figure says
    why. Of many groups those with the most rows are drawn, and one line says how many others there are and where they lie.

    Args:
        result: what `evaluate` returns.
        metric: the metric to draw of a result that holds several.
        most: how many groups are drawn, at most 100.

    Raises:
        InputError: the frame is no result of `evaluate`, or holds no row, several metrics, or a group twice.
        ParameterError: altair is not installed, or an option does not fit.
    """
    alt = style.altair()
    frame = result_frame(result)
    groups = grouped(frame, NEEDED, metric=metric, most=most_of(most))
    unit = style.unit_of(groups.rows)
    rows = with_rest(groups, unit)
    base = alt.Chart(rows).encode(y=place(), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("told:N", title="figure")])
    scale = alt.Scale(zero=False, nice=True, padding=10)
    limits = base.mark_rule(strokeWidth=4, opacity=style.PALE, color=style.MAIN, yOffset=BELOW)
    others = base.mark_rule(strokeWidth=2, strokeDash=[2, 3], color=style.GREY, yOffset=BELOW)
    points = base.mark_point(filled=True, size=70, opacity=1, color=style.MAIN, yOffset=BELOW)
    layers = [
        points.encode(x=alt.X("value:Q", scale=scale, axis=alt.Axis(**unit.axis(grid=False)))),
        limits.transform_filter("!datum.rest").encode(x="low:Q", x2="high:Q"),
        others.transform_filter("datum.rest").encode(x="low:Q", x2="high:Q"),
    ]
    name = style.capital(written(groups.rows[0]["metric"]))
    title = f"{name} by {groups.by}" if groups.by else name
    note = "dotted: the range of the others" if groups.left_out else None
    heading = style.heading(title, f"bars: {style.level_of(frame)}", note)
    return with_lines(layers, rows, heading, alt_text(title, rows, unit))
