"""Results made from the counts of the flow table (`servicequality.flow`)."""

from collections.abc import Callable, Sequence

import polars as pl

from servicequality.core import RESULT, Computation


def from_flow(
    counts: pl.DataFrame | pl.LazyFrame,
    compute: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    by: str | Sequence[str],
    keys: Sequence[str] = (),
) -> Computation:
    """What `compute` makes of the counts of `flow`.

    Args:
        counts: the table of flow.
        compute: makes `by…`, `keys`, and the columns of every result.
        by: key columns.
        keys: further columns of the counts that are keys.
    """

    def schema() -> dict[str, pl.DataType]:
        types = counts.collect_schema()
        return {**{key: types[key] for key in (*named(by), *keys)}, **RESULT}

    return Computation(lambda: compute(counts.lazy().collect()), schema)


def named(by: str | Sequence[str]) -> list[str]:
    """The key columns as a list."""
    return [by] if isinstance(by, str) else list(by)
