"""How much of its time a service is up, and how often it fails: figures over rows of `uptime`."""

from dataclasses import replace
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Occurrences, Seconds, answered
from servicequality.core import define
from servicequality.shapes import Shape, rate, time_between, up_share

__all__ = ["availability", "failure_rate", "mean_time_between_failures", "nines"]

_SECONDS_IN = {"hour": 3_600.0, "day": 86_400.0, "week": 604_800.0, "year": 31_557_600.0}
_COVERED = "no time up or down: maintenance covers the whole window, or there are no rows"
_GRAIN = "service period"


@define(
    title="Availability",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain=_GRAIN,
    formula=r"1 - \frac{|\bigcup \text{outages} \setminus \text{maintenance}|}{\text{window} - |\text{maintenance}|}",
    references=("Birolini 2017", "ITIL 4"),
    aliases=("uptime", "service availability", "downtime", "up time percentage"),
)
def availability(up: Seconds = "up_seconds", down: Seconds = "down_seconds", outages: Occurrences = "outages") -> Shape:
    """Share of the time in which the service worked, maintenance left out of both sides.

    Rows are those of `uptime`, one a service and period: their seconds are added. Those without time up or down, all of it
    maintenance or out of hours, do not count. The window is known to the second, so an objective is met or missed by the
    value itself. Limits are of the process behind it: they take times up and down for exponential, F(2n, 2n) for n outages.

    When it lies:
        An hour of downtime at night counts as much as an hour at noon, unless `uptime` is given a schedule. A service that
        is slow, or wrong, or down for one customer, is up here unless an incident says otherwise. The figure of several
        services is that of their added time: it says nothing of a system that needs all of them.

    Why your vendor shows another number:
        The sum of durations, which counts overlapping outages twice; degraded service counted by half or not at all;
        maintenance counted as downtime, or left out of the downtime but not of the window; checks every five minutes.
    """
    known = _known(up, down, outages)
    shape = up_share(pl.col(up), pl.col(down), pl.col(outages), of=known)
    return _of_promised_time(shape, up, down)


@define(
    title="Nines of availability",
    unit="nines",
    better="higher",
    bounds=(0, float("inf")),
    grain=_GRAIN,
    formula=r"-\log_{10}(1 - A)",
    references=("Birolini 2017",),
    aliases=("number of nines", "three nines", "five nines"),
)
def nines(up: Seconds = "up_seconds", down: Seconds = "down_seconds", outages: Occurrences = "outages") -> Shape:
    """Availability on the scale of its nines: 0.999 is 3, 0.9995 is 3.3.

    Rows and limits are those of `availability`. Without downtime it is null: a window shows no more nines than it has room
    for. An objective is better set for `availability`, which has a value then too.

    When it lies:
        The fifth nine is five minutes a year: no month of data can show it. Look at the limits.

    Why your vendor shows another number:
        Rounded up to a whole number, or promised in a contract and never measured.
    """
    known = _known(up, down, outages)
    shape = up_share(pl.col(up), pl.col(down), pl.col(outages), of=known, nines=True)
    undefined = "no downtime in the window: more nines than it can show"
    return replace(_of_promised_time(shape, up, down), undefined=undefined)


@define(
    title="Mean time between failures",
    unit="s",
    better="higher",
    bounds=(0, float("inf")),
    grain=_GRAIN,
    formula=r"\frac{\text{time up}}{\#\text{outages}}",
    references=("NIST/SEMATECH e-Handbook 8.4.5.1",),
    aliases=("MTBF", "time between outages", "mean uptime"),
)
def mean_time_between_failures(
    up: Seconds = "up_seconds", down: Seconds = "down_seconds", outages: Occurrences = "outages"
) -> Shape:
    """Time up for each outage, with chi-square limits.

    Rows are those of `uptime`, as for `availability`. Without an outage the value is null, and the lower limit says what
    the quiet time shows (one-sided). A scorecard decides from five rows on: let `uptime` make them by day.

    When it lies:
        Two failures in a year give limits that differ by a factor of ten and more. It says nothing of failures that come in
        bursts.

    Why your vendor shows another number:
        Calendar time in place of time up; every alert a failure; the last failure to now left out, which drops the longest
        quiet stretch.
    """
    shape = time_between(pl.col(up), pl.col(outages), of=_known(up, down, outages))
    undefined = "no failure in the window: the lower limit is all that it shows"
    return replace(_of_promised_time(shape, up, down), undefined=undefined)


@define(
    title="Failure rate",
    unit="per day",
    better="lower",
    bounds=(0, float("inf")),
    grain=_GRAIN,
    formula=r"\frac{\#\text{outages}}{\text{time up}}",
    references=("Garwood 1936", "Birolini 2017"),
    aliases=("outages per day", "failure intensity", "lambda"),
)
def failure_rate(
    up: Seconds = "up_seconds",
    down: Seconds = "down_seconds",
    outages: Occurrences = "outages",
    *,
    per: Literal["hour", "day", "week", "year"] = "day",
) -> Shape:
    """Outages for each unit of time up, with exact Poisson limits.

    Rows are those of `uptime`, as for `availability`; `per` is the unit of time (a year has 365.25 days). A scorecard
    decides from five rows on: let `uptime` make them by day.

    When it lies:
        A rate of one a month is twelve a year only while the system stays the same.

    Why your vendor shows another number:
        Incidents in place of merged outages, or per calendar day.
    """
    choice("per", per, _SECONDS_IN)
    shape = rate(pl.col(outages), pl.col(up) / _SECONDS_IN[per], of=_known(up, down, outages))
    return replace(_of_promised_time(shape, up, down), unit=f"per {per}", undefined="no time up to count outages over")


def _known(up: str, down: str, outages: str) -> pl.Expr:
    """Row rule: the row has time up or down, and everything is known of it."""
    return answered(up) & answered(down) & answered(outages) & (pl.col(up) + pl.col(down) > 0)


def _of_promised_time(shape: Shape, up: str, down: str) -> Shape:
    """The shape without rows that are all maintenance, or out of hours."""
    return replace(shape.excluding(pl.col(up) + pl.col(down) == 0), empty=_COVERED)
