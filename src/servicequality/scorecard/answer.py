"""The columns of a scorecard's answer, and how the rows of its objectives come together."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.scorecard.pending import HIGHEST, LOWEST

COLUMNS: dict[str, pl.DataType] = {
    "objective": pl.String(),
    "metric": pl.String(),
    "period": pl.Datetime("us", "UTC"),
    "every": pl.String(),
    "at": pl.String(),
    "verdict": pl.String(),
    "direction": pl.String(),
    "target": pl.Float64(),
    **dict.fromkeys(("value", "low", "high", "baseline", "change", "change_low", "change_high"), pl.Float64()),
    "level": pl.Float64(),
    "method": pl.String(),
    "unit": pl.String(),
    "n": pl.Int64(),
    "n_needed": pl.Float64(),
    "n_pending": pl.Int64(),
    LOWEST: pl.Float64(),
    HIGHEST: pl.Float64(),
    "outlook": pl.String(),
    "benchmark": pl.Float64(),
    "benchmark_source": pl.String(),
    "against_benchmark": pl.String(),
    "owner": pl.String(),
    "action": pl.String(),
    "reason": pl.String(),
    "notes": pl.String(),
    "summary": pl.String(),
}
"""The columns of a scorecard's answer; the keys come after `objective`."""


def together(parts: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """The rows of all objectives in the columns of the answer."""
    first, *rest = COLUMNS
    return pl.concat(parts, how="diagonal_relaxed").select(first, *keys, *rest)


def named_rows(answer: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries, for their sentences: a scorecard has as many as a person reads."""
    columns = {name: answer[name].to_list() for name in answer.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
