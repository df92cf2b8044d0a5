"""Causes by weight beside plain Python: shares, changes, and what cannot be."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import facts
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.stats import newcombe, wilson
from servicequality.tables import pareto

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def eager(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    assert isinstance(table, pl.DataFrame)
    return table


def lazy_is_eager(lazy: pl.DataFrame | pl.LazyFrame, table: pl.DataFrame | pl.LazyFrame) -> None:
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager(table).schema
    assert_frame_equal(lazy.collect(), eager(table))


def causes(seed: int = 1, n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "category": rng.choice(["billing", "login", "bug", "other"], n, p=[0.5, 0.3, 0.15, 0.05]).tolist(),
            "created_at": [MONDAY + float(day) * DAY for day in rng.uniform(0, 30, n)],
            "handle_seconds": rng.lognormal(5, 1, n).tolist(),
        }
    )


NOW = {"since": MONDAY + 20 * DAY, "until": MONDAY + 30 * DAY}


BEFORE = (MONDAY, MONDAY + 20 * DAY)


def test_pareto_beside_counters() -> None:
    rows = causes()
    result = eager(pareto(rows, **NOW, before=BEFORE))
    now = Counter(r["category"] for r in rows.to_dicts() if NOW["since"] <= r["created_at"] < NOW["until"])
    then = Counter(r["category"] for r in rows.to_dicts() if BEFORE[0] <= r["created_at"] < BEFORE[1])
    n, m, so_far = now.total(), then.total(), 0
    assert result.columns[:2] == ["rank", "category"]
    for place, ((cause, count), row) in enumerate(zip(now.most_common(), result.to_dicts(), strict=True)):
        so_far += count
        assert (row["rank"], row["category"], row["count"], row["n"]) == (place + 1, cause, count, n)
        assert (row["value"], row["cumulative"]) == (pytest.approx(count / n), pytest.approx(so_far / n))
        assert (row["low"], row["high"]) == pytest.approx(tuple(map(float, wilson(count, n))))
        assert (row["count_before"], row["share_before"]) == (then[cause], pytest.approx(then[cause] / m))
        assert row["change"] == pytest.approx(count / n - then[cause] / m)
        assert (row["change_low"], row["change_high"]) == pytest.approx(
            tuple(map(float, newcombe(count, n, then[cause], m)))
        )
        assert row["times"] == pytest.approx(2 * count / then[cause])  # twenty days before, ten now
        assert row["times_low"] < row["times"] < row["times_high"]
    lazy_is_eager(pareto(rows.lazy(), **NOW, before=BEFORE), result)


def test_a_cause_that_is_new_one_that_is_gone_and_tickets_without_one() -> None:
    rows = pl.DataFrame(
        {
            "category": ["new", "new", "old", "both", "both", None, None],
            "created_at": [MONDAY + day * DAY for day in (2, 2, 0, 0, 2, 2, 9)],
        }
    )
    result = eager(pareto(rows, since=MONDAY + DAY, until=MONDAY + 3 * DAY, before=(MONDAY, MONDAY + DAY)))
    assert result.select("rank", "category", "count", "count_before", "times", "n", "n_missing").rows() == [
        (1, "new", 2, 0, None, 3, 1),
        (2, "both", 1, 1, 0.5, 3, 1),
        (3, "old", 0, 1, 0.0, 3, 1),
    ]
    assert result.filter(category="new").select(pl.col("times_low") > 0, pl.col("times_high").is_null()).row(0) == (
        True,
        True,
    )
    alone = eager(pareto(rows))
    assert alone.select("category", "count").rows() == [("both", 2), ("new", 2), ("old", 1)]
    assert alone.select("count_before", "change", "times").null_count().row(0) == (3, 3, 3)
    assert eager(pareto(rows.clear())).height == 0
    nothing = eager(pareto(rows, since=MONDAY + 20 * DAY, until=MONDAY + 30 * DAY, before=BEFORE))
    assert nothing["reason"].unique().to_list() == ["no ticket with a cause in the period"]


def test_causes_by_weight() -> None:
    rows = causes().with_row_index().with_columns(handle_seconds=pl.when(pl.col("index") > 2).then("handle_seconds"))
    result = eager(pareto(rows, weight="handle_seconds"))
    sums: Counter[str] = Counter()
    for row in rows.to_dicts():
        sums[row["category"]] += row["handle_seconds"] or 0
    assert result["category"].to_list() == [cause for cause, _ in sums.most_common()]
    assert result["value"].to_list() == pytest.approx([amount / sums.total() for _, amount in sums.most_common()])
    weighted = rows["handle_seconds"].drop_nulls()
    assert result["n_eff"][0] == pytest.approx(weighted.sum() ** 2 / (weighted**2).sum())
    assert result.select("n", "n_missing").row(0) == (397, 3)
    same = eager(pareto(rows.with_columns(handle_seconds=pl.lit(3.0)), weight="handle_seconds", **NOW, before=BEFORE))
    assert_frame_equal(same, eager(pareto(rows, **NOW, before=BEFORE)))
    with pytest.raises(InputError, match=r"1 row outside numbers of at least 0: column 'handle_seconds' such as -2\.0"):
        pareto(
            rows.with_columns(handle_seconds=pl.when(pl.col("index") != 3).then("handle_seconds").otherwise(-2.0)),
            weight="handle_seconds",
        )


def test_periods_that_cannot_be() -> None:
    rows = causes(n=5)
    with pytest.raises(ParameterError, match="before must be over when the period begins"):
        pareto(rows, **NOW, before=(MONDAY, MONDAY + 25 * DAY))
    with pytest.raises(ParameterError, match="before is a pair of instants"):
        pareto(rows, before=MONDAY)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="since must lie before until"):
        pareto(rows, since=MONDAY, until=MONDAY - DAY)


def test_the_generated_desks_causes_come_out_as_they_went_in() -> None:
    desk, truth = service_desk_with_truth(5_000, seed=11)
    result = eager(pareto(facts(desk, as_of=truth.as_of).collect()))
    true = {"question": 0.40, "problem": 0.35, "request": 0.18, "complaint": 0.07}
    assert result["category"].to_list() == list(true)
    inside = [row["low"] <= true[row["category"]] <= row["high"] for row in result.to_dicts()]
    assert sum(inside) >= 3
