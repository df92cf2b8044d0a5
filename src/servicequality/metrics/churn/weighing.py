"""Figures weighted by the value of each row's customer."""

from collections.abc import Sequence

import polars as pl

from servicequality.columns import Amount
from servicequality.core import Computation, Metric, TableInput, define_table, evaluate, of_frame
from servicequality.errors import ParameterError
from servicequality.model import Records, TableLike

__all__ = ["value_weighted"]


@define_table(
    title="Value-weighted metric",
    unit="that of the metric",
    better="neither",
    grain="ticket",
    formula=r"\sum_i v_i x_i \Big/ \sum_i v_i,\quad n_\text{eff} = \Big(\sum_i v_i\Big)^2 \Big/ \sum_i v_i^2",
    references=("Kish 1965",),
    aliases=("weighted by revenue", "revenue weighted", "account value weighting", "weighted by customer value"),
)
@of_frame
def value_weighted(
    rows: Records | pl.LazyFrame | TableLike,
    value: Amount = "account_value",
    *,
    metric: Metric,
    by: str | Sequence[str] = (),
    cluster: str | None = None,
    level: float = 0.95,
) -> Computation:
    """A metric with each row weighted by the value of its customer, next to the same metric with equal weights.

    Both rows are over the same data: rows without a value are in neither, are counted as missing, and the notes say how
    many. The weighted row has the metric's name with `_value_weighted`; its `n_eff` is the number of equally weighted
    rows that would tell as much, and its limits are as wide as for that number. `share_of_largest` is the share of the
    total weight that the largest row has. The tickets of one customer are not independent: name the customer's column as
    `cluster`, and both rows treat customers as the units that vary.

    When it lies:
        A few large customers decide it: with an `n_eff` of 9 it is a poll of nine tickets. A small customer's trouble
        vanishes, even if it is everybody's trouble. It shows what the money sees, not what the customers see.

    Why your vendor shows another number:
        It weights accounts instead of tickets, or takes today's value instead of that at the time; it leaves out the
        unweighted figure; its limits count every row as one, and are far too narrow.

    Example:
        found = sq.value_weighted(rows, metric=sq.resolution_rate(limit=86_400))
        print(found.select("metric", "value", "low", "high", "n", "n_eff", "share_of_largest").collect())
    """
    if not isinstance(metric, Metric):
        raise ParameterError(f"metric must be a metric such as csat(scale=(1, 5)), called; got {metric!r}")
    source = TableInput(rows, value_weighted.spec, table="tickets", by=by, value=value)
    weighted = metric.named(f"{metric.name}_value_weighted")

    def compute() -> pl.DataFrame:
        known = pl.col(value).is_not_null()
        frame = source.checked().with_columns(pl.col(value).cast(pl.Float64))
        parts = [
            evaluate(frame.filter(known), one, by=source.by, level=level, weight=weight, cluster=cluster)
            .collect()
            .drop("period")
            for one, weight in ((metric, None), (weighted, value))
        ]
        whole = pl.concat(parts, how="vertical_relaxed")
        counts = [
            (~known).sum().cast(pl.Int64).alias("_absent"),
            (pl.col(value).max() / pl.col(value).sum()).alias("_top"),
        ]
        seen = frame.group_by(source.by).agg(counts) if source.by else frame.select(counts)
        sums = seen.collect(engine="streaming")
        whole = (
            whole.join(sums, on=source.by, how="left", nulls_equal=True) if source.by else whole.join(sums, how="cross")
        )
        absent = pl.when(pl.col("_absent") > 0).then(pl.format("{} rows without a value are in neither", "_absent"))
        is_weighted = pl.col("metric") == weighted.name
        top = pl.when(is_weighted & pl.col("_top").is_finite()).then("_top")
        whole = whole.with_columns(
            pl.col("n_missing") + pl.col("_absent"),
            notes=pl.concat_str("notes", absent, separator="; ", ignore_nulls=True).replace("", None),
            share_of_largest=top,
        ).drop("_absent", "_top")
        return whole.sort(*source.by, is_weighted, nulls_last=True, maintain_order=True)

    return source.answer(compute, more={"share_of_largest": pl.Float64()})
