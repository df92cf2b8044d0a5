"""Many objectives computed in one scan: sums at the finest keys, then rolled up."""

# States merge by addition, so figures by team and by week, and figures of all teams by quarter, come from one grouping by
# team and day. A table (of durations) takes one pass more, as everywhere.

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from servicequality.core import (
    BIN,
    PERIOD,
    PERIOD_OF_ROW,
    STRATUM,
    Grouping,
    JudgedSums,
    Metric,
    Plan,
    by_grain,
    judged_sums,
    key_column,
    key_types,
    period_start,
    read_histogram,
    read_table,
    sum_column,
    table_shape,
)
from servicequality.model import as_frame
from servicequality.scorecard.pending import extremes, may_move, table_extremes, unknown
from servicequality.shapes import FixedShape, WholeShape
from servicequality.shapes.base import Design, FloatArray
from servicequality.shapes.deciding import Decision, decision_of, table_decision
from servicequality.stats._kernel import in_range

TAIL = 0.05
"""Chance that a limit which decides lies on the wrong side of the truth, on each side."""


@dataclass(frozen=True, slots=True, eq=False)
class FigureRequest:
    """The request for one figure: a metric under a name of its own, its keys, its period, the column of its instant."""

    metric: Metric
    by: tuple[str, ...]
    every: str
    at: str


class Figures(NamedTuple):
    """What is known of one objective, a row a group and period.

    Attributes:
        rows: keys, period, the columns of a result, the sums, and how far pending rows can still move the value.
        decision: the limits that are compared with a target.
        grown: those limits if each row's group had so many times the rows, alike; None where that cannot be worked out.
    """

    rows: pl.DataFrame
    decision: Decision
    grown: Callable[[FloatArray], Decision] | None


def read(
    frame: Any,
    requests: Sequence[FigureRequest],
    *,
    timezone: str | None,
    level: float,
    weight: str | None = None,
    cluster: str | None = None,
) -> dict[str, Figures]:
    """The figures of each metric by its name."""
    parts = by_grain(frame, [one.metric for one in requests])
    figures: dict[str, Figures] = {}
    for data, metrics in parts:
        names = {metric.name for metric in metrics}
        rows = as_frame(data).lazy()
        groups: dict[object, list[FigureRequest]] = {}
        for one in requests:
            if one.metric.name in names and not isinstance(one.metric.shape, WholeShape):
                # Clusters reach over days and groups: their sums are made at the keys of the request.
                alike: object = one.at if cluster is None else (one.at, one.by, one.every)
                groups.setdefault(alike, []).append(one)
        for whole in [one for one in requests if one.metric.name in names and isinstance(one.metric.shape, WholeShape)]:
            figures[whole.metric.name] = _whole(
                rows, whole, timezone=timezone, level=level, weight=weight, cluster=cluster
            )
        for group in groups.values():
            figures |= _scan(rows, group, timezone=timezone, level=level, weight=weight, cluster=cluster)
    return figures


def answer_types(
    frame: Any, requests: Sequence[FigureRequest], *, timezone: str | None, weight: str | None, cluster: str | None
) -> list[dict[str, pl.DataType]]:
    """The types of each figure's keys and period, from schemas alone."""
    types = []
    for one in requests:
        grouping = Grouping.of(by=one.by, every=one.every, at=one.at, timezone=timezone, weight=weight, cluster=cluster)
        types.append(key_types((frame,), [one.metric], grouping))
    return types


def fixed_figures(plan: Plan, sums: pl.DataFrame, metric: Metric, keys: Sequence[str], *, level: float) -> Figures:
    """The figures of a metric of fixed width, in the order of the sums."""
    shape, sampling = metric.shape, plan.grouping.sampling
    leaves = sums.select(pl.col(sum_column(metric.name, leaf)).alias(f"sum {leaf}") for leaf in shape.leaves())
    ends = extremes(sums, metric, weighted=sampling.weight is not None)
    rows = pl.concat([plan.figures(sums, [metric], keys=keys, level=level), leaves, ends], how="horizontal")
    rows = rows.with_columns(may_move(sums, metric).alias("n_pending"))
    judged = judged_sums(sums, metric, sampling)

    def decide(times: FloatArray) -> Decision:
        low, high = np.full((2, len(judged.ok)), np.nan)
        decision = _grown(judged, times[judged.ok])
        low[judged.ok], high[judged.ok] = decision.low, decision.high
        return decision._replace(low=low, high=high)

    return Figures(rows, decide(np.ones(len(judged.ok))), decide)


def table_figures(
    plan: Plan, sums: pl.DataFrame, state: pl.DataFrame, metric: Metric, keys: Sequence[str], *, level: float
) -> Figures:
    """The figures of a metric that reads a value table, whose bins keep all bits, in the order of the sums."""
    groups = sums.select(key_column(name) for name in keys)
    table = read_histogram(state, metric, groups, exact=True)
    figures = plan.figures(sums, [metric], read_table(table, [metric], level=level), keys=keys, level=level)
    # Of one instant and all rows nothing is pending.
    ends = table_extremes(state, groups, metric) if keys else figures.select(unknown(metric.shape.unbounded))
    rows = pl.concat([figures.with_columns(may_move(sums, metric).alias("n_pending")), ends], how="horizontal")
    return Figures(rows, table_decision(table_shape(metric), table.table, tail=TAIL), None)


def whole_figures(
    plan: Plan, rows: pl.LazyFrame, sums: pl.DataFrame, metric: Metric, keys: Sequence[str], *, level: float
) -> Figures:
    """The figures of a metric that needs all rows of a group, in the order of the sums."""
    groups = sums.select(key_column(name) for name in keys)
    own, deciding = plan.wholes(rows, [metric], groups, levels=(level, 1 - 2 * TAIL))
    figures = plan.figures(sums, [metric], own, keys=keys, level=level)
    moving = may_move(sums, metric).alias("n_pending")
    table = figures.with_columns(moving, *unknown(metric.shape.unbounded))
    reading = deciding[metric.name].reading
    return Figures(table, Decision(reading.low, reading.high, exact=metric.shape.census), None)


def _grown(judged: JudgedSums, times: FloatArray) -> Decision:
    """The limits that decide, if there were so many times the rows of each group."""
    nothing = np.full(len(times), np.nan)
    whole = Decision(nothing.copy(), nothing.copy(), method="none", exact=judged.shape.census)
    for part in judged.parts:
        if not part.known:
            continue
        more, design = times[part.chosen], part.design
        if design is not None:
            design = Design(design.n_eff * more, (design.df + 1) * more - 1, design.square / more)
        sums = {leaf: column * more for leaf, column in part.sums.items()}
        with in_range("limits that decide"):
            decision = decision_of(judged.shape, sums, tail=TAIL, design=design)
        whole.low[part.chosen], whole.high[part.chosen] = decision.low, decision.high
        whole = decision._replace(low=whole.low, high=whole.high)
    return whole


def _scan(
    rows: pl.LazyFrame,
    requests: Sequence[FigureRequest],
    *,
    timezone: str | None,
    level: float,
    weight: str | None,
    cluster: str | None,
) -> dict[str, Figures]:
    """One scan for all questions about one instant."""
    keys = tuple(dict.fromkeys(key for one in requests for key in one.by))
    lengths = {one.every for one in requests}
    every = next(iter(lengths)) if len(lengths) == 1 else "1d"  # weeks do not add up to months, days do
    grouping = Grouping.of(by=keys, every=every, at=requests[0].at, timezone=timezone, weight=weight, cluster=cluster)
    plan = Plan(tuple(one.metric for one in requests), grouping)
    frame = plan.prepared(rows)
    sums = plan.sums(frame)
    figures: dict[str, Figures] = {}
    for one in requests:
        metric, own = one.metric, [*one.by, PERIOD]
        state = _rolled_up(sums, own, one.every, every)
        if isinstance(metric.shape, FixedShape):
            figures[metric.name] = fixed_figures(plan, state, metric, own, level=level)
        else:
            table = _rolled_up(plan.histogram(frame, metric), own, one.every, every)
            figures[metric.name] = table_figures(plan, state, table, metric, own, level=level)
    return figures


def _whole(
    rows: pl.LazyFrame,
    one: FigureRequest,
    *,
    timezone: str | None,
    level: float,
    weight: str | None,
    cluster: str | None,
) -> Figures:
    """A metric that needs all rows of a group, at the keys of its own request."""
    grouping = Grouping.of(by=one.by, every=one.every, at=one.at, timezone=timezone, weight=weight, cluster=cluster)
    plan = Plan((one.metric,), grouping)
    frame = plan.prepared(rows)
    sums = plan.sums(frame).filter(pl.col(key_column(PERIOD)).is_not_null())
    known = frame.filter(pl.col(PERIOD_OF_ROW).is_not_null())
    return whole_figures(plan, known, sums, one.metric, grouping.keys, level=level)


def _rolled_up(state: pl.DataFrame, keys: Sequence[str], every: str, base: str) -> pl.DataFrame:
    """Sums at fewer keys and longer periods, sorted; rows without an instant are in none."""
    period = pl.col(key_column(PERIOD))
    if every != base:
        period = period_start(period, every, getattr(state.schema[key_column(PERIOD)], "time_zone", None))
    groups = [*map(key_column, keys), *(name for name in (STRATUM, BIN) if name in state.columns)]
    sums = [pl.col(name).sum() for name in state.columns if name not in groups and not name.startswith("key:")]
    known = state.filter(pl.col(key_column(PERIOD)).is_not_null())
    whole = known.with_columns(period.alias(key_column(PERIOD))).group_by(groups).agg(sums)
    return whole.sort(groups, nulls_last=True)
