"""Before and after of durations in 200 groups: both Kaplan-Meier curves, their medians with limits, the log-rank test.

Run: python benchmarks/logrank.py [--rows 20000 200000 2000000] [--groups 200] [--runs 3]

All contenders start from two frames of rows in no order. `compare` gives the medians of both sides, the limits of their
change (from each median's own) and the p-value of every group, and checks the columns' domains. lifelines takes the rows
group by group: a `KaplanMeierFitter` on each side, its median with limits, and `logrank_test`; cutting the frames into
groups is timed too, and takes Polars a hundredth of it. The kernels alone start from finished risk tables. The sort is that
of all rows by group and seconds. A quarter of the rows is still running; rounded times are whole minutes.

Asserted equal first: medians, their limits and the share within a day of each side, and the test's statistic and p-value.
"""

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import servicequality as sq
from measure import growth, peaks, race, show
from servicequality.stats import log_rank
from servicequality.stats.logrank import Tables
from servicequality.stats.survival import kaplan_meier
from survival import DAY, GROUPS, risk_tables, rows_of

SECONDS, SEEN = "resolution_seconds", "resolution_observed"


class Rows(NamedTuple):
    """The rows of both sides, and their risk tables."""

    before: pl.DataFrame
    after: pl.DataFrame
    tables: tuple[Tables, Tables]


def halves(frame: pl.DataFrame) -> Rows:
    late = pl.Series(np.random.default_rng(3).random(len(frame)) < 0.5)
    sides = [frame.filter(mask).rechunk() for mask in (~late, late)]
    return Rows(sides[0], sides[1], (Tables(*risk_tables(sides[0])), Tables(*risk_tables(sides[1]))))


def sort(rows: Rows) -> pl.DataFrame:
    return pl.concat([rows.before, rows.after]).sort("team", SECONDS)


def compare(rows: Rows) -> pl.DataFrame:
    return sq.compare(rows.before, rows.after, sq.resolution_time(), by="team")


def kernels(rows: Rows) -> tuple[Any, Any, Any]:
    before, after = (kaplan_meier(*table[:4]).quantile(0.5) for table in rows.tables)
    return before, after, log_rank(rows.tables[1], rows.tables[0], threads=pl.thread_pool_size())


def groups_of(frame: pl.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    parts = frame.partition_by("team", as_dict=True, maintain_order=False)
    return [(part[SECONDS].to_numpy(), part[SEEN].to_numpy()) for _, part in sorted(parts.items())]


def lifelines(rows: Rows) -> list[tuple[Any, ...]]:
    """The fit of both sides with the limits of their medians, and the test, of each group."""
    from lifelines import KaplanMeierFitter  # takes seconds, which only this contender is to wait for
    from lifelines.statistics import logrank_test
    from lifelines.utils import median_survival_times

    collected = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sides in zip(groups_of(rows.before), groups_of(rows.after), strict=True):
            fits = [KaplanMeierFitter().fit(*side) for side in sides]
            limits = [median_survival_times(fit.confidence_interval_) for fit in fits]
            (t1, e1), (t2, e2) = sides
            collected.append((*fits, *limits, logrank_test(t1, t2, e1, e2)))
    return collected


CONTENDERS: dict[str, Callable[[Rows], Any]] = {
    "sort": sort,
    "kernels alone, tables given": kernels,
    "compare": compare,
    "lifelines, a group at a time": lifelines,
}


def check(rows: Rows) -> None:
    theirs, ours = lifelines(rows), compare(rows)
    test = kernels(rows)[2]
    np.testing.assert_allclose(test.chi2, [one[4].test_statistic for one in theirs], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours["p_value"], [one[4].p_value for one in theirs], rtol=1e-6, atol=1e-12)
    for number, side in enumerate(("before", "after")):
        figures = sq.evaluate(rows[number], [sq.resolution_time(), sq.resolution_time(limit=DAY)], by="team")
        median, share = figures.partition_by("metric")
        fits = [one[number] for one in theirs]
        np.testing.assert_allclose(share["value"], [1 - fit.predict(DAY) for fit in fits], rtol=1e-9)
        np.testing.assert_array_equal(ours[side], median["value"])
        # They invert the log-log band, which our default is not.
        limits = np.array([one[2 + number].to_numpy()[0] for one in theirs])
        named = kaplan_meier(*rows.tables[number][:4]).quantile(0.5, interval="loglog")
        np.testing.assert_allclose(np.column_stack([named.low, named.high]), limits, rtol=1e-12)
        # Where the curve lies at exactly one half, lifelines takes the beginning of the flat, R and we its middle.
        medians = np.array([fit.median_survival_time_ for fit in fits])
        flat = [abs(fit.predict(at) - 0.5) < 1e-9 for fit, at in zip(fits, medians, strict=True)]
        same = np.where(flat, np.minimum(ours[side], medians), ours[side])
        np.testing.assert_allclose(same, medians, rtol=1e-12)


def measure(rows: int, groups: int, runs: int) -> None:
    for rounded in (False, True):
        frame = rows_of(rows, rounded=rounded, groups=groups)
        given = halves(frame)
        check(given)
        times = race({name: partial(run, given) for name, run in CONTENDERS.items()}, runs)
        kind = "whole minutes" if rounded else "continuous times"
        show(
            f"{rows:,} rows, {groups} groups, {kind}, median of {runs}",
            times,
            "compare",
            peaks(__file__, CONTENDERS, frame),
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 200_000, 2_000_000])
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        name, file = asked.peak
        prepared = halves(pl.read_parquet(file))
        print(growth(lambda: CONTENDERS[name](prepared)))
    else:
        for n in asked.rows:
            measure(n, asked.groups, asked.runs)
