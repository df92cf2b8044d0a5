"""Columns as texts, truths, lengths of time and instants, in other words, and out of JSON and structs."""

from collections.abc import Collection, Sequence

import polars as pl

from servicequality.checks import shown
from servicequality.errors import InputError
from servicequality.model.coercion import coerced
from servicequality.sources.language import Value

__all__ = ["NOTHING", "Typed", "as_text", "flag_of", "in_words", "inside", "of_one_type", "read_as", "unused"]

Typed = tuple[pl.Expr, pl.DataType]
"""An expression and its type."""

NOTHING: Typed = (pl.lit(None), pl.Null())
"""What is null for every row."""

_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "milliseconds": 0.001}
_PER_SECOND = {"unix seconds": 1_000_000, "unix milliseconds": 1_000}
_FEW = 6  # words that are compared one by one


def unused(names: Collection[str]) -> str:
    """A name that none of the columns has."""
    number = len(names)
    while f"·{number}" in names:
        number += 1
    return f"·{number}"


def read_as(made: pl.Expr, dtype: pl.DataType, reading: str) -> Typed:
    """A value as one of `READINGS`, null where it is none."""
    if reading == "flag":
        return flag_of(made, dtype), pl.Boolean()
    if reading == "end of day":
        text = made.cast(pl.String).str.slice(0, 10)
        day = made.dt.date() if isinstance(dtype, pl.Datetime) else text.str.to_date(strict=False)
        return day.dt.offset_by("1d").cast(pl.Datetime("us")), pl.Datetime("us")
    if reading == "hh:mm":
        parts = as_text(made, dtype).str.extract_groups(r"^\s*(\d+):(\d\d)(?::(\d\d))?\s*$")
        hours, minutes, seconds = (parts.struct.field(str(i)).cast(pl.Float64, strict=False) for i in (1, 2, 3))
        return hours * 3600 + minutes * 60 + seconds.fill_null(0.0), pl.Float64()
    number = coerced(made, dtype, pl.Float64(), None)
    if number is None:
        return pl.lit(None, pl.Float64), pl.Float64()
    if reading in _SECONDS:
        return number * _SECONDS[reading], pl.Float64()
    inside = pl.when(number.abs() < 2.5e11 * (1_000_000 / _PER_SECOND[reading])).then(number)
    count = (inside * _PER_SECOND[reading]).round(0).cast(pl.Int64, strict=False)
    return count.cast(pl.Datetime("us", "UTC")), pl.Datetime("us", "UTC")


def flag_of(made: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether a value is true, in any spelling; null where it is neither true nor false."""
    if dtype == pl.Boolean:
        return made
    word = as_text(made, dtype).str.strip_chars().str.to_lowercase()
    return pl.when(word.is_in(_YES)).then(statement=True).when(word.is_in(_NO)).then(statement=False)


def as_text(made: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value as its text: 17.0 is "17", true is "true".

    Raises:
        InputError: values of this type have no text.
    """
    if dtype == pl.String:
        return made
    if dtype.is_nested() or dtype in (pl.Duration, pl.Binary, pl.Object):
        names = ", ".join(map(shown, made.meta.root_names()))
        raise InputError(f"column {names} holds {dtype}, where texts, numbers, truths or instants are needed")
    text = coerced(made, dtype, pl.String(), None) if dtype.is_numeric() or dtype == pl.Null else None
    return made.cast(pl.String) if text is None else text


def in_words(made: pl.Expr, dtype: pl.DataType, value: Value) -> Typed:
    """The text with other words for some."""
    text = as_text(made, dtype)
    chain = text if value.others == "keep" else pl.lit(None, pl.String)
    if len(value.words) > _FEW:
        return text.replace_strict(value.words, default=chain, return_dtype=pl.String), pl.String()
    for word, other in reversed(list(value.words.items())):  # half the time, where there are few
        chain = pl.when(text == word).then(pl.lit(other)).otherwise(chain)
    return chain, pl.String()


def inside(made: pl.Expr, dtype: pl.DataType, path: str) -> Typed:
    """What stands at a path inside of JSON text or of structs."""
    names = path.split(".")
    if isinstance(dtype, pl.Struct):
        for name in names:
            inner = {one.name: one.dtype for one in dtype.fields} if isinstance(dtype, pl.Struct) else {}
            if name not in inner:
                return NOTHING
            kind = inner[name]
            made, dtype = made.struct.field(name), kind() if isinstance(kind, type) else kind
        return made, dtype
    if dtype != pl.String:
        return NOTHING
    steps = "".join(f"['{name}']" for name in names)
    return made.str.json_path_match(f"${steps}"), pl.String()


def of_one_type(several: Sequence[Typed]) -> tuple[list[pl.Expr], pl.DataType]:
    """Values of one type; of several types, all as text."""
    kinds = {dtype for _, dtype in several if dtype != pl.Null}
    if len(kinds) > 1:
        return [as_text(made, dtype) for made, dtype in several], pl.String()
    dtype = next(iter(kinds), pl.Null())
    return [made if own == dtype else made.cast(dtype) for made, own in several], dtype
