"""Limits of the mean of a score on a bounded scale. Never here: means without bounds (`mean`)."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, Interval, critical_value, floats, interval, positive, require
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import finite_population_factor

HALF_ANSWER = 0.5
"""Added at each end of a scale of answers."""
EIGHTH_ANSWER = 0.125
"""Added at each end of a scale of differences, whose ends hardly anybody reaches."""


@kernel
def bounded_mean_interval(
    n: ArrayLike,
    mean: ArrayLike,
    squares: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    added: float = HALF_ANSWER,
    level: float = 0.95,
    df: ArrayLike | None = None,
    population: ArrayLike | None = None,
) -> Interval:
    """Limits of the mean of scores from `low` to `high`: Student's, of the answers and a part of one at each end.

    With N = n + 2 · added, M and V the mean and the variance (divisor N) of the answers and those added ones, the limits are
    M ± t(N - 1) √(V / N), cut to the scale and never excluding the mean itself. They have a width at any n, also where all
    answers agree. The rule is the adjustment of Agresti and Coull (1998) and of Rocks (2016), carried over to scores; its
    coverage is simulated.

    Args:
        n: answers, or effective answers, above 0.
        mean: their mean, within the scale.
        squares: sum of squared deviations from the mean, 0 or more.
        low: lowest point of the scale.
        high: highest point of the scale, above `low`.
        added: answers added at each end: a half, and an eighth for differences of two answers.
        level: two-sided confidence.
        df: degrees of freedom in place of N - 1, as clusters and weights leave them.
        population: size of the finite population that the n were drawn from: each limit's distance from the mean is
            multiplied by √(1 - n / N).

    Raises:
        ParameterError: n <= 0, squares < 0, a mean outside the scale, added <= 0, n above the population, a level outside
            (0, 1), or a value that is not finite.
    """
    n_, mean_, squares_, low_, high_ = floats(n=n, mean=mean, squares=squares, low=low, high=high)
    positive("n", n_, "a mean of nothing has no limits: leave empty groups out of the call")
    positive("added", np.asarray(added, dtype=np.float64), "give a part of an answer, such as 0.5")
    require(high_ > low_, "high", high_, "above low", "give both ends of the scale")
    span = high_ - low_
    slack = 1e-9 * span
    require((mean_ >= low_ - slack) & (mean_ <= high_ + slack), "mean", mean_, "within the scale", "check the scale")
    require(squares_ >= 0, "squares", squares_, "0 or more", "give the sum of squared deviations from the mean")
    m = np.clip((mean_ - low_) / span, 0.0, 1.0)
    whole = n_ + 2 * added
    centre = (n_ * m + added) / whole
    # About the new mean, so that nothing cancels.
    variance = (squares_ / span**2 + n_ * (m - centre) ** 2 + added * (centre**2 + (1 - centre) ** 2)) / whole
    half = critical_value(level, whole - 1 if df is None else df) * np.sqrt(variance / whole)
    bottom, top = centre - half, centre + half
    if population is not None:
        factor = np.sqrt(finite_population_factor(n_, population))
        bottom, top = m + factor * (bottom - m), m + factor * (top - m)

    def limit(at: FloatArray) -> FloatArray:
        return np.asarray(low_ + span * np.clip(at, 0.0, 1.0), dtype=np.float64)

    return interval(np.minimum(limit(bottom), mean_), np.maximum(limit(top), mean_))
