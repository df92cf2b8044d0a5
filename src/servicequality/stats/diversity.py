"""The effective number of types: the exponential of Shannon's entropy, with limits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.stats._checks import FloatArray, critical_value, floats, require, rows, whole, whole_numbers
from servicequality.stats._kernel import kernel


class Breadth(NamedTuple):
    """Effective numbers of types, one entry a group. NaN is undefined, or cannot be bounded.

    Attributes:
        value: exp of the entropy of the observed shares.
        low: lower limit, at least 1.
        high: upper limit; NaN where only one type was seen, since it is unknown how many more there are.
        se: standard error on the value's scale.
        n: observations.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    se: FloatArray
    n: FloatArray


@kernel
def effective_number(counts: ArrayLike, groups: NDArray[np.integer], n_groups: int, *, level: float = 0.95) -> Breadth:
    """The effective number of types of each group: as many equally frequent types would have the same entropy (Hill 1973).

    The entropy of a sample is too low by about (types - 1) / 2n (Miller 1955). The value is that of the sample all the same,
    since it describes what was seen; the limits lie about the jackknifed entropy (Zahl 1977), with the jackknife's variance
    and (types - 1) / 2n² for shares that are nearly equal, and are widened to hold the value.

    Args:
        counts: how often each type of each group was seen, 0 or more.
        groups: whose count it is, in ``range(n_groups)``; a type has one entry a group.
        n_groups: how many groups there are.
        level: two-sided confidence.

    Raises:
        ParameterError: a count below 0 or not finite, or a level outside (0, 1).
    """
    whole("n_groups", n_groups, least=0)
    (c,) = floats(counts=rows("counts", counts))
    groups = whole_numbers("groups", groups, length=len(c))
    legal = (groups >= 0) & (groups < n_groups)
    require(legal, "groups", groups.astype(np.float64), f"from 0 to {n_groups - 1}", "number the groups from 0")
    require(c >= 0, "counts", c, "0 or more", "count what was seen")
    groups, c = groups[c > 0], c[c > 0]

    def added(amount: FloatArray) -> FloatArray:
        return np.bincount(groups, weights=amount, minlength=n_groups).astype(np.float64)

    n, types, spread = added(c), added(np.ones_like(c)), added(_c_log_c(c))
    defined, bounded = n > 0, n > 1
    all_of, rest = np.where(defined, n, 1.0), np.where(bounded, n - 1, 1.0)
    entropy = np.where(defined, np.maximum(np.log(all_of) - spread / all_of, 0.0), np.nan)
    # The entropy without one observation of the type, for each type.
    left = np.log(rest)[groups] - (spread[groups] - _c_log_c(c) + _c_log_c(c - 1)) / rest[groups]
    mean = added(c * left) / all_of
    centre = n * entropy - rest * mean
    square = rest / all_of * added(c * (left - mean[groups]) ** 2) + (types - 1) / (2 * all_of**2)
    value, se = np.exp(entropy), np.sqrt(np.maximum(square, 0.0))
    half = critical_value(level, rest) * se
    low = np.where(bounded, np.minimum(np.maximum(np.exp(centre - half), 1.0), value), np.nan)
    high = np.where(bounded & (types > 1), np.maximum(np.exp(centre + half), value), np.nan)
    return Breadth(value, low, high, np.where(bounded, value * se, np.nan), n)


def _c_log_c(counts: FloatArray) -> FloatArray:
    return np.asarray(counts * np.log(np.where(counts > 0, counts, 1.0)), dtype=np.float64)
