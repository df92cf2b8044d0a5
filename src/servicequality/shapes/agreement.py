"""Agreement of reviewers: `agreement_of_many`, `agreement_of_two`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.errors import InputError
from servicequality.shapes.base import FloatArray, Label, Reading
from servicequality.shapes.patterns import PatternShape
from servicequality.shapes.rating_counts import (
    Panel,
    Ratings,
    own_categories,
    panels,
    ratings_of,
    refuse_many,
    require_order,
)
from servicequality.shapes.rating_patterns import rating_patterns
from servicequality.shapes.wholes import Rows, WholeReading
from servicequality.stats.krippendorff import MeasurementScale
from servicequality.stats.partial_credit import Weights

Coefficient: TypeAlias = Literal[
    "percent_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "gwet_ac2", "brennan_prediger"
]
Categories: TypeAlias = tuple[float, ...] | tuple[str, ...]

NOBODY = "no item was rated by two reviewers"
ONE_CATEGORY = "all ratings fall into one category, so that chance agreement is 1: see percent agreement"
ONE_KNOWN = "only one category is known: name all of them with categories="

_KERNELS: dict[Coefficient, Callable[..., stats.Agreement]] = {
    "percent_agreement": stats.percent_agreement,
    "fleiss_kappa": stats.fleiss_kappa,
    "krippendorff_alpha": stats.krippendorff_alpha,
    "gwet_ac1": stats.gwet_ac1,
    "gwet_ac2": stats.gwet_ac2,
    "brennan_prediger": stats.brennan_prediger,
}
_NEEDS_USE = ("fleiss_kappa", "krippendorff_alpha")
_NEEDS_KNOWN = ("gwet_ac1", "gwet_ac2", "brennan_prediger")


class Figure(NamedTuple):
    """One coefficient of one group, or the reason why there is none."""

    n: int
    items: int
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    se: float = np.nan
    reason: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class RatingShape(PatternShape):
    """A shape over rows that are ratings: an item, a rating, a reviewer, and the ends of the scale where rows state them.

    The pattern of an item is its ratings, and who gave them where the shape is `OF_REVIEWERS`.
    """

    rating: Label
    reviewer: Label
    lowest: Label = field(default_factory=lambda: pl.lit(None, pl.Float64))
    highest: Label = field(default_factory=lambda: pl.lit(None, pl.Float64))

    empty: str = NOBODY

    OF_REVIEWERS: ClassVar[bool] = False

    def patterns(self, rows: Rows) -> pl.DataFrame:
        return rating_patterns(rows, self.names, of_reviewers=self.OF_REVIEWERS)

    @property
    def names(self) -> dict[str, str]:
        """What the caller calls the columns."""
        roles = {"item": self.item, "rating": self.rating, "reviewer": self.reviewer}
        return {role: rule.meta.root_names()[0] for role, rule in roles.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class AgreementOfMany(RatingShape):
    """How far any number of reviewers agree, by one of several coefficients. Make one with `agreement_of_many`."""

    coefficient: Coefficient
    weights: Weights = "none"
    scale: MeasurementScale = "nominal"
    equal: bool = False
    categories: Categories | None = None

    def read_patterns(self, patterns: Rows, *, level: float) -> WholeReading:
        ratings, groups = patterns.once(("panels", repr(self.categories)), self._counted)
        if self.weights != "none":
            require_order(ratings, f"weights={self.weights!r}")
        if self.scale != "nominal":
            require_order(ratings, f"scale={self.scale!r}")
        if self.equal:
            _require_equal(groups)
        return read_figures([self._figure(panel, level) for panel in groups], self._method())

    def _counted(self, patterns: Rows) -> tuple[Ratings, list[Panel]]:
        ratings = ratings_of(patterns, self.names, self.categories)
        return ratings, panels(ratings)

    def _figure(self, panel: Panel, level: float) -> Figure:
        blank = Figure(panel.ratings, panel.items)
        if panel.items == 0:
            return blank._replace(reason=NOBODY)
        if self.coefficient in _NEEDS_USE and panel.used < 2:
            return blank._replace(reason=ONE_CATEGORY)
        if self.coefficient in _NEEDS_KNOWN and panel.counts.shape[1] < 2:
            return blank._replace(reason=ONE_KNOWN)
        options: dict[str, Any] = {"times": panel.times, "level": level}
        if self.coefficient == "krippendorff_alpha":
            options |= {"scale": self.scale, "scores": panel.scores}
        elif self.coefficient != "gwet_ac1":
            options |= {"weights": self.weights, "scores": panel.scores}
        if self.coefficient == "fleiss_kappa":
            options["unequal"] = True
        told = _KERNELS[self.coefficient](panel.counts, **options)
        return blank._replace(value=told.value, low=told.low, high=told.high, se=told.se)

    def _method(self) -> str:
        made = "wilson" if self.coefficient == "percent_agreement" else "linearised, t"
        credit = "" if self.weights == "none" else f", {self.weights} weights"
        return made + credit + (f", {self.scale} scale" if self.coefficient == "krippendorff_alpha" else "")


@dataclass(frozen=True, eq=False, kw_only=True)
class AgreementOfTwo(RatingShape):
    """Cohen's kappa of two reviewers. Make one with `agreement_of_two`."""

    weights: Weights = "none"
    categories: Categories | None = None
    reviewers: tuple[str, str] | None = None

    OF_REVIEWERS: ClassVar[bool] = True

    def read_patterns(self, patterns: Rows, *, level: float) -> WholeReading:
        ratings = ratings_of(patterns, self.names, self.categories)
        if self.weights != "none":
            require_order(ratings, f"weights={self.weights!r}")
        refuse_many(ratings)
        everybody = ratings.frame["reviewer"].n_unique()
        if everybody != 2 and self.reviewers is None and ratings.frame.height:
            raise InputError(
                f"column {self.names['reviewer']!r} names {everybody} reviewers, and Cohen's kappa compares two; say which "
                "with reviewers=, or use fleiss_kappa or krippendorff_alpha, which take any number"
            )
        tables, mine = _tables(ratings), own_categories(ratings)
        figures = [
            self._figure(table[np.ix_(own, own)], ratings.scores[own], level)
            for table, own in zip(tables, mine, strict=True)
        ]
        credit = "" if self.weights == "none" else f", {self.weights} weights"
        return read_figures(figures, f"large sample, z{credit}")

    def _figure(self, table: FloatArray, scores: FloatArray, level: float) -> Figure:
        items = int(table.sum())
        blank = Figure(2 * items, items)
        if items == 0:
            both = "" if self.reviewers is None else " by both {!r} and {!r}".format(*self.reviewers)
            return blank._replace(reason=f"no item was rated{both}" if both else NOBODY)
        if ((table.sum(axis=0) + table.sum(axis=1)) > 0).sum() < 2:
            return blank._replace(reason=ONE_CATEGORY)
        told = stats.cohen_kappa(table, weights=self.weights, scores=scores, level=level)
        return blank._replace(value=told.value, low=told.low, high=told.high, se=told.se)


def agreement_of_many(
    item: pl.Expr,
    rating: pl.Expr,
    reviewer: pl.Expr,
    *,
    of: pl.Expr,
    coefficient: Coefficient,
    weights: Weights = "none",
    scale: MeasurementScale = "nominal",
    equal: bool = False,
    categories: Categories | None = None,
    ends: tuple[pl.Expr, pl.Expr] | None = None,
) -> AgreementOfMany:
    """How far reviewers agree over the items with two ratings or more; limits by linearisation over items (Gwet 2014).

    Args:
        item: what was rated.
        rating: how.
        reviewer: by whom.
        of: boolean row rule for the ratings that are complete.
        coefficient: which one.
        weights: partial credit for categories that lie near each other.
        scale: the distance of ratings, of alpha alone.
        equal: whether items of unequal numbers of ratings are an error.
        categories: every category, in order; by default those that occur.
        ends: the lowest and the highest point of the scale that each row states.
    """
    nothing = pl.lit(None, pl.Float64)
    # Where the categories are named, no row needs to say them.
    low, high = (nothing, nothing) if ends is None or categories is not None else ends
    return AgreementOfMany(
        n=of,
        item=item,
        rating=rating,
        reviewer=reviewer,
        lowest=low,
        highest=high,
        coefficient=coefficient,
        weights=weights,
        scale=scale,
        equal=equal,
        categories=categories,
    )


def agreement_of_two(
    item: pl.Expr,
    rating: pl.Expr,
    reviewer: pl.Expr,
    *,
    of: pl.Expr,
    weights: Weights = "none",
    categories: Categories | None = None,
    reviewers: tuple[str, str] | None = None,
) -> AgreementOfTwo:
    """Cohen's kappa of two reviewers, with its large-sample error (Fleiss, Cohen and Everitt 1969).

    Args:
        item: what was rated.
        rating: how.
        reviewer: by whom.
        of: boolean row rule for the ratings of the two that are complete.
        weights: partial credit for categories that lie near each other.
        categories: every category, in order; by default those that occur.
        reviewers: the two, for what is said of them.
    """
    return AgreementOfTwo(
        n=of,
        item=item,
        rating=rating,
        reviewer=reviewer,
        weights=weights,
        categories=categories,
        reviewers=reviewers,
    )


def read_figures(figures: list[Figure], method: str) -> WholeReading:
    """The figures of all groups as a reading; `n` are ratings, `n_eff` items."""
    value, low, high, se, n, items = (
        np.array([getattr(figure, name) for figure in figures], dtype=np.float64)
        for name in ("value", "low", "high", "se", "n", "items")
    )
    reading = Reading(low, high, se, method, value)
    return WholeReading(reading, n=n, n_eff=items, reasons=[figure.reason for figure in figures])


def _tables(ratings: Ratings) -> FloatArray:
    """Items by both reviewers' categories, a table a group."""
    rows = ratings.frame.select("group", "pattern", "n", "reviewer", place=pl.Series(ratings.places))
    both = rows.join(rows, on="pattern", suffix=" of the other").filter(
        pl.col("reviewer") < pl.col("reviewer of the other")
    )
    tables = np.zeros((ratings.groups, len(ratings.categories), len(ratings.categories)))
    cells = tuple(both[name].to_numpy() for name in ("group", "place", "place of the other"))
    np.add.at(tables, cells, both["n"].to_numpy())
    return tables


def _require_equal(groups: list[Panel]) -> None:
    """Raise InputError unless the items of each group have as many ratings."""
    for panel in groups:
        each = panel.each[panel.each > 0]
        if len(each) and each.min() < each.max():
            raise InputError(
                f"items have from {each.min():g} to {each.max():g} ratings, and Fleiss' kappa needs as many for each; use "
                "the general form with unequal='allow', or krippendorff_alpha"
            )
