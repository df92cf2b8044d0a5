"""The same metrics computed before and after, aligned by key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.core import (
    Grouping,
    Metric,
    Plan,
    TableReading,
    by_grain,
    key_column,
    read_table,
    shared_type,
    sum_column,
    weighted,
)
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import FixedShape, Mean, Table, TableShape, WholeShape, mean
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
        tables: the key columns and the table of each side, of a metric that reads one.
        logarithm: the same of the rows' logarithms, for means of durations.
    """

    metric: Metric
    keys: Sequence[str]
    rows: pl.DataFrame
    level: float
    tables: tuple[tuple[pl.DataFrame, Table], tuple[pl.DataFrame, Table]] | None = None
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
        groups, table = self.tables[SIDES.index(side)]
        assert table.sums is not None  # the engine hands over summed tables
        if not self.keys:
            return table.at, table.offsets, table.sums
        # The answer has the groups of both sides, in the order of either: rows of the other one alone are empty here.
        named = (pl.col(key_column(name)).alias(name) for name in self.keys)
        here = groups.select(*named, pl.lit(value=True).alias(_HERE))
        counts = self.rows.select(map(column, self.keys)).join(
            here, on=list(map(column, self.keys)), how="left", nulls_equal=True, maintain_order="left"
        )
        before = np.concatenate(([0], np.cumsum(counts[_HERE].is_not_null().to_numpy())))
        return table.at, table.offsets[before], table.sums


def read_sides(
    before: Any, after: Any, metrics: Sequence[Metric], *, grouping: Grouping, level: float
) -> Iterator[Sides]:
    """Both frames read once each for all metrics of fixed width, and once more for each table."""
    if isinstance(before, Mapping) != isinstance(after, Mapping):
        raise ParameterError("before and after must both be frames, or both mappings of grain to frame")
    parts = zip(by_grain(before, metrics), by_grain(after, metrics), strict=True)
    sides: dict[str, Sides] = {}
    for (first, group), (second, _) in parts:
        sides |= _read((first, second), group, grouping, level)
    yield from (sides[metric.name] for metric in metrics)


def clashes(key: str) -> bool:
    """Whether a column of this name would meet a figure of one side."""
    return any(
        key.endswith(f" {side}") and (key.startswith("sum ") or key.removesuffix(f" {side}") in _FIGURES)
        for side in SIDES
    )


def with_shared_keys(frames: Sequence[pl.LazyFrame], keys: Sequence[str]) -> list[pl.LazyFrame]:
    """Both sides with their keys in one type.

    Raises:
        InputError: a key holds numbers on one side and texts on the other, or the like.
    """
    first, second = (frame.collect_schema() for frame in frames)
    casts: dict[str, pl.DataType] = {}
    for key in keys:
        if first[key] == second[key]:
            continue
        if (shared := shared_type({first[key], second[key]})) is not None:
            casts[key] = shared
        else:
            raise InputError(
                f"column {key!r} holds {first[key]} before and {second[key]} after; cast one of them, so that keys can match"
            )
    return [frame.with_columns(column(key).cast(dtype) for key, dtype in casts.items()) for frame in frames]


def _read(data: Sequence[Any], metrics: Sequence[Metric], grouping: Grouping, level: float) -> dict[str, Sides]:
    keys = grouping.keys
    logarithms = [_logarithm(metric) for metric in metrics if _lasts(metric)]
    plan = Plan((*metrics, *logarithms), grouping)
    rows = with_shared_keys([plan.prepared(side) for side in data], keys)
    # Not in two threads: inside a query of Polars' own they could wait for each other for ever.
    sums = [plan.sums(side) for side in rows]
    sides: dict[str, Sides] = {}
    for metric in (*metrics, *logarithms):
        tables, readings = None, [dict[str, TableReading](), dict[str, TableReading]()]
        if isinstance(metric.shape, TableShape):
            groups = [side.select(key_column(name) for name in keys) for side in sums]
            made = [plan.table(side, metric, own) for side, own in zip(rows, groups, strict=True)]
            readings = [read_table(table, [metric], level=level) for table in made]
            tables = ((groups[0], made[0].table), (groups[1], made[1].table))
        if isinstance(metric.shape, WholeShape):
            own_keys = [side.select(key_column(name) for name in keys) for side in sums]
            readings = [
                plan.wholes(side, [metric], own, levels=[level])[0] for side, own in zip(rows, own_keys, strict=True)
            ]
        parts = [
            _with_sums(plan.figures(side, [metric], read, level=level), side, metric, plan)
            for side, read in zip(sums, readings, strict=True)
        ]
        sides[metric.name] = Sides(metric=metric, keys=keys, rows=_aligned(parts, keys), level=level, tables=tables)
    for metric in logarithms:
        own = metric.name.removeprefix(_LOGARITHM)
        sides[own] = replace(sides[own], logarithm=sides.pop(metric.name))
    return sides


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


def _with_sums(figures: pl.DataFrame, state: pl.DataFrame, metric: Metric, plan: Plan) -> pl.DataFrame:
    """The figures of a finished state beside the sums that they were made of, row by row."""
    leaf_of = weighted if plan.grouping.sampling.weight is not None else str
    # What a table reads is not a sum of its groups: of such a metric only the design is told.
    leaves = metric.shape.leaves() if isinstance(metric.shape, FixedShape) else {}
    sums = {leaf: sum_column(metric.name, leaf_of(leaf)) for leaf in leaves}
    sums |= {name: sum_column(metric.name, name) for name in ("clusters", "weight_squares")}
    named = state.select(pl.col(held).alias(f"sum {name}") for name, held in sums.items() if held in state.columns)
    return pl.concat([figures.select(*map(column, plan.grouping.keys), *_FIGURES), named], how="horizontal")


def _aligned(sides: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """Both sides in one frame, a row for each key that either has."""
    before, after = (
        side.rename({name: f"{name} {label}" for name in side.columns if name not in keys})
        for side, label in zip(sides, SIDES, strict=True)
    )
    if not keys:
        return pl.concat([before, after], how="horizontal")
    own = [column(key) for key in keys]
    return before.join(after, on=own, how="full", coalesce=True, nulls_equal=True).sort(own, nulls_last=True)
