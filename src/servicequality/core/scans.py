"""What is read for a call: the frame of each grain with its plan, ready to be scanned."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl

from servicequality.checks import first_line, listed, shown
from servicequality.core.grouping import Grouping
from servicequality.core.options import refuse_records
from servicequality.core.plans import Plan
from servicequality.core.rule import Rule
from servicequality.errors import InputError
from servicequality.model import as_frame, holds_rows

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
    """A Series, list or array as a frame of the metric's first column; everything else is left to `as_frame`."""
    values = isinstance(data, (list, tuple)) and not holds_rows(data)
    if not (values or isinstance(data, (pl.Series, np.ndarray)) or _is_lone_column(data)):
        return data
    name = metric.inputs[0].name
    try:
        return pl.DataFrame({name: data if isinstance(data, (pl.Series, np.ndarray)) else pl.Series(data, strict=True)})
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{metric.name}: the values for {shown(name)} are of mixed types ({first_line(error)}); give numbers alone"
        ) from None


def by_grain(frame: Any, metrics: Sequence[M]) -> list[tuple[Any, list[M]]]:
    """The frame of each grain with its metrics; one frame serves all.

    Raises:
        InputError: no frame of a metric's grain is there, or records are given in the place of rows.
    """
    refuse_records(frame)
    if not (isinstance(frame, Mapping) and frame and all(_is_frame(part) for part in frame.values())):
        return [(frame, list(metrics))]
    grains = list(dict.fromkeys(metric.grain for metric in metrics))
    if absent := [grain for grain in grains if grain not in frame]:
        wanting = [metric.name for metric in metrics if metric.grain == absent[0]]
        raise InputError(
            f"no frame of {absent[0]!r} rows, which {listed(wanting)} reads; got frames of {listed(map(shown, frame))}"
        )
    return [(frame[grain], [metric for metric in metrics if metric.grain == grain]) for grain in grains]


def _is_frame(thing: Any) -> bool:
    # A lazy frame warns when it is asked for its columns.
    return (
        isinstance(thing, pl.LazyFrame)
        or hasattr(thing, "columns")
        or hasattr(thing, "column_names")
        or holds_rows(thing)
    )


def _is_lone_column(thing: Any) -> bool:
    """A Series or array of another library: no columns, but values."""
    return not isinstance(thing, Mapping) and not _is_frame(thing) and hasattr(thing, "dtype")
