"""A plan in ten parts, merged and finished, beside the direct way, in one process.

Run: python benchmarks/parts.py [--rows 1000000 10000000] [--runs 3]

The 22 metrics of fixed width of `evaluate.py` by 1,200 groups; and the same with four medians and four 90th percentiles,
which the parts keep as histograms, while the direct way sorts the rows. Values that come from sums are asserted equal first,
and those of histograms to lie within 0.78 %.
"""

import argparse
import math

import numpy as np
import polars as pl

import servicequality as sq
from evaluate import KEYS, metrics, rows_of
from measure import race, show

PARTS = 10


def measure(rows: int, runs: int) -> None:
    frame = rows_of(rows)
    parts = [frame.slice(start, -(-rows // PARTS)) for start in range(0, rows, -(-rows // PARTS))]
    for title, tables in (("22 metrics of sums", False), ("with 8 quantiles", True)):
        chosen = metrics(tables=tables)
        plan = sq.plan(chosen, by=list(KEYS))

        def direct() -> pl.DataFrame:
            return sq.evaluate(frame, chosen, by=list(KEYS))  # noqa: B023  (called within the round)

        def in_parts() -> pl.DataFrame:
            return plan.finish(plan.merge([plan.partial(part) for part in parts]))  # noqa: B023

        whole, merged = direct(), in_parts()
        assert whole.select(*KEYS, "metric", "n").equals(merged.select(*KEYS, "metric", "n"))
        np.testing.assert_allclose(
            merged["value"].to_numpy(), whole["value"].to_numpy(), rtol=0.0078 if tables else 1e-9
        )
        calls = {"direct": direct, "ten parts": in_parts}
        times = race(calls, runs)
        show(f"{rows:,} rows, {title}, median of {runs}", times, "direct", dict.fromkeys(calls, math.nan))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    for size in asked.rows:
        measure(size, asked.runs)
