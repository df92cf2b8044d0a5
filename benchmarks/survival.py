"""Kaplan-Meier in 200 groups beside a sort of the same rows.

Run: python benchmarks/survival.py [--rows 2000000] [--runs 5]

Median and share within a day, both with limits, through `evaluate`, and the kernel alone on finished risk tables. The
sort is `pl.DataFrame.sort` of (group, seconds); beside it stand the same rows sorted by seconds alone, and `np.sort` of
that column. A quarter of the rows is still running. Rounded times are whole minutes. Values are asserted equal to a plain
loop over the first groups before anything is timed.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from measure import growth, peaks, race, show
from servicequality.stats.survival import kaplan_meier

GROUPS = 200
DAY = 86_400.0


def rows_of(rows: int, *, rounded: bool, groups: int = GROUPS) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    life, watched = rng.lognormal(11, 1.2, rows), rng.lognormal(12, 1, rows)
    seconds = np.minimum(life, watched)
    names = [f"team {i:03}" for i in range(groups)]
    return pl.DataFrame(
        {
            "team": pl.Series(names, dtype=pl.Enum(names)).gather(rng.integers(0, groups, rows, dtype=np.uint32)),
            "resolution_seconds": np.ceil(seconds / 60) * 60 if rounded else seconds,
            "resolution_observed": life <= watched,
        }
    )


def metrics() -> list[sq.Metric]:
    return [sq.resolution_time(), sq.resolution_time(limit=DAY)]


def evaluate(frame: pl.DataFrame) -> pl.DataFrame:
    return sq.evaluate(frame, metrics(), by="team")


def risk_tables(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    event = pl.col("resolution_observed")
    counted = frame.group_by("team", "resolution_seconds").agg(event.sum().alias("d"), event.not_().sum().alias("c"))
    table = counted.sort("team", "resolution_seconds")
    lengths = table.group_by("team", maintain_order=True).len()["len"].cast(pl.Int64).to_numpy()
    at, d, c = (table[name].cast(pl.Float64).to_numpy() for name in ("resolution_seconds", "d", "c"))
    return np.concatenate(([0], np.cumsum(lengths))), at, d, c


def kernel(tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    curves = kaplan_meier(*tables)
    return curves.quantile(0.5).value, curves.incidence_at(DAY).value


def plain(seconds: list[float], observed: list[bool]) -> tuple[float, float]:
    """Median and share within a day, one row after the other; no flat of the curve lies at exactly one half."""
    alive, left, median, share = 1.0, len(seconds), float("nan"), 0.0
    for at, seen in sorted(zip(seconds, observed, strict=True), key=lambda row: (row[0], not row[1])):
        alive *= 1 - seen / left
        left -= 1
        if alive <= 0.5 and np.isnan(median):
            median = at
        if at <= DAY:
            share = 1 - alive
    return median, share


def check(frame: pl.DataFrame) -> None:
    answer = evaluate(frame).pivot("metric", index="team", values="value")
    medians, shares = kernel(risk_tables(frame))
    np.testing.assert_allclose(answer.to_numpy()[:, 1:].astype(float), np.column_stack((medians, shares)), rtol=1e-9)
    for team, *figures in answer.head(3).rows():
        part = frame.filter(pl.col("team") == team)
        expected = plain(part["resolution_seconds"].to_list(), part["resolution_observed"].to_list())
        np.testing.assert_allclose(figures, expected, rtol=1e-9)


Rows = tuple[pl.DataFrame, Any]
CONTENDERS: dict[str, Callable[[Rows], Any]] = {
    "sort": lambda rows: rows[0].sort("team", "resolution_seconds"),
    "sort of the seconds alone": lambda rows: rows[0].sort("resolution_seconds"),
    "np.sort of the seconds": lambda rows: np.sort(rows[0]["resolution_seconds"].to_numpy()),
    "evaluate": lambda rows: evaluate(rows[0]),
    "kernel alone, tables given": lambda rows: kernel(rows[1]),
}


def measure(rows: int, runs: int) -> None:
    for rounded in (False, True):
        frame = rows_of(rows, rounded=rounded)
        check(frame)
        given = frame, risk_tables(frame)
        times = race({name: partial(run, given) for name, run in CONTENDERS.items()}, runs)
        kind = "whole minutes" if rounded else "continuous times"
        title = f"{rows:,} rows, {GROUPS} groups, {kind}, {len(given[1][1]):,} distinct, median of {runs}"
        show(title, times, "sort", peaks(__file__, CONTENDERS, frame))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 2_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        name, file = asked.peak
        frame = pl.read_parquet(file)
        table = frame, risk_tables(frame) if "tables" in name else None
        print(growth(lambda: CONTENDERS[name](table)))
    else:
        for n in asked.rows:
            measure(n, asked.runs)
