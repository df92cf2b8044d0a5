"""Survival curves of many groups at once, and what is read off: shares, quantiles, restricted means, with limits.

Never here: how a curve is estimated, or a test between groups.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    between_zero_and_one,
    critical_value,
    floats,
    positive,
)
from servicequality.stats.survival_segments import accumulate, first, pick, quotient, totals

BoolArray = NDArray[np.bool_]

# A quantile compares S with 1 - p within this much. A step of S has three roundings (n - d, the division, the product)
# of 2^-53 each, and a time without events has none, so after m event times S is off by at most 3.4e-16 m of itself: at
# 2e6 event times in ONE group 7e-10, in practice some 1e-13 as roundings cancel. Groups share no sum and so no error.
EQUAL = 1e-9


class Reading(NamedTuple):
    """A figure per group. NaN is "cannot be said": no rows, not reached, not followed so far.

    Attributes:
        value: the estimate.
        low: lower confidence limit.
        high: upper confidence limit.
        se: standard error; NaN for quantiles, whose limits come from inverting the band.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    se: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Curves:
    """Step functions at each row of a risk table. Make them with `kaplan_meier` or `aalen_johansen`.

    Attributes:
        offsets: row range of each group.
        time: distinct times, increasing inside a group.
        events: events of interest at each time.
        at_risk: rows at risk at each time.
        survival: share not ended by the event up to and including each time: Kaplan-Meier's S, or 1 - F1.
        incidence: share ended by the event: 1 - S, or F1.
        se: standard error of either.
        final: one per group: nobody is left at the last time, so the curve holds for ever after.
        competing: whether other causes end rows, so that `survival` is no Kaplan-Meier curve.
    """

    offsets: IntArray
    time: FloatArray
    events: FloatArray
    at_risk: FloatArray
    survival: FloatArray
    incidence: FloatArray
    se: FloatArray
    final: BoolArray
    competing: bool

    def identified(self, limit: ArrayLike) -> BoolArray:
        """Per group, whether rows were followed up to `limit` (one, or one a group), or nobody is left to follow."""
        filled = self.offsets[1:] > self.offsets[:-1]
        last = pick(self.time, self.offsets[1:] - 1, filled, np.nan)
        return self.final | (self._per_group("limit", limit) <= last)

    def survival_at(self, limit: ArrayLike, *, level: float = 0.95) -> Reading:
        """Share not ended by the event within `limit`, with the log-log band (Kalbfleisch & Prentice 1980).

        The band is [1, 1] before the first event and [0, 0] where S is 0. NaN where `identified` is false.

        Args:
            limit: one time, or one per group; an event at that very time is within it.
            level: two-sided confidence.

        Raises:
            ParameterError: a limit that is not finite or does not fit the groups, or a level outside (0, 1).
        """
        z = critical_value(level)
        limits = self._per_group("limit", limit)
        known = self.identified(limits)
        rows = first(self.time > np.repeat(limits, np.diff(self.offsets)), self.offsets) - 1
        begun = rows >= self.offsets[:-1]
        value, se = pick(self.survival, rows, begun, 1.0), pick(self.se, rows, begun, 0.0)
        low, high = band(value, se, z)
        return Reading(*(np.where(known, figure, np.nan) for figure in (value, low, high, se)))

    def incidence_at(self, limit: ArrayLike, *, level: float = 0.95) -> Reading:
        """Share ended by the event within `limit`: 1 less `survival_at`, or F1 with the complementary log-log band."""
        value, low, high, se = self.survival_at(limit, level=level)
        return Reading(1 - value, 1 - high, 1 - low, se)

    def quantile(self, p: float, *, level: float = 0.95) -> Reading:
        """Time by which a share `p` has ended: inf{t : S(t) <= 1 - p}, or inf{t : F1(t) >= p}, compared within 1e-9.

        Kaplan-Meier takes R's midpoint (`quantile.survfit`): where S is 1 - p on a flat, the middle between its start
        and the next fall of S, or the last time if S falls no more. Without censoring the median is then the usual one.

        The limits invert the log-log band (Brookmeyer & Crowley 1982) and take no midpoint: each is the first time at
        which its side of the band is down to 1 - p, NaN if that is never. At S = 0 the band is [0, 0], so that the last
        event is the upper limit where nothing earlier is. For an extreme quantile of few rows that limit is too low (the
        90 % quantile of 10 rows is covered in 63 of 100 samples): R gives none there, lifelines the one given here.

        Raises:
            ParameterError: p or level outside (0, 1).
        """
        between_zero_and_one("p", np.asarray(p, dtype=np.float64))
        z = critical_value(level)
        ends = self.offsets[1:]

        def when(rows: IntArray) -> FloatArray:
            return pick(self.time, rows, rows < ends, np.nan)

        reached = first(self.survival <= 1 - p + EQUAL, self.offsets)
        value = when(reached)
        if not self.competing:
            below = first(self.survival < 1 - p - EQUAL, self.offsets)
            flat = (below > reached) & (reached < ends)
            value[flat] = (value[flat] + self.time[np.minimum(below, ends - 1)[flat]]) / 2

        # S^exp(r) <= q is log(-log S) + r >= log(-log q): one logarithm a row instead of two powers.
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard = -np.log(self.survival)
            height = np.log(hazard)
            reach = z * self.se / (self.survival * hazard)
        target = np.log(-np.log(min(1 - p + EQUAL, 1 - 2**-53)))
        gone = self.survival == 0
        low = first((height + reach >= target) | gone, self.offsets)
        high = first((height - reach >= target) | gone, self.offsets)
        return Reading(value, when(low), when(high), np.full(len(ends), np.nan))

    def restricted_mean(self, horizon: ArrayLike, *, level: float = 0.95) -> Reading:
        """Mean of min(T, horizon): the area under S up to the horizon (Irwin 1949), with normal limits in [0, horizon].

        The variance is the sum over event times of (area from there to the horizon)^2 d / (n (n - d)) (Klein &
        Moeschberger 2003, section 4.5). NaN where the horizon lies beyond what `identified` allows.

        Args:
            horizon: one time above 0, or one per group.
            level: two-sided confidence.

        Raises:
            ParameterError: competing causes, a horizon that is not above 0, times below 0, or a level outside (0, 1).
        """
        if self.competing:
            raise ParameterError(
                "a restricted mean needs kaplan_meier curves: with competing causes ask for incidence_at"
            )
        if self.time.size and self.time.min() < 0:
            raise ParameterError(f"a restricted mean needs times of 0 or more; the smallest is {self.time.min():g}")
        horizons = self._per_group("horizon", horizon)
        positive("horizon", horizons, "the mean is restricted to [0, horizon]")
        z = critical_value(level)
        ends = np.repeat(horizons, np.diff(self.offsets))
        starts = np.minimum(self.time, ends)
        filled = self.offsets[1:] > self.offsets[:-1]
        widths = ends - starts
        widths[:-1] = starts[1:] - starts[:-1]
        last = self.offsets[1:][filled] - 1
        widths[last] = ends[last] - starts[last]
        areas = accumulate(np.add, self.survival * widths, self.offsets, reverse=True)
        value = pick(starts, self.offsets[:-1], filled, 0.0) + pick(areas, self.offsets[:-1], filled, 0.0)
        se = np.sqrt(totals(areas**2 * greenwood(self.events, self.at_risk), self.offsets))
        low, high = np.maximum(value - z * se, 0.0), np.minimum(value + z * se, horizons)
        known = self.identified(horizons)
        return Reading(*(np.where(known, figure, np.nan) for figure in (value, low, high, se)))

    def _per_group(self, name: str, values: ArrayLike) -> FloatArray:
        (array,) = floats(**{name: values})
        groups = (len(self.offsets) - 1,)
        if array.shape not in ((), groups):
            raise ParameterError(f"{name} must be one number or one for each of {groups[0]} groups; got {array.shape}")
        return np.broadcast_to(array, groups)


def band(survival: FloatArray, se: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log-log band S^exp(-+ z se / (S log S)); the ends 0 and 1 stand for themselves."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        reach = np.exp(-z * se / (survival * np.log(survival)))
        low, high = survival**reach, survival ** (1 / reach)
    inside = (survival > 0) & (survival < 1)
    return np.where(inside, low, survival), np.where(inside, high, survival)


def greenwood(gone: FloatArray, present: FloatArray) -> FloatArray:
    """Greenwood's term d / (n (n - d)); 0 where nobody is left, for all that it would multiply is 0 from there on."""
    return quotient(gone, present * (present - gone), otherwise=0.0)
