"""How what is found in a table becomes a row: a finding, its count and its first cases."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

__all__ = ["EVERY", "Finding", "by_word", "counted"]

EVERY = pl.first().is_null() | pl.first().is_not_null()
"""Holds for every row."""

_SHOWN, _WORDS = 3, 20


class Finding(NamedTuple):
    """What may be wrong with a row.

    Attributes:
        finding: what, in words.
        mask: row rule that holds for such a row; null is false.
        about: the column or word that it is about, if it is about one.
        show: the column whose first different values are shown, if any are.
        most: how many of them.
    """

    finding: str
    mask: pl.Expr
    about: str | None = None
    show: str | None = "ticket_id"
    most: int = _SHOWN

    @property
    def examples(self) -> pl.Expr:
        """The values that are shown."""
        if self.show is None:
            return pl.lit(None, pl.String)
        hit = pl.col(self.show).cast(pl.String).filter(self.mask)
        return hit.unique(maintain_order=True).head(self.most).str.join(", ")


def counted(table: str, rows: pl.LazyFrame, sought: Sequence[Finding], of: int | None = None) -> pl.LazyFrame:
    """One row a finding, all of them in one scan: `table`, `finding`, `about`, `count`, `examples`, `of`.

    Args:
        table: the table that they are about.
        rows: the rows that are looked at.
        sought: what is counted.
        of: of how many rows they are a part; of all `rows` by default.
    """
    return rows.select(
        pl.lit(table).alias("table"),
        pl.lit(pl.Series([[one.finding for one in sought]])).alias("finding"),
        pl.lit(pl.Series([[one.about for one in sought]], dtype=pl.List(pl.String))).alias("about"),
        pl.concat_list(one.mask.sum().cast(pl.Int64) for one in sought).alias("count"),
        pl.concat_list(one.examples for one in sought).alias("examples"),
        (pl.len() if of is None else pl.lit(of)).cast(pl.Int64).alias("of"),
    ).explode("finding", "about", "count", "examples")


def by_word(table: str, finding: str, rows: pl.LazyFrame, word: pl.Expr, of: int | None = None) -> pl.LazyFrame:
    """One row a word that some rows have, the most frequent first, in the columns of `counted`; at most the first twenty.

    Args:
        table: the table that they are about.
        finding: what is said of rows that have a word.
        rows: the rows that are looked at, with `ticket_id`.
        word: the word of a row, in lower case, null if there is nothing to say.
        of: of how many rows they are a part; of all `rows` by default.
    """
    tickets = pl.col("ticket_id").unique(maintain_order=True).head(_SHOWN).str.join(", ")
    total = pl.len() if of is None else pl.lit(of)
    return (
        rows.select(word.alias("about"), pl.col("ticket_id").cast(pl.String), total.cast(pl.Int64).alias("of"))
        .filter(pl.col("about").is_not_null())
        .group_by("about", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("count"), tickets.alias("examples"), pl.col("of").first())
        .sort("count", "about", descending=[True, False])
        .head(_WORDS)
        .select(pl.lit(table).alias("table"), pl.lit(finding).alias("finding"), "about", "count", "examples", "of")
    )
