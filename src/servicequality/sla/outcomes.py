"""The outcome of a clock, once it is known how long it ran."""

import polars as pl

from servicequality.events.as_of import seconds

__all__ = ["OUTCOMES", "verdict"]

OUTCOMES = pl.Enum(["met", "missed", "missed_open", "pending", "cancelled"])


def verdict(*, elapsed: pl.Expr, target: pl.Expr, lapsed: pl.Expr | None = None) -> list[pl.Expr]:
    """`overrun_seconds`, `remaining_seconds` and `outcome`, from microseconds and the column `stopped_at`.

    A clock that ran exactly its target is in time. The overrun is null for a clock that is in time, what remains is null for
    one that is late or not running. All are null where the elapsed time is.

    Args:
        elapsed: how long the clock ran.
        target: how long it may run.
        lapsed: whether it stopped without what it waited for: then it is cancelled if in time.
    """
    over, stopped = elapsed > target, pl.col("stopped_at").is_not_null()
    in_time = pl.lit("met") if lapsed is None else pl.when(lapsed).then(pl.lit("cancelled")).otherwise(pl.lit("met"))
    outcome = (
        pl.when(over.is_null())
        .then(pl.lit(None, pl.String))
        .when(stopped)
        .then(pl.when(over).then(pl.lit("missed")).otherwise(in_time))
        .otherwise(pl.when(over).then(pl.lit("missed_open")).otherwise(pl.lit("pending")))
    )
    return [
        pl.when(over).then(seconds(elapsed - target)).alias("overrun_seconds"),
        pl.when(~over & ~stopped).then(seconds(target - elapsed)).alias("remaining_seconds"),
        outcome.cast(OUTCOMES).alias("outcome"),
    ]
