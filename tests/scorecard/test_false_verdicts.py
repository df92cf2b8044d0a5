"""How often a verdict is wrong of a truth that lies exactly on its target: at a period's end, and looked at daily."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom

from servicequality import Objective, Scorecard, csat, stats
from simulation import Simulate, assert_share

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH_END = datetime(2026, 2, 1, tzinfo=UTC)
TARGET = 0.9
OBJECTIVE = Objective(csat("rating", scale=(1, 5)), at_least=TARGET, by="desk")


def months(rng: np.random.Generator, desks: int, n: int, day: int | NDArray[np.int64] = 5) -> pl.DataFrame:
    """A month of n answers for each of so many desks, of which nine in ten are satisfied in truth."""
    rating = np.where(rng.random((desks, n)) < TARGET, 5, 1)
    at = pl.lit(START) + pl.duration(days="day")
    return pl.DataFrame(
        {
            "desk": np.repeat(np.arange(desks), n),
            "rating": rating.ravel(),
            "day": np.tile(np.broadcast_to(day, n), desks),
        }
    ).with_columns(answered_at=at)


def test_of_a_truth_on_target_half_are_met_by_a_bare_comparison_and_one_in_twenty_by_the_verdict(
    simulate: Simulate,
) -> None:
    """200 answers a month: 56 of 100 months reach 90 % by chance, and would be called met; verdicts err in at most 5.

    The limits that decide are exact ones (Clopper and Pearson), one-sided 95 % each.
    """
    k = np.arange(201)
    low, high = stats.clopper_pearson(k, 200, level=0.9)
    chance = binom.pmf(k, 200, TARGET)
    own = {"naive": chance[k >= 180].sum(), "met": chance[low >= TARGET].sum(), "missed": chance[high < TARGET].sum()}
    assert (own["met"] <= 0.05, own["missed"] <= 0.05, own["naive"] > 0.55) == (True, True, True)

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        result = Scorecard([OBJECTIVE]).evaluate(months(rng, 500, 200), as_of=MONTH_END, at="answered_at")
        columns = result.select(
            pl.col("value") >= TARGET, met=pl.col("verdict") == "met", missed=pl.col("verdict") == "missed"
        )
        return columns.to_numpy()

    naive, met, missed = simulate(1, batch).T
    assert_share(naive, own["naive"], own["naive"])
    assert_share(met, own["met"], own["met"])
    assert_share(missed, own["missed"], own["missed"])


def test_people_who_look_daily_are_told_wrongly_in_fewer_than_one_month_of_twenty(simulate: Simulate) -> None:
    """Twenty answers a day, read on each of thirty mornings: met or missed on any of them would be wrong."""
    card = Scorecard([OBJECTIVE], mode="anytime")

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        rows = months(rng, 100, 600, np.repeat(np.arange(30), 20))
        wrong = np.zeros(100, dtype=bool)
        for day in range(1, 31):
            so_far = rows.filter(pl.col("day") < day)
            table = card.evaluate(so_far, as_of=START + timedelta(days=day), at="answered_at").sort("desk")
            wrong |= (table["verdict"] != "undecided").to_numpy()
        return wrong

    assert_share(simulate(2, batch), 0, 0.05)
