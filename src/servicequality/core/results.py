"""The columns of every result, and `result_rows` for figures that no shape gives."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError

RESULT: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "se": pl.Float64(),
    "level": pl.Float64(),
    "method": pl.String(),
    "unit": pl.String(),
    "n": pl.Int64(),
    "n_missing": pl.Int64(),
    "n_excluded": pl.Int64(),
    "n_eff": pl.Float64(),
    "n_pending": pl.Int64(),
    "reason": pl.String(),
    "notes": pl.String(),
}
"""The columns of every result, after its keys."""

Texts = str | None | pl.Series | Sequence[str | None]


def result_rows(
    keys: pl.DataFrame,
    *,
    metric: str,
    unit: str,
    value: ArrayLike,
    n: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    se: ArrayLike | None = None,
    level: ArrayLike | None = None,
    method: Texts = "none",
    n_missing: ArrayLike = 0,
    n_excluded: ArrayLike = 0,
    n_eff: ArrayLike | None = None,
    n_pending: ArrayLike | None = None,
    reason: Texts = "undefined",
    notes: Texts = None,
) -> pl.DataFrame:
    """Figures that were computed elsewhere as rows in the columns of `evaluate`: the keys, then `RESULT`.

    Args:
        keys: one row a figure, its key columns; a frame of no columns stands for one figure without keys.
        metric: name of the figure.
        unit: its unit.
        value: the figures, one a row of `keys`, or one for all; NaN and null are undefined.
        n: rows that count.
        low: lower limits; NaN cannot be bounded. None gives none.
        high: upper limits.
        se: standard errors.
        level: confidence level of the limits, or that reached by each; None where there are none.
        method: how the limits were computed, of all rows or of each; "none" for a census.
        n_missing: rows that could not count.
        n_excluded: rows that the definition leaves out.
        n_eff: effective number of rows; `n` by default.
        n_pending: rows whose outcome is open and that are not in the value; null where no row can be.
        reason: why a value is undefined: one text for all, or one a row. It is kept only where the value is undefined.
        notes: what to keep in mind: one text for all, or one a row.

    Raises:
        ParameterError: a key has the name of one of the result's columns.
    """
    if taken := [name for name in keys.columns if name in RESULT]:
        raise ParameterError(f"column {taken[0]!r} is one of every result's own; rename the frame's column first")
    rows = keys.height if keys.width else 1
    numbers = {
        "value": value,
        "low": low,
        "high": high,
        "se": se,
        "level": level,
        "n": n,
        "n_missing": n_missing,
        "n_excluded": n_excluded,
        "n_eff": n if n_eff is None else n_eff,
        "n_pending": n_pending,
    }
    texts = {"metric": metric, "method": method, "unit": unit, "reason": reason, "notes": notes}
    # Column by column: a query of Polars takes longer than all of these few rows do.
    columns = {name: _numbers(name, given, rows) for name, given in numbers.items()}
    columns |= {name: _texts(name, given, rows) for name, given in texts.items()}
    told, nothing = columns["reason"], pl.Series([None], dtype=pl.String)
    columns["reason"] = told.zip_with(columns["value"].is_null(), nothing)
    # By name: a list of columns would give one of an empty name another.
    own = {key.name: key for key in keys}
    return pl.DataFrame(own | {name: columns[name].cast(dtype) for name, dtype in RESULT.items()})


def _numbers(name: str, given: ArrayLike | None, rows: int) -> pl.Series:
    if given is None:
        return pl.Series(name, [None], dtype=pl.Float64).new_from_index(0, rows)
    numbers = given.to_numpy() if isinstance(given, pl.Series) else np.asarray(given)
    return pl.Series(name, np.broadcast_to(numbers.astype(np.float64), (rows,)).copy(), nan_to_null=True)


def _texts(name: str, given: Texts, rows: int) -> pl.Series:
    if given is None or isinstance(given, str):
        return pl.Series(name, [given], dtype=pl.String).new_from_index(0, rows)
    return pl.Series(name, given, dtype=pl.String)
