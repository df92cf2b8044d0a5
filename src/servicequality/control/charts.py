"""Shewhart charts: each point judged by itself against its limits."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from servicequality.checks import choice
from servicequality.control.baselines import Baseline, Drawn, Flags, Numbers, charted, signals
from servicequality.core import By, Computation, of_frame
from servicequality.errors import InputError
from servicequality.stats import ControlLimits, individuals_limits, rate_limits, share_limits

__all__ = ["c_chart", "p_chart", "u_chart", "xmr"]


@of_frame
def xmr(
    series: Any,
    value: str = "value",
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    runs: bool = True,
) -> Computation:
    """XmR chart of single values: limits from the mean moving range (Wheeler & Chambers 1992).

    Args:
        series: any dataframe (lazy in, lazy out), one row a point; what `evaluate` returns by period will do.
        value: column of the points; null is a gap, and stays one.
        metric: the metric to take of a result of `evaluate` that holds several; `by="metric"` charts each.
        at: column of their times. Rows of a result without a period are set aside, with a note.
        by: key columns; each group has a chart of its own.
        every: distance of the points ("1d", "1w", "1mo"): times without a row become gaps. None takes the rows as they are.
        baseline: the points that the limits rest on, frozen: the first so many, those of the window [since, until), or
            None for all of the series.
        runs: whether nine points in a row on one side of the centre are a signal too (Nelson 1984).

    Returns:
        Columns `by…, at, value, centre, low, high, signal, baseline, reason, notes`, sorted by keys and time. `signal` is
        "above", "below", "run above", "run below", or null; `reason` says why a chart has no limits.

    Raises:
        InputError: a column or metric is missing, a point is not finite, or two points have one time.
        ParameterError: a baseline of fewer than eight points, or one that ends before it begins.
    """

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        (points,) = columns
        return _drawn(points, individuals_limits(np.where(chosen, points, np.nan)), runs=runs)

    return charted(series, [value], draw, at=at, by=by, every=every, baseline=baseline, metric=metric)


@of_frame
def p_chart(
    series: Any,
    value: str = "value",
    n: str = "n",
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    dispersion: Literal["laney", "binomial"] = "laney",
    runs: bool = True,
) -> Computation:
    """P chart of shares, by default with Laney's limits (p', 2002), which hold where days differ by more than the draw.

    Args:
        series: any dataframe (lazy in, lazy out), one row a point; what `evaluate` returns for a share by period will do.
        value: column of the shares, from 0 to 1; null is a gap.
        n: column of the rows that each share is of; 0 is a gap.
        metric: as for `xmr`.
        at: column of their times.
        by: key columns.
        every: as for `xmr`.
        baseline: as for `xmr`.
        dispersion: "laney" widens the limits by the variation of the baseline; "binomial" assumes no chance but the draw,
            and calls every fifth day a signal where days differ.
        runs: as for `xmr`.

    Returns:
        As `xmr`.

    Raises:
        InputError: as for `xmr`, or shares outside 0 to 1.
        ParameterError: as for `xmr`, or another dispersion.
    """
    overdispersed = _overdispersed(dispersion, ("laney", "binomial"))

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        share, size = columns[0], np.where(columns[1] > 0, columns[1], np.nan)
        _refuse(value, share, (share < 0) | (share > 1), "shares outside 0 to 1; divide percentages by 100")
        share = np.where(np.isfinite(size), share, np.nan)
        limits = share_limits(share * size, size, baseline=chosen, overdispersed=overdispersed)
        return _drawn(share, limits, runs=runs)

    return charted(series, [value, n], draw, at=at, by=by, every=every, baseline=baseline, metric=metric)


@of_frame
def u_chart(
    series: Any,
    count: str = "count",
    exposure: str = "exposure",
    *,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    dispersion: Literal["laney", "poisson"] = "laney",
    runs: bool = True,
) -> Computation:
    """U chart of events per exposure (contacts per thousand users), by default with Laney's limits (u').

    Args:
        series: any dataframe (lazy in, lazy out), one row a point; or what `evaluate` returns by period, of one group.
        count: column of the events, or the metric of a result that counts them; null is a gap.
        exposure: column of what they were counted over, or a metric of the result; 0 is a gap.
        at: column of their times.
        by: key columns.
        every: as for `xmr`.
        baseline: as for `xmr`.
        dispersion: "laney" widens the limits by the variation of the baseline; "poisson" assumes independent events.
        runs: as for `xmr`.

    Returns:
        As `xmr`; `value` is the rate.

    Raises:
        InputError: as for `xmr`, or negative counts.
        ParameterError: as for `xmr`, or another dispersion.
    """
    overdispersed = _overdispersed(dispersion, ("laney", "poisson"))

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        events, size = columns[0], np.where(columns[1] > 0, columns[1], np.nan)
        _refuse(count, events, events < 0, "counts below 0; correct the rows")
        return _drawn(events / size, rate_limits(events, size, baseline=chosen, overdispersed=overdispersed), runs=runs)

    return charted(series, [count, exposure], draw, at=at, by=by, every=every, baseline=baseline)


@of_frame
def c_chart(
    series: Any,
    count: str = "value",
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    dispersion: Literal["laney", "poisson"] = "laney",
    runs: bool = True,
) -> Computation:
    """C chart of counts over equal stretches of time (tickets a week): a u chart whose exposures are all 1.

    Args:
        series: any dataframe (lazy in, lazy out), one row a point; what `evaluate` returns for a count by period will do.
        count: column of the counts; null is a gap.
        metric: as for `xmr`.
        at: column of their times.
        by: key columns.
        every: as for `xmr`.
        baseline: as for `xmr`.
        dispersion: as for `u_chart`.
        runs: as for `xmr`.

    Returns:
        As `xmr`.

    Raises:
        InputError: as for `u_chart`.
        ParameterError: as for `u_chart`.
    """
    overdispersed = _overdispersed(dispersion, ("laney", "poisson"))

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        (events,) = columns
        _refuse(count, events, events < 0, "counts below 0; correct the rows")
        return _drawn(events, rate_limits(events, baseline=chosen, overdispersed=overdispersed), runs=runs)

    return charted(series, [count], draw, at=at, by=by, every=every, baseline=baseline, metric=metric)


def _overdispersed(dispersion: str, allowed: Sequence[str]) -> bool:
    choice("dispersion", dispersion, allowed)
    return dispersion == "laney"


def _refuse(column: str, values: Numbers, bad: Flags, what: str) -> None:
    if bad.any():
        shown = ", ".join(f"{number:g}" for number in values[bad][:5])
        raise InputError(f"column {column!r} holds {what}: {bad.sum()} such as {shown}")


def _drawn(points: Numbers, limits: ControlLimits, *, runs: bool) -> Drawn:
    centre, low, high = (np.broadcast_to(limit, points.shape) for limit in limits[:3])
    return Drawn(points, centre, low, high, signals(points, limits.centre, low, high, runs=runs))
