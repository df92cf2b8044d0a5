"""Importance against performance: what to work on first."""

from typing import Any, Literal, TypeAlias

import polars as pl

from servicequality.checks import column, holds_numbers
from servicequality.core import Computation, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["importance_performance"]

Crosshair: TypeAlias = Literal["mean", "median"] | tuple[float, float]
"""Where the map is cut: at the mean or the median of each axis, or at (importance, performance)."""

_OWN = ("importance_cut", "performance_cut", "quadrant")


@of_frame
def importance_performance(
    attributes: Any,
    *,
    importance: str = "importance",
    performance: str = "performance",
    crosshair: Crosshair = "mean",
) -> Computation:
    """The quadrant of each attribute (Martilla & James 1977): which matter and are done well, and which are not.

    `keep_up` (matters, done well), `concentrate` (matters, not done well), `low_priority` (neither), `overkill` (done well,
    matters less). A value on the line counts as high. With the mean or median as the line, about half of the attributes are
    on either side of it, however good all of them are: the map ranks, it does not judge.

    Args:
        attributes: any dataframe with one row an attribute: an item, a dimension.
        importance: column of importance, stated or derived.
        performance: column of performance, on any scale that grows with it.
        crosshair: "mean", "median", or the two lines as (importance, performance).

    Returns:
        The attributes in their order, with `importance_cut performance_cut quadrant`; the quadrant is null where one of the
        two is, and such attributes move no line.

    Raises:
        InputError: a column is missing, holds no finite numbers, or there is nothing to cut.
        ParameterError: a crosshair that is none, or a column that the answer needs.
    """
    if not (crosshair in ("mean", "median") if isinstance(crosshair, str) else _is_pair(crosshair)):
        raise ParameterError(
            f"crosshair must be 'mean', 'median' or a pair (importance, performance), got {crosshair!r}"
        )
    data: pl.LazyFrame = as_frame(attributes).lazy()
    schema = data.collect_schema()
    require_columns(schema, [importance, performance], role="importance_performance")
    if clash := [name for name in _OWN if name in schema]:
        raise ParameterError(f"{clash[0]!r} is a column of the answer; rename the frame's column first")
    axes = (importance, performance)
    if texts := [name for name in axes if not holds_numbers(schema[name])]:
        raise InputError(f"column {texts[0]!r} holds {schema[texts[0]]}, expected numbers; cast it first")

    def mapped() -> pl.DataFrame:
        rows = data.collect()
        for name in axes:
            if bad := rows[name].alias("axis").cast(pl.Float64).drop_nulls().is_finite().not_().sum():
                raise InputError(f"column {name!r}: {bad} values are NaN or infinite; set them to null")
        known = rows.select(column(name).cast(pl.Float64) for name in axes).drop_nulls()
        if known.is_empty():
            raise InputError("no attribute has both an importance and a performance: there is nothing to cut")
        cuts: Any = crosshair if not isinstance(crosshair, str) else known.select(getattr(pl.all(), crosshair)()).row(0)
        return rows.with_columns(_quadrants(axes, (float(cuts[0]), float(cuts[1]))))

    own = {"importance_cut": pl.Float64(), "performance_cut": pl.Float64(), "quadrant": pl.String()}
    return Computation(mapped, lambda: {**schema, **own})


def _quadrants(axes: tuple[str, str], cuts: tuple[float, float]) -> list[pl.Expr]:
    matters, done = (column(name) >= cut for name, cut in zip(axes, cuts, strict=True))
    quadrant = (
        pl.when(matters & done)
        .then(pl.lit("keep_up"))
        .when(matters & ~done)
        .then(pl.lit("concentrate"))
        .when(~matters & done)
        .then(pl.lit("overkill"))
        .when(~matters & ~done)
        .then(pl.lit("low_priority"))
    )
    return [
        pl.lit(cuts[0]).alias("importance_cut"),
        pl.lit(cuts[1]).alias("performance_cut"),
        quadrant.alias("quadrant"),
    ]


def _is_pair(crosshair: object) -> bool:
    numbers = crosshair if isinstance(crosshair, tuple) and len(crosshair) == 2 else (float("nan"),)
    return all(isinstance(number, int | float) and abs(number) < float("inf") for number in numbers)
