"""Small calls, where the fixed cost is all: one estimate, ten metrics of fifty rows, the facts of fifty tickets.

Run: python benchmarks/small_calls.py [--runs 50]

Beside them stands one query of Polars that counts the same fifty rows. Metrics are made once; each call is made as often as
`--runs` says, in turn with the others. Before anything is timed, the ten metrics together are held against each of them alone.
"""

import argparse
import math

import polars as pl
import scipy.special  # imported here, since its import is not what is measured

import servicequality as sq
from evaluate import metrics, rows_of
from events import facts, tables
from measure import race, show

FLOOR = "count of 50 rows"
TEN = pl.Series([10, 9, 8, 7, 6, 5, 10, 9, 3, 10])


def measure(runs: int) -> None:
    assert scipy.special.ndtr(0) == 0.5
    rows, records, every = rows_of(50), sq.Records(**tables(50)), metrics()
    fixed, tabled = every[:2] + every[2:6] + every[16:20], every[:2] + every[2:5] + every[16:19] + every[-2:]
    score = sq.nps("score")
    for metric in tabled:
        alone, among = sq.evaluate(rows, metric), sq.evaluate(rows, tabled).filter(pl.col("metric") == metric.name)
        assert alone.equals(among), metric.name
    calls = {
        FLOOR: lambda: rows.lazy().select(pl.len()).collect(),
        "nps.estimate of ten values": lambda: score.estimate(TEN),
        "evaluate, 10 metrics of sums": lambda: sq.evaluate(rows, fixed),
        "the same, by 4 groups": lambda: sq.evaluate(rows, fixed, by="channel"),
        "evaluate, 2 of 10 quantiles": lambda: sq.evaluate(rows, tabled),
        "facts of 50 tickets": lambda: facts(records).collect(),
    }
    show(f"small calls, median of {runs}", race(calls, runs), FLOOR, dict.fromkeys(calls, math.nan))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    measure(parser.parse_args().runs)
