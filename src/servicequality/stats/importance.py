"""Importance of several scores for an outcome, from covariances: regression, shares of R², partial correlations."""

# None of it is a cause: a share tells how well a score predicts, not what would happen if it were raised.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, Interval, floats, require
from servicequality.stats._kernel import kernel
from servicequality.stats.crossproducts import correlation, covariance, covariances, resampled_covariances
from servicequality.stats.mean import t_interval
from servicequality.stats.reliability import inverse
from servicequality.stats.validity import percentile_limits

# 2 to this many sets of predictors are looked at; beyond it, take dimensions in place of items.
_MOST_PREDICTORS = 18
_AT_ONCE = 1 << 20


class Weights(NamedTuple):
    """Regression weights with their limits, each of shape (…, p).

    Attributes:
        value: the weights.
        low: lower limits.
        high: upper limits.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray


@kernel
def regression_weights(
    covariance: ArrayLike, n: ArrayLike, *, outcome: int = -1, standardised: bool = False, level: float = 0.95
) -> Weights:
    """Weights of the predictors in the least-squares regression of an outcome, with t(n - p - 1) limits.

    Args:
        covariance: of predictors and outcome together, shape (…, p + 1, p + 1).
        n: rows behind it, more than p + 1.
        outcome: which row of the matrix is the outcome.
        standardised: weights in standard deviations; their standard errors allow for the standard deviations being
            estimated too (Yuan and Chan 2011).
        level: two-sided confidence.

    Raises:
        ParameterError: no predictor, a predictor that is a sum of others, a variable without variance, n <= p + 1, or a
            level outside (0, 1).
    """
    s_xx, s_xy, s_yy = _parted(covariance, outcome)
    (n_,) = floats(n=n)
    p = s_xx.shape[-1]
    require(n_ > p + 1, "n", n_, f"above the number of weights ({p + 1})", "ask fewer predictors, or more people")
    inverted = inverse(s_xx)
    b = (inverted @ s_xy[..., None])[..., 0]
    freedom = n_ - p - 1
    explained = np.sum(b * s_xy, axis=-1)
    residual = np.maximum(s_yy - explained, 0.0)
    variance = (residual / freedom)[..., None] * np.diagonal(inverted, axis1=-2, axis2=-1)
    if standardised:
        v_x, v_y = np.diagonal(s_xx, axis1=-2, axis2=-1), s_yy[..., None]
        shift = v_x * (explained - residual)[..., None] - s_xy**2
        variance = np.maximum(variance * v_x / v_y + b**2 * shift / (freedom[..., None] * v_y**2), 0.0)
        b = b * np.sqrt(v_x / v_y)
    low, high = t_interval(b, np.sqrt(variance), df=freedom[..., None], level=level)
    return Weights(np.asarray(b, dtype=np.float64), low, high)


@kernel
def lmg_shares(covariance: ArrayLike, *, outcome: int = -1) -> FloatArray:
    """Parts of R² that fall to each predictor, averaged over all orders of entry (Lindeman, Merenda and Gold 1980).

    They are the Shapley values of R²: never negative, equal for two predictors that are copies, and their sum is R².

    Args:
        covariance: of predictors and outcome together, shape (…, p + 1, p + 1).
        outcome: which row of the matrix is the outcome.

    Returns:
        Shape (…, p), in the order of the matrix.

    Raises:
        ParameterError: no predictor, more than 18, or a variable without variance.
    """
    s_xx, s_xy, s_yy = _parted(covariance, outcome)
    p = s_xx.shape[-1]
    if p > _MOST_PREDICTORS:
        raise ParameterError(f"covariance must have at most {_MOST_PREDICTORS} predictors; got {p}: join items first")
    flat = np.zeros((s_yy.size, p + 1, p + 1))
    flat[:, :p, :p] = s_xx.reshape(-1, p, p)
    flat[:, p, :p] = flat[:, :p, p] = s_xy.reshape(-1, p)
    flat[:, p, p] = s_yy.ravel()
    rows = max(1, _AT_ONCE >> p)
    parts = [_shapley(_explained(flat[begin : begin + rows])) for begin in range(0, len(flat), rows)]
    return np.concatenate([np.zeros((0, p)), *parts]).reshape(*s_yy.shape, p)


@kernel
def lmg_interval(
    answers: ArrayLike, *, outcome: int = -1, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile limits of ``lmg_shares`` over samples of the respondents with replacement, shape (p,) each.

    Args:
        answers: shape (respondents, p + 1), predictors and outcome; who missed one is left out.
        outcome: which column is the outcome.
        level: two-sided confidence.
        resamples: how many samples are drawn.
        seed: of the random numbers.

    Warns:
        ServiceQualityWarning: samples in which a column does not vary, which are left out.

    Raises:
        ParameterError: as ``lmg_shares`` and ``resampled_covariances``; undefined in more than one sample of twenty.
    """
    lmg_shares(covariance(answers), outcome=outcome)
    drawn = resampled_covariances(answers, resamples=resamples, seed=seed)
    live = (np.diagonal(drawn, axis1=-2, axis2=-1) > 0).all(axis=-1)
    return percentile_limits(lmg_shares(drawn[live], outcome=outcome), of=resamples, level=level)


@kernel
def partial_correlations(covariance: ArrayLike) -> FloatArray:
    """Correlation of each pair of variables with all the others held fixed, shape (…, k, k).

    Limits: ``correlation_interval`` with ``controlled=k - 2``.

    Args:
        covariance: covariances of the variables, shape (…, k, k).

    Raises:
        ParameterError: a variable without variance, or one that is a sum of others.
    """
    precision = inverse(correlation(covariance))
    scale = np.sqrt(np.diagonal(precision, axis1=-2, axis2=-1))
    partial = np.clip(-precision / (scale[..., :, None] * scale[..., None, :]), -1.0, 1.0)
    k = partial.shape[-1]
    partial[..., range(k), range(k)] = 1.0
    return np.asarray(partial, dtype=np.float64)


def _parted(covariance: ArrayLike, outcome: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    s = covariances(covariance)
    k = s.shape[-1]
    if k < 2 or not -k <= outcome < k:
        raise ParameterError(f"covariance must hold predictors and the outcome {outcome}; got {k} variables")
    variance = np.diagonal(s, axis1=-2, axis2=-1)
    require(variance > 0, "variance", variance, "above 0", "what does not vary neither predicts nor is predicted")
    x = np.delete(np.arange(k), outcome)
    return s[..., x[:, None], x], s[..., x, outcome], s[..., outcome, outcome]


def _explained(stack: FloatArray) -> FloatArray:
    """R² of every set of predictors, shape (groups, 2, …, 2): along axis i + 1, without predictor i and with it.

    Predictors are taken one after the other: each set branches into the one that leaves it out and the one that sweeps it
    out of all that is left. The matrices shrink as the sets grow, so that the whole costs a few steps a set.
    """
    groups, p = len(stack), stack.shape[-1] - 1
    variance = np.diagonal(stack, axis1=-2, axis2=-1)
    sets = stack[:, None]
    for i in range(p):
        pivot, across = sets[..., 0, 0], sets[..., 0, 1:]
        live = pivot > 1e-10 * variance[:, None, i]  # else it is a sum of those before it and adds nothing
        ratio = np.where(live, 1 / np.where(live, pivot, 1.0), 0.0)[..., None, None]
        without = sets[..., 1:, 1:]
        swept = without - ratio * across[..., :, None] * across[..., None, :]
        sets = np.stack((without, swept), axis=2).reshape(groups, -1, p - i, p - i)
    left = sets[..., 0, 0].reshape(groups, *([2] * p))
    return np.asarray(1 - left / variance[:, -1].reshape(groups, *([1] * p)), dtype=np.float64)


def _shapley(explained: FloatArray) -> FloatArray:
    """Mean gain of each predictor over all orders in which it may come, shape (groups, p)."""
    from scipy.special import comb

    p = explained.ndim - 1
    size = sum(np.indices((2,) * (p - 1))) if p > 1 else np.zeros(())  # predictors that came before
    chance = 1 / (p * comb(p - 1, np.asarray(size)))
    gains = [np.diff(explained, axis=i + 1).squeeze(axis=i + 1) * chance for i in range(p)]
    return np.stack([gain.reshape(len(explained), -1).sum(axis=1) for gain in gains], axis=1)
