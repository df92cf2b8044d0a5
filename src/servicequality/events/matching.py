"""Whether the values of a column are among those of another table, whatever types both have."""

import polars as pl

from servicequality.checks import column, unused_prefix
from servicequality.core import shared_type
from servicequality.errors import InputError

__all__ = ["among", "with_shared_ids"]


def among(rows: pl.LazyFrame, others: pl.LazyFrame, key: str, *, flag: str, beside: str) -> pl.LazyFrame:
    """The rows with a flag more: whether the value of `key` is one of the others; null where it is null.

    Args:
        rows: any rows; their columns and order are kept.
        others: a frame of one column, the values to look among.
        key: the column of the rows.
        flag: the name of the column that is added.
        beside: where the others are, as a message says it.

    Raises:
        InputError: the values are of types that cannot match.
    """
    own, theirs = rows.collect_schema()[key], others.collect_schema().dtypes()[0]
    both = (own, theirs)
    met = shared_type(both) or (pl.Float64() if all(dtype.is_numeric() for dtype in both) else None)
    if met is None:
        raise InputError(f"column {key!r} holds {own}, and {theirs} {beside}; cast one, so that they can match")
    place = f"{unused_prefix([*rows.collect_schema().names(), flag])}key"
    listed = others.select(pl.all().cast(met, strict=False).alias(place)).drop_nulls().unique()
    value = column(key)
    marked = rows.with_columns(value.cast(met, strict=False).alias(place)).join(
        listed.with_columns(pl.lit(value=True).alias(flag)), on=place, how="left", maintain_order="left"
    )
    present = pl.when(value.is_not_null()).then(column(flag).fill_null(value=False))
    return marked.with_columns(present.alias(flag)).drop(place)


def with_shared_ids(first: pl.LazyFrame, second: pl.LazyFrame, name: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both frames with the tickets' names in one type.

    Raises:
        InputError: one holds numbers and the other texts, or the like.
    """
    types = [frame.collect_schema()[name] for frame in (first, second)]
    if (shared := shared_type(types)) is None:
        raise InputError(
            f"column {name!r} holds {types[0]} in the tickets and {types[1]} beside them; cast one, so that they can match"
        )
    cast = column(name).cast(shared)
    return first.with_columns(cast), second.with_columns(cast)
