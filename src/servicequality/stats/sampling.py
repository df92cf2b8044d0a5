"""Standard errors and effective sizes of weighted, clustered and stratified rows, from their sums."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, positive, require
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import finite_population_factor


@kernel
def kish_n_eff(weight: ArrayLike, square: ArrayLike) -> FloatArray:
    """Effective number of weighted rows, (Σ w)² / Σ w² (Kish 1965, section 11.7).

    Args:
        weight: sum of the weights, above 0.
        square: sum of the squared weights, above 0.

    Raises:
        ParameterError: a sum <= 0, or a value that is not finite.
    """
    weight_, square_ = floats(weight=weight, square=square)
    positive("weight", weight_, "weights must be positive: leave groups without weight out of the call")
    positive("square", square_, "weights must be positive: leave groups without weight out of the call")
    return np.asarray(weight_ / square_ * weight_, dtype=np.float64)


@kernel
def ratio_se(y: ArrayLike, x: ArrayLike, yy: ArrayLike, xy: ArrayLike, xx: ArrayLike, m: ArrayLike) -> FloatArray:
    """Linearised standard error of the ratio R = Σ y / Σ x over m rows or clusters (Cochran 1977, section 6.4).

    se² = m / (m - 1) · (Σ y² - 2 R Σ x y + R² Σ x²) / (Σ x)². A weighted share or mean has y = w·value and x = w; a
    clustered one has y and x summed over each cluster first.

    Args:
        y: sum of y.
        x: sum of x, above 0.
        yy: sum of y².
        xy: sum of x y.
        xx: sum of x².
        m: rows or clusters, at least 2.

    Raises:
        ParameterError: m < 2, a sum of x or of squares out of its range, or a value that is not finite.
    """
    y_, x_, yy_, xy_, xx_, m_ = floats(y=y, x=x, yy=yy, xy=xy, xx=xx, m=m)
    positive("x", x_)
    require(m_ >= 2, "m", m_, "at least 2", "one row or cluster has no spread: leave such groups out of the call")
    require((yy_ >= 0) & (xx_ >= 0), "yy", np.minimum(yy_, xx_), "0 or more, as xx", "give sums of squares")
    return np.asarray(np.sqrt(linearised_square(y_, x_, yy_, xy_, xx_, m_)), dtype=np.float64)


def linearised_square(
    y: FloatArray, x: FloatArray, yy: FloatArray, xy: FloatArray, xx: FloatArray, m: FloatArray
) -> FloatArray:
    """The square of `ratio_se` for sums that are known to be sound; any sign of x will do."""
    ratio = y / x
    residual = yy - 2 * ratio * xy + ratio**2 * xx
    # A difference of nearly equal sums: what is below rounding is zero.
    residual = np.where(residual < 1e-12 * (yy + ratio**2 * xx), 0.0, residual)
    return m / (m - 1) * residual / x**2


@kernel
def design_effect(se: ArrayLike, simple_se: ArrayLike) -> FloatArray:
    """Variance under the design over the variance of as many plain rows (Kish 1965): n over it is the effective n.

    Args:
        se: standard error under the design, 0 or more.
        simple_se: standard error of a simple random sample of the same n, above 0; √(p (1 - p) / n) for a share.

    Raises:
        ParameterError: se < 0, simple_se <= 0, or a value that is not finite.
    """
    se_, simple = floats(se=se, simple_se=simple_se)
    require(se_ >= 0, "se", se_, "0 or more", "give a standard error")
    positive("simple_se", simple, "rows that all agree have no design effect: leave such groups out of the call")
    return np.asarray((se_ / simple) ** 2, dtype=np.float64)


@kernel
def poststratification_weights(n: ArrayLike, totals: ArrayLike) -> FloatArray:
    """Weight of each row in a stratum, N / n, so that the strata weigh what they do in the population.

    Args:
        n: rows in each stratum, above 0.
        totals: size of each stratum in the population, 0 or more.

    Raises:
        ParameterError: an empty stratum, a negative total, or a value that is not finite.
    """
    n_, totals_ = floats(n=n, totals=totals)
    positive("n", n_, "a stratum without rows tells nothing: join it to another")
    require(totals_ >= 0, "totals", totals_, "0 or more", "count the population's strata")
    return np.asarray(totals_ / n_, dtype=np.float64)


@kernel
def stratified_mean(
    mean: ArrayLike, variance: ArrayLike, n: ArrayLike, totals: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Mean over strata of known sizes, and its standard error for finite strata (Cochran 1977, chapter 5).

    Args:
        mean: mean of each stratum's rows; strata lie along the last axis.
        variance: their sample variance, with divisor n - 1.
        n: rows drawn from each stratum, at least 2.
        totals: size of each stratum in the population, at least n.

    Raises:
        ParameterError: n < 2, n above its total, a negative variance, no axis, or a value that is not finite.
    """
    mean_, variance_, n_, totals_ = floats(mean=mean, variance=variance, n=n, totals=totals)
    if mean_.ndim == 0:
        raise ParameterError("mean must hold one value per stratum along its last axis; got one number")
    require(n_ >= 2, "n", n_, "at least 2", "a stratum of one row has no spread: join it to another")
    require(variance_ >= 0, "variance", variance_, "0 or more", "give each stratum's sample variance")
    share = totals_ / totals_.sum(axis=-1, keepdims=True)
    parts = share**2 * variance_ / n_ * finite_population_factor(n_, totals_)
    value = np.sum(share * mean_, axis=-1)
    return np.asarray(value, dtype=np.float64), np.asarray(np.sqrt(np.sum(parts, axis=-1)), dtype=np.float64)
