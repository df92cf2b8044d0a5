"""One row a ticket: whether it was reviewed."""

from typing import Any

import polars as pl

from servicequality.checks import column
from servicequality.core import of_frames, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.events.matching import among
from servicequality.model import as_frame

__all__ = ["reviewed_tickets"]


@of_frames
def reviewed_tickets(tickets: Any, reviews: Any, *, ticket: str = "ticket_id") -> pl.LazyFrame:
    """The tickets, each with `reviewed`: whether any review names it.

    Args:
        tickets: one row a ticket, such as the facts; all columns and the order of the rows are kept. Lazy stays lazy.
        reviews: any rows that name tickets: reviews, or what `review_scores` makes of them. How often a ticket is named
            makes no difference.
        ticket: the column of the tickets' names, in both.

    Raises:
        InputError: a column is missing, names are of types that cannot match, or the tickets have a column `reviewed`.
        ParameterError: `ticket` is not a name.
    """
    if not isinstance(ticket, str):
        raise ParameterError(f"ticket is the name of a column, such as 'ticket_id'; got {ticket!r}")
    rows, named = as_frame(tickets).lazy(), as_frame(reviews).lazy()
    schema = rows.collect_schema()
    require_columns(schema, [ticket], role="reviewed_tickets: tickets")
    require_columns(named.collect_schema(), [ticket], role="reviewed_tickets: reviews")
    if "reviewed" in schema:
        raise InputError("reviewed_tickets: the tickets have a column 'reviewed' of their own; rename or drop it")
    marked = among(rows, named.select(column(ticket)), ticket, flag="reviewed", beside="in the reviews")
    return marked.with_columns(pl.col("reviewed").fill_null(value=False))
