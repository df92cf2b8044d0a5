"""When two answers are the same. Lives here: the comparison with its tolerances, and small cuts of frames. Never: a law."""

from collections.abc import Callable
from typing import TypeAlias

import polars as pl
from polars.testing import assert_frame_equal

from servicequality.core import Metric, evaluate
from servicequality.core.state import State
from servicequality.shapes import Tally, Total

Law: TypeAlias = Callable[[Metric, pl.DataFrame], None]

RELATIVE = 1e-9
"""Floats that were added in another order agree so well."""
DOUBT = ["low", "high", "se"]
_CANCELLED = 1e-6  # A variance that is 0 comes out as rounding, and its root loses half of the digits.


def same(left: pl.DataFrame, right: pl.DataFrame, *, of: Metric, rows: pl.DataFrame) -> None:
    """Raise AssertionError unless two results or states agree: counts and texts exactly, floats to 1e-9."""
    size = _size(of, rows)
    doubt = [column for column in DOUBT if column in left.columns]
    assert_frame_equal(left.drop(doubt), right.drop(doubt), rel_tol=RELATIVE, abs_tol=1e-12 * size)
    assert_frame_equal(left.select(doubt), right.select(doubt), rel_tol=RELATIVE, abs_tol=_CANCELLED * size)


def same_state(left: State, right: State, *, of: Metric, rows: pl.DataFrame) -> None:
    """Raise AssertionError unless two states agree: counts exactly, sums to 1e-9 of what was added."""
    size = _size(of, rows)
    assert left.tables.keys() == right.tables.keys(), f"tables {[*left.tables]} and {[*right.tables]}"
    pairs = [(left.sums, right.sums), *((left.tables[name], right.tables[name]) for name in left.tables)]
    for one, other in pairs:
        assert_frame_equal(one, other, rel_tol=RELATIVE, abs_tol=1e-12 * size * size)


def close(left: float | None, right: float | None, *, of: Metric, rows: pl.DataFrame) -> None:
    """Raise AssertionError unless two values agree to 1e-9, or both are undefined."""
    same(
        pl.DataFrame({"value": [left]}, {"value": pl.Float64}),
        pl.DataFrame({"value": [right]}, {"value": pl.Float64}),
        of=of,
        rows=rows,
    )


def value(
    metric: Metric, frame: pl.DataFrame, *, weight: str | None = None, cluster: str | None = None
) -> float | None:
    """The value over all rows."""
    found: float | None = evaluate(frame, metric, weight=weight, cluster=cluster)["value"].item()
    return found


def grows(metric: Metric) -> bool:
    """Whether the value is a count or a total, which more rows make larger."""
    return isinstance(metric.shape, Tally | Total)


def _size(metric: Metric, rows: pl.DataFrame) -> float:
    """The order of magnitude of what is added: rounding is relative to that, not to what is left of it."""
    numbers = [bound.name for bound in metric.inputs if bound.domain.kind in ("integer", "number")]
    largest = max((abs(number) for name in numbers for number in _ends(rows[name]) if number is not None), default=0.0)
    return max(1.0, largest, *(abs(bound) for bound in metric.bounds if abs(bound) < float("inf")))


def _ends(column: pl.Series) -> tuple[float | None, float | None]:
    wide = column.cast(pl.Float64)
    return wide.min(), wide.max()  # type: ignore[return-value]  # numbers, since the column is Float64
