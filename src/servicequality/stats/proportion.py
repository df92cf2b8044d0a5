"""Intervals of a share k / n and of a difference of two shares. Never here: survey designs (`sampling`)."""

# Counts may be fractional, as a weighted share times its effective n is.

import warnings
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats._checks import (
    SLACK,
    FloatArray,
    Interval,
    critical_value,
    floats,
    interval,
    positive,
    require,
    two_sided_tail,
)
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import finite_population_factor
from servicequality.stats.mover import mover_difference

ProportionMethod: TypeAlias = Literal["wilson", "wald", "agresti_coull", "jeffreys", "clopper_pearson"]


@kernel
def wilson(k: ArrayLike, n: ArrayLike, *, level: float = 0.95, df: ArrayLike | None = None) -> Interval:
    """Wilson's score interval of k / n (Wilson 1927), exactly 0 where k = 0 and exactly 1 where k = n.

    Args:
        k: successes, 0 <= k <= n; may be fractional.
        n: trials or effective trials, above 0.
        level: two-sided confidence.
        df: degrees of freedom; Student's t then takes the normal quantile's place (clusters - 1 for clustered rows).

    Raises:
        ParameterError: n <= 0, k < 0, k > n, a level outside (0, 1), or a value that is not finite.
    """
    k_, n_ = _counts(k, n)
    square = critical_value(level, df) ** 2
    # Worked in counts, and the half-width from p * (1 - p), so that nothing cancels when n is large.
    p = k_ / n_
    centre = (k_ + square / 2) / (n_ + square)
    half = np.sqrt(square * (n_ * p * (1 - p) + square / 4)) / (n_ + square)
    low = np.where(k_ == 0, 0.0, np.clip(centre - half, 0.0, p))
    high = np.where(k_ == n_, 1.0, np.clip(centre + half, p, 1.0))
    return interval(low, high)


@kernel
def wald(k: ArrayLike, n: ArrayLike, *, level: float = 0.95, df: ArrayLike | None = None) -> Interval:
    """The textbook interval p ± z √(p (1 - p) / n), cut to [0, 1]: known for covering too little (Brown et al. 2001).

    Args:
        k: successes.
        n: trials.
        level: confidence level.
        df: degrees of freedom, for Student's t in place of the normal quantile.

    Warns:
        ServiceQualityWarning: where k = 0 or k = n the width is zero, which is no certainty.

    Raises:
        ParameterError: as ``wilson``.
    """
    k_, n_ = _counts(k, n)
    p = k_ / n_
    half = critical_value(level, df) * np.sqrt(p * (1 - p) / n_)
    degenerate = np.count_nonzero((k_ == 0) | (k_ == n_))
    if degenerate:
        warnings.warn(
            f"Wald interval has zero width in {degenerate} of {k_.size} groups where all answers agree: use wilson",
            ServiceQualityWarning,
            stacklevel=2,
        )
    return interval(np.clip(p - half, 0.0, 1.0), np.clip(p + half, 0.0, 1.0))


@kernel
def agresti_coull(k: ArrayLike, n: ArrayLike, *, level: float = 0.95, df: ArrayLike | None = None) -> Interval:
    """The Wald interval on z² / 2 more successes and as many more failures (Agresti and Coull 1998), cut to [0, 1].

    Args:
        k: successes.
        n: trials.
        level: confidence level.
        df: degrees of freedom, for Student's t in place of the normal quantile.

    Raises:
        ParameterError: as ``wilson``.
    """
    k_, n_ = _counts(k, n)
    critical = critical_value(level, df)
    more = n_ + critical**2
    p = (k_ + critical**2 / 2) / more
    half = critical * np.sqrt(p * (1 - p) / more)
    return interval(np.clip(p - half, 0.0, 1.0), np.clip(p + half, 0.0, 1.0))


@kernel
def jeffreys(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """Equal-tailed posterior limits under Jeffreys' prior Beta(1/2, 1/2) (Brown, Cai and DasGupta 2001).

    The limits are left as they are at the ends, so that k = 0 has a low above 0, and k = n a high below 1.

    Args:
        k: successes.
        n: trials.
        level: confidence level.

    Raises:
        ParameterError: as ``wilson``.
    """
    from scipy.special import betainccinv, betaincinv

    k_, n_ = _counts(k, n)
    tail = two_sided_tail(level)
    a, b = k_ + 0.5, n_ - k_ + 0.5
    return interval(betaincinv(a, b, tail), betainccinv(a, b, tail))


@kernel
def clopper_pearson(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """Exact limits that never cover less than the level (Clopper and Pearson 1934).

    Args:
        k: successes.
        n: trials.
        level: confidence level.

    Raises:
        ParameterError: as ``wilson``.
    """
    from scipy.special import betainccinv, betaincinv

    k_, n_ = _counts(k, n)
    tail = two_sided_tail(level)
    # A beta distribution without successes or without failures does not exist: those limits are 0 and 1.
    low = np.where(k_ == 0, 0.0, betaincinv(np.where(k_ == 0, 1.0, k_), n_ - k_ + 1, tail))
    high = np.where(k_ == n_, 1.0, betainccinv(k_ + 1, np.where(k_ == n_, 1.0, n_ - k_), tail))
    return interval(low, high)


@kernel
def proportion_interval(
    k: ArrayLike,
    n: ArrayLike,
    *,
    method: ProportionMethod = "wilson",
    level: float = 0.95,
    df: ArrayLike | None = None,
    population: ArrayLike | None = None,
) -> Interval:
    """Limits of the share k / n by a named method.

    Args:
        k: successes, 0 <= k <= n; may be fractional.
        n: trials or effective trials, above 0.
        method: ``wilson``, ``wald``, ``agresti_coull``, ``jeffreys`` or ``clopper_pearson``.
        level: two-sided confidence.
        df: degrees of freedom for the first three; the last two rest on the binomial and have none.
        population: size N of the finite population that the n were drawn from; the first three methods then work
            with n (N - 1) / (N - n) trials, and a full count has no doubt left.

    Raises:
        ParameterError: as ``wilson``; an unknown method; n above the population; ``df`` or ``population`` with an
            exact method.
    """
    exact = {"jeffreys": jeffreys, "clopper_pearson": clopper_pearson}
    normal = {"wilson": wilson, "wald": wald, "agresti_coull": agresti_coull}
    choice("method", method, (*normal, *exact))
    if method in exact:
        if df is not None or population is not None:
            raise ParameterError(f"method {method!r} takes neither df nor population: use 'wilson'")
        return exact[method](k, n, level=level)
    if population is None:
        return normal[method](k, n, level=level, df=df)
    k_, n_ = _counts(k, n)
    factor = finite_population_factor(n_, population, correction="(N-n)/(N-1)")
    complete = factor == 0
    grown = 1 / np.where(complete, 1.0, factor)
    low, high = normal[method](k_ * grown, n_ * grown, level=level, df=df)
    return interval(np.where(complete, k_ / n_, low), np.where(complete, k_ / n_, high))


@kernel
def newcombe(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, *, level: float = 0.95, df: ArrayLike | None = None
) -> Interval:
    """Limits of the difference k1 / n1 - k2 / n2 from the two Wilson intervals (Newcombe 1998, method 10).

    Args:
        k1: successes of the first group.
        n1: its trials.
        k2: successes of the second group.
        n2: its trials.
        level: confidence level.
        df: degrees of freedom, as for ``wilson``.

    Raises:
        ParameterError: as ``wilson``, for either group.
    """
    a, size_a = _counts(k1, n1)
    b, size_b = _counts(k2, n2)
    p, q = a / size_a, b / size_b
    low, high = mover_difference(p, *wilson(a, size_a, level=level, df=df), q, *wilson(b, size_b, level=level, df=df))
    return interval(np.clip(low, -1.0, 1.0), np.clip(high, -1.0, 1.0))


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    k_, n_ = floats(k=k, n=n)
    positive("n", n_, "a share of nothing has no interval: leave empty groups out of the call")
    require(k_ >= 0, "k", k_, "0 or more", "count successes")
    require(k_ <= n_ * (1 + SLACK), "k", k_, "at most n", "successes are counted among the trials")
    return np.minimum(k_, n_), n_
