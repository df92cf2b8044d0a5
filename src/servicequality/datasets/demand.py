"""The demand on the generated desk: hours, arrivals and traits of tickets."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import effects as e

__all__ = ["Demand", "Hours", "Outages", "ask", "break_down", "pick"]

Integers = NDArray[np.int64]

# Requests per hour of a local weekday, from 00:00; weekends see a fifth of it.
_HOURLY = np.array(
    [2, 1, 1, 1, 1, 2, 5, 12, 26, 34, 36, 34, 27, 30, 32, 30, 26, 20, 13, 10, 9, 8, 6, 4], dtype=np.float64
)
_BY_WEEKDAY = np.array([1.2, 1.05, 1.0, 1.0, 0.9, 0.2, 0.2])
_IN_OUTAGE = 3.0  # an outage multiplies the requests of its hours


class Hours:
    """The hours from a local midnight on, and a clock that runs only while the desk is open.

    Instants are whole seconds since 1970 in UTC; `worked` counts open seconds since the start, `at` is its inverse.
    """

    def __init__(self, start: date, weeks: int) -> None:
        zone = ZoneInfo(e.ZONE)
        midnight = datetime.combine(start, time(), zone)
        self.start: int = int(midnight.timestamp())
        # Local midnight again, so that the span is whole weeks on the wall even across a change of clocks.
        self.end: int = int(datetime.combine(start + timedelta(weeks=weeks), time(), zone).timestamp())
        # What is asked in the last week may take over a year at worst: no step of a ticket's life may leave the grid.
        count = (self.end - self.start) // e.HOUR + (weeks + 80) * 168
        first = datetime.fromtimestamp(self.start, UTC)
        local = pl.datetime_range(
            first, first + timedelta(hours=count - 1), "1h", time_zone="UTC", eager=True
        ).dt.convert_time_zone(e.ZONE)
        weekday, hour = local.dt.weekday().to_numpy() - 1, local.dt.hour().to_numpy()
        self.open: NDArray[np.bool_] = (weekday < 5) & (hour >= e.OPENING) & (hour < e.CLOSING)
        self.weights: NDArray[np.float64] = _HOURLY[hour] * _BY_WEEKDAY[weekday]
        self._worked = np.concatenate([[0], np.cumsum(self.open)]).astype(np.int64)
        self._open_hours = np.flatnonzero(self.open)

    def index(self, at: Integers) -> Integers:
        """The hour that an instant lies in."""
        return (at - self.start) // e.HOUR

    def worked(self, at: Integers) -> Integers:
        """Open seconds from the start to an instant."""
        hour, second = np.divmod(at - self.start, e.HOUR)
        return self._worked[hour] * e.HOUR + self.open[hour] * second

    def at(self, worked: Integers) -> Integers:
        """The instant at which so many open seconds have passed, always one at which the desk is open."""
        hour, second = np.divmod(worked, e.HOUR)
        return self.start + self._open_hours[hour] * e.HOUR + second


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """Failures of the product, one row each; instants in seconds."""

    started: Integers
    acknowledged: Integers
    restored: Integers
    resolved: Integers
    service: Integers
    severity: Integers
    planned: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What customers ask, one row a ticket in order of creation; traits are codes into the names of `effects`."""

    created: Integers
    channel: Integers
    priority: Integers
    product: Integers
    team: Integers
    category: Integers
    requester: Integers
    account: Integers
    account_value: NDArray[np.float64]
    by_agent: NDArray[np.bool_]
    excluded: Integers  # -1 where it counts


def pick(
    rng: np.random.Generator, shares: tuple[tuple[float, ...], ...], row: Integers | NDArray[np.bool_]
) -> Integers:
    """One code for each ticket, by the row of `shares` that it names."""
    draw = rng.random(len(row))
    bounds = np.cumsum(np.array(shares), axis=1)
    row = row.astype(np.int64)
    code = np.zeros(len(row), np.int64)
    for upper in bounds.T[:-1]:
        code += draw >= upper[row]
    return code


def break_down(rng: np.random.Generator, hours: Hours) -> Outages:
    """About one failure every five days and a maintenance every third week."""
    span = hours.end - hours.start
    count = int(rng.poisson(span / (5 * e.DAY)))
    planned = rng.random(count) < 0.2
    started = np.sort(hours.start + rng.integers(0, span, count))
    severity = pick(rng, ((0.15, 0.35, 0.5),), np.zeros(count, np.int64))
    acknowledged = started + np.where(planned, 0, rng.exponential(360, count)).astype(np.int64)
    restored = acknowledged + 60 + rng.lognormal(np.log(2_700), 0.8, count).astype(np.int64)
    return Outages(
        started=started,
        acknowledged=acknowledged,
        restored=restored,
        resolved=restored + rng.exponential(2 * e.DAY, count).astype(np.int64),
        service=pick(rng, e.PRODUCT_SHARES, np.zeros(count, np.int64)),
        severity=severity,
        planned=planned,
    )


def ask(rng: np.random.Generator, n: int, hours: Hours, outages: Outages) -> Demand:
    """`n` tickets of a Poisson process whose rate depends on the hour of the week and on outages.

    Given their number, the arrivals of such a process are independent draws from its rate (Çinlar 1975): each is the
    inverse of the cumulated rate at a uniform draw.
    """
    window = (hours.end - hours.start) // e.HOUR
    weights = hours.weights[:window].copy()
    for first, last in zip(hours.index(outages.started), hours.index(outages.restored), strict=True):
        weights[first : last + 1] *= _IN_OUTAGE
    cumulated = np.concatenate([[0.0], np.cumsum(weights)])
    draw = np.sort(rng.random(n)) * cumulated[-1]
    created = hours.start + (np.interp(draw, cumulated, np.arange(window + 1)) * e.HOUR).astype(np.int64)
    created = np.minimum(created, hours.end - 1)  # a draw of almost 1 may round up to the end

    zero = np.zeros(n, np.int64)
    product = pick(rng, e.PRODUCT_SHARES, zero)
    # The square of a uniform draw is Zipf-like with exponent 1/2: a few requesters come again and again.
    requesters = max(1, 3 * n // 5)
    requester = (requesters * rng.random(n) ** 2).astype(np.int64)
    accounts = max(1, n // 20)
    home = rng.integers(0, accounts, requesters)
    value = np.round(rng.lognormal(np.log(4_000), 1.2, accounts), 2)
    return Demand(
        created=created,
        channel=pick(rng, e.CHANNEL_SHARES, hours.open[hours.index(created)]),
        priority=pick(rng, e.PRIORITY_SHARES, zero),
        product=product,
        team=pick(rng, e.TEAM_SHARES, product),
        category=pick(rng, e.CATEGORY_SHARES, zero),
        requester=requester,
        account=home[requester],
        account_value=value[home[requester]],
        by_agent=rng.random(n) < e.OPENED_BY_AGENT_SHARE,
        excluded=pick(rng, e.EXCLUDED_SHARES, zero) - 1,
    )
