"""Agreement of reviewers beside the packages that compute the same coefficients.

Run: python benchmarks/agreement.py [--rows 1000000] [--runs 5]

Four ratings an item, one row a rating, by text ids. `krippendorff` and `statsmodels` take a table of items: the counts by
Polars that they need are not timed for the contenders "counts given", and timed for the others. Values are asserted equal
before anything is timed. The bare `group_by.len` of the items is the floor.
"""

import argparse
from collections.abc import Callable
from functools import partial

import krippendorff
import numpy as np
import polars as pl
from statsmodels.stats import inter_rater

import servicequality as sq
from measure import race
from servicequality import stats

POINTS = [1, 2, 3, 4, 5]


def rows_of(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    item = np.repeat(np.arange(rows // 4), 4)
    own = rng.choice(POINTS, p=[0.05, 0.1, 0.2, 0.4, 0.25], size=rows // 4)[item]
    drawn = rng.choice(POINTS, p=[0.05, 0.1, 0.2, 0.4, 0.25], size=len(item))
    frame = pl.DataFrame(
        {
            "ticket_id": pl.Series(item).cast(pl.String),
            "reviewer_id": pl.Series(np.tile(np.arange(4), rows // 4)).cast(pl.String),
            "rating": np.where(rng.random(len(item)) < 0.7, own, drawn),
        }
    )
    return frame.sample(fraction=1, shuffle=True, seed=1)


def counts(frame: pl.DataFrame) -> np.ndarray:
    points = [(pl.col("rating") == point).sum().alias(str(point)) for point in POINTS]
    table = frame.lazy().group_by("ticket_id").agg(points).collect(engine="streaming")
    return table.drop("ticket_id").cast(pl.Int64).to_numpy()


def package_alpha(table: np.ndarray) -> float:
    return float(krippendorff.alpha(value_counts=table, value_domain=POINTS, level_of_measurement="ordinal"))


def ours(frame: pl.DataFrame) -> dict[str, float]:
    coefficients = [sq.fleiss_kappa(), sq.gwet_ac1(), sq.gwet_ac2(), sq.brennan_prediger()]
    alpha = sq.krippendorff_alpha(scale="ordinal").named("krippendorff_alpha")
    result = sq.evaluate(frame, [sq.reviewer_agreement(), *coefficients, alpha])
    return dict(result.select("metric", "value").iter_rows())


def check(frame: pl.DataFrame) -> None:
    table, result = counts(frame), ours(frame)
    np.testing.assert_allclose(result["krippendorff_alpha"], package_alpha(table), rtol=1e-9)
    np.testing.assert_allclose(result["fleiss_kappa"], inter_rater.fleiss_kappa(table), rtol=1e-9)


Rows = tuple[pl.DataFrame, np.ndarray]
CONTENDERS: dict[str, Callable[[Rows], object]] = {
    "group_by.len of the items": lambda rows: rows[0].lazy().group_by("ticket_id").len().collect(engine="streaming"),
    "percent and five coefficients, limits": lambda rows: ours(rows[0]),
    "krippendorff_alpha, with limits": lambda rows: sq.krippendorff_alpha(scale="ordinal").estimate(rows[0]),
    "counts, then krippendorff": lambda rows: package_alpha(counts(rows[0])),
    "counts, then statsmodels' Fleiss": lambda rows: inter_rater.fleiss_kappa(counts(rows[0])),
    "counts given: our alpha": lambda rows: stats.krippendorff_alpha(rows[1], scale="ordinal"),
    "counts given: krippendorff": lambda rows: package_alpha(rows[1]),
    "counts given: our Fleiss": lambda rows: stats.fleiss_kappa(rows[1]),
    "counts given: statsmodels' Fleiss": lambda rows: inter_rater.fleiss_kappa(rows[1]),
}


def measure(rows: int, runs: int) -> None:
    frame = rows_of(rows)
    check(frame)
    given = frame, counts(frame)
    times = race({name: partial(run, given) for name, run in CONTENDERS.items()}, runs)
    floor = times["group_by.len of the items"]
    print(
        f"\n{frame.height:,} ratings of {len(given[1]):,} items, median of {runs}\n{'':34}{'ms':>10}{'x group_by.len':>16}"
    )
    for name, taken in times.items():
        print(f"{name:34}{taken * 1e3:10.1f}{taken / floor:16.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    for n in asked.rows:
        measure(n, asked.runs)
