"""Many objectives read in one scan: sums at the finest keys, then rolled up. Never here: targets or verdicts.

States merge by addition, so figures by team and by week, and figures of all teams by quarter, come from one grouping by
team and day. A table (of durations) takes one pass more, as everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from servicequality.core import Metric
from servicequality.core.binned import read_state
from servicequality.core.evaluation import by_grain, key_types
from servicequality.core.finishing import JudgedSums, finish_fixed, finish_groups, judged_sums
from servicequality.core.question import PERIOD, Question
from servicequality.core.states import BIN, STRATUM, fixed_state, table_state
from servicequality.model import as_frame
from servicequality.scorecard.pending import extremes, may_move, table_extremes, unknown
from servicequality.shapes import FixedShape, TableShape
from servicequality.shapes.base import Design, FloatArray
from servicequality.shapes.deciding import Decision, decision_of, table_decision

TAIL = 0.05
"""Chance that a limit which decides lies on the wrong side of the truth, on each side."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One figure that is asked for: a metric under a name of its own, its keys, its period, the column of its instant."""

    metric: Metric
    by: tuple[str, ...]
    every: str
    at: str


class Figures(NamedTuple):
    """What is known of one objective, a row a group and period.

    Attributes:
        rows: keys, period, the columns of a result, the sums, and how far pending rows can still move the value.
        decision: the limits that are held against a target.
        grown: those limits if each row's group had so many times the rows, alike; None where that cannot be worked out.
    """

    rows: pl.DataFrame
    decision: Decision
    grown: Callable[[FloatArray], Decision] | None


def read(
    frame: Any,
    asked: Sequence[Asked],
    *,
    timezone: str | None,
    level: float,
    weight: str | None = None,
    cluster: str | None = None,
) -> dict[str, Figures]:
    """The figures of each metric by its name."""
    parts = by_grain(frame, [one.metric for one in asked])
    figures: dict[str, Figures] = {}
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
            figures |= _scan(rows, group, timezone=timezone, level=level, weight=weight, cluster=cluster)
    return figures


def answer_types(
    frame: Any, asked: Sequence[Asked], *, timezone: str | None, weight: str | None, cluster: str | None
) -> list[dict[str, pl.DataType]]:
    """The types of each figure's keys and period, from schemas alone."""
    types = []
    for one in asked:
        question = Question.of(by=one.by, every=one.every, at=one.at, timezone=timezone, weight=weight, cluster=cluster)
        types.append(key_types((frame,), [one.metric], question))
    return types


def fixed_figures(state: pl.DataFrame, metric: Metric, keys: Sequence[str], *, level: float) -> Figures:
    """The figures of a state of fixed width, in the order of its rows."""
    shape = metric.shape
    assert isinstance(shape, FixedShape)  # the caller sorts metrics by shape
    figures = finish_fixed(state, metric, keys=keys, level=level)
    leaves = state.select(pl.col(f"{metric.name}.{leaf}").alias(f"sum {leaf}") for leaf in shape.leaves())
    rows = pl.concat([figures, leaves, extremes(state, metric)], how="horizontal")
    rows = rows.with_columns(may_move(state, metric).alias("n_pending"))
    judged = judged_sums(state, metric)

    def decide(times: FloatArray) -> Decision:
        low, high = np.full((2, len(judged.ok)), np.nan)
        decision = _grown(judged, times[judged.ok])
        low[judged.ok], high[judged.ok] = decision.low, decision.high
        return decision._replace(low=low, high=high)

    return Figures(rows, decide(np.ones(len(judged.ok))), decide)


def table_figures(state: pl.DataFrame, metric: Metric, keys: Sequence[str], *, level: float) -> Figures:
    """The figures of a state that is a table whose bins keep all bits, sorted by key."""
    shape = metric.shape
    assert isinstance(shape, TableShape)  # the caller sorts metrics by shape
    groups, table, n_eff = read_state(state, metric, keys=keys, exact=True)
    figures = finish_groups(groups, table, metric, keys=keys, level=level, n_eff=n_eff)
    figures = figures.with_columns(may_move(groups, metric).alias("n_pending"))
    if keys:
        pending = table_extremes(state, metric, keys)
        rows = figures.join(pending, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
    else:  # of one instant and all rows: nothing is pending
        rows = figures.with_columns(unknown(shape.unbounded))
    return Figures(rows, table_decision(shape, table, tail=TAIL), None)


def _grown(judged: JudgedSums, times: FloatArray) -> Decision:
    """The limits that decide, if there were so many times the rows of each group."""
    design = judged.design
    if judged.unknown:
        nothing = np.full(int(judged.ok.sum()), np.nan)
        return Decision(nothing, nothing, method="none")
    if design is not None:
        design = Design(design.n_eff * times, (design.df + 1) * times - 1, design.square / times)
    sums = {leaf: column * times for leaf, column in judged.sums.items()}
    return decision_of(judged.shape, sums, tail=TAIL, design=design)


def _scan(
    rows: pl.LazyFrame,
    asked: Sequence[Asked],
    *,
    timezone: str | None,
    level: float,
    weight: str | None,
    cluster: str | None,
) -> dict[str, Figures]:
    """One scan for all questions about one instant."""
    keys = tuple(dict.fromkeys(key for one in asked for key in one.by))
    lengths = {one.every for one in asked}
    every = next(iter(lengths)) if len(lengths) == 1 else "1d"  # weeks do not add up to months, days do
    question = Question.of(by=keys, every=every, at=asked[0].at, timezone=timezone, weight=weight, cluster=cluster)
    metrics = [one.metric for one in asked]
    for metric in metrics:
        question.sampling.refuse_tables(metric.name, metric.shape)
    frame = question.frame(rows, metrics)
    question.check(frame, metrics)
    fixed = [metric for metric in metrics if isinstance(metric.shape, FixedShape)]
    sums = None
    if fixed:
        sums = fixed_state(frame, fixed, keys=question.keys, sampling=question.sampling).collect(engine="streaming")
    figures: dict[str, Figures] = {}
    for one in asked:
        metric, own = one.metric, [*one.by, PERIOD]
        if isinstance(metric.shape, FixedShape):
            assert sums is not None  # read above
            state = _rolled_up(sums, metric, own, one.every, every).sort(own, nulls_last=True)
            figures[metric.name] = fixed_figures(state, metric, own, level=level)
        else:
            plan = table_state(frame, metric, keys=question.keys, sampling=question.sampling, exact=True)
            state = _rolled_up(plan.collect(engine="streaming"), metric, own, one.every, every)
            figures[metric.name] = table_figures(state, metric, own, level=level)
    return figures


def _rolled_up(state: pl.DataFrame, metric: Metric, keys: Sequence[str], every: str, base: str) -> pl.DataFrame:
    """One metric's sums at fewer keys and longer periods; rows without an instant are in none."""
    period = pl.col(PERIOD)
    if every != base:
        zone = getattr(state.schema[PERIOD], "time_zone", None)
        period = period.dt.truncate(every)
        if zone is not None:  # as in `Question`: where the clock goes back at midnight, a day begins twice
            period = period.dt.replace_time_zone(None).dt.replace_time_zone(zone, ambiguous="earliest")
    groups = [*keys, *(name for name in (STRATUM, BIN) if name in state.columns)]
    sums = [pl.col(name).sum() for name in state.columns if name.startswith(f"{metric.name}.")]
    known = state.filter(pl.col(PERIOD).is_not_null())
    return known.with_columns(period.alias(PERIOD)).group_by(groups).agg(sums)
