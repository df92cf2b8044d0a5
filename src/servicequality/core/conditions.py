"""Conditions that a caller gives: row by row, and true or false."""

from typing import Any

import polars as pl

from servicequality.checks import first_line, holds_flags, shown
from servicequality.core.rule_tree import literal_names, strange, tree
from servicequality.errors import InputError, ParameterError

__all__ = ["check_condition", "row_condition"]


def row_condition(condition: Any, *, role: str) -> pl.Expr:
    """The condition with its columns by their literal names.

    Args:
        condition: what the caller gave.
        role: how a message calls it, such as "nps.where".

    Raises:
        ParameterError: it is not an expression, or looks at other rows than its own, or at none.
    """
    if not isinstance(condition, pl.Expr):
        raise ParameterError(f'{role}: expected an expression such as pl.col("tier") == "gold", got {shown(condition)}')
    if (why := strange(tree(condition))) is not None:
        raise ParameterError(
            f"{role}: a condition says true or false of each row from its own columns; this one reads {why}. "
            "Add it to the frame as a column first, and name that column"
        )
    return literal_names(condition)


def check_condition(data: pl.LazyFrame, condition: pl.Expr, *, role: str) -> None:
    """Raise InputError for a condition that the columns cannot answer, or that is not Boolean.

    Args:
        data: the frame; its columns alone are looked at, and the condition's are among them.
        condition: what `row_condition` gave.
        role: how a message calls it.
    """
    try:
        none = pl.LazyFrame(schema=data.collect_schema())  # the schema alone does not tell what cannot be compared
        dtype = none.select(condition.alias("condition")).collect().schema["condition"]
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{role}: the condition does not fit the columns: {first_line(error)}") from error
    if not holds_flags(dtype):
        raise InputError(f"{role}: the condition gives {dtype}, expected true or false (Boolean)")
