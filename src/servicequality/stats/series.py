"""Two series side by side: prewhitened cross-correlation, shifts at events."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, rows, whole_numbers
from servicequality.stats._kernel import kernel

_MOST_LAGS = 10
_LEAST_FILTERED = 2  # points that a filtered series must have to be correlated


@kernel
def autoregression(x: ArrayLike, *, order: int | None = None) -> FloatArray:
    """Coefficients of an autoregression by least squares; of the order with the least AIC where none is given.

    Args:
        x: an unbroken series.
        order: how many earlier values; None tries up to 10 log10(n), at most 10.

    Raises:
        ParameterError: a series that is too short for the order, does not vary, or has gaps.
    """
    (series,) = floats(x=x)
    n = series.size
    if series.ndim != 1 or n < 8 or not series.std() > 0:
        raise ParameterError(f"an autoregression needs one series of 8 values or more that vary; got {series.shape}")
    centred = series - series.mean()
    if order is not None:
        if not 0 <= order <= n // 3:
            raise ParameterError(f"order must lie from 0 to a third of the length, {n // 3}; got {order}")
        return _least_squares(centred, order)[0]
    most = min(int(10 * np.log10(n)), _MOST_LAGS, n // 3)
    fits = [_least_squares(centred, lags) for lags in range(most + 1)]
    scores = [n * np.log(max(variance, 1e-300)) + 2 * lags for lags, (_, variance) in enumerate(fits)]
    return fits[int(np.argmin(scores))][0]


def _least_squares(centred: FloatArray, order: int) -> tuple[FloatArray, float]:
    target = centred[order:]
    if not order:
        return np.zeros(0), float(np.mean(target**2))
    earlier = np.column_stack([np.ones(len(target)), *(centred[order - lag : -lag] for lag in range(1, order + 1))])
    weights = np.linalg.lstsq(earlier, target, rcond=None)[0]
    return np.asarray(weights[1:], np.float64), float(np.mean((target - earlier @ weights) ** 2))


@kernel
def prewhitened_ccf(
    x: ArrayLike, y: ArrayLike, lags: ArrayLike, *, phi: ArrayLike | None = None
) -> tuple[FloatArray, int]:
    """Cross-correlation of two series after the autoregression of the first is taken out of both (Box & Jenkins 1976).

    Two series that drift by themselves correlate though nothing links them; what is left of x here is noise, so that a
    correlation at a lag has standard error 1 / sqrt(n).

    Args:
        x: the series that may lead.
        y: the series that may follow, of the same length.
        lags: whole numbers; at lag k stands the correlation of x with y k steps later.
        phi: the autoregression of x; fitted by default.

    Returns:
        One correlation a lag, and the length of the filtered series.

    Raises:
        ParameterError: series of different lengths, gaps, series that do not vary, or lags beyond a third of the length.
    """
    first, second = floats(x=x, y=y)
    if np.shape(x) != np.shape(y) or first.ndim != 1 or not first.size:
        raise ParameterError(f"both series must have one length; got {np.shape(x)} and {np.shape(y)}")
    if not (np.ptp(first) > 0 and np.ptp(second) > 0):
        raise ParameterError("a series does not vary: there is nothing to correlate")
    weights = autoregression(first) if phi is None else rows("phi", np.atleast_1d(phi))
    if len(first) - len(weights) < _LEAST_FILTERED:
        raise ParameterError(f"a series of {len(first)} is too short for an autoregression of order {len(weights)}")
    taps = np.concatenate([[1.0], -weights])
    left, right = (np.convolve(series, taps)[len(weights) : len(series)] for series in (first, second))
    left, right, n = left - left.mean(), right - right.mean(), left.size
    steps = whole_numbers("lags", np.atleast_1d(lags))
    if not steps.size:
        raise ParameterError("lags must hold at least one whole number; got none")
    if (np.abs(steps) > n // 3).any():
        raise ParameterError(f"lags must lie within a third of the length, {n // 3}; got {np.abs(steps).max()}")
    scale = np.sqrt((left**2).sum() * (right**2).sum())
    products = [left[max(0, -k) : n - max(0, k)] @ right[max(0, k) : n - max(0, -k)] for k in steps]
    return np.array(products) / scale, n


@kernel
def event_shift_test(y: ArrayLike, events: ArrayLike, *, half: int) -> tuple[float, float]:
    """Mean of y in the `half` steps from each event on less that in the `half` before, and its p-value by circular shifts.

    All shifts of the events around the series are the reference, the one of no shift included, so that a season or a slow
    drift of the series is in it too.

    Args:
        y: an unbroken series.
        events: places of the events, from 0.
        half: steps on either side, 1 or more.

    Returns:
        The effect, and the share of shifts with an effect at least as far from 0.

    Raises:
        ParameterError: no event, one outside the series, or a half that is not shorter than half the series.
    """
    (series,) = floats(y=y)
    n, places = series.size, np.unique(whole_numbers("events", np.atleast_1d(events)))
    if not places.size or places.min() < 0 or places.max() >= n:
        raise ParameterError(f"events must be places from 0 to {n - 1}, at least one; got {places.tolist()}")
    if not 1 <= half < n / 2:
        raise ParameterError(f"half must be 1 or more and shorter than half the series of {n}; got {half}")
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([series, series, series]))])
    at = n + np.arange(n)
    change = (sums[at + half] - 2 * sums[at] + sums[at - half]) / half
    # The effect of every shift at once: a circular correlation of the change with the events.
    marks = np.zeros(n)
    marks[places] = 1.0
    effects = np.fft.irfft(np.fft.rfft(change) * np.conj(np.fft.rfft(marks)), n) / places.size
    seen = abs(effects[0])
    return float(change[places].mean()), float(np.mean(np.abs(effects) >= seen * (1 - 1e-9) - 1e-12))
