"""Rows for each day of a window: `per_day`."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from servicequality.shapes.base import Reading
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats import poisson_rate_interval

_DAY = 86_400.0


@dataclass(frozen=True, eq=False, kw_only=True)
class PerDay(WholeShape):
    """Rows for each day of a window, or of the part of it that lies in a period. Make one with `per_day`."""

    since: datetime
    until: datetime

    empty: str = "the period has no day in the window"

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        count = np.bincount(rows.frame["group"].to_numpy(), minlength=rows.groups).astype(np.float64)
        start, end = self.since.timestamp(), self.until.timestamp()
        days = np.full(rows.groups, (end - start) / _DAY)
        if rows.spans is not None:
            low, high = (edge / 1e6 for edge in rows.spans)
            days = (np.minimum(high, end) - np.maximum(low, start)) / _DAY
        value, low, high, se = np.full((4, rows.groups), np.nan)
        some = days > 0
        value[some], se[some] = count[some] / days[some], np.sqrt(count[some]) / days[some]
        low[some], high[some] = poisson_rate_interval(count[some], days[some], level=level)
        return WholeReading(
            Reading(low, high, se, "garwood", value), reasons=[None if one else self.empty for one in some]
        )


def per_day(of: pl.Expr, *, since: datetime, until: datetime) -> PerDay:
    """Rows for which `of` holds, for each day of [since, until); exact Poisson limits (Garwood 1936).

    By periods, the days are those that a period has in the window, as long as the clock makes them.

    Args:
        of: boolean row rule for the rows in the window.
        since: begin of the window, zone-aware.
        until: its end.
    """
    return PerDay(n=of, since=since, until=until)
