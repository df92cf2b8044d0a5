"""Limits that decide whether a target is met: one-sided each way, and cautious with few or nearly equal answers."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, Interval, critical_value, floats, interval, positive, require
from servicequality.stats._kernel import kernel
from servicequality.stats.bounded import bounded_mean_interval
from servicequality.stats.net import net_interval
from servicequality.stats.proportion import clopper_pearson

FEWEST = 5
"""Rows below which nothing but a census is decided; the effective number where rows are weighted or clustered."""

# Below so many rows' worth of spread a bounded sample may have missed its rare answers.
_SPREAD = 5.0
# Where answers stand on few points of the scale, a sum moves in steps. Without this part of an answer the limit errs in
# 8 % of samples at a target where a fifth of the answers stands at one end and the others in the middle.
_STEP = 1 / 8


@kernel
def share_decision_limits(k: ArrayLike, n: ArrayLike, *, tail: float = 0.05) -> Interval:
    """Clopper and Pearson's (1934) one-sided limits of a share, each at 1 - tail.

    Args:
        k: successes, 0 <= k <= n; may be fractional.
        n: rows, or the effective number of them, above 0.
        tail: chance that a limit lies on the wrong side of the true share.

    Raises:
        ParameterError: n <= 0, k outside 0..n, a tail outside (0, 0.5), or a value that is not finite.
    """
    return clopper_pearson(k, n, level=_level(tail))


@kernel
def bounded_decision_limits(
    n: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    *,
    tail: float = 0.05,
    df: ArrayLike | None = None,
    added: float = 0.5,
) -> Interval:
    """One-sided limits of the mean of answers on [0, 1], each at 1 - tail.

    `added` answers more stand at each end, Student's t is taken of all of them, and an eighth of an answer is left for the
    steps in which a sum of answers moves. While n variance / max(m, 1 - m)² is
    below 5, the answers are so nearly alike that rare ones may have been missed, and the wider of that limit and a Beta
    quantile holds: of (n m, n (1 - m) + 1) below and (n m + 1, n (1 - m)) above, Clopper and Pearson's for a share of
    n m among n, which no distribution on [0, 1] of that mean passes by much.

    Args:
        n: answers, or the effective number of them, above 0.
        mean: their mean m, in [0, 1].
        variance: variance of one answer, divisor n.
        tail: chance that a limit lies on the wrong side of the true mean.
        df: degrees of freedom; those of n + 2 added answers, less one, by default or where infinite.
        added: answers added at each end; 1/8 for differences of two answers.

    Raises:
        ParameterError: n <= 0, a mean outside [0, 1], a variance below 0, a tail outside (0, 0.5), or a value that is not
            finite.
    """
    n_, m, v = floats(n=n, mean=mean, variance=variance)
    positive("n", n_, "a mean of nothing has no limits: leave empty groups out of the call")
    require((m >= 0) & (m <= 1), "mean", m, "in [0, 1]", "divide by the scale's range")
    require(v >= 0, "variance", v, "0 or more", "give a variance")
    level, freedom = _level(tail), _freedom(df, n_ + 2 * added - 1)
    answers = bounded_mean_interval(n_, m, n_ * v, low=0.0, high=1.0, added=added, level=level, df=freedom)
    return _wider(n_, m, v, answers, answers, level)


@kernel
def net_decision_limits(
    n: ArrayLike, up: ArrayLike, down: ArrayLike, *, tail: float = 0.05, df: ArrayLike | None = None
) -> Interval:
    """One-sided limits of a net score (up - down) / n, each at 1 - tail.

    While answers are nearly alike, those of `bounded_decision_limits`, read on [-1, 1]; else the adjusted Wald limits of
    n + 3 answers with Student's t (Rocks 2016), with the same eighth of an answer.

    Args:
        n: answers, or the effective number of them, above 0.
        up: positive answers, 0 or more.
        down: negative answers, 0 or more; up + down at most n.
        tail: chance that a limit lies on the wrong side of the true score.
        df: degrees of freedom; n + 2 by default or where infinite.

    Raises:
        ParameterError: n <= 0, counts that do not fit, a tail outside (0, 0.5), or a value that is not finite.
    """
    n_, plus, minus = floats(n=n, up=up, down=down)
    level = _level(tail)
    adjusted = net_interval(plus, minus, n_, level=level, df=_freedom(df, n_ + 2))
    p, q = plus / n_, minus / n_
    m, v = np.clip((1 + p - q) / 2, 0.0, 1.0), np.maximum(p + q - (p - q) ** 2, 0.0) / 4
    few = bounded_decision_limits(n_, m, v, tail=tail, df=df)
    low, high = _wider(n_, m, v, few, ((adjusted[0] + 1) / 2, (adjusted[1] + 1) / 2), level)
    return interval(2 * low - 1, 2 * high - 1)


@kernel
def amount_decision_limits(mean: ArrayLike, se: ArrayLike, df: ArrayLike, *, tail: float = 0.05) -> Interval:
    """One-sided limits of the mean of positive amounts: m - t se, not below 0, and m exp(t se / m).

    They are not to be relied on below some hundred rows, and heavy tails err more often than stated at any number.

    Args:
        mean: 0 or more.
        se: its standard error, 0 or more.
        df: degrees of freedom, above 0.
        tail: nominal chance that a limit lies on the wrong side of the true mean.

    Raises:
        ParameterError: a negative mean or error, df <= 0, a tail outside (0, 0.5), or a value that is not finite.
    """
    m, error = floats(mean=mean, se=se)
    require(m >= 0, "mean", m, "0 or more", "give amounts that are not negative")
    require(error >= 0, "se", error, "0 or more", "give a standard error")
    half = critical_value(_level(tail), df) * error
    some = m > 0
    with np.errstate(over="ignore"):
        high = np.where(some, m * np.exp(np.divide(half, m, out=np.zeros_like(m), where=some)), half)
    return interval(np.maximum(m - half, 0.0), high)


def _wider(
    n: FloatArray, m: FloatArray, v: FloatArray, few: Interval, many: Interval, level: float
) -> tuple[FloatArray, FloatArray]:
    """`many`, or the wider of `few` and the Beta quantiles where the answers are nearly alike."""
    alike = n * v < _SPREAD * np.maximum(m, 1 - m) ** 2
    exact = clopper_pearson(n * m, n, level=level)
    low = np.where(alike, np.minimum(few[0], exact[0]), np.maximum(many[0] - _STEP / n, 0.0))
    high = np.where(alike, np.maximum(few[1], exact[1]), np.minimum(many[1] + _STEP / n, 1.0))
    return np.minimum(low, m), np.maximum(high, m)


def _freedom(df: ArrayLike | None, own: FloatArray) -> FloatArray:
    if df is None:
        return own
    given = np.asarray(df, dtype=np.float64)
    return np.where(np.isposinf(given), own, given)


def _level(tail: float) -> float:
    """The two-sided level whose limits leave `tail` on each side."""
    if not 0 < tail < 0.5:
        raise ParameterError(f"tail must be strictly between 0 and 0.5, such as 0.05; got {tail!r}")
    return 1 - 2 * tail
