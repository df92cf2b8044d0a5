"""The limits that decide whether a target is met, by the shape of the figure."""

from functools import singledispatch
from typing import NamedTuple

import numpy as np

from servicequality.shapes.amounts import Tally, Total
from servicequality.shapes.base import Design, FixedShape, FloatArray, Sums, Table, TableShape
from servicequality.shapes.composites import MeanOfMeans
from servicequality.shapes.means import GeometricMean, Mean
from servicequality.shapes.shares import Attainment, Balance, EligibleShare, Share
from servicequality.stats.deciding import (
    FEWEST,
    amount_decision_limits,
    bounded_decision_limits,
    net_decision_limits,
    share_decision_limits,
)

FEWEST_AMOUNTS = 100
"""Rows below which a mean of durations or costs is not compared with a target: a few rare ones may be missing."""

_SKEWED = "a mean of amounts: heavy tails make wrong verdicts more often than one in twenty"


class Decision(NamedTuple):
    """Limits that are compared with a target, an entry a group; NaN is "cannot be bounded".

    Attributes:
        low: lower limit, one-sided.
        high: upper limit, one-sided.
        method: how they were made; None is by the figure's own method.
        fewest: rows, or the effective number of them, below which nothing is decided.
        exact: whether the value itself is compared with the target, since nothing was sampled.
        notes: what to keep in mind of every verdict.
    """

    low: FloatArray
    high: FloatArray
    method: str | None = None
    fewest: float = FEWEST
    exact: bool = False
    notes: str | None = None


@singledispatch
def decision_of(shape: FixedShape, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    """The limits that decide, from the finished sums of groups that are `judged`; the figure's own by default.

    Args:
        shape: what the sums are of.
        sums: the leaves of each group.
        tail: chance that a limit lies on the wrong side of the truth, on each side.
        design: what weights and clusters leave of the rows.
    """
    reading = shape.limits(sums, level=1 - 2 * tail, design=design)
    return Decision(reading.low, reading.high, exact=shape.census)


def table_decision(shape: TableShape, table: Table, *, tail: float) -> Decision:
    """The limits that decide, of a figure that is read from a table."""
    low, high = shape.decision_limits(table, tail=tail)
    return Decision(low, high, exact=shape.census)


@decision_of.register(Tally)
@decision_of.register(Total)
def _censuses(shape: Tally | Total, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    nothing = np.full_like(sums["n"], np.nan)
    return Decision(nothing, nothing, method="census", exact=True)


@decision_of.register
def _shares(shape: Share, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    decision = _exact(sums["hits"] / sums["n"], sums["hits"] / sums["n"], _rows(sums["n"], design), tail, design)
    return decision._replace(exact=shape.census)


@decision_of.register
def _attained(shape: Attainment, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    worst = sums["met"] / sums["n"]
    best = (sums["met"] + sums["open"]) / sums["n"] if shape.bounds_only else worst
    return _exact(worst, best, _rows(sums["n"], design), tail, design)


@decision_of.register
def _eligible(shape: EligibleShare, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    rows = shape.eligible(sums)
    return _exact(sums["hits"] / rows, sums["hits"] / rows, rows, tail, None)


@decision_of.register
def _balances(shape: Balance, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    n = _rows(sums["n"], design)
    up, down = (sums[leaf] / sums["n"] * n for leaf in ("positive", "negative"))
    low, high = net_decision_limits(n, up, down, tail=tail, df=None if design is None else design.df)
    method = _named("adjusted wald with t, or beta", design)
    return Decision(shape.origin + shape.per * low, shape.origin + shape.per * high, method=method)


@decision_of.register
def _means(shape: Mean, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    n, value, spread = _rows(sums["n"], design), shape.origin + sums["amount"] / sums["n"], shape.spread(sums)
    if shape.bounds is not None and np.isfinite(shape.bounds).all():
        start, end = shape.bounds
        reach = end - start
        low, high = bounded_decision_limits(
            n,
            np.clip((value - start) / reach, 0.0, 1.0),
            spread / reach**2,
            tail=tail,
            df=None if design is None else design.df,
            added=shape.added,
        )
        return Decision(start + reach * low, start + reach * high, method=_named("half an answer, or beta", design))
    if shape.bounds is None or shape.bounds[0] < 0:
        return _own(shape, sums, tail=tail, design=design)
    low, high = np.full((2, len(n)), np.nan)
    ok = (n > 1) & (spread > 0)
    square = spread / np.maximum(n - 1, 1) if design is None else design.square
    df = n - 1 if design is None else np.where(np.isinf(design.df), n - 1, design.df)
    ok &= (df > 0) & np.isfinite(square)
    low[ok], high[ok] = amount_decision_limits(value[ok], np.sqrt(square[ok]), df[ok], tail=tail)
    return Decision(low, high, method=_named("t below, t on logs above", design), fewest=FEWEST_AMOUNTS, notes=_SKEWED)


@decision_of.register(GeometricMean)
@decision_of.register(MeanOfMeans)
def _own(shape: FixedShape, sums: Sums, *, tail: float, design: Design | None) -> Decision:
    reading = shape.limits(sums, level=1 - 2 * tail, design=design)
    return Decision(reading.low, reading.high, exact=shape.census)


def _exact(worst: FloatArray, best: FloatArray, n: FloatArray, tail: float, design: Design | None) -> Decision:
    low, _ = share_decision_limits(np.minimum(worst * n, n), n, tail=tail)
    _, high = share_decision_limits(np.minimum(best * n, n), n, tail=tail)
    return Decision(low, high, method=_named("clopper-pearson", design))


def _rows(n: FloatArray, design: Design | None) -> FloatArray:
    return n if design is None else design.n_eff


def _named(method: str, design: Design | None) -> str:
    return method if design is None else f"{method}, n_eff"
