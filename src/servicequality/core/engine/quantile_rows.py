"""Exact quantiles: the rows of a column sorted once in each group serve every quantile of it and every limit."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.engine.numbering import CODE, with_codes
from servicequality.core.engine.value_tables import table_shape
from servicequality.core.rule import Rule
from servicequality.shapes import Reading, Table
from servicequality.stats.grouped import GroupedRows

_PLACE = "place"


def read_quantiles(
    frame: pl.LazyFrame,
    readers: Sequence[Sequence[Rule]],
    groups: pl.DataFrame,
    counts: Mapping[str, NDArray[np.int64]],
    keys: Mapping[str, pl.Expr],
    *,
    level: float,
    held: bool,
) -> dict[str, Reading]:
    """Value and limits of each rule, by name, in the order of the groups.

    Args:
        frame: the rows.
        readers: rules of quantiles, those of one column together.
        groups: the keys of each group.
        counts: how many rows of each group count, by rule.
        keys: name and expression of each key.
        level: confidence level.
        held: whether the rows are in memory and many: then columns are copied one at a time, else they are read once.
    """
    firsts = [alike[0] for alike in readers]
    keyed = frame.select(
        *(expression.alias(name) for name, expression in keys.items()), *(_counted(rule) for rule in firsts)
    )
    placed = groups.with_row_index(_PLACE) if keys else pl.DataFrame({_PLACE: [0]})
    plan, coded = with_codes(keyed, [pl.col(_column(rule)) for rule in firsts], placed, [*keys])
    copied = None if held else plan.collect(engine="streaming")

    def rows(name: str) -> pl.Series:
        return plan.select(name).collect(engine="streaming").to_series() if copied is None else copied[name]

    codes, order = coded[CODE].cast(pl.Int64).to_numpy(), coded[_PLACE].to_numpy()
    place = np.argsort(order)
    grouped = GroupedRows(rows(CODE).to_numpy(), int(codes.max(initial=0)) + 1, threads=pl.thread_pool_size())
    offsets = grouped.offsets(codes)
    readings = {}
    for alike in readers:
        parts = rows(_column(alike[0])).get_chunks()
        numbers = grouped.sorted([part.to_numpy() for part in parts])  # written anew by the next column
        table = Table(offsets, numbers, counts=counts[alike[0].name][order])
        for rule in alike:
            readings[rule.name] = table_shape(rule).read(table, level=level).take(place)
    return readings


def _column(rule: Rule) -> str:
    return f"number:{rule.name}"


def _counted(rule: Rule) -> pl.Expr:
    """The numbers of the rows that count, NaN elsewhere."""
    shape = table_shape(rule)
    number = pl.when(shape.n).then(shape.at.cast(pl.Float64)).fill_null(float("nan"))
    return number.alias(_column(rule))
