"""Availability of a service that needs several parts."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.columns import Number
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows

__all__ = ["series_availability"]


@define_table(
    title="Availability of a series",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="part",
    formula=r"\prod_i A_i",
    references=("Birolini 2017", "Zou & Donner 2008"),
    aliases=("dependency availability", "composite availability", "availability of a chain"),
)
@of_frame
def series_availability(
    parts: Any,
    value: Number = "value",
    low: Number | None = "low",
    high: Number | None = "high",
    *,
    by: str | Sequence[str] = (),
) -> Computation:
    """Availability of a service that needs all of its parts, which fail independently: the product of theirs.

    Args:
        parts: any dataframe, one row a part; what `evaluate` gives of `availability` by service will do.
        value: column of the availabilities.
        low: column of their lower limits; None for none. Limits combine on the log scale (MOVER).
        high: column of their upper limits.
        by: key columns.

    Returns:
        One row a group in the columns of `evaluate`; `n` is the number of parts.

    Raises:
        InputError: a column is missing, or holds no shares.

    When it lies:
        Parts that share a network or a database fail together: then the product is too low. With a spare part it is too low
        as well. Where parts have failed only a few times the limits promise too much: of three parts with eight failures
        each, limits made of 95 % limits hold the truth in 93 of 100 cases.

    Why your vendor shows another number:
        The least of the parts, or their average.

    Example:
        from datetime import timedelta

        rows = sq.uptime(desk.incidents, since=as_of - timedelta(days=90), until=as_of, by="service")
        parts = sq.evaluate(rows, sq.availability(), by="service")
        print(sq.series_availability(parts).select("value", "low", "high", "n").collect())
    """
    astray = pl.any_horizontal(
        (pl.col(name) < 0) | (pl.col(name) > 1) for name in (value, low, high) if name is not None
    )
    refused = {"outside 0 to 1 (divide percentages by 100)": astray}
    source = TableInput(parts, series_availability.spec, by=by, refused=refused, value=value, low=low, high=high)
    keys = source.by
    logs = pl.col(value).log()

    def reach(limit: str | None) -> pl.Expr:
        if limit is None:
            return pl.lit(None, pl.Float64)
        squares = (logs - pl.col(limit).log()) ** 2
        return pl.when(pl.col(limit).null_count() == 0).then(squares.sum().sqrt())

    whole = pl.when(pl.col(value).null_count() == 0).then(logs.sum())
    sought = {"whole": whole, "below": reach(low), "above": reach(high), "n": pl.len()}

    def compute() -> pl.DataFrame:
        frame = source.checked()
        sums = (frame.group_by(keys).agg(**sought).sort(keys) if keys else frame.select(**sought)).collect()
        return result_rows(
            sums.select(keys),
            metric="series_availability",
            unit="share",
            value=sums.select(pl.when(pl.col("n") > 0).then(pl.col("whole").exp())).to_series(),
            low=(sums["whole"] - sums["below"]).exp(),
            high=(sums["whole"] + sums["above"]).exp().clip(upper_bound=1.0),
            method="mover, logs" if low is not None else "none",
            n=sums["n"],
            reason="a part has no availability",
        )

    return source.answer(compute)
