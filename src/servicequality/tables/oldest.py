"""The tickets that have been open longest, by name."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from servicequality.columns import Instant, Row
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.model import Records, TableLike

__all__ = ["oldest_open"]


@define_table(
    title="Age of the oldest tickets",
    label="oldest tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\max (t - \text{created})\ \text{over open tickets}",
    references=("Vacanti 2015",),
    aliases=("oldest ticket", "longest waiting ticket", "forgotten tickets", "maximum age"),
)
@of_frame
def oldest_open(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    ticket: Row = "ticket_id",
    *,
    as_of: datetime,
    by: str | Sequence[str] = (),
    top: int = 1,
) -> Computation:
    """Which tickets have been open longest, overall or in each group, by name.

    Columns: `by` …, `rank` (1 is the oldest), those of every result (`value` is the age, `n` how many are open), and the
    `ticket`. A group in which nothing is open has one row with a reason.

    When it lies:
        The oldest ticket is often a placeholder that nobody dares to close. It says nothing about the others: read it
        together with `backlog_age`.

    Why your vendor shows another number:
        Age since the last update or since the last assignment, tickets on hold left out, or business days.

    Example:
        oldest = sq.tables.oldest_open(rows, as_of=as_of, by="channel", top=2)
        print(oldest.select("channel", "rank", "value", "n", "ticket_id").collect())
    """
    if not isinstance(top, int) or top < 1:
        raise ParameterError(f"top is a whole number of tickets, 1 or more; got {top!r}")
    now = pl.lit(instant("as_of", as_of))
    source = TableInput(tickets, oldest_open.spec, table="tickets", by=by, created=created, ended=ended, ticket=ticket)
    by = source.by

    def compute() -> pl.DataFrame:
        still = (moment(created) <= now) & (pl.col(ended).is_null() | (moment(ended) > now))
        rows = source.checked()
        open_tickets = rows.filter(still).select(*by, _ticket=ticket, _at=moment(created)).collect(engine="streaming")
        # Equal ages keep the order of their names, whatever order the rows came in.
        open_tickets = open_tickets.sort(*by, "_at", "_ticket", nulls_last=True)
        rank = pl.int_range(pl.len(), dtype=pl.Int64) + 1
        open_tickets = open_tickets.with_columns(rank=rank.over(by) if by else rank).filter(pl.col("rank") <= top)
        count = still.sum().cast(pl.Int64)
        if by:
            groups = rows.group_by(by).agg(n=count).collect(engine="streaming")
            open_tickets = groups.join(open_tickets, on=by, how="left", nulls_equal=True).sort(
                *by, "rank", nulls_last=True
            )
        else:
            groups = rows.select(n=count, _one=pl.lit(1)).collect(engine="streaming")
            open_tickets = groups.join(open_tickets.with_columns(_one=pl.lit(1)), on="_one", how="left").sort("rank")
        open_tickets = open_tickets.with_columns(pl.col("rank").fill_null(1))
        age = open_tickets.select((now - pl.col("_at")).dt.total_microseconds() / 1e6).to_series()
        named = result_rows(
            open_tickets.select(*by, "rank"),
            metric="oldest_open",
            unit="s",
            value=age,
            n=open_tickets["n"],
            reason="nothing is open",
        )
        return named.with_columns(open_tickets["_ticket"].alias(ticket))

    return source.answer(compute, keys={"rank": pl.Int64()}, more={ticket: source.schema[ticket]})
