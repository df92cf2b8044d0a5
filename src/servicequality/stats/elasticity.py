"""By how much one amount grows with another: the slope of logarithms."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, critical_value, floats, positive, require
from servicequality.stats._kernel import kernel


@kernel
def slope(
    n: ArrayLike, square_x: ArrayLike, square_y: ArrayLike, product: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Least-squares slope of y on x with Student's limits on n - 2 degrees of freedom, from sums about the means.

    Of logarithms it is an elasticity: by how many per cent y grows when x grows by one.

    Args:
        n: pairs, 3 or more.
        square_x: sum of squares of x about its mean, above 0.
        square_y: sum of squares of y about its mean.
        product: sum of products about the means.
        level: two-sided confidence.

    Returns:
        Slope, low, high and standard error.

    Raises:
        ParameterError: fewer than 3 pairs, or an x that does not vary.
    """
    size, xx, yy, xy = floats(n=n, square_x=square_x, square_y=square_y, product=product)
    require(size >= 3, "n", size, "3 or more", "a slope with limits needs three pairs")
    positive("square_x", xx, "x does not vary: there is no slope")
    value = xy / xx
    # A difference of nearly equal sums: what lies below 0 is rounding.
    se = np.sqrt(np.maximum(yy - value * xy, 0.0) / (size - 2) / xx)
    reach = critical_value(level, size - 2) * se
    return np.asarray(value), np.asarray(value - reach), np.asarray(value + reach), np.asarray(se)
