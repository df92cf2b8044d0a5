"""Values as the Python that makes them, so that a failing input can be pasted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Source:
    """A value whose text is not its repr.

    Attributes:
        value: the thing.
        text: the Python that makes it.
    """

    value: Any
    text: str


def value_of(thing: Any) -> Any:
    """The thing itself, also within a Source."""
    return thing.value if isinstance(thing, Source) else thing


def opened(thing: Any) -> Any:
    """The thing itself, and those of a list."""
    thing = value_of(thing)
    return [value_of(one) for one in thing] if isinstance(thing, list) else thing


def opened_all(things: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call as they are given."""
    return {name: opened(thing) for name, thing in things.items()}


def text_of(thing: Any) -> str:
    """Python that makes a value."""
    if isinstance(thing, Source):
        return thing.text
    if isinstance(thing, float) and not math.isfinite(thing):
        return f'float("{thing}")'
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{text_of(key)}: {text_of(one)}" for key, one in thing.items()) + "}"
    if isinstance(thing, tuple):
        return "(" + ", ".join(map(text_of, thing)) + ("," if len(thing) == 1 else "") + ")"
    if isinstance(thing, list):
        return "[" + ", ".join(map(text_of, thing)) + "]"
    if isinstance(thing, pl.DataFrame):
        return frame_text(thing)
    if isinstance(thing, pl.Expr):
        return f"<{thing}>"
    if type(thing).__module__ == "datetime":
        return repr(thing).replace("datetime.timezone.utc", "datetime.UTC")
    return repr(thing)


def frame_text(frame: pl.DataFrame) -> str:
    """A frame as the call that makes it; temporal columns by their counts, which Python may not hold."""
    if not frame.width:
        return "pl.DataFrame()"
    columns = ",\n    ".join(_series_text(column) for column in frame)
    return f"pl.DataFrame({{\n    {columns},\n}})"


def dtype_text(dtype: pl.DataType) -> str:
    """A type as Python writes it."""
    if isinstance(dtype, pl.Struct):
        return "pl.Struct({" + ", ".join(f"{one.name!r}: {dtype_text(one.dtype)}" for one in dtype.fields) + "})"
    if isinstance(dtype, pl.List):
        return f"pl.List({dtype_text(dtype.inner)})"
    if isinstance(dtype, pl.Enum):
        return f"pl.Enum({dtype.categories.to_list()!r})"
    if isinstance(dtype, pl.Datetime):
        return f"pl.Datetime({dtype.time_unit!r}, {dtype.time_zone!r})"
    return f"pl.{dtype!r}"


def _series_text(column: pl.Series) -> str:
    dtype, name = dtype_text(column.dtype), column.name
    column = column.alias("column")  # methods of a Series read its name as a pattern
    if column.dtype.is_temporal():
        held = column.to_physical()
        return f"{name!r}: pl.Series({held.to_list()!r}, dtype={dtype_text(held.dtype)}).cast({dtype})"
    if column.dtype.is_decimal():
        return f"{name!r}: pl.Series({column.cast(pl.String).to_list()!r}).cast({dtype})"
    return f"{name!r}: pl.Series({text_of(column.to_list())}, dtype={dtype})"
