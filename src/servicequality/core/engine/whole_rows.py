"""Rows of whole groups, for shapes that need all of them."""

from collections.abc import Mapping, Sequence

import polars as pl

from servicequality.core.engine.estimates import TableReading
from servicequality.core.engine.value_tables import numbered
from servicequality.core.rule import Rule
from servicequality.shapes import Rows, WholeShape
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
        reads = {"n": shape.n, **shape.reads()}  # a frame of no columns has no rows
        same = tuple((name, one.meta.serialize()) for name, one in reads.items())
        if same not in shared:
            named = [expression.alias(name) for name, expression in keys.items()]
            rows = frame.filter(shape.n).select(*named, *(one.alias(name) for name, one in reads.items()))
            columns, codes = numbered(rows, groups)
            height = groups.height if groups.width else 1
            placed = columns.insert_column(0, pl.Series(GROUP, codes, dtype=pl.UInt32))
            shared[same] = Rows(placed[stable_order(codes, height)], height, spans)
        for reading, level in zip(readings, levels, strict=True):
            given = shape.read(shared[same], level=level)
            reading[rule.name] = TableReading(given.reading, given.n_eff, given.n, given.reasons)
    return readings
