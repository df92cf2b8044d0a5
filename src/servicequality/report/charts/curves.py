"""The chart of how long things last: the share still open by age, and the tickets that are open now."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import confidence_level, refusing_misfits, shown
from servicequality.core import By, Metric, format_value, key_column, names_of, read_histogram
from servicequality.errors import InputError, ParameterError
from servicequality.report import figures
from servicequality.report.charts import style
from servicequality.report.charts.lines import group_labels
from servicequality.report.results import keys_of
from servicequality.shapes import Survival
from servicequality.shapes.base import FloatArray

if TYPE_CHECKING:
    import altair as alt

__all__ = ["survival_chart"]

_PANELS = 6
_STEPS = 120
_TICKS = 150
_SHOWN = 0.95  # of the rows, by how long they lasted or were watched


class _Curve(NamedTuple):
    """One group's curve, and the ages of its rows that are still open."""

    age: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    open_age: FloatArray
    open_share: FloatArray
    rows: int
    open: int
    median: float
    known: bool


@refusing_misfits
def survival_chart(
    rows: Any, metric: Metric, *, by: By = (), until: float | None = None, level: float = 0.95
) -> "alt.LayerChart | alt.FacetChart":
    """What share has not ended yet at each age, with its limits; rows that are still open are ticks on the curve.

    The curve is that of the metric: Kaplan and Meier's, or Aalen and Johansen's beside ends that compete. The dotted line is
    the median. Of many groups the six with the most rows are drawn, and the subtitle counts the others.

    Args:
        rows: any dataframe, one row a ticket or wait, such as `facts` gives.
        metric: a metric of durations of which some are still running, such as `resolution_time()` or
            `first_response_time()`; its own quantile or limit makes no difference.
        by: key columns; one panel a group, all with the same axes.
        until: the last age that is drawn, in seconds; by default 95 % of the rows lasted no longer.
        level: confidence level of the limits at each age.

    Raises:
        InputError: a column is missing, rows lie outside their domain, or no row has a duration.
        ParameterError: altair is not installed, the metric keeps no curve, or an option does not fit.
    """
    alt = style.altair()
    confidence_level(level)
    shape = metric.shape if isinstance(metric, Metric) else None
    if type(shape).__name__ == "StratifiedSurvival" or not isinstance(shape, Survival):
        raise ParameterError(
            f"expected a metric of durations with running rows, such as resolution_time(); got {shown(metric)}"
        )
    if until is not None and (isinstance(until, bool) or not isinstance(until, int | float) or not 0 < until < np.inf):
        raise ParameterError(f"until must be a number of seconds above 0, got {shown(until)}")
    keys = names_of(by)
    state = metric.partial(rows, by=keys)
    result = metric.finish(state)
    result = result.filter(pl.col("n") > 0)
    if result.is_empty():
        raise InputError("nothing to draw: no row has a duration")
    total = result.height
    result = result.filter(pl.col("n").rank("ordinal", descending=True) <= _PANELS)
    named = {key: key_column(key) for key in keys}
    chosen = result.select(keys).rename(named)
    table = state.tables[metric.name]
    if keys:
        table = table.join(chosen, on=[*named.values()], how="semi", nulls_equal=True)
    curves, until = _curves(table, metric, shape, chosen, until, level)
    names = _panel_names(result, keys_of(result), curves)
    scale = figures.scale_of([{"unit": "s", "value": until}]) or (1.0, "seconds")
    unit = style.Unit(1 / scale[0], scale[1], "", scale)
    lines = pl.concat(_frame(curve, name, unit, until) for curve, name in zip(curves, names, strict=True))
    ticks = pl.concat(_ticks(curve, name, unit, until) for curve, name in zip(curves, names, strict=True))
    title = f"{style.capital(written(metric.name.partition('_limit_')[0]))}: share not ended yet"
    more = f"{total - len(names):,} more groups are not drawn" if total > len(names) else None
    ends = "ticks: still open" if ticks.height else "none is still open"
    heading = style.heading(
        title, None if keys else names[0], f"band: {100 * level:.10g}% limits at each age", ends, more
    )
    chart = _chart(alt, lines, ticks, unit, until / scale[0]).properties(width=style.WIDTH, height=120 if keys else 190)
    description = f"{title}. {'; '.join(map(_sentence, names, curves))}."
    return style.panels(chart, ", ".join(keys) or None, heading).properties(description=description)


def _curves(
    table: pl.DataFrame, metric: Metric, shape: Survival, groups: pl.DataFrame, until: float | None, level: float
) -> tuple[list[_Curve], float]:
    values = read_histogram(table, metric, groups).table
    sums = values.sums or {}
    offsets, at = values.offsets, values.at
    if until is None:
        order = np.argsort(at, kind="stable")
        share = np.cumsum(sums["n"][order])
        until = float(at[order][np.searchsorted(share, _SHOWN * share[-1])]) or 1.0
    curves = shape.curves(values)
    running = np.maximum(sums["n"] - sums["events"] - sums["ended_otherwise"], 0.0)
    # Every step of a curve where there are few, else so many: evenly by rows, so that steep parts have most of them.
    inside = [np.flatnonzero(at[a:b] <= until) + a for a, b in pairwise(offsets)]
    chosen = [
        part[np.unique(np.linspace(0, len(part) - 1, _STEPS).astype(int))] if len(part) else part for part in inside
    ]
    steps = max(map(len, chosen))
    ages = np.zeros((steps, len(chosen)))
    for place, part in enumerate(chosen):
        ages[:, place] = np.resize(at[part], steps) if len(part) else 0.0
    readings = [curves.incidence_at(age, level=level) for age in ages]
    share, low, high = (np.array([getattr(one, name) for one in readings]) for name in ("value", "low", "high"))
    median, known = curves.quantile(0.5).value, curves.identified(until)
    made = []
    for place, part in enumerate(chosen):
        n = len(part)
        start, end = offsets[place], offsets[place + 1]
        still = np.flatnonzero((running[start:end] > 0) & (at[start:end] <= until)) + start
        if len(still) > _TICKS:
            still = still[np.linspace(0, len(still) - 1, _TICKS).astype(int)]
        rows, ongoing = (round(float(column[start:end].sum())) for column in (sums["n"], running))
        left, below, above = (1 - one[:n, place] for one in (share, high, low))
        made.append(
            _Curve(
                age=at[part], share=left, low=below, high=above, open_age=at[still], open_share=curves.survival[still],
                rows=rows, open=ongoing, median=float(median[place]), known=bool(known[place]),
            )
        )  # fmt: skip
    return made, until


def _frame(curve: _Curve, name: str, unit: style.Unit, until: float) -> pl.DataFrame:
    """The steps of a curve from age 0 on, as far as rows were watched."""
    age, share = np.append(0.0, curve.age), np.append(1.0, curve.share)
    low, high = np.append(np.nan, curve.low), np.append(np.nan, curve.high)
    if curve.known and len(curve.age) and curve.age[-1] < until:
        age, share, low, high = (np.append(part, end) for part, end in
                                 ((age, until), (share, share[-1]), (low, low[-1]), (high, high[-1])))  # fmt: skip
    columns = {"age": age * unit.factor, "share": 100 * share, "low": 100 * low, "high": 100 * high}
    return pl.DataFrame({style.GROUP: pl.Series([name]).new_from_index(0, len(age)), **columns}).fill_nan(None)


def _ticks(curve: _Curve, name: str, unit: style.Unit, until: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            style.GROUP: pl.Series([name], dtype=pl.String).new_from_index(0, len(curve.open_age)),
            "age": curve.open_age * unit.factor,
            "share": 100 * curve.open_share,
        },
        schema={style.GROUP: pl.String, "age": pl.Float64, "share": pl.Float64},
    )


def _chart(alt: Any, lines: pl.DataFrame, ticks: pl.DataFrame, unit: style.Unit, end: float) -> Any:
    # One frame, so that the layers can be cut into panels.
    rows = pl.concat([lines.with_columns(tick=False), ticks.with_columns(tick=True)], how="diagonal")
    base = alt.Chart(rows)
    x = alt.X("age:Q", scale=alt.Scale(domain=[0, end], clamp=True), axis=alt.Axis(**unit.axis(grid=False)))
    percent = alt.Axis(**style.axis(None, labelExpr=style.PERCENT))
    y = {name: alt.Y(f"{name}:Q", scale=alt.Scale(domain=[0, 100]), axis=percent) for name in ("share", "low")}
    curve = base.transform_filter("!datum.tick").encode(x=x)
    half = base.transform_aggregate(rows="count()").mark_rule(color=style.GREY, strokeDash=[2, 3])
    return alt.layer(
        curve.mark_area(color=style.MAIN, opacity=0.25, interpolate="step-after").encode(y=y["low"], y2="high:Q"),
        half.encode(y=alt.datum(50)),
        curve.mark_line(color=style.MAIN, interpolate="step-after", strokeWidth=1.8).encode(y=y["share"]),
        base.transform_filter("datum.tick")
        .mark_tick(color=style.CONTRAST, orient="vertical", thickness=1.5, size=11)
        .encode(x=x, y=y["share"]),
    )


def _panel_names(result: pl.DataFrame, keys: list[str], curves: list[_Curve]) -> list[str]:
    counts = [f"n={curve.rows:,}, {curve.open:,} open" for curve in curves]
    if not keys:
        return counts
    names = group_labels(result, keys, 30)
    return [f"{name}, {count}" for name, count in zip(names, counts, strict=True)]


def _sentence(name: str, curve: _Curve) -> str:
    """A group's median in words."""
    if not np.isfinite(curve.median):
        return f"{name}: fewer than half have ended"
    return f"{name}: half have ended within {format_value(curve.median, unit='s')}"
