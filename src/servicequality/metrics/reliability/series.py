"""Parts that a service needs, each with its availability, as one figure. Never here: the availability of a part."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.columns import Number
from servicequality.core import define_table, result_rows
from servicequality.core.domains import require_columns
from servicequality.errors import InputError
from servicequality.model import as_frame

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
def series_availability(
    parts: Any,
    value: Number = "value",
    low: Number | None = "low",
    high: Number | None = "high",
    *,
    by: str | Sequence[str] = (),
) -> pl.DataFrame:
    """Availability of a service that needs all of its parts, which fail independently: the product of theirs.

    Args:
        parts: any dataframe, one row a part; what `availability` returns will do.
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
        as well.

    Why your vendor shows another number:
        The least of the parts, or their average.

    Example:
        from datetime import timedelta

        parts = sq.availability(desk.incidents, since=as_of - timedelta(days=90), until=as_of, by="service")
        print(sq.series_availability(parts).select("value", "low", "high", "n"))
    """
    keys = [by] if isinstance(by, str) else list(by)
    frame = as_frame(parts).lazy()
    columns = [value, *(name for name in (low, high) if name is not None)]
    require_columns(frame.collect_schema(), [*keys, *columns], role="series_availability")
    wrong = frame.filter(pl.any_horizontal((pl.col(name) < 0) | (pl.col(name) > 1) for name in columns)).collect()
    if wrong.height:
        shown = ", ".join(map(str, wrong[value].head(5)))
        raise InputError(
            f"column {value!r}: {wrong.height} parts outside 0 to 1, such as {shown}; divide percentages by 100"
        )
    logs = pl.col(value).log()

    def reach(limit: str | None) -> pl.Expr:
        if limit is None:
            return pl.lit(None, pl.Float64)
        squares = (logs - pl.col(limit).log()) ** 2
        return pl.when(pl.col(limit).null_count() == 0).then(squares.sum().sqrt())

    whole = pl.when(pl.col(value).null_count() == 0).then(logs.sum())
    asked = {"whole": whole, "below": reach(low), "above": reach(high), "n": pl.len()}
    sums = (frame.group_by(keys).agg(**asked).sort(keys) if keys else frame.select(**asked)).collect()
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
