"""From sums to figures. Lives here: value, limits, reasons and notes of finished states. Never: a scan of rows."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.binned import read_state
from servicequality.core.results import result_rows
from servicequality.core.sampling import MOMENTS, SAMPLED, kish_rows, sampled_limits
from servicequality.core.states import value_prefix
from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.shapes import FixedShape, Reading, Table, TableShape
from servicequality.shapes.base import FloatArray

if TYPE_CHECKING:
    from servicequality.core.metric import Metric


def check_level(level: float) -> None:
    """Raise ParameterError for a confidence level outside (0, 1)."""
    if not 0 < level < 1:
        raise ParameterError(f"level must lie strictly between 0 and 1, got {level!r}; 0.95 gives 95 % limits")


def finish_fixed(state: pl.DataFrame, metric: "Metric", *, keys: Sequence[str], level: float) -> pl.DataFrame:
    """The figures of a metric of fixed width, one row a key."""
    shape, name = metric.shape, metric.name
    assert isinstance(shape, FixedShape)  # the caller sorts metrics by shape
    weighted = f"{name}.weight_squares" in state.columns
    prefix = value_prefix(name, weighted=weighted)
    raw, stored = shape.stored(name), shape.stored(prefix)
    pair, pending = stored.pair(), raw.pending()
    read = state.select(
        value=stored.value(),
        judged=stored.judged(),
        missing=raw.missing(pl.col(f"{name}.rows")),
        pending=pl.lit(None, pl.Int64) if pending is None else pending,
        above=pl.lit(None, pl.Float64) if pair is None else pair[0].cast(pl.Float64),
        below=pl.lit(None, pl.Float64) if pair is None else pair[1].cast(pl.Float64),
    )
    n = _column(state, f"{name}.n")
    low, high, se = np.full((3, len(n)), np.nan)
    ok = read["judged"].to_numpy() & (n > 0)
    whole = {leaf: _column(state, f"{prefix}.{leaf}") for leaf in shape.leaves()}
    sums = {leaf: column[ok] for leaf, column in whole.items()}
    extra = {key: _column(state, f"{name}.{key}") for key in (*SAMPLED, *MOMENTS) if f"{name}.{key}" in state.columns}
    n_eff = kish_rows(whole["n"], {**extra, "n": n}).copy()
    with warnings.catch_warnings():  # what is to be read with care stands in `notes`
        warnings.simplefilter("ignore", ServiceQualityWarning)
        if extra:
            of_design = {key: column[ok] for key, column in {**extra, "n": n}.items()}
            ratio = read["above"].to_numpy()[ok], read["below"].to_numpy()[ok]
            reading, n_eff[ok] = sampled_limits(shape, sums, of_design, ratio, level=level)
        else:
            reading = shape.limits(sums, level=level, design=None)
    low[ok], high[ok], se[ok] = reading.low, reading.high, reading.se
    method, notes = np.full(len(n), "none", dtype=np.object_), np.full(len(n), None, dtype=np.object_)
    method[ok if not isinstance(reading.method, str) else slice(None)] = reading.method
    if reading.notes is not None:
        notes[ok] = reading.notes
    value = read["value"].fill_null(float("nan")).to_numpy()
    return _result(
        state.select(keys),
        metric,
        Reading(low, high, se, method.tolist(), value),
        level=level,
        n=n,
        missing=read["missing"],
        pending=read["pending"],
        n_eff=n_eff,
        notes=notes.tolist(),
    )


def finish_table(
    state: pl.DataFrame, metric: "Metric", *, keys: Sequence[str], level: float, exact: bool = False
) -> pl.DataFrame:
    """The figures of a metric that reads a table, one row a key; `exact` says that the bins keep all bits."""
    groups, table, n_eff = read_state(state, metric, keys=keys, exact=exact)
    return finish_groups(groups, table, metric, keys=keys, level=level, n_eff=n_eff)


def finish_groups(
    groups: pl.DataFrame,
    table: Table,
    metric: "Metric",
    *,
    keys: Sequence[str],
    level: float,
    n_eff: FloatArray | None = None,
) -> pl.DataFrame:
    """The figures of a metric that reads a table, whose totals by key are known."""
    shape, name = metric.shape, metric.name
    assert isinstance(shape, TableShape)  # the caller sorts metrics by shape
    stored = shape.stored(name)
    n = _column(groups, f"{name}.n")
    pending = stored.pending()
    counts = groups.select(
        missing=stored.missing(pl.col(f"{name}.rows")),
        pending=pl.lit(None, pl.Int64) if pending is None else pending,
    )
    return _result(
        groups.select(keys),
        metric,
        shape.read(table, level=level),
        level=level,
        n=n,
        missing=counts["missing"],
        pending=counts["pending"],
        n_eff=n if n_eff is None else n_eff,
        notes=[None] * len(n),
    )


def end_to_end(lists: pl.Series) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Where each list begins and ends, and their numbers one list after the other."""
    lengths = lists.list.len().cast(pl.Int64).to_numpy()
    return np.concatenate(([0], np.cumsum(lengths))), lists.explode(empty_as_null=False).to_numpy(writable=True)


def _column(state: pl.DataFrame, name: str) -> FloatArray:
    return state[name].cast(pl.Float64).to_numpy()


def _result(
    keys: pl.DataFrame,
    metric: "Metric",
    reading: Reading,
    *,
    level: float,
    n: FloatArray,
    missing: pl.Series,
    pending: pl.Series,
    n_eff: FloatArray,
    notes: Sequence[str | None],
) -> pl.DataFrame:
    """The tidy rows of one metric: NaN becomes null, and every null value gets its reason."""
    shape, some = metric.shape, n > 0
    assert reading.value is not None  # both ways of finishing fill it
    return result_rows(
        keys,
        metric=metric.name,
        unit=metric.unit,
        value=reading.value,
        low=np.where(some, reading.low, np.nan),
        high=np.where(some, reading.high, np.nan),
        se=reading.se,
        level=level if reading.level is None else reading.level,
        method=reading.method,
        n=n,
        n_missing=missing,
        n_eff=n_eff,
        n_pending=pending,
        reason=shape.undefined if some.all() else [shape.undefined if there else shape.empty for there in some],
        notes=notes if any(notes) else None,
    )
