"""Agreement of reviewers: all coefficients at once, and Cohen's kappa for two."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality import stats
from servicequality.checks import choice
from servicequality.columns import Row
from servicequality.core import Computation, define_table, of_frame
from servicequality.metrics.quality_assurance.answers import (
    Figures,
    alpha,
    answered_by,
    check_weights,
    coefficient,
    credit,
    of_counts,
    of_pair,
    percent,
    require_order,
    require_order_for,
    rows_of,
    weighted,
)
from servicequality.metrics.quality_assurance.paired import confusions
from servicequality.metrics.quality_assurance.ratings import Panel, Ratings, ratings_of
from servicequality.stats.krippendorff import SCALES, MeasurementScale
from servicequality.stats.partial_credit import Weights

__all__ = ["cohen_kappa", "reviewer_agreement"]


@define_table(
    title="Reviewer agreement",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e}\ \text{under each idea of chance}\ p_e",
    references=("Gwet 2014", "Krippendorff 2011", "Fleiss 1971", "Brennan & Prediger 1981"),
    aliases=(
        "inter-rater reliability",
        "calibration",
        "do reviewers agree",
        "IRR",
        "rater agreement",
        "QA calibration",
    ),
)
@of_frame
def reviewer_agreement(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    scale: MeasurementScale = "nominal",
    level: float = 0.95,
) -> Computation:
    """How far reviewers of the same tickets agree: percent agreement, and each coefficient that corrects it for chance.

    One row a rating. On rows of `Review` say `by="category"`, since each category has its own scale. Fleiss' kappa is the
    general one, which takes any number of ratings an item. `scale` is that of Krippendorff's alpha; with a scale other than
    nominal Gwet's AC2 is there too, with partial credit for near misses. `n` counts items with two ratings or more,
    `n_missing` items with one.

    When it lies:
        Where nearly all ratings are the same, kappa and alpha are near 0 though reviewers agree nine times in ten, and AC1 is
        high though they may only be guessing the usual: neither says that the rare failures are found. Reviewers who agree
        may be wrong together. Tickets chosen because they are hard make everybody look worse.

    Why your vendor shows another number:
        Percent agreement alone; "within one point" counted as agreement; reviewers compared with one expert in place of each
        other; scores of whole reviews compared, which agree when their errors cancel.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        agreement = sq.reviewer_agreement(rows, by="category")
        print(agreement.pivot("metric", index="category", values="value"))
    """
    choice("reviewer_agreement: scale", scale, SCALES)
    near: dict[MeasurementScale, Weights] = {
        "nominal": "none",
        "ordinal": "ordinal",
        "interval": "quadratic",
        "ratio": "ratio",
    }

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        if scale != "nominal":
            require_order(known, f"scale={scale!r}")
        told = {
            "percent_agreement": percent(panels, level=level),
            "fleiss_kappa": coefficient(panels, stats.fleiss_kappa, level=level, needs_use=2, unequal=True),
            "krippendorff_alpha": alpha(panels, scale, level=level),
            "gwet_ac1": coefficient(panels, stats.gwet_ac1, level=level, needs_categories=2),
            "brennan_prediger": coefficient(panels, stats.brennan_prediger, level=level, needs_categories=2),
        }
        if scale != "nominal":
            told["gwet_ac2"] = weighted(panels, stats.gwet_ac2, near[scale], level=level, needs_categories=2)
        return told

    columns = item, rating, reviewer
    return of_counts("reviewer_agreement", ratings, columns, figures, by=by, categories=categories, level=level)


@define_table(
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
@of_frame
def cohen_kappa(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    reviewers: Sequence[str] | None = None,
    weights: Weights = "none",
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Agreement of two named reviewers beyond what each one's habits would give by chance, with their percent agreement.

    One row a rating; `reviewers` names two where there are more. `weights` gives partial credit for categories that lie near
    each other (linear, quadratic …); the percent agreement is then weighted alike. The standard error is that of
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
        agreement = sq.cohen_kappa(rows, by="category", reviewers=("reviewer-1", "reviewer-2"))
        print(agreement.select("category", "metric", "value", "low", "high", "n"))
    """
    check_weights("cohen_kappa", weights)

    def answer(frame: pl.LazyFrame) -> pl.DataFrame:
        known = ratings_of("cohen_kappa", frame, (item, rating, reviewer), by=by, categories=categories)
        require_order_for(known, weights)
        keys, pairs = confusions(known, reviewers)
        both = [of_pair(pair, known.scores, weights, level) for pair in pairs]
        figures = {
            "percent_agreement": Figures("share", f"wilson{credit(weights)}", [seen for seen, _ in both]),
            "cohen_kappa": Figures("coefficient", f"large sample, z{credit(weights)}", [kappa for _, kappa in both]),
        }
        return rows_of(keys, figures, level=level)

    return answered_by(ratings, answer, by=by, level=level)
