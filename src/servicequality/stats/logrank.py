"""Do two survival curves, or many, differ: the log-rank test from risk tables, every comparison in one call.

Lives here: the test between groups. Never: the curves themselves. Tables come flattened, as `survival` takes them.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_segments import accumulate, totals
from servicequality.stats.survival_table import at_risk

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


def log_rank(first: Tables, second: Tables) -> LogRank:
    """Log-rank test of group g of `first` against group g of `second`, for every g (Mantel 1966; Peto & Peto 1972).

    At each time with d events among n at risk, n1 of them of the first side, that side expects d n1 / n events with
    variance d (n - d) / (n - 1) · n1 / n · (1 - n1 / n).

    Args:
        first: the tables of one side.
        second: the tables of the other side, as many groups.

    Raises:
        ParameterError: another number of groups, or tables that `kaplan_meier` would refuse.
    """
    (bounds1, *one), (bounds2, *two) = _checked(first), _checked(second)
    if len(bounds1) != len(bounds2):
        raise ParameterError(
            f"both sides must have the same groups; got {len(bounds1) - 1} and {len(bounds2) - 1}: "
            "give a group that is absent on one side an empty table there"
        )
    # Each group's rows of both sides, one after the other, then sorted by time: two runs, which a stable sort merges.
    bounds = bounds1 + bounds2
    take = np.empty(bounds[-1], dtype=np.int64)
    side = np.empty(bounds[-1], dtype=np.bool_)
    time = np.concatenate((one[0], two[0]))
    for group, (start, end) in enumerate(pairwise(bounds)):
        rows = np.concatenate(
            (
                np.arange(bounds1[group], bounds1[group + 1]),
                np.arange(bounds2[group], bounds2[group + 1]) + len(one[0]),
            )
        )
        take[start:end] = rows[np.argsort(time[rows], kind="stable")]
    side = take < len(one[0])
    time = time[take]
    events, left, joined = (np.concatenate(columns)[take] for columns in zip(one[1:], two[1:], strict=True))
    # Net exits from the end; what joins just after t is not at risk at t, and was taken back by its later exit.
    both = accumulate(np.add, left - joined, bounds, reverse=True)
    mine = accumulate(np.add, np.where(side, left - joined, 0.0), bounds, reverse=True)
    head = np.ones(len(time), dtype=np.bool_)  # first row of each distinct time of a group
    np.not_equal(time[1:], time[:-1], out=head[1:])
    head[bounds[:-1][bounds[:-1] < len(time)]] = True
    places = np.flatnonzero(head)
    group_rows = np.searchsorted(places, bounds)  # row range of each group among its distinct times
    d = np.add.reduceat(events, places) if len(places) else events
    n, n1 = both[places], mine[places]
    share = np.divide(n1, n, out=np.zeros_like(n), where=n > 0)
    tied = np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    expected = totals(d * share, group_rows)
    variance = totals(d * tied * share * (1 - share), group_rows)
    observed = totals(np.where(side, events, 0.0), bounds)
    chi2 = np.divide((observed - expected) ** 2, variance, out=np.full_like(variance, np.nan), where=variance > 1e-12)
    return LogRank(observed, expected, variance, chi2, _chi2_tail(chi2, 1))


def log_rank_between(tables: Tables) -> LogRank:
    """One log-rank test of whether all groups have one curve, with a group less degrees of freedom.

    `observed` and `expected` have an entry a group, `variance` is their covariance matrix.

    Raises:
        ParameterError: fewer than two groups, or tables that `kaplan_meier` would refuse.
    """
    bounds, time, events, left, joined = _checked(tables)
    groups = len(bounds) - 1
    if groups < 2:
        raise ParameterError(f"a test between groups needs two of them; got {groups}")
    group = np.repeat(np.arange(groups), np.diff(bounds))
    distinct, place = np.unique(time, return_inverse=True)
    d = np.bincount(place, events, len(distinct))
    n = np.cumsum(np.bincount(place, left - joined, len(distinct))[::-1])[::-1]
    hazard = np.cumsum(np.divide(d, n, out=np.zeros_like(n), where=n > 0))
    # Each row expects the hazard that it lived through: from its entry to its exit.
    expected = np.bincount(group, (left - joined) * hazard[place], groups).astype(np.float64)
    observed = np.bincount(group, events, groups).astype(np.float64)
    tied = d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    covariance = np.zeros((groups, groups))
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(0, len(distinct) + _BLOCK, _BLOCK))
    present = np.bincount(group, left - joined, groups)  # at risk at the first time
    for block, (begin, end) in enumerate(pairwise(starts)):
        rows, offset = order[begin:end], block * _BLOCK
        size = min(_BLOCK, len(distinct) - offset)
        gone = np.zeros((size + 1, groups))
        np.add.at(gone, (place[rows] - offset + 1, group[rows]), (left - joined)[rows])
        np.cumsum(gone, axis=0, out=gone)
        there = slice(offset, offset + size)
        share = np.divide(present - gone[:-1], n[there, None], out=np.zeros((size, groups)), where=n[there, None] > 0)
        heavy = tied[there, None] * share
        covariance += np.diag(heavy.sum(axis=0)) - heavy.T @ share
        present = present - gone[-1]
    gap = (observed - expected)[:-1]
    inside = covariance[:-1, :-1]
    value = float(gap @ np.linalg.pinv(inside, hermitian=True) @ gap) if tied.any() else np.nan
    chi2 = np.asarray(value, dtype=np.float64)
    return LogRank(observed, expected, covariance, chi2, _chi2_tail(chi2, groups - 1), groups - 1)


def _checked(tables: Tables) -> tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Offsets, times, events, exits of both kinds, and entries of tables that hold together."""
    bounds = np.asarray(tables.offsets, dtype=np.int64)
    time, d, c = (np.asarray(column, dtype=np.float64) for column in (tables.time, tables.events, tables.censored))
    joined = None if tables.entered is None else np.asarray(tables.entered, dtype=np.float64)
    at_risk(bounds, time, {"events": d, "censored": c}, joined)  # raises
    return bounds, time, d, d + c, np.zeros_like(d) if joined is None else joined


def _chi2_tail(chi2: FloatArray, df: int) -> FloatArray:
    from scipy.special import chdtrc

    return np.asarray(chdtrc(df, chi2), dtype=np.float64)
