"""Performance of the software: each figure against an obvious line of Python, the boundaries, and refusals."""

import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import linregress

import servicequality as sq
from servicequality import stats
from servicequality.errors import InputError, ParameterError


def test_apdex_counts_half_of_those_who_tolerate() -> None:
    rows = {"seconds": [1.0, 2.0, 2.0000001, 8.0, 8.0000001, None]}
    got = sq.apdex(threshold=2).estimate(rows)
    assert (got.value, got.n, got.n_missing) == (pytest.approx((2 + 2 / 2) / 5), 5, 1)
    assert sq.apdex(threshold=2, frustrated_after=2.5).estimate(rows).value == pytest.approx((2 + 1 / 2) / 5)


def test_apdex_limits_are_those_of_the_net_score_moved_and_halved() -> None:
    rows = {"seconds": [1.0] * 60 + [3.0] * 30 + [9.0] * 10}
    got = sq.apdex(threshold=2).estimate(rows)
    low, high = stats.net_interval(60, 10, 100)
    assert [got.low, got.high] == pytest.approx([(1 + float(low)) / 2, (1 + float(high)) / 2])
    assert got.unit == "index"


def test_a_failure_is_frustrated_however_fast() -> None:
    rows = {"seconds": [0.1, 0.1, None, 0.1], "failed": [False, True, True, None]}
    assert sq.apdex(failed="failed", threshold=1).estimate(rows).value == pytest.approx(2 / 4)


def test_apdex_refuses() -> None:
    with pytest.raises(ParameterError, match="threshold must be a number of seconds above 0; got 0"):
        sq.apdex(threshold=0)
    with pytest.raises(ParameterError, match="frustrated_after must exceed the threshold of 4; got 2"):
        sq.apdex(threshold=4, frustrated_after=2)
    with pytest.raises(InputError, match="-1"):
        sq.apdex(threshold=4).estimate({"seconds": [-1.0]})


def test_latency_is_a_quantile_and_time_outs_took_longer() -> None:
    rows = {"seconds": [1.0, 2.0, 3.0, 4.0, 5.0], "timed_out": [False, False, False, False, True]}
    assert sq.latency(statistic="median").estimate(rows).value == 3.0
    assert sq.latency().estimate(rows).value == pytest.approx(4.8)
    assert sq.latency(limit=2).estimate(rows).value == pytest.approx(0.4)
    assert sq.latency(timed_out="timed_out", statistic="median").estimate(rows).value == 3.0
    cut = sq.latency(timed_out="timed_out").estimate(rows)
    assert (cut.value, cut.n_pending) == (None, None)
    assert "not reached" in str(cut.reason)


def test_throughput_is_requests_over_seconds() -> None:
    got = sq.throughput_rate().estimate({"requests": [5_400, 6_100, None], "seconds": [60, 60, 60]})
    assert (got.value, got.n_missing) == (pytest.approx(11_500 / 120), 1)


def test_scalability_is_an_elasticity() -> None:
    load = [1.0, 2.0, 4.0, 8.0]
    rows = pl.DataFrame({"load": load, "cost": [3 * x**0.5 for x in load], "host": ["a"] * 4})
    got = sq.evaluate(rows, sq.scalability(), by="host").row(0, named=True)
    assert (got["value"], got["low"], got["high"]) == pytest.approx((0.5, 0.5, 0.5), abs=1e-6)
    few = sq.scalability().estimate(rows.head(2))
    assert (few.value, few.reason, few.n) == (None, "fewer than three rows", 2)
    assert sq.scalability().estimate(rows.with_columns(load=pl.lit(7.0))).reason == "the load does not vary"
    gaps = sq.scalability().estimate(pl.concat([rows, rows.head(2).with_columns(cost=pl.lit(None, pl.Float64))]))
    assert (gaps.n, gaps.n_missing) == (4, 2)
    noisy = rows.with_columns(cost=pl.Series([1.0, 1.3, 2.1, 2.6]))
    fit = linregress(np.log(load), np.log(noisy["cost"]))
    own = sq.scalability().estimate(noisy)
    assert (own.value, own.se) == pytest.approx((fit.slope, fit.stderr))
    for bad in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InputError, match="'load' such as"):
            sq.scalability().estimate({"load": [1.0, bad], "cost": [1.0, 1.0]})
