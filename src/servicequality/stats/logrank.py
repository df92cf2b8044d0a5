"""The log-rank test of two or more survival curves from risk tables, every comparison in one call."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats._kernel import kernel
from servicequality.stats.survival_segments import blocks, quotient, totals
from servicequality.stats.survival_table import at_risk, check_lengths

_BLOCK = 4_096  # rows of the matrix of rows at risk by group that are in memory at once


class Tables(NamedTuple):
    """Risk tables of many groups, one after the other.

    Attributes:
        offsets: row range of each group, G + 1 numbers from 0; a group may be empty.
        time: strictly increasing inside a group.
        events: events at that time.
        censored: rows last seen open at that time.
        entered: rows that join the risk set just after that time; None if all were there from the start.
    """

    offsets: ArrayLike
    time: ArrayLike
    events: ArrayLike
    censored: ArrayLike
    entered: ArrayLike | None = None


class LogRank(NamedTuple):
    """The test of each comparison. NaN where there is nothing to test: an empty side, no events while both are watched.

    Attributes:
        observed: events of the first side.
        expected: events that it would have if both sides had one curve.
        variance: of observed - expected (hypergeometric).
        chi2: (observed - expected)² / variance, with `df` degrees of freedom.
        p: probability of a chi2 as large, if the curves are one.
        df: degrees of freedom.
    """

    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    chi2: FloatArray
    p: FloatArray
    df: int = 1


@kernel
def log_rank(first: Tables, second: Tables, *, threads: int = 1) -> LogRank:
    """Log-rank test of group g of `first` against group g of `second`, for every g (Mantel 1966; Peto & Peto 1972).

    At each time with d events among n at risk, n1 of them of the first side, that side expects d n1 / n events with
    variance d (n - d) / (n - 1) · n1 / n · (1 - n1 / n).

    Args:
        first: the tables of one side.
        second: the tables of the other side, as many groups.
        threads: how many threads work; the answer is the same to the last bit.

    Raises:
        ParameterError: another number of groups, or tables that `kaplan_meier` would refuse.
    """
    one, two = _arrays(first), _arrays(second)
    if len(one.offsets) != len(two.offsets):
        raise ParameterError(
            f"both sides must have the same groups; got {len(one.offsets) - 1} and {len(two.offsets) - 1}: "
            "give a group that is absent on one side an empty table there"
        )
    expected, variance = np.empty((2, len(one.offsets) - 1))

    def compare(block: tuple[int, int]) -> None:
        groups = slice(*block)
        expected[groups], variance[groups] = _expected(_side(one, *block), _side(two, *block))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(compare, blocks(one.offsets + two.offsets)))
    observed = totals(one.events, one.offsets)
    chi2 = np.divide((observed - expected) ** 2, variance, out=np.full_like(variance, np.nan), where=variance > 1e-12)
    return LogRank(observed, expected, variance, chi2, _chi2_tail(chi2, 1))


@kernel
def log_rank_between(tables: Tables) -> LogRank:
    """One log-rank test of whether all groups have one curve, with a group less degrees of freedom.

    `observed` and `expected` have an entry a group, `variance` is their covariance matrix.

    Args:
        tables: a risk table for each group.

    Raises:
        ParameterError: fewer than two groups, or tables that `kaplan_meier` would refuse.
    """
    bounds, time, events, net, _ = _side(_arrays(tables))
    groups = len(bounds) - 1
    if groups < 2:
        raise ParameterError(f"a test between groups needs two of them; got {groups}")
    group = np.repeat(np.arange(groups), np.diff(bounds))
    distinct, place = np.unique(time, return_inverse=True)
    d = np.bincount(place, events, len(distinct))
    n = np.cumsum(np.bincount(place, net, len(distinct))[::-1])[::-1]
    hazard = np.cumsum(np.divide(d, n, out=np.zeros_like(n), where=n > 0))
    # Each row expects the hazard that it lived through: from its entry to its exit.
    expected = np.bincount(group, net * hazard[place], groups).astype(np.float64)
    observed = np.bincount(group, events, groups).astype(np.float64)
    tied = d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    covariance = np.zeros((groups, groups))
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(0, len(distinct) + _BLOCK, _BLOCK))
    present = np.bincount(group, net, groups)  # at risk at the first time
    for block, (begin, end) in enumerate(pairwise(starts)):
        rows, offset = order[begin:end], block * _BLOCK
        size = min(_BLOCK, len(distinct) - offset)
        gone = np.zeros((size + 1, groups))
        np.add.at(gone, (place[rows] - offset + 1, group[rows]), net[rows])
        np.cumsum(gone, axis=0, out=gone)
        times = slice(offset, offset + size)
        share = np.divide(present - gone[:-1], n[times, None], out=np.zeros((size, groups)), where=n[times, None] > 0)
        scaled = tied[times, None] * share
        covariance += np.diag(scaled.sum(axis=0)) - scaled.T @ share
        present = present - gone[-1]
    gap = (observed - expected)[:-1]
    inside = covariance[:-1, :-1]
    value = float(gap @ np.linalg.pinv(inside, hermitian=True) @ gap) if tied.any() else np.nan
    chi2 = np.asarray(value, dtype=np.float64)
    return LogRank(observed, expected, covariance, chi2, _chi2_tail(chi2, groups - 1), groups - 1)


class _Arrays(NamedTuple):
    """`Tables` whose columns are arrays of the length that their offsets say."""

    offsets: IntArray
    time: FloatArray
    events: FloatArray
    censored: FloatArray
    entered: FloatArray | None


def _arrays(tables: Tables) -> _Arrays:
    offsets = np.asarray(tables.offsets, dtype=np.int64)
    time, events, censored = (
        np.asarray(column, dtype=np.float64) for column in (tables.time, tables.events, tables.censored)
    )
    entered = None if tables.entered is None else np.asarray(tables.entered, dtype=np.float64)
    check_lengths(offsets, {"time": time, "events": events, "censored": censored})
    if entered is not None:
        check_lengths(offsets, {"entered": entered})
    return _Arrays(offsets, time, events, censored, entered)


class _Side(NamedTuple):
    """The tables of neighbouring groups that hold together; `net` are exits of both kinds less entries."""

    bounds: IntArray
    time: FloatArray
    events: FloatArray
    net: FloatArray
    at_risk: FloatArray


def _side(tables: _Arrays, head: int = 0, end: int | None = None) -> _Side:
    bounds = tables.offsets[head : None if end is None else end + 1]
    rows = slice(bounds[0], bounds[-1])
    bounds = bounds - bounds[0]
    time, d, c = tables.time[rows], tables.events[rows], tables.censored[rows]
    joined = None if tables.entered is None else tables.entered[rows]
    present = at_risk(bounds, time, {"events": d, "censored": c}, joined)
    return _Side(bounds, time, d, d + c if joined is None else d + c - joined, present)


def _expected(one: _Side, two: _Side) -> tuple[FloatArray, FloatArray]:
    """Events that the first side expects in each group, and their variance."""
    # For each row of a side, the first row of the other that is not before it; `two` is searched for, `one` follows:
    # as many rows of `two` are before it as have found it or an earlier row, less the one that is tied with it.
    at_two = np.empty(len(two.time), dtype=np.int64)
    for (start, end), (begin, stop) in zip(pairwise(one.bounds), pairwise(two.bounds), strict=True):
        at_two[begin:stop] = one.time[start:end].searchsorted(two.time[begin:stop])
    at_two += np.repeat(one.bounds[:-1], np.diff(two.bounds))
    tied = np.flatnonzero(_within(at_two, one, two) & (np.append(one.time, np.nan)[at_two] == two.time))
    at_one = np.cumsum(np.bincount(at_two, minlength=len(one.time) + 1))[:-1]
    at_one[at_two[tied]] -= 1
    # Events of both sides at a time that both have.
    d1, d2 = one.events.copy(), two.events.copy()
    d1[at_two[tied]] += two.events[tied]
    d2[tied] += one.events[at_two[tied]]
    expected, variance = np.zeros((2, len(one.bounds) - 1))
    # Each side's events add their share of the terms, so that the sides need not be merged.
    for own, other, rows, d in ((one, two, at_one, d1), (two, one, at_two, d2)):
        opposite = np.append(other.at_risk, 0.0)[rows] * _within(rows, other, own)
        n = own.at_risk + opposite
        share = quotient(own.at_risk if own is one else opposite, n, otherwise=0.0)
        drawn = quotient(n - d, np.maximum(n - 1, 0.0), otherwise=0.0)
        mean = own.events * share
        expected += totals(mean, own.bounds)
        variance += totals(mean * drawn * (1 - share), own.bounds)
    return expected, variance


def _within(rows: IntArray, side: _Side, other: _Side) -> NDArray[np.bool_]:
    """Whether a row of `side` that stands for a row of `other` is one of the same group, and not behind its last."""
    inside: NDArray[np.bool_] = rows < np.repeat(side.bounds[1:], np.diff(other.bounds))
    return inside


def _chi2_tail(chi2: FloatArray, df: int) -> FloatArray:
    from scipy.special import chdtrc

    return np.asarray(chdtrc(df, chi2), dtype=np.float64)
