"""The table of a frame's rows is that of its state, and both are the plain count."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.columns import Seconds, answered
from servicequality.core import Metric, define
from servicequality.core import plan as plan_of
from servicequality.core.engine.names import key_column, sum_column
from servicequality.core.engine.value_tables import ValueTable, read_histogram, read_table
from servicequality.core.grouping import Grouping
from servicequality.core.plans import Plan
from servicequality.core.sampling import Sampling
from servicequality.metrics.speed import resolution_time
from servicequality.shapes import Shape, quantile, survival

row = st.tuples(
    st.sampled_from(["b", "a", None]),
    st.sampled_from([None, 7, -3]),
    st.one_of(st.none(), st.integers(1, 6).map(float), st.sampled_from([0.0, 0.1, 1e-300, 1e9 + 1e-3])),
    st.one_of(st.none(), st.booleans()),
    st.sampled_from([0.0, 0.5, 2.0]),
)
COLUMNS = {
    "team": pl.String,
    "tier": pl.Int64,
    "resolution_seconds": pl.Float64,
    "resolution_observed": pl.Boolean,
    "weight": pl.Float64,
}
KEYS = [[], ["team"], ["tier", "team"]]


def both(frame: pl.DataFrame, metric: Metric, keys: list[str], weight: str | None) -> tuple[ValueTable, ValueTable]:
    """The table of the rows, and that of a state which keeps all bits."""
    plan = Plan((metric,), Grouping(by=tuple(keys), sampling=Sampling(weight)))
    rows = plan.prepared(frame)
    groups = plan.sums(rows).select(key_column(key) for key in keys)
    return plan.table(rows, metric, groups), read_histogram(plan.histogram(rows, metric), metric, groups, exact=True)


@given(st.lists(row, max_size=40), st.sampled_from(KEYS), st.sampled_from([None, "weight"]))
def test_rows_and_their_state_make_one_table(rows, keys, weight) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    rows, state = both(frame, resolution_time(), keys, weight)
    np.testing.assert_array_equal(rows.table.offsets, state.table.offsets)
    np.testing.assert_array_equal(rows.table.at, state.table.at)
    assert rows.table.sums is not None
    assert state.table.sums is not None
    for leaf, column in rows.table.sums.items():
        np.testing.assert_allclose(column, state.table.sums[leaf], rtol=1e-12)
    if weight is not None:
        np.testing.assert_allclose(rows.n_eff, state.n_eff, rtol=1e-12)


@given(st.lists(row, max_size=40))
def test_the_table_is_a_count_of_each_number(rows) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    plan = Plan((resolution_time(),), Grouping(by=("team",)))
    prepared = plan.prepared(frame)
    groups = plan.sums(prepared).select(pl.col(key_column("team")).alias("team"))
    assert groups["team"].to_list() == sorted({row[0] for row in rows}, key=lambda key: (key is None, key))
    table = plan.table(prepared, resolution_time(), groups.rename({"team": key_column("team")})).table
    present = Counter((team, at) for team, _, at, _, _ in rows if at is not None)
    ended = Counter((team, at) for team, _, at, seen, _ in rows if at is not None and seen)
    team = [name for name, n in zip(groups["team"], np.diff(table.offsets), strict=True) for _ in range(n)]
    result = list(zip(team, table.at.tolist(), strict=True))
    assert table.sums is not None
    assert dict(zip(result, table.sums["n"], strict=True)) == present
    assert {at: n for at, n in zip(result, table.sums["events"], strict=True) if n} == ended
    assert result == sorted(result, key=lambda one: (one[0] is None, one[0] or "", one[1]))


SECONDS, SEEN = pl.col("resolution_seconds"), pl.col("resolution_observed")
STRATIFIED = replace(
    resolution_time(limit=12.0),
    shape=survival(SECONDS, SEEN, of=SECONDS.is_not_null(), limit=12.0, stratum=pl.col("policy")),
)


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("metric", [resolution_time(entry="entry"), STRATIFIED])
def test_entries_and_strata_of_rows_and_of_their_state(metric: Metric, keys: list[str], weight: str | None) -> None:
    rng = np.random.default_rng(3)
    n = 400
    few = rng.random((3, n)) < 0.1
    frame = pl.DataFrame(
        {
            "team": pl.Series(rng.choice(["b", "a"], n)).set(pl.Series(few[0]), None),
            "tier": pl.Series(rng.integers(0, 2, n)).set(pl.Series(few[1]), None),
            "policy": pl.Series(rng.choice(["silver", "gold"], n)).set(pl.Series(few[2]), None),
            "resolution_seconds": rng.integers(5, 30, n).astype(float),
            "resolution_observed": rng.random(n) < 0.7,
            "entry": rng.integers(0, 5, n).astype(float),
            "weight": rng.integers(0, 3, n) / 2,
        }
    )
    rows, state = both(frame, metric, keys, weight)
    for name in ("offsets", "at", "strata"):
        np.testing.assert_array_equal(getattr(rows.table, name), getattr(state.table, name))
    assert rows.table.sums is not None
    assert state.table.sums is not None
    for leaf, column in rows.table.sums.items():
        np.testing.assert_allclose(column, state.table.sums[leaf], rtol=1e-12)
    plan = Plan((metric,), Grouping(by=tuple(keys), sampling=Sampling(weight)))
    sums = plan.sums(plan.prepared(frame))
    assert sums[sum_column(metric.name, "rows")].sum() == n
    figures = [plan.figures(sums, [metric], read_table(part, [metric], level=0.9), level=0.9) for part in (rows, state)]
    assert_frame_equal(*figures, rel_tol=1e-12)
    assert figures[0]["value"].null_count() < len(figures[0])


@define(title="Waiting", unit="s", better="lower", formula="x")
def waiting(seconds: Seconds) -> Shape:
    """The median of a duration."""
    return quantile(pl.col(seconds), 0.5, of=answered(seconds))


def test_tables_counted_in_memory_are_those_that_are_grouped() -> None:
    """Rows in memory are counted in an array, those of a lazy frame are grouped: by text, null, whole number and flag."""
    rng = np.random.default_rng(3)
    seconds = pl.Series("seconds", rng.lognormal(3, 2, 500)).set(pl.Series(rng.random(500) < 0.1), None)
    keys = {"team": ["a", "b", None], "shift": [3, 1, 2], "late": [True, False]}
    frame = pl.DataFrame(
        [
            seconds,
            *(pl.Series(key, [values[k] for k in rng.integers(0, len(values), 500)]) for key, values in keys.items()),
        ]
    )
    metric = waiting("seconds")
    plan = plan_of(metric, by=list(keys))
    whole, grouped = plan.partial(frame), plan.partial(frame.lazy())
    assert_frame_equal(whole.tables[metric.name], grouped.tables[metric.name])
    merged = plan.merge([plan.partial(frame[:200]), plan.partial(frame[200:].lazy())])
    assert_frame_equal(merged.tables[metric.name], whole.tables[metric.name])
    fewer = plan_of(metric, by="team").partial(frame.lazy())
    assert_frame_equal(plan.merge([merged], by="team").tables[metric.name], fewer.tables[metric.name])
