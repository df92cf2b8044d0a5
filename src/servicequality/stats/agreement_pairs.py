"""Agreement of two named raters, from the table of their ratings. Never here: more than two (`agreement`)."""

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require
from servicequality.stats._kernel import kernel
from servicequality.stats.agreement import Agreement
from servicequality.stats.mean import t_interval
from servicequality.stats.partial_credit import Weights, agreement_weights


@kernel
def cohen_kappa(
    table: ArrayLike,
    *,
    weights: Weights | ArrayLike = "none",
    scores: ArrayLike | None = None,
    level: float = 0.95,
) -> Agreement:
    """Cohen's kappa: chance gives each rater's ratings from that rater's own shares (Cohen 1960, 1968).

    Standard error for large samples away from 0 (Fleiss, Cohen and Everitt 1969), normal limits.

    Args:
        table: items by the first rater's category (rows) and the second's (columns).
        weights: agreement of two categories: a name of `agreement_weights`, or a matrix.
        scores: where the categories lie on a scale; 0, 1, 2 … by default.
        level: two-sided confidence.

    Raises:
        ParameterError: no square table, a count below 0, no items; or both raters used one same category alone, which
            makes chance agreement certain.
    """
    p, n = _shares(table)
    matrix = agreement_weights(len(p), weights, scores=scores)
    first, second = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float((p * matrix).sum()), float(first @ matrix @ second)
    if 1 - chance < 1e-12:
        raise ParameterError(
            "chance agreement is 1, since both raters gave one category alone: kappa is undefined; "
            "look at percent agreement"
        )
    value = (observed - chance) / (1 - chance)
    # What a cell would add if the raters' margins alone had moved: the mean weight of its row and of its column.
    margins = (matrix @ second)[:, None] + first @ matrix
    square = (p * (matrix - margins * (1 - value)) ** 2).sum() - (value - chance * (1 - value)) ** 2
    se = float(np.sqrt(max(square, 0.0) / n) / (1 - chance))
    low, high = t_interval(value, se, level=level)
    return Agreement(value, float(low), float(high), se, observed, chance, n)


@kernel
def counts_of_pairs(table: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The table of two raters as counts by item and category, and how many items each row stands for.

    These are the input of the coefficients that ignore who rated.

    Args:
        table: counts of items by the categories of the first rater (rows) and the second.

    Raises:
        ParameterError: no square table, a count below 0, or no items.
    """
    p, n = _shares(table)
    one = np.eye(len(p))
    return (one[:, None, :] + one).reshape(-1, len(p)), n * p.ravel()


def _shares(table: ArrayLike) -> tuple[FloatArray, float]:
    (counts,) = floats(table=table)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ParameterError(f"table must be square, one row and column a category; got shape {counts.shape}")
    require(counts >= 0, "table", counts, "0 or more", "count items by both raters' categories")
    n = float(counts.sum())
    if n == 0:
        raise ParameterError("table holds no items: agreement needs items that both raters rated")
    return counts / n, n
