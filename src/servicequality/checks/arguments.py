"""What a call may be given: a level, a word of a list, an instant with a time zone, values of the annotated kinds."""

import collections.abc as abc
import datetime as dt
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import polars as pl

from servicequality.checks.wording import near, shown
from servicequality.errors import ParameterError, ServiceQualityError

__all__ = ["choice", "choice_fault", "confidence_level", "refuse_misfits", "refusing_misfits", "zone_aware"]

P = ParamSpec("P")
R = TypeVar("R")


def confidence_level(level: object) -> float:
    """The level, where it is a number strictly between 0 and 1.

    Args:
        level: the level as it was given.

    Raises:
        ParameterError: it is not.
    """
    number: Any = level  # compared as it came: a whole number may be too large for a float
    if isinstance(level, bool) or not isinstance(level, Real) or not 0 < number < 1:
        raise ParameterError(f"level must be between 0 and 1, got {shown(level)}; say 0.95 for limits of 95 %")
    return float(number)


def choice(name: str, value: object, allowed: Iterable[str], *, why: str = "") -> None:
    """Refuse what is none of the allowed words.

    Args:
        name: the parameter, as the message calls it.
        value: what was given for it.
        allowed: the words that it takes.
        why: what else the message says.

    Raises:
        ParameterError: the value is none of them.
    """
    if fault := choice_fault(name, value, allowed):
        raise ParameterError(f"{fault}; {why}" if why else fault)


def choice_fault(name: str, value: object, allowed: Iterable[str]) -> str:
    """What is wrong with a choice, in words; an empty text where nothing is. Arguments are those of `choice`.

    Args:
        name: the parameter, as the message calls it.
        value: what was given for it.
        allowed: the words that it takes.
    """
    words = list(allowed)
    if isinstance(value, str) and value in words:
        return ""
    hint = near(value, words, alike=0.6) if isinstance(value, str) else ""
    return f"{name} must be one of {', '.join(map(repr, words))}; got {shown(value)}{hint}"


def zone_aware(name: str, value: object, *, refusal: type[ServiceQualityError] = ParameterError) -> dt.datetime:
    """The value, where it is a datetime with a time zone.

    Args:
        name: the parameter, as the message calls it.
        value: what was given for it.
        refusal: the error for a value that stands among data.

    Raises:
        ParameterError: it is a naive datetime, or none.
    """
    # pandas' NaT is a datetime too, and equals nothing.
    if not isinstance(value, dt.datetime) or value != value or value.utcoffset() is None:
        came = value.isoformat() if isinstance(value, dt.datetime) else shown(value)
        raise refusal(f"{name} must be a datetime with a time zone, got {came}; say datetime(…, tzinfo=UTC)")
    return value


def refusing_misfits(function: Callable[P, R]) -> Callable[P, R]:
    """A public function whose failure is blamed on an argument of the wrong kind, where one of them is.

    A call that succeeds pays nothing for it, and an error that no argument explains leaves as it is.

    Args:
        function: the function.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ServiceQualityError:
            raise
        except Exception as error:
            refuse_misfits(function, args, kwargs, error)
            raise

    return call


def refuse_misfits(
    function: Callable[..., Any], args: Iterable[object], kwargs: abc.Mapping[str, object], error: Exception
) -> None:
    """Raise ParameterError for the first argument that is not of its annotation's kind.

    Args:
        function: the function that was called.
        args: its arguments by position.
        kwargs: its arguments by name.
        error: what its body raised.

    Raises:
        ParameterError: there is one; `error` is its cause.
    """
    # What it returns may have a type that only checkers import, such as a chart.
    given = types.SimpleNamespace(__annotations__={k: v for k, v in function.__annotations__.items() if k != "return"})
    hints = typing.get_type_hints(given, globalns=function.__globals__)
    for name, value in inspect.signature(function).bind(*args, **kwargs).arguments.items():
        if name in hints and not _fits(value, hints[name]):
            where, hint = f"{function.__name__}: {name}", hints[name]
            words = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()
            fault = choice_fault(where, value, words) if words else f"{where} takes {_kind(hint)}, got {shown(value)}"
            raise ParameterError(fault) from error


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotation's kind; what cannot be told fits."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if hint is None or hint is type(None):
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is typing.Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if hint is float:
        return not isinstance(value, bool) and isinstance(value, Real) and value == value  # NaN is no number
    if hint is int:
        return not isinstance(value, bool) and isinstance(value, Integral)
    if origin is tuple and parts and parts[-1] is not Ellipsis:
        return isinstance(value, tuple | list) and len(value) == len(parts) and all(map(_fits, value, parts))
    if origin in (tuple, list, set, frozenset, abc.Sequence, abc.Iterable, abc.Collection, abc.Set):
        several = isinstance(value, abc.Sequence | abc.Set) or (origin is abc.Iterable and isinstance(value, Iterable))
        known = value if isinstance(value, tuple | list | set | frozenset | pl.Series) else ()
        return several and not isinstance(value, bytes) and all(_fits(one, parts[0]) for one in known)
    if origin in (dict, abc.Mapping):
        return isinstance(value, abc.Mapping) and all(
            _fits(key, parts[0]) and _fits(one, parts[1]) for key, one in value.items()
        )
    if origin is abc.Callable:
        return callable(value)
    if isinstance(hint, type) and origin is None and not getattr(hint, "_is_protocol", False):
        return isinstance(value, hint)
    return True


def _kind(hint: Any) -> str:
    """What an annotation asks for, in words."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_kind, parts)))
    if origin is typing.Literal:
        return " or ".join(map(shown, parts))
    if origin in (dict, abc.Mapping):
        return "a mapping"
    if origin is not None and parts and origin is not abc.Callable:
        inner = list(dict.fromkeys(_kind(part) for part in parts if part is not Ellipsis))
        return f"a list or tuple of {' and '.join(inner)}"
    names = {str: "a text", float: "a number", int: "a whole number", bool: "True or False", type(None): "None"}
    return names.get(hint, getattr(hint, "__name__", "another value"))
