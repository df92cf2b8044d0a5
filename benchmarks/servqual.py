"""A SERVQUAL survey of 44 answers a respondent: scores beside Polars' means, cross-products beside a blocked X'X.

Run: python benchmarks/servqual.py [--rows 10000 100000 1000000] [--runs 5] [--answers floats]

`score` checks the answers and gives expectation, perception and gap of five dimensions and overall, with limits. The
cross-products of all items give alpha, the correlations of dimensions and HTMT; limits of HTMT, which draw respondents
again, are not in it. The blocked X'X takes the same answers in blocks of rows and finds nothing out about them. pingouin's
alpha is of the five items of one dimension, as ours beside it is. Values are asserted equal before anything is timed. At the
end stands how times grow from the least size to the greatest.
"""

import argparse
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from measure import growth, peaks, race, show
from servicequality import stats
from servicequality.servqual import SERVQUAL_1991, alpha, correlations, htmt, item_sums, score

ITEMS = range(1, 23)
COLUMNS = [f"{role}{item}" for role in "EP" for item in ITEMS]
RELIABILITY = [f"P{item}" for item in range(5, 10)]
BLOCK = 1 << 16


def survey(rows: int) -> pl.DataFrame:
    """Answers from 1 to 7; a respondent's go together, those of a dimension more so."""
    rng = np.random.default_rng(5)
    dimension = np.repeat(np.arange(5), [4, 5, 4, 4, 5])
    mood, of = rng.normal(size=rows), rng.normal(size=(5, rows))
    answers = {}
    for role, level in (("E", 5.8), ("P", 4.9)):
        for item, own in zip(ITEMS, dimension, strict=True):
            answer = level + 0.5 * mood + 0.6 * of[own] + 0.9 * rng.normal(size=rows)
            answers[f"{role}{item}"] = np.clip(np.round(answer), 1, 7).astype(np.int8)
    return pl.DataFrame(answers)


def means(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.lazy().select(pl.col(COLUMNS).mean()).collect()


def scores(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    result = score(frame, SERVQUAL_1991)
    return result.dimensions, result.overall


def blocked(frame: pl.DataFrame, kind: type[np.floating]) -> np.ndarray:
    total = np.zeros((len(COLUMNS), len(COLUMNS)))
    for begin in range(0, frame.height, BLOCK):
        block = frame[begin : begin + BLOCK].to_numpy().astype(kind)
        total += block.T @ block
    return total


def structure(frame: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    sums = item_sums(frame, SERVQUAL_1991)
    return alpha(sums), correlations(sums), htmt(sums, resamples=0)


def theirs(table: pd.DataFrame) -> float:
    import pingouin  # slow to import, and not what is measured

    return float(pingouin.cronbach_alpha(data=table)[0])


def ours(frame: pl.DataFrame) -> float:
    return float(stats.cronbach_alpha(stats.covariance(frame.select(RELIABILITY).to_numpy())))


def check(frame: pl.DataFrame) -> None:
    mean = means(frame).row(0, named=True)
    dimensions, _ = scores(frame)
    for dimension, items in SERVQUAL_1991.dimensions.items():
        gap = np.mean([mean[f"P{item}"] - mean[f"E{item}"] for item in items])
        got = dimensions.filter(dimension=dimension, measure="gap")["value"].item()
        np.testing.assert_allclose(got, gap, rtol=1e-9)
    sums, products = frame.to_numpy().sum(axis=0, dtype=np.int64), blocked(frame, np.float64)
    s = (products - np.outer(sums, sums) / frame.height) / (frame.height - 1)
    at = [COLUMNS.index(name) for name in RELIABILITY]
    plain = 5 / 4 * (1 - np.trace(s[np.ix_(at, at)]) / s[np.ix_(at, at)].sum())
    tables = structure(frame)
    got = tables[0].filter(dimension="reliability", measure="perception")["value"].item()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        published = theirs(frame.select(RELIABILITY).to_pandas())
    np.testing.assert_allclose([got, ours(frame), published], plain, rtol=1e-9)


Given = tuple[pl.DataFrame, pd.DataFrame | None]
SCORES: dict[str, Callable[[Given], Any]] = {
    "column means": lambda given: means(given[0]),
    "score, dimensions and overall": lambda given: scores(given[0]),
}
PRODUCTS: dict[str, Callable[[Given], Any]] = {
    "blocked X'X": lambda given: blocked(given[0], np.float64),
    "blocked X'X in float32": lambda given: blocked(given[0], np.float32),
    "item_sums": lambda given: item_sums(given[0], SERVQUAL_1991),
    "item_sums, alpha, correlations, htmt": lambda given: structure(given[0]),
}
ALPHA: dict[str, Callable[[Given], Any]] = {
    "our alpha": lambda given: ours(given[0]),
    "pingouin's alpha": lambda given: theirs(given[1]),
}


def given_of(frame: pl.DataFrame) -> Given:
    return frame, frame.select(RELIABILITY).to_pandas()


KINDS = ("whole numbers", "floats", "floats with blanks")


def kinds(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The same answers as whole numbers, as floats, and as floats of which one in fifty is blank."""
    floats, rng = frame.cast(pl.Float64), np.random.default_rng(6)
    told = [pl.Series(name, rng.random(frame.height) > 0.02) for name in frame.columns]
    blank = floats.select(pl.when(is_told).then(pl.col(is_told.name)).alias(is_told.name) for is_told in told)
    return dict(zip(KINDS, (frame, floats, blank), strict=True))


def measure(rows: int, runs: int, query: Sequence[str]) -> dict[str, float]:
    whole, taken = survey(rows), {}
    check(whole)
    for kind, frame in kinds(whole).items():
        if kind not in query:
            continue
        given = given_of(frame)
        for calls in (SCORES, PRODUCTS, ALPHA):
            if calls is not SCORES and frame.null_count().row(0) != (0,) * frame.width:
                continue  # neither X'X nor pingouin's alpha is of who answered each dimension
            times = race({name: partial(run, given) for name, run in calls.items()}, runs)
            title = f"{rows:,} respondents, {kind}, median of {runs}"
            show(title, times, next(iter(calls)), peaks(__file__, calls, frame))
            taken |= {f"{name}, {kind}": time for name, time in times.items()}
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--answers", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        name, file = asked.peak
        table = given_of(pl.read_parquet(file))
        print(growth(lambda: (SCORES | PRODUCTS | ALPHA)[name](table)))
    else:
        all_times = [measure(n, asked.runs, asked.answers) for n in asked.rows]
        for name in all_times[0] if len(all_times) > 1 else ():
            grown = all_times[-1][name] / all_times[0][name]
            print(f"{name}: {grown:.1f} times the time for {asked.rows[-1] / asked.rows[0]:g} times the respondents")
