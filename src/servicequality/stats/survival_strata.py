"""Shares that ended within a limit, pooled over strata with curves of their own."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import critical_value, floats, positive, rows, whole_numbers
from servicequality.stats._kernel import kernel
from servicequality.stats.survival_curves import Reading
from servicequality.stats.survival_loglog import band
from servicequality.stats.survival_segments import totals


@kernel
def pool_strata(
    offsets: ArrayLike, incidence: ArrayLike, se: ArrayLike, weight: ArrayLike, *, level: float = 0.95
) -> Reading:
    """Weighted mean of the strata's shares, with the log-log band of the pooled curve.

    Args:
        offsets: range of each group's strata, G + 1 numbers from 0; a group may have none.
        incidence: share ended within the limit in each stratum; NaN where that stratum cannot say, and then its group
            cannot either.
        se: its standard error (Greenwood's); NaN as there.
        weight: what each stratum counts for, above 0, such as the rows that started in it.
        level: two-sided confidence.

    Raises:
        ParameterError: a weight that is not above 0, or a level outside (0, 1).
    """
    z = critical_value(level)
    bounds = whole_numbers("offsets", offsets)
    (weights,) = floats(weight=rows("weight", weight))
    value, error = rows("incidence", incidence, length=len(weights)), rows("se", se, length=len(weights))
    positive("weight", weights, "leave strata without rows out of the call")
    if not bounds.size or bounds[0] != 0 or bounds[-1] != len(weights) or (np.diff(bounds) < 0).any():
        raise ParameterError(
            f"offsets must rise from 0 to the number of strata, {len(weights)}; got {bounds[:9].tolist()}"
        )
    share = weights / np.repeat(totals(weights, bounds), np.diff(bounds))
    pooled = totals(share * value, bounds)
    spread = np.sqrt(totals((share * error) ** 2, bounds))
    pooled[bounds[1:] == bounds[:-1]] = np.nan
    low, high = band(1 - pooled, spread, z)
    return Reading(pooled, 1 - high, 1 - low, np.where(np.isnan(pooled), np.nan, spread))
