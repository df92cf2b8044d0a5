"""Samples from a finite population: their size, and limits for the whole population."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, Interval, floats, interval, positive, require, two_sided_tail
from servicequality.stats._kernel import kernel


@kernel
def finite_population_n(n: ArrayLike, population: ArrayLike) -> FloatArray:
    """Rows needed of a finite population, where an infinite one would need n: n / (1 + (n - 1) / N) (Cochran 1977, 4.6).

    Args:
        n: rows needed of an infinite population, at least 1, as ``proportion_n`` gives them.
        population: rows there are, above 0.

    Raises:
        ParameterError: n < 1, population <= 0, or a value that is not finite.
    """
    needed, size = floats(n=n, population=population)
    require(needed >= 1, "n", needed, "at least 1", "a wider margin than any sample gives needs no sample")
    positive("population", size)
    return np.asarray(needed / (1 + (needed - 1) / size), dtype=np.float64)


@kernel
def hypergeometric_interval(k: ArrayLike, n: ArrayLike, population: ArrayLike, *, level: float = 0.95) -> Interval:
    """How many of all N rows are marked, if k of n drawn without replacement are: exact, by inverting two tests.

    Each limit is the outermost whole number that the sample does not refute with half of the doubt: the finite form of
    Clopper and Pearson's interval (Katz 1953). Nothing is left open where all rows were drawn.

    Args:
        k: marked rows in the sample, 0 <= k <= n, whole numbers.
        n: rows in the sample, at least 1.
        population: rows there are, N >= n.
        level: two-sided confidence.

    Raises:
        ParameterError: a number that is not whole, k outside 0 to n, n < 1, n above the population, or a level outside
            (0, 1).
    """
    k_, n_, size = floats(k=k, n=n, population=population)
    for name, values in (("k", k_), ("n", n_), ("population", size)):
        require(values == np.rint(values), name, values, "a whole number", "count rows")
    require(n_ >= 1, "n", n_, "at least 1", "a sample without rows says nothing: leave such groups out of the call")
    require((k_ >= 0) & (k_ <= n_), "k", k_, "within 0 and n", "count the marked rows of the sample")
    require(n_ <= size, "n", n_, "at most the population", "check the population's size")
    tail = two_sided_tail(level)
    shape = k_.shape
    marked, drawn, rows = (np.atleast_1d(array).ravel() for array in (k_, n_, size))
    # The lower limit is the least K that k or more marked rows do not refute; seen from the rows that are not marked it
    # is an upper limit, so that one search serves both.
    high = _largest(marked, drawn, rows, tail)
    low = rows - _largest(drawn - marked, drawn, rows, tail)
    return interval(low.reshape(shape), high.reshape(shape))


def _largest(k: FloatArray, n: FloatArray, size: FloatArray, tail: float) -> FloatArray:
    """The largest K of which k or fewer of n drawn come with more than `tail`'s probability, by halving."""
    low, high = k.copy(), size - (n - k)  # K = k is never refuted, and more than `high` cannot be
    while (low < high).any():
        middle = np.ceil((low + high) / 2)
        held = _at_most(k, n, middle, size) > tail * (1 + 1e-12)  # a tie is refuted, whatever rounding makes of it
        low, high = np.where(held, middle, low), np.where(held, high, middle - 1)
    return low


def _at_most(k: FloatArray, n: FloatArray, marked: FloatArray, size: FloatArray) -> FloatArray:
    """P(X <= k) of the hypergeometric distribution, as a sum of k + 1 terms."""
    from scipy.special import gammaln

    def log_choose(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray(gammaln(a + 1) - gammaln(b + 1) - gammaln(a - b + 1))

    terms = np.arange(int(k.max()) + 1, dtype=np.float64)[:, None]
    possible = (terms <= k) & (terms <= marked) & (n - terms <= size - marked)
    x = np.where(possible, terms, np.minimum(k, marked))
    x = np.where(n - x <= size - marked, x, n - (size - marked))  # anything legal: such terms are left out
    logs = log_choose(marked, x) + log_choose(size - marked, n - x) - log_choose(size, n)
    return np.asarray(np.where(possible, np.exp(logs), 0.0).sum(axis=0), dtype=np.float64)
