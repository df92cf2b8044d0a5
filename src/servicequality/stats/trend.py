"""Whether a rate rises or falls from band to band: Poisson regression on the band's number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, critical_value, floats, require

__all__ = ["Trend", "poisson_trend"]

_STEPS = 60


class Trend(NamedTuple):
    """By how much a rate is multiplied from one band to the next; NaN where nothing can be said.

    Attributes:
        ratio: the factor for each band.
        low: lower confidence limit.
        high: upper confidence limit.
        p_value: of no trend, by the score test, which needs no fit.
    """

    ratio: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def poisson_trend(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95) -> Trend:
    """Fit events ~ Poisson(exposure · exp(a + b · band)) over bands 0, 1, 2 …, in order (Clayton & Hills 1993, chapter 20).

    Given their sum, the events are multinomial with weights exposure · exp(b · band), so that only b is sought: by Newton's
    method on a concave likelihood. The limits are normal on the log scale; the p-value is that of the score test at b = 0.

    Args:
        events: events in each band, 0 or more; shape (..., bands), a trend for each entry of the leading axes.
        exposure: time at risk in each band, 0 or more, in the same shape; bands without any say nothing.
        level: two-sided confidence.

    Raises:
        ParameterError: negative events or exposure, events without exposure, or a level outside (0, 1).
    """
    from scipy.special import erfc

    count, time = floats(events=events, exposure=exposure)
    require(count >= 0, "events", count, "0 or more", "count events")
    require(time >= 0, "exposure", time, "0 or more", "a time at risk is not negative")
    require((time > 0) | (count == 0), "exposure", time, "above 0 where events are", "events need a time at risk")
    z = critical_value(level)
    figures, watched = np.full((4, *count.shape[:-1]), np.nan), time > 0
    some = (watched.sum(axis=-1) > 1) & (count.sum(axis=-1) > 0)
    count, time, watched = count[some], time[some], watched[some]
    log_time = np.log(time, out=np.full(time.shape, -np.inf), where=watched)
    band = np.arange(time.shape[-1], dtype=np.float64)
    total = count.sum(axis=-1)
    observed = (count * band).sum(axis=-1) / total

    def moments(b: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the band over the weights."""
        log_weight = log_time + b[:, None] * band
        weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True, initial=-np.inf))
        weight /= weight.sum(axis=-1, keepdims=True)
        mean = (weight * band).sum(axis=-1)
        return mean, (weight * (band - mean[:, None]) ** 2).sum(axis=-1)

    b = np.zeros(len(total))
    mean, variance = moments(b)
    p_value = erfc(np.abs(observed - mean) * np.sqrt(total / variance) / np.sqrt(2))
    first = np.where(watched, band, np.inf).min(axis=-1, initial=np.inf)
    last = np.where(watched, band, -np.inf).max(axis=-1, initial=-np.inf)
    inner = (first < observed) & (observed < last)  # with all events in an outer band the factor runs off
    moving = inner.copy()  # a group stops by itself, so that it ends where it would alone
    for _ in range(_STEPS):
        mean, variance = moments(b)
        step = np.clip((observed - mean) / np.maximum(variance, 1e-12), -2.0, 2.0)
        b += np.where(moving, step, 0.0)
        moving &= np.abs(step) >= 1e-12
        if not moving.any():
            break
    se = 1 / np.sqrt(total * moments(b)[1])
    fitted = np.where(inner, np.exp([b, b - z * se, b + z * se]), np.nan)
    figures[:, some] = [*fitted, p_value]
    return Trend(*figures)
