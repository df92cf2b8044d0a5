"""The map of importance and performance: quadrants, ties, lines, and what cannot be cut."""

from typing import Any

import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.servqual import importance_performance

MAP = {"item": ["a", "b", "c", "d"], "importance": [4, 4, 1, 1], "performance": [5, 2, 2, 5]}


@pytest.mark.parametrize("crosshair", ["mean", "median", (2, 3)])
def test_each_quadrant_has_its_name(crosshair: Any) -> None:
    rows = importance_performance(MAP, crosshair=crosshair)
    assert rows["quadrant"].to_list() == ["keep_up", "concentrate", "low_priority", "overkill"]
    assert rows["item"].to_list() == MAP["item"]


def test_a_tie_is_high_and_a_blank_is_in_no_quadrant() -> None:
    frame = {"importance": [1.0, 1.0, 9.0, None], "performance": [2.0, 2.0, None, 9.0]}
    rows = importance_performance(frame)
    assert rows["quadrant"].to_list() == ["keep_up", "keep_up", None, None]
    assert rows.select("importance_cut", "performance_cut").row(0) == (1.0, 2.0)


def test_lazy_gives_lazy() -> None:
    lazy = importance_performance(pl.LazyFrame(MAP))
    assert lazy.collect_schema() == importance_performance(MAP).schema
    assert lazy.collect().equals(importance_performance(MAP))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"performance": [1, 2]}, "lengths|height|length"),
        ({"performance": ["1"] * 4}, "column 'performance' holds String, expected numbers"),
        ({"performance": [float("nan"), 1, 2, 3]}, "column 'performance': 1 values are NaN or infinite"),
        ({"performance": pl.Series([None] * 4, dtype=pl.Int64)}, "there is nothing to cut"),
    ],
)
def test_attributes_that_cannot_be_mapped(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        importance_performance({**MAP, **changed})


@pytest.mark.parametrize("crosshair", ["mode", (1,), (1, float("inf")), 3])
def test_a_crosshair_that_is_none(crosshair: Any) -> None:
    with pytest.raises(ParameterError, match="crosshair must be 'mean', 'median' or a pair"):
        importance_performance(MAP, crosshair=crosshair)
