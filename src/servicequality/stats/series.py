"""Two series side by side: prewhitened cross-correlation, shifts at events."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import BoolArray, FloatArray, gappy, rows, whole_numbers
from servicequality.stats._kernel import kernel

_MOST_LAGS = 10
_LEAST_FILTERED = 2  # points that a filtered series must have to be correlated


@kernel
def autoregression(x: ArrayLike, *, order: int | None = None) -> FloatArray:
    """Coefficients of an autoregression by least squares; of the order with the least AIC where none is given.

    Args:
        x: a series; NaN is a gap. A value counts where it and the earlier ones that it is fitted to are there.
        order: how many earlier values; None tries up to 10 log10(n), at most 10.

    Raises:
        ParameterError: a series that is too short for the order, or does not vary, or an infinite value.
    """
    series = gappy("x", x)
    n = int(np.isfinite(series).sum())
    if n < 8 or not np.nanstd(series) > 0:
        raise ParameterError(f"an autoregression needs one series of 8 values or more that vary; got {n}")
    centred = series - np.nanmean(series)
    if order is not None:
        if not 0 <= order <= n // 3:
            raise ParameterError(f"order must lie from 0 to a third of the length, {n // 3}; got {order}")
        return _least_squares(centred, order)[0]
    most = min(int(10 * np.log10(n)), _MOST_LAGS, n // 3)
    known = np.isfinite(centred)
    kept = [float(_whole(known, lags).mean()) for lags in range(most + 1)]
    # Gaps break long windows most: an order that leaves less than half of them would be fitted to what is left by chance.
    orders = [
        lags
        for lags, share in enumerate(kept)
        if not lags or (share >= 0.5 and share * (len(known) - lags) >= 3 * lags)
    ]
    fits = [_least_squares(centred, lags) for lags in orders]
    scores = [
        n * np.log(max(variance, 1e-300)) + 2 * lags / kept[lags]
        for lags, (_, variance) in zip(orders, fits, strict=True)
    ]
    return fits[int(np.argmin(scores))][0]


def _whole(known: BoolArray, order: int) -> BoolArray:
    """Which values from place `order` on are there together with the so many before them."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(known, order + 1).all(axis=1), np.bool_)


def _least_squares(centred: FloatArray, order: int) -> tuple[FloatArray, float]:
    whole = _whole(np.isfinite(centred), order)
    if whole.sum() <= order:
        raise ParameterError(f"gaps leave {whole.sum()} values with the {order} before them, too few for that order")
    target = centred[order:][whole]
    if not order:
        return np.zeros(0), float(np.mean(target**2))
    earlier = np.column_stack(
        [np.ones(len(target)), *(centred[order - lag : -lag][whole] for lag in range(1, order + 1))]
    )
    weights = np.linalg.lstsq(earlier, target, rcond=None)[0]
    return np.asarray(weights[1:], np.float64), float(np.mean((target - earlier @ weights) ** 2))


@kernel
def prewhitened_ccf(
    x: ArrayLike, y: ArrayLike, lags: ArrayLike, *, phi: ArrayLike | None = None
) -> tuple[FloatArray, int]:
    """Cross-correlation of two series after the autoregression of the first is taken out of both (Box & Jenkins 1976).

    Two series that drift by themselves correlate though nothing links them; what is left of x here is noise, so that a
    correlation at a lag has standard error 1 / sqrt(n). A gap takes out the filtered values that need it: the products
    that are left stand for all, and n is as much smaller as the lag with the fewest of them has lost.

    Args:
        x: the series that may lead; NaN is a gap.
        y: the series that may follow, of the same length.
        lags: whole numbers; at lag k stands the correlation of x with y k steps later.
        phi: the autoregression of x; fitted by default.

    Returns:
        One correlation a lag, and the length of the filtered series, less what its gaps take.

    Raises:
        ParameterError: series of different lengths, series that do not vary, lags beyond a third of the length, gaps that
            leave nothing at a lag, or an infinite value.
    """
    if np.shape(x) != np.shape(y) or np.ndim(x) != 1 or not np.size(x):
        raise ParameterError(f"both series must have one length; got {np.shape(x)} and {np.shape(y)}")
    first, second = gappy("x", x), gappy("y", y)
    if not all(np.isfinite(series).any() and np.nanstd(series) > 0 for series in (first, second)):
        raise ParameterError("a series does not vary: there is nothing to correlate")
    weights = autoregression(first) if phi is None else rows("phi", np.atleast_1d(phi))
    if len(first) - len(weights) < _LEAST_FILTERED:
        raise ParameterError(f"a series of {len(first)} is too short for an autoregression of order {len(weights)}")
    taps = np.concatenate([[1.0], -weights])
    left, right = (np.convolve(series, taps)[len(weights) : len(series)] for series in (first, second))
    n = left.size
    there = [np.isfinite(series) for series in (left, right)]
    if min(known.sum() for known in there) < _LEAST_FILTERED:
        raise ParameterError("gaps leave too little of a filtered series to be correlated")
    left, right = (
        np.where(known, series - np.nanmean(series), 0.0) for series, known in zip((left, right), there, strict=True)
    )
    steps = whole_numbers("lags", np.atleast_1d(lags))
    if not steps.size:
        raise ParameterError("lags must hold at least one whole number; got none")
    if (np.abs(steps) > n // 3).any():
        raise ParameterError(f"lags must lie within a third of the length, {n // 3}; got {np.abs(steps).max()}")
    sizes = [n / int(known.sum()) for known in there]
    scale = np.sqrt((left**2).sum() * sizes[0] * (right**2).sum() * sizes[1])
    products = np.array([_lagged(left, right, int(k)) for k in steps])
    first_known, second_known = (known.astype(np.float64) for known in there)
    pairs = np.array([_lagged(first_known, second_known, int(k)) for k in steps])
    if not pairs.all():
        raise ParameterError("gaps leave no pair of values at a lag")
    kept = pairs / (n - np.abs(steps))
    return np.clip(products / kept / scale, -1.0, 1.0), int(n * kept.min() + 0.5)


def _lagged(left: FloatArray, right: FloatArray, k: int) -> float:
    """The sum of products of one series with the other k steps later."""
    n = left.size
    return float(left[max(0, -k) : n - max(0, k)] @ right[max(0, k) : n - max(0, -k)])


@kernel
def event_shift_test(y: ArrayLike, events: ArrayLike, *, half: int) -> tuple[float, float]:
    """Mean of y in the `half` steps from each event on less that in the `half` before, and its p-value by circular shifts.

    All shifts of the events around the series are the reference, the one of no shift included, so that a season or a slow
    drift of the series is in it too.

    Args:
        y: a series; NaN is a gap: a mean is of the values that are there, and a place without any on a side has no change.
        events: places of the events, from 0.
        half: steps on either side, 1 or more.

    Returns:
        The effect, and the share of shifts with an effect at least as far from 0.

    Raises:
        ParameterError: no event, one outside the series, none with values on both sides, an infinite value, or a half that
            is not shorter than half the series.
    """
    series = gappy("y", y)
    n, places = series.size, np.unique(whole_numbers("events", np.atleast_1d(events)))
    if not places.size or places.min() < 0 or places.max() >= n:
        raise ParameterError(f"events must be places from 0 to {n - 1}, at least one; got {places.tolist()}")
    if not 1 <= half < n / 2:
        raise ParameterError(f"half must be 1 or more and shorter than half the series of {n}; got {half}")
    before, after = _side_means(series, half)
    change = after - before
    known = np.isfinite(change)
    if not known[places].any():
        raise ParameterError("no event has values both before and after it")
    # The effect of every shift at once: a circular correlation of the change with the events.
    marks = np.zeros(n)
    marks[places] = 1.0
    turned = np.conj(np.fft.rfft(marks))
    sums = np.fft.irfft(np.fft.rfft(np.where(known, change, 0.0)) * turned, n)
    counts = np.rint(np.fft.irfft(np.fft.rfft(known.astype(np.float64)) * turned, n))
    effects = sums[counts > 0] / counts[counts > 0]
    seen = abs(effects[0])
    effect = float(change[places][known[places]].mean())
    return effect, float(np.mean(np.abs(effects) >= seen * (1 - 1e-9) - 1e-12))


def _side_means(series: FloatArray, half: int) -> tuple[FloatArray, FloatArray]:
    """Means of the `half` values before each place and from it on, around the end of the series; NaN without a value."""
    n, known = series.size, np.isfinite(series)
    at = n + np.arange(n)
    sums, counts = (
        np.concatenate([[0.0], np.cumsum(np.tile(part, 3))]) for part in (np.where(known, series, 0.0), known * 1.0)
    )
    sides = ((at - half, at), (at, at + half))
    with np.errstate(invalid="ignore"):
        before, after = ((sums[end] - sums[start]) / (counts[end] - counts[start]) for start, end in sides)
    return before, after
