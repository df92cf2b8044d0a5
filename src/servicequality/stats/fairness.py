"""Whether one unit among many differs: funnels, shrinkage, dispersion, probabilities of ranks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, critical_value, floats, positive, require, rows, whole
from servicequality.stats._kernel import kernel


class Funnel(NamedTuple):
    """Shares of many units beside what one common share would give (Spiegelhalter 2005).

    Attributes:
        centre: the common share.
        z: how many standard errors each unit lies from it.
        phi: mean of z squared: 1 where binomial chance is all there is.
        low: limits of each unit, widened by sqrt(max(1, phi)).
        high: the upper limits.
    """

    centre: float
    z: FloatArray
    phi: float
    low: FloatArray
    high: FloatArray


@kernel
def funnel(hits: ArrayLike, n: ArrayLike, *, level: float = 0.998) -> Funnel:
    """Funnel limits about the common share, adjusted for over-dispersion.

    Args:
        hits: successes of each unit.
        n: rows of each unit, above 0.
        level: two-sided level of the limits; 0.998 is the funnel's usual one.

    Raises:
        ParameterError: fewer than two units, sizes that are not above 0, more hits than rows, or a common share of 0 or 1.
    """
    k, size = floats(hits=hits, n=n)
    positive("n", size)
    require((k >= 0) & (k <= size), "hits", k, "from 0 to n", "count rows")
    if size.size < 2:
        raise ParameterError(f"a funnel needs two units or more; got {size.size}")
    centre = float(k.sum() / size.sum())
    if not 0 < centre < 1:
        raise ParameterError(f"the common share is {centre:g}: nothing varies, and there is no funnel")
    se = np.sqrt(centre * (1 - centre) / size)
    z = (k / size - centre) / se
    phi = float(np.mean(z**2))
    reach = critical_value(level) * np.sqrt(max(1.0, phi)) * se
    return Funnel(centre, np.asarray(z), phi, np.clip(centre - reach, 0, 1), np.clip(centre + reach, 0, 1))


class Shrunk(NamedTuple):
    """Shares of many units, each shrunk towards the mean, the more the fewer its rows.

    Attributes:
        mean: mean of the units' true shares.
        concentration: how alike they are: the prior counts as so many rows. Infinite where chance explains all.
        estimates: expected true share of each unit.
        low: lower limits of its true share.
        high: upper limits.
    """

    mean: float
    concentration: float
    estimates: FloatArray
    low: FloatArray
    high: FloatArray


_WIDEST = 15.0  # of the log of the concentration: above it the units are alike


@kernel
def shrink(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Shrunk:
    """Beta-binomial shrinkage, its two parameters by maximum likelihood (Griffiths 1973; Efron & Morris 1975).

    Limits are the beta quantiles given the parameters, which are taken as known.

    Args:
        hits: successes of each unit.
        n: rows of each unit, above 0.
        level: two-sided level of the limits.

    Raises:
        ParameterError: fewer than three units, sizes that are not above 0, more hits than rows, or all of them 0 or n.
    """
    from scipy.optimize import minimize
    from scipy.special import betaincinv, betaln, expit, logit

    k, size = floats(hits=hits, n=n)
    positive("n", size)
    require((k >= 0) & (k <= size), "hits", k, "from 0 to n", "count rows")
    if size.size < 3:
        raise ParameterError(f"how much units differ needs three of them or more; got {size.size}")
    common = float(k.sum() / size.sum())
    if not 0 < common < 1:
        raise ParameterError(f"the common share is {common:g}: nothing varies, and there is nothing to shrink")

    def loss(parameters: FloatArray) -> float:
        mean, strength = expit(parameters[0]), np.exp(min(parameters[1], _WIDEST))
        a, b = mean * strength, (1 - mean) * strength
        return -float(np.sum(betaln(k + a, size - k + b) - betaln(a, b)))

    starts = [(float(logit(common)), float(np.log(strength))) for strength in (2.0, 20.0, 400.0)]
    fits = [minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}) for start in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    mean, strength = float(expit(best.x[0])), float(np.exp(min(best.x[1], _WIDEST)))
    a, b = k + mean * strength, size - k + (1 - mean) * strength
    tail = (1 - level) / 2
    alike = best.x[1] >= _WIDEST - 1
    return Shrunk(
        mean,
        np.inf if alike else strength,
        np.asarray(a / (a + b)),
        np.asarray(betaincinv(a, b, tail)),
        np.asarray(betaincinv(a, b, 1 - tail)),
    )


@kernel
def rank_chances(
    estimate: ArrayLike, low: ArrayLike, high: ArrayLike, *, level: float = 0.95, draws: int = 4_000, seed: int = 0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ranks with their doubt, from estimates with limits: the mean rank and the limits of the rank, 1 for the largest.

    Normal draws about the estimates with the limits' width; the same seed gives the same ranks.

    Args:
        estimate: one a unit.
        low: its lower limit.
        high: its upper limit.
        level: level of the limits given, and of those of the rank.
        draws: how many draws.
        seed: of the draws.

    Returns:
        Mean rank, low and high rank of each unit.

    Raises:
        ParameterError: limits that do not hold the estimate, or a level outside (0, 1).
    """
    whole("draws", draws, least=1)
    whole("seed", seed, least=0)
    value, below, above = (rows("estimate and limits", each) for each in floats(estimate=estimate, low=low, high=high))
    require((below <= value) & (value <= above), "estimate", value, "within its limits", "give limits of the estimates")
    z = float(critical_value(level))
    noise = np.random.default_rng(seed).standard_normal((draws, value.size))
    sigma = np.where(noise > 0, (above - value) / z, (value - below) / z)
    drawn = value + noise * sigma
    ranks = np.empty(drawn.shape, np.float64)
    np.put_along_axis(ranks, np.argsort(-drawn, axis=1, kind="stable"), np.arange(1.0, value.size + 1)[None, :], axis=1)
    tail = (1 - level) / 2
    low_rank, high_rank = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return ranks.mean(axis=0), low_rank, high_rank


@kernel
def dispersion(counts: ArrayLike) -> tuple[float, float, float]:
    """Whether counts vary more than Poisson chance: variance over mean, its chi-square, and the p-value (Fisher 1950).

    Args:
        counts: two or more counts of equal exposure, 0 or more.

    Raises:
        ParameterError: fewer than two counts, a negative one, or all of them 0.
    """
    from scipy.special import chdtrc

    (observed,) = floats(counts=counts)
    require(observed >= 0, "counts", observed, "0 or more", "count events")
    if observed.size < 2 or not observed.sum():
        raise ParameterError(f"dispersion needs two counts or more that are not all 0; got {observed.size}")
    chi2 = float(((observed - observed.mean()) ** 2).sum() / observed.mean())
    return chi2 / (observed.size - 1), chi2, float(chdtrc(observed.size - 1, chi2))
