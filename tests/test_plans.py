"""Plans of many metrics of the registry: any split, in any order, by fewer keys, with clusters spread over parts."""

from collections.abc import Iterator

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.core import Metric
from servicequality.core.plans import Plan
from servicequality.shapes import FixedShape, Quantile
from servicequality.testing.strategies import CLUSTER, KEY, PART, WEIGHT, mixed
from test_laws import NOON, registry

_OWN = [KEY, WEIGHT, CLUSTER, PART]
_MOST = 12
# Floats are added in another order, and a variance that is 0 comes out as rounding.
_NEAR = {"rel_tol": 1e-9, "abs_tol": 1e-5}


def groups() -> Iterator[tuple[list[Metric], pl.DataFrame]]:
    """Metrics whose columns do not meet, and a frame that holds the rows of all of them."""
    waiting = list({metric.name: metric for metric in registry()}.values())
    while waiting:
        chosen: list[Metric] = []
        frame = pl.DataFrame()
        left = []
        for metric in waiting:
            own = mixed(metric, seed=len(metric.name), around=NOON)
            columns = [bound.name for bound in metric.inputs]
            if len(chosen) == _MOST or set(columns) & set(frame.columns) or PART not in own.columns:
                left.append(metric)
                continue
            chosen.append(metric)
            frame = (
                pl.concat([frame, own.select(columns)], how="horizontal")
                if frame.width
                else own.select(*columns, *_OWN)
            )
        yield chosen, frame
        waiting = left


GROUPS = list(groups())


def test_the_groups_hold_the_registry() -> None:
    assert sum(len(metrics) for metrics, _ in GROUPS) == len({metric.name for metric in registry()})
    assert max(len(metrics) for metrics, _ in GROUPS) == _MOST


def same(plan: Plan, finished: pl.DataFrame, evaluated: pl.DataFrame) -> None:
    """The figures of a state are those of its rows; quantiles, which a histogram gives nearly, have the same counts."""
    inexact = [rule.name for rule in plan.rules if isinstance(rule.shape, Quantile)]
    rough = pl.col("metric").is_in(inexact)
    assert_frame_equal(finished.filter(~rough), evaluated.filter(~rough), **_NEAR)
    counts = ["metric", "n", "n_missing", "n_excluded", "reason"]
    assert_frame_equal(finished.filter(rough).select(counts), evaluated.filter(rough).select(counts))


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_any_parts_in_any_order_make_the_whole(place: int) -> None:
    metrics, frame = GROUPS[place]
    for weight in (None, WEIGHT):
        plan = sq.plan(metrics, by=KEY, weight=weight)
        parts = [plan.partial(frame.filter(pl.col(PART) == part)) for part in range(3)] + [plan.partial(frame.clear())]
        one = plan.merge([parts[2], plan.merge(parts[:2]), parts[3]])
        other = plan.merge([plan.loads(plan.dumps(part)) for part in parts[::-1]])
        assert_frame_equal(one.sums, other.sums, **_NEAR)
        assert one.tables.keys() == other.tables.keys()
        same(plan, plan.finish(one), sq.evaluate(frame, metrics, by=KEY, weight=weight))
        same(plan, plan.finish(plan.merge([other], by=())), sq.evaluate(frame, metrics, weight=weight))


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_clusters_spread_over_parts_make_the_whole(place: int) -> None:
    metrics, frame = GROUPS[place]
    fixed = [metric for metric in metrics if isinstance(metric.shape, FixedShape)]
    if fixed:
        plan = sq.plan(fixed, by=KEY, cluster=CLUSTER)
        spread = plan.merge(plan.partial(part, spread=True) for part in frame.iter_slices(7))
        same(plan, plan.finish(spread), sq.evaluate(frame, fixed, by=KEY, cluster=CLUSTER))
