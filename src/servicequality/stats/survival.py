"""The Kaplan-Meier and Aalen-Johansen estimators over many groups at once, and their variances."""

# Tables come flattened: `offsets` (length G + 1) bounds each group's rows.

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_curves import Curves, Reading, greenwood
from servicequality.stats.survival_products import beta_products
from servicequality.stats.survival_segments import accumulate, earlier, pick, quotient, totals
from servicequality.stats.survival_table import RiskTable, at_risk, risk_table

__all__ = ["Curves", "Reading", "RiskTable", "aalen_johansen", "kaplan_meier", "risk_table"]


def kaplan_meier(
    offsets: ArrayLike, time: ArrayLike, events: ArrayLike, censored: ArrayLike, *, entered: ArrayLike | None = None
) -> Curves:
    """Kaplan-Meier curves of all groups: S(t) = product over times up to t of (1 - d/n) (Kaplan & Meier 1958).

    The variance is Greenwood's (1926), S^2 times the sum of d / (n (n - d)). At a tie events precede censorings: those
    censored at t are at risk at t.

    Args:
        offsets: row range of each group, G + 1 numbers from 0; a group may be empty.
        time: strictly increasing inside a group.
        events: events at that time; fractional if weighted.
        censored: rows last seen open at that time.
        entered: rows that join the risk set just after that time; whoever is in no `entered` was there from the start.

    Raises:
        ParameterError: offsets that do not fit, unsorted times, counts that are negative or not finite, more exits than
            rows at risk.
    """
    bounds = np.asarray(offsets, dtype=np.int64)
    times, d, c = (np.asarray(column, dtype=np.float64) for column in (time, events, censored))
    joined = None if entered is None else np.asarray(entered, dtype=np.float64)
    n = at_risk(bounds, times, {"events": d, "censored": c}, joined)
    survival = _product_limit(d, n, bounds)
    return Curves(
        offsets=bounds,
        time=times,
        events=d,
        at_risk=n,
        survival=survival,
        incidence=1 - survival,
        error=None,
        products=beta_products(bounds, n, d, survival=survival, delayed=joined is not None),
        rows=totals(d + c, bounds),
        final=_nobody_left(survival, bounds),
        competing=False,
        delayed=joined is not None,
    )


def aalen_johansen(
    offsets: ArrayLike,
    time: ArrayLike,
    events: ArrayLike,
    competing: ArrayLike,
    censored: ArrayLike,
    *,
    entered: ArrayLike | None = None,
) -> Curves:
    """Cumulative incidence of the event beside competing ends: F1(t) = sum of S(t-) d1/n (Aalen & Johansen 1978).

    S is Kaplan-Meier's for all causes together. The variance is the delta method's (Marubini & Valsecchi 1995, chapter
    10): with F = F1(t), sums over times u up to t of (F - F1(u))^2 d / (n (n - d)) + S(u-)^2 d1 (n - d1) / n^3
    - 2 (F - F1(u)) S(u-) d1 / n^2. Without competing ends the curves and limits are Kaplan-Meier's.

    Args:
        offsets: row range of each group, G + 1 numbers from 0; a group may be empty.
        time: strictly increasing inside a group.
        events: ends by the event of interest at that time; fractional if weighted.
        competing: ends by any other cause.
        censored: rows last seen open at that time.
        entered: rows that join the risk set just after that time; whoever is in no `entered` was there from the start.

    Raises:
        ParameterError: as `kaplan_meier`.
    """
    bounds = np.asarray(offsets, dtype=np.int64)
    times, d1, d2, c = (np.asarray(column, dtype=np.float64) for column in (time, events, competing, censored))
    joined = None if entered is None else np.asarray(entered, dtype=np.float64)
    n = at_risk(bounds, times, {"events": d1, "competing": d2, "censored": c}, joined)
    free = _product_limit(d1 + d2, n, bounds)
    filled = bounds[1:] > bounds[:-1]
    share = quotient(earlier(free, bounds, start=1.0), n, otherwise=0.0)
    incidence = accumulate(np.add, share * d1, bounds)
    # S + F2 rather than 1 - F1: a sum of shares does not cancel near 0, and is exactly 0 when all ended by the event.
    survival = free + accumulate(np.add, share * d2, bounds)
    survival[incidence == 0] = 1.0

    # The squares opened up into running sums, F measured from its last value: late, where the sums are large, the
    # factors are small, and nothing cancels that was not as small.
    gap = incidence - np.repeat(pick(incidence, bounds[1:] - 1, filled, 0.0), np.diff(bounds))
    spread = greenwood(d1 + d2, n)
    step = quotient(share * d1, n, otherwise=0.0)
    square = accumulate(np.add, spread, bounds)
    linear = accumulate(np.add, gap * spread + step, bounds)
    constant = accumulate(np.add, gap * (gap * spread + 2 * step) + step * share * (n - d1), bounds)
    variance = gap * (gap * square - 2 * linear) + constant
    # Rounding must leave no spread where there is none: before the first event, and when all ended by it.
    se = np.sqrt(np.where((incidence > 0) & (survival > 0), np.maximum(variance, 0.0), 0.0))
    return Curves(
        offsets=bounds,
        time=times,
        events=d1,
        at_risk=n,
        survival=survival,
        incidence=incidence,
        error=se,
        products=beta_products(bounds, n, d1, survival=free, competing=d2, delayed=joined is not None),
        rows=totals(d1 + d2 + c, bounds),
        final=_nobody_left(free, bounds),
        competing=True,
        delayed=joined is not None,
    )


def _product_limit(gone: FloatArray, present: FloatArray, offsets: IntArray) -> FloatArray:
    return accumulate(np.multiply, quotient(present - gone, present, otherwise=1.0), offsets)


def _nobody_left(survival: FloatArray, offsets: IntArray) -> NDArray[np.bool_]:
    last: FloatArray = pick(survival, offsets[1:] - 1, offsets[1:] > offsets[:-1], 1.0)
    return np.equal(last, 0.0)
