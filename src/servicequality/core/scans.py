"""What is read for a call: the frame of each grain with its plan, ready to be scanned."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl

from servicequality.checks import first_line, holds_numbers, listed, shown
from servicequality.core.grouping import Grouping
from servicequality.core.options import refuse_records
from servicequality.core.plans import Plan
from servicequality.core.rule import Rule
from servicequality.errors import InputError
from servicequality.model import UNREADABLE, Records, as_frame, holds_rows

_MANY = 100_000  # rows in memory, of which a second copy is not made

M = TypeVar("M", bound=Rule)


def scans(
    frame: Any, metrics: Sequence[M], groupings: Sequence[Grouping], instants: Mapping[str, str | None]
) -> list[tuple[pl.LazyFrame, Plan, bool]]:
    """The rows of each grain, checked for columns, with their plan, and whether they are many and held in memory.

    Args:
        frame: any dataframe, or a mapping of grain to dataframe.
        metrics: the metrics.
        groupings: alike but for the instant; each frame is scanned once for each that its metrics need.
        instants: the instant's column of each grain, as `instant_columns` gave it.

    Raises:
        InputError: a frame or a column is missing or of a wrong type.
    """
    parts = [
        (as_frame(data), Plan(tuple(alike), grouping))
        for data, group in by_grain(frame, metrics)
        for grouping in groupings
        if (alike := [metric for metric in group if instants[metric.grain] == grouping.at])
    ]
    return [(plan.prepared(rows), plan, isinstance(rows, pl.DataFrame) and len(rows) > _MANY) for rows, plan in parts]


def one_column(data: Any, metric: Rule) -> Any:
    """A Series, list or array as a frame of the metric's first column; everything else is left to `as_frame`.

    Raises:
        InputError: values of several kinds, an array that is no column, or one that cannot be read.
    """
    is_list = isinstance(data, Sequence) and not (
        isinstance(data, str | bytes | bytearray | memoryview) or holds_rows(data)
    )
    if not (is_list or isinstance(data, pl.Series | np.ndarray) or _is_lone_column(data)):
        return data
    name = metric.inputs[0].name
    if isinstance(data, np.ndarray) and data.ndim != 1:
        raise InputError(
            f"{metric.name}: the array for {shown(name)} has the shape {data.shape}; a column has one dimension"
        )
    try:
        return _numbers(name, list(data)) if is_list else pl.DataFrame({name: _values(data)})
    except UNREADABLE as error:
        kinds = {type(value): value for value in reversed(data) if value is not None} if is_list else {}
        if len(kinds) > 1:
            examples = listed(f"{kind.__name__} such as {shown(value)}" for kind, value in reversed(kinds.items()))
            why = f"the values for {shown(name)} are of mixed types ({examples}); give numbers alone"
        else:
            why = (
                f"the {type(data).__name__} for {shown(name)} cannot be read as a column ({first_line(error)}); "
                "give a list of numbers, an array or a Series"
            )
        raise InputError(f"{metric.name}: {why}") from None


def _numbers(name: str, values: list[Any]) -> pl.DataFrame:
    """Values of one kind as they are, and numbers of several kinds, such as 4 and 4.5, in a type that holds them all.

    Raises:
        TypeError: values of several kinds.
    """
    try:
        return pl.DataFrame({name: pl.Series(values, strict=True)})
    except TypeError:
        frame: pl.DataFrame = as_frame({name: values})
        if not holds_numbers(frame.schema[name]):
            raise
        return frame


def _values(data: Any) -> Any:
    """A column as Polars reads it; the arrays of pandas can be had as Arrow's."""
    if isinstance(data, pl.Series | np.ndarray):
        return data
    return pl.Series(data.__arrow_array__() if hasattr(data, "__arrow_array__") else data)


def by_grain(frame: Any, metrics: Sequence[M]) -> list[tuple[Any, list[M]]]:
    """The frame of each grain with its metrics; one frame serves all.

    Raises:
        InputError: no frame of a metric's grain is there, or records are given in the place of rows.
    """
    refuse_records(frame)
    if not _is_by_grain(frame):
        return [(frame, list(metrics))]
    for part in frame.values():
        refuse_records(part)
    grains = list(dict.fromkeys(metric.grain for metric in metrics))
    if absent := [grain for grain in grains if grain not in frame]:
        wanting = [metric.name for metric in metrics if metric.grain == absent[0]]
        raise InputError(
            f"no frame of {absent[0]!r} rows, which {listed(wanting)} reads; got frames of {listed(map(shown, frame))}"
        )
    return [(frame[grain], [metric for metric in metrics if metric.grain == grain]) for grain in grains]


def _is_by_grain(frame: Any) -> bool:
    """Whether this is a mapping of grain to tables; one of columns holds no table, but may hold columns of structs."""
    if not isinstance(frame, Mapping):
        return False
    parts = list(frame.values())
    if any(isinstance(part, Records) or _is_table(part) for part in parts):
        return True
    return any(map(holds_rows, parts)) and all(holds_rows(part) or part == [] for part in parts)


def _is_table(thing: Any) -> bool:
    # A lazy frame warns when it is asked for its columns.
    return isinstance(thing, pl.LazyFrame) or hasattr(thing, "columns") or hasattr(thing, "column_names")


def _is_lone_column(thing: Any) -> bool:
    """A Series or array of another library: no columns, but values."""
    if isinstance(thing, Mapping) or _is_table(thing):
        return False
    return hasattr(thing, "dtype") or (type(thing).__module__.startswith("pyarrow") and hasattr(thing, "type"))
