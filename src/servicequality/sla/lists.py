"""Lists of what to look at first: the late clocks, and those that soon will be."""

import datetime as dt
from typing import Any

import polars as pl

from servicequality.checks import shown
from servicequality.core import of_frame
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["at_risk", "overdue"]

_SHOWN = (
    "ticket_id", "policy", "priority", "kind", "sequence", "target_schedule", "team", "agent_id", "started_at", "due_at",
    "remaining_seconds", "overrun_seconds",
)  # fmt: skip
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


@of_frame
def overdue(clocks: Any) -> pl.LazyFrame:
    """The clocks that run past their target, the most overdue first.

    Args:
        clocks: a frame of `clocks` or `due_clocks`; lazy stays lazy.

    Raises:
        InputError: It is none: the columns are missing.
    """
    late = pl.col("outcome").cast(pl.String) == "missed_open"
    frame = _checked(clocks, "overrun_seconds").filter(late)
    return _listed(frame, by="overrun_seconds", without="remaining_seconds", descending=True)


@of_frame
def at_risk(clocks: Any, *, within: float | dt.timedelta) -> pl.LazyFrame:
    """The clocks that are in time but have little left, those due next first; paused ones, which have no due time, last.

    Args:
        clocks: a frame of `clocks` or `due_clocks`; lazy stays lazy.
        within: the most that is left, in seconds or as a timedelta, in the time of each clock.

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


def _checked(clocks: Any, needed: str) -> pl.LazyFrame:
    frame: pl.LazyFrame = as_frame(clocks).lazy()
    here = frame.collect_schema()
    if missing := [name for name in ("ticket_id", "kind", "outcome", "due_at", needed) if name not in here]:
        raise InputError(
            f"expected a frame of clocks; it has no column {', '.join(missing)}: give what clocks(...) returns"
        )
    texts, number = here["outcome"], here[needed]
    if not (texts.base_type() in _TEXTS or texts == pl.Null) or not (number.is_numeric() or number == pl.Null):
        strange = "outcome" if texts.base_type() not in _TEXTS else needed
        raise InputError(f"column {strange!r} holds {here[strange]}: give what clocks(...) returns")
    return frame


def _listed(frame: pl.LazyFrame, *, by: str, without: str, descending: bool) -> pl.LazyFrame:
    here = frame.collect_schema()
    keys = [by, *(name for name in ("ticket_id", "kind", "sequence", "target_schedule") if name in here)]
    return frame.select(name for name in _SHOWN if name in here and name != without).sort(
        keys, descending=[descending, *[False] * (len(keys) - 1)], nulls_last=True
    )
