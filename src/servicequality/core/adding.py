"""How frames of sums are added, and which states cannot be."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from servicequality.checks import shown
from servicequality.core.engine.keys import by_keys, keys_of
from servicequality.core.engine.names import key_column
from servicequality.core.engine.state_tables import added_tables
from servicequality.core.grouping import Grouping
from servicequality.core.state import State
from servicequality.errors import InputError, ParameterError


def added(parts: Sequence[pl.DataFrame], dropped: Sequence[str]) -> pl.DataFrame:
    """The sums of several frames of sums by the keys that are kept."""
    whole = pl.concat([part.drop(dropped) for part in parts], how="vertical_relaxed").lazy()
    keys = keys_of(parts[0])
    kept = [name for name in keys if name not in dropped]
    sums = [pl.col(name).sum() for name in parts[0].columns if name not in keys]
    return by_keys((whole.group_by(kept).agg(sums) if kept else whole.select(sums)).collect(engine="streaming"))


def merged(named: str, parts: Sequence[State], by: str | Sequence[str] | None) -> State:
    """The sum of some states of one plan, by all their keys or by fewer.

    Args:
        named: the metrics, for what is said of them.
        parts: the states, at least one.
        by: the keys to keep; all by default.

    Raises:
        InputError: states that do not add, or a key to drop that divides items.
        ParameterError: a key that the states do not have.
    """
    first = parts[0]
    for other in parts[1:]:
        _refuse_unlike(named, first, other)
    kept = first.keys if by is None else (by,) if isinstance(by, str) else tuple(by)
    if unknown := [key for key in kept if key not in first.keys]:
        raise ParameterError(f"{named}: the states have no key {unknown[0]!r}; they have {list(first.keys)}")
    divided = frozenset[str]().union(*(part.divided for part in parts))
    if lost := [key for key in first.keys if key in divided and key not in kept]:
        raise InputError(
            f"{named}: items have rows of more than one {shown(lost[0])}, which states by {shown(lost[0])} do not keep "
            "together; keep that key, or make the states without it"
        )
    dropped = [key_column(key) for key in first.keys if key not in kept]
    sums = added([part.sums for part in parts], dropped)
    tables = {name: added_tables([part.tables[name] for part in parts], dropped, sums) for name in first.tables}
    examples: dict[int, tuple[str, ...]] = {}
    for part in parts:
        for place, values in part.offenders.items():
            examples.setdefault(place, values)
    return replace(first, keys=kept, sums=sums, tables=tables, divided=divided, offenders=examples)


def _refuse_unlike(named: str, first: State, other: State) -> None:
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
