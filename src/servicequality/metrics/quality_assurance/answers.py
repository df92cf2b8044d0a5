"""Agreement as result rows: the coefficients of each group, always with percent agreement."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import choice, confidence_level
from servicequality.core import RESULT, Computation, result_rows
from servicequality.errors import InputError, ParameterError
from servicequality.metrics.quality_assurance.paired import Pair, Squares
from servicequality.metrics.quality_assurance.ratings import Panel, Ratings, panels, ratings_of
from servicequality.model import as_frame
from servicequality.stats.intraclass import IccForm
from servicequality.stats.krippendorff import MeasurementScale
from servicequality.stats.partial_credit import NAMED, Weights

Kernel = Callable[..., stats.Agreement]
_LINEARISED = "linearised, t"
NOBODY = "no item was rated by two reviewers"
ONE_CATEGORY = "all ratings fall into one category, so that chance agreement is 1: see percent agreement"
ONE_KNOWN = "only one category is known: name all of them with categories="
NO_SPREAD = "the ratings do not differ from item to item"


class Figure(NamedTuple):
    """One coefficient of one group, or the reason why there is none."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    se: float = np.nan
    n: int = 0
    n_missing: int = 0
    reason: str | None = None
    notes: str | None = None


class Figures(NamedTuple):
    """One coefficient of every group, with its unit and how its limits came about."""

    unit: str
    method: str
    figures: list[Figure]


def answered_by(
    data: Any, answer: Callable[[pl.LazyFrame], pl.DataFrame], *, by: str | Sequence[str], level: float
) -> Computation:
    """The answer for a frame, with its columns."""
    confidence_level(level)
    frame: pl.LazyFrame = as_frame(data).lazy()

    def schema() -> dict[str, pl.DataType]:
        types = frame.collect_schema()
        return {key: types[key] for key in ([by] if isinstance(by, str) else by) if key in types} | RESULT

    return Computation(lambda: answer(frame), schema)


def of_counts(
    name: str,
    data: Any,
    columns: tuple[str, str, str],
    figures: Callable[[Ratings, list[Panel]], dict[str, Figures]],
    *,
    by: str | Sequence[str],
    categories: Sequence[Any] | None,
    level: float,
) -> Computation:
    """The rows of coefficients that are read from counts."""

    def answer(frame: pl.LazyFrame) -> pl.DataFrame:
        known = ratings_of(name, frame, columns, by=by, categories=categories)
        keys, groups = panels(known)
        return rows_of(keys, figures(known, groups), level=level)

    return answered_by(data, answer, by=by, level=level)


def rows_of(keys: pl.DataFrame, figures: dict[str, Figures], *, level: float) -> pl.DataFrame:
    """Figures of every group under their names; sorted by keys, the names in their order."""
    parts = [
        result_rows(
            keys,
            metric=name,
            unit=of.unit,
            value=[figure.value for figure in of.figures],
            low=[figure.low for figure in of.figures],
            high=[figure.high for figure in of.figures],
            se=[figure.se for figure in of.figures],
            level=level,
            method=of.method,
            n=[figure.n for figure in of.figures],
            n_missing=[figure.n_missing for figure in of.figures],
            reason=[figure.reason for figure in of.figures],
            notes=[figure.notes for figure in of.figures],
        ).with_row_index("_group")
        for name, of in figures.items()
    ]
    return pl.concat(parts).sort("_group", maintain_order=True).drop("_group")  # groups are in the order of their keys


def percent(panels: list[Panel], weights: Weights = "none", *, level: float) -> Figures:
    """Percent agreement of each group."""
    seen = weighted(panels, stats.percent_agreement, weights, level=level)
    return seen._replace(unit="share", method=f"wilson{credit(weights)}")


def coefficient(panels: list[Panel], kernel: Kernel, *, level: float, **options: Any) -> Figures:
    """A coefficient of each group that takes no weights."""
    return Figures("coefficient", _LINEARISED, [of_panel(panel, kernel, level=level, **options) for panel in panels])


def weighted(panels: list[Panel], kernel: Kernel, weights: Weights, *, level: float, **options: Any) -> Figures:
    """A coefficient of each group that gives partial credit."""
    figures = [
        of_panel(panel, kernel, weights=weights, scores=panel.scores, level=level, **options) for panel in panels
    ]
    return Figures("coefficient", _LINEARISED + credit(weights), figures)


def alpha(panels: list[Panel], scale: MeasurementScale, *, level: float) -> Figures:
    """Krippendorff's alpha of each group."""
    kernel = stats.krippendorff_alpha
    figures = [of_panel(panel, kernel, scale=scale, scores=panel.scores, level=level, needs_use=2) for panel in panels]
    return Figures("coefficient", f"{_LINEARISED}, {scale} scale", figures)


def credit(weights: Weights) -> str:
    """What a method says of partial credit: figures with it and without are not to be mixed up."""
    return "" if weights == "none" else f", {weights} weights"


def of_panel(panel: Panel, kernel: Kernel, *, needs_use: int = 0, needs_categories: int = 0, **options: Any) -> Figure:
    """A coefficient of counts, where the group can have it.

    Args:
        panel: the counts.
        kernel: of `stats`.
        needs_use: categories that must occur.
        needs_categories: categories that must be known.
        options: of the kernel.
    """
    notes = None if panel.gaps == 0 else f"{panel.gaps} row{'s' if panel.gaps > 1 else ''} without a rating"
    blank = Figure(n=panel.items, n_missing=panel.alone, notes=notes)
    if panel.items == 0:
        return blank._replace(reason=NOBODY)
    if panel.used < needs_use:
        return blank._replace(reason=ONE_CATEGORY)
    if panel.counts.shape[1] < needs_categories:
        return blank._replace(reason=ONE_KNOWN)
    estimate = kernel(panel.counts, times=panel.times, **options)
    return blank._replace(value=estimate.value, low=estimate.low, high=estimate.high, se=estimate.se)


def of_pair(pair: Pair, scores: Any, weights: Weights, level: float) -> tuple[Figure, Figure]:
    """Percent agreement and Cohen's kappa of two reviewers."""
    n = int(pair.table.sum())
    blank = Figure(n=n, n_missing=pair.alone)
    if n == 0:
        return blank._replace(reason=NOBODY), blank._replace(reason=NOBODY)
    counts, times = stats.counts_of_pairs(pair.table)
    seen = stats.percent_agreement(counts, times=times, weights=weights, scores=scores, level=level)
    percent = blank._replace(value=seen.value, low=seen.low, high=seen.high, se=seen.se)
    margins = pair.table.sum(axis=0) + pair.table.sum(axis=1)
    if (margins > 0).sum() < 2:
        return percent, blank._replace(reason=ONE_CATEGORY)
    estimate = stats.cohen_kappa(pair.table, weights=weights, scores=scores, level=level)
    return percent, blank._replace(value=estimate.value, low=estimate.low, high=estimate.high, se=estimate.se)


def of_squares(squares: Squares, form: IccForm, level: float) -> tuple[Figure, Figure]:
    """Share of equal ratings, and an intraclass correlation."""
    blank = Figure(n=squares.n, n_missing=squares.left_out)
    if np.isnan(squares.items):
        reason = NOBODY if squares.k < 2 else "one item has no spread to compare with"
        return blank._replace(reason=reason), blank._replace(reason=reason)
    n, k, p = squares.n, squares.k, squares.agreement
    low, high = stats.wilson(p * n, n, level=level)
    percent = blank._replace(value=p, low=float(low), high=float(high))
    one_way = form in ("ICC(1)", "ICC(k)")
    rest = squares.within * n * (k - 1) - (0.0 if one_way else squares.raters * (k - 1))
    error = squares.within if one_way else max(rest, 0.0) / ((n - 1) * (k - 1))
    tiny = 1e-12 * (squares.items + squares.within + np.nan_to_num(squares.raters))
    if squares.items <= tiny:
        return percent, blank._replace(reason=NO_SPREAD)
    estimate = stats.icc_of_mean_squares(
        n, k, items=squares.items, raters=0.0 if one_way else squares.raters, error=error, form=form, level=level
    )
    return percent, blank._replace(value=float(estimate.value), low=float(estimate.low), high=float(estimate.high))


def check_weights(name: str, weights: str) -> None:
    """Raise ParameterError for weights that have no such name."""
    choice(f"{name}: weights", weights, NAMED)


def require_order_for(ratings: Ratings, weights: Weights) -> None:
    """Raise ParameterError for partial credit between texts that nobody ordered."""
    if weights != "none":
        require_order(ratings, f"weights={weights!r}")


def require_order(ratings: Ratings, weights: str) -> None:
    """Raise ParameterError for an order or distance of texts that nobody ordered."""
    if not ratings.ordered:
        raise ParameterError(
            f"{ratings.name}: {weights} needs an order of the categories, and column {ratings.columns.rating!r} holds texts; "
            "name them in their order with categories="
        )


def require_equal(ratings: Ratings, panels: list[Panel]) -> None:
    """Raise InputError unless the items of each group have as many ratings."""
    for panel in panels:
        each = panel.each[panel.each > 0]
        if len(each) and each.min() < each.max():
            raise InputError(
                f"{ratings.name}: items have from {each.min():g} to {each.max():g} ratings, and Fleiss' kappa needs as many "
                "for each; use the general form with unequal='allow', or krippendorff_alpha"
            )
