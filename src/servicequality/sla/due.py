"""Clocks from a due instant alone, without a policy."""

import datetime as dt
from typing import Any

import polars as pl

from servicequality.checks import column, holds_instants, shown
from servicequality.core import of_frame
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import known_at, seconds
from servicequality.model import as_frame
from servicequality.sla.outcomes import verdict

__all__ = ["due_clocks"]


@of_frame
def due_clocks(
    tickets: Any,
    *,
    as_of: dt.datetime,
    started: str = "created_at",
    stopped: str = "resolved_at",
    due: str = "due_at",
    kind: str = "resolution",
) -> pl.LazyFrame:
    """One clock for each ticket that has a due instant, in the columns of `clocks`, with the ticket's own columns.

    The clock runs in calendar time, without pauses: the stop is compared with the export's own deadline. A stop after
    `as_of` is not known yet. A stop at the deadline is in time.

    Args:
        tickets: one row a ticket; lazy stays lazy.
        as_of: the instant of knowledge, inclusive; with a time zone.
        started: column of the instant at which the clock starts.
        stopped: column of the instant at which it stops; null while it runs.
        due: column of the deadline; rows without one have no clock.
        kind: what the clock measures, as a label.

    Returns:
        The tickets' columns and `kind, started_at, due_at, stopped_at, elapsed_seconds, target_seconds, overrun_seconds,
        remaining_seconds` (both null where they do not apply) and `outcome`: met, missed, missed_open or pending. It is
        null where a stop or a deadline precedes the start, so that such rows are counted as missing.

    Raises:
        ParameterError: `as_of` is naive.
        InputError: a column is missing or holds no zone-aware instants.
    """
    known = known_at(as_of)
    for parameter, name in {"started": started, "stopped": stopped, "due": due, "kind": kind}.items():
        if not isinstance(name, str):
            raise ParameterError(f"{parameter} must be a text; got {shown(name)}")
    frame: pl.LazyFrame = as_frame(tickets).lazy()
    schema = frame.collect_schema()
    for name in (started, stopped, due):
        dtype = schema.get(name)
        if dtype is None or not holds_instants(dtype):
            raise InputError(
                f"column {shown(name)} holds {dtype or 'nothing: it is absent'}, expected zone-aware instants"
            )
    start, deadline, end = _micros("started_at"), _micros("due_at"), _micros("stopped_at").fill_null(known)
    in_order = (end >= start) & (deadline >= start)
    lasted, allowed = end - start, deadline - start
    return (
        frame.filter(column(due).is_not_null() & (_micros(started) <= known))
        .with_columns(
            pl.lit(kind).alias("kind"),
            column(started).alias("started_at"),
            column(due).alias("due_at"),
            pl.when(_micros(stopped) <= known).then(column(stopped)).alias("stopped_at"),
        )
        .with_columns(
            pl.when(end >= start).then(seconds(lasted)).alias("elapsed_seconds"),
            pl.when(deadline >= start).then(seconds(allowed)).alias("target_seconds"),
            *verdict(elapsed=pl.when(in_order).then(lasted), target=allowed),
        )
    )


def _micros(name: str) -> pl.Expr:
    """Microseconds since 1970, so that columns in several zones can be compared."""
    return column(name).cast(pl.Datetime("us", "UTC")).dt.timestamp("us")
