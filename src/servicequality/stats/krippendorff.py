"""Krippendorff's alpha for any number of raters, with missing ratings. Never here: other coefficients (`agreement`)."""

# Every kind of alpha but the ratio is computed from sums, so that no matrix of pairs is made: nominal from counts,
# interval from values, ordinal from midranks.

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require
from servicequality.stats._kernel import kernel
from servicequality.stats.agreement import Agreement, checked_counts, with_limits

MeasurementScale: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
SCALES: tuple[MeasurementScale, ...] = ("nominal", "ordinal", "interval", "ratio")


@kernel
def krippendorff_alpha(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    scale: MeasurementScale = "nominal",
    scores: ArrayLike | None = None,
    level: float = 0.95,
) -> Agreement:
    """Krippendorff's alpha of the ratings that have a partner (Krippendorff 2011).

    The standard error is that of the items, linearised: items with their ratings are what was sampled, and what an item
    adds to the expected disagreement (to the midranks too, for the ordinal scale) counts with it. Student's limits.

    Args:
        counts: ratings by item (rows) and value (columns); an item's gaps are simply not counted.
        times: how many items each row stands for; 1 by default.
        scale: what lies between two values: nothing but being different, ranks, a difference, or a ratio.
        scores: the values, in ascending order; 0, 1, 2 … by default.
        level: two-sided confidence.

    Raises:
        ParameterError: no matrix, a count below 0, no item with two ratings, an unknown scale, scores that do not fit; or
            every rating the same, which leaves no disagreement to expect.
    """
    choice("scale", scale, SCALES)
    table, repeated = checked_counts(counts, times)
    at = _scores(table.shape[1], scale, scores)
    paired = (table.sum(axis=1) > 1) & (repeated > 0)
    table, repeated = table[paired], repeated[paired]
    if not len(table):
        raise ParameterError("no item has two ratings: alpha needs items that several raters rated")
    ratings = table.sum(axis=1)
    totals = repeated @ table
    n = float(totals.sum())
    # Of each item: its disagreement, and what it adds to the expected disagreement of all.
    seen, expected, added, moved = _disagreement(scale, table, repeated, totals, at)
    if not expected > 0:
        raise ParameterError(
            "all ratings are the same: without variation there is no disagreement to expect, and alpha is undefined; "
            "look at percent agreement"
        )
    value = float(1 - (n - 1) * (repeated @ seen) / expected)
    lost = 1 - value
    influence = -(n - 1) / expected * (seen + moved) - lost * (ratings / (n - 1) - added / expected)
    items = float(repeated.sum())
    influence -= repeated @ influence / items
    chance = 1 - expected / (n * (n - 1)) if scale == "nominal" else np.nan
    agreement = 1 - float(repeated @ seen) / n if scale == "nominal" else np.nan
    return with_limits(value, repeated, influence, items=items, chance=(agreement, chance), level=level)


def _disagreement(
    scale: MeasurementScale, table: FloatArray, repeated: FloatArray, totals: FloatArray, at: FloatArray
) -> tuple[FloatArray, float, FloatArray, FloatArray]:
    """Each item's disagreement, the expected one (over all ordered pairs), what each item adds to the expected one,
    and how the seen one would move with the item because the distances themselves depend on all ratings.
    """
    ratings, n = table.sum(axis=1), totals.sum()
    per_pair = 1 / (ratings - 1)
    still = np.zeros_like(ratings)
    if scale == "nominal":
        seen = per_pair * (ratings**2 - (table**2).sum(axis=1))
        return seen, float(n**2 - totals @ totals), 2 * (table @ (n - totals)), still
    if scale == "ratio":
        above, below = at[:, None] - at, at[:, None] + at
        distance = np.divide(above, below, out=np.zeros_like(above), where=below > 0) ** 2
        seen = per_pair * ((table @ distance) * table).sum(axis=1)
        return seen, float(totals @ distance @ totals), 2 * (table @ (distance @ totals)), still
    # Squared differences of midranks differ as those of values do; both are taken about their mean.
    place = np.cumsum(totals) - totals / 2 if scale == "ordinal" else at
    place = place - totals @ place / n
    sums, squares = table @ place, table @ place**2
    seen = 2 * per_pair * (ratings * squares - sums**2)
    total, total_squares = float(totals @ place), float(totals @ place**2)
    expected = float(2 * (n * total_squares - total**2))
    added = 2 * (table @ (total_squares - 2 * place * total + n * place**2))
    if scale == "interval":
        return seen, expected, added, still
    # A further rating of a category moves that category's midrank by a half, and every higher one by 1.
    pulled = 4 * (repeated * per_pair) @ (table * (ratings[:, None] * place - sums[:, None]))
    expected_pull = 4 * totals * (n * place - total)
    moved, added_more = (table @ (np.cumsum(pull[::-1])[::-1] - pull / 2) for pull in (pulled, expected_pull))
    return seen, expected, added + added_more, moved


def _scores(values: int, scale: MeasurementScale, scores: ArrayLike | None) -> FloatArray:
    (at,) = floats(scores=np.arange(values, dtype=np.float64) if scores is None else scores)
    if at.shape != (values,):
        raise ParameterError(f"scores must hold one number a column of counts, {values}; got shape {at.shape}")
    if values > 1:
        require(np.diff(at) > 0, "scores", at[1:], "in ascending order", "sort the columns of counts by their value")
    if scale == "ratio":
        require(at >= 0, "scores", at, "0 or more", "ratios need a scale that begins at 0")
    return at
