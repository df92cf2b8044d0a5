"""Reliability of a scale from covariances of its items: alpha and its relatives, differences, combinations."""

# Every function takes covariances of the items with groups on leading axes; ``covariance`` makes them of answers, and
# ``CrossProducts`` of stored sums.

import warnings

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats._checks import FloatArray, Interval, floats, interval, require, two_sided_tail
from servicequality.stats._kernel import kernel
from servicequality.stats.crossproducts import correlation, covariances


@kernel
def cronbach_alpha(covariance: ArrayLike, *, standardised: bool = False) -> FloatArray:
    """Cronbach's alpha, k / (k - 1) · (1 - Σ variances / variance of the sum) (Cronbach 1951).

    It is the reliability of the sum of the items only if all of them measure one thing equally well; then and otherwise it
    bounds it from below as long as the errors are uncorrelated. It says nothing of whether they measure one thing.

    Args:
        covariance: of the items, shape (…, k, k), k at least 2.
        standardised: alpha of the items after each is divided by its standard deviation.

    Warns:
        ServiceQualityWarning: a negative alpha. As a rule an item points the other way and was not reversed.

    Raises:
        ParameterError: one item, a sum of the items without variance, or (standardised) an item without variance.
    """
    s = _items(covariance, standardised=standardised)
    k = s.shape[-1]
    alpha = k / (k - 1) * (1 - np.trace(s, axis1=-2, axis2=-1) / _total(s))
    if (alpha < 0).any():
        warnings.warn(
            f"alpha is negative ({alpha.min():.2f}): the items do not go together; look for one that has to be reversed",
            ServiceQualityWarning,
            stacklevel=2,
        )
    return np.asarray(alpha, dtype=np.float64)


@kernel
def feldt_interval(alpha: ArrayLike, n: ArrayLike, k: ArrayLike, *, level: float = 0.95) -> Interval:
    """Limits of alpha from the F distribution of (1 - population alpha) / (1 - alpha) (Feldt, Woodruff and Salih 1987).

    Args:
        alpha: at most 1.
        n: respondents, at least 2.
        k: items, at least 2.
        level: two-sided confidence.

    Raises:
        ParameterError: a value out of its range or not finite, or a level outside (0, 1).
    """
    from scipy.special import fdtri

    alpha_, n_, k_ = floats(alpha=alpha, n=n, k=k)
    require(alpha_ <= 1, "alpha", alpha_, "at most 1", "give Cronbach's alpha")
    require(n_ >= 2, "n", n_, "at least 2", "one respondent has no spread: leave such groups out of the call")
    require(k_ >= 2, "k", k_, "at least 2", "one item has no alpha")
    tail = two_sided_tail(level)
    freedom = (n_ - 1, (n_ - 1) * (k_ - 1))
    return interval(1 - (1 - alpha_) * fdtri(*freedom, 1 - tail), 1 - (1 - alpha_) * fdtri(*freedom, tail))


@kernel
def alpha_se(covariance: ArrayLike, n: ArrayLike) -> FloatArray:
    """Standard error of alpha for normal answers, whatever the covariances (van Zyl, Neudecker and Nel 2000).

    It does not ask the items to be equally good, as Feldt's limits do (Duhachek and Iacobucci 2004).

    Args:
        covariance: of the items, shape (…, k, k), k at least 2.
        n: respondents, at least 2.

    Raises:
        ParameterError: as ``cronbach_alpha``; n < 2.
    """
    s = _items(covariance)
    (n_,) = floats(n=n)
    require(n_ >= 2, "n", n_, "at least 2", "one respondent has no spread: leave such groups out of the call")
    k, total, trace = s.shape[-1], _total(s), np.trace(s, axis1=-2, axis2=-1)
    rows = s.sum(axis=-1)
    spread = total * (np.sum(s * s, axis=(-1, -2)) + trace**2) - 2 * trace * np.sum(rows * rows, axis=-1)
    variance = 2 * k**2 / ((k - 1) ** 2 * total**3) * np.maximum(spread, 0.0)
    return np.asarray(np.sqrt(variance / n_), dtype=np.float64)


@kernel
def alpha_if_dropped(covariance: ArrayLike, *, standardised: bool = False) -> FloatArray:
    """Alpha of the other items, for each item, shape (…, k). A larger one is no reason to drop what a scale has to cover.

    Args:
        covariance: covariances of the items, shape (…, k, k).
        standardised: whether the items are brought to one variance first.

    Raises:
        ParameterError: fewer than three items, others whose sum has no variance, or (standardised) an item without variance.
    """
    s = _items(covariance, standardised=standardised, least=3)
    left = s.shape[-1] - 1
    variance, rest = _variance(s), _rest(s)
    others = np.trace(s, axis1=-2, axis2=-1)[..., None] - variance
    require(rest > 1e-12 * others, "variance of the other items' sum", rest, "above 0", "their alpha is undefined")
    return np.asarray(left / (left - 1) * (1 - others / rest), dtype=np.float64)


@kernel
def item_total_correlation(covariance: ArrayLike) -> FloatArray:
    """Correlation of each item with the sum of all, shape (…, k). It is flattered by the item's own part in the sum.

    Args:
        covariance: covariances of the items, shape (…, k, k).

    Raises:
        ParameterError: one item, an item without variance, or a sum without.
    """
    s = _items(covariance)
    return _cosine(s.sum(axis=-1), _variance(s), _total(s)[..., None])


@kernel
def item_rest_correlation(covariance: ArrayLike) -> FloatArray:
    """Correlation of each item with the sum of the others, shape (…, k): the corrected item-total correlation.

    Args:
        covariance: covariances of the items, shape (…, k, k).

    Raises:
        ParameterError: one item, an item without variance, or others whose sum has none.
    """
    s = _items(covariance)
    return _cosine(s.sum(axis=-1) - _variance(s), _variance(s), _rest(s))


@kernel
def mean_inter_item_correlation(covariance: ArrayLike) -> FloatArray:
    """Mean correlation over all pairs of items, which unlike alpha does not grow with their number.

    Args:
        covariance: covariances of the items, shape (…, k, k).

    Raises:
        ParameterError: one item, or an item without variance.
    """
    r = _items(covariance, standardised=True)
    k = r.shape[-1]
    return np.asarray((r.sum(axis=(-1, -2)) - k) / (k * (k - 1)), dtype=np.float64)


@kernel
def guttman_lambda2(covariance: ArrayLike, *, standardised: bool = False) -> FloatArray:
    """Guttman's second lower bound of reliability, never below alpha (Guttman 1945).

    Args:
        covariance: covariances of the items, shape (…, k, k).
        standardised: whether the items are brought to one variance first.

    Raises:
        ParameterError: as ``cronbach_alpha``.
    """
    s = _items(covariance, standardised=standardised)
    k, off = s.shape[-1], s * (1 - np.eye(s.shape[-1]))
    shared = off.sum(axis=(-1, -2)) + np.sqrt(k / (k - 1) * np.sum(off * off, axis=(-1, -2)))
    return np.asarray(shared / _total(s), dtype=np.float64)


@kernel
def guttman_lambda6(covariance: ArrayLike, *, standardised: bool = False) -> FloatArray:
    """Guttman's sixth lower bound, from what the other items leave unexplained of each (Guttman 1945).

    Args:
        covariance: covariances of the items, shape (…, k, k).
        standardised: whether the items are brought to one variance first.

    Raises:
        ParameterError: as ``cronbach_alpha``; items of which one is the sum of others (nothing can be inverted).
    """
    s = _items(covariance, standardised=standardised)
    unexplained = 1 / np.diagonal(inverse(s), axis1=-2, axis2=-1)
    return np.asarray(1 - unexplained.sum(axis=-1) / _total(s), dtype=np.float64)


@kernel
def spearman_brown(reliability: ArrayLike, *, factor: ArrayLike = 2.0) -> FloatArray:
    """Reliability of a scale made ``factor`` times as long by parallel items (Spearman 1910, Brown 1910).

    Args:
        reliability: of the scale as it is, or the correlation of its halves.
        factor: new length over old length: 2 steps a half up to the whole, 0.5 halves it.

    Raises:
        ParameterError: a reliability outside [-1, 1], factor <= 0, or 1 + (factor - 1) · reliability not above 0.
    """
    r, m = floats(reliability=reliability, factor=factor)
    require(np.abs(r) <= 1, "reliability", r, "within -1 and 1", "give a reliability or a correlation")
    require(m > 0, "factor", m, "above 0", "2 makes a half whole")
    below = 1 + (m - 1) * r
    require(below > 0, "reliability", r, "above -1 / (factor - 1)", "halves that oppose each other make no scale")
    return np.asarray(m * r / below, dtype=np.float64)


@kernel
def difference_reliability(
    var_x: ArrayLike, var_y: ArrayLike, rel_x: ArrayLike, rel_y: ArrayLike, r_xy: ArrayLike
) -> FloatArray:
    """Reliability of x - y, (v_x ρ_x + v_y ρ_y - 2 c) / (v_x + v_y - 2 c) with c = r √(v_x v_y) (Johns 1981).

    The more x and y go together, the less of their difference is more than error: a gap of two good scales can be a bad one.

    Args:
        var_x: variance of x, as observed; above 0.
        var_y: variance of y.
        rel_x: reliability of x, at most 1.
        rel_y: reliability of y, at most 1.
        r_xy: correlation of x and y.

    Raises:
        ParameterError: a value out of its range or not finite, or a difference without variance.
    """
    vx, vy, rx, ry, r = floats(var_x=var_x, var_y=var_y, rel_x=rel_x, rel_y=rel_y, r_xy=r_xy)
    for name, variance in (("var_x", vx), ("var_y", vy)):
        require(variance > 0, name, variance, "above 0", "a score without variance has no reliability")
    for name, reliability in (("rel_x", rx), ("rel_y", ry)):
        require(reliability <= 1, name, reliability, "at most 1", "give a reliability")
    require(np.abs(r) <= 1, "r_xy", r, "within -1 and 1", "give a correlation")
    shared = 2 * r * np.sqrt(vx * vy)
    variance = vx + vy - shared
    require(variance > 1e-12 * (vx + vy), "variance of x - y", variance, "above 0", "the difference is a constant")
    return np.asarray((vx * rx + vy * ry - shared) / variance, dtype=np.float64)


@kernel
def combination_reliability(
    variances: ArrayLike, reliabilities: ArrayLike, total_variance: ArrayLike, *, weights: ArrayLike = 1.0
) -> FloatArray:
    """Reliability of a weighted sum of parts, 1 - Σ w² v (1 - ρ) / total variance (Mosier 1943, Nunnally 1978).

    Args:
        variances: of the parts, along the last axis.
        reliabilities: of the parts, at most 1.
        total_variance: of the weighted sum, as observed; above 0.
        weights: of the parts in the sum.

    Raises:
        ParameterError: a value out of its range or not finite, or no axis of parts.
    """
    v, rho, w = floats(variances=variances, reliabilities=reliabilities, weights=weights)
    (total,) = floats(total_variance=total_variance)
    if v.ndim == 0:
        raise ParameterError("variances must hold one value a part along the last axis; got one number")
    require(v >= 0, "variances", v, "0 or more", "a variance is never negative")
    require(rho <= 1, "reliabilities", rho, "at most 1", "give reliabilities")
    require(total > 0, "total_variance", total, "above 0", "a sum without variance has no reliability")
    return np.asarray(1 - np.sum(w * w * v * (1 - rho), axis=-1) / total, dtype=np.float64)


def inverse(s: FloatArray) -> FloatArray:
    """The inverse of covariances, of which none may be made of others.

    Raises:
        ParameterError: a singular matrix.
    """
    scale = np.sqrt(np.diagonal(s, axis1=-2, axis2=-1))
    require(scale > 0, "variance", scale, "above 0", "an item without variance explains nothing: leave it out")
    outer = scale[..., :, None] * scale[..., None, :]
    smallest = np.linalg.eigvalsh(s / outer)[..., 0]
    require(
        smallest > 1e-10, "smallest eigenvalue", smallest, "above 0",
        "an item is a copy or a sum of others, or there are fewer respondents than items: leave items out",
    )  # fmt: skip
    return np.asarray(np.linalg.inv(s / outer) / outer, dtype=np.float64)


def _items(covariance: ArrayLike, *, standardised: bool = False, least: int = 2) -> FloatArray:
    s = covariances(covariance)
    if s.shape[-1] < least:
        raise ParameterError(f"covariance must be of at least {least} items; got {s.shape[-1]}")
    return correlation(s) if standardised else s


def _variance(s: FloatArray) -> FloatArray:
    return np.asarray(np.diagonal(s, axis1=-2, axis2=-1), dtype=np.float64)


def _total(s: FloatArray) -> FloatArray:
    """Variance of the sum of the items. What is left of a sum that cancels is rounding, and undefined."""
    total = np.asarray(s.sum(axis=(-1, -2)), dtype=np.float64)
    trace = np.trace(s, axis1=-2, axis2=-1)
    require(total > 1e-12 * trace, "variance of the items' sum", total, "above 0", "without it nothing is defined")
    return total


def _rest(s: FloatArray) -> FloatArray:
    """Variance of the sum of the other items, for each."""
    rows = s.sum(axis=-1)
    return np.asarray(rows.sum(axis=-1, keepdims=True) - 2 * rows + _variance(s), dtype=np.float64)


def _cosine(shared: FloatArray, variance: FloatArray, other: FloatArray) -> FloatArray:
    require(
        variance > 0, "variance", variance, "above 0", "an item without variance correlates with nothing: leave it out"
    )
    require(other > 1e-12 * variance, "variance of the sum", other, "above 0", "it correlates with nothing")
    return np.asarray(np.clip(shared / np.sqrt(variance * other), -1.0, 1.0), dtype=np.float64)
