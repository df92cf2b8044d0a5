"""The wrapper of every public kernel: arguments of the annotated types, and only our own errors."""

import contextlib
import functools
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice, confidence_level
from servicequality.errors import ParameterError
from servicequality.stats._checks import whole

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[str, Any], Any]

_NUMERIC = "biuf"
_SHAPES = re.compile("broadcast|more dimensions than allowed")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """A public kernel whose arguments are checked by their annotations before it looks at shapes and ranges.

    Arrays hold numbers, numbers are numbers, words are among those allowed. Numbers so large that a step of the computation
    leaves the range of floats are an error of ours, unless the caller has silenced numpy for its own reasons.
    """
    names = function.__code__.co_varnames

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        checks = _checks_of(function)
        given = tuple(_checked(checks, name, value) for name, value in zip(names, args, strict=False))
        named = {name: _checked(checks, name, value) for name, value in kwargs.items()}
        try:
            with in_range(function.__name__):
                return function(*given, *args[len(given) :], **named)  # type: ignore[arg-type]  # checked, and else as given
        except ValueError as error:
            if not _SHAPES.search(str(error)):
                raise
            shapes = [f"{name} {np.shape(value)}" for name, value in (*zip(names, given, strict=False), *named.items())]
            raise ParameterError(f"arguments must broadcast to one shape; got {', '.join(shapes)}") from error

    return call


@contextlib.contextmanager
def in_range(what: str) -> Iterator[None]:
    """Refuse numbers with which a step of the computation leaves the range of floats, where numpy would warn of it.

    Raises:
        ParameterError: a number has become infinite, or none.
    """
    heard: dict[str, Any] = {kind: "raise" for kind, reaction in np.geterr().items() if reaction == "warn"}
    try:
        with np.errstate(**heard):
            yield
    except (FloatingPointError, OverflowError, ZeroDivisionError) as error:
        raise ParameterError(
            f"{what}: the numbers are too large, or too far apart, to compute with ({error}); "
            "change their unit, or leave such rows out of the call"
        ) from error


def _checked(checks: Mapping[str, Check], name: str, value: object) -> Any:
    return checks[name](name, value) if name in checks else value


@functools.cache
def _checks_of(function: Callable[..., Any]) -> dict[str, Check]:
    """The check of each parameter, from its annotation; read at the first call, so that imports are quick."""
    hints = typing.get_type_hints(function)
    checks = {name: check for name, hint in hints.items() for check in _check_of(hint)}
    return checks | ({"level": _level} if hints.get("level") is float else {})


def _check_of(hint: Any) -> Iterator[Check]:
    arrays = typing.get_args(ArrayLike)
    parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, type(int | str)) else (hint,)
    known = tuple(part for part in parts if part is not type(None))
    words = [part for part in known if typing.get_origin(part) is Literal]
    rest = tuple(part for part in known if part not in words)
    if rest and (set(rest) >= set(arrays) or all(typing.get_origin(part) is np.ndarray for part in rest)):
        check: Check = _array
    elif len(rest) == 1 and typing.get_origin(rest[0]) is tuple:
        check = _pair
    elif words and not rest:
        check = functools.partial(_word, allowed=typing.get_args(words[0]))
    elif rest in ((int,), (float,), (bool,)):
        check = {int: whole, float: _number, bool: _flag}[rest[0]]
    elif len(rest) == 1 and isinstance(rest[0], type):
        check = functools.partial(_instance, kind=rest[0])
    else:
        return
    if rest and words:
        check = functools.partial(_word_or, otherwise=check)
    yield functools.partial(_unless_none, check=check) if type(None) in parts else check


def _array(name: str, value: Any) -> Any:
    """The array, if it is rectangular and holds numbers, or None where one is missing; one number stays as it is."""
    if isinstance(value, bool | int | float):
        return _number(name, value) if isinstance(value, int) and not isinstance(value, bool) else value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ParameterError(f"{name} must be a rectangular array of numbers: {error}") from None
    if array.dtype == object and not any(isinstance(one, str) for one in array.flat):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            array = value = array.astype(np.float64)  # None becomes NaN, which the kernel takes for a gap or refuses
    if array.dtype.kind not in _NUMERIC and array.size:
        raise ParameterError(
            f"{name} must hold numbers; got dtype {array.dtype}: cast first, with NaN for what is missing"
        )
    return value if isinstance(value, np.ndarray) else array


def _number(name: str, value: object) -> object:
    """One number; whether it may be infinite is for the kernel to say."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ParameterError(f"{name} must be a number; got {_short(value)}")
    if isinstance(value, int):
        try:
            float(value)
        except OverflowError:
            raise ParameterError(f"{name} must be a number that a float holds; got one beyond 1e308") from None
    if value != value:
        raise ParameterError(f"{name} must be a number; got NaN")
    return value


def _pair(name: str, value: object) -> tuple[Any, Any]:
    """A lower and an upper end."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ParameterError(f"{name} must be a lower and an upper end, such as (1, 7); got {_short(value)}")
    low, high = (_number(f"an end of {name}", end) for end in value)
    return low, high


def _instance(name: str, value: object, kind: type) -> object:
    if not isinstance(value, kind):
        raise ParameterError(f"{name} must be a {kind.__name__}; got {_short(value)}")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} must be True or False; got {_short(value)}")
    return bool(value)


def _level(_: str, value: object) -> float:
    return confidence_level(value)


def _word(name: str, value: object, allowed: tuple[str, ...]) -> object:
    choice(name, value, allowed)
    return value


def _word_or(name: str, value: object, otherwise: Check) -> object:
    return value if isinstance(value, str) else otherwise(name, value)


def _unless_none(name: str, value: object, check: Check) -> object:
    return None if value is None else check(name, value)


def _short(value: object) -> str:
    """What came, as long as a message may be."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
