"""How much work was recorded, and how long tickets were in a status."""

import polars as pl

from servicequality.columns import Flag, Seconds
from servicequality.core import define
from servicequality.metrics.durations import FinishedStatistic, Statistic, finished, waiting
from servicequality.shapes import Shape

__all__ = [
    "handle_time",
    "handle_time_observed_only",
    "time_in_status",
    "time_in_status_observed_only",
]


@define(
    title="Handle time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("AHT", "average handle time", "handling time", "touch time"),
)
def handle_time(
    seconds: Seconds = "handle_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Work that agents recorded on a ticket until its resolution; a ticket that is still open takes at least so much.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Only recorded work is in it. Where recording is voluntary, it measures the recording.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Talk time alone, talk and after-call work, time with the ticket on the screen, or the time from opening to closing.
    """
    return waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Handle time of resolved tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average handle time",),
)
def handle_time_observed_only(
    seconds: Seconds = "handle_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic AHT, with `statistic="mean"`: recorded work over the tickets that are resolved, and over no others.

    When it lies:
        The tickets that take most work are the ones still open, and they are left out.

    Why your vendor shows another number:
        Per contact in place of per ticket; tickets without recorded work counted as 0.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)


@define(
    title="Time in status",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="status",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("status duration", "stage time", "time in stage"),
)
def time_in_status(
    seconds: Seconds = "seconds",
    observed: Flag = "observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time a ticket spent in a status, over the rows of `status_times`: slice or group by `status`.

    Over the rows of `status_spells` it is the time of a single visit to the status. The row of the status in which the
    ticket still is has lasted at least so long.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        A status says what somebody set it to. All visits to a status add up in one row.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Time per visit in place of time per ticket; only tickets that left the status; business hours.
    """
    return waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Time in status of tickets that left it",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="status",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average time in status",),
)
def time_in_status_observed_only(
    seconds: Seconds = "seconds",
    observed: Flag = "observed",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: time in a status over the tickets that have left it, and over no others.

    When it lies:
        The tickets that are stuck in the status now are left out.

    Why your vendor shows another number:
        Time per visit in place of time per ticket; business hours.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)
