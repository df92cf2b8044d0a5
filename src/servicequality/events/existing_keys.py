"""The services or agents that exist, as a caller lists them, so that those without an event have their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

import polars as pl

from servicequality.checks import column, first_line
from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["listed_keys"]


def listed_keys(keys: Any, types: Mapping[str, pl.DataType], *, table: str, item: str) -> pl.DataFrame:
    """What exists, under the names and types of the keys.

    Args:
        keys: any dataframe with the key columns, or a sequence of values where the key is one column.
        types: the key columns with their types.
        table: what the events are, as a message calls them.
        item: what a key stands for, as a message calls it.

    Raises:
        InputError: a key column is missing, of another type, or null.
        ParameterError: there is no key column.
    """
    if not types:
        raise ParameterError("keys lists what by tells apart; say by= too")
    values = isinstance(keys, Sequence) and not isinstance(keys, str)
    if len(types) == 1 and values and not (keys and (isinstance(keys[0], Mapping) or is_dataclass(keys[0]))):
        keys = {next(iter(types)): list(keys)}
    rows = as_frame(keys).lazy()
    require_columns(rows.collect_schema(), types, role="keys")
    try:
        listed: pl.DataFrame = rows.select(column(name).cast(dtype) for name, dtype in types.items()).collect()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"keys holds other types than the {table}: {first_line(error)}") from error
    if listed.null_count().sum_horizontal().item():
        raise InputError(f"keys has {item} without a name; leave it out")
    return listed
