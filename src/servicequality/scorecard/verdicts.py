"""Verdicts of finished figures: met, missed or undecided, and how many rows would decide."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.scorecard.objective import Direction
from servicequality.scorecard.pending import HIGHEST, LOWEST
from servicequality.scorecard.reading import Figures
from servicequality.shapes import Attainment, Balance, Mean, Shape, Share
from servicequality.shapes.base import FloatArray
from servicequality.shapes.deciding import Decision
from servicequality.stats import anytime_mean_interval, mover_ratio, n_to_decide, robbins_interval, target_verdict
from servicequality.stats.deciding import FEWEST

FIRST_LOOK = 100
"""Rows from which a mean has limits at any time."""

CLOSE = 50
"""A target that would take so many times the rows to decide is too close to call."""

_EVERYTHING = 1e300
_FURTHEST = 1e6  # times the rows, up to which a decision is looked for
_HALVINGS = 30


class Limits(NamedTuple):
    """What is compared with a target, an entry a row; NaN is "cannot be bounded"."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


def deciding_limits(figures: Figures, value: FloatArray) -> Limits:
    """What decides: one-sided limits; of a census the value itself, or how far its pending rows can still move it."""
    decision = figures.decision
    low, high = decision.low, decision.high
    if decision.exact:
        low, high = (
            np.where(np.isnan(end), value, end)
            for end in (
                figures.rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in (LOWEST, HIGHEST)
            )
        )
    return Limits(value, np.minimum(low, value), np.maximum(high, value))


def anytime_limits(shape: Shape, sums: Callable[[str], FloatArray], value: FloatArray, level: float) -> Limits | None:
    """Limits that hold at every look, from a metric's sums; None where the shape has none."""
    n = sums("n") if isinstance(shape, Share | Attainment | Balance | Mean) else np.zeros_like(value)
    low, high = np.full((2, len(value)), np.nan)
    if isinstance(shape, Share) or (isinstance(shape, Attainment) and not shape.bounds_only):
        ok = n > 0
        low[ok], high[ok] = robbins_interval(
            sums("hits" if isinstance(shape, Share) else "met")[ok], n[ok], level=level
        )
        return Limits(value, low, high)
    if not isinstance(shape, Balance | Mean):
        return None
    ok = n >= FIRST_LOOK
    scale = shape.per if isinstance(shape, Balance) else 1.0
    leaves = {leaf: sums(leaf)[ok] for leaf in shape.leaves()}
    low[ok], high[ok] = anytime_mean_interval(
        n[ok], value[ok], scale**2 * shape.spread(leaves), level=level, first_look=FIRST_LOOK
    )
    return Limits(value, low, high)


def relative(now: Limits, before: Limits) -> Limits:
    """The change as a share of the period before, limited by MOVER on logarithms."""
    value, low, high = np.full((3, len(now.value)), np.nan)
    some = np.isfinite(now.value) & (before.value > 0)
    value[some] = now.value[some] / before.value[some] - 1
    ok = some & (now.value > 0) & np.isfinite(now.low + now.high + before.low + before.high)
    low[ok], high[ok] = (
        limit - 1
        for limit in mover_ratio(
            now.value[ok], np.minimum(now.low, now.value)[ok], np.maximum(now.high, now.value)[ok],
            before.value[ok], np.minimum(before.low, before.value)[ok], np.maximum(before.high, before.value)[ok],
        )
    )  # fmt: skip
    return Limits(value, low, high)


def upward(direction: Direction, target: float) -> bool:
    """Whether more is what was promised: of a change, whether it is one upward."""
    return direction == "at_least" or (direction == "change" and target > 0)


def judged(limits: Limits, target: float, *, up: bool, enough: NDArray[np.bool_] | None = None) -> NDArray[np.str_]:
    """The verdict of each row; a limit that is not there decides nothing, and nor do too few rows."""
    low = np.where(np.isfinite(limits.low), limits.low, -_EVERYTHING)
    high = np.where(np.isfinite(limits.high), limits.high, _EVERYTHING)
    rows = None if enough is None else np.where(enough, float(FEWEST), 0.0)
    return target_verdict(low, high, target, direction="at_least" if up else "at_most", n=rows)


def rows_to_decide(
    figures: Figures, limits: Limits, n: FloatArray, n_eff: FloatArray, target: float, *, own: bool
) -> FloatArray:
    """Rows at which the limits would end at the target, were the value to stay; NaN where no number of them does.

    Args:
        figures: what is known of the objective.
        limits: what is compared with the target.
        n: rows now.
        n_eff: effective rows now.
        target: what was promised.
        own: whether the limits are those of `figures.decision`: then its rule is followed as rows grow. Others shrink with
            the root of the rows.
    """
    needed = np.full_like(limits.value, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.maximum(figures.decision.fewest / n_eff, 1.0) if own else np.ones_like(n)
    ok = np.isfinite(limits.value) & np.isfinite(least) & (n > 0) & (limits.value != target)
    if own and figures.grown is not None:
        times = _times_to_decide(figures.grown, limits.value, target, np.where(ok, least, 1.0))
        return np.where(ok & (times < _FURTHEST), n * times, np.nan)
    facing = np.where(limits.value > target, limits.low, limits.high)
    ok &= np.isfinite(facing)
    value = limits.value[ok]
    low, high = (np.where(np.isfinite(limit[ok]), limit[ok], value) for limit in (limits.low, limits.high))
    shrunken = n_to_decide(n[ok], value, np.minimum(low, value), np.maximum(high, value), target)
    needed[ok] = np.maximum(shrunken, n[ok] * least[ok])
    return needed


def _times_to_decide(
    grown: Callable[[FloatArray], Decision], value: FloatArray, target: float, least: FloatArray
) -> FloatArray:
    """How many times the rows decide, at least `least`, by halving the logarithm."""
    low, high = np.log(least), np.full_like(least, np.log(_FURTHEST))

    def decided(logarithm: FloatArray) -> NDArray[np.bool_]:
        decision = grown(np.exp(logarithm))
        with np.errstate(invalid="ignore"):
            return np.where(value > target, decision.low >= target, decision.high <= target)

    now = decided(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        settled = decided(middle)
        low, high = np.where(settled, low, middle), np.where(settled, middle, high)
    return np.where(now, least, np.exp(high))


def outlook(
    lowest: FloatArray, highest: FloatArray, target: float, *, up: bool, unknown: Sequence[str | None]
) -> list[str | None]:
    """What is certain of the rows counted, however the pending ones end; None where none is pending, or there are no rows.

    Args:
        lowest: what the value can still fall to; minus infinity without a bound, NaN where it is not known.
        highest: what it can still rise to.
        target: what was promised.
        up: whether more is what was promised.
        unknown: why nothing is known, where that is so.
    """
    sure, lost = (lowest >= target, highest < target) if up else (highest <= target, lowest > target)
    texts: list[str | None] = []
    for low, high, met, missed, why in zip(lowest, highest, sure, lost, unknown, strict=True):
        words: str | None = "open: the pending rows can still turn it"
        if np.isnan(low) or np.isnan(high):
            words = why
        elif low == high:
            words = None
        elif met or missed:
            words = f"{'met' if met else 'missed'} however the pending rows end"
        if words is not None and (np.isinf(low) or np.isinf(high)):
            sides = " and ".join(side for side, end in (("lower", low), ("upper", high)) if np.isinf(end))
            words += f"; they set no {sides} bound"
        texts.append(words)
    return texts
