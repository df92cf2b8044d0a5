"""Points in the order of time. Lives here: the check of a series, its groups, its gaps. Never: what is made of the points."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.core.domains import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

By = str | Sequence[str]


def ordered(
    series: Any, columns: Sequence[str], *, at: str, by: By = (), every: str | None = None, role: str = "series"
) -> list[pl.DataFrame]:
    """The series of each group with the columns `by…, at, columns…` in Float64, by group and time; one empty frame of nothing.

    Args:
        series: any dataframe, one row a point; null is a gap.
        columns: columns of numbers.
        at: column of the points' times.
        by: key columns.
        every: distance of the points; times that have no row become rows of nulls. None takes the rows as they are.
        role: what asks, for the message about a missing column.

    Raises:
        InputError: a column is missing or not of numbers, a point is not finite, two points of a group have one time, or a
            point lies between the steps of `every`.
        ParameterError: `every` is no distance.
    """
    series_types(series, columns, at=at, by=by, role=role)
    keys = [by] if isinstance(by, str) else list(by)
    frame = as_frame(series).lazy().collect()
    _check(frame, columns, at, keys)
    rows = frame.select(*keys, at, *(pl.col(name).cast(pl.Float64) for name in columns)).sort(*keys, at)
    groups = (rows.partition_by(keys, maintain_order=True) if keys else [rows]) or [rows]
    return groups if every is None else [_with_gaps(group, at, every, keys) for group in groups]


def series_types(
    series: Any, columns: Sequence[str], *, at: str, by: By = (), role: str = "series"
) -> dict[str, pl.DataType]:
    """The types of `by…, at`, from the schema alone.

    Raises:
        InputError: a column is missing or of a wrong type.
    """
    keys = [by] if isinstance(by, str) else list(by)
    schema = as_frame(series).lazy().collect_schema()
    require_columns(schema, [*keys, at, *columns], role=role)
    if not schema[at].is_temporal():
        raise InputError(f"column {at!r} holds {schema[at]}, expected dates or instants, which order a series")
    for name in columns:
        if not (schema[name].is_numeric() or schema[name] == pl.Null):
            raise InputError(f"column {name!r} holds {schema[name]}, expected numbers; cast it first")
    return {name: schema[name] for name in (*keys, at)}


def _with_gaps(group: pl.DataFrame, at: str, every: str, keys: list[str]) -> pl.DataFrame:
    try:
        whole = group.select(at).upsample(at, every=every, maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise ParameterError(
            f"every={every!r} makes no steps from {at!r} ({error}): use a length such as '1d' or '1w'"
        ) from None
    if len(astray := group[at].filter(~group[at].is_in(whole[at].implode()))):
        raise InputError(f"column {at!r}: {astray[0]} lies between the steps of every={every!r}; truncate it first")
    if not group.height:
        return group
    labels = [pl.lit(group[key][0], group.schema[key]).alias(key) for key in keys]
    return whole.join(group.drop(keys), on=at, how="left", maintain_order="left").select(*labels, pl.all())


def _check(frame: pl.DataFrame, columns: Sequence[str], at: str, keys: list[str]) -> None:
    for name in columns:
        if bad := frame.select((~pl.col(name).cast(pl.Float64).is_finite()).sum()).item():
            raise InputError(f"column {name!r}: {bad} points that are not finite; a gap is a null")
    if blank := frame[at].null_count():
        raise InputError(f"column {at!r}: {blank} points without a time; filter them")
    twice = frame.select(pl.struct(*keys, at).is_duplicated()).to_series()
    if twice.any():
        shown = ", ".join(str(when) for when in frame.filter(twice)[at].unique().sort().head(3))
        raise InputError(
            f"column {at!r}: several points at {shown}; name what tells them apart with by=, or add them up"
        )
