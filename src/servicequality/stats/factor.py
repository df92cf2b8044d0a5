"""The one-factor model of a scale by maximum likelihood, and omega, the reliability that follows from it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require
from servicequality.stats._kernel import kernel
from servicequality.stats.crossproducts import correlation, covariances
from servicequality.stats.reliability import inverse

# A residual below this share of its item's variance is an improper solution; other tools stop at the same.
_LEAST_RESIDUAL = 0.005
_STEPS = 200


class OneFactor(NamedTuple):
    """The fitted model: item = loading · factor + residual.

    Attributes:
        loadings: shape (…, k), in the items' own units; they sum to 0 or more.
        residuals: residual variances, shape (…, k).
        improper: true where a residual stopped at its least, 0.5 % of the item's variance (a Heywood case).
    """

    loadings: FloatArray
    residuals: FloatArray
    improper: NDArray[np.bool_]


@kernel
def one_factor(covariance: ArrayLike) -> OneFactor:
    """Loadings and residual variances of one common factor, by maximum likelihood (Lawley 1940, Jöreskog 1967).

    Newton's method on the logs of the residual variances, with the exact second derivatives of the likelihood from which
    the loadings have been eliminated; all groups step together.

    Args:
        covariance: of the items, shape (…, k, k), k at least 3 (two items cannot tell factor from residual).

    Raises:
        ParameterError: fewer than three items, an item without variance, an item that is a sum of others, or covariances
            that no fit settles on.
    """
    s = covariances(covariance)
    k = s.shape[-1]
    if k < 3:
        raise ParameterError(f"covariance must be of at least 3 items; got {k}: two cannot tell factor from residual")
    sd = np.sqrt(np.diagonal(s, axis1=-2, axis2=-1)).reshape(-1, k)
    r = correlation(s).reshape(-1, k, k)
    x = np.log((1 - 0.5 / k) / np.diagonal(inverse(r), axis1=-2, axis2=-1))
    least = np.log(_LEAST_RESIDUAL)
    x, settled = _descend(r, np.maximum(x, least), least)
    require(settled, "fit", np.zeros(len(r)), "settled", "the items have no common factor that can be found")
    theta, vectors = _eigen(r, x)
    loadings = np.exp(x / 2) * vectors[..., -1] * np.sqrt(np.maximum(theta[..., -1:] - 1, 0.0))
    loadings *= np.where(loadings.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return OneFactor(
        (sd * loadings).reshape(s.shape[:-1]),
        (sd**2 * np.exp(x)).reshape(s.shape[:-1]),
        np.asarray((x <= least).any(axis=-1).reshape(s.shape[:-2])),
    )


@kernel
def mcdonald_omega(covariance: ArrayLike, *, standardised: bool = False) -> FloatArray:
    """Reliability of the sum of the items if one factor is what they share (McDonald 1999), fitted by ``one_factor``.

    Unlike alpha it lets the items be good to different degrees.

    Args:
        covariance: of the items, shape (…, k, k), k at least 3.
        standardised: omega of the items after each is divided by its standard deviation.

    Raises:
        ParameterError: as ``one_factor``.
    """
    fitted = one_factor(correlation(covariance) if standardised else covariance)
    return omega_of_loadings(fitted.loadings, fitted.residuals)


@kernel
def omega_of_loadings(loadings: ArrayLike, residuals: ArrayLike) -> FloatArray:
    """Omega of a fitted model, (Σ loadings)² / ((Σ loadings)² + Σ residuals) (McDonald 1999).

    Args:
        loadings: of the items on the one factor, along the last axis.
        residuals: residual variances, 0 or more.

    Raises:
        ParameterError: no axis of items, a negative residual, a model without variance, or a value that is not finite.
    """
    lam, psi = floats(loadings=loadings, residuals=residuals)
    if lam.ndim == 0:
        raise ParameterError("loadings must hold one value an item along the last axis; got one number")
    require(psi >= 0, "residuals", psi, "0 or more", "a variance is never negative")
    common = lam.sum(axis=-1) ** 2
    total = common + psi.sum(axis=-1)
    require(total > 0, "variance of the sum", total, "above 0", "nothing varies")
    return np.asarray(common / total, dtype=np.float64)


def _eigen(r: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    half = np.exp(-x / 2)
    theta, vectors = np.linalg.eigh(r * half[..., :, None] * half[..., None, :])
    return theta, vectors


def _discrepancy(theta: FloatArray) -> FloatArray:
    rest = theta[..., :-1]
    return np.asarray(np.sum(rest - np.log(rest) - 1, axis=-1), dtype=np.float64)


def _derivatives(theta: FloatArray, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First and second derivatives of the discrepancy by the logs of the residuals (Clarke 1970)."""
    rest, first = theta[..., :-1], theta[..., -1:]
    w, u = vectors[..., :-1], vectors[..., -1]
    slope = np.sum((1 - rest)[..., None, :] * w * w, axis=-1)
    across = np.swapaxes(w, -1, -2)
    weight = (1 - rest) * (first + rest) / np.maximum(first - rest, 1e-12)
    curve = (w @ across) * ((w * rest[..., None, :]) @ across)
    curve += u[..., :, None] * u[..., None, :] * ((w * weight[..., None, :]) @ across)
    return slope, curve


def _descend(r: FloatArray, x: FloatArray, least: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Newton steps, kept above the bound and halved until the discrepancy falls."""
    settled = np.zeros(len(r), dtype=np.bool_)
    for _ in range(_STEPS):
        theta, vectors = _eigen(r, x)
        value = _discrepancy(theta)
        slope, curve = _derivatives(theta, vectors)
        bound = (x <= least) & (slope > 0)
        slope = np.where(bound, 0.0, slope)
        settled = np.abs(slope).max(axis=-1) < 1e-9
        if settled.all():
            break
        curve = np.where(bound[..., :, None] | bound[..., None, :], np.eye(x.shape[-1]), curve)
        bend, axes = np.linalg.eigh(curve)
        along = np.swapaxes(axes, -1, -2) @ slope[..., None]
        step = -(axes @ (along / np.maximum(np.abs(bend), 1e-9)[..., None]))[..., 0]
        step *= np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=-1, keepdims=True), 1e-300))
        size = np.where(settled, 0.0, 1.0)
        for _ in range(40):
            tried = np.maximum(x + size[:, None] * step, least)
            worse = _discrepancy(_eigen(r, tried)[0]) > value + 1e-12
            if not worse.any():
                break
            size = np.where(worse, size / 2, size)
        x = tried
    return x, settled
