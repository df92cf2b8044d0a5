"""Agreement of any number of reviewers beyond chance, one coefficient each."""

from typing import Literal

from servicequality.checks import choice
from servicequality.columns import Number, Row
from servicequality.core import define
from servicequality.metrics.quality_assurance.agreement import of_many
from servicequality.shapes import Shape
from servicequality.shapes.agreement import Categories
from servicequality.stats.krippendorff import SCALES, MeasurementScale
from servicequality.stats.partial_credit import Weights

__all__ = ["brennan_prediger", "fleiss_kappa", "gwet_ac1", "gwet_ac2", "krippendorff_alpha"]


@define(
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
def fleiss_kappa(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    weights: Weights = "none",
    unequal: Literal["refuse", "allow"] = "refuse",
    categories: Categories | None = None,
) -> Shape:
    """Agreement of any reviewers beyond what the categories' overall shares give by chance.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    Every item needs the same number of ratings; `unequal="allow"` takes the general form. Who rated plays no part, so
    reviewers may differ from item to item. For two reviewers it is Scott's pi, not Cohen's kappa.

    When it lies:
        As Cohen's: where one category prevails it is low although nearly all ratings agree.

    Why your vendor shows another number:
        Items without the full number of ratings dropped without a word; an average of Cohen's kappas under this name; limits
        from the standard error under no agreement, which test and do not estimate.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.fleiss_kappa()]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    choice("fleiss_kappa: unequal", unequal, ("refuse", "allow"))
    equal = unequal == "refuse"
    return of_many("fleiss_kappa", (item, rating, reviewer), "fleiss_kappa", weights, categories, equal=equal)


@define(
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
def krippendorff_alpha(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    scale: MeasurementScale = "nominal",
    categories: Categories | None = None,
) -> Shape:
    """Agreement of any number of reviewers, with gaps, on any scale: 1 less the disagreement seen over that expected.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

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

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.krippendorff_alpha(scale="ordinal")]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    choice("krippendorff_alpha: scale", scale, SCALES)
    return of_many(
        "krippendorff_alpha", (item, rating, reviewer), "krippendorff_alpha", "none", categories, scale=scale
    )


@define(
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
def gwet_ac1(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    scale_min: Number | None = None,
    scale_max: Number | None = None,
    *,
    categories: Categories | None = None,
) -> Shape:
    """Agreement beyond chance that does not collapse where one category prevails.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

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

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.gwet_ac1(scale_min="scale_min", scale_max="scale_max")]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    ends = scale_min, scale_max
    return of_many("gwet_ac1", (item, rating, reviewer), "gwet_ac1", "none", categories, ends=ends)


@define(
    title="Gwet's AC2",
    label="Gwet's AC2",
    unit="coefficient",
    better="higher",
    bounds=(float("-inf"), 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e},\quad p_e = \frac{\sum_{kl} w_{kl}}{q(q - 1)}\sum_k \pi_k (1 - \pi_k)",
    references=("Gwet 2014",),
    aliases=("AC2", "weighted AC1", "second-order agreement coefficient"),
)
def gwet_ac2(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    scale_min: Number | None = None,
    scale_max: Number | None = None,
    *,
    weights: Weights = "ordinal",
    categories: Categories | None = None,
) -> Shape:
    """Gwet's AC1 with partial credit for near misses, as `reviewer_agreement(weights=)` gives it to percent agreement.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    When it lies:
        Credit for near misses makes any coefficient high where ratings crowd at two neighbouring points, as most quality
        ratings do. Read it alongside AC1.

    Why your vendor shows another number:
        Other weights, or other categories: a scale of 1 to 5 of which only 3 to 5 were used has other distances.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.gwet_ac2(scale_min="scale_min", scale_max="scale_max")]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    ends = scale_min, scale_max
    return of_many("gwet_ac2", (item, rating, reviewer), "gwet_ac2", weights, categories, ends=ends)


@define(
    title="Brennan-Prediger coefficient",
    label="Brennan-Prediger",
    unit="coefficient",
    better="higher",
    bounds=(float("-inf"), 1),
    grain="rating",
    formula=r"\frac{p_o - p_e}{1 - p_e},\quad p_e = \frac{1}{q^2}\sum_{kl} w_{kl}",
    references=("Brennan & Prediger 1981", "Gwet 2014"),
    aliases=("free-marginal kappa", "Bennett's S", "Randolph's kappa", "G index", "PABAK"),
)
def brennan_prediger(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    scale_min: Number | None = None,
    scale_max: Number | None = None,
    *,
    weights: Weights = "none",
    categories: Categories | None = None,
) -> Shape:
    """Agreement beyond that of reviewers who pick categories blindly, all alike.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    When it lies:
        More categories make it higher: adding one that nobody uses lowers the agreement that chance is given credit for.

    Why your vendor shows another number:
        Only the categories that occur, in place of all that could be given.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        metrics = [sq.reviewer_agreement(), sq.brennan_prediger(scale_min="scale_min", scale_max="scale_max")]
        agreement = sq.evaluate(rows, metrics, by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    ends = scale_min, scale_max
    return of_many("brennan_prediger", (item, rating, reviewer), "brennan_prediger", weights, categories, ends=ends)
