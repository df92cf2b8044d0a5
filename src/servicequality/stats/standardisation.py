"""Groups of different mix made comparable: rates split into mix and rate, standardised, or pooled within strata."""

# Strata lie along the last axis.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    Interval,
    critical_value,
    floats,
    interval,
    positive,
    require,
)
from servicequality.stats._kernel import kernel


class MixAndRate(NamedTuple):
    """What each stratum adds to the change of a crude rate; mix and rate add up to the total exactly."""

    mix: FloatArray
    rate: FloatArray
    total: FloatArray


class MantelHaenszel(NamedTuple):
    """Two groups compared within strata. NaN where the strata leave a figure undefined.

    Attributes:
        difference: pooled difference of the two shares, first less second.
        difference_low: its lower limit (Sato 1989).
        difference_high: its upper limit.
        odds_ratio: pooled odds ratio.
        odds_low: its lower limit (Robins, Breslow and Greenland 1986).
        odds_high: its upper limit.
    """

    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    odds_ratio: FloatArray
    odds_low: FloatArray
    odds_high: FloatArray


@kernel
def kitagawa(y1: ArrayLike, x1: ArrayLike, y0: ArrayLike, x0: ArrayLike) -> MixAndRate:
    """The change of sum(y) / sum(x) split into mix and rate, stratum by stratum (Kitagawa 1955).

    With shares w = x / sum(x) and rates r = y / x: mix (w1 - w0) (r1 + r0) / 2, rate (w1 + w0) / 2 (r1 - r0). A stratum
    that is there on one side only has no rate on the other: its whole contribution is mix.

    The mix of a single stratum depends on the level of all rates; only its sum over strata has a meaning of its own.

    Args:
        y1: numerators after, by stratum along the last axis.
        x1: denominators after, 0 or more, such as rows.
        y0: numerators before.
        x0: denominators before.

    Raises:
        ParameterError: a negative denominator, a side without any, no axis, or a value that is not finite.
    """
    b, n1, a, n0 = floats(y1=y1, x1=x1, y0=y0, x0=x0)
    _strata(b)
    for name, size in (("x1", n1), ("x0", n0)):
        require(size >= 0, name, size, "0 or more", "count rows")
        positive(f"sum of {name}", size.sum(axis=-1), "a side without rows has no rate")
    w1, w0 = n1 / n1.sum(axis=-1, keepdims=True), n0 / n0.sum(axis=-1, keepdims=True)
    there1, there0 = n1 > 0, n0 > 0
    r1 = np.divide(b, n1, out=np.zeros_like(b), where=there1)
    r0 = np.divide(a, n0, out=np.zeros_like(a), where=there0)
    r1, r0 = np.where(there1, r1, r0), np.where(there0, r0, r1)
    mix, rate = (w1 - w0) * (r1 + r0) / 2, (w1 + w0) / 2 * (r1 - r0)
    return MixAndRate(mix, rate, np.asarray((mix + rate).sum(axis=-1), dtype=np.float64))


@kernel
def direct_standardise(
    rate: ArrayLike, variance: ArrayLike, weights: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray, Interval]:
    """The rate that a group would have with the stratum weights of the standard, its error and its limits.

    Args:
        rate: rate of each stratum along the last axis.
        variance: squared standard error of each rate, 0 or more.
        weights: size of each stratum in the standard, 0 or more; only their proportions count.
        level: two-sided confidence of normal limits.

    Returns:
        Sum of w r, square root of the sum of w² variance, and limits.

    Raises:
        ParameterError: a negative weight or variance, weights of 0 alone, no axis, or a value that is not finite.
    """
    r, v, w = floats(rate=rate, variance=variance, weights=weights)
    _strata(r)
    require(w >= 0, "weights", w, "0 or more", "count the standard's strata")
    require(v >= 0, "variance", v, "0 or more", "give squared standard errors")
    total = w.sum(axis=-1, keepdims=True)
    positive("sum of weights", total, "a standard without rows weighs nothing")
    share = w / total
    value = np.asarray((share * r).sum(axis=-1), dtype=np.float64)
    se = np.asarray(np.sqrt((share**2 * v).sum(axis=-1)), dtype=np.float64)
    half = critical_value(level) * se
    return value, se, interval(value - half, value + half)


@kernel
def mantel_haenszel(
    k1: ArrayLike, n1: ArrayLike, k0: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> MantelHaenszel:
    """Difference of two shares and their odds ratio, pooled over strata (Mantel and Haenszel 1959).

    Strata that only one group has tell nothing and drop out by themselves.

    Args:
        k1: successes of the first group by stratum, along the last axis.
        n1: its rows.
        k0: successes of the second group.
        n0: its rows.
        level: two-sided confidence.

    Raises:
        ParameterError: counts outside 0..n, no axis, a level outside (0, 1), or a value that is not finite.
    """
    a, m1, b, m0 = floats(k1=k1, n1=n1, k0=k0, n0=n0)
    _strata(a)
    for name, count, size in (("k1", a, m1), ("k0", b, m0)):
        require((count >= 0) & (count <= size), name, count, "between 0 and n", "count successes")
    z = critical_value(level)
    n = m1 + m0
    both = (m1 > 0) & (m0 > 0)

    def per(numerator: FloatArray) -> FloatArray:
        return np.divide(numerator, n, out=np.zeros_like(n), where=both)

    weight = per(m1 * m0).sum(axis=-1)
    nan = np.full_like(weight, np.nan)
    difference = np.divide(per(a * m0 - b * m1).sum(axis=-1), weight, out=nan.copy(), where=weight > 0)
    # Sato 1989: P = sum (n1² k0 - n0² k1 + n1 n0 (n0 - n1) / 2) / n², Q = sum (k1 (n0 - k0) + k0 (n1 - k1)) / (2 n).
    p = per(per(m1**2 * b - m0**2 * a + m1 * m0 * (m0 - m1) / 2)).sum(axis=-1)
    q = per(a * (m0 - b) + b * (m1 - a)).sum(axis=-1) / 2
    square = np.divide(difference * p + q, weight**2, out=nan.copy(), where=weight > 0)
    half = z * np.sqrt(np.maximum(square, 0.0))
    up, down = per(a * (m0 - b)), per(b * (m1 - a))
    r, s = up.sum(axis=-1), down.sum(axis=-1)
    odds = np.divide(r, s, out=nan.copy(), where=(r > 0) & (s > 0))
    agree, differ = per(a + m0 - b), per(b + m1 - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_square = (
            (up * agree).sum(axis=-1) / (2 * r**2)
            + (up * differ + down * agree).sum(axis=-1) / (2 * r * s)
            + (down * differ).sum(axis=-1) / (2 * s**2)
        )
        factor = np.exp(z * np.sqrt(log_square))
        return MantelHaenszel(difference, difference - half, difference + half, odds, odds / factor, odds * factor)


def _strata(values: FloatArray) -> None:
    if values.ndim == 0:
        raise ParameterError("strata lie along the last axis; got one number")
