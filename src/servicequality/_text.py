"""Names and values from data: columns by their very name, and text that is safe to print."""

from collections.abc import Iterable

import polars as pl
from polars import selectors as cs

__all__ = ["column", "listed", "quoted"]

_LONGEST = 40
_NAMES = 12


def column(name: str) -> pl.Expr:
    """The column of that very name, where `pl.col` would read ``*`` and ``^…$`` as patterns."""
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        return cs.by_name(name).as_expr()
    return pl.col(name)


def quoted(value: object) -> str:
    """A value as a person would type it, without control characters and cut at 40 characters."""
    try:
        text = repr(value)
    except (ValueError, OverflowError, RecursionError):  # digits without end, or brackets without end
        text = f"a {type(value).__name__} too long to print"
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST + 2 else text[: _LONGEST - 1] + "…" + (text[0] if text[0] in "'\"" else "")


def listed(names: Iterable[object], *, plain: bool = False) -> str:
    """The first dozen names, and how many more there are; plain without quotation marks."""
    every = list(names)
    first = [quoted(name) for name in every[:_NAMES]]
    shown = ", ".join(name.strip("'\"") if plain else name for name in first) or "none at all"
    return shown + (f", … ({len(every) - _NAMES:,} more)" if len(every) > _NAMES else "")
