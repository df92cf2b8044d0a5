"""The tables that shapes read, made of rows or of a state. Lives here: numbers sorted and summed within each group.

Never here: what a shape reads from a table. A state counts rows by the number that they hold, so that states add; where
the rows themselves are at hand, they are sorted without being counted first, and the table is the same.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.numbering import CODE, with_codes
from servicequality.core.sampling import Sampling
from servicequality.core.states import BIN, STRATUM, fixed_state, value_prefix
from servicequality.shapes import Table, TableShape
from servicequality.shapes.base import FloatArray
from servicequality.stats._checks import IntArray
from servicequality.stats.histogram import bin_values
from servicequality.stats.ordering import sorted_rows, stable_order

if TYPE_CHECKING:
    from servicequality.core.metric import Metric

_PLACE = "servicequality.place"


class Binned(NamedTuple):
    """One metric's table, and what its groups hold beside it.

    Attributes:
        groups: the keys and the metric's sums over all rows, sorted by key with nulls last.
        table: the numbers of each group, ascending, and the sums at each.
        n_eff: effective number of rows of each group, where they are weighted.
    """

    groups: pl.DataFrame
    table: Table
    n_eff: FloatArray | None


def bin_rows(frame: pl.LazyFrame, metric: "Metric", *, keys: Sequence[str], sampling: Sampling) -> Binned:
    """The table of a frame's rows, exact: each number stands for itself."""
    shape = _shape(metric)
    by = _by(shape, keys)
    if shape.stratum is not None:
        frame = frame.with_columns(shape.stratum.cast(pl.String).alias(STRATUM))
    groups = fixed_state(frame, [metric], keys=by, sampling=sampling).collect(engine="streaming")
    parts = []
    for record in shape.records():
        watched = record.binned()
        if sampling.weight is not None:  # rows of weight 0 were not watched
            watched &= pl.col(sampling.weight) > 0
        heavy = sampling.weighted(record)
        leaves = [getattr(heavy, leaf).fill_null(value=False).alias(leaf) for leaf in shape.leaves()]
        parts.append(frame.filter(watched).select(*by, record.at.cast(pl.Float64).alias(BIN), *leaves))
    return _binned(metric, keys, groups, pl.concat(parts), lambda numbers: numbers.to_numpy())


def read_state(state: pl.DataFrame, metric: "Metric", *, keys: Sequence[str], exact: bool = False) -> Binned:
    """The table of a state; `exact` says that its bins keep all bits."""
    shape, name = _shape(metric), metric.name
    by = _by(shape, keys)
    sums = [pl.col(column).sum() for column in state.columns if column.startswith(f"{name}.")]
    groups = state.group_by(by).agg(sums) if by else state.select(sums)
    prefix = value_prefix(name, weighted=f"{name}.weight_squares" in state.columns)
    # Rows of weight 0 were not watched.
    watched = pl.col(BIN).is_not_null() & pl.any_horizontal(pl.col(f"{prefix}.{leaf}") > 0 for leaf in shape.WATCHED)
    leaves = [pl.col(f"{prefix}.{leaf}").alias(leaf) for leaf in shape.leaves()]
    rows = state.lazy().filter(watched).select(*by, BIN, *leaves)
    mantissa = 52 if exact else shape.mantissa
    return _binned(metric, keys, groups, rows, lambda bins: bin_values(bins.to_numpy(), mantissa_bits=mantissa))


def _shape(metric: "Metric") -> TableShape:
    assert isinstance(metric.shape, TableShape)  # the caller sorts metrics by shape
    return metric.shape


def _by(shape: TableShape, keys: Sequence[str]) -> list[str]:
    return [*keys, *([] if shape.stratum is None else [STRATUM])]


def _binned(
    metric: "Metric",
    keys: Sequence[str],
    groups: pl.DataFrame,
    rows: pl.LazyFrame,
    numbers: Callable[[pl.Series], FloatArray],
) -> Binned:
    """Sort and sum rows of keys, bin and leaves; `numbers` says what the bins stand for."""
    shape, name = _shape(metric), metric.name
    by = _by(shape, keys)
    groups = groups.sort(by, nulls_last=True) if by else groups
    columns, codes = _numbered(rows, groups, by)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=groups.height))))
    at, sums = _sorted(numbers(columns[BIN]), columns.drop(BIN), stable_order(codes, groups.height), offsets)
    first = np.ones(len(at), dtype=np.bool_)  # row of each number of a group
    np.not_equal(at[1:], at[:-1], out=first[1:])
    first[offsets[:-1][offsets[:-1] < len(at)]] = True
    if not first.all():
        places = np.flatnonzero(first)
        at, offsets = at[places], np.searchsorted(places, offsets)
        sums = {leaf: np.add.reduceat(column, places) for leaf, column in sums.items()}
    strata, weights, n_eff = None, None, None
    weighted = f"{name}.weight_squares" in groups.columns
    if weighted:
        # Weights count as so many observations that they add up to the effective number of rows.
        n_eff, scale = _effective(groups, name)
        sums = {leaf: column * np.repeat(scale, np.diff(offsets)) for leaf, column in sums.items()}
    if shape.stratum is not None:
        weights = groups[f"{value_prefix(name, weighted=weighted)}.n"].cast(pl.Float64).to_numpy()
        groups, strata = _over_strata(groups, keys, name)
        n_eff = _effective(groups, name)[0] if weighted else None
    return Binned(groups, Table(offsets, at, sums, strata=strata, weights=weights), n_eff)


def _numbered(rows: pl.LazyFrame, groups: pl.DataFrame, by: Sequence[str]) -> tuple[pl.DataFrame, NDArray[np.uint32]]:
    """The rows without their keys, and the place of each among the groups."""
    if not by:
        alone = rows.collect(engine="streaming")
        return alone, np.zeros(alone.height, dtype=np.uint32)
    columns = [pl.col(name) for name in rows.collect_schema().names() if name not in by]
    plan, known = with_codes(rows, columns, groups.select(by).with_row_index(_PLACE), by)
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
    plain = {leaf.name: _constant(leaf) for leaf in leaves}
    sums = {
        leaf: np.empty(len(numbers)) if value is None else np.full(len(numbers), value) for leaf, value in plain.items()
    }
    varying = [(leaves[leaf].to_numpy(), sums[leaf]) for leaf, value in plain.items() if value is None]
    for place, found, rows in sorted_rows(numbers, grouped, offsets):
        at[place] = found
        for given, out in varying:
            out[place] = given[rows]
    return at, sums


def _constant(leaf: pl.Series) -> float | None:
    """What a rule says of every row, where it says one thing."""
    if leaf.dtype != pl.Boolean:
        return None
    return 1.0 if leaf.all() else None if leaf.any() else 0.0


def _effective(groups: pl.DataFrame, name: str) -> tuple[FloatArray, FloatArray]:
    """Effective number of rows of each group, and what each weight is to be multiplied by to add up to it."""
    n, squares = (
        groups[column].cast(pl.Float64).to_numpy()
        for column in (f"{value_prefix(name, weighted=True)}.n", f"{name}.weight_squares")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return n**2 / squares, n / squares


def _over_strata(strata: pl.DataFrame, keys: Sequence[str], name: str) -> tuple[pl.DataFrame, IntArray]:
    """The sums of each key over its strata, and which strata those are: they come sorted by key."""
    sums = [pl.col(column).sum() for column in strata.columns if column.startswith(f"{name}.")]
    if not keys:
        return strata.select(sums), np.array([0, strata.height])
    groups = strata.group_by(keys, maintain_order=True).agg(*sums, pl.len().alias(STRATUM))
    return groups.drop(STRATUM), np.concatenate(([0], np.cumsum(groups[STRATUM].cast(pl.Int64).to_numpy())))
