"""The tickets that customers opened, where each begins to wait."""

import polars as pl

__all__ = ["customer_openings"]


def customer_openings(tickets: pl.DataFrame, texts: pl.LazyFrame) -> pl.LazyFrame:
    """`_ticket` and `_at` of the opening of every ticket that its customer opened.

    A ticket whose `opened_by` is null was opened by the customer, unless one of the texts is its own.

    Args:
        tickets: the known tickets, with `opened_by`.
        texts: the opening texts of others than customers, with `_ticket`.
    """
    opened = [tickets.lazy().filter(pl.col("opened_by") == "customer")]
    if tickets["opened_by"].null_count():
        unsaid = tickets.lazy().filter(pl.col("opened_by").is_null())
        opened.append(unsaid.join(texts.select("_ticket").unique(), on="_ticket", how="anti"))
    return pl.concat(part.select("_ticket", pl.col("_created").alias("_at")) for part in opened)
