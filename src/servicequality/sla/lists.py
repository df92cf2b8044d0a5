"""Lists of what to look at first: the late clocks, and those that soon will be."""

import datetime as dt
from typing import Any, overload

import polars as pl

from servicequality.checks import refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["at_risk", "overdue"]

_SHOWN = (
    "ticket_id", "policy", "priority", "kind", "sequence", "team", "agent_id", "started_at", "due_at",
    "remaining_seconds", "overrun_seconds",
)  # fmt: skip


@overload
def overdue(clocks: pl.LazyFrame) -> pl.LazyFrame: ...
@overload
def overdue(clocks: Any) -> pl.DataFrame: ...
@refusing_misfits
def overdue(clocks: Any) -> pl.DataFrame | pl.LazyFrame:
    """The clocks that run past their target, the most overdue first.

    Args:
        clocks: A frame of `clocks` or `due_clocks`; lazy stays lazy.

    Raises:
        InputError: It is none: the columns are missing.
    """
    late = pl.col("outcome").cast(pl.String) == "missed_open"
    frame = _checked(clocks, "overrun_seconds").filter(late)
    return _listed(frame, by="overrun_seconds", without="remaining_seconds", descending=True)


@overload
def at_risk(clocks: pl.LazyFrame, *, within: float | dt.timedelta) -> pl.LazyFrame: ...
@overload
def at_risk(clocks: Any, *, within: float | dt.timedelta) -> pl.DataFrame: ...
@refusing_misfits
def at_risk(clocks: Any, *, within: float | dt.timedelta) -> pl.DataFrame | pl.LazyFrame:
    """The clocks that are in time but have little left, those due next first; paused ones, which have no due time, last.

    Args:
        clocks: A frame of `clocks` or `due_clocks`; lazy stays lazy.
        within: The most that is left, in seconds or as a timedelta, in the time of each clock.

    Raises:
        ParameterError: `within` is negative or no number.
        InputError: The frame is none of clocks: the columns are missing.
    """
    limit = within.total_seconds() if isinstance(within, dt.timedelta) else within
    if not isinstance(limit, int | float) or not limit >= 0:
        raise ParameterError(f"within must be a number of seconds or a timedelta, 0 or more; got {shown(within)}")
    pending = pl.col("outcome").cast(pl.String) == "pending"
    frame = _checked(clocks, "remaining_seconds").filter(pending & (pl.col("remaining_seconds") <= limit))
    return _listed(frame, by="due_at", without="overrun_seconds", descending=False)


def _checked(clocks: Any, needed: str) -> pl.DataFrame | pl.LazyFrame:
    frame: pl.DataFrame | pl.LazyFrame = as_frame(clocks)
    here = frame.collect_schema()
    if missing := [name for name in ("ticket_id", "kind", "outcome", "due_at", needed) if name not in here]:
        raise InputError(
            f"expected a frame of clocks; it has no column {', '.join(missing)}: give what clocks(...) returns"
        )
    return frame


def _listed(
    frame: pl.DataFrame | pl.LazyFrame, *, by: str, without: str, descending: bool
) -> pl.DataFrame | pl.LazyFrame:
    here = frame.collect_schema()
    keys = [by, *(name for name in ("ticket_id", "kind", "sequence") if name in here)]
    return frame.select(name for name in _SHOWN if name in here and name != without).sort(
        keys, descending=[descending, *[False] * (len(keys) - 1)], nulls_last=True
    )
