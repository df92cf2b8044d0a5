"""Counts that are too high for their hour: a frozen baseline by slot, negative binomial thresholds and tails."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    between_zero_and_one,
    floats,
    positive,
    require,
    rows,
    whole,
    whole_numbers,
)
from servicequality.stats._kernel import kernel

_EQUAL = 1e-12  # a tail that differs from alpha by rounding is alpha


class SlotBaseline(NamedTuple):
    """What is usual, by slot (such as the hour of the week).

    Attributes:
        mean: mean count of each slot; half an event over its periods where none was seen, since "never" is not known.
        periods: how many periods each mean rests on; NaN means of slots without any.
        phi: variance over mean, pooled over the slots, at least 1.
    """

    mean: FloatArray
    periods: IntArray
    phi: float


@kernel
def slot_baseline(counts: ArrayLike, slots: NDArray[np.integer], n_slots: int) -> SlotBaseline:
    """The mean count of each slot, and how far counts scatter about it (Pearson's chi-square over its degrees of freedom).

    Args:
        counts: one count a period of the baseline, 0 or more; periods without an event are zeros and no gaps.
        slots: the slot of each period, in ``range(n_slots)``.
        n_slots: how many slots there are.

    Raises:
        ParameterError: no slot was seen twice, or a count is below 0 or not finite.
    """
    whole("n_slots", n_slots, least=1)
    (events,) = floats(counts=rows("counts", counts))
    require(events >= 0, "counts", events, "0 or more", "count events")
    slots = whole_numbers("slots", slots, length=len(events))
    legal = (slots >= 0) & (slots < n_slots)
    require(legal, "slots", slots.astype(np.float64), f"from 0 to {n_slots - 1}", "number the slots from 0")
    periods = np.bincount(slots, minlength=n_slots)
    freedom = int((periods[periods > 0] - 1).sum())
    if freedom < 1:
        raise ParameterError(
            f"a baseline needs a slot that was seen at least twice; got {len(events)} periods in {n_slots} slots: "
            "take a longer baseline"
        )
    total = np.bincount(slots, weights=events, minlength=n_slots)
    mean = np.divide(np.maximum(total, 0.5), periods, out=np.full(n_slots, np.nan), where=periods > 0)
    seen = total[slots] > 0
    apart = (events - mean[slots])[seen] ** 2 / mean[slots][seen]
    freedom = int((periods[total > 0] - 1).sum())
    phi = float(apart.sum() / freedom) if freedom else 1.0
    return SlotBaseline(mean, periods.astype(np.int64), max(1.0, phi))


@kernel
def nb_upper_tail(count: ArrayLike, mean: ArrayLike, phi: ArrayLike) -> FloatArray:
    """P(X >= count) of a negative binomial count with this mean and the variance phi × mean; Poisson where phi <= 1.

    Args:
        count: whole, 0 or more.
        mean: above 0.
        phi: dispersion; 1 or less is read as 1, since counts of arrivals are not more regular than chance.

    Raises:
        ParameterError: a number outside its range, or one that is not finite.
    """
    k, m, spread = floats(count=count, mean=mean, phi=phi)
    require((k >= 0) & (k == np.floor(k)), "count", k, "whole and 0 or more", "count events")
    positive("mean", m)
    return _tail(k, m, spread)


@kernel
def nb_spike_threshold(mean: ArrayLike, phi: ArrayLike, alpha: ArrayLike = 0.001) -> IntArray:
    """The smallest count that is a spike: chance brings it or a higher one with probability ``alpha`` at most.

    Args:
        mean: the usual count, above 0.
        phi: variance over mean; 1 or less is Poisson.
        alpha: how rare a count must be, strictly between 0 and 1.

    Returns:
        Whole numbers, at least 1.

    Raises:
        ParameterError: a number outside its range, or one that is not finite.
    """
    m, spread, rare = floats(mean=mean, phi=phi, alpha=alpha)
    positive("mean", m)
    between_zero_and_one("alpha", rare)
    rare = rare * (1 + _EQUAL)
    low, high = np.zeros_like(m), np.ceil(m) + 1
    while (above := _tail(high, m, spread) > rare).any():
        low, high = np.where(above, high, low), np.where(above, 2 * high, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        above = _tail(middle, m, spread) > rare
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return high.astype(np.int64)


def _tail(k: FloatArray, mean: FloatArray, phi: FloatArray) -> FloatArray:
    from scipy.special import betainc, gammainc

    wide = phi > 1 + 1e-9  # nearer to 1 the size is so large that Poisson is exact
    above = np.where(wide, phi - 1, 1.0)
    some = np.maximum(k, 1.0)
    binomial = betainc(some, mean / above, above / (1 + above))
    return np.asarray(np.where(k < 1, 1.0, np.where(wide, binomial, gammainc(some, mean))), dtype=np.float64)
