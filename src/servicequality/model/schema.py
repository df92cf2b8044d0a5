"""The Polars schema of a record, from its type hints."""

import dataclasses
import datetime as dt
import functools
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import polars as pl

from servicequality.errors import DefinitionError

__all__ = ["nullable_fields", "required_fields", "schema_of", "stored_type"]

INSTANT = pl.Datetime("us", "UTC")
_PLAIN: dict[object, pl.DataType] = {
    str: pl.String(),
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
    dt.datetime: INSTANT,
}


def schema_of(record: type) -> pl.Schema:
    """The Polars schema that a record's annotations mean, in the order of its fields.

    ``Literal`` of texts becomes ``Enum``, ``datetime`` becomes ``Datetime("us", "UTC")``, ``T | None`` is as ``T``.

    Args:
        record: the dataclass of a table.

    Raises:
        DefinitionError: A field has an annotation without a column type.
    """
    return pl.Schema(_fields(record))


def nullable_fields(record: type) -> frozenset[str]:
    """The fields whose annotation admits None, so that a null in their column is a value and no fault."""
    hints = get_type_hints(record)
    return frozenset(name for name in _fields(record) if type(None) in get_args(hints[name]))


def required_fields(record: type) -> list[str]:
    """The fields without a default: columns that must be there."""
    return [field.name for field in dataclasses.fields(record) if field.default is dataclasses.MISSING]


def stored_type(dtype: pl.DataType, zone: str | None) -> pl.DataType:
    """The type of a column whose role is of `dtype`: instants are kept in `zone`, UTC if it is None."""
    return pl.Datetime("us", zone or "UTC") if isinstance(dtype, pl.Datetime) else dtype


@functools.cache
def _fields(record: type) -> dict[str, pl.DataType]:
    hints = get_type_hints(record)
    return {name: _dtype(hints[name], f"{record.__name__}.{name}") for name in hints if not name.startswith("_")}


def _dtype(hint: Any, where: str) -> pl.DataType:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in arguments if kind is not type(None)]
        if len(kinds) == 1:
            return _dtype(kinds[0], where)
    if origin is Literal and all(isinstance(value, str) for value in arguments):
        return pl.Enum(list(arguments))
    raise DefinitionError(
        f"{where} is annotated {hint!r}; expected str, float, int, bool, datetime, a Literal of texts, or these | None"
    )
