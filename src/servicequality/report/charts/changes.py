"""The chart of before and after: each figure's change with its limits, on the axis of the figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import refusing_misfits
from servicequality.core import error_of, format_limits, format_value
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.charts.lines import BELOW, group_labels, lined, place
from servicequality.report.results import Row, plain_frame, rows_of

if TYPE_CHECKING:
    import altair as alt

__all__ = ["change_chart"]

_NUMBERS = ("before", "after", "change", "low", "high")
_COUNTS = ("n_before", "n_after")
_MOST = 12


@refusing_misfits
def change_chart(changes: Any) -> "alt.LayerChart | alt.VConcatChart":
    """What a figure was before (hollow), what it is after (full), and the limits of the change about it.

    Where the limits do not reach the upright line at the figure before, the change is more than chance. Each metric has an
    axis of its own unit, on which its groups stand one below the other; of more than twelve metrics or groups the first are
    drawn, and the subtitle counts the others.

    Args:
        changes: what `compare` returns.

    Raises:
        InputError: a column is missing or of a wrong type, or there are no rows.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    frame = plain_frame(
        changes, role="change_chart", numbers=_NUMBERS, counts=_COUNTS, texts=["metric", "unit", "reason"]
    )
    known = pl.all_horizontal(pl.col("before", "after", "change").is_not_null())
    frame = frame.with_columns(pl.when(known).then(pl.col(name)).alias(name) for name in _NUMBERS)
    if frame.is_empty():
        raise InputError("nothing to draw: no figure was compared")
    keys = frame.columns[: frame.columns.index("metric")]
    metrics = frame["metric"].unique(maintain_order=True)
    charts, told = [], []
    for name in metrics.head(_MOST).to_list():
        own = frame.filter(pl.col("metric").eq_missing(pl.lit(name, pl.String)))
        chart, words = _panel(alt, own.head(_MOST), keys, len(own) - _MOST)
        charts.append(chart)
        told += words
    note = "upright: before; full: after, with the limits of the change"
    more = f"{len(metrics) - _MOST:,} more metrics are not drawn" if len(metrics) > _MOST else None
    level = style.level_of(frame)
    heading = style.heading("Before and after", note, level, more)
    description = f"Before and after, {level}. {'; '.join(told[:_MOST])}."
    if len(charts) == 1:
        return style.panels(charts[0], None, heading).properties(description=description)
    return style.stacked(charts, heading, description, one_axis=False)


def _panel(alt: Any, frame: pl.DataFrame, keys: Sequence[str], more: int) -> tuple[Any, list[str]]:
    """The groups of one metric on one axis, and what they say."""
    rows = rows_of(frame, ("metric", "unit", "reason", *_NUMBERS, *_COUNTS))
    unit = style.unit_of(
        [{"unit": row["unit"] or "", "value": end} for row in rows for end in (row["before"], row["after"])]
    )
    metric = style.capital(written(rows[0]["metric"] or ""))
    counts = [f"n={row['n_before'] or 0:,} and {row['n_after'] or 0:,}" for row in rows]
    names = group_labels(frame, keys, 30) if keys else [metric]
    lines = [f"{name}, {count}" for name, count in zip(names, counts, strict=True)] if keys else names
    told = [_told(row, unit) for row in rows]
    drawn = frame.with_columns(_low=pl.col("before") + pl.col("low"), _high=pl.col("before") + pl.col("high")).select(
        pl.Series("place", range(len(rows)), pl.Int64),
        pl.Series("name", lines, pl.String),
        pl.Series("told", told, pl.String),
        *unit.figures("before", "after", "_low", "_high"),
    )
    drawn = drawn.rename({"_low": "low", "_high": "high"})
    base = alt.Chart(drawn).encode(y=place(), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("told:N", title="change")])
    titles = [*([metric] if keys else []), *([unit.title] if unit.title else []), *([] if keys else counts)]
    if more > 0:
        titles.append(f"{more:,} more groups are not drawn")
    axis = alt.Axis(**unit.axis(grid=False, title=", ".join(titles) or None))
    x = {
        name: alt.X(f"{name}:Q", scale=alt.Scale(zero=False, nice=True, padding=10), axis=axis)
        for name in ("before", "after")
    }
    shift = {"yOffset": BELOW}
    layers = [
        base.mark_rule(strokeWidth=4, **style.faint(), **shift).encode(x=alt.X("low:Q", axis=axis), x2="high:Q"),
        base.mark_rule(strokeWidth=1.2, color=style.GREY, **shift).encode(x=x["before"], x2="after:Q"),
        base.mark_tick(color=style.GREY, thickness=2, size=20, orient="vertical", **shift).encode(x=x["before"]),
        base.mark_point(filled=False, size=50, strokeWidth=2, opacity=1, color=style.CONTRAST, **shift).encode(
            x=x["before"]
        ),
        base.mark_point(filled=True, size=70, opacity=1, color=style.MAIN, **shift).encode(x=x["after"]),
    ]
    return lined(layers, drawn), [
        f"{metric} {name} {text}" if keys else f"{name} {text}" for name, text in zip(names, told, strict=True)
    ]


def _told(row: Row, unit: style.Unit) -> str:
    """Before, after and the change with its limits, in one unit."""
    if row["change"] is None:
        return style.label(row["reason"] or "undefined")
    error = error_of(None, row["change"], row["low"], row["high"])
    beside = max(abs(row["before"]), abs(row["after"]))
    before, after = (format_value(row[end], unit=row["unit"], se=error, beside=beside) for end in ("before", "after"))
    change = format_value(row["change"], unit=row["unit"], se=error, beside=beside)
    sign = "+" if row["change"] > 0 else ""
    limits = format_limits(row["low"], row["high"], unit=row["unit"], se=error, beside=beside)
    around = f" ({limits})" if limits else ""
    if unit.mark == "%":  # a change of shares is in points, and no share of a share
        change, around = change.removesuffix("%"), around.replace("%", "") + " points"
    return f"{before} → {after}, {sign}{change}{around}"
