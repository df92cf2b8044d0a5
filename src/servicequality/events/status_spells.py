"""The long table of statuses: how long each ticket was in each status."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.events.as_of import Heads, changes_of, hours, known_at, known_events, needed, over_tickets, seconds
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.model import Records
from servicequality.worktime import Schedule

__all__ = ["status_times"]


@refusing_misfits
def status_times(records: Records, *, as_of: dt.datetime, schedule: Schedule | None = None) -> pl.LazyFrame:
    """How long each ticket was in each status by `as_of`: the rows of a ticket add up to its life, from creation on.

    Columns `ticket_id`, `status` (in lower case; null for the time before the log tells, unless its column `previous`
    says what the status was), `seconds`, `entries` and `observed` (the ticket has left the status; else the time still
    runs), sorted by `ticket_id` and `status`. A ticket without status changes is one row. Ended statuses last until `as_of`
    like any other; excluded tickets are there too. With a schedule there is `working_seconds` too.

    Args:
        records: the tickets and their changes.
        as_of: the instant of knowledge, inclusive; with a time zone.
        schedule: the hours that count in `working_seconds`; without one the column is absent.

    Raises:
        ParameterError: `as_of` has no time zone.
        InputError: The records hold no tickets or no changes.
    """
    known = known_at(as_of)
    records, schedule = needed(records, "status_times"), hours(schedule)
    changes, carried = changes_of(records), records.has("changes", "previous")
    if changes is None:
        raise InputError("expected records with changes; got none: time in status needs Records(changes=...)")

    def plan(read: Heads, _names: Collection[str] | None) -> pl.LazyFrame:
        heads = read(())
        tickets = heads.lazy()
        rows = known_events(changes.filter(pl.col("field") == "status"), TicketNumbers(heads), known).select(
            "_ticket",
            "_at",
            "_created",
            pl.col("value").str.to_lowercase().alias("status"),
            (pl.col("previous").str.to_lowercase() if carried else pl.lit(None, pl.String)).alias("_first"),
        )
        ticket = pl.col("_ticket")
        # Clipped only after sorting: what lies before creation still says what the status was then.
        clipped = one_after_another(rows).with_columns(pl.max_horizontal("_at", "_created").alias("_at"))
        spells = clipped.with_columns(
            _is_first=(ticket != ticket.shift()).fill_null(value=True),
            _stop=pl.when(ticket == ticket.shift(-1)).then(pl.col("_at").shift(-1)).otherwise(known),
            _left=(ticket == ticket.shift(-1)).fill_null(value=False),
        )
        # The time before the first change, which is none if the log begins with the ticket.
        opening = spells.filter(pl.col("_is_first") & (pl.col("_at") > pl.col("_created"))).select(
            "_ticket",
            pl.col("_first").alias("status"),
            pl.col("_created").alias("_from"),
            pl.col("_at").alias("_to"),
            pl.lit(value=True).alias("_left"),
        )
        silent = tickets.join(spells.select("_ticket"), on="_ticket", how="anti").select(
            "_ticket",
            pl.lit(None, pl.String).alias("status"),
            pl.col("_created").alias("_from"),
            pl.lit(known, pl.Int64).alias("_to"),
            pl.lit(value=False).alias("_left"),
        )
        logged = spells.select("_ticket", "status", pl.col("_at").alias("_from"), pl.col("_stop").alias("_to"), "_left")
        times = {"seconds": pl.col("_to") - pl.col("_from")}
        if schedule is not None:
            start, end = (pl.col(name).cast(pl.Datetime("us", "UTC")) for name in ("_from", "_to"))
            times["working_seconds"] = schedule.clock(end) - schedule.clock(start)
        return (
            pl.concat([logged, opening, silent])
            .group_by("_ticket", "status")
            .agg(
                *(seconds(time.sum()).alias(name) for name, time in times.items()),
                pl.len().cast(pl.Int64).alias("entries"),
                pl.col("_left").all().alias("observed"),
            )
            .join(tickets.select("_ticket", "ticket_id"), on="_ticket")
            .select("ticket_id", "status", *times, "entries", "observed")
            .sort("ticket_id", "status", maintain_order=True)
        )

    return over_tickets(records, known, plan)
