"""Reliability of composite scores, as tables: of gaps, and of the overall score."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.core import Computation, of_frame
from servicequality.errors import ParameterError
from servicequality.servqual.coefficients import END, ask, counts, covariances_of, dimension_means, each, joined, rows
from servicequality.servqual.layout import Columns
from servicequality.servqual.scale import OVERALL, Scale
from servicequality.servqual.sums import Measure

__all__ = ["combined_reliability", "difference_reliability"]

_NUMBER = pl.Float64()
_DIFFERENCES = {
    "dimension": pl.String(),
    **dict.fromkeys(("value", "alpha_expectation", "alpha_perception", "r"), _NUMBER),
    **dict.fromkeys(("sd_expectation", "sd_perception", "alpha_gap"), _NUMBER),
    **END,
}
_COMBINED = {"measure": pl.String(), "value": _NUMBER, **END}


@of_frame
def difference_reliability(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
) -> Computation:
    """Reliability of each dimension's gap as the difference of two scores (Johns 1981), with what it is computed from.

    The reliabilities of the two sides are their alphas. The more expectation and perception go together, and the less they
    vary, the larger the error in the gap; `alpha_gap` is the alpha of the items' own gaps, for comparison.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.

    Returns:
        Keys, `dimension value alpha_expectation alpha_perception r sd_expectation sd_perception alpha_gap n n_missing
        reason notes`. Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map does not fit, or the scale compares perceptions with nothing.
    """
    sums, _ = ask(answers, scale, expectation, perception, by, None, 0.95)
    if sums.scale.standard == "none":
        raise ParameterError(f"{sums.scale.name} compares perceptions with nothing: it has no differences")

    def parts() -> Iterator[dict[str, Any]]:
        for dimension, items in sums.scale.dimensions.items():
            cross_products, every = sums.block("compared", dimension)
            s, reasons = covariances_of(cross_products)
            k = len(items)
            side = np.kron(np.eye(2), np.full(k, 1 / k))
            both, _ = each(lambda c, side=side: stats.composite_covariance(c, side), s, reasons)
            sides = [each(stats.cronbach_alpha, s[:, at, at], reasons) for at in (slice(0, k), slice(k, None))]
            gap, _ = each(stats.cronbach_alpha, _gap_covariances(s, k), reasons)
            why = joined({"expectation": sides[0][1], "perception": sides[1][1]})
            if both.ndim == 1:  # nobody to compare
                both = np.full((len(why), 2, 2), np.nan)
            variances = np.diagonal(both, axis1=-2, axis2=-1)
            sd = np.sqrt(np.maximum(variances, 0.0))  # rounding leaves -1e-17 where answers do not differ
            r, _ = each(lambda c: stats.correlation(c)[:, 0, 1], both, why)
            value, why = each(_johns, both, why, sides[0][0], sides[1][0])
            yield counts(cross_products, every) | {
                "dimension": dimension, "value": value, "alpha_expectation": sides[0][0],
                "alpha_perception": sides[1][0], "r": r, "sd_expectation": sd[:, 0], "sd_perception": sd[:, 1],
                "alpha_gap": gap, "reason": why, "notes": "",
            }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _DIFFERENCES), _DIFFERENCES)


@of_frame
def combined_reliability(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
) -> Computation:
    """Reliability of the overall score, the mean of the dimensions, as a linear combination (Mosier 1943, Nunnally 1978).

    It is over the respondents who answered all items; the reliability of each dimension is its alpha. It is as a rule
    higher than any of them, and no sign that the dimensions measure one thing.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.

    Returns:
        Keys, `measure value n n_missing reason notes`. Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, 0.95)
    ends = np.cumsum([0, *map(len, sums.scale.dimensions.values())])
    means = dimension_means(sums.scale)

    def combined(s: np.ndarray) -> np.ndarray:
        parts = [stats.cronbach_alpha(s[:, a:b, a:b]) for a, b in pairwise(ends)]
        scores = stats.composite_covariance(s, means)
        own = np.diagonal(scores, axis1=-2, axis2=-1)
        return stats.combination_reliability(own, np.stack(parts, axis=-1), scores.sum(axis=(-1, -2)))

    def reliabilities() -> Iterator[dict[str, Any]]:
        for measure in chosen:
            products, every = sums.read(measure, OVERALL)
            value, why = each(combined, *covariances_of(products))
            yield counts(products, every) | {"measure": measure, "value": value, "reason": why, "notes": ""}

    return sums.table(lambda: rows(sums, reliabilities(), _COMBINED), _COMBINED)


def _gap_covariances(s: np.ndarray, k: int) -> np.ndarray:
    """Covariances of perception less expectation from those of both, expectations first."""
    turn = np.hstack([-np.eye(k), np.eye(k)])
    return np.asarray(turn @ s @ turn.T)


def _johns(both: np.ndarray, expected: np.ndarray, perceived: np.ndarray) -> np.ndarray:
    return stats.difference_reliability(
        both[:, 1, 1], both[:, 0, 0], perceived, expected, stats.correlation(both)[:, 0, 1]
    )
