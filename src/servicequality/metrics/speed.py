"""How long customers wait: first response and resolution, on facts. Never here: how events become durations (see `events`).

A duration that is still running counts: it is known to be at least so long. Figures over finished rows alone exist under
names that say so.
"""

from typing import Literal

import polars as pl

from servicequality.columns import End, Flag, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, mean, quantile, share, survival

__all__ = [
    "first_response_time",
    "first_response_time_observed_only",
    "resolution_time",
    "resolution_time_observed_only",
]

Statistic = Literal["median", "p75", "p80", "p90", "p95", "p99"]
"""A quantile by the name that practitioners give it; any other is a number between 0 and 1."""

_QUANTILES = {"median": 0.5, "p75": 0.75, "p80": 0.8, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@define(
    title="First response time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : F_1(t) \ge p\}",
    references=("Aalen & Johansen 1978", "Kalbfleisch & Prentice 2002"),
    aliases=("FRT", "time to first response", "first reply time", "first contact time", "response time"),
)
def first_response_time(
    seconds: Seconds = "first_response_seconds",
    end: End = "first_response_end",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from a ticket's creation to the first public answer of a person; tickets without one yet still count.

    A ticket that ended without an answer is a competing end, not a long wait. With `limit` it is the share answered
    within so many seconds; with `horizon` the mean wait up to so many seconds, however it ended.

    When it lies:
        A quick "we are looking into it" is a first response. Read it beside the time to resolution, and beside the share
        that ended without any answer.

    Why your vendor shows another number:
        Bots and automatic replies counted as people, internal notes as replies; open tickets left out, which makes a bad
        week look good until its tickets are answered; business hours; silent closing as a response.
    """
    ended = pl.col(end).cast(pl.String)
    return _waiting(
        seconds,
        ended == "answered",
        competing=ended == "ended_without",
        statistic=statistic,
        limit=limit,
        horizon=horizon,
    )


@define(
    title="First response time of answered tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over answered tickets}",
    references=("Hyndman & Fan 1996",),
    aliases=("average first response time", "mean first response time"),
)
def first_response_time_observed_only(
    seconds: Seconds = "first_response_seconds",
    end: End = "first_response_end",
    *,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: first response time over the tickets that were answered, and over no others.

    When it lies:
        Always in one direction: the longest waits are still running and are left out. It improves when a team stops
        answering its oldest tickets.

    Why your vendor shows another number:
        This is most often the vendor's number, up to bots, notes and business hours.
    """
    return _finished(seconds, pl.col(end).cast(pl.String) == "answered", statistic=statistic, limit=limit)


@define(
    title="Resolution time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("TTR", "time to resolution", "handling time", "cycle time", "full resolution time", "MTTR"),
)
def resolution_time(
    seconds: Seconds = "resolution_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from a ticket's creation to its (last) resolution; tickets that are still open count as at least so long.

    With `limit` it is the share resolved within so many seconds; with `horizon` the mean time up to so many seconds. For
    the first resolution name its columns: `first_resolution_seconds`, `first_resolution_observed`.

    When it lies:
        Kaplan-Meier takes the open tickets to be like the others of their age. Where the hard ones are put aside on
        purpose, the truth is worse.

    Why your vendor shows another number:
        Closed tickets only, so that old backlog makes the figure worse on the day it is worked off and better while it
        waits; time on hold subtracted; the mean, which a few old tickets rule; first and last resolution mixed up.
    """
    return _waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Resolution time of resolved tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over resolved tickets}",
    references=("Hyndman & Fan 1996",),
    aliases=("average resolution time", "mean time to resolution"),
)
def resolution_time_observed_only(
    seconds: Seconds = "resolution_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: resolution time over the tickets that are resolved, and over no others.

    When it lies:
        The tickets that take longest are the ones still open, and they are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to business hours, time on hold, and which resolution counts.
    """
    return _finished(seconds, pl.col(observed), statistic=statistic, limit=limit)


def _waiting(
    seconds: str,
    event: pl.Expr,
    *,
    competing: pl.Expr | None,
    statistic: str | float,
    limit: float | None,
    horizon: float | None,
) -> Shape:
    """A figure of durations of which some are still running."""
    p = None if limit is not None or horizon is not None else _quantile(statistic)
    return survival(
        pl.col(seconds), event, of=answered(seconds), competing=competing, p=p, limit=limit, horizon=horizon
    )


def _finished(seconds: str, event: pl.Expr, *, statistic: str | float, limit: float | None) -> Shape:
    """A figure of the finished durations alone."""
    of = answered(seconds) & event
    if limit is not None:
        return share(pl.col(seconds) <= limit, of=of)
    return (
        mean(pl.col(seconds), of=of) if statistic == "mean" else quantile(pl.col(seconds), _quantile(statistic), of=of)
    )


def _quantile(statistic: str | float) -> float:
    if isinstance(statistic, str):
        if statistic in _QUANTILES:
            return _QUANTILES[statistic]
        wanted = ", ".join(map(repr, _QUANTILES))
        hint = "; a mean of running durations is not known: ask for horizon=" if statistic == "mean" else ""
        raise ParameterError(f"statistic must be one of {wanted}, or a number between 0 and 1; got {statistic!r}{hint}")
    return statistic
