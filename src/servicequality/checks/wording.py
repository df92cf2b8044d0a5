"""Values and names as messages print them."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import polars as pl

__all__ = ["first_line", "listed", "near", "shown", "values_of"]

_LONGEST = 40  # characters of a value in a message
_SENTENCE = 200  # characters of another library's message
_MOST = 12  # names in a message


def shown(value: object) -> str:
    """A value as a message prints it: on one line, without control characters, cut after 40 characters.

    Args:
        value: the value.
    """
    text = value if isinstance(value, str) else re.sub(r"\s+", " ", _text(value))
    text = "".join(letter if letter.isprintable() else _escaped(letter) for letter in text[: 2 * _LONGEST])
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"'{text}'" if isinstance(value, str) else text


def listed(names: Iterable[object]) -> str:
    """Names as a message lists them: at most a dozen, and how many more there are.

    Args:
        names: the names.
    """
    whole = list(names)
    texts = [shown(name)[1:-1] if isinstance(name, str) else shown(name) for name in whole[:_MOST]]
    return ", ".join(texts) + (f" and {len(whole) - _MOST} more" if len(whole) > _MOST else "")


def near(name: str, known: Iterable[str], *, alike: float = 0.5) -> str:
    """A hint with the likeliest of the known names, `(did you mean 'team'?)` after a space; nothing where none is near.

    Args:
        name: what was written.
        known: the names that there are.
        alike: how alike two names must be, from 0 to 1.
    """
    likely = get_close_matches(name, list(known), n=1, cutoff=alike)
    return f" (did you mean {shown(likely[0])}?)" if likely else ""


def first_line(error: BaseException) -> str:
    """What another library's error says, without the plan that Polars prints below it.

    Args:
        error: the error.
    """
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _SENTENCE else f"{text[: _SENTENCE - 1]}…"


def values_of(values: pl.Series, most: int = 5) -> str:
    """The first values of a column as a message prints them; instants that no calendar holds, as their numbers.

    Args:
        values: the column.
        most: how many values are shown.
    """
    head = values.alias("values").head(most)  # methods of a Series read its name as a pattern
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


def _text(value: Any) -> str:
    try:
        return repr(value)
    except (Exception, pl.exceptions.PanicException):  # noqa: BLE001  (a stranger's own repr may do anything)
        return f"<{type(value).__name__}>"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
