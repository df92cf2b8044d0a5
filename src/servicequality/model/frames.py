"""The round trip between dataclasses and frames."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import polars as pl

from servicequality.checks import first_line
from servicequality.errors import InputError
from servicequality.model.record import Record
from servicequality.model.schema import schema_of
from servicequality.model.validation import conform

__all__ = ["from_frame", "to_frame", "values_of_field"]

R = TypeVar("R", bound=Record)


def to_frame(rows: Iterable[Record]) -> pl.DataFrame:
    """Records of one kind as a frame with their schema; instants become UTC. No rows give a frame without columns.

    Args:
        rows: the records, of one dataclass.

    Raises:
        InputError: The rows are of several kinds, or a field holds a value that its annotation does not allow.
    """
    rows = list(rows)
    kinds = {type(row): None for row in rows}
    if not kinds:
        return pl.DataFrame()
    if len(kinds) > 1 or not issubclass(kind := next(iter(kinds)), Record):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise InputError(f"expected records of one kind, such as Ticket; got {names}: make one table of each kind")
    return pl.DataFrame(
        [_column(kind, name, dtype, values_of_field(rows, name)) for name, dtype in schema_of(kind).items()]
    )


def from_frame(record: type[R], frame: pl.DataFrame) -> list[R]:
    """The rows of a frame as records, in order; columns that are not roles are left out. `to_frame` is the way back.

    Args:
        record: the dataclass of the rows.
        frame: the rows.

    Raises:
        InputError: The frame does not conform to the record.
    """
    roles = conform(frame, record).select(schema_of(record).names())
    return [record(**row) for row in roles.iter_rows(named=True)]


def values_of_field(rows: Sequence[Any], name: str) -> list[Any]:
    """The values of a field of dataclasses, in order.

    Raises:
        InputError: a row was made without its fields.
    """
    try:
        return [getattr(row, name) for row in rows]
    except AttributeError:
        raise InputError(
            f"a {type(rows[0]).__name__} has no value in its field {name!r}; give it one, or None"
        ) from None


def _column(kind: type[Record], name: str, dtype: pl.DataType, values: list[Any]) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        values = [value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in values]
    try:
        return pl.Series(name, values, dtype=dtype)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{kind.__name__}.{name} must hold {dtype} or None: {first_line(error)}") from error
