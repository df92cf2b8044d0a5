"""Eager in, eager out; lazy in, lazy out: how an answer is deferred until its data are needed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import polars as pl

Lazy: TypeAlias = pl.LazyFrame | Mapping[str, pl.LazyFrame]
"""What makes an answer lazy: a lazy frame, or lazy frames by grain."""


def like_input(
    data: Iterable[Any], compute: Callable[[], pl.DataFrame], schema: Callable[[], Mapping[str, pl.DataType]]
) -> pl.DataFrame | pl.LazyFrame:
    """What `compute` gives: now, or where any of the data is lazy, when it is collected.

    Args:
        data: what the call was given: frames, or mappings of grain to frame.
        compute: makes the answer. All that looks at values belongs into it, checks included.
        schema: the columns of the answer, told without a look at values. It is asked at the call, so that a missing column
            is found there.
    """
    if any(map(_is_lazy, data)):
        return pl.defer(compute, schema=pl.Schema(schema()))
    return compute()


def _is_lazy(data: Any) -> bool:
    parts = data.values() if isinstance(data, Mapping) else (data,)
    return any(isinstance(part, pl.LazyFrame) for part in parts)
