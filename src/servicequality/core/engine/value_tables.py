"""Value tables: the numbers of each group in ascending order with the sums at each, from rows or from a state."""

# A state counts rows by the bits of the number that they hold, so that states add. Where the rows themselves are at hand,
# they are sorted without being counted first, and the table is the same.

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column
from servicequality.core.engine.estimates import TableReading
from servicequality.core.engine.names import BIN, STRATUM
from servicequality.core.engine.numbering import CODE, with_codes
from servicequality.core.engine.sums import aggregate, as_sums
from servicequality.core.rule import Rule
from servicequality.core.sampling import Sampling
from servicequality.shapes import Table, TableShape
from servicequality.shapes.base import FloatArray, added
from servicequality.stats._checks import IntArray
from servicequality.stats.histogram import bin_values
from servicequality.stats.ordering import sorted_rows, stable_order

_PLACE = "place"
_SQUARES = "weight_squares"
_SIGN = 0x7FFF_FFFF_FFFF_FFFF


class ValueTable(NamedTuple):
    """One table of many groups, and what weights make of it.

    Attributes:
        table: the numbers of each group, ascending, and the sums at each.
        n_eff: effective number of rows of each group, where they are weighted.
    """

    table: Table
    n_eff: FloatArray | None


def table_shape(rule: Rule) -> TableShape:
    """The rule's shape, which reads a table."""
    if not isinstance(rule.shape, TableShape):
        raise TypeError(f"{rule.name} reads no table")
    return rule.shape


def table_rules(rule: Rule) -> tuple[bytes, ...]:
    """What two rules have in common that read one value table."""
    shape = table_shape(rule)
    rules = [record.at for record in shape.records()] + [getattr(shape, leaf) for leaf in shape.leaves()]
    rules += [one for one in (shape.stratum, rule.condition) if one is not None]
    return tuple(one.meta.serialize() for one in rules)


def histogram(
    frame: pl.LazyFrame, rule: Rule, keys: Mapping[str, pl.Expr], sampling: Sampling, *, exact: bool = False
) -> pl.LazyFrame:
    """The table of a rule as a state keeps it: keys, stratum, bin, and one column a leaf.

    Args:
        frame: the rows.
        rule: a rule whose shape reads a table.
        keys: name and expression of each key.
        sampling: the weights.
        exact: keep all bits of the number.
    """
    shape = table_shape(rule)
    tables = []
    for record in shape.records():
        bits = float_bits(record.at, 52 if exact else record.mantissa)
        groups = {**keys, **_stratum(shape), BIN: bits}
        kinds = record.leaves()
        watched = _watched(record, sampling)
        leaves = {
            leaf: added(rows.fill_null(value=False), "amount" if sampling.weight is not None else kinds[leaf])
            for leaf, rows in _leaves(record, sampling).items()
        }
        tables.append(aggregate(frame.filter(watched), groups, as_sums(leaves)))
    if len(tables) == 1:
        return tables[0]
    names = tables[0].collect_schema().names()
    leaf_names = [name for name in names if name in shape.leaves() or name == _SQUARES]
    by = [name for name in names if name not in leaf_names]
    return pl.concat(tables).group_by(by).agg(pl.col(leaf_names).sum())


def table_types(rule: Rule, sampling: Sampling) -> dict[str, pl.DataType]:
    """The columns of a rule's table beside the keys, with their types."""
    shape, weighted = table_shape(rule), sampling.weight is not None
    kinds: dict[str, pl.DataType] = {} if shape.stratum is None else {STRATUM: pl.String()}
    kinds[BIN] = pl.Int64()
    leaves = {leaf: kind == "amount" or weighted for leaf, kind in shape.leaves().items()}
    kinds |= {leaf: pl.Float64() if floats else pl.Int64() for leaf, floats in leaves.items()}
    return kinds | ({_SQUARES: pl.Float64()} if weighted else {})


def rows_of(frame: pl.LazyFrame, rule: Rule, keys: Mapping[str, pl.Expr], sampling: Sampling) -> pl.LazyFrame:
    """The rows of a table as they are: keys, stratum, the number, and the leaves of each row."""
    shape = table_shape(rule)
    parts = []
    for record in shape.records():
        columns = {**keys, **_stratum(shape), BIN: record.at.cast(pl.Float64)}
        columns |= {leaf: rows.fill_null(value=False) for leaf, rows in _leaves(record, sampling).items()}
        chosen = [expression.alias(name) for name, expression in columns.items()]
        parts.append(frame.filter(_watched(record, sampling)).select(chosen))
    return pl.concat(parts)


def read_rows(rows: pl.LazyFrame, rule: Rule, groups: pl.DataFrame) -> ValueTable:
    """The exact table of rows; `groups` holds the keys of each group, in order."""
    return _assembled(rows, table_shape(rule), groups, lambda numbers: numbers.to_numpy())


def read_histogram(state: pl.DataFrame, rule: Rule, groups: pl.DataFrame, *, exact: bool = False) -> ValueTable:
    """The table of a state; `exact` says that its bins keep all bits."""
    shape = table_shape(rule)
    mantissa = 52 if exact else shape.mantissa
    return _assembled(state.lazy(), shape, groups, lambda bins: bin_values(bins.to_numpy(), mantissa_bits=mantissa))


def read_table(table: ValueTable, rules: Iterable[Rule], *, level: float) -> dict[str, TableReading]:
    """What rules read from the table that they have in common, by name."""
    return {rule.name: TableReading(table_shape(rule).read(table.table, level=level), table.n_eff) for rule in rules}


def float_bits(number: pl.Expr, mantissa: int) -> pl.Expr:
    """`stats.float_bins` as an expression."""
    bits = number.cast(pl.Float64).reinterpret(dtype=pl.Int64)
    size = bits & pl.lit(_SIGN & ~((1 << (52 - mantissa)) - 1), dtype=pl.Int64)
    return pl.when(bits < 0).then(-size).otherwise(size)


def _stratum(shape: TableShape) -> dict[str, pl.Expr]:
    return {} if shape.stratum is None else {STRATUM: shape.stratum.cast(pl.String)}


def _watched(record: TableShape, sampling: Sampling) -> pl.Expr:
    """Row rule: the row is in the table. Rows of weight 0 were not watched."""
    watched = record.binned()
    return watched if sampling.weight is None else watched & (column(sampling.weight) > 0)


def _leaves(record: TableShape, sampling: Sampling) -> dict[str, pl.Expr]:
    """The leaves of a row, weighted where there are weights, and then the square of its weight."""
    weighted = sampling.weighted(record)
    leaves = {leaf: getattr(weighted, leaf) for leaf in record.leaves()}
    return leaves if sampling.weight is None else leaves | {_SQUARES: weighted.n * weighted.n}


def _assembled(
    rows: pl.LazyFrame, shape: TableShape, groups: pl.DataFrame, numbers: Callable[[pl.Series], FloatArray]
) -> ValueTable:
    """Sort and sum rows of keys, stratum, bin and leaves; `numbers` says what the bins stand for."""
    keys = groups.columns
    if shape.stratum is not None:
        strata = rows.select(*keys, STRATUM).unique().collect(engine="streaming")
        placed = _placed(strata, groups)
        return _assembled_strata(rows, shape, placed, groups, numbers)
    table, weights = _sorted_table(rows, groups, numbers)
    return ValueTable(table, None if weights is None else weights.n_eff)


def _assembled_strata(
    rows: pl.LazyFrame,
    shape: TableShape,
    strata: pl.DataFrame,
    groups: pl.DataFrame,
    numbers: Callable[[pl.Series], FloatArray],
) -> ValueTable:
    """The tables of strata, and which of them each group is made of."""
    own = strata.drop(_PLACE)
    table, weights = _sorted_table(rows, own, numbers)
    of_group = np.bincount(strata[_PLACE].to_numpy(), minlength=max(groups.height, 1))
    bounds = np.concatenate(([0], np.cumsum(of_group)))
    n_eff = None
    if weights is not None:
        first = bounds[:-1]
        n, squares = (_segment_sums(column, first, bounds[1:]) for column in (weights.n, weights.squares))
        n_eff = _effective(n, squares)
    return ValueTable(table._replace(strata=bounds, weights=None if weights is None else weights.n), n_eff)


def _placed(strata: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """The strata in the order of their groups, with the place of each one's group."""
    if not groups.width:
        return strata.with_columns(pl.lit(0, pl.UInt32).alias(_PLACE)).sort(STRATUM, nulls_last=True)
    numbered = groups.with_row_index(_PLACE)
    placed = strata.join(numbered, on=groups.columns, how="left", nulls_equal=True)
    return placed.sort(_PLACE, STRATUM, nulls_last=True)


class _Weights(NamedTuple):
    """Sums of the weights of each group, their squares, and the effective number of rows."""

    n: FloatArray
    squares: FloatArray
    n_eff: FloatArray


def _sorted_table(
    rows: pl.LazyFrame, groups: pl.DataFrame, numbers: Callable[[pl.Series], FloatArray]
) -> tuple[Table, _Weights | None]:
    """The numbers of each group in ascending order, each once, with the sums at each."""
    height = groups.height if groups.width else 1
    columns, codes = numbered(rows, groups)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=height))))
    leaves = columns.drop(BIN)
    at, sums = _sorted(numbers(columns[BIN]), leaves, stable_order(codes, height), offsets)
    first = np.ones(len(at), dtype=np.bool_)  # row of each number of a group
    np.not_equal(at[1:], at[:-1], out=first[1:])
    first[offsets[:-1][offsets[:-1] < len(at)]] = True
    if not first.all():
        places = np.flatnonzero(first)
        at, offsets = at[places], np.searchsorted(places, offsets)
        sums = {leaf: np.add.reduceat(column, places) for leaf, column in sums.items()}
    squares = sums.pop(_SQUARES, None)
    if squares is None:
        return Table(offsets, at, sums), None
    n = _segment_sums(sums["n"], offsets[:-1], offsets[1:])
    total = _segment_sums(squares, offsets[:-1], offsets[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = n / total
    # Weights count as so many observations that they add up to the effective number of rows.
    sums = {leaf: column * np.repeat(scale, np.diff(offsets)) for leaf, column in sums.items()}
    return Table(offsets, at, sums), _Weights(n, total, _effective(n, total))


def _segment_sums(column: FloatArray, first: IntArray, end: IntArray) -> FloatArray:
    """The sum of each segment of a column; 0 of an empty one."""
    out = np.zeros(len(first))
    filled = end > first
    if filled.any():
        out[filled] = np.add.reduceat(column, first[filled])
    return out


def _effective(n: FloatArray, squares: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return n**2 / squares


def numbered(rows: pl.LazyFrame, groups: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.uint32]]:
    """The rows without their keys, and the place of each among the groups."""
    if not groups.width:
        alone = rows.collect(engine="streaming")
        return alone, np.zeros(alone.height, dtype=np.uint32)
    names = rows.collect_schema().names()
    columns = [pl.col(name) for name in names if name not in groups.columns]
    plan, known = with_codes(rows, columns, groups.with_row_index(_PLACE), groups.columns)
    coded = plan.collect(engine="streaming")
    place = np.zeros(int(known[CODE].cast(pl.Int64).to_numpy().max(initial=0)) + 1, dtype=np.uint32)
    place[known[CODE].to_numpy()] = known[_PLACE].to_numpy()
    return coded.drop(CODE), place[coded[CODE].to_numpy()]


def _sorted(
    numbers: FloatArray, leaves: pl.DataFrame, grouped: IntArray, offsets: IntArray
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """The numbers of each group in ascending order, and the leaves of the rows that hold them."""
    at = np.empty(len(numbers))
    # A rule that holds for all rows or for none is the same in any order.
    constants = {leaf.name: _constant(leaf) for leaf in leaves}
    sums = {
        leaf: np.empty(len(numbers)) if value is None else np.full(len(numbers), value)
        for leaf, value in constants.items()
    }
    varying = [(leaves[leaf].to_numpy(), sums[leaf]) for leaf, value in constants.items() if value is None]
    for place, ascending, rows in sorted_rows(numbers, grouped, offsets):
        at[place] = ascending
        for given, out in varying:
            out[place] = given[rows]
    return at, sums


def _constant(leaf: pl.Series) -> float | None:
    """The one number that a rule gives for every row, where there is one."""
    if leaf.dtype != pl.Boolean:
        return None
    return 1.0 if leaf.all() else None if leaf.any() else 0.0
