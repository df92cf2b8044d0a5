"""One row a ticket: whether it was reviewed."""

from typing import Any

import polars as pl

from servicequality.checks import column
from servicequality.core import of_frames, require_columns, shared_type
from servicequality.errors import InputError, ParameterError
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
    rows, named = with_shared_ids(rows, named, ticket)
    seen = named.select(column(ticket)).drop_nulls().unique().with_columns(reviewed=pl.lit(value=True))
    joined = rows.join(seen, on=column(ticket), how="left", maintain_order="left")
    return joined.with_columns(pl.col("reviewed").fill_null(value=False))


def with_shared_ids(first: pl.LazyFrame, second: pl.LazyFrame, name: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both frames with the tickets' names in one type.

    Raises:
        InputError: one holds numbers and the other texts, or the like.
    """
    types = [frame.collect_schema()[name] for frame in (first, second)]
    if (shared := shared_type(types)) is None:
        raise InputError(
            f"column {name!r} holds {types[0]} in the tickets and {types[1]} beside them; cast one, so that they can match"
        )
    cast = column(name).cast(shared)
    return first.with_columns(cast), second.with_columns(cast)
