"""The mergeable state of a quantile beside a plain add of two columns, and how far its quantiles are off.

Run: python benchmarks/quantile_state.py [--rows 100000 1000000 10000000] [--runs 5]

The state is a histogram of float bits. Its error, and that merged parts equal the whole bit by bit, are asserted first.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from measure import growth, peaks, race, show
from servicequality.stats import float_bins

ERROR = 0.0078
PARTS = 100


def metric(p: float = 0.9) -> sq.Metric:
    return sq.first_response_time_observed_only(statistic=p)


def frame_of(seconds: np.ndarray) -> pl.DataFrame:
    ends = pl.Enum(["answered", "ended_without", "open"])
    return pl.DataFrame({"first_response_seconds": seconds}).with_columns(
        first_response_end=pl.lit("answered", dtype=ends)
    )


def distributions(rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "lognormal": rng.lognormal(8, 2, rows),
        "exponential": rng.exponential(3_600, rows),
        "uniform": rng.uniform(0, 1, rows),
        "two humps": np.where(rng.random(rows) < 0.5, rng.normal(60, 1, rows), rng.normal(86_400, 60, rows)),
        "whole seconds": rng.integers(1, 10_000, rows).astype(float),
        "Pareto": rng.pareto(1.1, rows) + 1,
    }


def worst_error(seconds: np.ndarray) -> float:
    """The largest relative error over several quantiles, against the order statistics around them."""
    frame, worst = frame_of(seconds), 0.0
    ordered = np.sort(seconds)
    for p in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999):
        query = metric(p)
        got = query.finish(query.partial(frame))["value"][0]
        place = (len(ordered) - 1) * p
        below, above = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
        worst = max(worst, below / got - 1, 1 - above / got, got / above - 1, 1 - got / below)
    return worst


def check(rows: int) -> None:
    for name, seconds in distributions(rows).items():
        error = worst_error(seconds)
        print(f"{name:16}{100 * error:8.3f} % off at most")
        assert error <= ERROR, name
    frame = frame_of(distributions(rows)["lognormal"])
    parts = [metric().partial(frame[start : start + -(-rows // PARTS)]) for start in range(0, rows, -(-rows // PARTS))]
    merged, whole = metric().merge(parts), metric().partial(frame)
    assert merged.sums.equals(whole.sums)
    assert all(merged.tables[name].equals(table) for name, table in whole.tables.items())
    print(f"{len(parts)} merged parts equal the whole bit by bit")


Rows = tuple[pl.DataFrame, np.ndarray, np.ndarray]
CONTENDERS: dict[str, Callable[[Rows], Any]] = {
    "add": lambda rows: np.add(rows[1], rows[1], out=rows[2]),
    "float_bins (the kernel)": lambda rows: float_bins(rows[1]),
    "partial (the whole state)": lambda rows: metric().partial(rows[0]),
    "exact: np.sort": lambda rows: np.sort(rows[1]),
}


def given(frame: pl.DataFrame) -> Rows:
    seconds = frame["first_response_seconds"].to_numpy()
    return frame, seconds, np.zeros_like(seconds)


def measure(rows: int, runs: int) -> None:
    frame = frame_of(distributions(rows)["lognormal"])
    times = race({name: partial(run, given(frame)) for name, run in CONTENDERS.items()}, runs)
    show(f"{rows:,} rows, median of {runs}", times, "add", peaks(__file__, CONTENDERS, frame))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        name, file = asked.peak
        rows = given(pl.read_parquet(file))
        print(growth(lambda: CONTENDERS[name](rows)))
    else:
        check(100_000)
        for n in asked.rows:
            measure(n, asked.runs)
