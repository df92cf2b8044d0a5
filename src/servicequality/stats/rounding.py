"""Digits for printing: no more than the standard error allows, and shares that add up."""

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, IntArray, floats, positive, require
from servicequality.stats._kernel import kernel

_DIGITS = 15
"""Every decimal of so many digits comes back from a float as it went in; what stands behind them is binary rounding."""
_EXACT = Context(prec=2 * _DIGITS + 10, rounding=ROUND_HALF_UP)


def half_up(value: float, decimals: int) -> Decimal:
    """The number as people round it: halves of its decimal digits go away from zero, as 0.845 to 0.85.

    The nearest float to 0.845 lies below it, and `round` goes by the float.

    Args:
        value: a finite number below 1e15 in size; its first 15 digits count.
        decimals: digits after the point, 0 to 15.
    """
    rounded = Decimal(f"{value:.{_DIGITS}g}").quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return rounded or abs(rounded)  # what rounds to 0 has no sign


@kernel
def round_to_se(value: ArrayLike, se: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The value rounded to the standard error's first digit, and that digit's unit, 10^floor(log10 se).

    Args:
        value: estimate, in any unit; halves go to the even digit.
        se: its standard error, above 0, in the same unit.

    Raises:
        ParameterError: se <= 0, or a value that is not finite.
    """
    value_, error = floats(value=value, se=se)
    positive("se", error, "without a standard error no digit is doubtful: print the value as it is")
    exponent = np.floor(np.log10(error))
    # Powers with positive exponents are exact where their reciprocals are not, and 478 / 10 prints as 47.8.
    coarse = 10.0 ** np.maximum(exponent, 0)
    fine = 10.0 ** np.maximum(-exponent, 0)
    rounded = np.rint(value_ / coarse * fine) * coarse / fine
    return np.asarray(rounded, dtype=np.float64), np.asarray(coarse / fine, dtype=np.float64)


@kernel
def largest_remainder(parts: ArrayLike, *, units: int = 100) -> IntArray:
    """Whole units for each part, in proportion, that add up to ``units`` exactly (Hamilton's method).

    Args:
        parts: counts or shares along the last axis, 0 or more; equal remainders favour the earlier part.
        units: what the parts add up to: 100 for whole per cents, 1000 for one decimal.

    Raises:
        ParameterError: a negative part, parts that add up to 0, no axis, units < 1, or a value that is not finite.
    """
    (values,) = floats(parts=parts)
    if values.ndim == 0:
        raise ParameterError("parts must be an array; got one number")
    if units < 1:
        raise ParameterError(f"units must be 1 or more; got {units!r}")
    require(values >= 0, "parts", values, "0 or more", "give counts or shares")
    total = values.sum(axis=-1, keepdims=True)
    positive("sum of parts", total)
    exact = values * units / total
    # 57 of 100 parts are 57 units: a quotient a rounding error below a whole number is that number.
    whole = np.floor(exact * (1 + 1e-12))
    left = units - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(whole - exact, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.asarray(whole + (rank < left), dtype=np.int64)
