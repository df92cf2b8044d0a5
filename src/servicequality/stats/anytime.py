"""Confidence sequences: limits that hold at every look, for figures that are read daily."""

# Ordinary limits are made for one look. Of thirty daily looks at a share that is exactly on target, one is outside its
# 95 % limits more often than not for a month in three. These are wider, and hold however often one looks.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, Interval, floats, interval, positive, require, two_sided_tail
from servicequality.stats._kernel import kernel


class MixtureBound(NamedTuple):
    """How far a sum may be from its expectation at any time; `rho` says where the bound is narrowest."""

    bound: FloatArray
    rho: FloatArray


@kernel
def robbins_interval(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """Limits of a share that hold at all n at once (Robbins 1970): all p with (n + 1) C(n, k) p^k (1 - p)^(n-k) >= alpha.

    The left side is the likelihood of p over the average likelihood of all shares alike, turned over; it exceeds
    1 / alpha at some n with probability alpha at most (Ville 1939). Rows count one by one: neither weights nor clusters.

    Args:
        k: successes so far, 0 <= k <= n.
        n: rows so far, above 0.
        level: probability that the limits hold the share at every look.

    Raises:
        ParameterError: n <= 0, k outside 0..n, a level outside (0, 1), or a value that is not finite.
    """
    from scipy.special import betaln

    two_sided_tail(level)
    k_, n_ = floats(k=k, n=n)
    positive("n", n_, "a share of nothing has no interval: leave empty groups out of the call")
    require((k_ >= 0) & (k_ <= n_), "k", k_, "between 0 and n", "successes are counted among the trials")
    # log of (n + 1) C(n, k) is -log B(k + 1, n - k + 1).
    floor = np.log1p(-level) + betaln(k_ + 1, n_ - k_ + 1)

    def outside(p: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(k_ == 0, 0.0, k_ * np.log(p))
            down = np.where(k_ == n_, 0.0, (n_ - k_) * np.log1p(-p))
        return np.asarray(up + down < floor, dtype=np.bool_)

    def root(end: float) -> FloatArray:
        far, near = np.full(k_.shape, end), np.asarray(k_ / n_, dtype=np.float64)
        for _ in range(60):  # halves a bracket no wider than 1 down to the last bit
            middle = (far + near) / 2
            gone = outside(middle)
            far, near = np.where(gone, middle, far), np.where(gone, near, middle)
        return near

    return interval(np.where(k_ == 0, 0.0, root(0.0)), np.where(k_ == n_, 1.0, root(1.0)))


@kernel
def normal_mixture_bound(variance: ArrayLike, *, level: float = 0.95, best_at: ArrayLike) -> MixtureBound:
    """Two-sided normal-mixture boundary of a sum (Robbins 1970; Howard et al. 2021, equation 14).

    With v the variance summed so far: sqrt((v + rho) log((v + rho) / (rho alpha²))), and rho such that the boundary is
    narrowest near v = `best_at`: best_at / (2 log(1/alpha) + log(1 + 2 log(1/alpha))).

    Args:
        variance: summed variance of the rows so far, 0 or more.
        level: probability that the sum stays within the boundary at every look.
        best_at: the summed variance at which it is narrowest, above 0.

    Raises:
        ParameterError: a negative variance, best_at <= 0, a level outside (0, 1), or a value that is not finite.
    """
    two_sided_tail(level)
    v, best = floats(variance=variance, best_at=best_at)
    require(v >= 0, "variance", v, "0 or more", "give a sum of squares")
    positive("best_at", best, "state the summed variance at which the boundary is narrowest")
    reach = -2 * np.log1p(-level)
    rho = best / (reach + np.log1p(reach))
    bound = np.sqrt((v + rho) * (np.log((v + rho) / rho) + reach))
    return MixtureBound(np.asarray(bound, dtype=np.float64), np.asarray(rho, dtype=np.float64))


@kernel
def anytime_mean_interval(
    n: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, level: float = 0.95, first_look: int = 100
) -> Interval:
    """Limits of a mean that hold at every look from `first_look` rows on, by the normal mixture.

    The variance is taken from the rows, which is why it starts at 100 of them: the limits hold approximately, as
    Student's do.

    Args:
        n: rows so far, at least `first_look`.
        mean: their mean.
        variance: their variance, divisor n, 0 or more.
        level: probability that the limits hold the mean at every look.
        first_look: rows at the first look; the limits are narrowest near there.

    Raises:
        ParameterError: fewer rows than `first_look`, a negative variance, a level outside (0, 1), or a value that is not
            finite.
    """
    if first_look < 2:
        raise ParameterError(f"first_look must be 2 rows or more; got {first_look!r}")
    n_, mean_, variance_ = floats(n=n, mean=mean, variance=variance)
    require(n_ >= first_look, "n", n_, f"at least {first_look}", "wait for more rows")
    require(variance_ >= 0, "variance", variance_, "0 or more", "give a variance")
    # In units of one row's standard deviation the summed variance is n.
    half = normal_mixture_bound(n_, level=level, best_at=float(first_look)).bound * np.sqrt(variance_) / n_
    return interval(mean_ - half, mean_ + half)
