"""Rows of whole groups, for shapes that need all of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.engine.estimates import TableReading
from servicequality.core.engine.value_tables import numbered
from servicequality.core.rule import Rule
from servicequality.shapes import Rows, WholeReading, WholeShape
from servicequality.shapes.base import FloatArray
from servicequality.stats.ordering import stable_order

GROUP = "group"


def whole_shape(rule: Rule) -> WholeShape:
    """The rule's shape, which needs all rows of a group."""
    if not isinstance(rule.shape, WholeShape):
        raise TypeError(f"{rule.name} is made of sums or of a table")
    return rule.shape


def read_wholes(
    frame: pl.LazyFrame,
    rules: Sequence[Rule],
    groups: pl.DataFrame,
    keys: Mapping[str, pl.Expr],
    spans: tuple[FloatArray, FloatArray] | None,
    *,
    levels: Sequence[float],
) -> list[dict[str, TableReading]]:
    """Value and limits of each rule, by name, in the order of the groups, at each level. Rules of the same rows share them.

    Args:
        frame: the rows.
        rules: rules whose shapes need all rows of a group.
        groups: the keys of each group.
        keys: name and expression of each key.
        spans: when the groups' periods begin and end.
        levels: confidence levels.
    """
    readings: list[dict[str, TableReading]] = [{} for _ in levels]
    shared: dict[object, Rows] = {}
    for rule in rules:
        shape = whole_shape(rule)
        same = tuple((name, one.meta.serialize()) for name, one in reads_of(shape).items())
        if same not in shared:
            shared[same] = rows_of_groups(frame, shape, groups, keys, spans)
        for reading, level in zip(readings, levels, strict=True):
            reading[rule.name] = reading_of(shape.read(shared[same], level=level))
    return readings


def reads_of(shape: WholeShape) -> dict[str, pl.Expr]:
    """What is read of each row that counts, and that it counts: a frame of no columns has no rows."""
    return {"n": shape.n, **shape.reads()}


def rows_of_groups(
    frame: pl.LazyFrame,
    shape: WholeShape,
    groups: pl.DataFrame,
    keys: Mapping[str, pl.Expr],
    spans: tuple[FloatArray, FloatArray] | None = None,
) -> Rows:
    """What a shape reads of the rows that count, one group after the other."""
    named = [expression.alias(name) for name, expression in keys.items()]
    rows = frame.filter(shape.n).select(*named, *(one.alias(name) for name, one in reads_of(shape).items()))
    return by_group(*numbered(rows, groups), groups, spans)


def by_group(
    columns: pl.DataFrame,
    codes: NDArray[np.uint32],
    groups: pl.DataFrame,
    spans: tuple[FloatArray, FloatArray] | None,
) -> Rows:
    """Rows one group after the other; `codes` are the places of their groups."""
    height = groups.height if groups.width else 1
    placed = columns.insert_column(0, pl.Series(GROUP, codes, dtype=pl.UInt32))
    return Rows(placed[stable_order(codes, height)], height, spans)


def reading_of(given: WholeReading) -> TableReading:
    """The reading as estimates take it."""
    return TableReading(given.reading, given.n_eff, given.n, given.reasons)
