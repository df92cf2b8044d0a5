"""Internal consistency: how far the items of a dimension measure one thing, as tables."""

# Every function takes a questionnaire and its scale, or what `item_sums` or `merge_item_sums` made of one. An item that has to
# be reversed is reversed where the scale says so, and nowhere else. Every respondent counts once: there are no weights, since
# the tables describe how the given answers go together, not what a population would have answered.

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.core import Computation, of_frame
from servicequality.servqual.coefficients import (
    END,
    LIMITS,
    Answer,
    Reasons,
    ask,
    counts,
    covariances_of,
    each,
    joined,
    rows,
)
from servicequality.servqual.layout import Columns
from servicequality.servqual.response import end_shares
from servicequality.servqual.scale import Scale
from servicequality.servqual.sums import ItemSums, Measure
from servicequality.stats import CrossProducts

__all__ = ["alpha", "item_analysis", "omega", "reliability"]

_NUMBER, _COUNT, _TEXT = pl.Float64(), pl.Int64(), pl.String()
_PLACE = {"dimension": _TEXT, "measure": _TEXT}
_RELIABILITY = {
    **_PLACE, "items": _COUNT, "alpha": _NUMBER, "low": _NUMBER, "high": _NUMBER, "level": _NUMBER,
    "alpha_standardised": _NUMBER, "omega": _NUMBER, "lambda2": _NUMBER, "lambda6": _NUMBER,
    "mean_inter_item_r": _NUMBER, **END,
}  # fmt: skip
_ITEMS = {
    "dimension": _TEXT, "item": _TEXT, "measure": _TEXT, "mean": _NUMBER, "sd": _NUMBER, "floor": _NUMBER,
    "ceiling": _NUMBER, "item_rest_r": _NUMBER,
    "alpha_if_dropped": _NUMBER, **END,
}  # fmt: skip

NEGATIVE = "negative: the items do not go together; look for one that has to be reversed"
IMPROPER = "improper fit: a residual variance stopped at its least"


@of_frame
def alpha(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
    level: float = 0.95,
) -> Computation:
    """Cronbach's alpha of each dimension with Feldt's limits, over those who answered all its items.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`, for long tables and merged parts.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.
        level: confidence level of the limits.

    Returns:
        Keys, `dimension measure value low high level method n n_missing reason notes`. Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, level)

    def parts() -> Iterator[dict[str, Any]]:
        for place, s, reasons, cross_products, every in _dimensions(sums, chosen):
            value, why = each(stats.cronbach_alpha, s, reasons)
            low, high = _feldt(value, cross_products, s.shape[-1], level)
            yield place | counts(cross_products, every) | {
                "value": value, "low": low, "high": high, "level": np.where(why == "", level, np.nan),
                "method": np.where(why == "", "Feldt", "none"), "reason": why, "notes": _negative(value),
            }  # fmt: skip

    schema = {**_PLACE, **LIMITS}
    return sums.table(lambda: rows(sums, parts(), schema), schema)


@of_frame
def omega(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
    standardised: bool = False,
) -> Computation:
    """McDonald's omega of each dimension: one factor by maximum likelihood, in which loadings may differ between items.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.
        standardised: of the items after each is divided by its standard deviation.

    Returns:
        Keys, `dimension measure value n n_missing reason notes`; null with the reason for dimensions of fewer than three
        items. Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, 0.95)

    def parts() -> Iterator[dict[str, Any]]:
        for place, s, reasons, cross_products, every in _dimensions(sums, chosen):
            value, why, notes = _omega(s, reasons, standardised=standardised)
            yield place | counts(cross_products, every) | {"value": value, "reason": why, "notes": notes}

    schema = {**_PLACE, "value": _NUMBER, **END}
    return sums.table(lambda: rows(sums, parts(), schema), schema)


@of_frame
def reliability(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
    level: float = 0.95,
) -> Computation:
    """One table of every coefficient by dimension: alpha with limits, standardised alpha, omega, lambda-2, lambda-6.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.
        level: confidence level of alpha's limits.

    Returns:
        Keys, `dimension measure items alpha low high level alpha_standardised omega lambda2 lambda6 mean_inter_item_r n
        n_missing reason notes`. A coefficient that is null is named in `reason`. Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, level)

    def parts() -> Iterator[dict[str, Any]]:
        for place, s, reasons, cross_products, every in _dimensions(sums, chosen):
            raw = each(stats.cronbach_alpha, s, reasons)
            fitted, unfitted, notes = _omega(s, reasons, standardised=False)
            got: dict[str, Answer] = {
                "alpha": raw,
                "alpha_standardised": each(lambda c: stats.cronbach_alpha(c, standardised=True), s, reasons),
                "omega": (fitted, unfitted),
                "lambda2": each(stats.guttman_lambda2, s, reasons),
                "lambda6": each(stats.guttman_lambda6, s, reasons),
                "mean_inter_item_r": each(stats.mean_inter_item_correlation, s, reasons),
            }
            low, high = _feldt(raw[0], cross_products, s.shape[-1], level)
            yield place | counts(cross_products, every) | {name: value for name, (value, _) in got.items()} | {
                "items": s.shape[-1], "low": low, "high": high, "level": np.where(raw[1] == "", level, np.nan),
                "reason": joined({name: why for name, (_, why) in got.items()}),
                "notes": _both(_negative(raw[0]), notes),
            }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _RELIABILITY), _RELIABILITY)


@of_frame
def item_analysis(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
) -> Computation:
    """What each item does in its dimension: its correlation with the rest, and the alpha of the rest without it.

    A larger alpha without an item is no reason to drop it: alpha does not decide what a dimension has to cover. `floor`
    and `ceiling` are the shares of answers at the lower and the upper end of the scale, of the same respondents: an item
    at an end has little variation left. A gap has no end, and merged sums have no answers: they are null there.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.

    Returns:
        Keys, `dimension item measure mean sd floor ceiling item_rest_r alpha_if_dropped n n_missing reason notes`. Lazy
        for lazy answers. `response_quality` has the ends of all who answered an item, with limits.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, 0.95)

    def parts() -> Iterator[dict[str, Any]]:
        ends = end_shares(sums, chosen)
        for place, s, reasons, cross_products, every in _dimensions(sums, chosen):
            k = s.shape[-1]
            unknown = np.full((len(reasons), k), np.nan)
            floor, ceiling = ends.get((place["measure"], place["dimension"]), (unknown, unknown))
            got = {"item_rest_r": each(stats.item_rest_correlation, s, reasons)}
            got["alpha_if_dropped"] = each(stats.alpha_if_dropped, s, reasons)
            why = joined({name: reason for name, (_, reason) in got.items()})
            with np.errstate(invalid="ignore"):
                mean = np.where(
                    cross_products.n[:, None] > 0,
                    cross_products.sums / np.maximum(cross_products.n, 1)[:, None],
                    np.nan,
                )
                sd = np.sqrt(np.diagonal(s, axis1=-2, axis2=-1))
            for at, item in enumerate(sums.scale.dimensions[place["dimension"]]):
                values = {name: (x[:, at] if x.ndim > 1 else x) for name, (x, _) in got.items()}
                yield place | counts(cross_products, every) | values | {
                    "item": item, "mean": mean[:, at], "sd": sd[:, at], "floor": floor[:, at],
                    "ceiling": ceiling[:, at], "reason": why, "notes": "one item has no rest" if k == 1 else "",
                }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _ITEMS), _ITEMS)


def _dimensions(
    sums: ItemSums, chosen: Sequence[Measure]
) -> Iterator[tuple[dict[str, Any], np.ndarray, Reasons, CrossProducts, np.ndarray]]:
    """Each dimension and measure: covariances by group, why there are none, the sums, and all respondents."""
    for dimension in sums.scale.dimensions:
        for measure in chosen:
            cross_products, every = sums.read(measure, dimension)
            yield {"dimension": dimension, "measure": measure}, *covariances_of(cross_products), cross_products, every


def _feldt(value: np.ndarray, cross_products: CrossProducts, k: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(value)
    low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    low[known], high[known] = stats.feldt_interval(value[known], cross_products.n[known], k, level=level)
    return low, high


def _omega(s: np.ndarray, reasons: Reasons, *, standardised: bool) -> tuple[np.ndarray, Reasons, Reasons]:
    def fit(c: np.ndarray) -> np.ndarray:
        fitted = stats.one_factor(stats.correlation(c) if standardised else c)
        return np.stack([stats.omega_of_loadings(fitted.loadings, fitted.residuals), fitted.improper], axis=-1)

    got, why = each(fit, s, reasons)
    if got.ndim == 1:
        return got, why, np.full(len(why), "", dtype=object)
    return got[:, 0], why, np.where(got[:, 1] == 1, IMPROPER, "").astype(object)


def _negative(value: np.ndarray) -> Reasons:
    with np.errstate(invalid="ignore"):
        return np.where(value < 0, NEGATIVE, "").astype(object)


def _both(one: Reasons, other: Reasons) -> Reasons:
    return np.array(["; ".join(filter(None, pair)) for pair in zip(one, other, strict=True)], dtype=object)
