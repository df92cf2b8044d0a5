"""Thirty metrics by three dimensions in one `evaluate`, beside a bare count, a plan by hand, DuckDB and pandas.

Run: python benchmarks/evaluate.py [--rows 100000 1000000 10000000] [--runs 5] [--keys enum text]

Two net scores, fourteen shares, six means (all with limits), four medians and four 90th percentiles (with limits) of
seven columns, by 1,200 groups. The plan by hand computes the same figures and limits, and checks no domain; DuckDB and
pandas compute the values alone. Values are asserted equal before anything is timed.
"""

import argparse
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from measure import growth, peaks, race, show
from servicequality.columns import Seconds, answered
from servicequality.shapes import Shape, mean, quantile, share
from servicequality.stats import bounded_mean_interval, mean_interval, net_interval, quantile_ranks, wilson
from servicequality.stats.grouped import GroupedRows

KEYS = {
    "team": [f"team {i:02}" for i in range(60)],
    "channel": ["chat", "email", "phone", "web"],
    "priority": ["1", "2", "3", "4", "5"],
}
SCALES = {"recommend": (0, 10), "rating": (1, 5), "effort": (1, 7)}
DURATIONS = ("first_response", "resolution", "hold", "handle")
NETS = {"recommend": (9, 6), "rating": (4, 2)}
TOPS = {"recommend": (9, 10), "rating": (4, 5), "effort": (5, 6)}
LIMITS = (900, 3600)
MEANS = {"rating": 1, "effort": 1} | dict.fromkeys(DURATIONS, 0)
QUANTILES = {"median": 0.5, "p90": 0.9}


@sq.define(title="Share in time", unit="share", better="higher", formula=r"\#\{x \le L\}/n")
def in_time(seconds: Seconds, *, limit: float) -> Shape:
    """Share of the durations within the limit."""
    return share(pl.col(seconds) <= limit, of=answered(seconds))


@sq.define(title="Mean time", unit="s", better="lower", formula=r"\bar x")
def mean_time(seconds: Seconds) -> Shape:
    """Mean of the durations."""
    return mean(pl.col(seconds), of=answered(seconds))


@sq.define(title="Time", unit="s", better="lower", formula=r"x_{(p)}")
def time_quantile(seconds: Seconds, *, p: float) -> Shape:
    """A quantile of the durations."""
    return quantile(pl.col(seconds), p, of=answered(seconds))


def rows_of(rows: int, keys: str = "enum") -> pl.DataFrame:
    """Scores of which three in ten are blank, and durations of which one in twenty is."""
    rng = np.random.default_rng(7)

    def blank(column: pl.Series, share_blank: float) -> pl.Series:
        return column.set(pl.Series(rng.random(rows) < share_blank), None)

    columns: dict[str, pl.Series] = {}
    for name, labels in KEYS.items():
        codes = rng.integers(0, len(labels), rows, dtype=np.uint32)
        column = pl.Series(labels, dtype=pl.Enum(labels)).gather(codes)
        columns[name] = column.cast(pl.String) if keys == "text" else column
    for name, (low, high) in SCALES.items():
        columns[name] = blank(pl.Series(rng.integers(low, high + 1, rows, dtype=np.int8)), 0.3)
    for place, name in enumerate(DURATIONS):
        columns[name] = blank(pl.Series(rng.lognormal(7 + place, 1.5, rows)), 0.05)
    return pl.DataFrame(columns)


def metrics(*, tables: bool = True) -> list[sq.Metric]:
    """The metrics under the names that every contender gives them."""
    chosen = [sq.nps("recommend").named("recommend_net"), sq.net_score("rating", scale=(1, 5)).named("rating_net")]
    for column, points in TOPS.items():
        scale = SCALES[column]
        for point in points:
            top = sq.csat(column, scale=scale, box=range(point, scale[1] + 1))
            chosen.append(top.named(f"{column}_top_{point}"))
    chosen += [in_time(name, limit=limit).named(f"{name}_within_{limit}") for name in DURATIONS for limit in LIMITS]
    chosen += [sq.csat_mean(name, scale=SCALES[name]).named(f"{name}_mean") for name in ("rating", "effort")]
    chosen += [mean_time(name).named(f"{name}_mean") for name in DURATIONS]
    times = [time_quantile(name, p=p).named(f"{name}_{word}") for name in DURATIONS for word, p in QUANTILES.items()]
    return chosen + times * tables


def evaluate(frame: pl.DataFrame) -> pl.DataFrame:
    return sq.evaluate(frame, metrics(), by=list(KEYS))


def wide(answer: pl.DataFrame) -> pl.DataFrame:
    """Our tidy answer as the others give theirs."""
    return answer.pivot("metric", index=list(KEYS), values="value")


def by_hand(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The best plan that we can write for these very metrics: values, and limits."""
    keys, lazy = list(KEYS), frame.lazy()

    def hits(rule: pl.Expr) -> pl.Expr:
        return rule.fill_null(value=False).sum().cast(pl.Int64)

    expressions = [pl.col(name).is_not_null().sum().cast(pl.Int64).alias(f"{name}_n") for name in (*SCALES, *DURATIONS)]
    for name, (top, bottom) in NETS.items():
        expressions += [
            hits(pl.col(name) >= top).alias(f"{name}_up"),
            hits(pl.col(name) <= bottom).alias(f"{name}_down"),
        ]
    for name, points in TOPS.items():
        expressions += [hits(pl.col(name) >= point).alias(f"{name}_top_{point}") for point in points]
    for name in DURATIONS:
        expressions += [hits(pl.col(name) <= limit).alias(f"{name}_within_{limit}") for limit in LIMITS]
    for name, origin in MEANS.items():
        about = (pl.col(name).cast(pl.Float64) - origin).fill_null(0.0)
        expressions += [about.sum().alias(f"{name}_sum"), (about * about).sum().alias(f"{name}_squares")]
    sums = lazy.group_by(keys).agg(expressions).sort(keys).collect(engine="streaming")
    # Enum codes make one whole number a row; the columns are scattered by it, and each group is sorted.
    code = pl.lit(0, pl.UInt32)
    for key, labels in KEYS.items():
        code = code * len(labels) + pl.col(key).cast(pl.Enum(labels)).to_physical()
    rows = lazy.select(code.alias("code"), pl.col(DURATIONS).fill_null(float("nan"))).collect(engine="streaming")
    grouped = GroupedRows(rows["code"].to_numpy(), math.prod(map(len, KEYS.values())), threads=pl.thread_pool_size())
    groups = sums.select(code.cast(pl.Int64)).to_series().to_numpy()
    values, limits = {}, {}
    number = {name: sums[name].cast(pl.Float64).to_numpy() for name in sums.columns[len(keys) :]}
    for name in NETS:
        up, down, n = (number[f"{name}_{part}"] for part in ("up", "down", "n"))
        values[f"{name}_net"] = 100 * (up - down) / n
        limits[f"{name}_net"] = tuple(100 * limit for limit in net_interval(up, down, n))
    shares = [f"{name}_top_{point}" for name, points in TOPS.items() for point in points]
    shares += [f"{name}_within_{limit}" for name in DURATIONS for limit in LIMITS]
    for name in shares:
        k, n = number[name], number[f"{name.split('_top_')[0].split('_within_')[0]}_n"]
        values[name], limits[name] = k / n, wilson(k, n)
    for name, origin in MEANS.items():
        n, total = number[f"{name}_n"], number[f"{name}_sum"]
        values[f"{name}_mean"] = value = origin + total / n
        squares = number[f"{name}_squares"] - total**2 / n
        ends = dict(zip(("low", "high"), SCALES.get(name, ()), strict=False))
        limits[f"{name}_mean"] = (bounded_mean_interval if ends else mean_interval)(n, value, squares, **ends)
    starts = grouped.offsets(groups)[:-1]
    for name in DURATIONS:
        n = sums[f"{name}_n"].to_numpy()
        flat = grouped.sorted([part.to_numpy() for part in rows[name].get_chunks()])
        for word, p in QUANTILES.items():
            place = (n - 1) * p
            below = np.floor(place).astype(np.int64)
            left, right = flat[starts + below], flat[starts + np.minimum(below + 1, n - 1)]
            lower, upper, _ = quantile_ranks(n, p)
            values[f"{name}_{word}"] = left + (right - left) * (place - below)
            low, high = (np.where(rank > 0, flat[starts + rank - 1], np.nan) for rank in (lower, upper))
            limits[f"{name}_{word}"] = low, high
    return pl.DataFrame([*sums.select(keys), *(pl.Series(k, v) for k, v in values.items())]), pl.DataFrame(
        {f"{name}_{side}": pair[i] for name, pair in limits.items() for i, side in enumerate(("low", "high"))}
    )


def duckdb_values(connection: Any) -> Any:
    expressions = [
        f"100.0 * (count(*) FILTER ({c} >= {top}) - count(*) FILTER ({c} <= {low})) / count({c}) AS {c}_net"
        for c, (top, low) in NETS.items()
    ]
    expressions += [
        f"count(*) FILTER ({c} >= {p})::DOUBLE / count({c}) AS {c}_top_{p}" for c, ps in TOPS.items() for p in ps
    ]
    expressions += [
        f"count(*) FILTER ({c} <= {x})::DOUBLE / count({c}) AS {c}_within_{x}" for c in DURATIONS for x in LIMITS
    ]
    expressions += [f"avg({c}) AS {c}_mean" for c in MEANS]
    # One list of quantiles a column: asked for one by one they cost more.
    inner = ", ".join(f"quantile_cont({c}, {list(QUANTILES.values())}) AS {c}_q" for c in DURATIONS)
    outer = ", ".join(f"{c}_q[{i + 1}] AS {c}_{word}" for c in DURATIONS for i, word in enumerate(QUANTILES))
    keys = ", ".join(KEYS)
    query = f"SELECT {keys}, {', '.join(expressions)}, {inner} FROM answers GROUP BY {keys}"
    return connection.sql(f"SELECT * EXCLUDE ({', '.join(f'{c}_q' for c in DURATIONS)}), {outer} FROM ({query})").pl()


def pandas_values(frame: Any) -> pl.DataFrame:
    flags = {}
    for name, (top, bottom) in NETS.items():
        flags[f"{name}_net"] = 100.0 * ((frame[name] >= top).astype("int8") - (frame[name] <= bottom).astype("int8"))
    for name, points in TOPS.items():
        flags |= {f"{name}_top_{point}": (frame[name] >= point).astype("float64") for point in points}
    for name in DURATIONS:
        flags |= {f"{name}_within_{limit}": (frame[name] <= limit).astype("float64") for limit in LIMITS}
    keys = [frame[key] for key in KEYS]
    marked = type(frame)(flags)
    for name in marked:
        base = name.split("_net")[0].split("_top_")[0].split("_within_")[0]
        marked[name] = marked[name].where(frame[base].notna())
    answer = marked.groupby(keys, observed=True).mean()
    groups = frame.groupby(list(KEYS), observed=True)
    answer[[f"{name}_mean" for name in MEANS]] = groups[list(MEANS)].mean()
    for word, p in QUANTILES.items():
        answer[[f"{name}_{word}" for name in DURATIONS]] = groups[list(DURATIONS)].quantile(p)
    return pl.from_pandas(answer.reset_index())


def table_of(name: str, frame: pl.DataFrame) -> Any:
    """The frame as a contender wants it, loaded before the clock runs."""
    if name.startswith("pandas"):
        return frame.to_pandas()
    if not name.startswith("DuckDB"):
        return frame
    import duckdb

    connection = duckdb.connect()
    connection.register("source", frame.to_arrow())
    connection.execute("CREATE TABLE answers AS SELECT * FROM source")
    return connection


def count(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.lazy().group_by(*KEYS).len().collect(engine="streaming")


def mergeable(frame: pl.DataFrame) -> pl.DataFrame:
    return sq.evaluate(frame, metrics(tables=False), by=list(KEYS))


CONTENDERS: dict[str, Callable[[Any], Any]] = {
    "group_by.len": count,
    "evaluate, mergeable part": mergeable,
    "evaluate, all": evaluate,
    "plan by hand": by_hand,
    "DuckDB (values alone)": duckdb_values,
    "pandas (values alone)": pandas_values,
}


def calls_on(frame: pl.DataFrame) -> dict[str, Callable[[], Any]]:
    return {name: partial(run, table_of(name, frame)) for name, run in CONTENDERS.items()}


def check(frame: pl.DataFrame, calls: dict[str, Callable[[], Any]]) -> None:
    """All contenders give the same values, and the plan by hand the same limits."""
    answer = evaluate(frame)
    ours = wide(answer).cast(dict.fromkeys(KEYS, pl.String)).sort(list(KEYS))
    values, limits = by_hand(frame)
    others = {"plan by hand": values} | {name: call() for name, call in calls.items() if "alone" in name}
    for name, other in others.items():
        theirs = other.cast(dict.fromkeys(KEYS, pl.String)).sort(list(KEYS))
        for metric in ours.columns[len(KEYS) :]:
            left, right = (table[metric].to_numpy().astype(float) for table in (ours, theirs))
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=f"{name}: {metric}")
    for side in ("low", "high"):
        table = answer.pivot("metric", index=list(KEYS), values=side)
        for metric in ours.columns[len(KEYS) :]:
            np.testing.assert_allclose(
                table[metric].to_numpy(), limits[f"{metric}_{side}"].to_numpy(), rtol=1e-7, atol=1e-9
            )


def measure(rows: int, runs: int, keys: str) -> None:
    frame = rows_of(rows, keys)
    calls = calls_on(frame)
    check(frame, calls)
    times = race(calls, runs)
    del calls
    groups = count(frame).height
    title = f"{rows:,} rows, {len(metrics())} metrics, {groups:,} groups, keys as {keys}, median of {runs}"
    show(title, times, "group_by.len", peaks(__file__, CONTENDERS, frame))
    ours = times["evaluate, all"]
    slower = [f"{name} {taken / ours:.1f}" for name, taken in times.items() if "alone" in name]
    print(f"evaluate takes {ours / times['plan by hand']:.2f} of the plan by hand; times evaluate: {', '.join(slower)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keys", choices=("enum", "text"), nargs="+", default=["enum", "text"])
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        name, path = given.peak
        table = table_of(name, pl.read_parquet(path))
        print(growth(lambda: CONTENDERS[name](table)))
    else:
        for n in given.rows:
            for kind in given.keys:
                measure(n, given.runs, kind)
