"""What all charts share: the frozen baseline, one chart per group, signals."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column as column_of
from servicequality.checks import shown
from servicequality.core import By, Computation, names_of, ordered, series_types
from servicequality.errors import ParameterError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Baseline = int | tuple[date | datetime, date | datetime] | None
"""Which points limits rest on: the first so many, those from one instant up to another, or all."""

LEAST = 8
"""Points that a baseline needs: of fewer, limits say more of chance than of the process."""
_ROLE = "control chart"
_CHART: dict[str, pl.DataType] = {
    **dict.fromkeys(("value", "centre", "low", "high"), pl.Float64()),
    "signal": pl.String(),
    "baseline": pl.Boolean(),
    "reason": pl.String(),
    "notes": pl.String(),
}
_GAP = "a gap: no value at this time"
_RUN = 9  # points on one side of the centre (Nelson 1984)


class Drawn(NamedTuple):
    """One group's chart, one entry a point; NaN is undefined."""

    value: Numbers
    centre: Numbers
    low: Numbers
    high: Numbers
    signal: pl.Series


Draw = Callable[[list[Numbers], Flags], Drawn]
"""Makes a chart of the columns of one group and of the flags of its baseline."""


def charted(
    series: Any,
    columns: Sequence[str],
    draw: Draw,
    *,
    at: str,
    by: By,
    every: str | None,
    baseline: Baseline,
    metric: str | None = None,
) -> Computation:
    """Each group's series in the order of time, with what `draw` makes of its columns and its baseline."""
    keys = names_of(by)
    _check_baseline(baseline)
    if taken := [name for name in (*keys, at) if name in _CHART]:
        raise ParameterError(f"{taken[0]!r} is a column of the chart; rename the frame's column first")

    def answer() -> pl.DataFrame:
        groups, note = ordered(series, columns, at=at, by=by, every=every, role=_ROLE, metric=metric)
        charts = pl.concat([_chart(group, columns, draw, at, keys, baseline) for group in groups])
        return charts.with_columns(notes=pl.lit(note, pl.String))

    return Computation(answer, lambda: series_types(series, columns, at=at, by=by, role=_ROLE) | _CHART)


def signals(value: Numbers, centre: float, low: Numbers, high: Numbers, *, runs: bool) -> pl.Series:
    """What each point shows: beyond a limit, or at least the ninth in a row on one side of the centre; null is chance."""
    with np.errstate(invalid="ignore"):
        above, below = value > high, value < low
        side = np.sign(np.nan_to_num(value - centre))  # a gap is on neither side, and ends a run
    texts = np.full(len(value), None, dtype=object)
    if runs and len(side):
        place = np.arange(len(side))
        turned = np.concatenate([[True], side[1:] != side[:-1]])
        long = place - np.maximum.accumulate(np.where(turned, place, 0)) + 1 >= _RUN
        texts[long & (side > 0)] = "run above"
        texts[long & (side < 0)] = "run below"
    texts[above], texts[below] = "above", "below"
    return pl.Series(texts.tolist(), dtype=pl.String)


def _chart(
    group: pl.DataFrame, columns: Sequence[str], draw: Draw, at: str, keys: list[str], baseline: Baseline
) -> pl.DataFrame:
    numbers = [group[name].to_numpy(writable=True) for name in columns]
    finite = np.logical_and.reduce([np.isfinite(column) for column in numbers])
    chosen = _chosen(group[at].alias("at"), finite, baseline) & finite
    blank = np.full(group.height, np.nan)
    drawn = Drawn(numbers[0], blank, blank, blank, pl.repeat(None, group.height, dtype=pl.String, eager=True))
    reason = None
    if chosen.sum() < LEAST:
        reason = f"the baseline has {chosen.sum()} points, and limits need {LEAST}"
    else:
        try:
            drawn = draw(numbers, chosen)
        except ParameterError as error:  # a group that does not vary is not a fault of the call
            reason = str(error)
    figures = zip(("value", "centre", "low", "high"), drawn[:4], strict=True)
    said = pl.when(pl.col("value").is_null() & (reason is None)).then(pl.lit(_GAP)).otherwise(pl.lit(reason, pl.String))
    return (
        group.select(column_of(name) for name in (*keys, at))
        .with_columns(
            *(pl.Series(name, column, dtype=pl.Float64, nan_to_null=True) for name, column in figures),
            drawn.signal.alias("signal"),
            pl.Series("baseline", chosen),
        )
        .with_columns(said.alias("reason"))
    )


def _check_baseline(baseline: Baseline) -> None:
    if isinstance(baseline, int):
        if baseline < LEAST:
            raise ParameterError(f"baseline must be {LEAST} points or more; got {baseline}")
    elif baseline is not None:
        if not (
            isinstance(baseline, tuple | list) and len(baseline) == 2 and all(isinstance(end, date) for end in baseline)
        ):
            raise ParameterError(f"baseline takes a number of points, or two dates or datetimes; got {shown(baseline)}")
        since, until = baseline
        if _is_aware(since) != _is_aware(until) or isinstance(since, datetime) != isinstance(until, datetime):
            raise ParameterError(
                f"baseline takes two dates, or two datetimes both with a zone or both without; got {baseline}"
            )
        if not since < until:
            raise ParameterError(f"baseline must begin before it ends; got {since} to {until}")


def _chosen(at: pl.Series, finite: Flags, baseline: Baseline) -> Flags:
    if baseline is None:
        return np.ones(len(at), np.bool_)
    if isinstance(baseline, int):
        return np.asarray(np.cumsum(finite) <= baseline, np.bool_)
    since, until = baseline
    zone = getattr(at.dtype, "time_zone", None)
    if _is_aware(since) != (zone is not None) and isinstance(since, datetime):
        raise ParameterError(
            f"baseline takes datetimes {'with' if zone else 'without'} a zone, as the times of the series are; got {since}"
        )
    if zone is not None and not isinstance(since, datetime):  # dates are those of the series' clock
        at = at.dt.replace_time_zone(None)
    ends = pl.Series([since, until])
    if zone is not None and isinstance(since, datetime):
        ends, at = ends.dt.convert_time_zone("UTC"), at.dt.convert_time_zone("UTC")
    if isinstance(at.dtype, pl.Date) != isinstance(ends.dtype, pl.Date):  # a date is its first moment
        ends, at = (times.cast(pl.Datetime("us")) for times in (ends, at))
    return np.asarray(((at >= ends[0]) & (at < ends[1])).to_numpy(), np.bool_)


def _is_aware(end: object) -> bool:
    return isinstance(end, datetime) and end.utcoffset() is not None
