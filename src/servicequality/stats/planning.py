"""Sample sizes: how many answers are needed, what change can be seen, whether a target is met beyond doubt."""

# Needed numbers are not rounded up: printing does that. For targets that are looked at again and again see `anytime`.

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    SLACK,
    FloatArray,
    IntArray,
    between_zero_and_one,
    critical_value,
    floats,
    positive,
    require,
)
from servicequality.stats._kernel import kernel
from servicequality.stats.deciding import FEWEST
from servicequality.stats.net import net_variance
from servicequality.stats.rounding import largest_remainder

Direction: TypeAlias = Literal["at_least", "at_most"]


@kernel
def net_n(up_share: ArrayLike, down_share: ArrayLike, margin: ArrayLike, *, level: float = 0.95) -> FloatArray:
    """Answers needed for a net score known to ± ``margin``: z² (p + q - (p - q)²) / margin².

    Args:
        up_share: expected share of positive answers, 0 to 1.
        down_share: expected share of negative answers, 0 to 1.
        margin: half the interval's width on the scale -1 to 1, above 0: 0.05 for ± 5 points.
        level: two-sided confidence.

    Raises:
        ParameterError: a share below 0, shares above 1 together, margin <= 0, or a value that is not finite.
    """
    up, down, half = floats(up_share=up_share, down_share=down_share, margin=margin)
    positive("margin", half, "no number of answers leaves no doubt")
    return np.asarray(net_variance(up, down, 1.0) * (critical_value(level) / half) ** 2, dtype=np.float64)


@kernel
def proportion_n(p: ArrayLike, margin: ArrayLike, *, level: float = 0.95) -> FloatArray:
    """Answers needed for a share known to ± ``margin``: z² p (1 - p) / margin² (Cochran 1977, section 4.4).

    Args:
        p: the share that is expected.
        margin: half the width of the limits.
        level: confidence level.

    Raises:
        ParameterError: p outside (0, 1), margin <= 0, or a value that is not finite.
    """
    p_, half = floats(p=p, margin=margin)
    between_zero_and_one("p", p_)
    positive("margin", half, "no number of answers leaves no doubt")
    return np.asarray(p_ * (1 - p_) * (critical_value(level) / half) ** 2, dtype=np.float64)


@kernel
def mean_n(spread: ArrayLike, margin: ArrayLike, *, level: float = 0.95) -> FloatArray:
    """Rows needed for a mean known to ± ``margin``: z² spread² / margin² (Cochran 1977, section 4.6).

    Args:
        spread: expected standard deviation of one row, above 0; for scores on a scale a quarter of its range is a guess.
        margin: half the interval's width in the same unit, above 0.
        level: two-sided confidence.

    Raises:
        ParameterError: spread or margin not above 0, a level outside (0, 1), or a value that is not finite.
    """
    deviation, half = floats(spread=spread, margin=margin)
    positive("spread", deviation, "rows that do not vary need no sample")
    positive("margin", half, "no number of rows leaves no doubt")
    return np.asarray((deviation * critical_value(level) / half) ** 2, dtype=np.float64)


@kernel
def clustered_n(n: ArrayLike, size: ArrayLike, correlation: ArrayLike) -> FloatArray:
    """Rows needed where they come in clusters, n (1 + (size - 1) correlation) (Kish 1965, section 5.4).

    Args:
        n: rows that a simple random sample would need, above 0.
        size: rows drawn from each cluster, such as reviews of one agent, 1 or more.
        correlation: of rows of one cluster, 0 to 1: 0.05 is common for agents, 0.2 for accounts.

    Raises:
        ParameterError: n <= 0, size < 1, a correlation outside [0, 1], or a value that is not finite.
    """
    n_, size_, alike = floats(n=n, size=size, correlation=correlation)
    positive("n", n_)
    require(size_ >= 1, "size", size_, "1 or more", "count the rows of one cluster")
    require((alike >= 0) & (alike <= 1), "correlation", alike, "in [0, 1]", "give the correlation within clusters")
    return np.asarray(n_ * (1 + (size_ - 1) * alike), dtype=np.float64)


@kernel
def allocated_n(n: int, totals: ArrayLike, *, spread: ArrayLike = 1.0) -> IntArray:
    """How many of n rows to draw from each stratum, in proportion to its size times its spread (Neyman 1934).

    Args:
        n: rows to draw in all, not more than there are.
        totals: size of each stratum, 0 or more, along one axis; nothing is drawn from an empty one.
        spread: standard deviation of one row in each stratum; equal ones give proportional allocation.

    Returns:
        Whole numbers that add up to n, none above its stratum's size: what a full stratum cannot take goes to the others.

    Raises:
        ParameterError: n below 1 or above the sum of the totals, a spread that is not above 0, totals that are not whole.
    """
    size, deviation = floats(totals=totals, spread=spread)
    if size.ndim != 1:
        raise ParameterError(f"totals must be one list of strata; got the shape {size.shape}")
    require((size >= 0) & (size == np.floor(size)), "totals", size, "whole and 0 or more", "count each stratum")
    positive("spread", deviation)
    if not 1 <= n <= size.sum():
        raise ParameterError(f"n must be from 1 to the {size.sum():g} rows that there are; got {n!r}")
    drawn, open_ = np.zeros(len(size), dtype=np.int64), size > 0
    while (left := n - int(drawn.sum())) > 0:
        # Each turn fills a stratum or is the last.
        more = largest_remainder(np.where(open_, size * deviation, 0.0), units=left)
        drawn = np.minimum(drawn + more, size.astype(np.int64))
        open_ = drawn < size
    return drawn


@kernel
def two_proportion_n(p1: ArrayLike, p2: ArrayLike, *, power: float = 0.8, level: float = 0.95) -> FloatArray:
    """Rows needed in each group to find the difference of two shares, variances not pooled (Fleiss et al. 2003).

    Args:
        p1: share before, strictly between 0 and 1.
        p2: share after, another one.
        power: probability of finding the difference.
        level: two-sided confidence of the test.

    Raises:
        ParameterError: a share outside (0, 1), equal shares, power or level outside (0, 1).
    """
    a, b = floats(p1=p1, p2=p2)
    between_zero_and_one("p1", a)
    between_zero_and_one("p2", b)
    require(a != b, "p2", b, "another share than p1", "no number of rows shows that equal shares differ")
    return np.asarray((a * (1 - a) + b * (1 - b)) * (_both(level, power) / (a - b)) ** 2, dtype=np.float64)


@kernel
def smallest_detectable_change(se: ArrayLike, *, power: float = 0.8, level: float = 0.95) -> FloatArray:
    """The change that a two-sided test finds with probability ``power``: (z₁₋α/₂ + z_power) × se (Bloom 1995).

    Args:
        se: standard error of the change, 0 or more; of two groups, √(se₁² + se₂²).
        power: probability of finding the change.
        level: two-sided confidence of the test.

    Raises:
        ParameterError: se < 0, power or level outside (0, 1), or a value that is not finite.
    """
    (error,) = floats(se=se)
    require(error >= 0, "se", error, "0 or more", "give a standard error")
    return np.asarray(_both(level, power) * error, dtype=np.float64)


@kernel
def target_verdict(
    low: ArrayLike,
    high: ArrayLike,
    target: ArrayLike,
    *,
    direction: Direction = "at_least",
    n: ArrayLike | None = None,
    fewest: float = FEWEST,
) -> NDArray[np.str_]:
    """``met``, ``missed`` or ``undecided``: whether the whole interval lies on one side of the target.

    With limits that are one-sided 95 % each way, each of the two verdicts is wrong in 5 % of cases at most.

    Args:
        low: lower limit.
        high: upper limit, at least low.
        target: in the same unit.
        direction: ``at_least``: met if low >= target, missed if high < target;
            ``at_most``: met if high <= target, missed if low > target.
        n: rows, or the effective number of them; where it is given, fewer than ``fewest`` decide nothing.
        fewest: rows from which on anything is decided.

    Raises:
        ParameterError: low above high, an unknown direction, or a value that is not finite.
    """
    choice("direction", direction, ("at_least", "at_most"))
    (rows,) = floats(n=fewest if n is None else n)
    low_, high_, target_ = floats(low=low, high=high, target=target)
    require(low_ <= high_, "low", low_, "at most high", "give the limits in their order")
    met, missed = (low_ >= target_, high_ < target_) if direction == "at_least" else (high_ <= target_, low_ > target_)
    enough = rows >= fewest * (1 - SLACK)
    return np.where(met & enough, "met", np.where(missed & enough, "missed", "undecided"))


@kernel
def n_to_decide(n: ArrayLike, estimate: ArrayLike, low: ArrayLike, high: ArrayLike, target: ArrayLike) -> FloatArray:
    """Rows at which the interval would end at the target, if the estimate stays and the width shrinks as 1 / √n.

    Args:
        n: rows now, above 0.
        estimate: the estimate now, not equal to the target.
        low: its lower limit.
        high: its upper limit.
        target: in the same unit.

    Raises:
        ParameterError: n <= 0, an estimate on the target or outside its limits, or a value that is not finite.
    """
    n_, value, low_, high_, target_ = floats(n=n, estimate=estimate, low=low, high=high, target=target)
    positive("n", n_)
    require((low_ <= value) & (value <= high_), "estimate", value, "within its limits", "give limits that contain it")
    require(value != target_, "estimate", value, "off the target", "no number of rows decides an exact tie")
    facing = np.where(value > target_, value - low_, high_ - value)
    return np.asarray(n_ * (facing / (value - target_)) ** 2, dtype=np.float64)


def _both(level: float, power: float) -> FloatArray:
    from scipy.special import ndtri

    if not 0 < power < 1:
        raise ParameterError(f"power must be strictly between 0 and 1, such as 0.8; got {power!r}")
    return critical_value(level) + np.float64(ndtri(power))
