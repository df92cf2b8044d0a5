"""Whether dimensions are distinct, as tables."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.core import Computation, of_frame
from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.servqual.coefficients import (
    LIMITS,
    Answer,
    Reasons,
    ask,
    covariances_of,
    dimension_means,
    each,
    rows,
)
from servicequality.servqual.layout import Columns
from servicequality.servqual.scale import OVERALL, Scale
from servicequality.servqual.sums import ItemSums, Measure, cell, item_answers

__all__ = ["correlations", "htmt"]

_PAIRS = {"dimension": pl.String(), "other": pl.String(), "measure": pl.String(), **LIMITS}
_ONE_ITEM = "a dimension of one item has no correlations within"


@of_frame
def correlations(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
    level: float = 0.95,
) -> Computation:
    """Correlations of the dimensions' scores, of who answered all items, with Fisher's limits.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.
        level: confidence level of the limits.

    Returns:
        Keys, `dimension other measure value low high level method n n_missing reason notes`, a row a pair of dimensions.
        Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, level)
    means = dimension_means(sums.scale)

    def parts() -> Iterator[dict[str, Any]]:
        for measure in chosen:
            cross_products, every = sums.read(measure, OVERALL)
            s, reasons = covariances_of(cross_products)
            scores = means @ s @ means.T
            # All pairs at once where each has an answer; else pair by pair, so that one does not undo the others.
            table, refused = each(stats.correlation, scores, reasons)
            together = table.ndim > 1 and not (refused != reasons).any()
            for (a, one), (b, other) in combinations(enumerate(sums.scale.dimensions), 2):
                value, why = (
                    (table[:, a, b], reasons)
                    if together
                    else each(lambda c: stats.correlation(c)[:, 0, 1], scores[:, [[a], [b]], [a, b]], reasons)
                )
                low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
                known = ~np.isnan(value) & (cross_products.n > 3)
                low[known], high[known] = stats.correlation_interval(value[known], cross_products.n[known], level=level)
                few = np.where(~np.isnan(value) & ~known, "fewer than four respondents: no limits", "")
                yield {
                    "dimension": one, "other": other, "measure": measure, "value": value, "low": low, "high": high,
                    "level": np.where(known, level, np.nan), "method": np.where(known, "Fisher", "none"),
                    "n": cross_products.n, "n_missing": every - cross_products.n, "reason": why, "notes": few,
                }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _PAIRS), _PAIRS)


@of_frame
def htmt(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    measures: Measure | Sequence[Measure] | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Computation:
    """Heterotrait-monotrait ratio of each pair of dimensions, with percentile limits over respondents drawn again.

    It estimates the correlation of what two dimensions measure. Near 1, respondents do not distinguish them. See
    `servicequality.stats.htmt`.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums`.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        measures: some of expectation, perception, gap and servperf; all that the scale has by default.
        level: confidence level of the limits.
        resamples: how many samples of the respondents are drawn; 0 for no limits. Merged sums have no respondents to draw.
        seed: of the random numbers; each group draws the same way.

    Returns:
        Keys, `dimension other measure value low high level method n n_missing reason notes`, a row a pair of dimensions.
        Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit.
    """
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 0:
        raise ParameterError(f"resamples must be 0 or more, such as 1000; got {resamples!r}")
    sums, chosen = ask(answers, scale, expectation, perception, by, measures, level)

    def parts() -> Iterator[dict[str, Any]]:
        groups = _answers_by_group(sums) if resamples else None
        for measure in chosen:
            cross_products, every = sums.read(measure, OVERALL)
            s, reasons = covariances_of(cross_products)
            ratios = _ratios(sums.scale, s, reasons)
            drawn = (
                None if groups is None else [_drawn(group, measure, sums.scale, resamples, seed) for group in groups]
            )
            for one, other in combinations(sums.scale.dimensions, 2):
                at, names = _items_of(sums.scale, one, other)
                value, why = ratios[one, other]
                low, high, notes = _limits(value, drawn, at, names, level=level)
                if resamples and drawn is None:
                    notes = np.where(np.isnan(value), "", "no limits: merged sums have no respondents to draw")
                yield {
                    "dimension": one, "other": other, "measure": measure, "value": value, "low": low, "high": high,
                    "level": np.where(np.isnan(low), np.nan, level),
                    "method": np.where(np.isnan(low), "none", "percentile bootstrap"),
                    "n": cross_products.n, "n_missing": every - cross_products.n, "reason": why, "notes": notes,
                }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _PAIRS), _PAIRS)


def _ratios(scale: Scale, s: np.ndarray, reasons: Reasons) -> dict[tuple[str, str], Answer]:
    """HTMT of each pair of dimensions by group."""
    owners = [name for name, items in scale.dimensions.items() for _ in items]
    several = [name for name, items in scale.dimensions.items() if len(items) > 1]
    at = [place for place, name in enumerate(owners) if name in several]
    # All pairs at once where each has an answer; else pair by pair, so that one does not undo the others.
    whole = lambda c: stats.htmt(c, [owners[place] for place in at])  # noqa: E731  (a name for one line)
    table, refused = each(whole, s[:, at][:, :, at], reasons) if len(several) > 1 else (np.zeros(0), reasons)
    ratios: dict[tuple[str, str], Answer] = {}
    for one, other in combinations(scale.dimensions, 2):
        if one not in several or other not in several:
            alone = np.where(reasons == "", _ONE_ITEM, reasons).astype(object)
            ratios[one, other] = np.full(len(reasons), np.nan), alone
        elif not (refused != reasons).any() and table.ndim == 3:
            ratios[one, other] = table[:, several.index(one), several.index(other)], reasons
        else:
            own, names = _items_of(scale, one, other)
            ratios[one, other] = each(
                lambda c, names=names: stats.htmt(c, names)[:, 0, 1], s[:, own][:, :, own], reasons
            )
    return ratios


def _items_of(scale: Scale, one: str, other: str) -> tuple[list[int], list[str]]:
    """Where the items of two dimensions stand among all, and which dimension each is of."""
    owners = [name for name, items in scale.dimensions.items() for _ in items]
    at = [place for dimension in (one, other) for place, name in enumerate(owners) if name == dimension]
    return at, [owners[place] for place in at]


def _answers_by_group(sums: ItemSums) -> list[pl.DataFrame] | None:
    """The answers of each group in the order of the groups; None where they are not known."""
    if sums.answers is None:
        return None
    keys = list(sums.keys)
    table = sums.answers.frame.select(*keys, *item_answers(sums.answers)).collect(engine="streaming")
    return table.sort(keys, nulls_last=True).partition_by(keys, maintain_order=True) if keys else [table]


def _drawn(group: pl.DataFrame, measure: Measure, scale: Scale, resamples: int, seed: int) -> np.ndarray | None:
    """Covariances of all items in samples of a group's respondents; None for fewer than two."""
    roles = ("perception",) if measure == "servperf" else ("expectation", "perception")
    values = group.select(cell(role, item) for role in roles for item in scale.scored).drop_nulls().to_numpy()
    if len(values) < 2:
        return None
    k, values = len(scale.scored), values.astype(np.float64)
    sides = {"expectation": values[:, :k], "perception": values[:, -k:], "servperf": values}
    own = values[:, k:] - values[:, :k] if measure == "gap" else sides[measure]
    return stats.resampled_covariances(own, resamples=resamples, seed=seed)


def _limits(
    value: np.ndarray,
    drawn: Sequence[np.ndarray | None] | None,
    at: Sequence[int],
    names: Sequence[str],
    *,
    level: float,
) -> tuple[np.ndarray, np.ndarray, Reasons]:
    """Limits of a ratio by group, and what is to be said of them."""
    low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    notes = np.full(value.shape, "", dtype=object)
    for group in np.flatnonzero(~np.isnan(value)):
        samples = None if drawn is None else drawn[int(group)]
        if samples is None:
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ServiceQualityWarning)
            try:
                limits = stats.htmt_limits(samples[:, at][:, :, at], names, level=level)
                low[group], high[group] = limits[0][0, 1], limits[1][0, 1]
                notes[group] = "; ".join(str(warning.message) for warning in caught)
            except ParameterError as error:
                notes[group] = f"no limits: {error}"
    return low, high, notes
