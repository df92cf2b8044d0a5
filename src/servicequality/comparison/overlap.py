"""Rows that are on both sides of a comparison: how they are found and refused."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.core import Metric, by_grain
from servicequality.errors import InputError
from servicequality.model import as_frame

# The column that names a row, by grain. A ticket may have waits and clocks on both sides; it is created on one.
_NAMES = {
    "account": "account_id",
    "incident": "incident_id",
    "review": "review_id",
    "session": "session_id",
    "ticket": "ticket_id",
}


def refuse_overlap(before: Any, after: Any, metrics: Sequence[Metric], *, at: str | None, paired: str | None) -> None:
    """Raise InputError where the two sides share time, rows, or are one frame.

    Args:
        before: frame, or mapping of grain to frame.
        after: as `before`.
        metrics: their grains say which column names a row.
        at: the instant that puts a row on its side; both sides' spans are compared.
        paired: the column that pairs rows; what is paired is on both sides by design.
    """
    for (first, group), (second, _) in zip(by_grain(before, metrics), by_grain(after, metrics), strict=True):
        if first is second:
            raise InputError(
                "before and after are the same frame: there is nothing to compare; give each side its own rows"
            )
        frames = [as_frame(side).lazy() for side in (first, second)]
        schemas = [frame.collect_schema() for frame in frames]
        if at is not None:
            _refuse_spans(frames, at, schemas)
        name = _NAMES.get(group[0].spec.grain)
        if name is None or name == paired or any(name not in schema for schema in schemas):
            continue
        both = frames[0].select(name).unique().join(frames[1].select(name).unique(), on=name).sort(name)
        shared = both.select(pl.len().alias("n"), pl.col(name).head(3).implode()).collect(engine="streaming")
        if count := shared["n"][0]:
            shown = ", ".join(repr(value) for value in shared[name][0].to_list())
            raise InputError(
                f"before and after overlap: {count} {name}{'s are' if count > 1 else ' is'} on both sides, such as {shown}; "
                "put each row on one side, or name what pairs them with paired="
            )


def _refuse_spans(frames: Sequence[pl.LazyFrame], at: str, schemas: Sequence[pl.Schema]) -> None:
    for side, schema in zip(("before", "after"), schemas, strict=True):
        if at not in schema or not schema[at].is_temporal():
            raise InputError(
                f"at: {side} has no column {at!r} of instants or dates; it has {', '.join(schema.names())}"
            )
    ends = [frame.select(pl.col(at).min().alias("first"), pl.col(at).max().alias("last")).collect() for frame in frames]
    (_, last), (first, _) = (end.row(0) for end in ends)
    if last is not None and first is not None and last >= first:
        raise InputError(
            f"before and after overlap: the last {at} before is {last}, the first after is {first}; "
            "cut both sides at one instant"
        )
