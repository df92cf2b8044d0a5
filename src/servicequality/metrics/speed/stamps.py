"""First response and resolution time, which need only a ticket's own timestamps."""

import polars as pl

from servicequality.columns import End, Flag, Seconds
from servicequality.core import define
from servicequality.metrics.durations import FinishedStatistic, Statistic, finished, waiting
from servicequality.shapes import Shape

__all__ = [
    "first_response_time",
    "first_response_time_observed_only",
    "resolution_time",
    "resolution_time_observed_only",
]


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
    entry: Seconds | None = None,
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from a ticket's creation to the first public answer of a person; tickets without one yet still count.

    A ticket that ended without an answer is a competing end, not a long wait. With `limit` it is the share answered
    within so many seconds; with `horizon` the mean wait up to so many seconds, however it ended. `entry` is for a window
    that starts with a backlog, as in `resolution_time`.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        A quick "we are looking into it" is a first response. Read it alongside the time to resolution, and beside the share
        that ended without any answer.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Bots and automatic replies counted as people, internal notes as replies; open tickets left out, which makes a bad
        week look good until its tickets are answered; business hours; silent closing as a response.
    """
    ended = pl.col(end).cast(pl.String)
    return waiting(
        seconds,
        ended == "answered",
        competing=ended == "ended_without",
        statistic=statistic,
        limit=limit,
        horizon=horizon,
        entry=entry,
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
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: first response time over the tickets that were answered, and over no others.

    When it lies:
        Always in one direction: the longest waits are still running and are left out. It improves when a team stops
        answering its oldest tickets.

    Why your vendor shows another number:
        This is most often the vendor's number, up to bots, notes and business hours.
    """
    return finished(seconds, pl.col(end).cast(pl.String) == "answered", statistic=statistic, limit=limit)


@define(
    title="Resolution time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=(
        "TTR",
        "time to resolution",
        "handling time",
        "cycle time",
        "full resolution time",
        "time to close",
        "MTTR",
    ),
)
def resolution_time(
    seconds: Seconds = "resolution_seconds",
    observed: Flag = "resolution_observed",
    entry: Seconds | None = None,
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from a ticket's creation to its (last) resolution; tickets that are still open count as at least so long.

    With `limit` it is the share resolved within so many seconds; with `horizon` the mean time up to so many seconds. For
    the first resolution name its columns: `first_resolution_seconds`, `first_resolution_observed`.

    What went on in a window that starts with a backlog: take the tickets that were open in it, old ones too, and name in
    `entry` the column that says how old each was when the window began (0 for those created in it). A ticket is then at
    risk only from that age on (delayed entry).

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Kaplan-Meier takes the open tickets to be like the others of their age. Where the hard ones are put aside on
        purpose, the truth is worse.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Closed tickets only, so that old backlog makes the figure worse on the day it is worked off and better while it
        waits; time on hold subtracted; the mean, which a few old tickets rule; first and last resolution mixed up.
    """
    return waiting(
        seconds,
        pl.col(observed),
        competing=None,
        statistic=statistic,
        limit=limit,
        horizon=horizon,
        entry=entry,
    )


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
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: resolution time over the tickets that are resolved, and over no others.

    When it lies:
        The tickets that take longest are the ones still open, and they are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to business hours, time on hold, and which resolution counts.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)
