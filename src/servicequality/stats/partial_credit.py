"""Weights of agreement between two categories: 1 for the same, less the farther they lie apart."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require, whole
from servicequality.stats._kernel import kernel

Weights: TypeAlias = Literal["none", "linear", "quadratic", "ordinal", "radical", "ratio"]
NAMED: tuple[Weights, ...] = ("none", "linear", "quadratic", "ordinal", "radical", "ratio")


@kernel
def agreement_weights(
    categories: int, weights: Weights | ArrayLike = "none", *, scores: ArrayLike | None = None
) -> FloatArray:
    """The matrix of agreement weights, categories by categories (Cohen 1968; Gwet 2014, chapter 3).

    Args:
        categories: how many there are.
        weights: ``none`` (the same or nothing), ``linear``, ``quadratic`` or ``radical`` in the distance of the scores,
            ``ratio`` in their distance over their sum, ``ordinal`` in the number of categories between; or a matrix,
            1 on its diagonal.
        scores: where the categories lie on a scale; 0, 1, 2 … by default (1, 2, 3 … for ``ratio``).

    Raises:
        ParameterError: an unknown name, scores of another number, or a matrix that is not square, symmetric, within
            0 and 1, or 1 on its diagonal.
    """
    whole("categories", categories, least=1)
    if not isinstance(weights, str):
        return _matrix(categories, weights)
    choice("weights", weights, NAMED)
    places = np.arange(categories, dtype=np.float64)
    (at,) = floats(scores=places + (weights == "ratio") if scores is None else scores)
    if at.shape != (categories,):
        raise ParameterError(f"scores must hold one number a category, {categories}; got shape {at.shape}")
    if weights == "none" or categories == 1:
        return np.eye(categories)
    if weights == "ordinal":
        between = np.abs(places[:, None] - places) + 1
        pairs = between * (between - 1) / 2
        return np.asarray(1 - pairs / pairs.max(), dtype=np.float64)
    distance = np.abs(at[:, None] - at)
    if weights == "ratio":
        require(at > 0, "scores", at, "above 0", "ratios need a scale that begins above 0")
        distance = distance / (at[:, None] + at)
    if not (distance > 0).any():
        raise ParameterError("scores must differ: categories at one place of the scale have no distance")
    power = {"linear": 1.0, "quadratic": 2.0, "radical": 0.5, "ratio": 2.0}[weights]
    return np.asarray(1 - (distance / distance.max()) ** power, dtype=np.float64)


def _matrix(categories: int, weights: ArrayLike) -> FloatArray:
    (matrix,) = floats(weights=weights)
    if matrix.shape != (categories, categories):
        raise ParameterError(
            f"weights must be a matrix of {categories} by {categories}, one row and column a category; "
            f"got shape {matrix.shape}"
        )
    require((matrix >= 0) & (matrix <= 1), "weights", matrix, "within 0 and 1", "1 is full agreement, 0 is none")
    if not (np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)):
        raise ParameterError("weights must be symmetric with 1 on the diagonal: a category agrees with itself in full")
    return matrix
