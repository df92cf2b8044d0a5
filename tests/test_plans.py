"""Plans of many metrics of the registry: any split, in any order, by fewer keys, with clusters spread over parts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.core import Metric
from servicequality.core.plans import Plan
from servicequality.errors import InputError
from servicequality.shapes import FixedShape, Quantile, WholeShape
from servicequality.testing.strategies import CLUSTER, KEY, PART, SLICE, WEIGHT, mixed
from test_laws import NOON, registry

BESIDE = [KEY, WEIGHT, CLUSTER, SLICE, PART]
_MOST = 12
# Floats are added in another order, and a variance that is 0 comes out as rounding.
_NEAR = {"rel_tol": 1e-9, "abs_tol": 1e-5}


def calls() -> Iterator[Metric]:
    """Every call of the registry whose state any parts make; a further one of the same name is numbered."""
    names: Counter[str] = Counter()
    for metric in registry():
        if isinstance(metric.shape, WholeShape):
            continue
        names[metric.name] += 1
        yield metric if names[metric.name] == 1 else metric.named(f"{metric.name} {names[metric.name]}")


def groups(waiting: list[Metric]) -> Iterator[list[Metric]]:
    """Metrics whose columns do not meet."""
    while waiting:
        chosen: list[Metric] = []
        taken: set[str] = set()
        left = []
        for metric in waiting:
            columns = {bound.name for bound in metric.inputs}
            if len(chosen) == _MOST or columns & taken:
                left.append(metric)
            else:
                chosen.append(metric)
                taken |= columns
        yield chosen
        waiting = left


CALLS = [*calls()]
GROUPS = list(groups(CALLS))


def rows_of(metrics: list[Metric]) -> pl.DataFrame:
    """A frame that holds the rows of all of some metrics."""
    first, *others = (mixed(metric, seed=len(metric.name), around=NOON) for metric in metrics)
    return pl.concat([first, *(frame.drop(BESIDE) for frame in others)], how="horizontal")


def test_the_groups_hold_the_registry() -> None:
    added = [metric for metric in registry() if not isinstance(metric.shape, WholeShape)]
    assert sum(map(len, GROUPS)) == len({metric.name for metric in CALLS}) == len(added)
    assert max(map(len, GROUPS)) == _MOST


def same(plan: Plan, finished: pl.DataFrame, evaluated: pl.DataFrame) -> None:
    """The figures of a state are those of its rows; quantiles, which a histogram gives nearly, have the same counts."""
    inexact = [rule.name for rule in plan.rules if isinstance(rule.shape, Quantile)]
    rough = pl.col("metric").is_in(inexact)
    assert_frame_equal(finished.filter(~rough), evaluated.filter(~rough), **_NEAR)
    counts = ["metric", "n", "n_missing", "n_excluded", "reason"]
    assert_frame_equal(finished.filter(rough).select(counts), evaluated.filter(rough).select(counts))


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_any_parts_in_any_order_make_the_whole(place: int, tmp_path: Path) -> None:
    metrics, frame = GROUPS[place], rows_of(GROUPS[place])
    for weight in (None, WEIGHT):
        plan = sq.plan(metrics, by=KEY, weight=weight)
        parts = [plan.partial(frame.filter(pl.col(PART) == part)) for part in range(3)] + [plan.partial(frame.clear())]
        one = plan.merge([parts[2], plan.merge(parts[:2]), parts[3]])
        other = plan.merge([plan.loads(plan.dumps(part)) for part in parts[::-1]])
        plan.save(one, tmp_path / "state.parquet")
        for state in (other, plan.load(tmp_path / "state.parquet")):
            assert_frame_equal(one.sums, state.sums, **_NEAR)
            assert one.tables.keys() == state.tables.keys()
            for name, table in one.tables.items():
                assert_frame_equal(table, state.tables[name], **_NEAR)
        same(plan, plan.finish(one), sq.evaluate(frame, metrics, by=KEY, weight=weight))
        same(plan, plan.finish(plan.merge([other], by=())), sq.evaluate(frame, metrics, weight=weight))


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_a_state_of_one_other_rule_is_refused(place: int) -> None:
    metrics, frame = GROUPS[place], rows_of(GROUPS[place])
    plan = sq.plan(metrics, by=KEY)
    content = plan.dumps(plan.partial(frame))
    for number, metric in enumerate(metrics):
        column = pl.col(metric.inputs[0].name)
        other = metric.where(column.is_not_null() | column.is_null())
        with pytest.raises(InputError):
            sq.plan([*metrics[:number], other, *metrics[number + 1 :]], by=KEY).loads(content)


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_clusters_make_the_whole(place: int) -> None:
    """Parts that divide no cluster add up as they are; parts that do keep a row a cluster."""
    fixed, frame = [metric for metric in GROUPS[place] if isinstance(metric.shape, FixedShape)], rows_of(GROUPS[place])
    if fixed:
        plan = sq.plan(fixed, by=KEY, cluster=CLUSTER)
        whole = sq.evaluate(frame, fixed, by=KEY, cluster=CLUSTER)
        parts = (frame.clear(), frame.filter(pl.col(CLUSTER) < 3), frame.filter(pl.col(CLUSTER) >= 3))
        same(plan, plan.finish(plan.merge(map(plan.partial, parts))), whole)
        same(plan, plan.finish(plan.merge(plan.partial(part, spread=True) for part in frame.iter_slices(7))), whole)
