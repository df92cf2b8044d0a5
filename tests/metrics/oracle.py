"""Oracles: a metric beside one line of plain Python, over random rows. Here: the comparison, and curves by hand."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from statistics import quantiles
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from drawing import few
from servicequality import evaluate
from servicequality.core import Metric
from servicequality.testing import frames

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)

Row = dict[str, Any]
Oracle = Callable[[list[Row]], float | None]


def agrees(metric: Metric, oracle: Oracle) -> None:
    """Assert that a metric's value over random legal rows is what the oracle says."""

    @few(8)
    @given(frames(metric, around=NOON))
    def tried(frame: pl.DataFrame) -> None:
        result, expected = evaluate(frame, metric)["value"].item(), oracle(frame.to_dicts())
        if result is None or expected is None:
            assert result == expected
        else:
            assert result == pytest.approx(expected, rel=1e-9, abs=1e-9)

    tried()


def value(metric: Metric, **columns: Sequence[Any]) -> float | None:
    """The value over golden rows."""
    frame = pl.DataFrame(columns)
    result: float | None = evaluate(frame, metric)["value"].item()
    return result


def answers(rows: Iterable[Row], column: str = "score", blanks: Sequence[float] = ()) -> list[float]:
    """What a column holds, nulls and declared blanks left out."""
    return [row[column] for row in rows if row[column] is not None and row[column] not in blanks]


def share(hits: Iterable[object]) -> float | None:
    """Share of the truthy ones."""
    result = [bool(hit) for hit in hits]
    return sum(result) / len(result) if result else None


def mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def net(numbers: Sequence[float], up: Callable[[float], bool], down: Callable[[float], bool]) -> float | None:
    """Share up less share down, per 100."""
    return 100 * (sum(map(up, numbers)) - sum(map(down, numbers))) / len(numbers) if numbers else None


def type_7(numbers: Sequence[float], percent: int) -> float | None:
    """Quantile by Python's own inclusive method, which is Hyndman and Fan's type 7."""
    if len(numbers) < 2:
        return numbers[0] if numbers else None
    return quantiles(numbers, n=100, method="inclusive")[percent - 1]


def curve(times: Iterable[tuple[float, str]]) -> list[tuple[float, float, float]]:
    """(time, incidence of the event, share that runs on) after each time; ends are "event", "other" and "open"."""
    rows = sorted(times)
    left, incidence, running, steps = len(rows), 0.0, 1.0, []
    for at, tied in groupby(rows, key=lambda row: row[0]):
        ends = [end for _, end in tied]
        incidence += running * ends.count("event") / left
        running *= 1 - (ends.count("event") + ends.count("other")) / left
        left -= len(ends)
        steps.append((at, incidence, running))
    return steps


def within(times: Sequence[tuple[float, str]], limit: float) -> float | None:
    """Share ended by the event within the limit; unknown if all that are still running were watched for less."""
    steps = [step for step in curve(times) if step[0] <= limit]
    if not times or (max(at for at, _ in times) < limit and curve(times)[-1][2] > 1e-9):
        return None
    return steps[-1][1] if steps else 0.0
