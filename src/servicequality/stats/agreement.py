"""Agreement of several raters from counts of items by category: percent agreement, Fleiss, Gwet, Brennan-Prediger."""

# Counts are one row an item, one column a category; `times` says how many items share a row, so that a million ratings
# come as the few patterns that occur. Standard errors are those of the items, linearised: an item's share in the observed
# and in the chance agreement (Gwet 2008). Where every item has as many ratings that is Gwet's own formula; where it
# does not, agreement is computed as a ratio of two sums, so that items rated once add no spread.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import t_interval
from servicequality.stats.partial_credit import Weights, agreement_weights
from servicequality.stats.proportion import wilson

_CERTAIN = 1e-12  # chance agreement nearer to 1 than this leaves nothing to divide by


class Agreement(NamedTuple):
    """A coefficient of agreement.

    Attributes:
        value: the coefficient; 1 is full agreement, 0 is what chance gives.
        low: lower limit; NaN where one item cannot tell.
        high: upper limit.
        se: standard error.
        observed: observed agreement, weighted as in the coefficient.
        chance: agreement expected by chance.
        items: items with at least two ratings.
    """

    value: float
    low: float
    high: float
    se: float
    observed: float
    chance: float
    items: float


class Observed(NamedTuple):
    """What every coefficient of this module begins with, of the items that have a rating.

    Attributes:
        counts: ratings by item pattern and category.
        times: items of each pattern.
        weights: agreement of each pair of categories.
        shares: each item's ratings as shares.
        prevalence: mean of the shares.
        agreement: percent agreement, of items with two ratings or more.
        spread: what each item adds to it, about 0: the influence of an item times the number of items.
        items: items with two ratings or more.
    """

    counts: FloatArray
    times: FloatArray
    weights: FloatArray
    shares: FloatArray
    prevalence: FloatArray
    agreement: float
    spread: FloatArray
    items: float


def observe(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    weights: Weights | ArrayLike = "none",
    scores: ArrayLike | None = None,
) -> Observed:
    """Counts checked, and the agreement seen in them.

    Raises:
        ParameterError: counts that are not a matrix or are below 0, or no item with two ratings.
    """
    table, repeated = checked_counts(counts, times)
    matrix = agreement_weights(table.shape[1], weights, scores=scores)
    ratings = table.sum(axis=1)
    rated = (ratings > 0) & (repeated > 0)
    table, repeated, ratings = table[rated], repeated[rated], ratings[rated]
    several = ratings > 1
    items = float(repeated[several].sum())
    if items == 0:
        raise ParameterError("no item has two ratings: agreement needs items that several raters rated")
    agreeing = (table * (table @ matrix - 1)).sum(axis=1)
    each = np.divide(agreeing, ratings * (ratings - 1), out=np.zeros_like(ratings), where=several)
    agreement = float(repeated @ each) / items
    n = repeated.sum()
    shares = table / ratings[:, None]
    return Observed(
        table,
        repeated,
        matrix,
        shares,
        repeated @ shares / n,
        agreement,
        n / items * np.where(several, each - agreement, 0.0),
        items,
    )


@kernel
def percent_agreement(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    weights: Weights | ArrayLike = "none",
    scores: ArrayLike | None = None,
    level: float = 0.95,
) -> Agreement:
    """Share of pairs of ratings of an item that agree, averaged over items.

    The limits are Wilson's on the number of items that would tell as much; it is not corrected for chance.

    Args:
        counts: ratings by item (rows) and category (columns).
        times: how many items each row stands for; 1 by default.
        weights: agreement of two categories: a name of `agreement_weights`, or a matrix.
        scores: where the categories lie on a scale; 0, 1, 2 … by default.
        level: two-sided confidence.

    Raises:
        ParameterError: as `observe`, or weights that do not fit.
    """
    seen = observe(counts, times=times, weights=weights, scores=scores)
    n = seen.times.sum()
    square = float(seen.times @ seen.spread**2) / n**2
    p = seen.agreement
    n_eff = p * (1 - p) / square if square > 0 else seen.items
    low, high = wilson(min(p * n_eff, n_eff), n_eff, level=level)
    se = float(np.sqrt(square * n / (n - 1))) if n > 1 else float("nan")
    return Agreement(p, float(low), float(high), se, p, 0.0, seen.items)


@kernel
def fleiss_kappa(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    weights: Weights | ArrayLike = "none",
    scores: ArrayLike | None = None,
    unequal: bool = False,
    level: float = 0.95,
) -> Agreement:
    """Fleiss' kappa: chance gives two ratings from the categories' overall shares (Fleiss 1971; Gwet 2014 for weights).

    Args:
        counts: ratings by item (rows) and category (columns).
        times: how many items each row stands for; 1 by default.
        weights: agreement of two categories: a name of `agreement_weights`, or a matrix.
        scores: where the categories lie on a scale; 0, 1, 2 … by default.
        unequal: whether items may differ in how many ratings they have (the general form, Gwet 2014).
        level: two-sided confidence.

    Raises:
        ParameterError: as `observe`; items with different numbers of ratings without `unequal`; or a single category in
            use, which makes chance agreement certain.
    """
    seen = observe(counts, times=times, weights=weights, scores=scores)
    if not unequal:
        require_equal(seen)
    pull = (seen.weights + seen.weights.T) @ seen.prevalence
    chance = float(seen.prevalence @ seen.weights @ seen.prevalence)
    return corrected(seen, chance, seen.shares @ pull - seen.prevalence @ pull, level=level)


@kernel
def fleiss_kappa_by_category(counts: ArrayLike, *, times: ArrayLike | None = None) -> FloatArray:
    """Fleiss' kappa of each category against all others together; NaN for one that is never or always used.

    Args:
        counts: ratings of items by categories.
        times: how many items each row stands for.

    Raises:
        ParameterError: as `observe`, or items with different numbers of ratings.
    """
    seen = observe(counts, times=times)
    require_equal(seen)
    ratings = seen.counts.sum(axis=1)[0]
    disagreeing = seen.times @ (seen.counts * (ratings - seen.counts)) / (ratings * (ratings - 1)) / seen.times.sum()
    by_chance = seen.prevalence * (1 - seen.prevalence)
    used = by_chance > _CERTAIN
    return np.asarray(1 - np.divide(disagreeing, by_chance, out=np.full_like(by_chance, np.nan), where=used))


@kernel
def gwet_ac1(counts: ArrayLike, *, times: ArrayLike | None = None, level: float = 0.95) -> Agreement:
    """Gwet's AC1: only ratings that are guesses agree by chance, and their share falls as one category prevails (2008).

    Args:
        counts: ratings by item (rows) and category (columns): all categories that could be given, used or not.
        times: how many items each row stands for; 1 by default.
        level: two-sided confidence.

    Raises:
        ParameterError: as `observe`, or fewer than two categories.
    """
    return gwet_ac2(counts, times=times, weights="none", level=level)


@kernel
def gwet_ac2(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    weights: Weights | ArrayLike = "ordinal",
    scores: ArrayLike | None = None,
    level: float = 0.95,
) -> Agreement:
    """Gwet's AC2: AC1 with partial credit for categories that lie near each other (Gwet 2014).

    Args:
        counts: ratings by item (rows) and category (columns): all categories that could be given, used or not.
        times: how many items each row stands for; 1 by default.
        weights: agreement of two categories: a name of `agreement_weights`, or a matrix.
        scores: where the categories lie on a scale; 0, 1, 2 … by default.
        level: two-sided confidence.

    Raises:
        ParameterError: as `observe`, fewer than two categories, or weights that do not fit.
    """
    seen = observe(counts, times=times, weights=weights, scores=scores)
    q = _several_categories(seen)
    scale = seen.weights.sum() / (q * (q - 1))
    chance = float(scale * (seen.prevalence @ (1 - seen.prevalence)))
    pull = scale * (1 - 2 * seen.prevalence)
    return corrected(seen, chance, seen.shares @ pull - seen.prevalence @ pull, level=level)


@kernel
def brennan_prediger(
    counts: ArrayLike,
    *,
    times: ArrayLike | None = None,
    weights: Weights | ArrayLike = "none",
    scores: ArrayLike | None = None,
    level: float = 0.95,
) -> Agreement:
    """Brennan and Prediger's coefficient: chance gives each category alike, whatever the ratings (1981).

    Args:
        counts: ratings by item (rows) and category (columns): all categories that could be given, used or not.
        times: how many items each row stands for; 1 by default.
        weights: agreement of two categories: a name of `agreement_weights`, or a matrix.
        scores: where the categories lie on a scale; 0, 1, 2 … by default.
        level: two-sided confidence.

    Raises:
        ParameterError: as `observe`, fewer than two categories, or weights that do not fit.
    """
    seen = observe(counts, times=times, weights=weights, scores=scores)
    q = _several_categories(seen)
    return corrected(seen, float(seen.weights.sum()) / q**2, np.zeros_like(seen.times), level=level)


def checked_counts(counts: ArrayLike, times: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Counts by item and category, and how many items each row stands for.

    Raises:
        ParameterError: no matrix, a count below 0, or `times` of another length.
    """
    (table,) = floats(counts=counts)
    if table.ndim != 2:
        raise ParameterError(f"counts must be a matrix of items by categories; got {table.ndim} dimensions")
    require(table >= 0, "counts", table, "0 or more", "count how often each item got each category")
    (repeated,) = floats(times=np.ones(len(table)) if times is None else times)
    if repeated.shape != table.shape[:1]:
        raise ParameterError(f"times must hold one number a row of counts, {len(table)}; got shape {repeated.shape}")
    require(repeated >= 0, "times", repeated, "0 or more", "count how many items each row stands for")
    return table, repeated


def corrected(seen: Observed, chance: float, chance_spread: FloatArray, *, level: float) -> Agreement:
    """(observed - chance) / (1 - chance), with limits from what each item adds to both.

    Raises:
        ParameterError: chance agreement is certain.
    """
    left = 1 - chance
    if left < _CERTAIN:
        raise ParameterError(
            "chance agreement is 1, since all ratings fall into one category: the coefficient is undefined; "
            "look at percent agreement"
        )
    value, n = (seen.agreement - chance) / left, float(seen.times.sum())
    influence = (seen.spread - (1 - value) * chance_spread) / left
    return with_limits(value, seen.times, influence / n, items=seen.items, chance=(seen.agreement, chance), level=level)


def with_limits(
    value: float,
    times: FloatArray,
    influence: FloatArray,
    *,
    items: float,
    chance: tuple[float, float],
    level: float,
) -> Agreement:
    """Student's limits from what each item adds to the coefficient, cut to [-1, 1]."""
    n = float(times.sum())
    if items <= 1:
        return Agreement(value, np.nan, np.nan, np.nan, *chance, items)
    se = float(np.sqrt(n / (n - 1) * (times @ influence**2)))
    low, high = t_interval(value, se, df=items - 1, level=level)
    return Agreement(value, max(float(low), min(value, -1.0)), min(float(high), 1.0), se, *chance, items)


def require_equal(seen: Observed) -> None:
    """Raise ParameterError unless all items have the same number of ratings."""
    ratings = seen.counts.sum(axis=1)
    if ratings.min() < ratings.max():
        raise ParameterError(
            f"items have from {ratings.min():g} to {ratings.max():g} ratings, and Fleiss' kappa needs as many for each: "
            "use the general form (unequal), or Krippendorff's alpha"
        )


def _several_categories(seen: Observed) -> int:
    q = len(seen.prevalence)
    if q < 2:
        raise ParameterError("one category leaves nothing to disagree about: give every category that could be chosen")
    return q
