"""How frames of sums are added, and which states cannot be."""

from collections.abc import Sequence

import polars as pl

from servicequality.core.engine.keys import by_keys, keys_of
from servicequality.core.grouping import Grouping
from servicequality.core.state import State
from servicequality.errors import InputError


def added(parts: Sequence[pl.DataFrame], dropped: Sequence[str]) -> pl.DataFrame:
    """The sums of several frames of sums by the keys that are kept."""
    whole = pl.concat([part.drop(dropped) for part in parts], how="vertical_relaxed").lazy()
    keys = keys_of(parts[0])
    kept = [name for name in keys if name not in dropped]
    sums = [pl.col(name).sum() for name in parts[0].columns if name not in keys]
    return by_keys((whole.group_by(kept).agg(sums) if kept else whole.select(sums)).collect(engine="streaming"))


def refuse_unlike(named: str, first: State, other: State) -> None:
    """Raise InputError for states that do not add."""
    if first.keys != other.keys:
        raise InputError(f"{named}: states by {list(first.keys)} and by {list(other.keys)} do not add")
    if first.spread != other.spread:
        raise InputError(f"{named}: states by cluster and states over clusters do not add; make all with spread=True")
    if first.as_of != other.as_of:
        raise InputError(
            f"{named}: states made at different instants ({first.as_of}, {other.as_of}) do not add, since a row that was "
            "open at one may have ended at another; make all of them at one as_of"
        )


def difference(one: Grouping, other: Grouping) -> str:
    """What two states were made differently with, in words."""
    left, right = one.to_dict(), other.to_dict()
    unlike = [name for name in left if left[name] != right[name]]
    told = "; ".join(f"{name}={left[name]!r} and {name}={right[name]!r}" for name in unlike)
    return f"states made with {told} do not add; make all of them alike"
