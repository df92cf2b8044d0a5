"""`activity_breadth`: how many kinds of work an agent does."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from servicequality.columns import Category
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.model import TableLike
from servicequality.stats import effective_number

__all__ = ["activity_breadth"]


@define_table(
    title="Breadth of activity",
    label="breadth of activity",
    unit="effective types",
    better="neither",
    bounds=(1, float("inf")),
    grain="ticket",
    formula=r"\exp\Big(-\sum_i p_i \ln p_i\Big)",
    references=("Shannon 1948", "Hill 1973", "Zahl 1977"),
    aliases=("effective number of types", "specialisation", "generalist or specialist", "diversity of work", "entropy"),
)
@of_frame
def activity_breadth(
    activities: pl.LazyFrame | TableLike,
    kind: Category = "category",
    *,
    by: str | Sequence[str] = "agent_id",
    level: float = 0.95,
) -> Computation:
    """How many kinds of work each agent (or group of `by`) effectively does: 1 is a specialist, k is k kinds in equal shares.

    Rows are activities of any sort, such as tickets, replies or calls; `kind` says what sort of work each is. The value is
    the exponential of the entropy of the shares seen. The limits lie about the jackknifed entropy, since few rows show too
    few kinds; they need two rows, and the upper one two kinds. Rows without a kind are counted as missing.

    When it lies:
        It depends on how finely kinds are cut: ten labels for one thing make everybody broad. Of few rows it is too low, so
        compare agents by their limits. Routing decides it as much as the agent does.

    Why your vendor shows another number:
        The number of kinds touched at all, in which one ticket weighs as much as a hundred; entropy itself, in bits or nats.

    Example:
        print(sq.activity_breadth(rows, by="agent_id").select("agent_id", "value", "low", "high", "n").head(5).collect())
    """
    source = TableInput(activities, activity_breadth.spec, by=by, kind=kind)

    def compute() -> pl.DataFrame:
        rows = source.checked().select(*source.by, _kind=pl.col(kind))
        counts = rows.group_by(*source.by, "_kind").agg(_n=pl.len().cast(pl.Int64)).collect(engine="streaming")
        keys = (
            counts.select(source.by).unique().sort(source.by, nulls_last=True) if source.by else pl.DataFrame(height=1)
        )
        groups = keys.with_row_index("_group")
        counts = counts.join(groups, on=source.by, nulls_equal=True) if source.by else counts.with_columns(_group=0)
        known = counts.filter(pl.col("_kind").is_not_null())
        codes = known["_group"].cast(pl.Int64).to_numpy()
        number = effective_number(known["_n"].to_numpy(), codes, groups.height, level=level)
        blank = counts.filter(pl.col("_kind").is_null())
        missing = np.zeros(groups.height, np.int64)
        missing[blank["_group"].to_numpy()] = blank["_n"].to_numpy()
        return result_rows(
            keys,
            metric="activity_breadth",
            unit="effective types",
            value=number.value,
            low=number.low,
            high=number.high,
            se=number.se,
            level=level,
            method="jackknife",
            n=number.n,
            n_missing=missing,
            reason="no activity of a known kind",
        )

    return source.answer(compute)
