"""Limits of a rate: events per exposure. Never here: comparisons of rates, or charts of counts."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import Interval, floats, interval, positive, require, two_sided_tail
from servicequality.stats._kernel import kernel


@kernel
def poisson_rate_interval(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95) -> Interval:
    """Exact limits of a Poisson rate (Garwood 1936), per unit of the exposure.

    Args:
        events: events counted, 0 or more. Over-dispersed counts: divide events and exposure by the dispersion index.
        exposure: time, customers or orders they were counted over, above 0.
        level: two-sided confidence.

    Raises:
        ParameterError: events < 0, exposure <= 0, a level outside (0, 1), or a value that is not finite.
    """
    from scipy.special import gammainccinv, gammaincinv

    count, span = floats(events=events, exposure=exposure)
    require(count >= 0, "events", count, "0 or more", "count events")
    positive("exposure", span)
    tail = two_sided_tail(level)
    low = np.where(count == 0, 0.0, gammaincinv(np.where(count == 0, 1.0, count), tail))
    return interval(low / span, gammainccinv(count + 1, tail) / span)
