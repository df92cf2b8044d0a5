"""Intervals of a mean, and of any estimate that has a standard error and degrees of freedom."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.stats._checks import FloatArray, Interval, critical_value, floats, interval, positive, require
from servicequality.stats._kernel import kernel

FiniteCorrection: TypeAlias = Literal["1-n/N", "(N-n)/(N-1)"]


@kernel
def t_interval(estimate: ArrayLike, se: ArrayLike, *, df: ArrayLike | None = None, level: float = 0.95) -> Interval:
    """Limits estimate ± t(df) × se (Student 1908); without ``df`` the normal quantile takes t's place.

    Args:
        estimate: any estimate that is roughly normal around its parameter.
        se: its standard error, 0 or more, in the same unit.
        df: n - 1 for plain rows, effective n - 1 for weighted ones, clusters - 1 for clustered ones.
        level: two-sided confidence.

    Raises:
        ParameterError: se < 0, df <= 0, a level outside (0, 1), or a value that is not finite.
    """
    value, error = _estimate(estimate, se)
    half = critical_value(level, df) * error
    return interval(value - half, value + half)


@kernel
def t_test(estimate: ArrayLike, se: ArrayLike, *, df: ArrayLike | None = None) -> FloatArray:
    """Two-sided p-value of "the parameter is 0"; without ``df`` from the normal distribution.

    Args:
        estimate: estimates.
        se: their standard errors.
        df: degrees of freedom.

    Raises:
        ParameterError: se <= 0 (nothing to test against), df <= 0, or a value that is not finite.
    """
    from scipy.special import ndtr, stdtr

    value, error = _estimate(estimate, se)
    positive("se", error, "a group without spread has no test: leave it out of the call")
    ratio = -np.abs(value / error)
    if df is None:
        return np.asarray(2 * ndtr(ratio), dtype=np.float64)
    (freedom,) = floats(df=df)
    positive("df", freedom)
    return np.asarray(2 * stdtr(freedom, ratio), dtype=np.float64)


@kernel
def squared_deviations(n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> FloatArray:
    """Sum of squares about the mean, from sums about any origin: squares - total² / n, never below 0.

    Args:
        n: rows, above 0.
        total: sum of (x - origin). An origin near the data is what keeps the digits.
        squares: sum of (x - origin)².

    Raises:
        ParameterError: n <= 0, squares < 0, or a value that is not finite.
    """
    n_, total_, squares_ = floats(n=n, total=total, squares=squares)
    positive("n", n_)
    require(squares_ >= 0, "squares", squares_, "0 or more", "give the sum of squares")
    return np.asarray(np.maximum(squares_ - total_ * (total_ / n_), 0.0), dtype=np.float64)


@kernel
def finite_population_factor(
    n: ArrayLike, population: ArrayLike, *, correction: FiniteCorrection = "1-n/N"
) -> FloatArray:
    """What a variance is multiplied by when n of N are drawn without replacement (Cochran 1977, section 2.6).

    Args:
        n: rows drawn, above 0.
        population: rows there are, N >= n.
        correction: ``1-n/N`` belongs to a sample variance (divisor n - 1), ``(N-n)/(N-1)`` to a population variance,
            as p (1 - p) is. Some tools use the second for means too, which makes them a little wider.

    Raises:
        ParameterError: n <= 0, n above the population, an unknown correction, or a value that is not finite.
    """
    choice("correction", correction, ("1-n/N", "(N-n)/(N-1)"))
    n_, size = floats(n=n, population=population)
    positive("n", n_)
    require(n_ <= size, "n", n_, "at most the population", "check the population's size")
    left = size - n_
    divisor = size if correction == "1-n/N" else np.where(left == 0, 1.0, size - 1)
    return np.asarray(left / divisor, dtype=np.float64)


@kernel
def mean_se(
    n: ArrayLike, squares: ArrayLike, *, population: ArrayLike | None = None, correction: FiniteCorrection = "1-n/N"
) -> FloatArray:
    """Standard error of a mean, √(squares / (n - 1) / n), for a finite population times √ of its factor.

    Args:
        n: rows, at least 2 (more than 1, where n is an effective one).
        squares: sum of squared deviations from the mean.
        population: size of the population that the n were drawn from.
        correction: see ``finite_population_factor``.

    Raises:
        ParameterError: n <= 1, squares < 0, n above the population, or a value that is not finite.
    """
    n_, squares_ = floats(n=n, squares=squares)
    require(n_ > 1, "n", n_, "above 1", "one row has no spread: leave such groups out of the call")
    require(squares_ >= 0, "squares", squares_, "0 or more", "give the sum of squared deviations from the mean")
    variance = squares_ / (n_ - 1) / n_
    if population is not None:
        variance = variance * finite_population_factor(n_, population, correction=correction)
    return np.asarray(np.sqrt(variance), dtype=np.float64)


@kernel
def mean_interval(
    n: ArrayLike,
    mean: ArrayLike,
    squares: ArrayLike,
    *,
    level: float = 0.95,
    population: ArrayLike | None = None,
    correction: FiniteCorrection = "1-n/N",
) -> Interval:
    """Student's t interval of a mean from n, the mean and the sum of squared deviations from it.

    Args:
        n: rows.
        mean: their mean.
        squares: sum of squared deviations from the mean.
        level: confidence level.
        population: size of the finite population that the rows are drawn from; None is without end.
        correction: form of its correction, as for ``mean_se``.

    Raises:
        ParameterError: as ``mean_se`` and ``t_interval``.
    """
    n_, mean_, squares_ = floats(n=n, mean=mean, squares=squares)
    se = mean_se(n_, squares_, population=population, correction=correction)
    return t_interval(mean_, se, df=n_ - 1, level=level)


def _estimate(estimate: ArrayLike, se: ArrayLike) -> tuple[FloatArray, FloatArray]:
    value, error = floats(estimate=estimate, se=se)
    require(error >= 0, "se", error, "0 or more", "give a standard error")
    return value, error
