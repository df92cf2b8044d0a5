"""Little's law on one row a ticket."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from servicequality.columns import Instant
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.model import Records, TableLike
from servicequality.stats import poisson_rate_interval, t_interval

__all__ = ["littles_law"]

_DAY = 86_400.0


@define_table(
    title="Little's law",
    label="Little's law",
    unit="by row",
    better="neither",
    grain="ticket",
    formula=r"L = \lambda W",
    references=("Little 1961", "Stidham 1974"),
    aliases=("L = lambda W", "queueing law", "work in progress and lead time", "WIP and cycle time"),
)
@of_frame
def littles_law(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    since: datetime,
    until: datetime,
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """Open tickets, arrivals and time to the end over a window, and how close the first is to the product of the others.

    Five rows a group, in the column `metric`: `mean_open` (L, the time average of the tickets open in the window, exact),
    `arrivals_per_day` (λ, with Poisson limits), `mean_time` (W, of the tickets that ended in the window, in seconds, with
    Student's limits), `arrivals_times_time` (λW), and `law_ratio` (L over λW): near 1 the desk was steady, and any two
    figures give the third. The window is [since, until); what happened later is not looked at.

    When it lies:
        L is about the tickets that are there, W about those that left. While a backlog builds up, they are not the same
        tickets: the ratio is above 1, and W flatters. A window shorter than the time that tickets take tells little.

    Why your vendor shows another number:
        Open tickets at midnight or at the end of the month in place of the time average; W by month of creation, over the
        tickets that are finished.

    Example:
        from datetime import timedelta
        law = sq.tables.littles_law(rows, since=as_of - timedelta(weeks=8), until=as_of)
        print(law.select("metric", "value", "low", "high", "unit", "n").collect())
    """
    start, end = instant("since", since), instant("until", until)
    if not start < end:
        raise ParameterError(f"since must lie before until, got {since} and {until}")
    came, went = moment(created), moment(ended)
    source = TableInput(
        tickets,
        littles_law.spec,
        table="tickets",
        by=by,
        refused={f"with {ended!r} before {created!r}": went < came},
        created=created,
        ended=ended,
    )
    first, last = pl.lit(start), pl.lit(end)
    arrived = (came >= first) & (came < last)
    left = (went >= first) & (went < last)
    inside = pl.min_horizontal(went.fill_null(last), last) - pl.max_horizontal(came, first)
    seconds = pl.when(left).then((went - came).dt.total_microseconds() / 1e6)

    def compute() -> pl.DataFrame:
        sums = {
            "inside": pl.when(inside > pl.duration()).then(inside).dt.total_microseconds().sum() / 1e6,
            "arrived": arrived.sum(),
            "left": left.sum(),
            "seconds": seconds.sum(),
            "squares": (seconds**2).sum(),
            "at_start": ((came < first) & (went.is_null() | (went >= first))).sum(),
            "at_end": ((came < last) & (went.is_null() | (went >= last))).sum(),
        }
        exprs = [sum_.cast(pl.Float64).alias(f"_{name}") for name, sum_ in sums.items()]
        rows = source.checked()
        totals = (rows.group_by(source.by).agg(exprs) if source.by else rows.select(exprs)).collect(engine="streaming")
        totals = totals.sort(source.by, nulls_last=True) if source.by else totals
        return _law(totals, source.by, (end - start).total_seconds(), level)

    return source.answer(compute)


def _law(sums: pl.DataFrame, by: list[str], seconds: float, level: float) -> pl.DataFrame:
    names = ("inside", "arrived", "left", "seconds", "squares", "at_start", "at_end")
    inside, arrived, left, total, squares, at_start, at_end = (sums[f"_{name}"].to_numpy() for name in names)
    mean_open, span = inside / seconds, seconds / _DAY
    low_rate, high_rate = poisson_rate_interval(arrived, span, level=level)
    nothing = np.full_like(inside, np.nan)
    mean = np.divide(total, left, out=nothing.copy(), where=left > 0)
    some = left > 1
    low, high, se = nothing.copy(), nothing.copy(), nothing.copy()
    se[some] = np.sqrt(np.maximum(squares[some] / left[some] - mean[some] ** 2, 0.0) / (left[some] - 1))
    low[some], high[some] = t_interval(mean[some], se[some], df=left[some] - 1, level=level)
    product = arrived / seconds * mean
    ratio = np.divide(mean_open, product, out=nothing.copy(), where=product > 0)
    moved = [f"open at the start {a:.0f}, at the end {b:.0f}" for a, b in zip(at_start, at_end, strict=True)]
    keys, touched = sums.select(by), at_start + arrived
    none_left = "no ticket ended in the window"
    parts = [
        result_rows(keys, metric="mean_open", unit="count", value=mean_open, n=touched, notes=moved),
        result_rows(
            keys,
            metric="arrivals_per_day",
            unit="per day",
            value=arrived / span,
            low=low_rate,
            high=high_rate,
            se=np.sqrt(arrived) / span,
            level=level,
            method="garwood",
            n=arrived,
        ),
        result_rows(
            keys,
            metric="mean_time",
            unit="s",
            value=mean,
            low=low,
            high=high,
            se=se,
            level=level,
            method="t",
            n=left,
            reason=none_left,
        ),
        result_rows(keys, metric="arrivals_times_time", unit="count", value=product, n=left, reason=none_left),
        result_rows(
            keys,
            metric="law_ratio",
            unit="ratio",
            value=ratio,
            n=left,
            notes=moved,
            reason="nothing arrived, or no ticket ended in the window",
        ),
    ]
    rows = pl.concat([part.with_columns(_place=pl.lit(place)) for place, part in enumerate(parts)])
    return rows.sort(*by, "_place", nulls_last=True).drop("_place")
