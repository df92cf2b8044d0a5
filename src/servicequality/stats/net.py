"""Net scores: the share of positive answers less the share of negative ones, on the scale -1 to 1."""

# NPS is such a score; callers multiply by 100. Counts may be fractional (weighted shares times the effective n).

import warnings
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.errors import ServiceQualityWarning
from servicequality.stats._checks import (
    SLACK,
    FloatArray,
    Interval,
    critical_value,
    floats,
    interval,
    positive,
    require,
)
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import t_test
from servicequality.stats.mover import mover_difference
from servicequality.stats.proportion import wilson

NetMethod: TypeAlias = Literal["adjusted_t", "adjusted_wald", "wald", "t", "score", "mover"]
NetDifferenceMethod: TypeAlias = Literal["adjusted_wald", "wald", "mover"]
NetTestMethod: TypeAlias = Literal["adjusted_wald", "wald"]

# Rocks 2016: three answers more, 3/4 at each end and 3/2 in the middle.
_ADDED, _ADDED_EACH_SIDE = 3.0, 0.75


@kernel
def net_variance(up: ArrayLike, down: ArrayLike, n: ArrayLike) -> FloatArray:
    """Variance of one answer coded 1, 0, -1, with divisor n: p + q - (p - q)².

    Args:
        up: positive answers (promoters), 0 or more.
        down: negative answers (detractors), 0 or more.
        n: all answers, above 0, at least up + down.

    Raises:
        ParameterError: n <= 0, a negative count, up + down > n, or a value that is not finite.
    """
    return _moments(*_trinomial(up, down, n))[1]


@kernel
def net_interval(
    up: ArrayLike,
    down: ArrayLike,
    n: ArrayLike,
    *,
    method: NetMethod = "adjusted_t",
    level: float = 0.95,
    df: ArrayLike | None = None,
) -> Interval:
    """Limits of the net score (up - down) / n, cut to [-1, 1] and never excluding the score itself.

    Args:
        up: positive answers (promoters), 0 or more.
        down: negative answers (detractors), 0 or more.
        n: all answers, above 0, at least up + down.
        method: ``adjusted_wald`` adds 3/4 answers to each end and 3/2 to the middle (Rocks 2016), and ``adjusted_t`` takes
            Student's t of n + 2 degrees of freedom beside, which holds at small n too; ``wald`` adds none; ``t`` is
            Student's interval of the mean of 1, 0, -1; ``score`` inverts the test with the constrained likelihood
            (Tango 1998); ``mover`` joins the Wilson limits of both shares (Zou and Donner 2008).
        level: two-sided confidence.
        df: degrees of freedom: Student's t takes the normal quantile's place. ``t`` has n - 1 of its own, ``adjusted_t``
            n + 2.

    Warns:
        ServiceQualityWarning: a ``wald`` or ``t`` interval of zero width, where all answers agree.

    Raises:
        ParameterError: n <= 0, a negative count, up + down > n, an unknown method, ``wald`` with n < 2, ``t`` with
            n <= 1, a level outside (0, 1), or a value that is not finite.
    """
    choice("method", method, ("adjusted_t", "adjusted_wald", "wald", "t", "score", "mover"))
    plus, minus, size = _trinomial(up, down, n)
    value, variance = _moments(plus, minus, size)
    if method == "mover":
        low, high = _mover(plus, minus, size, level, df)
    elif method == "score":
        low, high = _score(plus, minus, size, critical_value(level, df))
    else:
        centre = value
        if method in ("adjusted_t", "adjusted_wald"):
            centre, variance = _moments(plus + _ADDED_EACH_SIDE, minus + _ADDED_EACH_SIDE, size + _ADDED)
            divisor = size + _ADDED
            if method == "adjusted_t" and df is None:
                df = divisor - 1
        elif method == "wald":
            _two_answers(size)
            divisor = size
        else:
            require(size > 1, "n", size, "above 1", "one answer has no spread: use adjusted_wald")
            divisor = size - 1
            df = divisor if df is None else df
        _warn_of_zero_width(variance)
        half = critical_value(level, df) * np.sqrt(variance / divisor)
        low, high = centre - half, centre + half
    return interval(np.minimum(np.maximum(low, -1.0), value), np.maximum(np.minimum(high, 1.0), value))


@kernel
def net_difference_interval(
    up1: ArrayLike,
    down1: ArrayLike,
    n1: ArrayLike,
    up2: ArrayLike,
    down2: ArrayLike,
    n2: ArrayLike,
    *,
    method: NetDifferenceMethod = "adjusted_wald",
    level: float = 0.95,
    df: ArrayLike | None = None,
) -> Interval:
    """Limits of the first net score less the second, cut to [-2, 2] and never excluding the difference itself.

    Args:
        up1: positive answers of the first group; its negative ones ``down1``, all ``n1``.
        down1: see ``up1``.
        n1: see ``up1``.
        up2: positive answers of the second group; its negative ones ``down2``, all ``n2``.
        down2: see ``up2``.
        n2: see ``up2``.
        method: ``adjusted_wald`` adjusts both groups (Rocks 2016; Lewis and Sauro 2021), ``wald`` none, ``mover``
            joins the two adjusted Wald intervals (Zou and Donner 2008).
        level: two-sided confidence.
        df: degrees of freedom: Student's t takes the normal quantile's place.

    Raises:
        ParameterError: as ``net_interval``, for either group.
    """
    choice("method", method, ("adjusted_wald", "wald", "mover"))
    first, second = _trinomial(up1, down1, n1), _trinomial(up2, down2, n2)
    a, b = _moments(*first)[0], _moments(*second)[0]
    if method == "mover":
        low, high = mover_difference(
            a,
            *net_interval(*first, method="adjusted_wald", level=level, df=df),
            b,
            *net_interval(*second, method="adjusted_wald", level=level, df=df),
        )
    else:
        centre, se = _difference(first, second, method)
        _warn_of_zero_width(se)
        half = critical_value(level, df) * se
        low, high = centre - half, centre + half
    return interval(np.minimum(np.maximum(low, -2.0), a - b), np.maximum(np.minimum(high, 2.0), a - b))


@kernel
def net_difference_test(
    up1: ArrayLike,
    down1: ArrayLike,
    n1: ArrayLike,
    up2: ArrayLike,
    down2: ArrayLike,
    n2: ArrayLike,
    *,
    method: NetTestMethod = "adjusted_wald",
    df: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Standard error of the difference of two net scores and the two-sided p-value of "no difference".

    The p-value is below 1 - level exactly where ``net_difference_interval`` of that method and level excludes 0 before
    it is cut and widened. Arguments as there.

    Args:
        up1: promoters of the first group.
        down1: its detractors.
        n1: its answers.
        up2: promoters of the second group.
        down2: its detractors.
        n2: its answers.
        method: as for ``net_difference_interval``.
        df: degrees of freedom, as there.

    Raises:
        ParameterError: as ``net_interval``; with ``wald`` also where all answers agree in both groups.
    """
    choice("method", method, ("adjusted_wald", "wald"))
    centre, se = _difference(_trinomial(up1, down1, n1), _trinomial(up2, down2, n2), method)
    return se, t_test(centre, se, df=df)


def _trinomial(up: ArrayLike, down: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    plus, minus, size = floats(up=up, down=down, n=n)
    positive("n", size, "a net score of nothing has no interval: leave empty groups out of the call")
    require(plus >= 0, "up", plus, "0 or more", "count answers")
    require(minus >= 0, "down", minus, "0 or more", "count answers")
    both = plus + minus
    require(both <= size * (1 + SLACK), "up + down", both, "at most n", "an answer is positive, negative or neither")
    return plus, minus, np.maximum(size, both)


def _moments(plus: FloatArray, minus: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    p, q = plus / size, minus / size
    # p (1 - p) + q (1 - q) + 2 p q: the same as p + q - (p - q)², and exactly 0 where all answers agree.
    variance = p * (1 - p) + q * (1 - q) + 2 * p * q
    return np.asarray((plus - minus) / size, dtype=np.float64), np.asarray(variance, dtype=np.float64)


def _difference(
    first: tuple[FloatArray, FloatArray, FloatArray], second: tuple[FloatArray, FloatArray, FloatArray], method: str
) -> tuple[FloatArray, FloatArray]:
    added, side = (_ADDED, _ADDED_EACH_SIDE) if method == "adjusted_wald" else (0.0, 0.0)
    if method == "wald":
        _two_answers(first[2])
        _two_answers(second[2])
    (a, variance_a), (b, variance_b) = (
        _moments(plus + side, minus + side, size + added) for plus, minus, size in (first, second)
    )
    se = np.sqrt(variance_a / (first[2] + added) + variance_b / (second[2] + added))
    return a - b, np.asarray(se, dtype=np.float64)


def _mover(plus: FloatArray, minus: FloatArray, size: FloatArray, level: float, df: ArrayLike | None) -> Interval:
    p, q = plus / size, minus / size
    # Shares of 0 or 1 do not vary, so that their correlation is undefined: 0 by convention (Newcombe 1998).
    spread = p * (1 - p) * q * (1 - q)
    correlation = np.where(spread > 0, -p * q / np.sqrt(np.where(spread > 0, spread, 1.0)), 0.0)
    return mover_difference(
        p,
        *wilson(plus, size, level=level, df=df),
        q,
        *wilson(minus, size, level=level, df=df),
        correlation=np.clip(correlation, -1.0, 0.0),
    )


def _score(plus: FloatArray, minus: FloatArray, size: FloatArray, critical: FloatArray) -> Interval:
    """Both roots of |estimate - delta| = z × se(delta), by bisection from the estimate to either end of the scale."""
    plus, minus, size, critical = np.broadcast_arrays(plus, minus, size, critical)
    value = (plus - minus) / size

    def root(end: float) -> FloatArray:
        outside, inside = np.full(value.shape, end), value.copy()
        # 54 halvings of a bracket no wider than 2 reach 1e-16.
        for _ in range(54):
            middle = (outside + inside) / 2
            rejected = (value - middle) ** 2 * size > critical**2 * _constrained_variance(plus, minus, size, middle)
            outside, inside = np.where(rejected, middle, outside), np.where(rejected, inside, middle)
        return inside

    return interval(root(-1.0), root(1.0))


def _constrained_variance(plus: FloatArray, minus: FloatArray, size: FloatArray, delta: FloatArray) -> FloatArray:
    """Variance of one answer at the likeliest shares whose difference is ``delta`` (Tango 1998, equation 3)."""
    b = (2 * size - plus + minus) * delta - plus - minus
    c = -minus * delta * (1 - delta)
    root = np.sqrt(np.maximum(b * b - 8 * size * c, 0.0))
    # The larger root of 2 n q² + b q + c; the second spelling where the first would cancel.
    down = np.where(b <= 0, (root - b) / (4 * size), -2 * c / np.where(b <= 0, 1.0, b + root))
    return np.asarray(np.maximum(2 * down + delta * (1 - delta), 0.0), dtype=np.float64)


def _two_answers(size: FloatArray) -> None:
    require(size >= 2, "n", size, "at least 2", "a Wald interval of one answer has no width: use adjusted_wald")


def _warn_of_zero_width(spread: FloatArray) -> None:
    count = np.count_nonzero(spread == 0)
    if count:
        warnings.warn(
            f"interval has zero width in {count} of {spread.size} groups where all answers agree: use adjusted_wald",
            ServiceQualityWarning,
            stacklevel=3,
        )
