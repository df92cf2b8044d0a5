"""`rake`, `post_stratify`, `calibrate`: weights that add up to the population's margins."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from servicequality.checks import shown
from servicequality.core import Computation, names_of, of_frame
from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.model import as_frame
from servicequality.weights.adjustment import Adjustment
from servicequality.weights.margins import joint_margin

__all__ = ["calibrate", "new_column", "post_stratify", "rake"]


@of_frame
def rake(
    frame: Any, margins: Mapping[Any, Mapping[Any, float]], *, weight: str | None = None, name: str = "adjusted_weight"
) -> Computation:
    """Weights whose sums meet the population's counts of several columns, by raking (Deming and Stephan 1940).

    Every row's base weight is multiplied by one factor for its category of each column. Where only the counts of each column
    are known, and not of their combinations, this changes the base weights least. It is computed until all counts are met
    within 1e-11; margins that nothing above 0 meets are refused.

    Args:
        frame: any dataframe with a row an answer; a lazy one gives a lazy answer.
        margins: for each column the population's count of each category, such as
            `{"channel": {"web": 600, "phone": 400}, "tier": {"free": 700, "pro": 300}}`. Counts of all columns add up to
            one total. A tuple of columns maps tuples of categories to counts of their combinations.
        weight: column of base weights, 0 or more, such as one over the chance of being asked. None takes all rows alike.
        name: the column of the new weights.

    Returns:
        The rows in their order with the column `name`. The weights add up to the population; rows of base weight 0 keep 0.

    Raises:
        InputError: a column is missing, a category is null, or a base weight is not a finite number of 0 or more.
        ParameterError: margins whose totals differ, a category that only the margins or only the rows have, margins that
            cannot be met together, or a `name` that the frame has.
    """
    return _weighted(frame, Adjustment.of("rake", margins, size=None, distance="rake", weight=weight), name)


@of_frame
def post_stratify(
    frame: Any,
    population: Any,
    *,
    by: str | Sequence[str],
    count: str = "count",
    weight: str | None = None,
    name: str = "adjusted_weight",
) -> Computation:
    """Weights whose sums meet the population's count of each combination of categories (Holt and Smith 1979).

    Where the combinations are known this uses all of it; cells of few rows get unsteady weights, and raking fewer columns is
    then the better choice.

    Args:
        frame: any dataframe with a row an answer; a lazy one gives a lazy answer.
        population: any dataframe with a row a combination: the columns of `by`, and `count`. It is read at the call.
        by: the columns of the categories.
        count: the column of counts in `population`.
        weight: column of base weights, 0 or more. None takes all rows alike.
        name: the column of the new weights.

    Returns:
        The rows in their order with the column `name`.

    Raises:
        InputError: a column is missing, a category is null, the population counts a combination twice or with no number of
            0 or more, or a base weight is not a finite number of 0 or more.
        ParameterError: a combination that only the population or only the rows have, no column in `by`, or a `name` that
            the frame has.
    """
    keys = names_of(by)
    if not keys:
        raise ParameterError("post_stratify: by names the columns whose combinations the population counts; got none")
    margin = joint_margin("post_stratify", population, keys, count)
    adjustment = Adjustment("post_stratify", [margin], {}, margin.total, "rake", weight)
    return _weighted(frame, adjustment, name)


@of_frame
def calibrate(
    frame: Any,
    margins: Mapping[Any, Mapping[Any, float] | float],
    *,
    size: float | None = None,
    weight: str | None = None,
    name: str = "adjusted_weight",
) -> Computation:
    """Weights whose sums meet counts of categories and totals of numbers, by linear calibration (Deville and Särndal 1992).

    The weights are w = d (1 + x'λ) of base weights d: of all that meet the totals those with the least sum of (w - d)² / d.
    They are what a regression estimator weights with. Nothing keeps them above 0: negative weights are kept, with a
    `ServiceQualityWarning`, and metrics refuse them. `rake` never gives such weights, and takes counts alone.

    Args:
        frame: any dataframe with a row an answer; a lazy one gives a lazy answer.
        margins: for each column the population's count of each category, or the total of its numbers, such as
            `{"tier": {"free": 700, "pro": 300}, "tickets": 12_400}`.
        size: the size of the population, needed where no column has counts.
        weight: column of base weights, 0 or more. None takes all rows alike.
        name: the column of the new weights.

    Returns:
        The rows in their order with the column `name`.

    Raises:
        InputError: a column is missing, a category or a number is null, or a base weight is not a finite number of 0 or more.
        ParameterError: totals that differ, a category that only the margins or only the rows have, totals that cannot be
            met together, no size, or a `name` that the frame has.
    """
    return _weighted(frame, Adjustment.of("calibrate", margins, size=size, distance="linear", weight=weight), name)


def new_column(function: str, schema: pl.Schema, name: object) -> None:
    """Raise ParameterError for the name of an answer's column that the frame has.

    Args:
        function: who asks, for messages.
        schema: the frame's columns.
        name: the name.
    """
    if not isinstance(name, str):
        raise ParameterError(f"{function}: name takes the name of the new column, got {shown(name)}")
    if name in schema:
        raise ParameterError(
            f"{function}: the frame has a column {shown(name)}; give the new weights another with name=, or drop it first"
        )


def _weighted(frame: Any, adjustment: Adjustment, name: str) -> Computation:
    data: pl.LazyFrame = as_frame(frame).lazy()
    schema = data.collect_schema()
    adjustment.check(schema)
    new_column(adjustment.function, schema, name)

    def compute() -> pl.DataFrame:
        rows = data.collect()
        sample = adjustment.sample(rows)
        weights = sample.weights(sample.base)
        if negative := int((weights < 0).sum()):
            warnings.warn(
                f"{adjustment.function}: {negative} of {rows.height} weights are negative, as the totals lie far from what "
                "these rows give; metrics refuse them. Rake to counts, or ask for less",
                ServiceQualityWarning,
                stacklevel=3,
            )
        return rows.with_columns(pl.Series(name, weights, dtype=pl.Float64))

    return Computation(compute, lambda: {**schema, name: pl.Float64()})
