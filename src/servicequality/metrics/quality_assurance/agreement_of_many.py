"""Agreement of any number of reviewers, one table per coefficient."""

from collections.abc import Sequence
from typing import Any, Literal

from servicequality import stats
from servicequality.checks import choice
from servicequality.columns import Row
from servicequality.core import Computation, define_table, of_frame
from servicequality.metrics.quality_assurance.answers import (
    Figures,
    alpha,
    check_weights,
    coefficient,
    of_counts,
    percent,
    require_equal,
    require_order,
    require_order_for,
    weighted,
)
from servicequality.metrics.quality_assurance.ratings import Panel, Ratings
from servicequality.stats.krippendorff import SCALES, MeasurementScale
from servicequality.stats.partial_credit import Weights

__all__ = ["brennan_prediger", "fleiss_kappa", "gwet_ac1", "gwet_ac2", "krippendorff_alpha"]


@define_table(
    title="Fleiss' kappa",
    label="Fleiss' kappa",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\kappa = \frac{p_o - p_e}{1 - p_e},\quad p_e = \sum_{kl} w_{kl}\, \pi_k\, \pi_l",
    references=("Fleiss 1971", "Gwet 2008", "Gwet 2014"),
    aliases=("multi-rater kappa", "agreement of several reviewers", "kappa of many raters", "Scott's pi"),
)
@of_frame
def fleiss_kappa(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    weights: Weights = "none",
    unequal: Literal["refuse", "allow"] = "refuse",
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Agreement of any reviewers beyond what the categories' overall shares give by chance, beside percent agreement.

    Every item needs the same number of ratings; `unequal="allow"` takes the general form. Who rated plays no part, so
    reviewers may differ from item to item. For two reviewers it is Scott's pi, not Cohen's kappa.

    When it lies:
        As Cohen's: where one category prevails it is low although nearly all ratings agree.

    Why your vendor shows another number:
        Items without the full number of ratings dropped without a word; an average of Cohen's kappas under this name; limits
        from the standard error under no agreement, which test and do not estimate.

    Example:
        from servicequality.datasets import calibration_reviews

        agreement = sq.fleiss_kappa(calibration_reviews(120, seed=7), by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n"))
    """
    check_weights("fleiss_kappa", weights)
    choice("fleiss_kappa: unequal", unequal, ("refuse", "allow"))

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        require_order_for(known, weights)
        if unequal == "refuse":
            require_equal(known, panels)
        kappa = weighted(panels, stats.fleiss_kappa, weights, level=level, needs_use=2, unequal=True)
        return {"percent_agreement": percent(panels, weights, level=level), "fleiss_kappa": kappa}

    columns = item, rating, reviewer
    return of_counts("fleiss_kappa", ratings, columns, figures, by=by, categories=categories, level=level)


@define_table(
    title="Krippendorff's alpha",
    label="Krippendorff's alpha",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\alpha = 1 - (n - 1)\frac{\sum_{ck} o_{ck}\, \delta^2_{ck}}{\sum_{ck} n_c n_k\, \delta^2_{ck}}",
    references=("Krippendorff 2011", "Krippendorff 2018", "Gwet 2014"),
    aliases=("alpha reliability", "content analysis reliability", "agreement with missing ratings"),
)
@of_frame
def krippendorff_alpha(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    scale: MeasurementScale = "nominal",
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Agreement of any number of reviewers, with gaps, on any scale: 1 less the disagreement seen over that expected.

    Items with one rating tell nothing and are left out. The ordinal scale counts ranks between two ratings, the interval
    scale squared differences, the ratio scale relative ones. Limits are those of the items, linearised, and not a bootstrap.

    When it lies:
        Where one category prevails little disagreement is expected, and a single slip of the pen halves alpha. The usual
        marks (0.667, 0.8) are customs: what an alpha costs depends on what is done with the ratings.

    Why your vendor shows another number:
        The nominal scale for grades of 1 to 5; gaps counted as a category; bootstrap limits, which differ from run to run; 1
        where nothing varies and alpha is undefined.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7, gaps=0.1)
        agreement = sq.krippendorff_alpha(rows, by="category", scale="ordinal")
        print(agreement.select("category", "metric", "value", "low", "high", "n", "n_missing"))
    """
    choice("krippendorff_alpha: scale", scale, SCALES)

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        if scale != "nominal":
            require_order(known, f"scale={scale!r}")
        return {
            "percent_agreement": percent(panels, level=level),
            "krippendorff_alpha": alpha(panels, scale, level=level),
        }

    columns = item, rating, reviewer
    return of_counts("krippendorff_alpha", ratings, columns, figures, by=by, categories=categories, level=level)


@define_table(
    title="Gwet's AC1",
    label="Gwet's AC1",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e},\quad p_e = \frac{1}{q - 1}\sum_k \pi_k (1 - \pi_k)",
    references=("Gwet 2008", "Gwet 2014"),
    aliases=("AC1", "first-order agreement coefficient", "paradox-resistant kappa"),
)
@of_frame
def gwet_ac1(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Agreement beyond chance that does not collapse where one category prevails, beside percent agreement.

    Only ratings that are guesses agree by chance, and the less so the more one category prevails. Any number of reviewers,
    gaps allowed. Categories that could be given count even if nobody gave them: name them, or let `scale_min` and
    `scale_max` of the rows say them.

    When it lies:
        Where one category prevails it stays high though reviewers may only agree on the usual: look at how they rate the
        rare one.

    Why your vendor shows another number:
        Fewer categories, because one that nobody used was forgotten; AC2, its weighted form, under the same name.

    Example:
        from servicequality.datasets import calibration_reviews

        agreement = sq.gwet_ac1(calibration_reviews(120, seed=7), by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n"))
    """

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        ac1 = coefficient(panels, stats.gwet_ac1, level=level, needs_categories=2)
        return {"percent_agreement": percent(panels, level=level), "gwet_ac1": ac1}

    columns = item, rating, reviewer
    return of_counts("gwet_ac1", ratings, columns, figures, by=by, categories=categories, level=level)


@define_table(
    title="Gwet's AC2",
    label="Gwet's AC2",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e},\quad p_e = \frac{\sum_{kl} w_{kl}}{q(q - 1)}\sum_k \pi_k (1 - \pi_k)",
    references=("Gwet 2014",),
    aliases=("AC2", "weighted AC1", "second-order agreement coefficient"),
)
@of_frame
def gwet_ac2(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    weights: Weights = "ordinal",
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Gwet's AC1 with partial credit for near misses, beside the percent agreement with the same credit.

    When it lies:
        Credit for near misses makes any coefficient high where ratings crowd at two neighbouring points, as most quality
        ratings do. Read it alongside AC1.

    Why your vendor shows another number:
        Other weights, or other categories: a scale of 1 to 5 of which only 3 to 5 were used has other distances.

    Example:
        from servicequality.datasets import calibration_reviews

        agreement = sq.gwet_ac2(calibration_reviews(120, seed=7), by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n"))
    """
    check_weights("gwet_ac2", weights)

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        require_order_for(known, weights)
        credited = weighted(panels, stats.gwet_ac2, weights, level=level, needs_categories=2)
        return {"percent_agreement": percent(panels, weights, level=level), "gwet_ac2": credited}

    columns = item, rating, reviewer
    return of_counts("gwet_ac2", ratings, columns, figures, by=by, categories=categories, level=level)


@define_table(
    title="Brennan-Prediger coefficient",
    label="Brennan-Prediger",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e},\quad p_e = \frac{1}{q^2}\sum_{kl} w_{kl}",
    references=("Brennan & Prediger 1981", "Gwet 2014"),
    aliases=("free-marginal kappa", "Bennett's S", "Randolph's kappa", "G index", "PABAK"),
)
@of_frame
def brennan_prediger(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    weights: Weights = "none",
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Computation:
    """Agreement beyond that of reviewers who pick categories blindly, all alike, beside percent agreement.

    When it lies:
        More categories make it higher: adding one that nobody uses lowers the agreement that chance is given credit for.

    Why your vendor shows another number:
        Only the categories that occur, in place of all that could be given.

    Example:
        from servicequality.datasets import calibration_reviews

        agreement = sq.brennan_prediger(calibration_reviews(120, seed=7), by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n"))
    """
    check_weights("brennan_prediger", weights)

    def figures(known: Ratings, panels: list[Panel]) -> dict[str, Figures]:
        require_order_for(known, weights)
        credited = weighted(panels, stats.brennan_prediger, weights, level=level, needs_categories=2)
        return {"percent_agreement": percent(panels, weights, level=level), "brennan_prediger": credited}

    columns = item, rating, reviewer
    return of_counts("brennan_prediger", ratings, columns, figures, by=by, categories=categories, level=level)
