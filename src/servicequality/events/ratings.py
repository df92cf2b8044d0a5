"""What a ticket was rated, first and last."""

from collections.abc import Collection

import polars as pl

from servicequality.events.as_of import microseconds
from servicequality.events.numbering import TicketNumbers, one_after_another, with_tickets
from servicequality.events.per_ticket import count, earliest, first, last, latest, of_present
from servicequality.model import Records

__all__ = ["rating_facts"]


def rating_facts(
    records: Records, numbers: TicketNumbers, known: int, question: str, names: Collection[str]
) -> pl.LazyFrame:
    """What the answers to a question come to for each ticket, of that what is asked, in the order of the tickets' numbers.

    `_ratings`, `first_rating`, `last_rating`, and the instants `_first_rated` and `_last_rated`. An answer without an instant
    was given when it was asked for; without that either, it came first, at an instant that is not told.
    """
    answers = records.answers
    assert answers is not None  # `facts` sees to it
    told = pl.coalesce(*map(microseconds, ("answered_at", "delivered_at")))
    given = answers.filter((pl.col("question") == question) & pl.col("score").is_not_null()).with_columns(
        told.alias("_at")
    )
    known_rows = with_tickets(given.filter((pl.col("_at") <= known).fill_null(value=True)), numbers)
    rows = one_after_another(
        known_rows.select(
            "_ticket",
            pl.col("_at").fill_null(-(2**62)).alias("_at"),
            "score",
            pl.col("_at").is_not_null().alias("_dated"),
        )
    )
    sums = {
        "_ratings": count(pl.lit(value=True) | pl.col("_dated")),
        "first_rating": first("score", pl.Float64()),
        "last_rating": last("score", pl.Float64()),
        "_first_rated": earliest(pl.col("_dated")),
        "_last_rated": latest(pl.col("_dated")),
    }
    return of_present(rows, sums, names)
