"""Tables of patterns: how many items of each group have each, as states keep them."""

from collections.abc import Mapping, Sequence

import polars as pl

from servicequality.core.engine.estimates import TableReading
from servicequality.core.engine.names import STRATUM
from servicequality.core.engine.value_tables import numbered
from servicequality.core.engine.whole_rows import GROUP, by_group, reading_of, reads_of, rows_of_groups
from servicequality.core.rule import Rule
from servicequality.shapes import PatternShape

_N = "n"
TYPES: dict[str, pl.DataType] = {STRATUM: pl.String(), _N: pl.Int64()}
"""The columns of a table of patterns beside the keys."""


def pattern_shape(rule: Rule) -> PatternShape:
    """The rule's shape, which reads patterns."""
    if not isinstance(rule.shape, PatternShape):
        raise TypeError(f"{rule.name} reads no patterns")
    return rule.shape


def pattern_rules(rule: Rule) -> tuple[object, ...]:
    """What two rules have in common that read one table of patterns."""
    shape = pattern_shape(rule)
    return type(shape), *(one.meta.serialize() for one in reads_of(shape).values())


def pattern_tables(
    frame: pl.LazyFrame, rules: Sequence[Rule], groups: pl.DataFrame, keys: Mapping[str, pl.Expr]
) -> tuple[dict[str, pl.DataFrame], set[str]]:
    """The table of each rule, by its name, in the order of keys and pattern; and the keys that divide an item.

    Args:
        frame: the rows.
        rules: rules whose shapes read patterns, each other ones.
        groups: the keys of each group, in order.
        keys: name and expression of each key.
    """
    tables, divided = {}, set[str]()
    for rule in rules:
        shape = pattern_shape(rule)
        rows = rows_of_groups(frame, shape, groups, keys)
        counted = shape.patterns(rows)
        columns = [counted["pattern"].alias(STRATUM), counted["n"].alias(_N)]
        tables[rule.name] = pl.DataFrame([*(groups[counted[GROUP]] if groups.width else ()), *columns])
        if groups.width:
            divided |= _dividing(rows.frame.select(GROUP, "item"), groups)
    return tables, divided


def read_patterns(
    table: pl.DataFrame, rules: Sequence[Rule], groups: pl.DataFrame, *, level: float
) -> dict[str, TableReading]:
    """What rules read from the table that they have in common, by name, in the order of the groups.

    Args:
        table: keys, pattern and count.
        rules: rules that read it.
        groups: the keys of each group, in order.
        level: confidence level.
    """
    counted, codes = numbered(table.lazy().rename({STRATUM: "pattern", _N: "n"}), groups)
    patterns = by_group(counted, codes, groups, None)
    return {rule.name: reading_of(pattern_shape(rule).read_patterns(patterns, level=level)) for rule in rules}


def _dividing(items: pl.DataFrame, groups: pl.DataFrame) -> set[str]:
    """The keys of which an item has several values."""
    several = items.unique().filter(pl.col("item").is_duplicated())
    values = groups[several[GROUP]].with_columns(several["item"])
    counts = values.group_by("item").agg(pl.all().n_unique()).drop("item")
    return {name for name in counts.columns if (counts[name] > 1).any()}
