"""What is known of the population: counts of categories and totals of numbers, read and compared with the rows."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, holds_numbers, in_calendar, listed, shown
from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.stats._checks import FloatArray, IntArray, number
from servicequality.stats.adjusting import sums_of

__all__ = [
    "LARGEST",
    "Cells",
    "Margin",
    "agreed_total",
    "cells_of",
    "joint_margin",
    "read_margins",
    "stated",
    "unlabelled",
]

_AGREE = 1e-9  # of the totals
LARGEST = 1e50
"""No count, total or weight is larger: their squares stay finite."""
_MARGINS = "margins map a column to the population's counts, such as {'channel': {'web': 600, 'phone': 400}}"


@dataclass(frozen=True, slots=True)
class Margin:
    """How many of the population are in each category of a column, or of several columns together.

    Attributes:
        columns: the columns.
        counts: the count of each category; of several columns a category is a tuple.
    """

    columns: tuple[str, ...]
    counts: Mapping[Any, float]

    @property
    def total(self) -> float:
        """The size of the population."""
        return math.fsum(self.counts.values())

    @property
    def name(self) -> str:
        """The columns, as messages name them."""
        return " and ".join(map(shown, self.columns))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The combinations of categories that rows have.

    Attributes:
        cell: the cell of each row.
        number: how many cells there are.
        levels: for each margin the category of each cell.
        counts: for each margin the count of each category.
        categories: for each margin its categories, in the same order.
    """

    cell: IntArray
    number: int
    levels: Sequence[IntArray]
    counts: Sequence[FloatArray]
    categories: Sequence[Sequence[Any]]


def read_margins(function: str, margins: object) -> tuple[list[Margin], dict[str, float]]:
    """Margins and totals of numbers, from a mapping of column to counts or to a total.

    Args:
        function: who asks, for messages.
        margins: the mapping. A key is a column, or a tuple of columns whose combinations are counted.

    Raises:
        ParameterError: it is no such mapping, or a count is not a finite number of 0 or more.
    """
    if not isinstance(margins, Mapping) or not margins:
        raise ParameterError(f"{function}: {_MARGINS}; got {shown(margins)}")
    counted: list[Margin] = []
    totals: dict[str, float] = {}
    for key, value in margins.items():
        columns = key if isinstance(key, tuple) else (key,)
        if not columns or not all(isinstance(name, str) for name in columns) or len(set(columns)) < len(columns):
            raise ParameterError(f"{function}: {_MARGINS}; a key is a column or a tuple of columns, got {shown(key)}")
        if isinstance(value, Mapping):
            counted.append(_margin(function, columns, value))
        elif len(columns) == 1:
            totals[columns[0]] = stated(f"{function}: the total of {shown(columns[0])}", value)
        else:
            raise ParameterError(f"{function}: {_MARGINS}; {shown(key)} maps to {shown(value)}")
    return counted, totals


def joint_margin(function: str, population: Any, by: Sequence[str], count: str) -> Margin:
    """The margin of a table with a row a combination of categories.

    Args:
        function: who asks, for messages.
        population: any dataframe.
        by: the columns of the categories.
        count: the column of the counts.

    Raises:
        InputError: a column is missing, a combination stands twice or is null, or a count is not a finite number of 0 or
            more.
    """
    table = as_frame(population).lazy().collect()
    require_columns(table.schema, [*by, count], role=f"{function}: population")
    check_categories(f"{function}: population", table.schema, by)
    if not holds_numbers(table.schema[count]):
        raise InputError(f"{function}: column {shown(count)} of the population holds {table.schema[count]}, not counts")
    rows = table.select(
        *(column(name).alias(f"key {place}") for place, name in enumerate(by)),
        column(count).cast(pl.Float64).alias("count"),
    )
    bad = rows.filter(~pl.col("count").is_between(0, LARGEST).fill_null(value=False))
    if bad.height:
        raise InputError(
            f"{function}: column {shown(count)} of the population holds {bad.height} values that are no counts of 0 or "
            f"more, such as {shown(bad['count'][0])}"
        )
    for place, name in enumerate(by):
        _check_times(f"{function}: population", name, rows[f"key {place}"])
    categories = list(_categories(rows.drop("count")))
    missing = [one for one in categories if one is None or (isinstance(one, tuple) and None in one)]
    if missing:
        raise InputError(f"{function}: {len(missing)} rows of the population have a null category; filter them out")
    counts = dict(zip(categories, rows["count"].to_list(), strict=True))
    if len(counts) < len(categories):
        twice = [one for one in counts if categories.count(one) > 1]
        raise InputError(f"{function}: the population counts {listed(twice)} more than once; add the rows up first")
    return _checked(function, Margin(tuple(by), counts))


def agreed_total(function: str, margins: Sequence[Margin], size: float | None) -> float:
    """The size of the population that all margins state.

    Args:
        function: who asks, for messages.
        margins: the margins.
        size: the size as it was given.

    Raises:
        ParameterError: they state several sizes, or none.
    """
    sizes = {f"{margin.name} adds up to": margin.total for margin in margins}
    if size is not None:
        sizes["size is"] = size
    if not sizes:
        raise ParameterError(f"{function}: a total of a number needs the size of the population too; say size=")
    whole = next(iter(sizes.values()))
    if any(abs(other - whole) > _AGREE * whole for other in sizes.values()):
        words = ", ".join(f"{name} {total:,.10g}" for name, total in sizes.items())
        raise ParameterError(
            f"{function}: margins are counts of one population, and {words}; no weights meet both: correct the counts, or "
            "scale them to one total yourself"
        )
    return whole


def cells_of(function: str, rows: pl.DataFrame, margins: Sequence[Margin], base: FloatArray) -> Cells:
    """The cells of rows, compared with the margins.

    Args:
        function: who asks, for messages.
        rows: the rows.
        margins: the margins.
        base: base weight of each row; those of 0 are not there.

    Raises:
        InputError: a category is null.
        ParameterError: a category is missing in the margins, or among the rows.
    """
    names = list(dict.fromkeys(name for margin in margins for name in margin.columns))
    keys = {name: f"key {place}" for place, name in enumerate(names)}
    labels = rows.select(column(name).alias(key) for name, key in keys.items())
    for name, key in keys.items():
        if missing := unlabelled(labels[key]):
            raise InputError(
                f"{function}: column {shown(name)} is null or NaN in {missing} of {rows.height} rows; filter them out, or give "
                "them a category that the margins count"
            )
        _check_times(function, name, labels[key])
    cells = labels.unique(maintain_order=True).with_row_index("cell")
    cell = labels.join(cells, on=list(keys.values()), how="left", maintain_order="left")["cell"]
    places = cell.cast(pl.Int64).to_numpy()
    weight = sums_of(places, base, cells.height)
    levels, counts, categories = [], [], []
    for margin in margins:
        own = list(_categories(cells.select(keys[name] for name in margin.columns)))
        known = {category: place for place, category in enumerate(margin.counts)}
        there = {category for category, here in zip(own, weight > 0, strict=True) if here}
        if unknown := [category for category in dict.fromkeys(own) if category in there and category not in known]:
            raise ParameterError(
                f"{function}: rows have {margin.name} {listed(unknown)}, which the margins do not count; they count "
                f"{listed(known)}"
            )
        if empty := [category for category, count in margin.counts.items() if count > 0 and category not in there]:
            raise ParameterError(
                f"{function}: the margins count {margin.name} {listed(empty)}, of which no row is; merge categories in "
                f"both, since nobody can stand for them. Rows have {listed(sorted(there, key=str))}"
            )
        # A category of rows without weight may be any: the weight stays 0.
        levels.append(np.array([known.get(category, 0) for category in own], dtype=np.int64))
        counts.append(np.array(list(margin.counts.values()), dtype=np.float64))
        categories.append(list(known))
    return Cells(places, cells.height, levels, counts, categories)


def check_categories(function: str, schema: pl.Schema, names: Iterable[str]) -> None:
    """Raise InputError for columns whose values name no category.

    Args:
        function: who asks, for messages.
        schema: the columns.
        names: those that are to name categories.
    """
    for name in names:
        if schema[name].is_nested() or schema[name].base_type() in (pl.Object, pl.Duration):
            raise InputError(f"{function}: column {shown(name)} holds {schema[name]}, which is no category")


def _check_times(function: str, name: str, labels: pl.Series) -> None:
    if not in_calendar(labels).all():
        raise InputError(f"{function}: column {shown(name)} holds times beyond the years 1 to 9999")


def unlabelled(labels: pl.Series) -> int:
    """How many labels are null or NaN.

    Args:
        labels: the labels, under a name that is no pattern.
    """
    return labels.null_count() + int(labels.is_nan().sum() if labels.dtype.is_float() else 0)


def stated(what: str, value: object) -> float:
    """A count or a total as a caller gives it.

    Args:
        what: what it is, for messages.
        value: the number.

    Raises:
        ParameterError: it is no number, not finite, or larger than any count.
    """
    plain = number(what, value)
    if abs(plain) > LARGEST:
        raise ParameterError(f"{what} must be at most {LARGEST:g}, got {shown(value)}")
    return plain


def _margin(function: str, columns: tuple[str, ...], counts: Mapping[Any, object]) -> Margin:
    name = " and ".join(map(shown, columns))
    read = {}
    for category, count in counts.items():
        if len(columns) > 1 and not (isinstance(category, tuple) and len(category) == len(columns)):
            raise ParameterError(
                f"{function}: a category of {name} is a tuple of {len(columns)} values, got {shown(category)}"
            )
        read[category] = stated(f"{function}: the count of {name} {shown(category)}", count)
    return _checked(function, Margin(columns, read))


def _checked(function: str, margin: Margin) -> Margin:
    if negative := [category for category, count in margin.counts.items() if count < 0]:
        raise ParameterError(f"{function}: the counts of {margin.name} are 0 or more, not those of {listed(negative)}")
    if not margin.total > 0:
        raise ParameterError(f"{function}: {margin.name} counts nobody; give the population's counts")
    return margin


def _categories(labels: pl.DataFrame) -> Iterator[Any]:
    """The category of each row: a value, or a tuple of those of several columns."""
    columns: Iterable[list[Any]] = [one.to_list() for one in labels]
    combined = list(zip(*columns, strict=True))
    return iter([one[0] for one in combined] if labels.width == 1 else combined)
