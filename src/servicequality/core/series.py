"""Series in the order of time: the check of a series, its groups, its gaps."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from servicequality.checks import column, first_line, holds_numbers, in_calendar, listed, shown, values_of
from servicequality.core.domains import require_columns
from servicequality.core.result_series import dated, is_result, keys_of, of_metric, of_metrics, side_by_side
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

By = str | Sequence[str]

_GROUP = "servicequality.group"
_MOST = 10_000_000  # points


def names_of(by: By | None) -> list[str]:
    """The key columns of a call, checked as those of `evaluate` are, but for the names of a result's columns.

    Raises:
        ParameterError: a key is not a name, or a column is named twice.
    """
    given = [] if by is None else [by] if isinstance(by, str) else by
    if not isinstance(given, list | tuple) or not all(isinstance(key, str) for key in given):
        raise ParameterError(f"by takes names of columns, got {shown(by)}; add an expression as a column first")
    if len(set(given)) < len(given):
        raise ParameterError(f"by names a column twice: {listed(given)}")
    return list(given)


class Ordered(NamedTuple):
    """Series in the order of time.

    Attributes:
        groups: the series of each group with the columns `by…, at, columns…` in Float64; one empty frame of nothing.
        note: what was set aside, in words.
    """

    groups: list[pl.DataFrame]
    note: str | None


def ordered(
    series: Any,
    columns: Sequence[str],
    *,
    at: str,
    by: By = (),
    every: str | None = None,
    role: str = "series",
    metric: str | None = None,
) -> Ordered:
    """The series of each group, by group and time.

    Rows of a result of `evaluate` that have no period are set aside.

    Args:
        series: any dataframe, one row a point; null is a gap.
        columns: columns of numbers, or names of metrics of a result.
        at: column of the points' times.
        by: key columns.
        every: distance between the points; times that have no row become rows of nulls. None takes the rows as they are.
        role: what asks, for the message about a missing column.
        metric: the metric of a result whose columns are taken.

    Raises:
        InputError: a column or metric is missing or not of numbers, a point is not finite, two points of a group have one
            time, or a point lies between the steps of `every`.
        ParameterError: `every` is no distance.
    """
    series_types(series, columns, at=at, by=by, role=role)
    keys = names_of(by)
    frame = as_frame(series).lazy().collect()
    if is_result(frame.schema) and not set(columns) <= set(frame.columns):
        frame, note = dated(of_metrics(frame, columns), at)
        frame = side_by_side(frame, columns, at)
    else:
        frame = of_metric(frame, metric, keys)
        frame, note = dated(frame, at) if is_result(frame.schema) else (frame, None)
    _check(frame, columns, at, keys)
    own = [column(name) for name in (*keys, at)]
    rows = frame.select(*own, *(column(name).cast(pl.Float64) for name in columns)).sort(own)
    groups = [rows]
    if keys and rows.height:
        numbered = rows.with_columns(rows.select(pl.struct(own[:-1]).rle_id().alias(_GROUP)))
        groups = numbered.partition_by(_GROUP, maintain_order=True, include_key=False)
    return Ordered(groups if every is None else [_with_gaps(group, at, every, keys) for group in groups], note)


def series_types(
    series: Any, columns: Sequence[str], *, at: str, by: By = (), role: str = "series"
) -> dict[str, pl.DataType]:
    """The types of `by…, at`, from the schema alone.

    Raises:
        InputError: a column is missing or of a wrong type.
    """
    keys = names_of(by)
    schema = as_frame(series).lazy().collect_schema()
    if is_result(schema) and not set(columns) <= set(schema):  # they are metrics, known by their rows
        columns = ["value"]
    require_columns(schema, [*keys, at, *columns], role=role)
    named = [*keys, at, *columns]
    if twice := [name for name in named if named.count(name) > 1]:
        raise ParameterError(f"{role}: column {shown(twice[0])} is named twice in the call")
    if not schema[at].is_temporal():
        raise InputError(f"column {at!r} holds {schema[at]}, expected dates or instants, which order a series")
    for name in columns:
        if not holds_numbers(schema[name]):
            raise InputError(f"column {name!r} holds {schema[name]}, expected numbers; cast it first")
    return {name: schema[name] for name in (*keys, at)}


def _with_gaps(group: pl.DataFrame, at: str, every: str, keys: list[str]) -> pl.DataFrame:
    try:
        times = group.get_column(at).alias("at").to_frame()
        refuse_many(times["at"], every)
        whole = times.upsample("at", every=every, maintain_order=True)
    except ParameterError:
        raise
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
    ) as error:
        raise ParameterError(
            f"every={every!r} makes no steps from {at!r} ({first_line(error)}): use a length such as '1d' or '1w'"
        ) from None
    if len(astray := times["at"].filter(~times["at"].is_in(whole["at"].implode()))):
        raise InputError(f"column {at!r}: {astray[0]} lies between the steps of every={every!r}; truncate it first")
    if not group.height:
        return group
    places = whole.join(times.with_row_index(_GROUP), on="at", how="left", maintain_order="left")[_GROUP]
    rest = group.select(column(name) for name in group.columns if name not in (*keys, at))
    # By name: a list of columns would give one of an empty name another.
    points = {key: group[key].new_from_index(0, whole.height) for key in keys} | {at: whole["at"]}
    return pl.DataFrame(points | {number.name: number.alias("points").gather(places) for number in rest})


def refuse_many(times: pl.Series, every: str) -> None:
    """Raise ParameterError for steps that lead nowhere, or are so short that they would fill the memory.

    Args:
        times: the times of the series, in any order.
        every: the distance between its points.
    """
    first = times.head(1)
    if not isinstance(every, str) or not len(first):
        return
    step = (first.dt.offset_by(every).to_physical() - first.to_physical()).item()
    instants = times.to_physical()
    span = int(instants.max()) - int(instants.min())  # type: ignore[arg-type]  # whole numbers
    if step == 0 < span:
        raise ParameterError(f"every={every!r} is shorter than the clock of the series, which holds {times.dtype}")
    if 0 < step <= span // _MOST:
        raise ParameterError(
            f"every={every!r} makes {span // step:,} points, and at most {_MOST:,} are made: use a longer distance"
        )


def _check(frame: pl.DataFrame, columns: Sequence[str], at: str, keys: list[str]) -> None:
    for name in columns:
        if bad := int((~frame[name].alias("points").cast(pl.Float64).is_finite()).sum()):
            raise InputError(f"column {name!r}: {bad} points that are not finite; a gap is a null")
    if blank := frame[at].null_count():
        raise InputError(f"column {at!r}: {blank} points without a time; filter them")
    if outside := int((~in_calendar(frame[at])).sum()):
        raise InputError(f"column {at!r}: {outside} points outside the years 1 to 9999; correct or filter them")
    twice = frame.select(pl.struct([column(name) for name in (*keys, at)]).is_duplicated()).to_series()
    if twice.any():
        some = frame.filter(twice)[at].alias("at").unique().sort().head(3)
        times = values_of(some) if some.dtype == pl.Duration else ", ".join(map(str, some))
        groups = [key for key in keys_of(frame.columns) if key not in keys] if is_result(frame.schema) else []
        which = (
            f"columns that distinguish them, {listed(map(shown, groups))},"
            if groups
            else "column that distinguishes them"
        )
        raise InputError(f"column {at!r}: several points at {times}; name the {which} with by=, or add them up")
