"""The method of variance estimates recovery: limits of a difference from the limits of its parts."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, Interval, floats, interval, require
from servicequality.stats._kernel import kernel


@kernel
def mover_difference(
    a: ArrayLike,
    a_low: ArrayLike,
    a_high: ArrayLike,
    b: ArrayLike,
    b_low: ArrayLike,
    b_high: ArrayLike,
    *,
    correlation: ArrayLike = 0.0,
) -> Interval:
    """Limits of a - b that keep the skewness of both parts' limits (Zou and Donner 2008).

    Args:
        a: first estimate, in any unit.
        a_low: its lower limit.
        a_high: its upper limit.
        b: second estimate, in the same unit.
        b_low: its lower limit.
        b_high: its upper limit.
        correlation: between the two estimates; 0 for independent groups.

    Returns:
        Lower and upper limit of the difference, at the level of the limits given.

    Raises:
        ParameterError: an estimate outside its own limits, a correlation outside [-1, 1], a value that is not finite.
    """
    x, x_low, x_high, y, y_low, y_high, r = floats(
        a=a, a_low=a_low, a_high=a_high, b=b, b_low=b_low, b_high=b_high, correlation=correlation
    )
    require((x_low <= x) & (x <= x_high), "a", x, "within its own limits", "give limits that contain the estimate")
    require((y_low <= y) & (y <= y_high), "b", y, "within its own limits", "give limits that contain the estimate")
    require(np.abs(r) <= 1, "correlation", r, "in [-1, 1]", "give a correlation, not a covariance")
    below = _spread(x - x_low, y_high - y, r)
    above = _spread(x_high - x, y - y_low, r)
    return interval(x - y - below, x - y + above)


def _spread(u: FloatArray, v: FloatArray, r: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(u * u - 2 * r * u * v + v * v, 0.0))
