"""Checks and wordings shared by all layers: literal column names, values in messages, near names, levels."""

import collections.abc as abc
import functools
import inspect
import io
import json
import math
import re
import types
import typing
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import polars as pl

from servicequality.errors import ParameterError, ServiceQualityError

__all__ = [
    "column",
    "confidence_level",
    "first_line",
    "in_calendar",
    "is_pattern",
    "listed",
    "near",
    "refuse_misfits",
    "refusing_misfits",
    "shown",
    "values_of",
]

P = ParamSpec("P")
R = TypeVar("R")

_LONGEST = 40  # characters of a value in a message
_SENTENCE = 200  # characters of another library's message
_MOST = 12  # names in a message


def is_pattern(name: str) -> bool:
    """Whether Polars takes the name for a wildcard or a regular expression where it is given as text."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def column(name: str) -> pl.Expr:
    """The column of exactly this name. `pl.col("^a$")` is a pattern and `pl.col("*")` stands for all columns.

    Use it, or a list of it, wherever a name comes from a caller: in `select`, `group_by`, `sort`, `over`, and as the keys
    of `join`. `rename`, `alias` and `frame[name]` take text literally; `drop`, `cast`, `unpivot` and `explode` do not.
    """
    if not is_pattern(name):
        return pl.col(name)
    # The constructor alone looks for patterns; the tree of an expression holds plain names.
    return pl.Expr.deserialize(io.StringIO(json.dumps({"Column": name})), format="json")


def shown(value: object) -> str:
    """A value as a message prints it: on one line, without control characters, cut after 40 characters."""
    text = value if isinstance(value, str) else re.sub(r"\s+", " ", _text(value))
    text = "".join(letter if letter.isprintable() else _escaped(letter) for letter in text[: 2 * _LONGEST])
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"'{text}'" if isinstance(value, str) else text


def listed(names: Iterable[object]) -> str:
    """Names as a message lists them: at most a dozen, and how many more there are."""
    whole = list(names)
    texts = [shown(name)[1:-1] if isinstance(name, str) else shown(name) for name in whole[:_MOST]]
    return ", ".join(texts) + (f" and {len(whole) - _MOST} more" if len(whole) > _MOST else "")


def near(name: str, known: Iterable[str]) -> str:
    """A hint with the likeliest of the known names, `(did you mean 'team'?)` after a space; nothing where none is near."""
    likely = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {shown(likely[0])}?)" if likely else ""


def first_line(error: BaseException) -> str:
    """What another library's error says, without the plan that Polars prints below it."""
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _SENTENCE else f"{text[: _SENTENCE - 1]}…"


def values_of(values: pl.Series, most: int = 5) -> str:
    """The first values of a column as a message prints them; instants that no calendar holds, as their numbers."""
    head = values.head(most)
    dtype: pl.DataType = head.dtype
    if isinstance(dtype, pl.Datetime | pl.Duration | pl.Date):
        # Python's calendar ends with the year 9999, and Polars panics long after it.
        whole = head.to_physical().cast(pl.Int64)
        per_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
        day = 1 if isinstance(dtype, pl.Date) else per_day[dtype.time_unit]
        if not (whole.drop_nulls() / day).is_between(-719_000, 2_932_000).all():
            return ", ".join(map(shown, whole.to_list()))
    if head.dtype.is_nested() or head.dtype == pl.Object:
        return shown(str(head.dtype))
    return ", ".join(map(shown, head.to_list()))


def in_calendar(times: pl.Series) -> pl.Series:
    """Which dates and instants lie in the years 1 to 9999, or are null; times of day and durations all do."""
    times = times.alias("times")  # methods of a Series read its name as a pattern
    per_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
    if isinstance(times.dtype, pl.Datetime | pl.Date):
        day = 1 if isinstance(times.dtype, pl.Date) else per_day[times.dtype.time_unit]
        return (times.to_physical().cast(pl.Int64) // day).is_between(-719_162, 2_932_896).fill_null(value=True)
    return pl.Series(times.name, [True]).new_from_index(0, len(times))


def confidence_level(level: object) -> float:
    """The level, where it is a number strictly between 0 and 1.

    Raises:
        ParameterError: it is not.
    """
    if isinstance(level, bool) or not isinstance(level, Real) or not 0 < float(level) < 1 or math.isnan(float(level)):
        raise ParameterError(f"level must lie strictly between 0 and 1, got {shown(level)}; 0.95 gives 95 % limits")
    return float(level)


def refusing_misfits(function: Callable[P, R]) -> Callable[P, R]:
    """A public function whose failure is blamed on an argument of the wrong kind, where one of them is.

    A call that succeeds pays nothing for it, and an error that no argument explains leaves as it is.
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

    Raises:
        ParameterError: there is one; `error` is its cause.
    """
    hints = typing.get_type_hints(function)
    for name, value in inspect.signature(function).bind(*args, **kwargs).arguments.items():
        if name in hints and not _fits(value, hints[name]):
            raise ParameterError(
                f"{function.__name__}: {name} takes {_kind(hints[name])}, got {shown(value)}"
            ) from error


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
        return not isinstance(value, bool) and isinstance(value, Real) and value == value  # NaN is not a number
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


def _text(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  (a stranger's own repr may do anything)
        return f"<{type(value).__name__}>"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
