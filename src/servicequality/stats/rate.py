"""Limits of a rate: events per exposure."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import (
    FloatArray,
    Interval,
    critical_value,
    floats,
    interval,
    positive,
    require,
    two_sided_tail,
)
from servicequality.stats._kernel import kernel

FEWEST_PERIODS = 4
"""Periods from which their own scatter is looked at."""
_MEDIAN, _FULL = (
    0.5,
    0.25,
)  # of the chi-square distribution: where the scatter starts to count, and over how much it grows


@kernel
def poisson_rate_interval(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95) -> Interval:
    """Exact limits of a Poisson rate (Garwood 1936), per unit of the exposure.

    Args:
        events: events counted, 0 or more. Over-dispersed counts: ``quasi_poisson_interval``.
        exposure: time, customers or orders they were counted over, above 0.
        level: two-sided confidence.

    Raises:
        ParameterError: events < 0, exposure <= 0, a level outside (0, 1), or a value that is not finite.
    """
    from scipy.special import gammainccinv, gammaincinv

    count, span = floats(events=events, exposure=exposure)
    require(count >= 0, "events", count, "0 or more", "count events")
    positive("exposure", span)
    tail = two_sided_tail(level)
    low = np.where(count == 0, 0.0, gammaincinv(np.where(count == 0, 1.0, count), tail))
    return interval(low / span, gammainccinv(count + 1, tail) / span)


@kernel
def quasi_poisson_factor(
    events: ArrayLike, exposure: ArrayLike, squares: ArrayLike, periods: ArrayLike, *, level: float = 0.95
) -> FloatArray:
    """What the variance of a Poisson count is multiplied by, as counts a period scatter: 1 where they scatter no more.

    X is Pearson's chi-square of the periods about their common rate, φ = X / (m - 1) (McCullagh and Nelder 1989, section
    6.2.3). The factor is 1 + w (max(φ, 1) (t / z)² - 1) with t of m - 1 degrees of freedom; w grows from 0, where X is below
    the median of its distribution, to 1 at its upper quartile. Without an event, and below four periods, it is 1.

    Args:
        events: all events, 0 or more.
        exposure: all exposure, above 0.
        squares: sum over the periods of events² / exposure.
        periods: periods of exposure above 0.
        level: two-sided confidence.

    Raises:
        ParameterError: events < 0, exposure <= 0, squares or periods < 0, a level outside (0, 1), or a value that is not
            finite.
    """
    from scipy.special import chdtr

    count, span, squares_, m = floats(events=events, exposure=exposure, squares=squares, periods=periods)
    require(count >= 0, "events", count, "0 or more", "count events")
    positive("exposure", span)
    require(squares_ >= 0, "squares", squares_, "0 or more", "give the sum of events² / exposure")
    require(m >= 0, "periods", m, "0 or more", "count periods")
    told = (m >= FEWEST_PERIODS) & (count > 0)
    df = np.where(told, m - 1, 1.0)
    chi_square = np.where(told, np.maximum(squares_ * (span / np.where(told, count, 1.0)) - count, 0.0), 0.0)
    weight = np.clip((chdtr(df, chi_square) - _MEDIAN) / _FULL, 0.0, 1.0)
    wider = (critical_value(level, df) / critical_value(level)) ** 2
    return np.asarray(1 + weight * (np.maximum(chi_square / df, 1.0) * wider - 1), dtype=np.float64)


@kernel
def quasi_poisson_interval(
    events: ArrayLike, exposure: ArrayLike, squares: ArrayLike, periods: ArrayLike, *, level: float = 0.95
) -> Interval:
    """Limits of a rate counted over periods that scatter more than Poisson's: Garwood's of events and exposure over a factor.

    Args:
        events: as for ``quasi_poisson_factor``; so the others.
        exposure: see ``events``.
        squares: see ``events``.
        periods: see ``events``.
        level: two-sided confidence.

    Raises:
        ParameterError: as ``quasi_poisson_factor``.
    """
    factor = quasi_poisson_factor(events, exposure, squares, periods, level=level)
    count, span = floats(events=events, exposure=exposure)
    return poisson_rate_interval(count / factor, span / factor, level=level)
