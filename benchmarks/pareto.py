"""Causes of tickets, with shares, limits and the change against an earlier period, beside a bare count and pandas.

Run: python benchmarks/pareto.py [--rows 100000 1000000 10000000]

The counts are asserted equal before anything is timed. `group_by.len` counts the causes once and knows no period; pandas counts
both periods and has no limits.
"""

import argparse
import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

from measure import race
from servicequality.tables import pareto

FIRST = 1_704_067_200_000_000  # 2024-01-01 UTC
DAY = 86_400_000_000
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
MIDDLE, END = START + dt.timedelta(days=60), START + dt.timedelta(days=91)
CAUSES = [f"cause {i}" for i in range(60)]


def tickets(rows: int) -> pl.DataFrame:
    """Three months of tickets in no order, of sixty causes that are not equally frequent."""
    rng = np.random.default_rng(30)
    cause = (len(CAUSES) * rng.random(rows) ** 2).astype(np.int64)
    return pl.DataFrame(
        {
            "created_at": pl.Series(FIRST + rng.integers(0, 91 * DAY, rows)).cast(pl.Datetime("us", "UTC")),
            "category": pl.Series(CAUSES, dtype=pl.Enum(CAUSES)).gather(cause),
        }
    )


def ours(frame: pl.DataFrame) -> pl.DataFrame:
    result = pareto(frame, since=MIDDLE, until=END, before=(START, MIDDLE))
    assert isinstance(result, pl.DataFrame)  # eager data gave an eager answer
    return result


def bare(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.lazy().group_by("category").len().collect(engine="streaming")


def by_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    at = frame["created_at"]
    now = frame.loc[(at >= MIDDLE) & (at < END), "category"].value_counts()
    then = frame.loc[(at >= START) & (at < MIDDLE), "category"].value_counts()
    table = pd.DataFrame({"count": now, "count_before": then}).sort_values("count", ascending=False)
    table["share"] = table["count"] / table["count"].sum()
    table["cumulative"] = table["share"].cumsum()
    return table


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for rows in options.rows:
        frame = tickets(rows)
        panda = pd.DataFrame(
            {
                "created_at": pd.DatetimeIndex(frame["created_at"].to_numpy()).tz_localize("UTC"),
                "category": pd.Categorical.from_codes(frame["category"].to_physical().to_numpy(), CAUSES),
            }
        )
        result, other = ours(frame), by_pandas(panda)
        by_name = dict(
            zip(result["category"].to_list(), zip(result["count"], result["count_before"], strict=True), strict=True)
        )
        assert by_name == {name: (row["count"], row["count_before"]) for name, row in other.to_dict("index").items()}
        counted = dict(bare(frame).iter_rows())
        assert {name: sum(pair) for name, pair in by_name.items()} == {str(k): v for k, v in counted.items()}
        calls: dict[str, Callable[[], object]] = {
            "group_by.len": lambda frame=frame: bare(frame),
            "pareto": lambda frame=frame: ours(frame),
            "pandas": lambda panda=panda: by_pandas(panda),
        }
        times = race(calls, options.runs)
        print(f"\n{rows:,} tickets, {len(CAUSES)} causes\n{'':20}{'ms':>10}{'x group_by.len':>18}")
        for name, taken in times.items():
            print(f"{name:20}{taken * 1e3:10.1f}{taken / times['group_by.len']:18.2f}")


if __name__ == "__main__":
    main()
