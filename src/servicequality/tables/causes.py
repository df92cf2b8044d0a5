"""`pareto`: the causes of the work by weight, and which of them grew."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality.columns import Amount, Category, Instant
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, within
from servicequality.model import Records, TableLike
from servicequality.shapes.base import FloatArray
from servicequality.stats import newcombe, wilson
from servicequality.stats.two_samples import rate_ratio_interval

__all__ = ["pareto"]

_MORE: dict[str, pl.DataType] = {
    "count": pl.Int64(),
    "cumulative": pl.Float64(),
    "count_before": pl.Int64(),
    "share_before": pl.Float64(),
    "change": pl.Float64(),
    "change_low": pl.Float64(),
    "change_high": pl.Float64(),
    "times": pl.Float64(),
    "times_low": pl.Float64(),
    "times_high": pl.Float64(),
}


@define_table(
    title="Pareto of causes",
    label="pareto of causes",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="ticket",
    formula=r"p_i = n_i/n,\quad P_k = \sum_{i \le k} p_{(i)}",
    references=("Juran 1951", "Wilson 1927", "Newcombe 1998", "Przyborowski & Wilenski 1940"),
    aliases=(
        "root causes",
        "top contact reasons",
        "contact drivers",
        "80/20 of causes",
        "why do customers contact us",
        "top issues",
    ),
)
@of_frame
def pareto(
    tickets: Records | pl.LazyFrame | TableLike,
    cause: Category = "category",
    at: Instant = "created_at",
    weight: Amount | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, datetime] | None = None,
    level: float = 0.95,
) -> Computation:
    """What share of the tickets each cause makes, the most frequent first, the shares added up, and the change since before.

    Tickets count by the instant `at` in [since, until). Columns: `rank`, the cause, those of every result (`value` is the
    share, with Wilson's limits; `n` the tickets with a cause, `n_missing` those without), `count` and `cumulative`. With the
    ends of an earlier window [since, until), `before=(since, until)`, also `count_before`, `share_before`, `change` of the
    share (Newcombe's limits), and `times`: how many times as many tickets a day as before (exact limits), which needs both
    ends of both windows. A cause that was there before and no longer is, is last.

    With a column `weight`, such as handle time or cost, shares, ranks and changes are of its sums (limits on Kish's effective
    number of tickets); `count`, `n` and `times` stay those of tickets. Without it one pass over the tickets gives everything.

    When it lies:
        Shares add up to 1: if one cause doubles, all others shrink though nothing about them changed; `times` does not have
        that fault. A label is what somebody chose from a list, and "other" explains nothing. Frequent is not costly:
        look at `weight` before deciding. Of many causes compared at once, one in twenty moves by chance.

    Why your vendor shows another number:
        Tags in place of one cause, so that shares pass 100 %; tickets without a cause left out or named "other"; the change
        in counts between months of unequal length.

    Example:
        from datetime import timedelta
        month = timedelta(weeks=4)
        causes = sq.tables.pareto(rows, since=as_of - month, until=as_of, before=(as_of - 2 * month, as_of - month)).collect()
        print(causes.select("rank", "category", "value", "cumulative", "times", "times_low", "times_high"))
    """
    inside = within(at, since, until)
    earlier = pl.lit(value=False) & pl.col(at).is_not_null()
    longer = float("nan")
    if before is not None:
        if not (isinstance(before, tuple) and len(before) == 2):
            raise ParameterError(f"before is a pair of instants (since, until); got {before!r}")
        earlier = within(at, *before)
        if since is not None and instant("before[1]", before[1]) > instant("since", since):
            raise ParameterError(f"before must be over when the period begins; got {before[1]} and {since}")
        if since is not None and until is not None:
            longer = (until - since) / (before[1] - before[0])
    source = TableInput(tickets, pareto.spec, table="tickets", cause=cause, at=at, weight=weight)
    rules = _sums(inside, earlier, weight)

    def compute() -> pl.DataFrame:
        causes = source.checked().group_by(cause).agg(rules).collect(engine="streaming")
        blank = pl.col(cause).is_null()
        missing = int(causes["_without"].sum()) + int(causes.filter(blank)["_now"].sum())
        if weight is None:
            causes = causes.with_columns(pl.col("_now", "_then").cast(pl.Float64).name.suffix(s) for s in ("_w", "_ww"))
        causes = causes.filter(~blank, (pl.col("_now") > 0) | (pl.col("_then") > 0))
        causes = causes.sort("_now_w", "_now", cause, descending=[True, True, False])
        now, then = _Side.of(causes, "_now"), _Side.of(causes, "_then")
        low, high, se = np.full((3, causes.height), np.nan)
        if now.n_eff:
            low, high = wilson(now.hits, now.n_eff, level=level)
            se = np.sqrt(now.share * (1 - now.share) / now.n_eff)
        result = result_rows(
            causes.with_row_index("rank", offset=1).select(pl.col("rank").cast(pl.Int64), cause),
            metric="pareto",
            unit="share",
            value=now.share,
            low=low,
            high=high,
            se=se,
            level=level,
            method="wilson",
            n=now.tickets.sum(),
            n_missing=missing,
            n_eff=now.n_eff,
            reason="no ticket with a cause in the period",
        )
        figures = {"count": now.tickets, "cumulative": np.cumsum(now.share)}
        if before is not None:
            figures |= _changes(now, then, longer, level)
        blanks = np.full(causes.height, np.nan)
        return result.with_columns(
            pl.Series(name, figures.get(name, blanks), dtype=pl.Float64, nan_to_null=True).cast(kind)
            for name, kind in _MORE.items()
        )

    return source.answer(compute, keys={"rank": pl.Int64(), cause: source.schema[cause]}, more=_MORE)


def _sums(inside: pl.Expr, earlier: pl.Expr, weight: str | None) -> list[pl.Expr]:
    """Tickets of either period, tickets without a weight, and sums of the weights and their squares."""
    if weight is None:
        kept = {"_now": inside, "_then": earlier, "_without": inside & pl.lit(value=False)}
        return [rule.sum().cast(pl.Int64).alias(name) for name, rule in kept.items()]
    weighted, weights = pl.col(weight).is_not_null(), pl.col(weight).cast(pl.Float64)
    kept = {"_now": inside & weighted, "_then": earlier & weighted, "_without": inside & ~weighted}
    rules = [rule.sum().cast(pl.Int64).alias(name) for name, rule in kept.items()]
    for name in ("_now", "_then"):
        amount = pl.when(kept[name]).then(weights)
        rules += [amount.sum().alias(f"{name}_w"), (amount * amount).sum().alias(f"{name}_ww")]
    return rules


class _Side(NamedTuple):
    """One period's causes: tickets, share of the weight, and the size of the sample that would tell as much."""

    tickets: FloatArray
    share: FloatArray
    n_eff: float

    @classmethod
    def of(cls, sums: pl.DataFrame, name: str) -> "_Side":
        count, weights, squares = (
            sums[f"{name}{suffix}"].to_numpy().astype(np.float64) for suffix in ("", "_w", "_ww")
        )
        total = weights.sum()
        if not total:
            return cls(count, np.full_like(weights, np.nan), 0.0)
        return cls(count, weights / total, float(total**2 / squares.sum()))

    @property
    def hits(self) -> FloatArray:
        """What of `n_eff` each cause makes."""
        return self.share * self.n_eff


def _changes(now: _Side, then: _Side, longer: float, level: float) -> dict[str, FloatArray]:
    """What the earlier period adds; `longer` is the later period's length over the earlier one's, NaN if not known."""
    columns = {"count_before": then.tickets, "share_before": then.share}
    if now.n_eff and then.n_eff:
        columns["change"] = now.share - then.share
        columns["change_low"], columns["change_high"] = newcombe(
            now.hits, now.n_eff, then.hits, then.n_eff, level=level
        )
    if len(now.tickets) and np.isfinite(longer):
        low, high = rate_ratio_interval(now.tickets, longer, then.tickets, 1.0, level=level)
        some = then.tickets > 0
        times = np.full_like(low, np.nan)
        times[some] = now.tickets[some] / longer / then.tickets[some]
        columns |= {"times": times, "times_low": low, "times_high": np.where(np.isfinite(high), high, np.nan)}
    return columns
