"""`trim`: weights between a floor and a cap, with their sum kept."""

from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from servicequality.checks import choice, holds_numbers, shown
from servicequality.core import Computation, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.stats._checks import FloatArray, number
from servicequality.stats.adjusting import trimmed
from servicequality.weights.adjusting import new_column
from servicequality.weights.adjustment import base_weights

__all__ = ["trim"]

Redistribute: TypeAlias = Literal["equal", "proportional"]
"""Who gets the excess: every row the same, or each in proportion to its weight."""


@of_frame
def trim(
    frame: Any,
    weight: str = "adjusted_weight",
    *,
    upper: float | None = None,
    lower: float | None = None,
    redistribute: Redistribute = "equal",
    name: str = "trimmed_weight",
) -> Computation:
    """Weights cut to a cap and a floor, with the excess given to the other rows, so that their sum stays (Potter 1990).

    A few very large weights make a figure the word of a few rows. Trimming bounds them, for a little bias: the margins are no
    longer met exactly. What the excess carries beyond a bound is cut again, and so on until all weights lie within.

    Args:
        frame: any dataframe; a lazy one gives a lazy answer.
        weight: column of weights. Rows of weight 0 are no part of the sample, and keep it.
        upper: the cap, such as five times the mean weight. None has none.
        lower: the floor. None has none.
        redistribute: "equal" gives every row within the bounds the same; "proportional" multiplies them by one factor.
        name: the column of the trimmed weights.

    Returns:
        The rows in their order with the column `name`.

    Raises:
        InputError: the column is missing, or a weight is null or not finite; below 0 if the excess is shared in proportion.
        ParameterError: neither bound is given, a cap below the mean weight or a floor above it, no row that could take the
            excess, or a `name` that the frame has.
    """
    choice("trim: redistribute", redistribute, ("equal", "proportional"))
    low, high = (_bound(option, value) for option, value in (("lower", lower), ("upper", upper)))
    if low is None and high is None:
        raise ParameterError("trim: say upper=, the largest weight that may be, or lower=, the smallest")
    floor, cap = -np.inf if low is None else low, np.inf if high is None else high
    if floor > cap:
        raise ParameterError(f"trim: lower {floor:g} lies above upper {cap:g}")
    data: pl.LazyFrame = as_frame(frame).lazy()
    schema = data.collect_schema()
    require_columns(schema, [weight], role="trim")
    if not holds_numbers(schema[weight]):
        raise InputError(f"trim: column {shown(weight)} holds {schema[weight]}, expected numbers")
    new_column("trim", schema, name)

    def compute() -> pl.DataFrame:
        rows = data.collect()
        least = 0.0 if redistribute == "proportional" else -np.inf
        weights = base_weights("trim", rows, weight, least=least)
        some = weights != 0
        answer = np.zeros_like(weights)
        answer[some] = _trimmed(weights[some], floor, cap, redistribute)
        return rows.with_columns(pl.Series(name, answer, dtype=pl.Float64))

    return Computation(compute, lambda: {**schema, name: pl.Float64()})


def _trimmed(weights: FloatArray, floor: float, cap: float, redistribute: Redistribute) -> FloatArray:
    if not len(weights):
        return weights
    mean = float(weights.mean())
    slack = 1e-12 * abs(mean)
    if mean > cap + slack or mean < floor - slack:
        end, side = ("upper", "below") if mean > cap else ("lower", "above")
        raise ParameterError(
            f"trim: {end} {cap if mean > cap else floor:g} lies {side} the mean weight {mean:g}, so that no weights within "
            f"keep the sum; take {'a larger cap' if mean > cap else 'a smaller floor'}"
        )
    answer = trimmed(weights, floor, cap, proportional=redistribute == "proportional")
    if np.isnan(answer).any():
        raise ParameterError(
            "trim: the rows within the bounds cannot take the excess in proportion to their weight; say "
            'redistribute="equal"'
        )
    return answer


def _bound(option: str, value: object) -> float | None:
    return None if value is None else number(f"trim: {option}", value)
