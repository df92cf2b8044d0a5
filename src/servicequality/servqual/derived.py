"""Derived importance: how well each dimension predicts an outcome. Never here: its map (`importance`)."""

# It shows what goes along with the outcome, not what would happen if a dimension were raised.

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import choice, refusing_misfits
from servicequality.columns import Column
from servicequality.core import Bound, check_types, check_values, require_columns
from servicequality.errors import ParameterError
from servicequality.model import as_frame

__all__ = ["derived_importance"]

Derivation = Literal["correlation", "regression", "lmg"]

_NUMBER = Column(kind="number", meaning="score or outcome")


@refusing_misfits
def derived_importance(
    respondents: Any,
    outcome: str,
    dimensions: Mapping[str, str] | Sequence[str],
    *,
    method: Derivation = "lmg",
    level: float = 0.95,
    resamples: int = 1_000,
    seed: int = 0,
) -> pl.DataFrame:
    """How well each dimension predicts an outcome, as a column `importance` that `importance_performance` reads.

    Args:
        respondents: any dataframe, one row a respondent; what `score` gives as `.respondents`, with the outcome joined.
        outcome: column of the outcome (satisfaction, recommendation).
        dimensions: name to column of the dimensions' scores, or the columns themselves.
        method: "correlation" with Fisher's limits; "regression", standardised weights with Student's limits, which share
            what dimensions have in common by chance; "lmg", each dimension's part of R², averaged over all orders of entry
            (Lindeman, Merenda & Gold 1980), with percentile limits from resampled respondents.
        level: confidence level.
        resamples: how many samples "lmg" draws.
        seed: of these draws.

    Returns:
        One row a dimension, in the order given: `dimension, importance, low, high, method, n, n_missing`. Rows that lack a
        score or the outcome are missing.

    Raises:
        InputError: a column is missing or not of numbers, or holds NaN or infinities.
        ParameterError: an unknown method, fewer than two dimensions, too few complete rows, or a column that does not vary.
    """
    choice("method", method, get_args(Derivation))
    named = dict(dimensions) if isinstance(dimensions, Mapping) else {column: column for column in dimensions}
    if len(named) < 2 or outcome in named.values():
        raise ParameterError(f"dimensions must be two columns or more, other than the outcome {outcome!r}; got {named}")
    frame = as_frame(respondents).lazy()
    schema, columns = frame.collect_schema(), [*named.values(), outcome]
    require_columns(schema, columns, role="derived_importance")
    bounds = [Bound.of(name, _NUMBER, {}) for name in columns]
    check_types(schema, bounds)
    whole = frame.select(pl.col(columns).cast(pl.Float64)).collect()
    check_values(whole.lazy(), bounds, ())
    rows = whole.drop_nulls().to_numpy()
    n = len(rows)
    if n < len(columns) + 2:
        raise ParameterError(f"{n} complete rows, and {len(named)} dimensions need {len(columns) + 2}")
    together = np.cov(rows, rowvar=False)
    if method == "correlation":
        spread = np.sqrt(np.diag(together))
        if not (spread > 0).all():
            raise ParameterError(f"column {columns[int(np.argmin(spread))]!r} does not vary: it predicts nothing")
        value = together[:-1, -1] / (spread[:-1] * spread[-1])
        low, high = stats.correlation_interval(value, n, level=level)
    elif method == "regression":
        value, low, high = stats.regression_weights(together, n, standardised=True, level=level)
    else:
        value = stats.lmg_shares(together)
        low, high = stats.lmg_interval(rows, level=level, resamples=resamples, seed=seed)
    return pl.DataFrame({"dimension": list(named), "importance": value, "low": low, "high": high}).with_columns(
        method=pl.lit(method), n=pl.lit(n, pl.Int64), n_missing=pl.lit(whole.height - n, pl.Int64)
    )
