"""How far an outcome moves with earlier signals: prewhitened, with placebo lags and q-values."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import confidence_level, shown
from servicequality.columns import Column
from servicequality.core import (
    MAX_GAPS,
    Bound,
    Computation,
    Gaps,
    check_max_gaps,
    check_types,
    check_values,
    of_frame,
    ordered,
    require_columns,
    series_types,
)
from servicequality.errors import ParameterError
from servicequality.model import as_frame

__all__ = ["link", "partial_correlation"]

_LINK = "link"
_LINKED: dict[str, pl.DataType] = {
    "driver": pl.String(),
    "lag": pl.Int64(),
    **dict.fromkeys(("r", "low", "high", "p_value", "q_value", "placebo"), pl.Float64()),
    "seen": pl.Boolean(),
    "n": pl.Int64(),
    **dict.fromkeys(("reason", "notes", "words"), pl.String()),
}

_NUMBER = Column(kind="number", meaning="a finite number")
_PARTIAL: dict[str, pl.DataType] = {
    "outcome": pl.String(),
    "driver": pl.String(),
    **dict.fromkeys(("r", "low", "high", "p_value"), pl.Float64()),
    **dict.fromkeys(("n", "n_missing"), pl.Int64()),
    "reason": pl.String(),
}

LEAST = 40
"""Periods below which there is no result: the noise of a correlation is then a third and more."""
_LEAST_FILTERED = LEAST - 10  # what the longest autoregression leaves of so many


@of_frame
def link(
    series: Any,
    outcome: str,
    drivers: str | Sequence[str],
    *,
    at: str = "period",
    every: str,
    lags: Sequence[int] = tuple(range(8)),
    q: float = 0.05,
    max_gaps: float = MAX_GAPS,
) -> Computation:
    """Correlation of an outcome with each driver some periods earlier, after removing their autocorrelation.

    Two series that drift are correlated though nothing links them. Here the driver's autoregression is removed from both first
    (Box & Jenkins 1976), the lags are fixed in advance, p-values are adjusted over all drivers and lags (Benjamini & Hochberg
    1995), and the same is done at placebo lags, where the outcome comes first and no driver can have affected it.

    Args:
        series: any dataframe (lazy in, lazy out), one row a period; or a result of `evaluate` by period, of one group, in
            which outcome and drivers are names of metrics. Its rows without a period are set aside, with a note.
        outcome: column of the outcome.
        drivers: column or columns of what may come before it.
        at: column of the periods.
        every: their distance ("1d", "1w"); a period without a row is a gap.
        lags: how many periods earlier, each 0 or more, chosen before looking.
        q: share of false finds that is accepted among the finds.
        max_gaps: share of periods that may lack one of the two values. A gap takes out what needs it, and `n` is so much
            smaller; with more gaps there is no result.

    Returns:
        One row a driver and lag, in the order given: `driver, lag, r, low, high, p_value, q_value, placebo, seen, n, reason,
        notes, words`. `low` and `high` are 95 % limits, `placebo` is the largest |r| at the placebo lags, `seen` whether the
        q-value is at most `q` and |r| exceeds the placebo's.

    Raises:
        InputError: a column is missing or not numeric, or two rows have one time.
        ParameterError: no driver, the outcome among the drivers, a negative lag, a q outside (0, 1), or a `max_gaps` that is
            no share.
    """
    names = [drivers] if isinstance(drivers, str) else list(drivers)
    if not names or outcome in names:
        raise ParameterError(f"drivers must name columns other than the outcome {outcome!r}; got {names}")
    given: Any = lags
    steps: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    whole = all(isinstance(lag, int | np.integer) and not isinstance(lag, bool) and lag >= 0 for lag in steps)
    if not whole or not steps or len(set(steps)) < len(steps):
        raise ParameterError(f"lags must be different whole numbers, each 0 or more; got {shown(lags)}")
    steps = [int(lag) for lag in steps]
    if not 0 < q < 1:
        raise ParameterError(f"q must lie strictly between 0 and 1; got {q!r}")
    check_max_gaps(max_gaps)

    def answer() -> pl.DataFrame:
        (rows,), note = ordered(series, [outcome, *names], at=at, every=every, role=_LINK)
        placebos = [-lag for lag in steps if lag] or [-1]
        links = [_driver(rows, outcome, name, steps, placebos, max_gaps, note) for name in names]
        table = pl.concat(links)
        p = table["p_value"].to_numpy()
        known = np.isfinite(p)
        adjusted = np.full(len(p), np.nan)
        if known.any():
            adjusted[known] = stats.benjamini_hochberg(p[known])
        seen = (pl.col("q_value") <= q) & (pl.col("r").abs() > pl.col("placebo"))
        return (
            table.with_columns(pl.Series("q_value", adjusted, nan_to_null=True))
            .with_columns(seen=seen.fill_null(value=False))
            .with_columns(words=_words(outcome, q))
            .select(*_LINKED)
        )

    def schema() -> dict[str, pl.DataType]:
        series_types(series, [outcome, *names], at=at, role=_LINK)
        return _LINKED

    return Computation(answer, schema)


def _driver(
    rows: pl.DataFrame,
    outcome: str,
    name: str,
    steps: list[int],
    placebos: list[int],
    max_gaps: float,
    note: str | None,
) -> pl.DataFrame:
    x, y = (rows[column].to_numpy() for column in (name, outcome))
    known = np.isfinite(x) & np.isfinite(y)
    gaps = Gaps.of(known, max_gaps, note)
    r, low, high, p = np.full((4, len(steps)), np.nan)
    placebo, n, reason = np.nan, int(known.sum()), gaps.reason
    if reason is None and n < LEAST:
        reason = f"{n} periods, and a correlation over time needs {LEAST}"
    if reason is not None:
        n = len(x)
    else:
        try:
            both, n = stats.prewhitened_ccf(x, y, [*steps, *placebos])
        except ParameterError as error:
            reason = str(error)
        else:
            if n < _LEAST_FILTERED:
                reason = f"the gaps leave as much as {n} periods tell, and a correlation over time needs {LEAST}"
            else:
                r, placebo = both[: len(steps)], float(np.abs(both[len(steps) :]).max())
                low, high = (np.clip(limit, -1, 1) for limit in stats.t_interval(r, n**-0.5, df=np.inf))
                p = stats.t_test(r, n**-0.5)
    figures = {"r": r, "low": low, "high": high, "p_value": p, "placebo": np.full(len(steps), placebo)}
    return pl.DataFrame({"driver": [name] * len(steps), "lag": steps}).with_columns(
        *(pl.Series(column, numbers, dtype=pl.Float64, nan_to_null=True) for column, numbers in figures.items()),
        n=pl.lit(n, pl.Int64),
        reason=pl.lit(reason, pl.String),
        notes=pl.lit(gaps.notes, pl.String),
    )


def _words(outcome: str, q: float) -> pl.Expr:
    """What may be said of a row, and no more."""
    several = pl.when(pl.col("lag") == 1).then(pl.lit("period")).otherwise(pl.lit("periods"))
    when = (
        pl.when(pl.col("lag") == 0)
        .then(pl.lit("in the same period"))
        .otherwise(pl.format("{} {} earlier", "lag", several))
    )
    way = pl.when(pl.col("r") > 0).then(pl.lit("with")).otherwise(pl.lit("against"))
    size, mirror = (pl.col(name).round(2).cast(pl.String) for name in ("r", "placebo"))
    moves = f"{outcome} moves {{}} {{}} {{}} (r {{}}): an association, no proof of a cause"
    mirrored = f"{{}} is as strong where {outcome} comes first (placebo r {{}}): look for what moves both"
    return (
        pl.when(pl.col("r").is_null())
        .then("reason")
        .when("seen")
        .then(pl.format(moves, way, "driver", when, size))
        .when(pl.col("q_value") <= q)
        .then(pl.format(mirrored, "driver", mirror))
        .otherwise(pl.format("no link seen with {} {}", "driver", when))
    )


@of_frame
def partial_correlation(
    rows: Any, outcome: str, driver: str, *, given: str | Sequence[str], level: float = 0.95
) -> Computation:
    """Correlation of an outcome and a driver with other columns held fixed, with Fisher's limits.

    Rows are assumed to be independent; for a series over time use `link`. A row without one of the numbers is left out.

    Args:
        rows: any dataframe (lazy in, lazy out).
        outcome: column of the outcome.
        driver: column of the driver.
        given: column or columns that are held fixed (volume, weekday as numbers).
        level: confidence level.

    Returns:
        One row: `outcome, driver, r, low, high, p_value, n, n_missing, reason`.

    Raises:
        InputError: a column is missing or not of finite numbers.
        ParameterError: no column to hold fixed, a column named twice, or a level outside (0, 1).
    """
    fixed = [given] if isinstance(given, str) else list(given)
    columns = [outcome, driver, *fixed]
    if not fixed or len(set(columns)) < len(columns):
        raise ParameterError(f"name an outcome, a driver and at least one other column to hold fixed; got {columns}")
    confidence_level(level)
    frame = as_frame(rows).lazy()
    schema = frame.collect_schema()
    require_columns(schema, columns, role="partial_correlation")
    bounds = [Bound.of(name, _NUMBER, {}) for name in columns]
    check_types(schema, bounds)

    def answer() -> pl.DataFrame:
        check_values(frame, bounds, ())
        whole = frame.select(pl.col(columns).cast(pl.Float64)).collect()
        return _held_fixed(whole, level)

    return Computation(answer, lambda: _PARTIAL)


def _held_fixed(whole: pl.DataFrame, level: float) -> pl.DataFrame:
    """The partial correlation of the first two columns, the others held fixed."""
    kept, columns = whole.drop_nulls(), whole.width
    n, figures, reason = kept.height, dict[str, float | None](), None
    if n < columns + 3:
        reason = f"{n} complete rows, and {columns} columns need {columns + 3}"
    else:
        try:
            r = float(stats.partial_correlations(np.cov(kept.to_numpy(), rowvar=False))[0, 1])
            low, high = (float(x) for x in stats.correlation_interval(r, n, controlled=columns - 2, level=level))
            free = n - columns
            p = float(stats.t_test(r, np.sqrt(max(1 - r**2, 1e-300) / free), df=free))
            figures = {"r": r, "low": low, "high": high, "p_value": p}
        except ParameterError as error:
            reason = str(error)
    outcome, driver = whole.columns[:2]
    counts = {"n": n, "n_missing": whole.height - n}
    return pl.DataFrame(
        [{"outcome": outcome, "driver": driver, **figures, **counts, "reason": reason}], schema=_PARTIAL
    )
