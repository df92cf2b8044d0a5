"""Throughput and drain time: whether the desk keeps up with what comes."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from servicequality.columns import Instant
from servicequality.core import Computation, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.events import flow
from servicequality.metrics.flow._periods import from_flow, named
from servicequality.model import Records, TableLike
from servicequality.stats import drain_quantile, poisson_rate_interval

__all__ = ["throughput", "time_to_drain"]


@define_table(
    title="Throughput",
    unit="per period",
    better="higher",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\#\text{ended in the period}",
    references=("Little 1961", "Garwood 1936"),
    aliases=("tickets ended per week", "completion rate per week", "delivery rate", "velocity", "output"),
)
@of_frame
def throughput(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    every: str,
    as_of: datetime,
    by: str | Sequence[str] = (),
    timezone: str | None = None,
    level: float = 0.95,
) -> Computation:
    """How many tickets ended in each period, with the exact Poisson limits of the rate behind each count.

    Periods are those of `flow`, without holes: a week in which nothing ended is 0. In `Records` with changes every move to
    an ended state counts; with timestamps alone, the last. A period that was not over at `as_of` has a note.

    When it lies:
        Ended is not solved: read it together with `reopen_rate`. It follows demand, since nobody can end more than comes in.
        Bulk closing makes one period shine, far beyond what Poisson limits allow for.

    Why your vendor shows another number:
        Closed instead of solved, each ticket once however often it ended, periods in another zone, and the running period
        shown as if it were over.

    Example:
        months = sq.throughput(rows, every="1mo", as_of=as_of, timezone="Europe/Berlin")
        print(months.select("period", "value", "low", "high", "notes").collect())
    """
    counts = flow(tickets, every=every, as_of=as_of, by=by, timezone=timezone, created=created, stopped=ended)

    def compute(periods: pl.DataFrame) -> pl.DataFrame:
        value = periods["outflow"].to_numpy().astype(np.float64)
        low, high = poisson_rate_interval(value, 1.0, level=level)
        late = periods.select(pl.when(~pl.col("complete")).then(pl.lit("the period is not over"))).to_series()
        return result_rows(
            periods.select(*named(by), "period"),
            metric="throughput",
            unit="per period",
            value=value,
            low=low,
            high=high,
            se=np.sqrt(value),
            level=level,
            method="garwood",
            n=value,
            notes=late,
        )

    return from_flow(counts, compute, by=by, keys=["period"])


@define_table(
    title="Time to drain",
    label="time to drain the backlog",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : B - \mu t + \sigma W_t \le 0\}",
    references=("Wald 1947", "Folks & Chhikara 1978"),
    aliases=("drain time", "when will the backlog be gone", "weeks of backlog", "backlog burn-down", "days to clear"),
)
@of_frame
def time_to_drain(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    as_of: datetime,
    every: str = "1w",
    periods: int = 8,
    by: str | Sequence[str] = (),
    timezone: str | None = None,
    level: float = 0.8,
) -> Computation:
    """How long until the backlog is gone, if the coming weeks are like the last ones: the median, and the range around it.

    The last complete `periods` show how much more ends than comes, and how much that varies. The time is then inverse Gaussian:
    `value` is its median, `low` and `high` hold it with the chance `level`. This is a range of outcomes and no confidence
    interval: the uncertainty of the mean of so few periods is not in it, and a note tells where that mean could be 0. Where
    no more ends than comes, there is no such time, and the reason gives both. `n` is the backlog, `n_eff` the periods.

    When it lies:
        Weeks are not alike: a holiday ahead, or a release, is not in it. Consecutive weeks are assumed to be independent.
        Give whole weeks: with days, the weekend looks like chance.

    Why your vendor shows another number:
        Backlog over outflow, as if nothing came in; or over the net outflow of one week, which gives a single number, or a
        negative one.

    Example:
        drained = sq.time_to_drain(rows, as_of=as_of, by="channel")
        print(drained.select("channel", "value", "low", "high", "n", "reason").collect())
    """
    if not isinstance(periods, int) or periods < 2:
        raise ParameterError(f"periods is a whole number of at least 2, since one has no spread; got {periods!r}")
    counts = flow(tickets, every=every, as_of=as_of, by=by, timezone=timezone, created=created, stopped=ended)
    keys = named(by)

    def compute(table: pl.DataFrame) -> pl.DataFrame:
        net = pl.col("outflow") - pl.col("inflow")
        last = net.filter("complete").tail(periods)
        span = (pl.col("period").last() - pl.col("period").first()).dt.total_microseconds() / 1e6
        metrics = [
            pl.col("closing").last().alias("open"),
            last.mean().alias("drift"),
            last.std().alias("sd"),
            last.len().cast(pl.Int64).alias("n"),
            (span / (pl.len() - 1)).alias("seconds"),
        ]
        rows = table.group_by(keys, maintain_order=True).agg(metrics) if keys else table.select(metrics)
        if not (keys or table.height):
            rows = pl.DataFrame({"open": [0], "drift": [None], "sd": [None], "n": [0], "seconds": [None]})
        return _drained(rows, keys, periods, level)

    return from_flow(counts, compute, by=by)


def _drained(rows: pl.DataFrame, keys: list[str], periods: int, level: float) -> pl.DataFrame:
    numbers = rows.select(pl.col("open", "drift", "sd", "n", "seconds").cast(pl.Float64)).to_numpy().T
    backlog, drift, sd, n, seconds = numbers
    known = n >= periods
    drains = known & (drift > 0)
    value, low, high = np.full((3, len(n)), np.nan)
    for figure, q in ((value, 0.5), (low, (1 - level) / 2), (high, (1 + level) / 2)):
        figure[drains] = drain_quantile(backlog[drains], drift[drains], sd[drains], q) * seconds[drains]
        figure[backlog == 0] = 0.0
    weak = drains & (drift < 2 * sd / np.sqrt(np.maximum(n, 1)))
    reasons = [
        f"no more ends than comes: {-more:.3g} a period stay" if enough else f"fewer than {periods} complete periods"
        for more, enough in zip(drift, known, strict=True)
    ]
    note = "the net outflow is hardly above its own error: it may never drain"
    return result_rows(
        rows.select(keys),
        metric="time_to_drain",
        unit="s",
        value=value,
        low=low,
        high=high,
        level=level,
        method="inverse gaussian",
        n=backlog,
        n_eff=n,
        reason=reasons,
        notes=[note if doubtful else None for doubtful in weak],
    )
