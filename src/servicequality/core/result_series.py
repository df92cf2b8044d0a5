"""Results of `evaluate` as series in the order of time: one metric of them, or several side by side."""

from collections.abc import Mapping, Sequence

import polars as pl

from servicequality.checks import column, holds_texts, listed, near, shown
from servicequality.core.grouping import PERIOD
from servicequality.core.results import RESULT
from servicequality.errors import InputError, ParameterError

METRIC = "metric"
_VALUE = "value"


def is_result(schema: Mapping[str, pl.DataType]) -> bool:
    """Whether columns of these types hold a result of `evaluate`, or as much of one as a series needs."""
    return {PERIOD, METRIC, _VALUE} <= set(schema) and holds_texts(schema[METRIC])


def keys_of(names: Sequence[str]) -> list[str]:
    """The key columns of a result."""
    return [name for name in names if name not in RESULT and name != PERIOD]


def dated(frame: pl.DataFrame, at: str) -> tuple[pl.DataFrame, str | None]:
    """The rows of a result that have a time, and how many were set aside, in words.

    Raises:
        InputError: no row has one.
    """
    known = frame.filter(column(at).is_not_null())
    aside = frame.height - known.height
    if not aside:
        return frame, None
    if known.is_empty():
        raise InputError(f"column {at!r}: no row has a time; compute the metrics by period, with every= and at=")
    return known, f"{aside} figure{'s' if aside > 1 else ''} of rows without a time set aside"


def of_metric(frame: pl.DataFrame, metric: str | None, keys: Sequence[str]) -> pl.DataFrame:
    """The rows of one metric, or all where the frame is no result, has one metric, or metrics are among the keys.

    Raises:
        ParameterError: a metric is named, and the frame is no result.
        InputError: the result has no such metric, or several of which none is named.
    """
    if metric is not None:
        if METRIC not in frame.columns:
            raise ParameterError(
                f"metric={shown(metric)} picks rows of a result of evaluate, and the series has no column 'metric'"
            )
        return of_metrics(frame, [metric])
    if is_result(frame.schema) and METRIC not in keys:
        names = _names(frame).unique(maintain_order=True).to_list()
        if len(names) > 1:
            raise InputError(
                f"the series holds several metrics, {listed(map(shown, names))}: name one with metric=, "
                "or take each by itself with by='metric'"
            )
    return frame


def of_metrics(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The rows of some metrics of a result.

    Raises:
        InputError: the result has no such metric.
    """
    held = _names(frame)
    known = held.unique(maintain_order=True).drop_nulls().to_list()
    absent = [name for name in names if name not in known]
    if known and absent:  # a result of no rows has no metric to compare with
        raise InputError(
            f"the series has no metric {shown(absent[0])}{near(absent[0], known)}; it holds {listed(map(shown, known))}"
        )
    return frame.filter(held.is_in(list(names)))


def side_by_side(frame: pl.DataFrame, names: Sequence[str], at: str) -> pl.DataFrame:
    """The values of some metrics of a result, a column each and a row a time.

    Raises:
        InputError: the result has no such metric, or several rows of one at a time.
    """
    rows = of_metrics(frame, names)
    twice = rows.filter(pl.struct(column(at), pl.col(METRIC)).is_duplicated())
    if twice.height:
        groups = listed(map(shown, keys_of(frame.columns))) or "none"
        raise InputError(
            f"column {at!r}: several values of {shown(twice[METRIC][0])} at {twice[at].alias('at').min()!s}; the keys of the "
            f"result are {groups}: keep one group, such as series.filter(team='a'), or evaluate without by="
        )
    times = rows.select(column(at)).unique().sort(column(at))
    held = _names(rows)
    parts = [rows.filter(held == name).select(column(at), pl.col(_VALUE).alias(name)) for name in names]
    for part in parts:
        times = times.join(part, on=column(at), how="left", maintain_order="left")
    return times


def _names(frame: pl.DataFrame) -> pl.Series:
    """The metrics' names, a row each.

    Raises:
        InputError: the column holds no names.
    """
    names = frame[METRIC]
    if not holds_texts(names.dtype):
        raise InputError(f"column 'metric' holds {names.dtype}, expected names of metrics")
    return names.cast(pl.String)
