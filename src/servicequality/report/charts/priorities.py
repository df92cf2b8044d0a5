"""The importance-performance chart (Martilla and James 1977)."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.core import require_columns
from servicequality.errors import InputError
from servicequality.model import as_frame
from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["importance_performance_map"]


def importance_performance_map(
    attributes: Any,
    *,
    name: str = "dimension",
    importance: str = "importance",
    performance: str = "performance",
    importance_title: str = "importance",
    performance_title: str = "performance, points of the scale",
) -> "alt.LayerChart":
    """Each attribute by how important it is and how well it is done, in four named quadrants.

    Args:
        attributes: what `importance_performance` gives: a row an attribute, importance, performance, and where the map is
            cut, `importance_cut` and `performance_cut`.
        name: column that names the attributes.
        importance: column of importance.
        performance: column of performance.
        importance_title: what importance is measured in, for the axis.
        performance_title: what performance is measured in, for the axis.

    Raises:
        InputError: a column is missing, no attribute has both figures, or the map is cut at several places.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    rows = as_frame(attributes).lazy()
    cuts = ["importance_cut", "performance_cut"]
    require_columns(
        rows.collect_schema(), [name, importance, performance, *cuts], role="the map draws importance and performance"
    )
    figures = [pl.col(importance).alias("importance"), pl.col(performance).alias("performance")]
    drawn = rows.select(pl.col(name).cast(pl.String).alias("name"), *figures, *cuts).drop_nulls().collect()
    drawn = drawn.with_columns(pl.Series("name", style.labels(drawn["name"], 24), pl.String))
    if drawn.is_empty():
        raise InputError("nothing to draw: no attribute has importance and performance both")
    if drawn.select(cuts).n_unique() > 1:
        raise InputError("the map is cut at several places: filter the attributes of one map")
    crosshair = drawn.select(cuts).row(0)
    drawn = drawn.drop(cuts)
    across, up = (
        _reach(drawn[column].to_list(), middle)
        for column, middle in (("performance", crosshair[1]), ("importance", crosshair[0]))
    )
    plane = {
        "x": alt.X("performance:Q", scale=alt.Scale(domain=across, nice=False, zero=False),
                   axis=alt.Axis(**style.axis(performance_title, grid=False))),
        "y": alt.Y("importance:Q", scale=alt.Scale(domain=up, nice=False, zero=False),
                   axis=alt.Axis(**style.axis(importance_title, grid=False))),
    }  # fmt: skip
    corners = pl.DataFrame(
        {
            "performance": [across[0], across[1]] * 2,
            "importance": [up[1], up[1], up[0], up[0]],
            "quadrant": ["concentrate here", "keep up", "low priority", "possible overkill"],
            "align": ["left", "right"] * 2,
            "baseline": ["top", "top", "bottom", "bottom"],
        }
    )
    named = [
        alt.Chart(corners.filter((pl.col("align") == align) & (pl.col("baseline") == baseline)))
        .mark_text(align=align, baseline=baseline, dx=6 if align == "left" else -6,
                   dy=6 if baseline == "top" else -6, opacity=0.8, fontStyle="italic")
        .encode(**plane, text="quadrant:N")
        for align in ("left", "right") for baseline in ("top", "bottom")
    ]  # fmt: skip
    lines = [
        alt.Chart(pl.DataFrame({"performance": [crosshair[1]]})).mark_rule(color=style.GREY).encode(x=plane["x"]),
        alt.Chart(pl.DataFrame({"importance": [crosshair[0]]})).mark_rule(color=style.GREY).encode(y=plane["y"]),
    ]
    hover = [
        alt.Tooltip("name:N", title=name),
        *(alt.Tooltip(f"{figure}:Q", title=figure, format=".3~f") for figure in ("importance", "performance")),
    ]
    base = alt.Chart(drawn).encode(**plane, tooltip=hover)
    dots = base.mark_circle(color=style.MAIN, size=90, opacity=1)
    # A name stands to the right of its point, but at the right edge, where it would not fit.
    edge = across[0] + 0.8 * (across[1] - across[0])
    labels = [
        base.transform_filter(f"datum.performance {side} {edge}")
        .mark_text(align=align, baseline="middle", dx=dx, fontSize=11)
        .encode(text="name:N")
        for side, align, dx in (("<=", "left", 9), (">", "right", -9))
    ]
    chart = alt.layer(*named, *lines, dots, *labels).properties(width=style.WIDTH, height=300)
    figures_told = zip(*(drawn[column].to_list() for column in ("name", "importance", "performance")), strict=True)
    told = "; ".join(
        f"{one} {one_importance:.3g} and {one_performance:.3g}" for one, one_importance, one_performance in figures_told
    )
    title = style.heading("Importance and performance")
    return style.panels(chart, None, title).properties(
        description=f"Importance and performance. {style.label(told, 800)}."
    )


def _reach(values: list[float], middle: float) -> list[float]:
    """An axis that holds all points and the crosshair, with room for the names."""
    low, high = min(*values, middle), max(*values, middle)
    room = 0.18 * (high - low) or 0.5
    return [low - room, high + room]
