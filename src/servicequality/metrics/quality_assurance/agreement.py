"""Agreement of reviewers of the same items: percent agreement, Cohen's kappa of two, and what both stand on."""

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from servicequality.checks import choice, shown
from servicequality.columns import Row, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, agreement_of_many, agreement_of_two
from servicequality.shapes.agreement import Categories, Coefficient
from servicequality.stats.krippendorff import MeasurementScale
from servicequality.stats.partial_credit import NAMED, Weights

__all__ = ["cohen_kappa", "reviewer_agreement"]


@define(
    title="Reviewer agreement",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="rating",
    formula=r"p_o = \frac{1}{n} \sum_i \sum_k \frac{r_{ik} (r_{ik} - 1)}{r_i (r_i - 1)}",
    references=("Gwet 2014", "Wilson 1927"),
    aliases=(
        "inter-rater reliability",
        "calibration",
        "do reviewers agree",
        "IRR",
        "rater agreement",
        "QA calibration",
    ),
)
def reviewer_agreement(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    weights: Weights = "none",
    categories: Categories | None = None,
) -> Shape:
    """How often two reviewers of the same item give the same rating: percent agreement, with Wilson's limits.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    On rows of `Review` ask by category, since each category has its own scale. `weights` gives partial credit for categories
    that lie near each other. Chance alone makes reviewers agree: ask for a coefficient beside it, such as
    `evaluate(rows, [reviewer_agreement(), fleiss_kappa(), gwet_ac1()], by="category")`.

    When it lies:
        Where nearly all ratings are the same, reviewers agree nine times in ten though they never agree on the rare failures.
        Reviewers who agree may be wrong together. Tickets chosen because they are hard make everybody look worse.

    Why your vendor shows another number:
        "Within one point" counted as agreement; reviewers compared with one expert in place of each other; scores of whole
        reviews compared, which agree when their errors cancel.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        print(sq.evaluate(rows, sq.reviewer_agreement(), by="category").select("category", "value", "low", "high", "n_eff"))
    """
    return of_many("reviewer_agreement", (item, rating, reviewer), "percent_agreement", weights, categories)


@define(
    title="Cohen's kappa",
    label="Cohen's kappa",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\kappa = \frac{p_o - p_e}{1 - p_e},\quad p_e = \sum_{kl} w_{kl}\, p_{k\cdot}\, p_{\cdot l}",
    references=("Cohen 1960", "Cohen 1968", "Fleiss, Cohen & Everitt 1969", "Feinstein & Cicchetti 1990"),
    aliases=("kappa", "weighted kappa", "agreement of two reviewers"),
)
def cohen_kappa(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    reviewers: tuple[str, str] | None = None,
    weights: Weights = "none",
    categories: Categories | None = None,
) -> Shape:
    """Agreement of two named reviewers beyond what each one's habits would give by chance.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    One row a rating; `reviewers` names two where there are more. `weights` gives partial credit for categories that lie near
    each other (linear, quadratic …). The standard error is that of
    large samples, away from 0.

    When it lies:
        When one category prevails, chance agreement is high and kappa low, whatever the reviewers do (the paradox of
        Feinstein and Cicchetti). Two reviewers with different habits are rewarded: unequal margins lower the chance term.

    Why your vendor shows another number:
        Weights (linear or quadratic) that nobody names; an average over all pairs of reviewers; 1 or 0 printed where one
        category alone was used and the coefficient is undefined.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.cohen_kappa(reviewers=("reviewer-1", "reviewer-2"))]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    check_weights("cohen_kappa", weights)
    complete = pl.all_horizontal(answered(name) for name in (item, rating, reviewer))
    pair, others = None if reviewers is None else _pair(reviewers), pl.lit(value=False)
    if pair is not None:
        # A whole number that came as a float or a decimal is called as the whole number is.
        others = ~pl.col(reviewer).cast(pl.String).str.replace(r"\.0+$", "").is_in(list(pair))
    shape = agreement_of_two(
        pl.col(item),
        pl.col(rating),
        pl.col(reviewer),
        of=complete if pair is None else complete & ~others,
        weights=weights,
        categories=_checked("cohen_kappa", categories),
        reviewers=pair,
    )
    return shape if pair is None else shape.excluding(complete & others)


def check_weights(name: str, weights: str) -> None:
    """Raise ParameterError for weights that have no such name."""
    choice(f"{name}: weights", weights, NAMED)


def of_many(
    name: str,
    columns: tuple[str, str, str],
    coefficient: Coefficient,
    weights: Weights,
    categories: Categories | None,
    *,
    scale: MeasurementScale = "nominal",
    equal: bool = False,
    ends: tuple[str | None, str | None] = (None, None),
) -> Shape:
    check_weights(name, weights)
    low, high = ends
    if (low is None) != (high is None):
        raise ParameterError(f"{name}: scale_min and scale_max go together, got {shown(low)} and {shown(high)}")
    item, rating, reviewer = map(pl.col, columns)
    return agreement_of_many(
        item,
        rating,
        reviewer,
        of=pl.all_horizontal(answered(one) for one in columns),
        coefficient=coefficient,
        weights=weights,
        scale=scale,
        equal=equal,
        categories=_checked(name, categories),
        ends=None if low is None or high is None else (pl.col(low), pl.col(high)),
    )


def _checked(name: str, categories: Any) -> Categories | None:
    if categories is None:
        return None
    if not isinstance(categories, (tuple, list, range)):
        raise ParameterError(f"{name}: categories must be a list or tuple of ratings, got {shown(categories)}")
    return tuple(categories)


def _pair(reviewers: Any) -> tuple[str, str]:
    named = () if isinstance(reviewers, str) or not isinstance(reviewers, Iterable) else tuple(reviewers)
    pair = [re.sub(r"\.0+$", "", str(name)) for name in named]
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ParameterError(f"cohen_kappa: reviewers must name two reviewers, got {shown(reviewers)}")
    return pair[0], pair[1]
