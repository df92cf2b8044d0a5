"""The change of a figure with its limits and its test, for each kind of shape."""

from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.comparison.ratios import Ratios, ratio_of_counts, ratio_of_figures, ratio_of_means
from servicequality.comparison.sides import Sides
from servicequality.shapes import (
    Attainment,
    Balance,
    Mean,
    Quantile,
    Rate,
    Ratio,
    Shape,
    Share,
    Survival,
    Tally,
    TimeBetween,
    Total,
)
from servicequality.shapes.base import FloatArray
from servicequality.stats import (
    log_rank,
    mover_difference,
    net_difference_interval,
    net_difference_test,
    p_from_limits,
    rate_ratio_test,
    t_interval,
    t_test,
    welch_df,
)

if TYPE_CHECKING:
    from functools import _SingleDispatchCallable


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChangeEstimate:
    """Limits of after - before and the p-value of "no change", an entry a row; NaN is "cannot be said".

    Attributes:
        low: lower limit.
        high: upper limit.
        p: two-sided p-value.
        method: how the limits were made.
        test: where the p-value comes from.
        ratio: after over before, where that has a meaning.
        se: standard error of the change, where it is not that of independent sides.
        notes: what to keep in mind, for all rows alike.
    """

    low: FloatArray
    high: FloatArray
    p: FloatArray
    method: str
    test: str
    ratio: Ratios = field(default_factory=Ratios)
    se: FloatArray | None = None
    notes: str | None = None


def joined(_shape: Shape, sides: Sides) -> ChangeEstimate:
    """The change of any figure that has limits: MOVER joins those of both sides."""
    low, high = mover(sides)
    change = np.subtract(*reversed(sides.both("value")))
    p = np.where(high > low, p_from_limits(change, low, high, level=sides.level), np.nan)
    return ChangeEstimate(
        low=low, high=high, p=p, method="mover", test="from the limits", ratio=ratio_of_figures(sides)
    )


change_of: "_SingleDispatchCallable[ChangeEstimate]" = singledispatch(joined)
"""The change of a metric's figure, by its shape; a shape of a user's own is joined by its limits."""


@change_of.register(Share)
@change_of.register(Attainment)
def _shares(shape: Share | Attainment, sides: Sides) -> ChangeEstimate:
    change = joined(shape, sides)
    if shape.method != "wilson":
        return change
    method = "newcombe, n_eff" if sides.sampled else "newcombe"
    return replace(change, low=np.maximum(change.low, -1.0), high=np.minimum(change.high, 1.0), method=method)


@change_of.register
def _balances(shape: Balance, sides: Sides) -> ChangeEstimate:
    if sides.clustered:
        return _welch(sides, bounds=2 * shape.per)
    adjusted = shape.method in ("adjusted_t", "adjusted_wald")
    if not adjusted and shape.method != "wald":
        return joined(shape, sides)
    fewest = 2 if shape.method == "wald" else 0
    counts = [sides.both(f"sum {leaf}") for leaf in ("positive", "negative", "n")]
    n_eff = sides.both("n_eff")
    ok = (n_eff[0] > 0) & (n_eff[1] > 0) & (n_eff[0] >= fewest) & (n_eff[1] >= fewest)
    before, after = (
        [leaf[side][ok] / counts[2][side][ok] * n_eff[side][ok] for leaf in counts[:2]] + [n_eff[side][ok]]
        for side in (0, 1)
    )
    low, high, p = np.full((3, len(ok)), np.nan)
    limits = net_difference_interval(*after, *before, method="adjusted_wald" if adjusted else "wald", level=sides.level)
    low[ok], high[ok] = (shape.per * limit for limit in limits)
    p[ok] = net_difference_test(*after, *before)[1]
    method = "adjusted wald, both sides" if adjusted else "wald"
    return ChangeEstimate(low=low, high=high, p=p, method=method, test="adjusted wald")


@change_of.register
def _means(_shape: Mean, sides: Sides) -> ChangeEstimate:
    return replace(_welch(sides), ratio=ratio_of_means(sides))


@change_of.register
def _ratios(_shape: Ratio, sides: Sides) -> ChangeEstimate:
    return replace(_welch(sides), ratio=ratio_of_means(sides))


@change_of.register
def _rates(shape: Rate, sides: Sides) -> ChangeEstimate:
    if sides.sampled:
        return replace(_welch(sides), ratio=ratio_of_means(sides))
    change = joined(shape, sides)
    (events, exposure), p = (
        (sides.both(f"sum {leaf}") for leaf in ("events", "exposure")),
        np.full_like(change.p, np.nan),
    )
    ok = (events[0] + events[1] > 0) & (exposure[0] > 0) & (exposure[1] > 0)
    p[ok] = rate_ratio_test(events[1][ok], exposure[1][ok], events[0][ok], exposure[0][ok])
    ratio = ratio_of_counts(events, exposure, level=sides.level)
    return replace(change, p=p, method="mover, garwood", test="exact conditional", ratio=ratio)


@change_of.register
def _times_between(shape: TimeBetween, sides: Sides) -> ChangeEstimate:
    change = _rates(shape, sides)
    if sides.sampled:
        return change
    # A ratio of times is that of the rates the other way round.
    (b_events, a_events), (b_time, a_time) = (sides.both(f"sum {leaf}") for leaf in ("events", "exposure"))
    ratio = ratio_of_counts((a_events, b_events), (a_time, b_time), level=sides.level)
    return replace(change, method="mover, chi-square", ratio=ratio)


@change_of.register(Tally)
@change_of.register(Total)
def _censuses(_shape: Tally | Total, sides: Sides) -> ChangeEstimate:
    nothing = np.full(sides.rows.height, np.nan)
    note = (
        "a census: the change is exact and has no test; give a rate (per day, per customer) to ask whether it is chance"
    )
    return ChangeEstimate(low=nothing, high=nothing, p=nothing, method="none", test="none", notes=note)


@change_of.register
def _quantiles(shape: Quantile, sides: Sides) -> ChangeEstimate:
    return replace(joined(shape, sides), method="mover, order statistics")


@change_of.register
def _curves(shape: Survival, sides: Sides) -> ChangeEstimate:
    change = joined(shape, sides)
    if shape.horizon is not None:
        return replace(_welch(sides, df=np.inf), ratio=ratio_of_means(sides), method="restricted means", test="normal")
    if shape.p is None:
        # At 0 or 1 a curve has no standard error: its limits stand, and no test is defined.
        (b, a), (b_se, a_se) = sides.both("value"), sides.both("se")
        edge = np.isin(a, (0.0, 1.0)) | np.isin(b, (0.0, 1.0)) | ~(a_se > 0) | ~(b_se > 0)
        limits = (np.maximum(change.low, -1.0), np.minimum(change.high, 1.0))
        return replace(change, low=limits[0], high=limits[1], p=np.where(edge, np.nan, change.p))
    if sides.sampled:
        return change
    # Limits of two quantiles say little of few rows; the curves as a whole say more.
    test = log_rank(sides.risk_tables("after"), sides.risk_tables("before"), threads=pl.thread_pool_size())
    note = "the p-value is the log-rank test's, which looks at the whole curves and not at this quantile alone"
    name = "log-rank" if not shape.competing else "log-rank, cause-specific"
    return replace(change, p=test.p, test=name, notes=note)


def mover(sides: Sides) -> tuple[FloatArray, FloatArray]:
    """Limits of after - before from the limits of both; NaN where a side has none that it needs."""
    (b, a), (b_low, a_low), (b_high, a_high) = (sides.both(name) for name in ("value", "low", "high"))
    both = np.isfinite(a) & np.isfinite(b)

    def one(own: FloatArray, other: FloatArray, side: int) -> FloatArray:
        ok = both & np.isfinite(own) & np.isfinite(other)
        out = np.full_like(a, np.nan)
        known = {"a": a, "b": b, "own": own, "other": other}
        x, y, mine, its = (part[ok] for part in known.values())
        limits = mover_difference(
            x, np.minimum(mine, x), np.maximum(mine, x), y, np.minimum(its, y), np.maximum(its, y)
        )
        out[ok] = limits[side]
        return out

    # The lower limit rests on the lower one of after and the upper one of before alone, and the other way round.
    return one(a_low, b_high, 0), one(a_high, b_low, 1)


def _welch(sides: Sides, *, df: float | None = None, bounds: float | None = None) -> ChangeEstimate:
    (b, a), (b_se, a_se) = sides.both("value"), sides.both("se")
    freedom = [np.full_like(b, df)] * 2 if df is not None else degrees(sides)
    ok = np.isfinite(a) & np.isfinite(b) & np.isfinite(a_se) & np.isfinite(b_se)
    ok &= (freedom[0] > 0) & (freedom[1] > 0)
    low, high, p = np.full((3, len(ok)), np.nan)
    se, change = np.hypot(a_se, b_se), a - b
    joint = np.full_like(se, np.inf)
    joint[ok] = welch_df(a_se[ok], freedom[1][ok], b_se[ok], freedom[0][ok])
    low[ok], high[ok] = t_interval(change[ok], se[ok], df=joint[ok], level=sides.level)
    tested: NDArray[np.bool_] = ok & (se > 0)
    p[tested] = t_test(change[tested], se[tested], df=np.minimum(joint[tested], 1e15))
    if bounds is not None:
        low, high = np.maximum(low, -bounds), np.minimum(high, bounds)
    return ChangeEstimate(low=low, high=high, p=p, method="welch", test="welch")


def degrees(sides: Sides) -> list[FloatArray]:
    """Degrees of freedom of each side: clusters less one, else the effective rows less one."""
    name = "sum clusters" if sides.clustered else "n_eff"
    return [np.nan_to_num(count - 1) for count in sides.both(name)]
