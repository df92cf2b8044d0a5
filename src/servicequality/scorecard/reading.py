"""Many objectives read in one scan: sums at the finest keys, then rolled up. Never here: targets or verdicts.

States merge by addition, so figures by team and by week, and figures of all teams by quarter, come from one grouping by
team and day. A table (of durations) takes one pass more, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from servicequality.core import Metric
from servicequality.core.engine.names import BIN, STRATUM, key_column, sum_column
from servicequality.core.engine.value_tables import read_histogram
from servicequality.core.evaluation import by_grain, key_types
from servicequality.core.plans import Plan, read_table
from servicequality.core.question import PERIOD, Question
from servicequality.model import as_frame
from servicequality.scorecard.pending import extremes, table_extremes
from servicequality.shapes import FixedShape


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question: a metric under a name of its own, its keys, its period, and the column of its instant."""

    metric: Metric
    by: tuple[str, ...]
    every: str
    at: str


def read(
    frame: Any,
    asked: Sequence[Asked],
    *,
    timezone: str | None,
    level: float,
    weight: str | None = None,
    cluster: str | None = None,
) -> dict[str, pl.DataFrame]:
    """The figures of each question by its metric's name: keys, period, `RESULT`, the leaves, and what pending rows allow."""
    parts = by_grain(frame, [one.metric for one in asked])
    found: dict[str, pl.DataFrame] = {}
    for data, metrics in parts:
        names = {metric.name for metric in metrics}
        rows = as_frame(data).lazy()
        groups: dict[object, list[Asked]] = {}
        for one in asked:
            if one.metric.name in names:
                # Clusters reach over days and groups: their sums are made at the keys that are asked for.
                alike: object = one.at if cluster is None else (one.at, one.by, one.every)
                groups.setdefault(alike, []).append(one)
        for group in groups.values():
            found |= _scan(rows, group, timezone=timezone, level=level, weight=weight, cluster=cluster)
    return found


def answer_types(
    frame: Any, asked: Sequence[Asked], *, timezone: str | None, weight: str | None, cluster: str | None
) -> list[dict[str, pl.DataType]]:
    """The types of each question's keys and period, from schemas alone."""
    found = []
    for one in asked:
        question = Question.of(by=one.by, every=one.every, at=one.at, timezone=timezone, weight=weight, cluster=cluster)
        found.append(key_types((frame,), [one.metric], question))
    return found


def _scan(
    rows: pl.LazyFrame,
    asked: Sequence[Asked],
    *,
    timezone: str | None,
    level: float,
    weight: str | None,
    cluster: str | None,
) -> dict[str, pl.DataFrame]:
    """One scan for all questions about one instant."""
    keys = tuple(dict.fromkeys(key for one in asked for key in one.by))
    lengths = {one.every for one in asked}
    every = next(iter(lengths)) if len(lengths) == 1 else "1d"  # weeks do not add up to months, days do
    question = Question.of(by=keys, every=every, at=asked[0].at, timezone=timezone, weight=weight, cluster=cluster)
    plan = Plan(tuple(one.metric for one in asked), question)
    frame = plan.prepared(rows)
    sums = plan.sums(frame)
    figures_of: dict[str, pl.DataFrame] = {}
    for one in asked:
        metric, shape, own = one.metric, one.metric.shape, [*one.by, PERIOD]
        state = _rolled_up(sums, own, one.every, every)
        if isinstance(shape, FixedShape):
            figures = plan.figures(state, [metric], keys=own, level=level)
            leaves = state.select(pl.col(sum_column(metric.name, leaf)).alias(f"sum {leaf}") for leaf in shape.leaves())
            parts = [figures, leaves, extremes(state, metric, weighted=weight is not None)]
        else:
            table = _rolled_up(plan.histogram(frame, metric), own, one.every, every)
            groups = state.select(key_column(name) for name in own)
            readings = read_table(read_histogram(table, metric, groups, exact=True), [metric], level=level)
            figures = plan.figures(state, [metric], readings, keys=own, level=level)
            pending = table_extremes(table, groups, metric)
            parts = [figures, pending]
        figures_of[metric.name] = pl.concat(parts, how="horizontal").filter(pl.col(PERIOD).is_not_null())
    return figures_of


def _rolled_up(state: pl.DataFrame, keys: Sequence[str], every: str, base: str) -> pl.DataFrame:
    """Sums at fewer keys and longer periods, sorted."""
    period = pl.col(key_column(PERIOD))
    if every != base:
        zone = getattr(state.schema[key_column(PERIOD)], "time_zone", None)
        period = period.dt.truncate(every)
        if zone is not None:  # as in `Question`: where the clock goes back at midnight, a day begins twice
            period = period.dt.replace_time_zone(None).dt.replace_time_zone(zone, ambiguous="earliest")
    groups = [*map(key_column, keys), *(name for name in (STRATUM, BIN) if name in state.columns)]
    sums = [pl.col(name).sum() for name in state.columns if name not in groups and not name.startswith("key:")]
    whole = state.with_columns(period.alias(key_column(PERIOD))).group_by(groups).agg(sums)
    return whole.sort(groups, nulls_last=True)
