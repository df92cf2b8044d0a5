"""The sums of rules by key: everything that one scan of the rows adds up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from servicequality.checks import column
from servicequality.core.engine.names import CLUSTER, EXCLUDED, ROWS, sum_column, weighted
from servicequality.core.rule import Rule, kept
from servicequality.core.sampling import Sampling, cluster_sums, moments
from servicequality.shapes import FixedShape, Shape
from servicequality.shapes.base import added


class Sum(NamedTuple):
    """An aggregation, and what tells it from others.

    Attributes:
        rule: the aggregation.
        written: how Polars writes it down.
        columns: the columns that it reads.
    """

    rule: pl.Expr
    written: bytes
    columns: list[str]


Sums = dict[str, Sum]


def as_sums(rules: Mapping[str, pl.Expr]) -> Sums:
    """Aggregations by name, ready to be told apart."""
    return {name: Sum(rule, rule.meta.serialize(), rule.meta.root_names()) for name, rule in rules.items()}


@kept
def row_sums(rule: Rule, sampling: Sampling) -> Sums:
    """One rule's sums over rows, by column: rows, excluded rows, leaves, and what weights add."""
    shape, weight = rule.shape, sampling.weight
    here = pl.lit(value=True) if rule.condition is None else rule.condition
    counted = pl.len() if rule.condition is None else rule.condition.sum()
    columns = {ROWS: counted.cast(pl.Int64)}
    barred = None if shape.excluded is None else (shape.excluded & ~shape.n.fill_null(value=False))
    if weight is not None:
        has_weight = column(weight) > 0
        shape = _sliced(shape, has_weight)
        light = here & ~has_weight
        barred = light if barred is None else light | (barred & has_weight)
    if barred is not None:
        columns[EXCLUDED] = added(barred.fill_null(value=False), "count")
    kinds = shape.leaves()
    for leaf, kind in kinds.items():
        # A sum that has to look out for nulls takes several times as long as one over zeros.
        columns[leaf] = added(getattr(shape, leaf).fill_null(value=False), kind)
    if weight is not None:
        heavier = sampling.weighted(shape)
        columns |= {weighted(leaf): getattr(heavier, leaf).sum() for leaf in kinds}
        columns["weight_squares"] = (heavier.n * heavier.n).sum()
        if isinstance(heavier, FixedShape):
            columns["units"] = (heavier.n > 0).sum().cast(pl.Int64)
            columns |= moments(heavier) if sampling.cluster is None else {}
    return as_sums({sum_column(rule.name, leaf): expression for leaf, expression in columns.items()})


def sum_types(rule: Rule, sampling: Sampling) -> dict[str, pl.DataType]:
    """The columns of one rule's sums, with their types."""
    kinds: dict[str, pl.DataType] = {ROWS: pl.Int64()}
    if rule.shape.excluded is not None or sampling.weight is not None:
        kinds[EXCLUDED] = pl.Int64()
    leaves = rule.shape.leaves()
    kinds |= {leaf: pl.Int64() if kind == "count" else pl.Float64() for leaf, kind in leaves.items()}
    if sampling.weight is not None:
        kinds |= {weighted(leaf): pl.Float64() for leaf in leaves} | {"weight_squares": pl.Float64()}
    if isinstance(rule.shape, FixedShape) and sampling:
        kinds |= {} if sampling.weight is None else {"units": pl.Int64()}
        kinds |= {} if sampling.cluster is None else {"clusters": pl.Int64()}
        sizes = () if sampling.cluster is None else ("size_squares", "row_squares")
        kinds |= dict.fromkeys((*sizes, *moments(rule.shape)), pl.Float64())
    return {sum_column(rule.name, leaf): kind for leaf, kind in kinds.items()}


@kept
def sums_of_clusters(rule: Rule, sampling: Sampling) -> Sums:
    """What the sums of clusters add to a rule's sums: how many clusters count, their sizes and their moments."""
    assert isinstance(rule.shape, FixedShape)  # tables are refused together with clusters
    rows = pl.col(sum_column(rule.name, "n" if sampling.weight is None else "units"))
    columns = cluster_sums(rule.shape.stored(rule.name, weighted=sampling.weight is not None), rows)
    return as_sums({sum_column(rule.name, leaf): expression for leaf, expression in columns.items()})


def over_clusters(
    clusters: pl.LazyFrame, rules: Sequence[Rule], keys: Sequence[str], sampling: Sampling
) -> pl.LazyFrame:
    """The sums by key of sums by key and cluster."""
    plain = [name for name in clusters.collect_schema().names() if name not in (*keys, CLUSTER)]
    again = as_sums({name: pl.col(name).sum() for name in plain})
    for rule in rules:
        again |= sums_of_clusters(rule, sampling)
    return aggregate(clusters, {name: pl.col(name) for name in keys}, again)


def aggregate(frame: pl.LazyFrame, keys: Mapping[str, pl.Expr], sums: Sums) -> pl.LazyFrame:
    """Each distinct sum once, whatever the number of rules that need it."""
    first: dict[bytes, str] = {}
    same = {name: first.setdefault(one.written, name) for name, one in sums.items()}
    # Sums of one column side by side: its values are still in the processor's cache.
    needed = [
        sums[name].rule.alias(name) for name in sorted(first.values(), key=lambda name: (sums[name].columns, name))
    ]
    groups = [expression.alias(name) for name, expression in keys.items()]
    small = frame.group_by(groups).agg(needed) if groups else frame.select(needed)
    return small.select([*keys, *(pl.col(source).alias(name) for name, source in same.items())])


def _sliced(shape: Shape, rows: pl.Expr) -> Shape:
    """The shape over the rows for which `rows` holds."""
    kinds = shape.leaves()
    return shape.map(lambda leaf, rule: rule & rows if kinds[leaf] == "count" else pl.when(rows).then(rule))
