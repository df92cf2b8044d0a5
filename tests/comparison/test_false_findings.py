"""What `compare` and `funnel` promise, by simulation: limits that hold the change, false alarms, and the power of n."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from servicequality import compare, csat, csat_mean, nps, resolution_time, stats
from servicequality.comparison import funnel
from servicequality.core import Metric
from simulation import Simulate, assert_share

GROUPS = 400
CSAT, MEAN, NPS = csat("rating", scale=(1, 5)), csat_mean("rating", scale=(1, 5)), nps("score")
BEFORE, AFTER = [0.1, 0.1, 0.2, 0.3, 0.3], [0.05, 0.1, 0.15, 0.3, 0.4]  # of the ratings 1 to 5
SCORES = [2, 5, 8, 9, 10]  # that go with them
CHANGES = {CSAT.name: 0.1, MEAN.name: 0.3, NPS.name: 15.0}


def answers(rng: np.random.Generator, n: int, p: list[float], groups: int = GROUPS) -> pl.DataFrame:
    """So many groups of n answers, on both scales."""
    rating = rng.choice(5, n * groups, p=p)
    return pl.DataFrame(
        {"group": np.repeat(np.arange(groups), n), "rating": rating + 1, "score": np.array(SCORES)[rating]}
    )


def of(result: pl.DataFrame, metric: Metric, what: pl.Expr) -> NDArray[np.bool_]:
    return result.filter(metric=metric.name).sort("group").select(what.fill_null(value=False)).to_series().to_numpy()


def holds(truth: float) -> pl.Expr:
    return (pl.col("low").fill_null(-np.inf) <= truth) & (pl.col("high").fill_null(np.inf) >= truth)


def test_limits_hold_the_change_and_no_change_is_called_one_in_a_twentieth(simulate: Simulate) -> None:
    metrics = [CSAT, MEAN, NPS]

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        before, after, same = answers(rng, 120, BEFORE), answers(rng, 90, AFTER), answers(rng, 90, BEFORE)
        moved, level = (compare(before, side, metrics, by="group", adjust="none") for side in (after, same))
        return np.column_stack(
            [
                *(of(moved, metric, holds(CHANGES[metric.name])) for metric in metrics),
                *(of(level, metric, pl.col("p_value") < 0.05) for metric in metrics),
            ]
        )

    drawn = simulate(1, batch).T
    for held, alarms in zip(drawn[:3], drawn[3:], strict=True):
        assert_share(held, 0.945, 0.955)
        assert_share(alarms, 0.045, 0.055)


def durations(rng: np.random.Generator, n: int, scale: float) -> pl.DataFrame:
    """Exponential times, watched for a uniform time up to 300."""
    life, watched = rng.exponential(scale, n * GROUPS), rng.uniform(0, 300, n * GROUPS)
    return pl.DataFrame(
        {
            "group": np.repeat(np.arange(GROUPS), n),
            "resolution_seconds": np.minimum(life, watched),
            "resolution_observed": life <= watched,
        }
    )


def test_durations_of_which_some_are_still_running(simulate: Simulate) -> None:
    """The change of a median, of the share within 60 and of the mean up to 120; the log-rank test; a ratio of means."""
    metrics = [resolution_time(), resolution_time(limit=60.0), resolution_time(horizon=120.0)]
    truths = [(scale * np.log(2), 1 - np.exp(-60 / scale), scale * (1 - np.exp(-120 / scale))) for scale in (100, 70)]
    changes = np.subtract(truths[1], truths[0])

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        before, after, same = durations(rng, 80, 100.0), durations(rng, 60, 70.0), durations(rng, 60, 100.0)
        result = compare(before, after, metrics, by="group", adjust="none")
        level = compare(before, same, metrics, by="group", adjust="none")
        ratio = truths[1][2] / truths[0][2]
        return np.column_stack(
            [
                *(of(result, metric, holds(change)) for metric, change in zip(metrics, changes, strict=True)),
                of(result, metrics[2], (pl.col("ratio_low") <= ratio) & (pl.col("ratio_high") >= ratio)),
                of(level, metrics[0], pl.col("p_value") < 0.05),
            ]
        )

    median, within, mean, ratio, alarms = simulate(2, batch).T
    assert_share(median, 0.95, 0.98)  # exact bands of both medians, which are wider than they need be
    assert_share(within, 0.945, 0.955)
    assert_share(mean, 0.94, 0.955)
    assert_share(ratio, 0.94, 0.955)
    assert_share(alarms, 0.045, 0.055)


@pytest.mark.parametrize("metric", [CSAT, MEAN, NPS], ids=lambda metric: metric.name)
def test_the_rows_that_it_asks_for_find_the_change_four_times_of_five(simulate: Simulate, metric: Metric) -> None:
    """`n_needed` is read from a large sample of both sides, and so many rows a side are then drawn again and again."""
    rng = np.random.default_rng(3)
    pilot = compare(
        answers(rng, 200_000, BEFORE, 1), answers(rng, 200_000, AFTER, 1), metric, detect=CHANGES[metric.name]
    )
    n = int(np.ceil(pilot["n_needed"].item()))

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        result = compare(answers(rng, n, BEFORE), answers(rng, n, AFTER), metric, by="group", adjust="none")
        return of(result, metric, pl.col("p_value") < 0.05)

    assert_share(simulate(4, batch), 0.79, 0.81)


def test_the_smallest_detectable_change_is_found_four_times_of_five(simulate: Simulate) -> None:
    """Comparisons of 200 rows with 200, each with a change of the size that it claims to find."""

    def side(rng: np.random.Generator, p: float) -> pl.DataFrame:
        rating = np.where(rng.random(200 * GROUPS) < p, 5, 1)
        return pl.DataFrame({"rating": rating, "group": np.repeat(np.arange(GROUPS), 200)})

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        before, same = side(rng, 0.6), side(rng, 0.6)
        typical = compare(before, same, CSAT, by="group", adjust="none")
        size = float(typical["smallest_detectable"].median() or 0.0)
        result = compare(before, side(rng, 0.6 + size), CSAT, by="group", adjust="none")
        return of(result, CSAT, pl.col("p_value") < 0.05)

    assert_share(simulate(5, batch), 0.8, 0.85)  # 0.74 varies less than 0.6, of which the claim is made


def test_of_thirty_identical_agents_a_funnel_singles_out_nobody(simulate: Simulate) -> None:
    """Months of thirty agents with 40 to 160 answers each, nine in ten satisfied whoever answers.

    Limits of 95 % about each agent's own share leave somebody off the team's in three months of four; the funnel, whose
    limits leave two agents of a thousand outside, singles somebody out in one month of thirty.
    """
    n = np.tile([40, 60, 80, 120, 160], 6)

    def batch(rng: np.random.Generator) -> list[tuple[bool, bool]]:
        singled = []
        for hits in rng.binomial(n, 0.9, (100, 30)):
            units = pl.DataFrame({"agent": np.arange(30), "value": hits / n, "n": n})
            result = funnel(units, by="agent")
            (low, high), team = stats.wilson(hits, n), hits.sum() / n.sum()
            apart = (low > team) | (high < team)
            singled.append((bool(apart.any()), result["outside"].count() > 0))
        return singled

    naive, flagged = simulate(6, batch).T
    assert_share(naive, 0.7, 0.8)
    assert_share(flagged, 0.02, 0.04)
