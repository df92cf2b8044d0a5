"""Whether a rate rises or falls from band to band: Poisson regression on the band's number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import critical_value, floats, require

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

    ratio: float
    low: float
    high: float
    p_value: float


def poisson_trend(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95) -> Trend:
    """Fit events ~ Poisson(exposure · exp(a + b · band)) over bands 0, 1, 2 …, in order (Clayton & Hills 1993, chapter 20).

    Given their sum, the events are multinomial with weights exposure · exp(b · band), so that only b is sought: by Newton's
    method on a concave likelihood. The limits are normal on the log scale; the p-value is that of the score test at b = 0.

    Args:
        events: events in each band, 0 or more.
        exposure: time at risk in each band, 0 or more; bands without any say nothing.
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
    band = np.arange(len(count), dtype=np.float64)[time > 0]
    count, time = count[time > 0], time[time > 0]
    total, weighed = count.sum(), count @ band
    nothing = Trend(np.nan, np.nan, np.nan, np.nan)
    if len(band) < 2 or total == 0:
        return nothing
    log_time = np.log(time)

    def moments(b: float) -> tuple[float, float]:
        """Mean and variance of the band over the weights."""
        log_weight = log_time + b * band
        weight = np.exp(log_weight - log_weight.max())
        mean = float(weight @ band / weight.sum())
        return mean, float(weight @ (band - mean) ** 2 / weight.sum())

    mean, variance = moments(0.0)
    score = (weighed - total * mean) / np.sqrt(total * variance)
    p_value = float(erfc(abs(score) / np.sqrt(2)))
    if not band[0] < weighed / total < band[-1]:  # all events in an outer band: the factor runs off
        return nothing._replace(p_value=p_value)
    b = 0.0
    for _ in range(_STEPS):
        mean, variance = moments(b)
        step = np.clip((weighed / total - mean) / max(variance, 1e-12), -2.0, 2.0)
        b += float(step)
        if abs(step) < 1e-12:
            break
    se = 1 / np.sqrt(total * moments(b)[1])
    low, high = np.exp(b - z * se), np.exp(b + z * se)
    return Trend(float(np.exp(b)), float(low), float(high), p_value)
