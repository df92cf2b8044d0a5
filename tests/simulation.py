"""Simulations: the same batch of draws once in the suite, and many times in `nox -s simulations`, under sharper bounds.

Lives here: how many batches are drawn, and how far a share of the draws may lie from what is claimed. Never: what is drawn.
"""

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

BATCHES = int(os.environ.get("SIMULATION_BATCHES", "1"))
STANDARD_ERRORS = 4.0  # an honest share lies further off once in 16,000 checks

Batch = Callable[[np.random.Generator], ArrayLike]
Simulate = Callable[[int, Batch], NDArray[np.float64]]


def simulate(seed: int, batch: Batch) -> NDArray[np.float64]:
    """What a batch says of each of its draws (along the first axis), for every batch one after the other.

    The first batch is drawn from `seed` itself, so that the short form is the beginning of the long one.
    """
    seeds = [seed, *([seed, further] for further in range(1, BATCHES))]
    return np.concatenate([np.asarray(batch(np.random.default_rng(s)), dtype=float) for s in seeds])


def assert_share(happened: ArrayLike, at_least: float, at_most: float = 1.0) -> None:
    """The share of the draws in which it happened lies from `at_least` to `at_most`, give or take four standard errors.

    The two ends say what is true of the method at this size of sample, its approximation included; the give and
    take is that of so many draws, and shrinks as they grow. A draw that holds several points gives its share of them;
    since those may go together, its error is taken from the draws themselves.
    """
    draws = np.asarray(happened, dtype=float)
    share, n = draws.mean(), len(draws)
    several = bool(np.any((draws > 0) & (draws < 1)))

    def error(claimed: float) -> float:
        variance = draws.var() if several else claimed * (1 - claimed)
        return STANDARD_ERRORS * float(np.sqrt(variance / n))

    low, high = at_least - error(at_least), at_most + error(at_most)
    assert low <= share <= high, (
        f"{share:.4f} of {n} draws; claimed are {at_least:g} to {at_most:g}, so {low:.4f} to {high:.4f} were allowed"
    )
