"""Adjusted p-values of several comparisons made at once."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require
from servicequality.stats._kernel import kernel


@kernel
def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """q-values: the smallest false-discovery rate at which each comparison is found (Benjamini and Hochberg 1995).

    Args:
        p: p-values of one family along the last axis, in their own order.

    Raises:
        ParameterError: a p-value outside [0, 1], no axis, or a value that is not finite.
    """
    values = _p_values(p)
    count = values.shape[-1]
    order = np.argsort(-values, axis=-1, kind="stable")
    descending = np.take_along_axis(values, order, axis=-1) * (count / np.arange(count, 0, -1))
    return _in_own_order(np.minimum.accumulate(descending, axis=-1), order)


@kernel
def holm(p: ArrayLike) -> FloatArray:
    """Step-down Bonferroni p-values, which bound the chance of any false finding (Holm 1979).

    Args:
        p: p-values of one family along the last axis, in their own order.

    Raises:
        ParameterError: a p-value outside [0, 1], no axis, or a value that is not finite.
    """
    values = _p_values(p)
    order = np.argsort(values, axis=-1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=-1) * np.arange(values.shape[-1], 0, -1)
    return _in_own_order(np.maximum.accumulate(ascending, axis=-1), order)


def _p_values(p: ArrayLike) -> FloatArray:
    (values,) = floats(p=p)
    if values.ndim == 0:
        raise ParameterError("p must be an array of p-values; got one number, which needs no adjustment")
    require((values >= 0) & (values <= 1), "p", values, "in [0, 1]", "give p-values, not test statistics")
    return values


def _in_own_order(adjusted: FloatArray, order: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> FloatArray:
    result = np.empty_like(adjusted)
    np.put_along_axis(result, order, np.minimum(adjusted, 1.0), axis=-1)
    return result
