"""Backlog per local day: the flow table beside a plain column subtraction, DuckDB and Polars, in one process.

Run: python benchmarks/flow.py [--rows 100000 1000000 10000000]

Every answer is asserted equal to every other before anything is timed. Read the ratios, not the seconds: each row is the
median of a few runs divided by ``np.subtract(end, start, out=)`` over the same two columns, timed around it. `extra` is
the peak of what numpy and Python allocate in the call (tracemalloc, which does not see Polars' own memory).
"""

import argparse
import datetime as dt
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from servicequality.events.flows import flow
from servicequality.stats.counting import count_events

ZONE = "America/New_York"
DAY, QUARTER = 86_400_000_000, 900_000_000
FIRST = 1_640_995_200_000_000  # 2022-01-01 UTC
AS_OF = dt.datetime(2024, 2, 1, 4, 59, 59, 999_999, tzinfo=dt.UTC)  # the last moment of a New York day
TEAMS = [f"team {i}" for i in range(40)]


def tickets(rows: int) -> pl.DataFrame:
    """Two years of tickets in no order, each open for three days in the mean."""
    rng = np.random.default_rng(20)
    start = FIRST + rng.integers(0, 730 * DAY, rows)
    end = start + rng.exponential(3 * DAY, rows).astype(np.int64)
    team = pl.Series(TEAMS, dtype=pl.Enum(TEAMS)).gather(rng.integers(0, len(TEAMS), rows))
    instants = pl.DataFrame({"created_at": start, "resolved_at": end}).cast(pl.Datetime("us", "UTC"))
    return instants.with_columns(team=team)


def ours(frame: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    return flow(frame, every="1d", as_of=AS_OF, timezone=ZONE, by=[by] if by else [])


def polars_counts(frame: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """The plan one writes by hand: two streaming group_bys on quarter hours, local days on the small result."""
    keys = [by] if by else []

    def counted(column: str, name: str) -> pl.LazyFrame:
        cell = (pl.col(column).to_physical() // QUARTER).alias("cell")
        known = frame.lazy().filter(pl.col(column) <= AS_OF).select(*keys, cell)
        return known.group_by(*keys, "cell").agg(pl.len().cast(pl.Int64).alias(name))

    return rolled_up(
        pl.concat([counted("created_at", "inflow"), counted("resolved_at", "outflow")], how="diagonal"), keys
    )


def duckdb_counts(connection: Any, by: str | None = None) -> pl.DataFrame:
    """The same plan in SQL; a conversion of each row to local time is many times slower."""
    key = f"{by}, " if by else ""
    until = f"<= '{AS_OF.isoformat()}'"
    query = f"""
        SELECT {key}epoch_us(created_at) // {QUARTER} AS cell, count(*) AS inflow, 0 AS outflow
        FROM tickets WHERE created_at {until} GROUP BY ALL
        UNION ALL
        SELECT {key}epoch_us(resolved_at) // {QUARTER}, 0, count(*) FROM tickets WHERE resolved_at {until} GROUP BY ALL
    """
    return rolled_up(connection.sql(query).pl().lazy(), [by] if by else [])


def rolled_up(cells: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    day = (pl.col("cell") * QUARTER).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(ZONE).dt.date().alias("day")
    net = (pl.col("inflow") - pl.col("outflow")).cum_sum()
    return (
        cells.group_by(*keys, day)
        .agg(pl.col("inflow", "outflow").sum())
        .sort(*keys, "day")
        .with_columns((net.over(keys) if keys else net).alias("closing"))
        .collect()
    )


def same(left: pl.DataFrame, right: pl.DataFrame, by: str | None) -> None:
    """Days on which nothing happened have no row in a group_by, so both are compared where something did."""
    keys = [*([by] if by else []), "day"]
    columns = [*keys, "inflow", "outflow", "closing"]
    tables = [
        table.filter((pl.col("inflow") > 0) | (pl.col("outflow") > 0))
        .select(columns)
        .cast(dict.fromkeys(columns[-3:], pl.Int64) | ({by: pl.String} if by else {}))
        .sort(keys)
        for table in (left, right)
    ]
    assert tables[0].equals(tables[1])


def seconds(call: Callable[[], object], runs: int) -> float:
    call()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def extra(call: Callable[[], object]) -> float:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def measure(rows: int, runs: int) -> None:
    frame = tickets(rows)
    start, end = (frame[name].to_physical().to_numpy() for name in ("created_at", "resolved_at"))
    out = np.empty(rows, np.int64)
    some_open = frame.with_columns(resolved_at=pl.when(pl.int_range(pl.len()) % 10 > 0).then("resolved_at"))
    text = frame.with_columns(pl.col("team").cast(pl.String))
    days = ours(frame)["period"].to_physical().to_numpy()
    calls: dict[str, Callable[[], Any]] = {
        "its two histograms alone": lambda: [count_events(times, days) for times in (start, end)],
        "flow": lambda: ours(frame),
        "flow, 40 teams (Enum)": lambda: ours(frame, "team"),
        "flow, 40 teams (text, numbered first)": lambda: ours(text, "team"),
        "flow, a tenth still open (nulls filled)": lambda: ours(some_open),
        "Polars group_by": lambda: polars_counts(frame),
        "Polars group_by, 40 teams": lambda: polars_counts(frame, "team"),
    }
    try:
        import duckdb
    except ImportError:
        print("duckdb is not installed and left out")
    else:
        connection = duckdb.connect()
        connection.execute("CREATE TABLE tickets AS SELECT * FROM frame")
        calls["DuckDB"] = lambda: duckdb_counts(connection)
        calls["DuckDB, 40 teams"] = lambda: duckdb_counts(connection, "team")
    whole, teams = (ours(frame, by).with_columns(pl.col("period").dt.date().alias("day")) for by in (None, "team"))
    for name, call in calls.items():
        if name.startswith(("Polars", "DuckDB")):
            by = "team" if "teams" in name else None
            same(teams if by else whole, call(), by)
    assert count_events(start, days).tolist() == [whole["inflow"][:-1].to_list()]
    same(teams, ours(text, "team").with_columns(pl.col("period").dt.date().alias("day")), "team")

    print(f"\n{rows:,} tickets, {whole.height} local days of {ZONE}, median of {runs} runs")
    print(f"{'':42}{'ms':>9}{'x subtract':>12}{'extra MB':>10}")
    for name, call in calls.items():
        # The floor is taken beside each contender, for the machine's pace drifts.
        floor = seconds(lambda: np.subtract(end, start, out=out), runs)
        taken = seconds(call, runs)
        memory = f"{extra(call):10.1f}" if name.startswith(("flow", "its")) else f"{'':>10}"
        print(f"{name:42}{taken * 1e3:9.1f}{taken / floor:12.1f}{memory}   (subtract {floor * 1e3:.2f} ms)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    for n in arguments.rows:
        measure(n, arguments.runs)
