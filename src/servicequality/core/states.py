"""States: sums by key that merge by addition. Lives here: how they are made, merged, stored and refused. Never: values.

A state is a plain frame: the keys, `bin` for tables only (`stratum` too where a shape has strata), and one column
`metric.leaf` a sum. Every state of every metric merges by one line.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from servicequality.core.sampling import WEIGHTED, Sampling, cluster_sums, moments
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import FixedShape, TableShape
from servicequality.shapes.base import added

if TYPE_CHECKING:
    from servicequality.core.metric import Metric

BIN = "bin"
STRATUM = "stratum"
AS_OF = "as_of"
_DIGEST = "servicequality.rules"
_SIGN = 0x7FFF_FFFF_FFFF_FFFF


def fixed_state(
    frame: pl.LazyFrame, metrics: Sequence["Metric"], *, keys: Sequence[str], sampling: Sampling
) -> pl.LazyFrame:
    """All sums of all metrics of fixed width, in one group_by (two where rows come in clusters)."""
    sums: dict[str, pl.Expr] = {}
    for metric in metrics:
        sums |= _sums(metric, sampling)
    if sampling.cluster is None:
        return _aggregate(frame, keys, sums)
    clusters = _aggregate(frame, [*keys, sampling.cluster], sums)
    again: dict[str, pl.Expr] = {name: pl.col(name).sum() for name in sums}
    for metric in metrics:
        assert isinstance(metric.shape, FixedShape)  # tables were refused before
        name = metric.name
        stored = metric.shape.stored(value_prefix(name, weighted=sampling.weight is not None))
        rows = pl.col(f"{name}.n" if sampling.weight is None else f"{name}.units")
        again |= {f"{name}.{added_up}": rule for added_up, rule in cluster_sums(stored, rows).items()}
    return _aggregate(clusters, keys, again)


def table_state(
    frame: pl.LazyFrame, metric: "Metric", *, keys: Sequence[str], sampling: Sampling, exact: bool = False
) -> pl.LazyFrame:
    """The table of one metric: its sums at each bin of the number that it reads."""
    assert isinstance(metric.shape, TableShape)  # the caller sorts metrics by shape
    groups = [*keys, *([] if metric.shape.stratum is None else [STRATUM]), BIN]
    tables: list[pl.LazyFrame] = []
    for record in metric.shape.records():
        number = float_bits(record.at, 52 if exact else record.mantissa)
        columns = [pl.when(record.binned()).then(number).alias(BIN)]
        columns += [] if record.stratum is None else [record.stratum.cast(pl.String).alias(STRATUM)]
        sums = _sums(replace(metric, shape=record), sampling)
        if not tables:
            tables.append(_aggregate(frame.with_columns(columns), groups, sums))
            continue
        # The rows were counted in the first table: here they only add what else they do, in another bin.
        table = _aggregate(frame.filter(record.binned()).with_columns(columns), groups, sums)
        tables.append(table.with_columns(pl.lit(0, pl.Int64).alias(f"{metric.name}.rows")))
    if len(tables) == 1:
        return tables[0]
    names = tables[0].collect_schema().names()
    return pl.concat(tables).group_by(groups).agg(pl.col(name).sum() for name in names if name not in groups)


def float_bits(number: pl.Expr, mantissa: int) -> pl.Expr:
    """`stats.float_bins` as an expression."""
    bits = number.cast(pl.Float64).reinterpret(dtype=pl.Int64)
    size = bits & pl.lit(_SIGN & ~((1 << (52 - mantissa)) - 1), dtype=pl.Int64)
    return pl.when(bits < 0).then(-size).otherwise(size)


def _sums(metric: "Metric", sampling: Sampling) -> dict[str, pl.Expr]:
    """One metric's sums over rows, by column name."""
    name, shape = metric.name, metric.shape
    rows = pl.len() if metric.condition is None else metric.condition.sum()
    columns = {f"{name}.rows": rows.cast(pl.Int64)}
    kinds = shape.leaves()
    for leaf, kind in kinds.items():
        # A sum that has to look out for nulls takes several times as long as one over zeros.
        columns[f"{name}.{leaf}"] = added(getattr(shape, leaf).fill_null(value=False), kind)
    if sampling.weight is None:
        return columns
    heavy = sampling.weighted(shape)
    for leaf in kinds:
        columns[f"{value_prefix(name, weighted=True)}.{leaf}"] = getattr(heavy, leaf).sum()
    columns[f"{name}.weight_squares"] = (heavy.n * heavy.n).sum()
    if isinstance(heavy, FixedShape):
        columns[f"{name}.units"] = (heavy.n > 0).sum().cast(pl.Int64)
    if sampling.cluster is None and isinstance(heavy, FixedShape):
        columns |= {f"{name}.{moment}": rule for moment, rule in moments(heavy).items()}
    return columns


def value_prefix(name: str, *, weighted: bool) -> str:
    """Under which prefix the leaves stand that make the value."""
    return f"{name}.{WEIGHTED}" if weighted else name


def _aggregate(frame: pl.LazyFrame, keys: Sequence[str], sums: dict[str, pl.Expr]) -> pl.LazyFrame:
    """Each distinct sum once, whatever the number of metrics that ask for it."""
    first: dict[bytes, str] = {}
    same = {name: first.setdefault(rule.meta.serialize(), name) for name, rule in sums.items()}
    # Sums of one column side by side: its values are still in the processor's cache.
    distinct = sorted(set(same.values()), key=lambda name: (sums[name].meta.root_names(), name))
    needed = [sums[name].alias(name) for name in distinct]
    small = frame.group_by(keys).agg(needed) if keys else frame.select(needed)
    return small.select([*keys, *(pl.col(source).alias(name) for name, source in same.items())])


def merge(states: Iterable[pl.DataFrame | pl.LazyFrame], metric: "Metric", *, by: Sequence[str] | None) -> pl.LazyFrame:
    """Add states of one metric by key."""
    frames = [state.lazy() for state in states]
    if not frames:
        raise ParameterError(f"{metric.name}: nothing to merge; give at least one state")
    names = frames[0].collect_schema().names()
    for frame in frames:
        other = frame.collect_schema().names()
        refuse_stranger(metric, other)
        if set(other) != set(names):
            raise InputError(
                f"{metric.name}: states with columns {', '.join(other)} and {', '.join(names)} do not add; "
                "make both with the same keys, weight and cluster"
            )
    keys = keys_of(metric, names)
    kept = keys if by is None else list(by)
    if unknown := [key for key in kept if key not in keys]:
        raise ParameterError(f"{metric.name}: the states have no key {unknown}; they have {keys}")
    leaves = [name for name in names if name.startswith(f"{metric.name}.")]
    groups = [*kept, *(name for name in (STRATUM, BIN) if name in names)]
    whole = pl.concat([frame.select(names) for frame in frames], how="vertical_relaxed")
    if AS_OF in names:
        _refuse_other_instants(whole, metric)
    sums = {name: pl.col(name).sum() for name in leaves}
    added_up = whole.group_by(groups).agg(**sums) if groups else whole.select(**sums)
    return added_up.sort(groups, nulls_last=True) if groups else added_up


def _refuse_other_instants(whole: pl.LazyFrame, metric: "Metric") -> None:
    """Raise InputError for states that look back from different instants: what is open in one has ended in another."""
    known = whole.select(pl.col(AS_OF).unique().sort()).collect(engine="streaming")[AS_OF]
    if len(known) > 1:
        shown = ", ".join(str(instant) for instant in known.head(3))
        raise InputError(
            f"{metric.name}: states made at {len(known)} instants ({shown}) do not add, since a row that was open at one "
            "may have ended at another; make all of them at one as_of"
        )


def keys_of(metric: "Metric", names: Iterable[str]) -> list[str]:
    """The columns of a state that are neither sums nor the bin and its stratum."""
    return [name for name in names if name not in (BIN, STRATUM) and not name.startswith(f"{metric.name}.")]


def refuse_stranger(metric: "Metric", names: Sequence[str]) -> None:
    """Raise InputError for a frame that is not a state of this metric."""
    wanted = [f"{metric.name}.{leaf}" for leaf in ("rows", *metric.shape.leaves())]
    if any(name not in names for name in wanted) or (BIN in names) != isinstance(metric.shape, TableShape):
        raise InputError(
            f"not a state of {metric.name}: expected columns {', '.join(wanted)}, got {', '.join(names)}; "
            "make states with this metric's own `partial`"
        )


def digest(metric: "Metric") -> str:
    """A fingerprint of the rules: what is summed and from which columns."""
    whole = hashlib.sha256(f"{metric.name} {type(metric.shape).__name__}".encode())
    for leaf in metric.shape.leaves():
        whole.update(leaf.encode() + getattr(metric.shape, leaf).meta.serialize())
    if isinstance(metric.shape, TableShape):
        for record in metric.shape.records():
            whole.update(record.at.meta.serialize() + str(record.mantissa).encode())
        if metric.shape.stratum is not None:
            whole.update(metric.shape.stratum.meta.serialize())
    if metric.condition is not None:
        whole.update(metric.condition.meta.serialize())
    return whole.hexdigest()


def save(state: pl.DataFrame | pl.LazyFrame, metric: "Metric", path: str | Path) -> None:
    """Write a state to Parquet with the digest of the rules that made it."""
    refuse_stranger(metric, state.lazy().collect_schema().names())
    state.lazy().collect(engine="streaming").write_parquet(path, metadata={_DIGEST: digest(metric)})


def load(metric: "Metric", path: str | Path) -> pl.DataFrame:
    """Read a state from Parquet; a state made by other rules is refused."""
    found = pl.read_parquet_metadata(path).get(_DIGEST)
    if found != digest(metric):
        raise InputError(
            f"{path}: this state was made by other rules than {metric.name}'s"
            f"{' (it carries no digest)' if found is None else ''}; compute it again, or read it with the metric that made it"
        )
    return pl.read_parquet(path)
