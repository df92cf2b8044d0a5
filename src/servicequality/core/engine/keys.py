"""Frames of sums in the order of their keys."""

import numpy as np
import polars as pl

from servicequality.core.engine.names import BIN, CLUSTER, STRATUM
from servicequality.core.engine.numbering import CODE


def keys_of(frame: pl.DataFrame) -> list[str]:
    """The columns by which a frame of sums is summed."""
    return [name for name in frame.columns if name.startswith("key:") or name in (CODE, BIN, STRATUM, CLUSTER)]


def by_keys(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of sums in the order of its keys."""
    keys = keys_of(frame)
    last = [frame[key].null_count() > 0 for key in keys]  # to look out for nulls takes twice the time
    return frame.sort(keys, nulls_last=last) if keys and frame.height > 1 else frame


def by_groups(table: pl.DataFrame, groups: pl.DataFrame, code: pl.Expr) -> pl.DataFrame:
    """Sums by the code of their group, with its keys, in the order of the keys.

    Args:
        table: sums by `CODE`, and by stratum and bin.
        groups: the keys of every group, in their order.
        code: what `code_of` gave for them.
    """
    codes = groups.select(code).to_series().to_numpy()
    places = np.full(int(codes.max(initial=0)) + 1, groups.height, np.uint32)
    places[codes] = np.arange(groups.height, dtype=np.uint32)
    placed = by_keys(table.with_columns(pl.Series(CODE, places[table[CODE].to_numpy()])))
    return pl.concat([groups[placed[CODE]], placed.drop(CODE)], how="horizontal")
