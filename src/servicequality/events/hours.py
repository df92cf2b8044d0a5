"""The working hours of each ticket: one schedule for all, or one of several by a column of the ticket."""

from typing import TypeAlias

import polars as pl

from servicequality.checks import column, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import changes_of, seconds
from servicequality.events.assignments import HELD, values_in_force
from servicequality.events.numbering import TicketNumbers
from servicequality.model import Records
from servicequality.model.roles import closest
from servicequality.worktime import Schedule, Schedules

__all__ = ["KEY", "Hours", "beside", "clock", "hours", "key_columns", "key_types", "with_keys", "worked"]

Hours: TypeAlias = Schedule | Schedules

KEY = "_schedule"
"""The column that holds the key of each ticket's schedule, where there are several schedules."""

_INSTANT = pl.Datetime("us", "UTC")
_FIELD = {column: field for field, column in HELD.items()}


def hours(schedule: object, records: Records) -> Hours | None:
    """The schedule, or the schedules by a column of the ticket, that a call was given, if any.

    Raises:
        ParameterError: It is neither, or the column is none of the tickets and no field of a change.
    """
    if isinstance(schedule, Schedules):
        known = {} if records.tickets is None else records.tickets.collect_schema()
        if records.changes is None and schedule.column not in known:
            raise ParameterError(
                f"schedule is chosen by {shown(schedule.column)}{closest(schedule.column, known)}, which is not a column of "
                "the tickets and, without Records(changes=...), no field of a change: say Schedules(…, column=…)"
            )
        return schedule
    if schedule is None or isinstance(schedule, Schedule):
        return schedule
    raise ParameterError(
        f"schedule must be a Schedule, Schedules by a column of the ticket, or None; got {shown(schedule)}: "
        "Schedule.from_dict reads a dictionary"
    )


def key_columns(schedule: Hours | None) -> set[str]:
    """The column of the tickets by which the schedule is chosen, if there are several."""
    return {schedule.column} if isinstance(schedule, Schedules) else set()


def key_types(schedule: Hours | None) -> dict[str, pl.DataType]:
    """The column `KEY` with its type, if there are several schedules."""
    return {KEY: schedule.key_type} if isinstance(schedule, Schedules) else {}


def with_keys(tickets: pl.DataFrame, schedule: Hours | None, records: Records, known: int) -> pl.DataFrame:
    """Tickets, whole, with the key of their schedule in the column `KEY`: the last change by then, or the ticket's own.

    Raises:
        InputError: A key belongs to no schedule.
    """
    if not isinstance(schedule, Schedules):
        return tickets
    name, changes = schedule.column, changes_of(records)
    own = column(name) if name in tickets.columns else pl.lit(None, schedule.key_type)
    rows = tickets.lazy().select(own.alias("own"))
    value = pl.col("own")
    if changes is not None:
        field = _FIELD.get(name, name)
        held = values_in_force(changes, TicketNumbers(tickets), known, [field])
        renamed = held.select(pl.first().alias("held"), pl.last().alias("is_held"))
        rows = pl.concat([rows, renamed], how="horizontal_extend")
        value = pl.when("is_held").then(pl.col("held").cast(schedule.key_type, strict=False)).otherwise(value)
    keys = rows.select(value.alias(name), *([] if changes is None else ["held"])).collect()
    if changes is not None and keys.filter(column(name).is_null() & pl.col("held").is_not_null()).height:
        first = keys.filter(column(name).is_null())["held"].drop_nulls().head(3).to_list()
        raise InputError(
            f"changes of the field {shown(name)}: expected keys of schedules, whole numbers; got {first!r}"
        )
    return tickets.with_columns(schedule.keys_in(keys[name]).alias(KEY))


def beside(rows: pl.LazyFrame, tickets: pl.DataFrame) -> pl.LazyFrame:
    """Rows with the key of the schedule of their `_ticket`, where there are several schedules."""
    if KEY not in tickets.columns:
        return rows
    keys = tickets[KEY]
    return rows.with_columns(
        pl.col("_ticket").map_batches(keys.gather, return_dtype=keys.dtype, is_elementwise=True).alias(KEY)
    )


def clock(schedule: Hours, at: pl.Expr) -> pl.Expr:
    """The business clock at an instant, both in Int64 microseconds; null where no schedule is in force."""
    here = at.cast(_INSTANT)
    return schedule.clock(here) if isinstance(schedule, Schedule) else schedule.clock(here, key=pl.col(KEY))


def worked(schedule: Hours, start: pl.Expr, stop: pl.Expr) -> pl.Expr:
    """Seconds of the schedule between two instants in Int64 microseconds."""
    return seconds(clock(schedule, stop) - clock(schedule, start))
