"""A column by its literal name, and what a column's type can hold."""

import io
import json
from collections.abc import Iterable

import polars as pl

__all__ = [
    "column",
    "holds_flags",
    "holds_instants",
    "holds_numbers",
    "holds_texts",
    "in_calendar",
    "is_pattern",
    "unused_prefix",
]


def is_pattern(name: str) -> bool:
    """Whether Polars takes the name for a wildcard or a regular expression where it is given as text.

    Args:
        name: the column's name.
    """
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def column(name: str) -> pl.Expr:
    """The column of exactly this name. `pl.col("^a$")` is a pattern and `pl.col("*")` stands for all columns.

    Use it, or a list of it, wherever a name comes from a caller: in `select`, `group_by`, `sort`, `over`, and as the keys
    of `join`. `rename`, `alias` and `frame[name]` take text literally; `drop`, `cast`, `unpivot` and `explode` do not.

    Args:
        name: the column's name.
    """
    if not is_pattern(name):
        return pl.col(name)
    # The constructor alone looks for patterns; the tree of an expression holds plain names.
    return pl.Expr.deserialize(io.StringIO(json.dumps({"Column": name})), format="json")


def in_calendar(times: pl.Series) -> pl.Series:
    """Which dates and instants lie in the years 1 to 9999, or are null; times of day and durations all do.

    Args:
        times: the column.
    """
    times = times.alias("times")  # methods of a Series read its name as a pattern
    per_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
    if isinstance(times.dtype, pl.Datetime | pl.Date):
        day = 1 if isinstance(times.dtype, pl.Date) else per_day[times.dtype.time_unit]
        return (times.to_physical().cast(pl.Int64) // day).is_between(-719_162, 2_932_896).fill_null(value=True)
    return pl.Series(times.name, [True]).new_from_index(0, len(times))


def holds_numbers(dtype: pl.DataType) -> bool:
    """Whether a column of this type can hold numbers; one of type Null can hold anything.

    Args:
        dtype: the column's type.
    """
    return dtype.is_numeric() or dtype == pl.Null


def holds_flags(dtype: pl.DataType) -> bool:
    """Whether a column of this type can hold true or false.

    Args:
        dtype: the column's type.
    """
    return dtype in (pl.Boolean, pl.Null)


def holds_instants(dtype: pl.DataType) -> bool:
    """Whether a column of this type can hold instants with a time zone.

    Args:
        dtype: the column's type.
    """
    return (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None) or dtype == pl.Null


def holds_texts(dtype: pl.DataType) -> bool:
    """Whether a column of this type can hold texts or categories.

    Args:
        dtype: the column's type.
    """
    return dtype in (pl.String, pl.Enum, pl.Categorical, pl.Null)


def unused_prefix(names: Iterable[str]) -> str:
    """A beginning that none of the names has: a caller's columns take it where they would meet our own.

    Args:
        names: the caller's columns.
    """
    given, prefix = list(names), "·"
    while any(name.startswith(prefix) for name in given):
        prefix += "·"
    return prefix
