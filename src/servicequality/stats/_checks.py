"""Checks of every kernel's arguments: finite numbers of one shape, a level in (0, 1), a known option."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.checks import confidence_level
from servicequality.errors import ParameterError

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Interval: TypeAlias = tuple[FloatArray, FloatArray]

# Shares times an effective n do not add up to the last bit: this much over n is rounding, more is an error.
SLACK = 1e-9
_LARGEST = 2**63


def floats(**named: ArrayLike) -> tuple[FloatArray, ...]:
    """The arguments as finite float64 arrays broadcast to one shape; anything else is the caller's error."""
    arrays = []
    for name, values in named.items():
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise ParameterError(f"{name} must be a rectangular array of numbers: {error}") from None
        if array.size and array.dtype.kind not in "biuf":
            raise ParameterError(
                f"{name} must hold numbers; got dtype {array.dtype}: drop missing values and cast first"
            )
        array = array.astype(np.float64)
        require(np.isfinite(array), name, array, "finite", "leave undefined groups out of the call")
        arrays.append(array)
    if len({array.shape for array in arrays}) == 1:  # broadcasting takes longer than the rest
        return tuple(arrays)
    try:
        return tuple(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(named, arrays, strict=True))
        raise ParameterError(f"arguments must broadcast to one shape; got {shapes}") from None


def require(holds: ArrayLike, name: str, values: FloatArray, expected: str, remedy: str) -> None:
    """Raise ParameterError with the count and the first offenders unless ``holds`` is true everywhere."""
    wrong = ~np.asarray(holds, dtype=np.bool_)
    if wrong.any():
        offenders = np.broadcast_to(values, wrong.shape)[wrong]
        first = ", ".join(f"{value:g}" for value in offenders[:3])
        raise ParameterError(
            f"{name} must be {expected}; got {first} ({offenders.size} of {wrong.size} values): {remedy}"
        )


def positive(name: str, values: FloatArray, remedy: str = "leave such groups out of the call") -> None:
    """Raise ParameterError unless every value is above 0."""
    require(values > 0, name, values, "above 0", remedy)


def between_zero_and_one(name: str, values: FloatArray) -> None:
    """Raise ParameterError unless every value lies strictly between 0 and 1."""
    require((values > 0) & (values < 1), name, values, "strictly between 0 and 1", "give a share, not a percentage")


def number(name: str, value: object) -> float:
    """One finite number; a text, a Boolean, an array or NaN is the caller's error."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ParameterError(f"{name} must be a number; got {value!r}")
    try:
        plain = float(value)
    except OverflowError:
        plain = np.inf
    if not np.isfinite(plain):
        raise ParameterError(f"{name} must be a finite number; got {value!r}")
    return plain


def whole(name: str, value: object, *, least: int | None = None) -> int:
    """One whole number, at least so much; anything else is the caller's error."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise ParameterError(f"{name} must be a whole number; got {value!r}")
    if not -_LARGEST <= value < _LARGEST:
        raise ParameterError(f"{name} must lie below 2⁶³")
    if least is not None and value < least:
        raise ParameterError(f"{name} must be at least {least}; got {value!r}")
    return int(value)


def rows(name: str, values: ArrayLike, *, length: int | None = None) -> FloatArray:
    """Numbers along one axis, in which NaN may stand; of the stated length, where one is."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ParameterError(f"{name} must have one axis; got shape {array.shape}")
    if length is not None and len(array) != length:
        raise ParameterError(f"{name} must hold {length} numbers; got {len(array)}")
    return array


def gappy(name: str, values: ArrayLike) -> FloatArray:
    """Numbers along one axis, of which NaN is a gap."""
    array = rows(name, values)
    require(~np.isinf(array), name, array, "finite", "give a gap as NaN")
    return array


def whole_numbers(name: str, values: ArrayLike, *, length: int | None = None) -> IntArray:
    """Whole numbers along one axis; of the stated length, where one is."""
    array = np.asarray(values)
    if array.dtype.kind not in "biu":
        numbers = rows(name, array, length=length)
        legal = (np.abs(numbers) < _LARGEST) & (numbers == np.floor(numbers))
        require(legal, name, numbers, "a whole number below 2⁶³", "give places or counts")
    elif array.ndim != 1 or length not in (None, len(array)):
        rows(name, array, length=length)
    return array.astype(np.int64)


def two_sided_tail(level: float) -> float:
    """Probability outside each limit of a two-sided interval of this level."""
    return (1 - confidence_level(level)) / 2


def critical_value(level: float, df: ArrayLike | None = None) -> FloatArray:
    """The normal quantile of a two-sided interval, or Student's t quantile where degrees of freedom are given.

    Infinite degrees of freedom give the normal quantile too.
    """
    from scipy.special import ndtri, stdtrit

    tail = two_sided_tail(level)
    if df is None:
        return np.asarray(-ndtri(tail), dtype=np.float64)
    freedom = np.asarray(df, dtype=np.float64)
    normal = np.isposinf(freedom)
    (finite,) = floats(df=np.where(normal, 1.0, freedom))
    positive("df", finite, "an interval needs at least two rows or clusters")
    return np.asarray(np.where(normal, -ndtri(tail), -stdtrit(finite, tail)), dtype=np.float64)


def interval(low: ArrayLike, high: ArrayLike) -> Interval:
    """Both limits as float64 arrays (ufuncs turn arrays without dimensions into scalars)."""
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
