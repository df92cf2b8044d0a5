"""Bounds of a share of which some outcomes are unknown, without assumptions, and their limits."""

from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, Interval, floats, interval, positive, require
from servicequality.stats._kernel import kernel
from servicequality.stats.proportion import wilson


@kernel
def manski_bounds(k: ArrayLike, unknown: ArrayLike, n: ArrayLike) -> Interval:
    """The share if every unknown outcome were a failure, and if every one were a success (Manski 1989).

    Args:
        k: known successes, 0 or more.
        unknown: outcomes not known: people who did not answer, clocks still running.
        n: all, at least k + unknown.

    Returns:
        k / n and (k + unknown) / n.

    Raises:
        ParameterError: n <= 0, a negative count, k + unknown > n, or a value that is not finite.
    """
    low, high, size = _counts(k, unknown, n)
    return interval(low / size, high / size)


@kernel
def manski_interval(k: ArrayLike, unknown: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """The bounds widened by sampling: Wilson's lower limit of the lower one, his upper limit of the upper one.

    It covers the whole range between the bounds with at least this level (Horowitz and Manski 2000).

    Args:
        k: rows known to count.
        unknown: rows of which that is not known.
        n: all rows.
        level: confidence level.

    Raises:
        ParameterError: as ``manski_bounds``; a level outside (0, 1).
    """
    low, high, size = _counts(k, unknown, n)
    return wilson(low, size, level=level)[0], wilson(high, size, level=level)[1]


def _counts(k: ArrayLike, unknown: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    k_, unknown_, size = floats(k=k, unknown=unknown, n=n)
    positive("n", size)
    require(k_ >= 0, "k", k_, "0 or more", "count successes")
    require(unknown_ >= 0, "unknown", unknown_, "0 or more", "count unknown outcomes")
    require(k_ + unknown_ <= size, "k + unknown", k_ + unknown_, "at most n", "n counts every outcome, known or not")
    return k_, k_ + unknown_, size
