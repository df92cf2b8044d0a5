"""Scores and zones in notebooks: dimensions and measures as a plain table."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.checks import html_block, html_table
from servicequality.core import UNKNOWN

_MOST = 60  # rows


def dimensions_html(title: str, dimensions: Any, keys: Sequence[str]) -> str:
    """A table of dimensions as HTML, or what a lazy one is and what to call.

    Args:
        title: what was scored.
        dimensions: the frame `dimensions` of scores or zones.
        keys: its key columns.
    """
    if isinstance(dimensions, pl.LazyFrame):
        told = "lazy, since the answers are: .dimensions.collect() reads them; .overall, .items and .respondents are lazy too"
        return html_block(title, notes=[told])
    own = [name for name in keys if name in dimensions.columns]
    head = dimensions.head(_MOST)
    columns = [head[name].to_list() for name in (*own, "dimension", "measure", "value", "low", "high", "n")]
    rows = [
        (*cells[:-4], _number(cells[-4]), _limits(*cells[-3:-1]), f"{cells[-1]:,}")
        for cells in zip(*columns, strict=True)
    ]
    place = len(own) + 2
    table = html_table(
        [*own, "dimension", "measure", "value", "limits", "rows"],
        rows,
        numbers=(place, place + 1, place + 2),
        more=dimensions.height - head.height,
    )
    reasons = dimensions["reason"].drop_nulls().unique(maintain_order=True).to_list()
    return html_block(title, table, notes=[f"{UNKNOWN} {reason}" for reason in reasons[:5]])


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{round(value, 2) + 0.0:.2f}"


def _limits(low: float | None, high: float | None) -> str:
    return "" if low is None and high is None else f"{_number(low)} to {_number(high)}"
