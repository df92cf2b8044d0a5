"""A series made ready for a chart. Lives here: order, gaps, groups, the frozen baseline, signals. Never: limits."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.domains import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Baseline = int | tuple[date | datetime, date | datetime] | None
"""Which points limits rest on: the first so many, those from one instant up to another, or all."""
By = str | Sequence[str]

LEAST = 8
"""Points that a baseline needs: of fewer, limits say more of chance than of the process."""
_RUN = 9  # points on one side of the centre (Nelson 1984)


class Drawn(NamedTuple):
    """One group's chart, one entry a point; NaN is undefined."""

    value: Numbers
    center: Numbers
    lower: Numbers
    upper: Numbers
    signal: pl.Series


Draw = Callable[[list[Numbers], Flags], Drawn]
"""Makes a chart of the columns of one group and of the flags of its baseline."""


def charted(
    series: Any, columns: Sequence[str], draw: Draw, *, at: str, by: By, every: str | None, baseline: Baseline
) -> pl.DataFrame:
    """Each group's series in the order of time, with what `draw` makes of its columns and its baseline."""
    keys = [by] if isinstance(by, str) else list(by)
    frame = as_frame(series).lazy().collect()
    require_columns(frame.schema, [*keys, at, *columns], role="control chart")
    _check(frame, columns, at, keys)
    rows = frame.select(*keys, at, *(pl.col(name).cast(pl.Float64) for name in columns)).sort(*keys, at)
    groups = rows.partition_by(keys, maintain_order=True) if keys else [rows]
    if every is not None:
        groups = [_with_gaps(group, at, every, keys) for group in groups]
    charts = [_chart(group, columns, draw, at, keys, baseline) for group in groups]
    return pl.concat(charts or [_chart(rows, columns, draw, at, keys, baseline)])


def signals(value: Numbers, center: float, lower: Numbers, upper: Numbers, *, runs: bool) -> pl.Series:
    """What each point shows: beyond a limit, or at least the ninth in a row on one side of the centre; null is chance."""
    with np.errstate(invalid="ignore"):
        above, below = value > upper, value < lower
        side = np.sign(np.nan_to_num(value - center))  # a gap is on neither side, and ends a run
    said = np.full(len(value), None, dtype=object)
    if runs and len(side):
        place = np.arange(len(side))
        turned = np.concatenate([[True], side[1:] != side[:-1]])
        long = place - np.maximum.accumulate(np.where(turned, place, 0)) + 1 >= _RUN
        said[long & (side > 0)] = "run above"
        said[long & (side < 0)] = "run below"
    said[above], said[below] = "above", "below"
    return pl.Series(said.tolist(), dtype=pl.String)


def _with_gaps(group: pl.DataFrame, at: str, every: str, keys: list[str]) -> pl.DataFrame:
    try:
        whole = group.select(at, *keys).upsample(at, every=every, maintain_order=True).select(at)
    except pl.exceptions.PolarsError as error:
        raise ParameterError(
            f"every={every!r} makes no steps from {at!r}: {error}; use a length such as '1d' or '1w'"
        ) from None
    if len(astray := group[at].filter(~group[at].is_in(whole[at].implode()))):
        raise InputError(f"column {at!r}: {astray[0]} lies between the steps of every={every!r}; truncate it first")
    labels = [pl.lit(group[key][0], group.schema[key]).alias(key) for key in keys]
    return whole.join(group.drop(keys), on=at, how="left", maintain_order="left").select(*labels, pl.all())


def _chart(
    group: pl.DataFrame, columns: Sequence[str], draw: Draw, at: str, keys: list[str], baseline: Baseline
) -> pl.DataFrame:
    numbers = [group[name].to_numpy(writable=True) for name in columns]
    there = np.logical_and.reduce([np.isfinite(column) for column in numbers])
    chosen = _chosen(group[at], there, baseline) & there
    blank = np.full(group.height, np.nan)
    drawn = Drawn(numbers[0], blank, blank, blank, pl.repeat(None, group.height, dtype=pl.String, eager=True))
    reason = None
    if chosen.sum() < LEAST:
        reason = f"the baseline has {chosen.sum()} points, and limits need {LEAST}"
    else:
        try:
            drawn = draw(numbers, chosen)
        except ParameterError as error:  # a group that does not vary is no fault of the call
            reason = str(error)
    figures = zip(("value", "center", "lower", "upper"), drawn[:4], strict=True)
    return group.select(*keys, at).with_columns(
        *(pl.Series(name, column, dtype=pl.Float64, nan_to_null=True) for name, column in figures),
        drawn.signal.alias("signal"),
        pl.Series("baseline", chosen),
        pl.lit(reason, pl.String).alias("reason"),
    )


def _chosen(at: pl.Series, there: Flags, baseline: Baseline) -> Flags:
    if baseline is None:
        return np.ones(len(at), np.bool_)
    if isinstance(baseline, int):
        if baseline < LEAST:
            raise ParameterError(f"baseline must be {LEAST} points or more; got {baseline}")
        return np.asarray(np.cumsum(there) <= baseline, np.bool_)
    since, until = baseline
    if not since < until:
        raise ParameterError(f"baseline must begin before it ends; got {since} to {until}")
    return ((at >= since) & (at < until)).to_numpy()


def _check(frame: pl.DataFrame, columns: Sequence[str], at: str, keys: list[str]) -> None:
    if not frame.schema[at].is_temporal():
        raise InputError(f"column {at!r} holds {frame.schema[at]}, expected dates or instants, which order a chart")
    for name in columns:
        if not (frame.schema[name].is_numeric() or frame.schema[name] == pl.Null):
            raise InputError(f"column {name!r} holds {frame.schema[name]}, expected numbers; cast it first")
        if bad := frame.select((~pl.col(name).cast(pl.Float64).is_finite()).sum()).item():
            raise InputError(f"column {name!r}: {bad} points that are not finite; a gap is a null")
    if blank := frame[at].null_count():
        raise InputError(f"column {at!r}: {blank} points without a time; filter them")
    twice = frame.select(pl.struct(*keys, at).is_duplicated()).to_series()
    if twice.any():
        shown = ", ".join(str(when) for when in frame.filter(twice)[at].unique().sort().head(3))
        raise InputError(
            f"column {at!r}: several points at {shown}; name what tells them apart with by=, or add them up"
        )
