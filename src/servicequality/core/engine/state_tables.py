"""The value tables of states: made from rows, and added."""

# Where a table has only counts, and few cells of group and bin, they are counted in an array; else they are grouped by.

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality.core.engine.keys import by_groups, by_keys, keys_of
from servicequality.core.engine.names import BIN
from servicequality.core.engine.numbering import CODE, code_of
from servicequality.core.engine.value_tables import float_bits, histogram, table_shape
from servicequality.core.rule import Rule
from servicequality.core.sampling import Sampling
from servicequality.shapes import Quantile

_BLOCK = 1 << 18  # rows
_CELLS = 1 << 22  # counts of 32 MB

Collect = Callable[[Sequence[pl.LazyFrame]], list[pl.DataFrame]]


class _Counts(NamedTuple):
    """What is counted of each row.

    Attributes:
        bin: the bin that the row falls into.
        n: how many it stands for; 0 if it is not in the table.
        width: how far neighbouring bins lie apart.
    """

    bin: pl.Expr
    n: pl.Expr
    width: int


def state_tables(
    rows: pl.LazyFrame,
    rules: Sequence[Rule],
    sums: pl.DataFrame,
    keys: Mapping[str, pl.Expr],
    sampling: Sampling,
    *,
    height: int | None,
    collect: Collect,
) -> dict[str, pl.DataFrame]:
    """The table of each rule, by its name, in the order of keys, stratum and bin.

    Args:
        rows: the rows.
        rules: rules whose shapes read tables, each another one.
        sums: the sums of the rows, in the order of their keys.
        keys: name and expression of each key.
        sampling: the weights.
        height: how many rows there are, if they are in memory.
        collect: runs queries.
    """
    groups = sums.select(*keys)
    code = code_of(groups, groups.columns) if keys else None
    if code is None:
        tables = collect([histogram(rows, rule, keys, sampling) for rule in rules])
        return {rule.name: by_keys(table) for rule, table in zip(rules, tables, strict=True)}
    rows = rows.with_columns(expression.alias(name) for name, expression in keys.items())
    counted: dict[str, pl.DataFrame] = {}
    if height is not None and not sampling:
        shapes = {rule.name: shape for rule in rules if isinstance(shape := table_shape(rule), Quantile)}
        counts = {name: _counts_of(shape) for name, shape in shapes.items()}
        counted = _counted(rows, height, counts, groups, code, collect) if counts else {}
    others = [rule for rule in rules if rule.name not in counted]
    # One whole number is grouped by and sorted in a fraction of the time that the keys take.
    tables = collect([histogram(rows, rule, {CODE: code}, sampling) for rule in others])
    counted |= {rule.name: by_groups(table, groups, code) for rule, table in zip(others, tables, strict=True)}
    return {rule.name: counted[rule.name] for rule in rules}


def added_tables(parts: Sequence[pl.DataFrame], dropped: Sequence[str], sums: pl.DataFrame) -> pl.DataFrame:
    """The sum of several value tables by the keys that are kept.

    Args:
        parts: the tables.
        dropped: the keys that are not kept.
        sums: the sums of the answer, in the order of their keys.
    """
    whole = pl.concat([part.drop(dropped) for part in parts], how="vertical_relaxed")
    groups = sums.select(keys_of(sums))
    inner = [name for name in keys_of(whole) if name not in groups.columns]
    leaves = [name for name in whole.columns if name not in keys_of(whole)]
    totals = [pl.col(leaf).sum() for leaf in leaves]
    code = code_of(groups, groups.columns) if groups.width else None
    if code is None:
        return by_keys(whole.lazy().group_by(*groups.columns, *inner).agg(totals).collect(engine="streaming"))
    if inner == [BIN] and leaves == ["n"] and whole.schema["n"] == pl.Int64 and (whole["n"] > 0).all():
        bits = int(np.bitwise_or.reduce(whole[BIN].fill_null(0).to_numpy()))
        counts = {"": _Counts(pl.col(BIN), pl.col("n"), bits & -bits or 1)}
        table = _counted(whole.lazy(), whole.height, counts, groups, code, pl.collect_all).get("")
        if table is not None:
            return table
    coded = whole.lazy().group_by(code.alias(CODE), *inner).agg(totals).collect(engine="streaming")
    return by_groups(coded, groups, code)


def _counts_of(shape: Quantile) -> _Counts:
    """What a quantile counts: each row that has a number."""
    n = shape.binned().fill_null(value=False).cast(pl.Int64)
    return _Counts(float_bits(shape.at, shape.mantissa), n, 1 << (52 - shape.mantissa))


def _counted(
    rows: pl.LazyFrame,
    height: int,
    counts: Mapping[str, _Counts],
    groups: pl.DataFrame,
    code: pl.Expr,
    collect: Collect,
) -> dict[str, pl.DataFrame]:
    """The tables whose cells are few enough, counted one block of rows after the other."""
    codes = groups.select(code).to_series().to_numpy().astype(np.int64)
    size = int(codes.max(initial=0)) + 1
    places = {name: pl.when(one.n > 0).then(one.bin // one.width) for name, one in counts.items()}
    at = rows.select(one.alias(name) for name, one in places.items())
    lost = rows.select(((one.n > 0) & one.bin.is_null()).any().alias(name) for name, one in counts.items())
    lowest, highest, nowhere = (end.row(0, named=True) for end in collect([at.min(), at.max(), lost]))
    first = {name: low or 0 for name, low in lowest.items()}
    spans = {name: (high or 0) - first[name] + 1 for name, high in highest.items() if not nowhere[name]}
    cells = {name: np.zeros(size * span, np.int64) for name, span in spans.items() if size * span <= _CELLS}
    read = [
        *(
            (code.cast(pl.Int64) * spans[one] + places[one] - first[one]).fill_null(0).alias(f"cell {one}")
            for one in cells
        ),
        *(counts[one].n.alias(f"n {one}") for one in cells),
    ]
    for start in range(0, height, _BLOCK) if read else ():
        (block,) = collect([rows.slice(start, _BLOCK).select(read)])
        for name, cell in cells.items():
            np.add.at(cell, block[f"cell {name}"].to_numpy(), block[f"n {name}"].to_numpy())
    return {
        name: _table(cell.reshape(size, spans[name])[codes], groups, first[name], counts[name].width)
        for name, cell in cells.items()
    }


def _table(counts: np.ndarray, groups: pl.DataFrame, first: int, width: int) -> pl.DataFrame:
    """The table of counts by group and bin, without those that are 0."""
    place, offset = np.nonzero(counts)
    bins, n = pl.Series(BIN, (offset + first) * width), pl.Series("n", counts[place, offset])
    return groups[place.astype(np.uint32)].with_columns(bins, n)
