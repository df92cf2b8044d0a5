"""Limits of the mean of amounts that cannot be negative. Never here: scores on a scale (`bounded`)."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import Interval, critical_value, floats, interval, positive, require
from servicequality.stats._kernel import kernel


@kernel
def positive_mean_interval(n: ArrayLike, mean: ArrayLike, squares: ArrayLike, *, level: float = 0.95) -> Interval:
    """Limits of the mean of durations, costs and the like: Student's below, and Student's of the logarithm above.

    With t = t(n - 1) and the mean's standard error: m - t·se, not below 0, and m · exp(t·se / m), which is the delta method on
    the logarithm and follows the long upper tail that such amounts have. Skewed amounts still get limits that are too short
    at small n.

    Args:
        n: rows, above 1.
        mean: their mean, above 0.
        squares: sum of squared deviations from the mean, above 0.
        level: two-sided confidence.

    Raises:
        ParameterError: n <= 1, a mean or squares <= 0, a level outside (0, 1), or a value that is not finite.
    """
    n_, mean_, squares_ = floats(n=n, mean=mean, squares=squares)
    require(n_ > 1, "n", n_, "above 1", "one row has no spread: leave such groups out of the call")
    positive("mean", mean_)
    positive("squares", squares_, "rows that do not differ have no limits: leave such groups out of the call")
    half = critical_value(level, n_ - 1) * np.sqrt(squares_ / (n_ - 1) / n_)
    with np.errstate(over="ignore"):  # of two very different amounts nothing bounds the mean above
        high = mean_ * np.exp(half / mean_)
    return interval(np.maximum(mean_ - half, 0.0), high)
