"""From the cases on outages, budgets and Apdex to public calls: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from cases.statistics import Result, limits, unbounded
from servicequality import stats


def merge_intervals(intervals: Sequence[Sequence[int]], start: int, end: int) -> Result:
    begin, stop = np.array(intervals).T
    result = stats.downtime(begin, stop, window=(start, end))
    down = int(result.down[0])
    return {"downtime": down, "outages": int(result.outages[0]), "availability": 1 - down / (end - start)}


def mtbf_ci(hours: float, failures: int, level: float) -> Result:
    low, high = stats.mtbf_interval(hours, failures, level=level)
    return {"mtbf": hours / failures, **limits(low, high)}


def mtbf_zero_failures(hours: float, level: float) -> Result:
    return limits(*stats.mtbf_interval(hours, 0, level=level))


def burn_threshold(budget_fraction: float, window_hours: float) -> Result:
    return {"burn_rate": float(stats.burn_threshold(budget_fraction, window=window_hours, period=30 * 24))}


def error_budget(slo: float, period_hours: float, window_hours: float, bad: int, total: int) -> Result:
    burn = float(stats.burn_rate(bad, total, objective=slo))
    return {
        "budget_minutes": 60 * float(stats.budget_time(slo, period=period_hours)),
        "burn_rate": burn,
        "consumed": float(stats.budget_spent(burn, window=window_hours, period=period_hours)),
        "hours_to_exhaust": unbounded(stats.time_to_exhaust(burn, period=period_hours)),
    }


def series_availability(parts: Sequence[float]) -> Result:
    return {"availability": float(stats.series_availability(parts))}


def availability_ci(up: Sequence[float], down: Sequence[float]) -> Result:
    low, high = stats.availability_interval(sum(up), sum(down), len(up))
    return {"availability": sum(up) / (sum(up) + sum(down)), **limits(low, high)}


def apdex(satisfied: int, tolerating: int, frustrated: int) -> Result:
    seconds = [1.0] * satisfied + [3.0] * tolerating + [9.0] * frustrated
    return {"apdex": sq.apdex("seconds", threshold=2).estimate(pl.DataFrame({"seconds": seconds})).value}


ADAPTERS: dict[str, Callable[..., Any]] = {
    "apdex": apdex,
    "availability_ci": availability_ci,
    "burn_threshold": burn_threshold,
    "error_budget": error_budget,
    "merge_intervals": merge_intervals,
    "mtbf_ci": mtbf_ci,
    "mtbf_zero_failures": mtbf_zero_failures,
    "series_availability": series_availability,
}
