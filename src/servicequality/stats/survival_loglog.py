"""The log-log band of a survival curve: Greenwood's error on the scale log(-log S) (Kalbfleisch & Prentice 1980)."""

import numpy as np

from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_segments import first


def band(survival: FloatArray, se: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """S^exp(-+ z se / (S log S)); the ends 0 and 1 stand for themselves."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        reach = np.exp(-z * se / (survival * np.log(survival)))
        low, high = survival**reach, survival ** (1 / reach)
    inside = (survival > 0) & (survival < 1)
    return np.where(inside, low, survival), np.where(inside, high, survival)


def inverted_band(
    survival: FloatArray, se: FloatArray, z: FloatArray, *, at: float, offsets: IntArray
) -> tuple[IntArray, IntArray]:
    """Per group, the first row at which the lower side of the band is down to `at`, and the first for the upper side.

    The group's end where there is none (Brookmeyer & Crowley 1982). At S = 0 the band is [0, 0], so that the last event
    is the upper limit where nothing earlier is.
    """
    # S^exp(r) <= q is log(-log S) + r >= log(-log q): one logarithm a row instead of two powers.
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = -np.log(survival)
        height = np.log(hazard)
        reach = z * se / (survival * hazard)
    target = np.log(-np.log(min(at, 1 - 2**-53)))
    gone = survival == 0
    low = first((height + reach >= target) | gone, offsets)
    return low, first((height - reach >= target) | gone, offsets)
