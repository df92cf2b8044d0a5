"""`Adjustment`: what weights are to meet and how, and the weights of a sample that do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from servicequality.checks import column, holds_numbers, listed, shown, values_of
from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.adjusting import Features, level_sums, linear, raked, sums_of
from servicequality.weights.margins import (
    LARGEST,
    Cells,
    Margin,
    agreed_total,
    cells_of,
    check_categories,
    read_margins,
    stated,
)

__all__ = ["Adjustment", "Distance", "Sample", "base_weights"]

Distance: TypeAlias = Literal["rake", "linear"]
"""How weights are changed: by a factor for each category, or by an amount that is linear in what is known."""

_MET = 1e-9  # of the population


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What weights are to meet, and how they are changed.

    Attributes:
        function: the public function, for messages.
        margins: counts of categories.
        totals: totals of numbers, by column.
        size: the size of the population.
        distance: how weights are changed.
        weight: column of base weights; None gives every row the same.
    """

    function: str
    margins: Sequence[Margin]
    totals: Mapping[str, float]
    size: float
    distance: Distance
    weight: str | None

    @classmethod
    def of(
        cls, function: str, margins: object, *, size: float | None, distance: Distance, weight: str | None
    ) -> "Adjustment":
        """The adjustment to margins as a caller gives them.

        Raises:
            ParameterError: they cannot be read, state several sizes of the population, or none.
        """
        counted, totals = read_margins(function, margins)
        if totals and distance == "rake":
            raise ParameterError(
                f"{function}: {listed(map(shown, totals))} has a total and no counts; raking takes counts of categories, "
                "and linear calibration takes totals too"
            )
        if size is not None and not (size := stated(f"{function}: size", size)) > 0:
            raise ParameterError(f"{function}: size must be above 0, got {shown(size)}")
        return cls(function, counted, totals, agreed_total(function, counted, size), distance, weight)

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        names = [name for margin in self.margins for name in margin.columns]
        return list(dict.fromkeys([*names, *self.totals, *([] if self.weight is None else [self.weight])]))

    def check(self, schema: pl.Schema) -> None:
        """Raise for columns that are missing or of a wrong type.

        Raises:
            InputError: a column is not there, or holds no numbers or categories.
        """
        require_columns(schema, self.columns, role=self.function)
        for name in [*self.totals, *([] if self.weight is None else [self.weight])]:
            if not holds_numbers(schema[name]):
                raise InputError(f"{self.function}: column {shown(name)} holds {schema[name]}, expected numbers")
        check_categories(self.function, schema, (name for margin in self.margins for name in margin.columns))

    def sample(self, rows: pl.DataFrame) -> "Sample":
        """The rows, read for this adjustment.

        Raises:
            InputError: a value is null or cannot be.
            ParameterError: a category is missing on either side.
        """
        base = np.ones(rows.height) if self.weight is None else base_weights(self.function, rows, self.weight)
        if not base.sum() > 0:
            raise InputError(
                f"{self.function}: no row has a weight above 0; there is nobody to stand for the population"
            )
        cells = cells_of(self.function, rows, self.margins, base) if self.margins else None
        if cells is None or self.totals:  # rows of one combination differ in their numbers
            levels = [] if cells is None else [level[cells.cell] for level in cells.levels]
            counts, categories = ([], []) if cells is None else (cells.counts, cells.categories)
            cells = Cells(np.arange(rows.height), rows.height, levels, counts, categories)
        numbers = [self._numbers(rows, name) for name in self.totals]
        return Sample(adjustment=self, cells=cells, base=base, numbers=numbers)

    def _numbers(self, rows: pl.DataFrame, name: str) -> FloatArray:
        values = rows.select(column(name).cast(pl.Float64).alias("values"))["values"]
        bad = values.filter(~(values.is_finite() & (values.abs() <= LARGEST)).fill_null(value=False))
        if len(bad):
            raise InputError(
                f"{self.function}: column {shown(name)} has {len(bad)} of {rows.height} values that are null or not finite, "
                f"such as {values_of(bad, 1)}; a total needs the number of every row: fill or drop them"
            )
        return values.to_numpy()


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """Rows as an adjustment reads them.

    Attributes:
        adjustment: what is to be met.
        cells: the combinations of categories; where there are totals of numbers every row is one.
        base: base weight of each row.
        numbers: the numbers that have totals, each a value a row.
    """

    adjustment: Adjustment
    cells: Cells
    base: FloatArray
    numbers: Sequence[FloatArray]

    @cached_property
    def features(self) -> Features:
        """What the margins tell of each cell: categories, and numbers about their mean."""
        numbers = [(one - centre) / scale for one, (centre, scale) in zip(self.numbers, self._units, strict=True)]
        return Features(self.cells.number, self.cells.levels, [len(count) for count in self.cells.counts], numbers)

    @cached_property
    def wanted(self) -> FloatArray:
        """The population's total of each feature."""
        size, totals = self.adjustment.size, self.adjustment.totals.values()
        numbers = [(total - centre * size) / scale for total, (centre, scale) in zip(totals, self._units, strict=True)]
        return np.concatenate([[size], *self.cells.counts, numbers])

    @cached_property
    def _units(self) -> list[tuple[float, float]]:
        """Mean and spread of each number, in which its differences keep their digits."""
        whole = self.base.sum()
        centres = [float(self.base @ one / whole) for one in self.numbers]
        spreads = [
            float(np.sqrt(self.base @ (one - centre) ** 2 / whole))
            for one, centre in zip(self.numbers, centres, strict=True)
        ]
        return [(centre, spread if spread > 0 else 1.0) for centre, spread in zip(centres, spreads, strict=True)]

    @property
    def cell(self) -> IntArray:
        """The cell of each row."""
        return self.cells.cell

    def weights(self, base: FloatArray) -> FloatArray:
        """The final weight of each row, from these base weights.

        Raises:
            ParameterError: no weights meet the margins.
        """
        whole = sums_of(self.cell, base, self.cells.number)
        if self.adjustment.distance == "rake":
            factor, met = raked(self.cells.levels, whole, self.cells.counts)
            if not met:
                raise ParameterError(self._unmet(whole, factor))
        else:
            factor = linear(self.features, whole, self.wanted)
            gaps = np.abs(self.features.sums(whole * factor) - self.wanted)
            if not (gaps <= _MET * self.adjustment.size).all():
                raise ParameterError(
                    f"{self.adjustment.function}: no weights meet all totals; a number that is the same in all rows, or "
                    "two that tell the same, cannot meet totals that differ: leave one out, or correct the totals"
                )
        return base * factor[self.cell]

    def _unmet(self, base: FloatArray, factor: FloatArray) -> str:
        """What raking cannot meet, in words."""
        own, names = self.cells, [margin.name for margin in self.adjustment.margins]
        remedy = "Some combinations of categories have no row: merge categories, or leave a margin out"
        sums = level_sums(own.levels, base * factor, own.counts)
        gaps = [np.abs(reached - count) for reached, count in zip(sums, own.counts, strict=True)]
        worst = int(np.argmax([gap.max() for gap in gaps]))
        place = int(gaps[worst].argmax())
        if gaps[worst][place] > _MET * self.adjustment.size:
            return (
                f"{self.adjustment.function}: no weights above 0 meet all margins; {names[worst]} "
                f"{shown(own.categories[worst][place])} comes to {sums[worst][place]:,.6g} where the margins count "
                f"{own.counts[worst][place]:,.6g}. {remedy}"
            )
        cell = int(np.where(factor > 0, factor, np.inf).argmin())
        least = [shown(own.categories[margin][level[cell]]) for margin, level in enumerate(own.levels)]
        words = " and ".join(f"{name} {category}" for name, category in zip(names, least, strict=True))
        return (
            f"{self.adjustment.function}: no weights above 0 meet all margins; they are met only if nobody stands for rows "
            f"of {words}. {remedy}"
        )


def base_weights(function: str, rows: pl.DataFrame, name: str, *, least: float = 0.0) -> FloatArray:
    """A column of weights.

    Args:
        function: who asks, for messages.
        rows: the rows.
        name: the column.
        least: the smallest weight that can be.

    Raises:
        InputError: a weight is null, not finite or too small.
    """
    values: Any = rows.select(column(name).cast(pl.Float64).alias("values"))["values"]
    bad = values.filter(~(values.is_between(max(least, -LARGEST), LARGEST)).fill_null(value=False))
    if len(bad):
        least_words = "" if least < 0 else "0 or more and "
        raise InputError(
            f"{function}: column {shown(name)} has {len(bad)} of {rows.height} weights that are not {least_words}finite, such "
            f"as {values_of(bad, 1)}; drop or correct the rows"
        )
    return np.asarray(values.to_numpy(), dtype=np.float64)
