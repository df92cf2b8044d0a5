"""One row a record: which stated rules it passes."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from servicequality.checks import column, shown
from servicequality.core import Computation, check_condition, collected, of_frame, require_columns, row_condition
from servicequality.errors import InputError, ParameterError
from servicequality.events.matching import among
from servicequality.model import as_frame

__all__ = ["checked_records"]


@of_frame
def checked_records(
    records: Any,
    *,
    rules: Mapping[str, pl.Expr] | None = None,
    required: str | Sequence[str] = (),
    unique: str | Sequence[str] = (),
    references: Mapping[str, Any] | None = None,
) -> Computation:
    """The records with a flag for each stated rule, and `passes`: whether a record passes them all.

    Args:
        records: any dataframe, one row a record; all columns and the order of the rows are kept. Lazy stays lazy.
        rules: name to Boolean row rule of a good record; null fails. The name is that of the flag.
        required: columns that must not be null; each is a rule "column is there".
        unique: columns whose value must occur once; each is a rule "column is unique". Every copy of a value fails.
        references: column to a frame with a column of that name, a Series or a list, which holds its legal values; each is a
            rule "column is known". A null passes: it refers to nothing.

    Raises:
        InputError: a column is missing, a rule does not fit the columns or is not Boolean, or legal values are of another
            type than the column.
        ParameterError: no rule at all, a rule that looks at other rows, or one whose name a column or another rule has.
    """
    rows: pl.LazyFrame = as_frame(records).lazy()
    schema = rows.collect_schema()
    there, once, legal = _names("required", required), _names("unique", unique), references or {}
    require_columns(schema, [*there, *once, *legal], role="checked_records")
    flags = {name: _passed(rows, name, rule) for name, rule in (rules or {}).items()}
    named = [*flags, *(f"{name} is there" for name in there), *(f"{name} is unique" for name in once)]
    named += [f"{name} is known" for name in legal]
    if not named:
        raise ParameterError("checked_records: no rule given: name rules=, required=, unique= or references=")
    taken = [name for place, name in enumerate([*named, "passes"]) if name in schema or name in named[:place]]
    if taken:
        raise ParameterError(
            f"checked_records: {taken[0]!r} names a column or another rule already; rename one of the two"
        )
    flags |= {f"{name} is there": column(name).is_not_null() for name in there}
    flags |= {f"{name} is unique": pl.len().over(column(name)) == 1 for name in once}
    rows = rows.with_columns(rule.alias(name) for name, rule in flags.items())
    for name, values in legal.items():
        rows = among(rows, _listed(name, values), name, flag=f"{name} is known", beside=f"in references[{name!r}]")
    known = [f"{name} is known" for name in legal]
    rows = rows.with_columns(column(name).fill_null(value=True) for name in known)
    plan = rows.with_columns(pl.all_horizontal(map(column, named)).alias("passes"))
    return Computation(lambda: collected(plan), plan.collect_schema)


def _names(option: str, given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"checked_records: {option} takes names of columns, got {shown(given)}")
    return list(names)


def _passed(rows: pl.LazyFrame, name: Any, rule: Any) -> pl.Expr:
    if not isinstance(name, str) or not name.strip():
        raise ParameterError(
            f"checked_records: rules maps a rule's name, a text, to the rule; got the name {shown(name)}"
        )
    role = f"checked_records: rules[{name!r}]"
    condition = row_condition(rule, role=role)
    require_columns(rows.collect_schema(), condition.meta.root_names(), role=role)
    check_condition(rows, condition, role=role)
    return condition.cast(pl.Boolean).fill_null(value=False)


def _listed(name: str, values: Any) -> pl.LazyFrame:
    """The legal values of a column, as a frame of one column."""
    role = f"checked_records: references[{name!r}]"
    if isinstance(values, pl.Series | list | tuple | set | frozenset):
        try:
            return pl.LazyFrame([pl.Series(name, values if isinstance(values, pl.Series) else list(values))])
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{role}: the legal values are not of one type: {shown(values)}") from error
    frame: pl.LazyFrame = as_frame(values).lazy()
    require_columns(frame.collect_schema(), [name], role=role)
    return frame.select(column(name))
