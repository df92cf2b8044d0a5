"""After over before ("so many times as long"), by the method that suits the figure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servicequality.comparison.sides import SIDES, Sides
from servicequality.shapes import Quantile
from servicequality.shapes.base import FloatArray
from servicequality.stats import (
    hodges_lehmann,
    log_ratio_interval,
    mover_ratio,
    rate_ratio_interval,
    welch_interval,
)

Interval = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """Ratios and their limits, an entry a row; None where a ratio has no meaning. An unbounded limit is infinite.

    Attributes:
        value: after over before, by `method`; NaN where it is undefined.
        low: lower limit.
        high: upper limit.
        method: of what it is a ratio, and how it is limited.
        notes: what to keep in mind, for all rows alike.
    """

    value: FloatArray | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None
    method: str | None = None
    notes: str | None = None


def ratio_of_figures(sides: Sides) -> Ratios:
    """The ratio of the two values, limited by MOVER on logarithms; of a duration's quantile, Hodges and Lehmann's shift."""
    if isinstance(sides.metric.shape, Quantile) and sides.metric.unit == "s" and not sides.sampled:
        return _shift_of_logarithms(sides)
    if sides.metric.bounds[0] < 0:
        return Ratios()
    (b, a), lows, highs = sides.both("value"), sides.both("low"), sides.both("high")
    ok = (a > 0) & (b > 0) & np.isfinite(np.sum([*lows, *highs], axis=0))

    def limits() -> Interval:
        return mover_ratio(a[ok], lows[1][ok], highs[1][ok], b[ok], lows[0][ok], highs[0][ok])

    return _ratios(a, b, ok, limits, "mover on logs")


def ratio_of_means(sides: Sides) -> Ratios:
    """Of durations the ratio of geometric means (Welch on logs); else that of the means themselves, by the delta method."""
    logs = sides.logarithm
    notes = None
    if logs is not None:
        left_out = sum(
            int(np.nansum(whole - some)) for whole, some in zip(sides.both("n"), logs.both("n"), strict=True)
        )
        if not left_out:
            return _geometric(logs)
        notes = f"{left_out} durations are 0 and have no logarithm: the ratio is that of the means"
    if sides.metric.bounds[0] < 0:
        return Ratios()
    (b, a), (b_se, a_se) = sides.both("value"), sides.both("se")
    ok = (a > 0) & (b > 0) & np.isfinite(a_se) & np.isfinite(b_se)
    ratios = _ratios(
        a, b, ok, lambda: log_ratio_interval(a[ok], a_se[ok], b[ok], b_se[ok], level=sides.level), "means, delta"
    )
    return Ratios(ratios.value, ratios.low, ratios.high, ratios.method, notes)


def ratio_of_counts(events: Interval, exposure: Interval, *, level: float) -> Ratios:
    """The ratio of two rates, exact given the sum of both counts."""
    ok = (events[0] + events[1] > 0) & (exposure[0] > 0) & (exposure[1] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        after, before = events[1] / exposure[1], events[0] / exposure[0]

    def limits() -> Interval:
        return rate_ratio_interval(events[1][ok], exposure[1][ok], events[0][ok], exposure[0][ok], level=level)

    return _ratios(after, before, ok, limits, "exact conditional")


def _geometric(logs: Sides) -> Ratios:
    (b, a), (b_se, a_se), (b_n, a_n) = logs.both("value"), logs.both("se"), logs.both("n_eff")
    if logs.clustered:
        b_n, a_n = logs.both("sum clusters")
    ok = np.isfinite(a_se) & np.isfinite(b_se) & (a_n > 1) & (b_n > 1)
    low, high = np.full((2, len(a)), np.nan)
    limits = welch_interval(a[ok], a_se[ok], a_n[ok] - 1, b[ok], b_se[ok], b_n[ok] - 1, level=logs.level)
    low[ok], high[ok] = (np.exp(limit) for limit in limits)
    return Ratios(np.exp(a - b), low, high, "geometric means, welch on logs")


def _shift_of_logarithms(sides: Sides) -> Ratios:
    """The factor by which the rows of one side are to be multiplied to lie like those of the other."""
    rows = []
    for side in SIDES:
        at, offsets, sums = sides.counted(side)
        rows.append((at, offsets, sums["n"].astype(np.int64)))
    limits = np.full((3, sides.rows.height), np.nan)
    zeros = sum(int(n[at <= 0].sum()) for at, _, n in rows)
    if not zeros:
        for group in range(sides.rows.height):
            logs = []
            for at, offsets, n in rows:
                part = slice(offsets[group], offsets[group + 1])
                logs.append(np.log(np.repeat(at[part], n[part])))
            if logs[0].size and logs[1].size:
                shift = hodges_lehmann(logs[1], logs[0], level=sides.level)
                limits[:, group] = np.exp([shift.shift, shift.low, shift.high])
    notes = f"{zeros} durations are 0: no ratio" if zeros else None
    return Ratios(limits[0], limits[1], limits[2], "hodges-lehmann on logs", notes)


def _ratios(
    after: FloatArray, before: FloatArray, ok: NDArray[np.bool_], limits: Callable[[], Interval], method: str
) -> Ratios:
    value, low, high = np.full((3, len(after)), np.nan)
    some = np.isfinite(after) & (before > 0)
    value[some] = after[some] / before[some]
    low[ok], high[ok] = limits()
    return Ratios(value, low, high, method)
