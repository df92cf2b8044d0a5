"""Queues with several servers, Poisson arrivals and nobody who gives up: Erlang's formula for M/M/n."""

import numpy as np

from servicequality.stats._checks import FloatArray

_SERIES = 16.0  # servers from which Stirling's series holds to the last bit


def chance_of_waiting(load: FloatArray, servers: FloatArray) -> FloatArray:
    """Chance of finding all servers busy (Erlang 1917): n B / (n - a (1 - B)), with the loss B = P(X = n) / P(X <= n).

    X is Poisson with mean a. The digits hold to about 1e-12 for any number of servers.

    Args:
        load: offered load a in erlangs, 0 or more.
        servers: how many servers, above the load.
    """
    from scipy.special import gammaincc, gammaln

    some = load > 0
    a, n = np.where(some, load, 0.5), np.where(some, servers, 1.0)
    # The Poisson chance by way of its deviance (Loader 2000): differences of logarithms near 1e6 would lose their digits.
    few = np.minimum(n, _SERIES)
    exact = gammaln(few + 1) - (few + 0.5) * np.log(few) + few - 0.5 * np.log(2 * np.pi)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / n**2) / n**2) / n**2) / n
    busy = a / n
    log = np.where(busy < 0.5, np.log(busy), np.log1p(np.maximum(busy - 1, -0.5)))
    with np.errstate(under="ignore"):
        chance = np.exp(-n * (busy - 1 - log) - np.where(n >= _SERIES, series, exact)) / np.sqrt(2 * np.pi * n)
    blocked = chance / gammaincc(n + 1, a)  # at least half of all is at most n, as n is above the mean
    return np.where(some, n * blocked / (n - a * (1 - blocked)), 0.0)


def answered_within(load: FloatArray, servers: FloatArray, limit: FloatArray) -> FloatArray:
    """Share of arrivals that wait at most so long: 1 - C exp(-(n - a) t), with the chance C of waiting.

    Args:
        load: offered load a in erlangs, 0 or more.
        servers: how many servers, above the load.
        limit: the wait t in mean service times, 0 or more.
    """
    with np.errstate(under="ignore"):
        return np.asarray(1 - chance_of_waiting(load, servers) * np.exp(-(servers - load) * limit), dtype=np.float64)


def servers_needed(load: FloatArray, limit: FloatArray, level: FloatArray) -> FloatArray:
    """The fewest servers above the load with which at least this share of arrivals waits at most so long.

    Args:
        load: offered load in erlangs, 0 or more.
        limit: the wait in mean service times, 0 or more.
        level: the share, strictly between 0 and 1.
    """
    low, step = np.floor(load), np.ones_like(load)  # the load itself is too few
    while (short := answered_within(load, low + step, limit) < level).any():
        step = np.where(short, 2 * step, step)
    high = low + step
    while (apart := high - low > 1).any():
        middle = np.where(apart, np.floor((low + high) / 2), high)
        enough = answered_within(load, middle, limit) >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
