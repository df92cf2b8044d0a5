"""Two samples of rows without a shape assumed: how far one lies from the other, and how often it lies above.

Lives here: Hodges and Lehmann's shift, Brunner and Munzel's test. Never: means, or censored rows. Nothing here is
quadratic in rows: pairs are counted by sorting, never listed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, IntArray, critical_value, floats, two_sided_tail
from servicequality.stats._kernel import kernel

_EXACT = 50  # below so many rows on both sides, and without ties, the ranks' exact distribution is used


class Shift(NamedTuple):
    """The shift of one sample against another, and its limits; `exact` says that the limits are no approximation."""

    shift: float
    low: float
    high: float
    exact: bool


class Superiority(NamedTuple):
    """How often a row of y lies above one of x, ties counting half; NaN where a sample has no spread to tell by.

    Attributes:
        probability: P(x < y) + P(x = y) / 2; one half is no difference.
        se: its standard error.
        statistic: Brunner and Munzel's.
        df: degrees of freedom of the statistic.
        p: two-sided p-value of "one half".
        low: lower limit of the probability.
        high: upper limit of the probability.
    """

    probability: float
    se: float
    statistic: float
    df: float
    p: float
    low: float
    high: float


@kernel
def hodges_lehmann(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Shift:
    """Median of all differences x - y with the limits that Wilcoxon's test leaves (Hodges and Lehmann 1963; Lehmann 1975).

    Of logarithms, exp of it is "so many times as long". The limits are exact below 50 rows a side without ties, and the
    normal approximation else. A side that so few rows cannot bound is infinite.

    Args:
        x: rows of one sample.
        y: rows of the other, in the same unit.
        level: two-sided confidence, reached at least where exact.

    Raises:
        ParameterError: an empty sample, a level outside (0, 1), or a value that is not finite.
    """
    a, b = _sorted_pair(x, y)
    m, n = len(a), len(b)
    pairs = m * n
    middle = [(pairs + 1) // 2, pairs // 2 + 1]
    shift = float(np.mean([_difference_at(a, b, rank) for rank in dict.fromkeys(middle)]))
    tail = two_sided_tail(level)
    tied = len(np.unique(np.concatenate((a, b)))) < m + n
    exact = m < _EXACT and n < _EXACT and not tied
    if exact:
        rank = int(np.searchsorted(_wilcoxon_cdf(m, n), tail, side="left"))
        # qwilcox: the smallest count with at least the tail below it; at 0 the side cannot be bounded.
    else:
        counts = np.unique(np.concatenate((a, b)), return_counts=True)[1].astype(np.float64)
        spread = pairs / 12 * (m + n + 1 - (counts**3 - counts).sum() / ((m + n) * (m + n - 1)))
        rank = int(np.floor(pairs / 2 - float(critical_value(level)) * np.sqrt(spread)))
    if rank < 1:
        return Shift(shift, -np.inf, np.inf, exact)
    return Shift(shift, _difference_at(a, b, rank), _difference_at(a, b, pairs - rank + 1), exact)


@kernel
def brunner_munzel(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Superiority:
    """Probability that a row of y lies above a row of x, for ordinal answers (Brunner and Munzel 2000).

    Unlike Wilcoxon's test it does not ask both samples to have one spread. Limits are Student's, cut to [0, 1].

    Args:
        x: rows of one sample, at least 2.
        y: rows of the other, at least 2.
        level: two-sided confidence.

    Raises:
        ParameterError: fewer than two rows, a level outside (0, 1), or a value that is not finite.
    """
    from scipy.special import stdtr

    a, b = _sorted_pair(x, y)
    m, n = len(a), len(b)
    if m < 2 or n < 2:
        raise ParameterError(f"x and y must have two rows or more; got {m} and {n}: one row has no spread")
    # A row's placement: how many of the other sample lie below it, ties half.
    below_a = (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")) / 2
    below_b = (np.searchsorted(a, b, "left") + np.searchsorted(a, b, "right")) / 2
    probability = float(below_b.mean() / m)
    square_a, square_b = below_a.var(ddof=1) / (n * n) / m, below_b.var(ddof=1) / (m * m) / n
    square = square_a + square_b
    if square <= 0:
        nan = float("nan")
        return Superiority(probability, 0.0, nan, nan, nan, nan, nan)
    se = float(np.sqrt(square))
    df = float(square**2 / (square_a**2 / (m - 1) + square_b**2 / (n - 1)))
    statistic = (probability - 0.5) / se
    half = float(critical_value(level, df)) * se
    return Superiority(
        probability,
        se,
        statistic,
        df,
        float(2 * stdtr(df, -abs(statistic))),
        max(probability - half, 0.0),
        min(probability + half, 1.0),
    )


def _sorted_pair(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    (a,), (b,) = floats(x=x), floats(y=y)
    if a.ndim != 1 or b.ndim != 1 or not a.size or not b.size:
        raise ParameterError(f"x and y must be lists of rows, none empty; got the shapes {a.shape} and {b.shape}")
    return np.sort(a), np.sort(b)


def _difference_at(a: FloatArray, b: FloatArray, rank: int) -> float:
    """The difference a - b of a rank from 1 among all pairs, by bisection: each step counts pairs by a search."""
    low, high = float(a[0] - b[-1]), float(a[-1] - b[0])
    close = 2.0**-52 * max(abs(low), abs(high), abs(float(a[0])), abs(float(a[-1])))
    if _pairs_up_to(a, b, low) >= rank:
        return low
    while high - low > close:
        middle = low + (high - low) / 2
        if _pairs_up_to(a, b, middle) >= rank:
            high = middle
        else:
            low = middle
    # The largest difference that is not above: each row of a with the smallest row of b that is not below a - high.
    partner = np.searchsorted(b, a - high, side="left")
    there = partner < len(b)
    return float((a[there] - b[partner[there]]).max())


def _pairs_up_to(a: FloatArray, b: FloatArray, bound: float) -> int:
    """Pairs with a - b <= bound, to the rounding of a - bound."""
    return int(len(b) * len(a) - np.searchsorted(b, a - bound, side="left").sum())


def _wilcoxon_cdf(m: int, n: int) -> FloatArray:
    """P(W <= w) of Mann and Whitney's count of two samples of one distribution, w = 0 … m n."""
    ways = np.zeros(m * n + 1)
    ways[0] = 1.0
    # The Gaussian binomial coefficient: product over i of (1 - q^(n + i)) / (1 - q^i), one factor after the other.
    for i in range(1, m + 1):
        step: IntArray = np.arange(len(ways))
        shifted = np.zeros_like(ways)
        shifted[n + i :] = ways[: max(len(ways) - n - i, 0)]
        ways = ways - shifted
        for start in range(i):
            lane = step[start::i]
            ways[lane] = np.cumsum(ways[lane])
    return np.asarray(np.cumsum(ways) / ways.sum(), dtype=np.float64)
