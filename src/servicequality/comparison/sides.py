"""The same metrics read before and after, aligned by key. Lives here: both scans, and their figures side by side.

Never here: what a change means, or a test of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from servicequality.core import Metric
from servicequality.core.binned import Binned, bin_rows
from servicequality.core.evaluation import by_grain
from servicequality.core.finishing import finish_fixed, finish_groups
from servicequality.core.question import Question
from servicequality.core.states import fixed_state, value_prefix
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.shapes import FixedShape, Mean, TableShape, mean
from servicequality.shapes.base import FloatArray
from servicequality.stats._checks import IntArray
from servicequality.stats.logrank import Tables

Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")
_FIGURES = ("value", "low", "high", "se", "n", "n_eff", "n_pending", "reason", "notes")
_LOGARITHM = "log of "
_HERE = "among the groups of a side"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sides:
    """One metric's figures before and after, a row a key.

    Attributes:
        metric: the metric.
        keys: key columns.
        rows: the keys, and each figure and each sum twice: `value before`, `value after`, `sum hits before` …
        level: two-sided confidence of the limits.
        tables: the table of each side, of a metric that reads one.
        logarithm: the same of the rows' logarithms, for means of durations.
    """

    metric: Metric
    keys: Sequence[str]
    rows: pl.DataFrame
    level: float
    tables: tuple[Binned, Binned] | None = None
    logarithm: "Sides | None" = None

    def column(self, name: str, side: Side) -> FloatArray:
        """A figure or sum of one side; NaN where it is undefined or the side has no such key."""
        return self.rows[f"{name} {side}"].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    def both(self, name: str) -> tuple[FloatArray, FloatArray]:
        """A figure or sum before and after."""
        return self.column(name, "before"), self.column(name, "after")

    def has(self, name: str) -> bool:
        """Whether the sides have such a figure or sum."""
        return f"{name} before" in self.rows.columns

    @property
    def sampled(self) -> bool:
        """Whether rows are weighted or come in clusters."""
        return self.has("sum weight_squares") or self.clustered

    @property
    def clustered(self) -> bool:
        """Whether rows come in clusters."""
        return self.has("sum clusters")

    def risk_tables(self, side: Side) -> Tables:
        """The risk tables of one side, a group for each row of the answer."""
        at, offsets, sums = self.counted(side)
        gone = sums["events"]
        return Tables(offsets, at, gone, sums["n"] - gone, sums.get("entered"))

    def counted(self, side: Side) -> tuple[FloatArray, IntArray, Mapping[str, FloatArray]]:
        """The numbers of a table in ascending order for each row of the answer, its offsets, and the sums at each number."""
        assert self.tables is not None  # asked of metrics that read a table
        groups, table, _ = self.tables[SIDES.index(side)]
        assert table.sums is not None  # the engine hands over summed tables
        if not self.keys:
            return table.at, table.offsets, table.sums
        # The answer has the groups of both sides, in the order of either: rows of the other one alone are empty here.
        here = groups.select(*self.keys, pl.lit(value=True).alias(_HERE))
        found = self.rows.select(self.keys).join(
            here, on=self.keys, how="left", nulls_equal=True, maintain_order="left"
        )
        before = np.concatenate(([0], np.cumsum(found[_HERE].is_not_null().to_numpy())))
        return table.at, table.offsets[before], table.sums


def read_sides(
    before: Any, after: Any, metrics: Sequence[Metric], *, question: Question, level: float
) -> Iterator[Sides]:
    """Both frames read once each for all metrics of fixed width, and once more for each table."""
    if isinstance(before, Mapping) != isinstance(after, Mapping):
        raise ParameterError("before and after must both be frames, or both mappings of grain to frame")
    for metric in metrics:
        question.sampling.refuse_tables(metric.name, metric.shape)
    parts = zip(by_grain(before, metrics), by_grain(after, metrics), strict=True)
    found: dict[str, Sides] = {}
    for (first, group), (second, _) in parts:
        frames = _alike([question.frame(as_frame(data).lazy(), group) for data in (first, second)], question.keys)
        for frame in frames:
            question.check(frame, group)
        found |= _read(frames, group, question, level)
    yield from (found[metric.name] for metric in metrics)


def clashes(key: str) -> bool:
    """Whether a column of this name would meet a figure of one side."""
    return any(
        key.endswith(f" {side}") and (key.startswith("sum ") or key.removesuffix(f" {side}") in _FIGURES)
        for side in SIDES
    )


def _alike(frames: Sequence[pl.LazyFrame], keys: Sequence[str]) -> list[pl.LazyFrame]:
    """Both sides with their keys in one type.

    Raises:
        InputError: a key holds numbers on one side and texts on the other, or the like.
    """
    first, second = (frame.collect_schema() for frame in frames)
    casts: dict[str, pl.DataType] = {}
    for key in keys:
        types = {first[key], second[key]} - {pl.Null()}
        if len(types) == 1 and first[key] != second[key]:  # no value is known on one side
            casts[key] = types.pop()
        elif len(types) < 2:
            continue
        elif all(one.is_integer() for one in types):
            casts[key] = pl.Int64()
        elif all(isinstance(one, pl.String | pl.Categorical | pl.Enum) for one in types):
            casts[key] = pl.String()
        else:
            raise InputError(
                f"column {key!r} holds {first[key]} before and {second[key]} after; cast one of them, so that keys can meet"
            )
    return [frame.cast(casts) if casts else frame for frame in frames]  # type: ignore[arg-type]


def _read(
    frames: Sequence[pl.LazyFrame], metrics: Sequence[Metric], question: Question, level: float
) -> dict[str, Sides]:
    keys, sampling = question.keys, question.sampling
    fixed = [metric for metric in metrics if isinstance(metric.shape, FixedShape)]
    logarithms = [_logarithm(metric) for metric in fixed if _lasts(metric)]
    asked = [*fixed, *logarithms]
    found: dict[str, Sides] = {}
    if asked:
        states = [
            fixed_state(frame, asked, keys=keys, sampling=sampling).collect(engine="streaming") for frame in frames
        ]
        for metric in asked:
            figures = [finish_fixed(state, metric, keys=keys, level=level) for state in states]
            rows = _aligned([_with_sums(*pair, metric, keys) for pair in zip(figures, states, strict=True)], keys)
            found[metric.name] = Sides(metric=metric, keys=keys, rows=rows, level=level)
    for metric in logarithms:
        own = metric.name.removeprefix(_LOGARITHM)
        found[own] = replace(found[own], logarithm=found.pop(metric.name))
    tables = [metric for metric in metrics if isinstance(metric.shape, TableShape)]
    return found | {metric.name: _tables(frames, metric, question, level) for metric in tables}


def _tables(frames: Sequence[pl.LazyFrame], metric: Metric, question: Question, level: float) -> Sides:
    """Both sides of a metric that reads a table."""
    keys = question.keys

    def read(frame: pl.LazyFrame) -> tuple[Binned, pl.DataFrame]:
        table = bin_rows(frame, metric, keys=keys, sampling=question.sampling)
        figures = finish_groups(table.groups, table.table, metric, keys=keys, level=level, n_eff=table.n_eff)
        sums = [name for name in ("weight_squares",) if f"{metric.name}.{name}" in table.groups.columns]
        return table, figures.select(*keys, *_FIGURES, *(pl.lit(None).alias(f"sum {name}") for name in sums))

    # Not in two threads: inside a query of Polars' own they could wait for each other for ever.
    first, second = map(read, frames)
    rows = _aligned([first[1], second[1]], keys)
    return Sides(metric=metric, keys=keys, rows=rows, level=level, tables=(first[0], second[0]))


def _lasts(metric: Metric) -> bool:
    return isinstance(metric.shape, Mean) and metric.unit == "s"


def _logarithm(metric: Metric) -> Metric:
    """The mean of the logarithms of the rows above 0: exp of it is their geometric mean."""
    shape = metric.shape
    assert isinstance(shape, Mean)  # the caller asks for means alone
    number = shape.amount + shape.origin
    some = shape.n & (number > 0).fill_null(value=False)
    rule = mean(pl.when(some).then(number).log(), of=some)
    return replace(metric, name=f"{_LOGARITHM}{metric.name}", shape=rule)


def _with_sums(figures: pl.DataFrame, state: pl.DataFrame, metric: Metric, keys: Sequence[str]) -> pl.DataFrame:
    """The figures of a finished state beside the sums that they were made of, row by row."""
    prefix = value_prefix(metric.name, weighted=f"{metric.name}.weight_squares" in state.columns)
    sums = {leaf: f"{prefix}.{leaf}" for leaf in metric.shape.leaves()}
    extra = ("clusters", "weight_squares")
    sums |= {name: f"{metric.name}.{name}" for name in extra if f"{metric.name}.{name}" in state.columns}
    named = state.select(pl.col(column).alias(f"sum {name}") for name, column in sums.items())
    return pl.concat([figures.select(*keys, *_FIGURES), named], how="horizontal")


def _aligned(sides: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """Both sides in one frame, a row for each key that either has."""
    before, after = (
        side.rename({name: f"{name} {label}" for name in side.columns if name not in keys})
        for side, label in zip(sides, SIDES, strict=True)
    )
    if not keys:
        return pl.concat([before, after], how="horizontal")
    whole = before.join(after, on=list(keys), how="full", coalesce=True, nulls_equal=True)
    return whole.sort(keys, nulls_last=True)
