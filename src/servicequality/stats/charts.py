"""Limits of control charts: what a steady process does by chance."""

# All limits stand three standard errors from the centre (Shewhart 1931). NaN is a gap: it keeps its place and is left out.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, positive, require, rows
from servicequality.stats._kernel import kernel

_D2 = 1.128  # the mean range of two normal draws, as the tables of the charts print it
_SIGMAS = 3.0


class ControlLimits(NamedTuple):
    """A chart's centre and limits; limits are one a point where they depend on its size.

    Attributes:
        centre: the baseline's mean.
        low: lower limit.
        high: upper limit.
        spread: what the width rests on: the mean moving range (XmR), sigma z (Laney), else NaN.
    """

    centre: float
    low: FloatArray
    high: FloatArray
    spread: float


@kernel
def moving_range(x: ArrayLike) -> float:
    """Mean distance of neighbours; a pair with a gap in it does not count.

    Args:
        x: the points in order; NaN is a gap.

    Raises:
        ParameterError: no two neighbours.
    """
    ranges = np.abs(np.diff(rows("x", x)))
    if not np.isfinite(ranges).any():
        raise ParameterError("a moving range needs two neighbouring points; there are none")
    return float(np.nanmean(ranges))


@kernel
def individuals_limits(x: ArrayLike) -> ControlLimits:
    """XmR: limits of single values from their mean moving range (Wheeler & Chambers 1992).

    Args:
        x: the baseline in the order of time; NaN is a gap.

    Raises:
        ParameterError: no two neighbouring points.
    """
    values = rows("x", x)
    width, centre = moving_range(values), float(np.nanmean(values))
    reach = _SIGMAS * width / _D2
    return ControlLimits(centre, np.asarray(centre - reach), np.asarray(centre + reach), width)


@kernel
def share_limits(
    hits: ArrayLike, n: ArrayLike, *, baseline: ArrayLike | None = None, overdispersed: bool = False
) -> ControlLimits:
    """P chart: binomial limits of shares, one a point; Laney's p' widens them by what the shares vary beyond that.

    Sigma z is the mean moving range of the baseline's z values over 1.128 (Laney 2002): a standard deviation would take a
    shift for noise.

    Args:
        hits: successes of each point.
        n: rows of each point, above 0; NaN is a gap.
        baseline: boolean, one a point: those that the centre and sigma z rest on; all by default.
        overdispersed: whether to take Laney's limits.

    Raises:
        ParameterError: more hits than rows, sizes that are not above 0, or a baseline without points.
    """
    return _limits(hits, n, baseline, overdispersed=overdispersed, shares=True)


@kernel
def rate_limits(
    events: ArrayLike, exposure: ArrayLike = 1.0, *, baseline: ArrayLike | None = None, overdispersed: bool = False
) -> ControlLimits:
    """U chart: Poisson limits of events per exposure, one a point; a c chart where every exposure is 1.

    Args:
        events: events of each point; NaN is a gap.
        exposure: what they were counted over, above 0.
        baseline: as for `share_limits`.
        overdispersed: whether to take Laney's limits (u').

    Raises:
        ParameterError: events below 0, exposures that are not above 0, or a baseline without points.
    """
    return _limits(events, exposure, baseline, overdispersed=overdispersed, shares=False)


def _limits(
    amount: ArrayLike, size: ArrayLike, baseline: ArrayLike | None, *, overdispersed: bool, shares: bool
) -> ControlLimits:
    counted, sizes = np.broadcast_arrays(np.asarray(amount, np.float64), np.asarray(size, np.float64))
    counted, sizes = rows("counts", counted), rows("sizes", sizes)
    complete = np.isfinite(counted) & np.isfinite(sizes)
    positive("size", sizes[complete], "a point of no size is a gap: give NaN")
    legal = (counted >= 0) & ((counted <= sizes) if shares else True)
    require(legal[complete], "count", counted[complete], "from 0 to n" if shares else "0 or more", "count rows")
    used = complete & (True if baseline is None else np.asarray(baseline, np.bool_))
    if not used.any():
        raise ParameterError("the baseline has no points; choose one that lies within the series")
    centre = float(counted[used].sum() / sizes[used].sum())
    whole = np.where(complete, sizes, np.nan)
    sigma = np.sqrt(centre * (1 - centre) / whole) if shares else np.sqrt(centre / whole)
    spread = np.nan
    if overdispersed:
        if not centre > 0 or (shares and not centre < 1):
            raise ParameterError(f"the baseline's centre is {centre:g}: nothing varies, and there is no dispersion")
        spread = moving_range(np.where(used, (counted / whole - centre) / sigma, np.nan)) / _D2
    reach = _SIGMAS * sigma * (spread if overdispersed else 1.0)
    high = centre + reach
    return ControlLimits(centre, np.maximum(centre - reach, 0.0), np.minimum(high, 1.0) if shares else high, spread)


@kernel
def ewma(
    x: ArrayLike, *, target: float, sigma: float, weight: float = 0.2
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Exponentially weighted moving average and its limits (Roberts 1959), which widen to their final width.

    Args:
        x: points in the order of time; a gap (NaN) leaves the average as it was.
        target: where the average starts, and the centre.
        sigma: standard deviation of one point, above 0.
        weight: weight of the newest point, in (0, 1].

    Returns:
        Averages, lower and upper limits, one a point; the limits of an endless series are the last of a long one.

    Raises:
        ParameterError: a sigma that is not above 0, or a weight outside (0, 1].
    """
    values = np.asarray(x, np.float64)
    (spread,) = floats(sigma=sigma)
    positive("sigma", spread)
    if not 0 < weight <= 1:
        raise ParameterError(f"weight must lie in (0, 1]; got {weight!r}")
    from scipy.signal import lfilter

    present = np.isfinite(values)
    steps = np.cumsum(present)
    # Only points that are there move the average: filtered without the gaps, then put back into their places.
    moved, _ = lfilter([weight], [1, weight - 1], values[present] - target, zi=[0.0])
    average = target + np.concatenate([[0.0], moved])[steps]
    reach = _SIGMAS * sigma * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps)))
    return average, target - reach, target + reach


@kernel
def ewma_width(*, sigma: float, weight: float) -> float:
    """Half the final width of an EWMA chart's limits: 3 sigma sqrt(weight / (2 - weight)).

    Args:
        sigma: standard deviation of a point.
        weight: weight of the newest point.
    """
    return float(_SIGMAS * sigma * np.sqrt(weight / (2 - weight)))


@kernel
def cusum(x: ArrayLike, *, target: float, slack: float) -> tuple[FloatArray, FloatArray]:
    """Tabular CUSUM (Page 1954): how far the points have drifted above and below the target, beyond the slack.

    The recursion max(0, c + step) is the sum of steps less its smallest value so far, which needs no loop.

    Args:
        x: points in the order of time; a gap (NaN) changes nothing.
        target: the centre.
        slack: how much a point may lie off without counting, in the points' unit, 0 or more.

    Returns:
        Upper and lower sums, each 0 or more.

    Raises:
        ParameterError: a slack below 0.
    """
    if not slack >= 0:
        raise ParameterError(f"slack must be 0 or more, in the unit of the points; got {slack!r}")
    off = np.nan_to_num(np.asarray(x, np.float64) - target, nan=0.0)
    present = np.isfinite(np.asarray(x, np.float64))

    def drift(step: FloatArray) -> FloatArray:
        sums = np.cumsum(np.where(present, step, 0.0))
        return np.asarray(sums - np.minimum(np.minimum.accumulate(sums), 0.0))

    return drift(off - slack), drift(-off - slack)
