"""Met, missed or undecided, and how many rows would decide. Lives here: verdicts from finished figures. Never: a scan."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from servicequality.scorecard.objective import Direction
from servicequality.shapes import Attainment, Balance, Mean, Shape, Share
from servicequality.shapes.base import FloatArray
from servicequality.stats import anytime_mean_interval, mover_ratio, n_to_decide, robbins_interval, target_verdict

FIRST_LOOK = 100
"""Rows from which a mean may be looked at at any time."""

_EVERYTHING = 1e300


class Limits(NamedTuple):
    """What is held against a target, an entry a row; NaN is "cannot be bounded"."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


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


def judged(limits: Limits, target: float, *, up: bool) -> NDArray[np.str_]:
    """The verdict of each row; a limit that is not there decides nothing."""
    low = np.where(np.isfinite(limits.low), limits.low, -_EVERYTHING)
    high = np.where(np.isfinite(limits.high), limits.high, _EVERYTHING)
    return target_verdict(low, high, target, direction="at_least" if up else "at_most")


def rows_to_decide(limits: Limits, n: FloatArray, target: float) -> FloatArray:
    """Rows at which the limits would end at the target, were the value to stay; NaN where that says nothing."""
    facing = np.where(limits.value > target, limits.low, limits.high)
    ok = np.isfinite(limits.value + facing) & (n > 0) & (limits.value != target)
    needed = np.full_like(limits.value, np.nan)
    value = limits.value[ok]
    low, high = (np.where(np.isfinite(limit[ok]), limit[ok], value) for limit in (limits.low, limits.high))
    needed[ok] = n_to_decide(n[ok], value, np.minimum(low, value), np.maximum(high, value), target)
    return needed


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
    said: list[str | None] = []
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
        said.append(words)
    return said
