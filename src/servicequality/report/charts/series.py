"""The chart of a figure over time: results of `evaluate` by period, and control charts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import column, in_calendar, listed, shown
from servicequality.core import By, names_of, ordered
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.report.charts import style
from servicequality.report.charts.lines import group_labels

if TYPE_CHECKING:
    import altair as alt

__all__ = ["time_chart"]

_AT = "servicequality_at"
_FIGURES = ("value", "low", "high")
_COUNTS = ("n", "n_pending")
_PANELS = 12
_NAMED = 12  # names of signals that are drawn; more would stand over one another


def time_chart(
    series: Any,
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    unit: str | None = None,
) -> "alt.LayerChart | alt.FacetChart":
    """A figure period by period with its limits, or a control chart with its centre, its limits and its signals by name.

    Times are drawn as the clock of their zone shows them. A limit is drawn where both sides are known. Periods without a
    value are marked at the foot and counted below the title, with their reasons.

    Args:
        series: what `evaluate` returns by period, or what a function of `control` returns; `value`, `low` and `high` are
            drawn, and where there are `centre` and `signal` these too. Null is a gap, at which the line ends.
        metric: the metric to draw of a result that holds several; `by="metric"` draws each.
        at: column of the times. Rows of a result without a period are set aside, as the subtitle says.
        by: key columns; one panel a group, each with a scale of its own. Of more than twelve the first are drawn, and the
            subtitle counts the others.
        every: distance of the points ("1d", "1w"): times without a row become gaps. None joins the rows that there are.
        unit: the unit of figures whose frame names none, as those of control charts: "share", "s", "points".

    Raises:
        InputError: a column or metric is missing, two points of a panel have one time, or there is nothing to draw.
        ParameterError: altair is not installed, or `every` is no distance.
    """
    alt = style.altair()
    frame = as_frame(series).lazy().collect()
    for option, name in (("at", at), ("metric", metric), ("unit", unit)):
        if not isinstance(name, str | None):
            raise ParameterError(f"time_chart: {option} takes a text, got {shown(name)}")
    keys = names_of(by)
    is_control = {"centre", "signal"} <= set(frame.columns) - {*keys, at}
    counts = [] if is_control else [name for name in _COUNTS if name not in keys and _is_count(frame, name)]
    columns = [*_FIGURES, *(["centre"] if is_control else []), *counts]
    groups, aside = ordered(frame, columns, at=at, by=by, every=every, role="time_chart", metric=metric)
    rows = pl.concat(groups[:_PANELS])
    _check(rows, keys, at)
    own = [column(name) for name in (*keys, at)]
    if is_control:
        marked = frame.select(*own, pl.col("signal").cast(pl.String).alias(style.GROUP)).drop_nulls(style.GROUP)
        rows = rows.join(marked, on=own, how="left", nulls_equal=True, maintain_order="left")
        rows = rows.rename({style.GROUP: "signal"})
        aside = next(iter(frame["notes"].drop_nulls()), None) if "notes" in frame.columns else None
    shown_in = _unit(frame, metric, unit)
    drawn = rows.select(
        column(at).dt.replace_time_zone(None).alias(_AT)
        if isinstance(rows.schema[at], pl.Datetime)
        else column(at).cast(pl.Datetime("us")).alias(_AT),
        *shown_in.figures(*(name for name in columns if name not in counts)),
        *counts,
        *(["signal"] if is_control else []),
        *([pl.Series(style.GROUP, group_labels(rows, keys), pl.String)] if keys else []),
    )
    if not is_control:  # a band ends where it lacks a side
        both = pl.col("low").is_not_null() & pl.col("high").is_not_null()
        drawn = drawn.with_columns(pl.when(both).then(pl.col(side)).alias(side) for side in ("low", "high"))
    low = pl.col("low")
    alone = low.is_not_null() & low.shift(1).is_null() & low.shift(-1).is_null()
    drawn = drawn.with_columns(alone=(alone.over(style.GROUP) if keys else alone))
    if is_control:  # of signals in a row the first is named
        again = pl.col("signal").eq_missing(pl.col("signal").shift(1))
        drawn = drawn.with_columns(name=pl.when(~(again.over(style.GROUP) if keys else again)).then("signal"))
    name = "Control chart" if is_control else _name(frame, metric, keys)
    told = _told(drawn, name, shown_in)
    if is_control:
        layers, words = _control(alt, drawn, shown_in, at)
    else:
        layers, words = _banded(alt, drawn, shown_in, at), [f"band: {style.level_of(frame)}", *_counted(drawn)]
    more = (
        f"{len(groups) - _PANELS:,} more groups are not drawn: keep those that matter"
        if len(groups) > _PANELS
        else None
    )
    title = style.heading(name, *words, _gaps(frame, metric, drawn), aside, more)
    chart = alt.layer(*layers).properties(width=style.WIDTH, height=150 if keys else 190)
    drawing = style.panels(chart, ", ".join(keys) or None, title).properties(description=f"{told}. {'; '.join(words)}.")
    return drawing.resolve_scale(y="independent") if keys else drawing


def _check(rows: pl.DataFrame, keys: Sequence[str], at: str) -> None:
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


def _base(alt: Any, drawn: pl.DataFrame, unit: style.Unit, at: str, names: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    hover = [
        alt.Tooltip(f"{_AT}:T", title=style.label(at), format="%Y-%m-%d %H:%M"),
        *(alt.Tooltip(f"{name}:Q", title=name, format=".4~g") for name in names),
        *([alt.Tooltip("signal:N", title="signal")] if "signal" in drawn.columns else []),
    ]
    scale = alt.Scale(zero=False, nice=True, padding=8)
    y = {name: alt.Y(f"{name}:Q", scale=scale, axis=alt.Axis(**unit.axis())) for name in names}
    x = alt.X(f"{_AT}:T", axis=alt.Axis(**style.axis(None, grid=False)))
    return alt.Chart(drawn).encode(x=x, y=y["value"], tooltip=hover), y


def _banded(alt: Any, drawn: pl.DataFrame, unit: style.Unit, at: str) -> list[Any]:
    """A line with a band; a point that stands alone has a bar; a time without a value a cross at the foot."""
    base, y = _base(alt, drawn, unit, at, _FIGURES)
    known = base.transform_filter("isValid(datum.low) && isValid(datum.high)").encode(y=y["low"], y2="high:Q")
    size, points = 36 if len(drawn) <= 60 else 12, base.transform_filter("isValid(datum.value)")
    return [
        base.mark_area(color=style.MAIN, opacity=0.25).encode(y=y["low"], y2="high:Q"),
        known.transform_filter("datum.alone").mark_rule(strokeWidth=4, **style.faint()),
        base.mark_line(color=style.MAIN, strokeWidth=1.5),
        points.transform_filter("!(datum.n_pending > 0)").mark_point(
            filled=True, opacity=1, color=style.MAIN, size=size
        ),
        points.transform_filter("datum.n_pending > 0").mark_point(
            filled=False, opacity=1, color=style.MAIN, strokeWidth=2, size=1.4 * size
        ),
        _gap_marks(alt, base),
    ]


def _is_count(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.schema[name].is_integer()


def _counted(drawn: pl.DataFrame) -> list[str]:
    """How many rows the points rest on, and which wait for some."""
    told = []
    if "n" in drawn.columns and len(known := drawn.filter(pl.col("value").is_not_null())["n"].drop_nulls()):
        least, most = (f"{round(end):,}" for end in (known.to_numpy().min(), known.to_numpy().max()))
        told.append(f"n={least} a point" if least == most else f"n={least} to {most} a point")
    if "n_pending" in drawn.columns and (drawn["n_pending"] > 0).any():
        told.append("rings: rows are still open")
    return told


def _gap_marks(alt: Any, base: Any) -> Any:
    """A cross at the foot for each time without a value."""
    gaps = base.transform_filter("!isValid(datum.value)")
    return gaps.mark_text(text="×", fontSize=13, dy=-5, opacity=0.8).encode(y=alt.value("height"))


def _control(alt: Any, drawn: pl.DataFrame, unit: style.Unit, at: str) -> tuple[list[Any], list[str]]:
    """The centre, the limits of chance, the points, and the signals in another colour and shape, with their names."""
    base, y = _base(alt, drawn, unit, at, (*_FIGURES, "centre"))
    flagged = base.transform_filter("isValid(datum.signal)")
    signals = drawn["signal"].drop_nulls()
    limits = [
        base.mark_line(color=style.GREY, strokeDash=style.DASH, interpolate="step").encode(y=y[side])
        for side in ("low", "high")
    ]
    layers = [
        base.mark_line(color=style.GREY, strokeWidth=1).encode(y=y["centre"]),
        *limits,
        base.mark_line(color=style.MAIN, strokeWidth=1.5),
        base.transform_filter("isValid(datum.value) && !isValid(datum.signal)").mark_point(
            filled=True, size=36, opacity=1, color=style.MAIN
        ),
        flagged.mark_point(filled=True, size=90, opacity=1, color=style.CONTRAST, shape="diamond"),
        _gap_marks(alt, base),
    ]
    words = ["dashed: limits of chance"]
    if not len(signals):
        return layers, [*words, "no signal"]
    counted = ", ".join(f"{count} {name}" for name, count in _counts(signals))
    words.append(f"diamonds: signals ({counted})")
    if drawn["name"].count() <= _NAMED:
        layers += [
            flagged.transform_filter(f"isValid(datum.name) && indexof(datum.name, 'below') {test} 0")
            .mark_text(dy=shift, fontSize=10, align=align)
            .encode(text="name:N")
            for test, shift, align in (("<", -10, "center"), (">=", 13, "center"))
        ]
    return layers, words


def _counts(signals: pl.Series) -> list[tuple[str, int]]:
    counted = signals.alias("signal").value_counts(sort=True, name="count")
    return list(zip(style.labels(counted["signal"]), counted["count"].to_list(), strict=True))


def _gaps(frame: pl.DataFrame, metric: str | None, drawn: pl.DataFrame) -> str | None:
    """How many times have no value, and why."""
    gaps = drawn["value"].null_count()
    if not gaps:
        return None
    reasons: list[str] = []
    if {"reason", "metric"} <= set(frame.columns):
        own = frame if metric is None else frame.filter(pl.col("metric") == metric)
        told = own.filter(
            pl.col("value").is_null(), pl.col("period").is_not_null() if "period" in own.columns else True
        )
        reasons = told["reason"].drop_nulls().unique(maintain_order=True).to_list()[:3]
    why = f" ({', '.join(map(style.label, reasons))})" if reasons else ""
    return f"×: {gaps:,} without a value{why}"


def _told(drawn: pl.DataFrame, name: str, unit: style.Unit) -> str:
    """The first, the last, the lowest and the highest value, for those who do not see them."""
    known = drawn.drop_nulls("value")
    ends = known.select(
        first=pl.col("value").first(), last=pl.col("value").last(), least=pl.col("value").min(), most=pl.col("value").max(),
        since=pl.col(_AT).min().dt.to_string("%Y-%m-%d"), until=pl.col(_AT).max().dt.to_string("%Y-%m-%d"),
    ).row(0, named=True)  # fmt: skip
    mark = unit.mark or (f" {unit.title}" if unit.title else "")
    span = f"from {ends['since']} to {ends['until']}, {len(known):,} points"
    if style.GROUP in drawn.columns:
        groups = drawn[style.GROUP].n_unique()
        return f"{name} {span} of {groups} groups, between {ends['least']:.4g}{mark} and {ends['most']:.4g}{mark}"
    return (
        f"{name} {span}: first {ends['first']:.4g}{mark}, last {ends['last']:.4g}{mark}, "
        f"lowest {ends['least']:.4g}{mark}, highest {ends['most']:.4g}{mark}"
    )


def _name(frame: pl.DataFrame, metric: str | None, keys: Sequence[str]) -> str:
    """The metric that is drawn, or those that are."""
    if metric is not None:
        return style.capital(written(metric))
    if "metric" not in frame.columns:
        return "Over time"
    names = frame["metric"].unique(maintain_order=True)
    several = "metric" in keys and len(names) > 1
    return "Over time" if several else style.capital(listed(written(str(name)) for name in names))


def _unit(frame: pl.DataFrame, metric: str | None, stated: str | None) -> style.Unit:
    """The unit of the figures, where there is one for all."""
    rows = frame if metric is None or "metric" not in frame.columns else frame.filter(pl.col("metric") == metric)
    if "unit" in frame.columns:
        stated = str(rows["unit"][0]) if rows["unit"].n_unique() == 1 and not rows["unit"].has_nulls() else None
    if stated is None:
        return style.Unit(1.0, None, "", None)
    return style.unit_of([{"unit": stated, "value": value} for value in rows["value"].to_list()])
