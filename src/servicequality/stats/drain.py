"""When a backlog will be gone: the first passage of a drifting random walk."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, between_zero_and_one, floats, positive, require
from servicequality.stats._kernel import kernel

_HALVINGS = 90  # of a bracket some hundreds wide on the log scale: down to the last bit


@kernel
def drain_quantile(backlog: ArrayLike, drift: ArrayLike, sd: ArrayLike, q: ArrayLike) -> FloatArray:
    """The time by which a backlog is gone with probability ``q``, if it shrinks by ``drift`` a period give or take ``sd``.

    The first passage of Brownian motion with drift is inverse Gaussian with mean backlog / drift and shape (backlog / sd)²
    (Schrödinger 1915; Wald 1947). Drift and spread are taken as known.

    Args:
        backlog: what is open now, 0 or more.
        drift: what leaves less what comes in a period, on average, above 0.
        sd: standard deviation of that difference from one period to the next, 0 or more; 0 gives backlog / drift.
        q: probability, strictly between 0 and 1.

    Returns:
        Periods, as floats.

    Raises:
        ParameterError: a number outside its range, or one that is not finite.
    """
    from scipy.special import log_ndtr, ndtr

    open_, speed, spread, p = floats(backlog=backlog, drift=drift, sd=sd, q=q)
    require(open_ >= 0, "backlog", open_, "0 or more", "count what is open")
    positive("drift", speed, "a backlog that does not shrink never drains: leave such groups out of the call")
    require(spread >= 0, "sd", spread, "0 or more", "give a standard deviation")
    between_zero_and_one("q", p)
    moves = (open_ > 0) & (spread > 0)
    mean = np.where(moves, open_ / speed, 1.0)
    shape = np.where(moves, open_ / np.where(moves, spread, 1.0), 1.0) ** 2

    def gone_by(time: FloatArray) -> FloatArray:
        root = np.sqrt(shape / time)
        late = np.exp(2 * shape / mean + log_ndtr(-root * (time / mean + 1)))
        return np.asarray(ndtr(root * (time / mean - 1)) + late, dtype=np.float64)

    # Below: P(T <= t) <= exp(-shape / 2t + shape / mean) up to a factor 2. Above: the tail falls at least as fast as
    # exp(-shape t / 2 mean²) from the mean on.
    low = np.log(shape / (2 * (shape / mean - np.log(p / 2))))
    high = np.log(mean + 2 * mean**2 / shape * (1 - np.log1p(-p)) + mean * (1 - np.log1p(-p)))
    low, high = np.minimum(low, np.log(mean)) - 1, high + 1
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        early = gone_by(np.exp(middle)) < p
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.asarray(np.where(moves, np.exp((low + high) / 2), open_ / speed), dtype=np.float64)
