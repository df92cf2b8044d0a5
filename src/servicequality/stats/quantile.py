"""Distribution-free limits of a quantile: which order statistics bound it, and with what probability."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    between_zero_and_one,
    floats,
    positive,
    require,
    two_sided_tail,
)
from servicequality.stats._kernel import kernel

_MOST_ROWS = 2.0**53


@kernel
def quantile_ranks(n: ArrayLike, p: ArrayLike, *, level: float = 0.95) -> tuple[IntArray, IntArray, FloatArray]:
    """Ranks of the order statistics that bound the p quantile, and the level that they achieve.

    The lower rank is the largest whose value lies above the quantile with probability at most (1 - level) / 2, the
    upper the smallest that lies below it with at most as much (Thompson 1936; Conover 1999, section 3.2).
    A tail of exactly (1 - level) / 2 is allowed on both sides.

    Args:
        n: rows in each group, whole, at least 1.
        p: the quantile, strictly between 0 and 1.
        level: two-sided confidence; the achieved level is never below it, and above it for small n.

    Returns:
        Lower rank and upper rank, counted from 1 among the sorted values, 0 where that side cannot be bounded with so
        few rows; and the probability that the quantile lies between the two.

    Raises:
        ParameterError: n < 1 or not whole, p or level outside (0, 1), or a value that is not finite.
    """
    tail = two_sided_tail(level)
    n_, p_ = floats(n=n, p=p)
    positive("n", n_)
    require(n_ < _MOST_ROWS, "n", n_, "below 2⁵³", "beyond, floats do not hold every rank")
    require(n_ == np.floor(n_), "n", n_, "whole", "an order statistic needs counted rows, not an effective n")
    between_zero_and_one("p", p_)
    below = _lower_rank(tail, n_, p_, 1 - p_)
    mirrored = _lower_rank(tail, n_, 1 - p_, p_)
    # The upper rank mirrors the lower one of -x; their tails are P(X <= rank - 1) of the mirrored binomials.
    achieved = 1 - _binomial_cdf(below - 1, n_, 1 - p_) - _binomial_cdf(mirrored - 1, n_, p_)
    lower = below.astype(np.int64)
    upper = np.where(mirrored == 0, 0, n_ + 1 - mirrored).astype(np.int64)
    return lower, upper, np.asarray(achieved, dtype=np.float64)


@kernel
def wilks_n(p: ArrayLike, *, level: float = 0.95) -> IntArray:
    """Smallest n whose largest value is above the p quantile with probability ``level``: 1 - pⁿ >= level (Wilks 1941).

    It is the n that a one-sided upper limit needs; for a lower limit (the smallest value) ask for 1 - p.

    Args:
        p: the quantile.
        level: probability with which the largest value is above it.

    Raises:
        ParameterError: p or level outside (0, 1), or a value that is not finite.
    """
    two_sided_tail(level)
    (p_,) = floats(p=p)
    between_zero_and_one("p", p_)
    # A quotient that should be whole may come out a rounding error above it.
    needed = np.ceil(np.log1p(-level) / np.log(p_) * (1 - 1e-12))
    return np.asarray(needed, dtype=np.int64)


def _lower_rank(tail: float, n: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """Largest rank r in 0..n with P(Binomial(n, p) <= r - 1) <= tail."""
    from scipy.special import ndtri

    shape, n, p, q = n.shape, n.ravel(), p.ravel(), q.ravel()
    # The Cornish-Fisher guess is rarely more than one off, so that the walk to the exact rank is a step or two.
    z = ndtri(tail)
    rank = np.clip(np.floor(n * p + z * np.sqrt(n * p * q) + (q - p) * (z * z - 1) / 6), 0, n)
    wrong = np.arange(rank.size)
    while wrong.size:
        here = rank[wrong]
        up = (here < n) & (_binomial_cdf(here, n, q) <= tail)
        down = _binomial_cdf(here - 1, n, q) > tail
        rank[wrong] = here + up - down
        moved = up | down
        wrong, n, q = wrong[moved], n[moved], q[moved]
    return np.asarray(rank.reshape(shape), dtype=np.float64)


def _binomial_cdf(k: FloatArray, n: FloatArray, q: FloatArray) -> FloatArray:
    """P(at most k of n succeed) for -1 <= k <= n, where each fails with probability q."""
    from scipy.special import betainc

    inside = (k >= 0) & (k < n)
    cdf = betainc(np.where(inside, n - k, 1.0), np.where(inside, k + 1, 1.0), q)
    return np.asarray(np.where(inside, cdf, k >= n), dtype=np.float64)
