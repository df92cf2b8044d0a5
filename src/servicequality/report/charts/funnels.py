"""The funnel: shares of many units by their size, and the limits that one common share would give."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.charts.lines import group_labels
from servicequality.report.results import plain_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["funnel_chart"]

_NUMBERS = ("value", "n", "z", "centre", "low", "high")
_NAMED = 8


@refusing_misfits
def funnel_chart(units: Any) -> "alt.LayerChart":
    """Agents or teams by their size, within or outside of the limits of chance; those outside by name.

    Args:
        units: what `comparison.funnel` returns.

    Raises:
        InputError: a column is missing or of a wrong type, or no unit has limits.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    frame = plain_frame(units, role="funnel_chart", numbers=_NUMBERS, texts=["outside"])
    keys = frame.columns[: frame.columns.index("value")]
    names = group_labels(frame, keys, 24) if keys else [style.NONE] * len(frame)
    own = frame.select(
        pl.Series("name", names, pl.String), *(pl.col(name).cast(pl.Float64) for name in _NUMBERS), "outside"
    )
    known = own.filter(
        pl.all_horizontal(pl.col(name).is_finite() for name in ("value", "n", "centre", "low", "high")), pl.col("n") > 0
    )
    if known.is_empty():
        reasons = frame["reason"].drop_nulls().to_list() if "reason" in frame.columns else []
        raise InputError(f"nothing to draw: no unit has limits{f' ({style.label(reasons[0])})' if reasons else ''}")
    percent = [(100 * pl.col(name)).alias(name) for name in ("value", "centre", "low", "high")]
    drawn = known.with_columns(percent)
    limits = _limits(known).with_columns((100 * pl.col(name)).alias(name) for name in ("low", "high"))
    axis = alt.Axis(**style.axis(None, labelExpr=style.PERCENT))
    x = alt.X(
        "n:Q",
        scale=alt.Scale(zero=False, nice=False, padding=14),
        axis=alt.Axis(**style.axis("rows of each", labelExpr=style.PLAIN)),
    )
    floor = float(limits["low"].min()) <= 0  # type: ignore[arg-type]  # numbers
    scale = alt.Scale(zero=True) if floor else alt.Scale(zero=False, padding=6)
    y = {name: alt.Y(f"{name}:Q", axis=axis, scale=scale) for name in ("value", "low", "high", "centre")}
    hover = [alt.Tooltip("name:N"), alt.Tooltip("value:Q", format=".3~g"), alt.Tooltip("n:Q", format=",")]
    base = alt.Chart(drawn).encode(x=x, y=y["value"], tooltip=hover)
    lines = alt.Chart(limits).encode(x=x)
    outside = drawn.drop_nulls("outside").sort(pl.col("z").abs(), descending=True, nulls_last=True)
    named = alt.Chart(outside.head(_NAMED)).encode(x=x, y=y["value"], text="name:N")
    middle = (float(known["n"].min()) + float(known["n"].max())) / 2  # type: ignore[arg-type]  # numbers
    layers = [
        *(lines.mark_line(color=style.GREY, strokeDash=style.DASH).encode(y=y[side]) for side in ("low", "high")),
        alt.Chart(drawn.head(1)).mark_rule(color=style.GREY).encode(y=y["centre"]),
        base.transform_filter("!isValid(datum.outside)").mark_point(
            filled=True, size=45, opacity=0.75, color=style.MAIN
        ),
        base.transform_filter("isValid(datum.outside)").mark_point(
            filled=True, size=90, opacity=1, color=style.CONTRAST, shape="diamond"
        ),
        *(
            named.transform_filter(f"datum.n {test} {middle!r}").mark_text(align=side, dx=shift, fontSize=11)
            for test, side, shift in (("<=", "left", 9), (">", "right", -9))
        ),
    ]
    centre = f"all together {float(drawn['centre'][0]):.3g}%"
    missing = len(frame) - len(known)
    notes = [
        f"{len(known):,} units, {centre}",
        "dashed: limits of chance",
        f"diamonds: {len(outside):,} outside" if len(outside) else "none is outside",
        f"{len(outside) - _NAMED:,} of them without a name here" if len(outside) > _NAMED else None,
        f"{missing:,} undefined, not drawn" if missing else None,
    ]
    columns = (outside.head(_NAMED)[name].to_list() for name in ("name", "value", "n", "outside"))
    told = [f"{name} {value:.3g}% of {n:,.0f}, {side}" for name, value, n, side in zip(*columns, strict=True)]
    description = f"Funnel of {'; '.join(filter(None, notes))}. {'; '.join(told)}".strip()
    chart = alt.layer(*layers).properties(width=style.WIDTH, height=230, description=description)
    by = style.label(" and ".join(key.replace("_", " ") for key in keys)) or "units"
    return style.panels(chart, None, style.heading(f"More than chance? By {by}", *notes))


def _limits(known: pl.DataFrame) -> pl.DataFrame:
    """The funnel's curves between the smallest and the largest unit: their distance falls with the root of the size."""
    largest = known.sort("n").row(-1, named=True)
    reach = max(largest["high"] - largest["centre"], largest["centre"] - largest["low"]) * np.sqrt(largest["n"])
    least, most = float(known["n"].min()), float(largest["n"])  # type: ignore[arg-type]  # numbers
    sizes = np.geomspace(least, most, 60) if most > least else np.array([0.9, 1.1]) * least
    away = reach / np.sqrt(sizes)
    return pl.DataFrame(
        {"n": sizes, "low": np.clip(largest["centre"] - away, 0, 1), "high": np.clip(largest["centre"] + away, 0, 1)}
    )
