"""Every way in which pending rows can end, worked out for small frames. Never here: a test."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

import polars as pl
import pytest

from servicequality import Metric, Objective, Scorecard, evaluate

START, AS_OF, LATER = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 9))
Rows = list[dict[str, Any]]


def judged(rows: Rows | pl.DataFrame, metric: Metric, target: float = 0.5, **options: Any) -> dict[str, Any]:
    frame = pl.DataFrame(rows).with_columns(at=pl.lit(START))
    result = Scorecard([Objective(metric, at_most=target)]).evaluate(frame, as_of=AS_OF, at="at", **options)
    return result.row(0, named=True)


def completions(rows: Rows, endings: Callable[[dict[str, Any]], Sequence[dict[str, Any] | None]]) -> list[Rows]:
    """Every way in which the rows can end; None is a row that comes to count for nothing and is left out."""
    ways = [[None if end is None else row | end for end in (endings(row) or ({},))] for row in rows]
    return [[row for row in way if row is not None] for way in product(*ways)]


def span(rows: Rows, metric: Metric, endings: Callable[[dict[str, Any]], Sequence[Any]]) -> tuple[float, float]:
    """Least and greatest value over all completions that have one, in one scan."""
    ways = completions(rows, endings)
    whole = pl.concat(
        [
            pl.DataFrame(way, schema_overrides=_types(rows)).with_columns(way=pl.lit(i))
            for i, way in enumerate(ways)
            if way
        ]
    )
    values = evaluate(whole, metric, by="way")["value"].drop_nulls()
    return values.min(), values.max()


def _types(rows: Rows) -> pl.Schema:
    return pl.DataFrame(rows).schema


def check(
    rows: Rows, metric: Metric, endings: Callable[[dict[str, Any]], Sequence[Any]], later: Metric | None = None
) -> None:
    row = judged(rows, metric)
    assert (row["lowest"], row["highest"]) == pytest.approx(span(rows, later or metric, endings))
