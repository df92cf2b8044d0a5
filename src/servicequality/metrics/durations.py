"""The shape of a duration metric: durations of which some may still be running."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import answered
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import Shape, mean, quantile, share, survival

Statistic = Literal["median", "p75", "p80", "p90", "p95", "p99"]
"""A quantile by the name that practitioners give it; any other is a number between 0 and 1."""

FinishedStatistic = Statistic | Literal["mean", "smallest", "largest"]
"""What can be asked of durations of which none is still running."""

_QUANTILES = {"median": 0.5, "p75": 0.75, "p80": 0.8, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_ENDS: dict[str | float, float] = {"smallest": 0.0, "largest": 1.0}


def waiting(
    seconds: str,
    event: pl.Expr,
    *,
    competing: pl.Expr | None,
    statistic: str | float,
    limit: float | None,
    horizon: float | None,
    entry: str | None = None,
) -> Shape:
    """A figure of durations of which some are still running."""
    p = None if limit is not None or horizon is not None else quantile_of(statistic)
    return survival(
        pl.col(seconds),
        event,
        of=answered(seconds),
        competing=competing,
        p=p,
        limit=limit,
        horizon=horizon,
        entry=None if entry is None else pl.col(entry),
    )


def elapsed(
    started: str,
    ended: str,
    *,
    as_of: datetime,
    statistic: str | float,
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """A figure of the time from one instant to another, as known at `as_of`: what ends later still runs.

    Rows that start after `as_of` do not exist yet; an end before the start is an error. The mean is that of the
    Kaplan-Meier curve, which is the plain mean where nothing runs, and undefined while the longest runs.
    """
    begin, end, now = moment(started), moment(ended), pl.lit(instant("as_of", as_of))
    known = begin.is_not_null() & (begin <= now)
    over = (end <= now).fill_null(value=False)
    seconds = (pl.when(over).then(end).otherwise(now) - begin).dt.total_microseconds() / 1e6
    mean_asked = statistic == "mean" and limit is None and horizon is None
    p = None if mean_asked or limit is not None or horizon is not None else quantile_of(statistic)
    shape = survival(seconds, over, of=known, p=p, limit=limit, horizon=math.inf if mean_asked else horizon)
    if mean_asked:
        reason = "the longest is not over, so that no mean is known: use the median, or horizon="
        shape = replace(shape, undefined=reason)
    return replace(shape, refused={f"with {ended!r} before {started!r}": end < begin})


def finished(seconds: str, event: pl.Expr, *, statistic: str | float, limit: float | None) -> Shape:
    """A figure of the finished durations alone."""
    of = answered(seconds) & event
    number = pl.col(seconds)
    shape = of_finished(number, statistic, of=of) if limit is None else share(number <= limit, of=of)
    return shape.excluding(answered(seconds) & ~event)


def of_finished(number: pl.Expr, statistic: str | float, *, of: pl.Expr) -> Shape:
    """The mean, a quantile, or the smallest or largest of numbers that are all known."""
    if statistic == "mean":
        return mean(number, of=of)
    return quantile(number, _ENDS[statistic] if statistic in _ENDS else quantile_of(statistic), of=of)


def quantile_of(statistic: str | float) -> float:
    """The number between 0 and 1 that a statistic names.

    Raises:
        ParameterError: it names none.
    """
    if isinstance(statistic, str):
        unknown = "; a mean of running durations is not known: use horizon=" if statistic == "mean" else ""
        choice("statistic", statistic, _QUANTILES, why=f"or it is a number between 0 and 1{unknown}")
        return _QUANTILES[statistic]
    return statistic
