"""Censuses at each period's end, over all rows, whenever they began: tickets open, clocks overdue."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality.core import PERIOD, PERIOD_OF_ROW, Grouping, Metric, Plan
from servicequality.errors import InputError
from servicequality.scorecard.pending import HIGHEST, LOWEST, UNBOUNDED
from servicequality.scorecard.reading import FigureRequest, Figures, fixed_figures, table_figures, whole_figures
from servicequality.shapes import FixedShape, WholeShape
from servicequality.shapes.deciding import Decision

_MOST = 2_000
"""Periods that a scorecard goes through: forty years of weeks."""


def read_censuses(
    frame: Any,
    one: FigureRequest,
    taken: Callable[[dt.datetime], Metric] | None,
    *,
    as_of: dt.datetime,
    timezone: str | None,
    level: float,
    weight: str | None,
    cluster: str | None,
) -> Figures:
    """The figure at the end of each period from the first row's on; of the period that still runs, at `as_of`.

    Args:
        frame: the rows.
        one: what is asked.
        taken: the metric at an instant; None where the rows themselves say what is true at `as_of`, and nothing of before.
        as_of: the instant up to which the rows are known.
        timezone: the zone whose periods count.
        level: two-sided confidence of the figure's own limits.
        weight: column of weights.
        cluster: column of clusters.

    Raises:
        InputError: the first row lies so far back that there are more than 2,000 periods.
    """
    dated = Grouping.of(by=one.by, every=one.every, at=one.at, timezone=timezone, weight=weight, cluster=cluster)
    first = Plan((one.metric,), dated)
    rows = first.prepared(frame)
    first.sums(rows)  # rows that cannot be are told before their periods are looked for
    starts, ends = _periods(rows, one, as_of, timezone)
    if taken is None:
        starts, ends = starts.tail(1), ends[-1:]
    metrics = [(taken(end) if taken else one.metric).named(f"{one.metric.name} at {i}") for i, end in enumerate(ends)]
    whole = Grouping.of(by=one.by, every=None, at=None, timezone=None, weight=weight, cluster=cluster)
    metrics = metrics or [one.metric]  # without rows: the columns alone
    plan = Plan(tuple(metrics), whole)
    sums = plan.sums(rows)
    parts = []
    for place, metric in enumerate(metrics):
        if isinstance(one.metric.shape, FixedShape):
            figures = fixed_figures(plan, sums, metric, whole.keys, level=level)
        elif isinstance(one.metric.shape, WholeShape):
            figures = whole_figures(plan, rows, sums, metric, whole.keys, level=level)
        else:
            figures = table_figures(plan, sums, plan.histogram(rows, metric), metric, whole.keys, level=level)
        start = pl.lit(starts[place] if len(starts) else None, starts.dtype).alias(PERIOD)
        parts.append((figures.rows.drop(PERIOD, strict=False).with_columns(start), figures.decision))
    columns = [*one.by, PERIOD]
    table = pl.concat([part for part, _ in parts], how="vertical_relaxed")
    table = table.clear() if not len(starts) else table
    # Nothing is pending in a census: it is of one instant.
    table = table.with_columns(
        pl.col("value").alias(LOWEST), pl.col("value").alias(HIGHEST), pl.lit(None, pl.String).alias(UNBOUNDED)
    )
    low, high = (np.concatenate([getattr(decision, end) for _, decision in parts]) for end in ("low", "high"))
    order = table.with_row_index("servicequality.row").sort(columns, nulls_last=True)["servicequality.row"].to_numpy()
    decision = Decision(low[order], high[order], method="census", exact=True)
    return Figures(table[order], decision, None)


def _periods(
    rows: pl.LazyFrame, one: FigureRequest, as_of: dt.datetime, timezone: str | None
) -> tuple[pl.Series, Sequence[dt.datetime]]:
    """The beginning of each period that began before `as_of`, and the instant at which its census is taken."""
    first = rows.select(pl.col(PERIOD_OF_ROW).min().alias(PERIOD)).collect(engine="streaming").to_series()
    dtype, zone = first.dtype, getattr(first.dtype, "time_zone", None) or timezone or "UTC"
    none = pl.Series(PERIOD, [], dtype)
    last = pl.select(pl.lit(as_of - dt.timedelta(microseconds=1)).dt.convert_time_zone(zone)).to_series()
    if first[0] is None:
        return none, []
    local = pl.select(
        first=pl.lit(first).cast(pl.Datetime("us")) if dtype == pl.Date else pl.lit(first).dt.replace_time_zone(None),
        last=pl.lit(last).dt.replace_time_zone(None),
    ).with_columns(pl.all().cast(pl.Datetime("us")))
    start, end = local.row(0)
    if start > end:
        return none, []
    days = {"1w": 7, "1mo": 28, "1q": 90}.get(one.every, 1)
    if (end - start).days / days > _MOST:
        raise InputError(
            f"column {one.at!r}: the first row lies at {start}, more than {_MOST:,} periods before as_of; "
            "filter such rows out"
        )
    starts = pl.datetime_range(start, end, one.every, time_unit="us", eager=True)
    placed = pl.DataFrame({"start": starts}).with_columns(end=pl.col("start").dt.offset_by(one.every))
    placed = placed.with_columns(pl.all().dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null"))
    instants = [min(end, as_of) if end is not None else as_of for end in placed["end"].dt.convert_time_zone("UTC")]
    return (starts.cast(dtype) if dtype == pl.Date else placed["start"].cast(dtype)), instants
