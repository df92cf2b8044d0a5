"""The risk table: one row per distinct time with summed counts, built from arrays and checked."""

# Counts add, so tables merge by summing the counts of equal times, in any order.

from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, IntArray, floats, require
from servicequality.stats.survival_segments import accumulate, totals


class RiskTable(NamedTuple):
    """Counts at the distinct times of one group. Weighted rows make them fractional.

    Attributes:
        time: distinct times, increasing.
        events: rows that end at that time by the event of interest.
        competing: rows that end by another cause.
        censored: rows that are last seen then; at a tie they leave after the events.
        entered: rows that join the risk set just after that time; None if all were there from the start.
    """

    time: FloatArray
    events: FloatArray
    competing: FloatArray
    censored: FloatArray
    entered: FloatArray | None


def risk_table(
    durations: ArrayLike, state: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike = 1.0
) -> RiskTable:
    """The risk table of one group of rows.

    Args:
        durations: time of each row at its end or at the last look, 0 or more.
        state: 0 still open (censored), 1 ended by the event, 2 ended by a competing cause; Booleans are 0 and 1.
        entry: time at which each row came under observation (delayed entry, strict: it is at risk at t if
            entry < t <= duration). 0 or less is not a delay.
        weight: what each row counts for, 0 or more.

    Raises:
        ParameterError: arrays of different lengths, times that are negative or not finite, an unknown state, an entry
            that is not before the row's end, a negative weight.
    """
    ends, states, starts, weights = floats(
        durations=durations, state=state, entry=0.0 if entry is None else entry, weight=weight
    )
    if ends.ndim != 1:
        raise ParameterError(f"durations must be one array with an entry a row; got shape {ends.shape}")
    delayed = starts > 0
    require(ends >= 0, "durations", ends, "0 or more", "repair or drop reversed intervals first")
    require(np.isin(states, (0, 1, 2)), "state", states, "0 (open), 1 (event) or 2 (competing)", "recode the others")
    require(weights >= 0, "weight", weights, "0 or more", "drop such rows")
    require(~delayed | (starts < ends), "entry", starts, "before the row's own duration", "drop rows never at risk")

    time, place = np.unique(np.concatenate((ends, starts[delayed])), return_inverse=True)
    at_end, at_start = place[: len(ends)], place[len(ends) :]

    def ended(how: int) -> FloatArray:
        return np.bincount(at_end, weights * (states == how), len(time)).astype(np.float64)

    entered = None if entry is None else np.bincount(at_start, weights[delayed], len(time)).astype(np.float64)
    return RiskTable(time, ended(1), ended(2), ended(0), entered)


def check_lengths(offsets: IntArray, columns: Mapping[str, FloatArray]) -> None:
    """Raise ParameterError for offsets that bound no groups, or columns of another length than they end with."""
    if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ParameterError(f"offsets must start at 0 and never fall, one more than groups; got {offsets[:8]}")
    for name, column in columns.items():
        if column.shape != (offsets[-1],):
            raise ParameterError(f"{name} must have the {offsets[-1]} rows that offsets end with; got {column.shape}")


def at_risk(
    offsets: IntArray, time: FloatArray, exits: dict[str, FloatArray], entered: FloatArray | None
) -> FloatArray:
    """Rows at risk at each time of every group, after a check of the whole table.

    Summed from each group's end: there the sums are small, so fractional counts keep their digits where they matter,
    and the last time has exactly its own exits at risk.

    Raises:
        ParameterError: offsets that do not fit, times that do not increase inside a group, negative or non-finite
            counts, more exits at a time than rows at risk.
    """
    counts = exits if entered is None else exits | {"entered": entered}
    columns = {"time": time, **counts}
    check_lengths(offsets, columns)
    for name, column in columns.items():
        # A minimum and a maximum take a fraction of the time of a look at every number.
        if column.size and not -np.inf < column.min() <= column.max() < np.inf:
            require(np.isfinite(column), name, column, "finite", "leave undefined rows out of the table")
    for name, column in counts.items():
        if column.size and column.min() < 0:
            require(column >= 0, name, column, "0 or more", "counts are sums of rows or of weights")
    rises = np.ones(len(time), dtype=np.bool_)
    np.greater(time[1:], time[:-1], out=rises[1:])
    rises[offsets[:-1][offsets[:-1] < len(time)]] = True  # from one group to the next, time may fall
    require(rises, "time", time, "strictly increasing inside a group", "sort it and sum the counts of equal times")

    leaving = reduce(np.add, exits.values())
    if entered is None:
        return accumulate(np.add, leaving, offsets, reverse=True)
    present = accumulate(np.add, leaving - entered, offsets, reverse=True)
    # Sums of fractional counts that should meet differ by rounding, of the order of 1e-16 of all that passed.
    slack = 1e-12 * np.repeat(totals(leaving, offsets), np.diff(offsets))
    fits = leaving <= present + slack
    require(fits, "entered", entered, "such that nobody leaves who is not at risk", "a row enters before it leaves")
    return np.where(np.abs(present - leaving) <= slack, leaving, present)
