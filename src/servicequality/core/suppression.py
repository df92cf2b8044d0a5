"""Suppression of small cells: the rule of `min_n` and of what else must be hidden with them."""

from collections.abc import Sequence

import polars as pl

from servicequality.checks import column

_HIDDEN = ("value", "low", "high", "se", "n", "n_missing", "n_excluded", "n_eff", "n_pending", "notes")


def suppress(rows: pl.DataFrame, keys: Sequence[str], min_n: int) -> pl.DataFrame:
    """Hide cells with 0 < n < min_n; where that hides exactly one among siblings, the smallest other non-empty one too.

    Siblings are the rows of one metric that share all keys but the last: with their total known, a lone hidden cell could
    be computed.
    """
    siblings = [pl.col("metric"), *map(column, keys[:-1])]
    small = (pl.col("n") > 0) & (pl.col("n") < min_n)
    shown = pl.when((pl.col("n") > 0) & ~small).then("n")
    # The first of the smallest, so that ties hide one cell and not several.
    smallest = shown.rank("ordinal").over(siblings) == 1
    lonely = small.sum().over(siblings) == 1
    hidden = small | (lonely & smallest).fill_null(value=False) if keys else small
    mask = rows.select(hidden.alias("hidden"))["hidden"]
    return rows.with_columns(
        *(pl.when(~mask).then(figure).alias(figure) for figure in _HIDDEN),
        reason=pl.when(mask).then(pl.lit("suppressed")).otherwise("reason"),
    )
