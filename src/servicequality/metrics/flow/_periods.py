"""Results made from the counts of the flow table (`servicequality.flow`), lazy if it is lazy."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from servicequality.core.results import RESULT


def from_flow(
    counts: pl.DataFrame | pl.LazyFrame,
    compute: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    by: str | Sequence[str],
    keys: Sequence[str] = (),
    more: Mapping[str, pl.DataType] | None = None,
) -> pl.DataFrame | pl.LazyFrame:
    """What `compute` makes of the counts of `flow`: now, or when it is collected.

    Args:
        counts: the table of flow.
        compute: makes `by…`, `keys`, the columns of every result, and `more`.
        by: key columns.
        keys: further columns of the counts that are keys.
        more: the table's own figures.
    """
    if isinstance(counts, pl.DataFrame):
        return compute(counts)
    schema = counts.collect_schema()
    own = {key: schema[key] for key in (*named(by), *keys)}
    return counts.map_batches(compute, schema=pl.Schema({**own, **RESULT, **(more or {})}))


def named(by: str | Sequence[str]) -> list[str]:
    """The key columns as a list."""
    return [by] if isinstance(by, str) else list(by)
