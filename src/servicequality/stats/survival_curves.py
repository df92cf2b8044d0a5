"""Survival curves of many groups at once, and what is read from them: shares, quantiles, means, with limits."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    between_zero_and_one,
    critical_value,
    floats,
    positive,
    two_sided_tail,
)
from servicequality.stats.proportion import wilson
from servicequality.stats.survival_loglog import band, inverted_band
from servicequality.stats.survival_products import Products, product_limits, reached
from servicequality.stats.survival_segments import accumulate, first, pick, quotient, search, sums_before, totals

BoolArray = NDArray[np.bool_]

ShareInterval: TypeAlias = Literal["mid_p", "beta_product", "loglog"]
QuantileInterval: TypeAlias = Literal["beta_product", "loglog"]
MeanInterval: TypeAlias = Literal["wilson", "normal"]

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
        se: standard error; NaN for quantiles, whose limits come from inverting a band.
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
        error: standard error of either beside competing ends; None for Kaplan-Meier, where it is Greenwood's: see `se`.
        products: the beta products that limits are read from.
        rows: one per group: how many rows it has.
        final: one per group: nobody is left at the last time, so the curve holds for ever after.
        competing: whether other causes end rows, so that `survival` is not a Kaplan-Meier curve.
        delayed: whether rows may have come under watch late.
    """

    offsets: IntArray
    time: FloatArray
    events: FloatArray
    at_risk: FloatArray
    survival: FloatArray
    incidence: FloatArray
    error: FloatArray | None
    products: Products
    rows: FloatArray
    final: BoolArray
    competing: bool
    delayed: bool

    @property
    def se(self) -> FloatArray:
        """Standard error of `survival` and `incidence` at each row: worked out when it is needed, as quantiles have none."""
        if self.error is not None:
            return self.error
        return self.survival * np.sqrt(accumulate(np.add, greenwood(self.events, self.at_risk), self.offsets))

    def identified(self, limit: ArrayLike) -> BoolArray:
        """Per group, whether rows were followed up to `limit` (one, or one a group), or nobody is left to follow."""
        filled = self.offsets[1:] > self.offsets[:-1]
        last = pick(self.time, self.offsets[1:] - 1, filled, np.nan)
        return self.final | (self._per_group("limit", limit) <= last)

    def survival_at(self, limit: ArrayLike, *, level: float = 0.95, interval: ShareInterval = "mid_p") -> Reading:
        """Share not ended by the event within `limit`: 1 less `incidence_at`, its limits exchanged.

        Raises:
            ParameterError: as `incidence_at`.
        """
        value, ended, left, se = self._share(limit, level, interval)
        return Reading(value, left, 1 - ended, se)

    def incidence_at(self, limit: ArrayLike, *, level: float = 0.95, interval: ShareInterval = "mid_p") -> Reading:
        """Share ended by the event within `limit`, with limits by the beta product. NaN where `identified` is false.

        Where nothing is censored these are the limits of Clopper and Pearson, with mid-p or exact, beside competing ends
        too. Before the first event the upper limit rests on the rows still watched at the limit alone; where nobody is
        left and nothing competes it is 1.

        Args:
            limit: one time, or one per group; an event at that very time is within it, and a row last seen open then was
                watched up to the limit.
            level: two-sided confidence; each limit alone is one-sided at (1 + level) / 2.
            interval: `mid_p`, the beta product with mid-p (Fay & Brittain 2016); `beta_product`, the same without, which
                errs less often than it says (Fay, Brittain & Proschan 2013); `loglog`, the log-log band (Kalbfleisch &
                Prentice 1980), which is [0, 0] before the first event and [1, 1] where S is 0.

        Raises:
            ParameterError: a limit that is not finite or does not fit the groups, a level outside (0, 1), or an unknown
                interval.
        """
        value, ended, left, se = self._share(limit, level, interval)
        return Reading(1 - value, ended, 1 - left, se)

    def quantile(self, p: float, *, level: float = 0.95, interval: QuantileInterval = "beta_product") -> Reading:
        """Time by which a share `p` has ended: inf{t : S(t) <= 1 - p}, or inf{t : F1(t) >= p}, compared within 1e-9.

        Kaplan-Meier takes R's midpoint (`quantile.survfit`): where S is 1 - p on a flat, the middle between its start
        and the next fall of S, or the last time if S falls no more. Without censoring the median is then the usual one.

        The limits invert the band of the beta product without mid-p, row by row of the table, and take no midpoint. Where
        nothing is censored they are the order statistics that bound the plain quantile. A limit is NaN where the rows
        cannot give it: few rows, or too few followed far enough, which is common for the upper limit of a p90.

        Args:
            p: strictly between 0 and 1.
            level: two-sided confidence; each limit alone is one-sided at (1 + level) / 2.
            interval: `beta_product`; or `loglog`, the log-log band inverted (Brookmeyer & Crowley 1982), whose upper
                limit is too low for an extreme quantile of few rows: the 90 % quantile of 10 rows is covered in 63 of
                100 samples.

        Raises:
            ParameterError: p or level outside (0, 1), or an unknown interval.
        """
        choice("interval", interval, ("beta_product", "loglog"))
        between_zero_and_one("p", np.asarray(p, dtype=np.float64))
        tail, z = two_sided_tail(level), critical_value(level)
        starts, ends = self.offsets[:-1], self.offsets[1:]

        def when(rows: IntArray) -> FloatArray:
            return pick(self.time, rows, (rows >= starts) & (rows < ends), np.nan)

        down = self._down_to(1 - p + EQUAL)
        value = when(down)
        if not self.competing:
            below = self._down_to(np.nextafter(1 - p - EQUAL, -np.inf))
            flat = (below > down) & (down < ends)
            value[flat] = (value[flat] + self.time[np.minimum(below, ends - 1)[flat]]) / 2
        if interval == "loglog":
            low, high = map(when, inverted_band(self.survival, self.se, z, at=1 - p + EQUAL, offsets=self.offsets))
        else:
            low, high = map(when, reached(self.products, p, tail=tail, delayed=self.delayed))
            alone = self.rows <= 1 + EQUAL
            low[alone] = high[alone] = np.nan
            # A midpoint, or a level near 0, may lie beyond a limit.
            low, high = np.where(low > value, value, low), np.where(high < value, value, high)
        return Reading(value, low, high, np.full(len(ends), np.nan))

    def restricted_mean(self, horizon: ArrayLike, *, level: float = 0.95, interval: MeanInterval = "wilson") -> Reading:
        """Mean of min(T, horizon): the area under S up to the horizon (Irwin 1949), with limits in [0, horizon].

        The variance is the sum over event times of (area from there to the horizon)^2 d / (n (n - d)) (Klein &
        Moeschberger 2003, section 4.5). NaN where the horizon lies beyond what `identified` allows.

        The limits are Wilson's for the share of the horizon that the mean takes up, with as many rows as give that share
        its variance and Student's t of the rows less 1; NaN for one row. Where `runs_out` is true, more of the rows may
        have lasted to the horizon than the curve knows: the upper limit takes in the rest of the time by the upper limit
        of S there.

        Args:
            horizon: one time above 0, or one per group.
            level: two-sided confidence.
            interval: `wilson`; or `normal`, the value and its normal error, which has no width where no error is seen.

        Raises:
            ParameterError: competing causes, a horizon that is not above 0, times below 0, a level outside (0, 1), or an
                unknown interval.
        """
        choice("interval", interval, ("wilson", "normal"))
        horizons = self._per_group("horizon", horizon)
        positive("horizon", horizons, "the mean is restricted to [0, horizon]")
        z = critical_value(level)
        value, se = self._area(horizons)
        if interval == "normal":
            low, high = np.maximum(value - z * se, 0.0), np.minimum(value + z * se, horizons)
        else:
            low, high = self._mean_limits(value, se, horizons, level)
        known = self.identified(horizons)
        return Reading(*(np.where(known, figure, np.nan) for figure in (value, low, high, se)))

    def mean(self, *, level: float = 0.95) -> Reading:
        """Mean duration, where nobody is left in the end; NaN elsewhere, as nobody knows how long the longest lasts.

        Limits are mean - t se, not below 0, and mean exp(t se / mean), with Student's t of the rows less 1; NaN for one
        row or without an error.

        Args:
            level: two-sided confidence.

        Raises:
            ParameterError: competing causes, times below 0, or a level outside (0, 1).
        """
        critical_value(level)
        filled = self.offsets[1:] > self.offsets[:-1]
        value, se = self._area(pick(self.time, self.offsets[1:] - 1, filled, 0.0))
        value[~self.final] = se[~self.final] = np.nan
        low, high = np.full((2, len(value)), np.nan)
        some = (self.rows > 1 + EQUAL) & (se > 0)
        reach = critical_value(level, np.maximum(self.rows[some] - 1, 1)) * se[some]
        low[some] = np.maximum(value[some] - reach, 0.0)
        with np.errstate(over="ignore"):
            high[some] = value[some] * np.exp(reach / value[some])
        return Reading(value, low, np.where(np.isfinite(high), high, np.nan), se)

    def runs_out(self, horizon: ArrayLike) -> BoolArray:
        """Per group, whether S is 0 before `horizon`, so that nobody was watched up to it.

        Raises:
            ParameterError: a horizon that is not finite or does not fit the groups.
        """
        horizons, over = self._per_group("horizon", horizon), self._last_fall()
        return pick(self.time, over, over < self.offsets[1:], np.inf) < horizons

    def _last_fall(self) -> IntArray:
        """The row at which S comes down to 0; the group's end where it does not."""
        return self._down_to(0.0)

    def _down_to(self, share: float) -> IntArray:
        """The first row of each group at which S is `share` or less; the group's end where there is none."""
        if self.competing:  # a sum of shares, which may rise by its last bit
            return first(self.survival <= share, self.offsets)
        return search(lambda rows, _: self.survival[rows] <= share, self.offsets)

    def _share(self, limit: ArrayLike, level: float, interval: str) -> tuple[FloatArray, ...]:
        """S within a limit, the lower limits of 1 - S and of S, and the standard error."""
        choice("interval", interval, ("mid_p", "beta_product", "loglog"))
        tail, z = two_sided_tail(level), critical_value(level)
        limits, ends = self._per_group("limit", limit), self.offsets[1:]
        over = search(lambda rows, groups: self.time[rows] > limits[groups], self.offsets)
        rows, begun = over - 1, over > self.offsets[:-1]
        value = pick(self.survival, rows, begun, 1.0)
        if self.error is not None:
            se = pick(self.error, rows, begun, 0.0)
        else:
            (square,) = sums_before(over, self.offsets, lambda part: [greenwood(self.events[part], self.at_risk[part])])
            se = value * np.sqrt(square)
        if interval == "loglog":
            left, high = band(value, se, z)
            ended = 1 - high
        else:
            watched = pick(self.products.present, over, over < ends, 0.0)
            at_it = begun & (pick(self.time, rows, begun, np.nan) == limits)
            watched[at_it] = self.products.present[rows[at_it]] - self.products.gone[rows[at_it]]
            parts = self.products.parts_before(over, watched)
            ended, left = product_limits(*parts, tail=tail, mid_p=interval == "mid_p")
            ended, left = np.minimum(ended, 1 - value), np.minimum(left, value)
        known = self.identified(limits)
        return tuple(np.where(known, figure, np.nan) for figure in (value, ended, left, se))

    def _area(self, horizons: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The area under S up to the horizon of each group, and its standard error."""
        if self.competing:
            raise ParameterError("a mean needs kaplan_meier curves: with competing causes use incidence_at")
        if self.time.size and self.time.min() < 0:
            raise ParameterError(f"a mean needs times of 0 or more; the smallest is {self.time.min():g}")
        ends = np.repeat(horizons, np.diff(self.offsets))
        starts = np.minimum(self.time, ends)
        filled = self.offsets[1:] > self.offsets[:-1]
        widths = ends - starts
        widths[:-1] = starts[1:] - starts[:-1]
        last = self.offsets[1:][filled] - 1
        widths[last] = ends[last] - starts[last]
        areas = accumulate(np.add, self.survival * widths, self.offsets, reverse=True)
        value = pick(starts, self.offsets[:-1], filled, 0.0) + pick(areas, self.offsets[:-1], filled, 0.0)
        return value, np.sqrt(totals(areas**2 * greenwood(self.events, self.at_risk), self.offsets))

    def _mean_limits(
        self, value: FloatArray, se: FloatArray, horizons: FloatArray, level: float
    ) -> tuple[FloatArray, FloatArray]:
        """Wilson's limits of value / horizon, times the horizon, and what the time after the last event may add."""
        from scipy.special import betaincinv

        ends = self.offsets[1:]
        share = np.minimum(value / horizons, 1.0)
        at = search(lambda rows, groups: self.time[rows] >= horizons[groups], self.offsets)
        watched = pick(self.products.present, at, at < ends, 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            size = share * (1 - share) / (se / horizons) ** 2
        size = np.where(share == 1, watched, np.where(np.isfinite(size) & (se > 0), size, self.rows))
        some = (self.rows > 1 + EQUAL) & (size > 0)
        low, high = np.full((2, len(value)), np.nan)
        freedom = np.maximum(self.rows[some] - 1, 1)
        low[some], high[some] = wilson(share[some] * size[some], size[some], level=level, df=freedom)
        low, high = low * horizons, high * horizons
        over = self._last_fall()
        out = some & (pick(self.time, over, over < ends, np.inf) < horizons)
        left = pick(self.products.present - self.products.gone, over, out, 0.0)
        lower, _ = self.products.parts_before(np.where(out, over + 1, self.offsets[:-1]), left)
        beyond = 1 - betaincinv(*lower.where(out).parameters(), 1 - level)
        high[out] += (horizons[out] - self.time[over[out]]) * beyond
        return np.minimum(low, value), np.maximum(np.minimum(high, horizons), np.minimum(value, horizons))

    def _per_group(self, name: str, values: ArrayLike) -> FloatArray:
        (array,) = floats(**{name: values})
        groups = (len(self.offsets) - 1,)
        if array.shape not in ((), groups):
            raise ParameterError(f"{name} must be one number or one for each of {groups[0]} groups; got {array.shape}")
        return np.broadcast_to(array, groups)


def greenwood(gone: FloatArray, present: FloatArray) -> FloatArray:
    """Greenwood's term d / (n (n - d)); 0 where nobody is left, for all that it would multiply is 0 from there on."""
    return quotient(gone, present * (present - gone), otherwise=0.0)
