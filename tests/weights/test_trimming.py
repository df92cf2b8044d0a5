"""Trimming: against the loop that it stands for, its laws, and bad input."""

from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError, ParameterError, ServiceQualityError
from servicequality.weights import trim

Way = Literal["equal", "proportional"]
WAYS: tuple[Way, ...] = ("equal", "proportional")


def trimmed(weights: Any, **options: Any) -> list[float]:
    return trim(pl.DataFrame({"adjusted_weight": weights}), **options)["trimmed_weight"].to_list()


def repeated(weights: list[float], low: float, high: float, way: Way) -> list[float]:
    """Cut what lies outside, share the excess among the rest, and so on: R's trimWeights(strict=TRUE), row by row."""
    now, total = list(weights), sum(weights)
    for _ in range(20_000):
        outside = [not low <= one <= high for one in now]
        if not any(outside):
            break
        now = [min(max(one, low), high) for one in now]
        rest = sum(one for one, out in zip(now, outside, strict=True) if not out)
        excess, size = total - sum(now), outside.count(False)
        for place, out in enumerate(outside):
            if not out:
                now[place] += excess / size if way == "equal" else now[place] * excess / rest
    return now


@given(st.integers(0, 2**32), st.sampled_from(WAYS), st.booleans(), st.booleans())
def test_all_lies_within_the_sum_is_kept_and_the_loop_gives_the_same(
    seed: int, way: Way, floored: bool, capped: bool
) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.lognormal(0, 1, rng.integers(3, 30)).tolist()
    mean = float(np.mean(weights))
    low = mean * rng.uniform(0.05, 0.6) if floored or not capped else None
    high = mean * rng.uniform(1.3, 4) if capped else None
    answer = trimmed(weights, lower=low, upper=high, redistribute=way)
    floor, cap = -np.inf if low is None else low, np.inf if high is None else high
    assert sum(answer) == pytest.approx(sum(weights))
    assert floor - 1e-9 <= min(answer) <= max(answer) <= cap + 1e-9
    if any(floor <= one <= cap for one in weights):
        assert answer == pytest.approx(repeated(weights, floor, cap, way), rel=1e-6)


@given(st.integers(0, 2**32), st.sampled_from(WAYS), st.floats(1e-3, 1e3))
def test_order_and_scale(seed: int, way: Way, factor: float) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.lognormal(0, 1, 12)
    cap, order = 1.5 * float(weights.mean()), rng.permutation(12)
    answer = np.array(trimmed(weights, upper=cap, redistribute=way))
    assert trimmed(weights[order], upper=cap, redistribute=way) == pytest.approx(answer[order].tolist())
    assert trimmed(weights * factor, upper=cap * factor, redistribute=way) == pytest.approx((answer * factor).tolist())
    assert (np.diff(answer[np.argsort(weights)]) >= -1e-9).all()  # a larger weight stays no smaller


def test_edges() -> None:
    assert trimmed([1.0, 2.0, 3.0], upper=3.0) == [1, 2, 3]
    assert trimmed([1.0, 3.0], upper=2.0) == [2, 2]  # the cap is the mean
    assert trimmed([1.0, 3.0], lower=2.0, redistribute="proportional") == [2, 2]
    assert trimmed([0.0, 4.0, 0.0, 1.0, 1.0], upper=3.0) == [0, 3, 0, 1.5, 1.5]  # rows of weight 0 are no rows
    assert trimmed([1.0, 9.0], lower=2.0, upper=6.0) == [4, 6]  # none lies within
    assert trimmed([-1.0, 2.0, 2.0], lower=0.0) == pytest.approx([0, 1.5, 1.5])  # of linear calibration
    assert trimmed([], upper=1.0) == []
    lazy = trim(pl.LazyFrame({"w": [1, 5]}), "w", upper=4, name="cut")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().rows() == [(1, 2.0), (5, 4.0)]


@pytest.mark.parametrize(
    ("weights", "options", "error", "message"),
    [
        (
            [1.0, 2.0, 3.0, 6.0],
            {"upper": 2.5},
            ParameterError,
            "upper 2.5 lies below the mean weight 3, .* a larger cap",
        ),
        (
            [1.0, 2.0, 3.0, 6.0],
            {"lower": 3.5},
            ParameterError,
            "lower 3.5 lies above the mean weight 3, .* a smaller floor",
        ),
        ([1.0], {}, ParameterError, "say upper=, the largest weight"),
        ([1.0], {"upper": 1, "lower": 2}, ParameterError, "lower 2 lies above upper 1"),
        ([1.0], {"upper": float("nan")}, ParameterError, "trim: upper must be a finite number"),
        ([1.0], {"upper": True}, ParameterError, "trim: upper must be a number"),
        ([1.0], {"upper": 2, "redistribute": "equally"}, ParameterError, "must be one of 'equal', 'proportional'"),
        (
            [1.0, None],
            {"upper": 2},
            InputError,
            "'adjusted_weight' has 1 of 2 weights that are not finite, such as None",
        ),
        (
            [1.0, -2.0],
            {"upper": 2, "redistribute": "proportional"},
            InputError,
            "not 0 or more and finite, such as -2.0",
        ),
        (["a"], {"upper": 2}, InputError, "holds String, expected numbers"),
        ([1.0], {"upper": 2, "name": "adjusted_weight"}, ParameterError, "the frame has a column 'adjusted_weight'"),
        ([1.0], {"upper": 2, "weight": "weight"}, InputError, "no column 'weight' .did you mean 'adjusted_weight'"),
    ],
)
def test_bad_input(weights: Any, options: dict[str, Any], error: type[ServiceQualityError], message: str) -> None:
    with pytest.raises(error, match=message):
        trim(pl.DataFrame({"adjusted_weight": weights}), **options)
