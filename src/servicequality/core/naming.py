"""Columns of a table's call, called so that they can meet none of the table's own."""

import inspect
from typing import Any

import polars as pl

from servicequality.checks import is_pattern, unused_prefix
from servicequality.core.spec import Spec
from servicequality.model import Records, as_frame

__all__ = ["called_back", "named_apart"]


def named_apart(spec: Spec, call: inspect.BoundArguments) -> dict[str, str]:
    """Rename in a call's data and options the columns that begin with "_", as the tables' own do, or read like a pattern.

    Args:
        spec: the table's own.
        call: its arguments, in which data become frames of Polars.

    Returns:
        The columns' own names by their new ones.
    """
    parameters = spec.parameters.parameters
    frames = {*list(parameters)[: spec.data], *(role for role, one in parameters.items() if one.annotation is Any)}
    roles = [role for role, given in call.arguments.items() if role in frames or _is_frame(given)]
    data = {role: _tables(call.arguments[role]) for role in roles}
    names = {name for tables in data.values() for table in tables.values() for name in table.collect_schema()}
    prefix = unused_prefix(names)
    aside = {name: prefix + name for name in sorted(names) if name.startswith("_") or is_pattern(name)}
    for role, tables in data.items():
        given = call.arguments[role]
        renamed = {name: table.rename(aside, strict=False) for name, table in tables.items()} if aside else tables
        if not isinstance(given, Records):
            call.arguments[role] = renamed[""]  # which is read already
        elif aside:
            call.arguments[role] = given.replace(**renamed)
    for role in (*spec.inputs, "by", "keep"):
        if role in call.arguments:
            call.arguments[role] = _renamed(call.arguments[role], aside)
    return {other: name for name, other in aside.items()}


def called_back(text: str, back: dict[str, str]) -> str:
    """A message with the columns' own names."""
    for other, name in back.items():
        text = text.replace(other, name)
    return text


def _is_frame(given: Any) -> bool:
    return isinstance(given, pl.LazyFrame | Records) or hasattr(given, "__arrow_c_stream__")


def _tables(given: Any) -> dict[str, Any]:
    return given.tables if isinstance(given, Records) else {"": as_frame(given)}


def _renamed(names: Any, aside: dict[str, str]) -> Any:
    if isinstance(names, str):
        return aside.get(names, names)
    return [_renamed(name, aside) for name in names] if isinstance(names, tuple | list) else names
