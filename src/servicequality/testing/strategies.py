"""Frames that a metric can read. Lives here: hypothesis strategies made from the metric's own domains. Never: a law."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from servicequality.core import Metric
from servicequality.core.domains import Bound
from servicequality.errors import ParameterError

KEY, WEIGHT, CLUSTER, SLICE, PART = "law_key", "law_weight", "law_cluster", "law_slice", "law_part"
AROUND = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""An hour at which clocks change in half of Europe."""

_AWKWARD = (0.0, 1e-9, 0.1, 1 / 3, 1.0, 59.999999, 60.0, 3600.0, 86_400.0, 1e9 / 7, -0.1, -1e9 / 7)
_SMALLEST, _LARGEST = 1e-12, 1e9  # squares of numbers much smaller or larger are lost
_INTEGERS = {pl.Int64(): (-(2**63), 2**63 - 1), pl.Int8(): (-128, 127), pl.UInt8(): (0, 255)}
_LAW_COLUMNS: dict[str, tuple[st.SearchStrategy[Any], pl.DataType]] = {
    KEY: (st.none() | st.sampled_from(("a", "b", "c")), pl.String()),
    WEIGHT: (st.sampled_from((1.0, 0.0, 0.5, 1.5, 2.0, 3.0)), pl.Float64()),
    CLUSTER: (st.integers(0, 5), pl.Int64()),
    SLICE: (st.none() | st.booleans(), pl.Boolean()),
    PART: (st.integers(0, 2), pl.Int64()),
}


@st.composite
def frames(
    draw: st.DrawFn, metric: Metric, *, min_size: int = 0, max_size: int = 40, around: datetime = AROUND
) -> pl.DataFrame:
    """Frames of legal rows for a metric, nulls and awkward numbers included, made from the domains of its columns.

    Beside the metric's own columns stand a key, a weight, a cluster, a slice and a part (`KEY`, `WEIGHT`, `CLUSTER`,
    `SLICE`, `PART`), by which laws cut the rows.

    Args:
        draw: hypothesis gives it.
        metric: its inputs say what each column may hold.
        min_size: fewest rows.
        max_size: most rows.
        around: instants lie within two days of it, whole hours apart: give the instant that the metric was given.

    Raises:
        ParameterError: the metric is restricted to a slice whose columns are none of its inputs.
    """
    bounds = {bound.name: bound for bound in metric.inputs}
    if metric.condition is not None and (strange := set(metric.condition.meta.root_names()) - bounds.keys()):
        raise ParameterError(
            f"{metric.name}: what {sorted(strange)} may hold is not known; check the metric without its `where`"
        )
    columns = {name: (_values(bound, around), draw(_types(bound))) for name, bound in bounds.items()} | _LAW_COLUMNS
    rows = draw(st.lists(st.tuples(*(values for values, _ in columns.values())), min_size=min_size, max_size=max_size))
    lists = zip(*rows, strict=True) if rows else ([] for _ in columns)
    frame = pl.DataFrame(
        [_series(name, list(values), dtype) for (name, (_, dtype)), values in zip(columns.items(), lists, strict=True)]
    )
    refused = [rule.fill_null(value=False) for rule in metric.shape.refused.values()]
    return frame.filter(~pl.any_horizontal(refused)) if refused else frame


def _values(bound: Bound, around: datetime) -> st.SearchStrategy[Any]:
    """Legal values of a column, blanks included."""
    low, high = bound.low, bound.high
    values: st.SearchStrategy[Any]
    match bound.domain.kind:
        case "integer":
            values = st.integers(-1_000 if low is None else int(low), 1_000 if high is None else int(high))
        case "number":
            floor, ceiling = -_LARGEST if low is None else low, _LARGEST if high is None else high
            awkward = [number for number in _AWKWARD if floor <= number <= ceiling]
            free = st.floats(floor, ceiling).map(
                lambda number: number if abs(number) > _SMALLEST else min(max(floor, 0.0), ceiling)
            )
            values = st.sampled_from(awkward) | free if awkward else free
        case "flag":
            values = st.booleans()
        case "instant":
            values = st.integers(-48, 48).map(lambda hours: around + timedelta(hours=hours))
        case "category":
            values = st.sampled_from(bound.choices or ("a", "b", "c"))
        case _:
            values = st.integers(0, 9)
    blanks = st.none() | st.sampled_from(bound.missing) if bound.missing else st.none()
    return values | blanks


def _types(bound: Bound) -> st.SearchStrategy[pl.DataType]:
    """Types that a column of the domain comes in."""
    match bound.domain.kind:
        case "integer":
            ends = (-1_000 if bound.low is None else bound.low, 1_000 if bound.high is None else bound.high)
            least, most = min(*ends, *bound.missing), max(*ends, *bound.missing)
            fitting = [dtype for dtype, (low, high) in _INTEGERS.items() if low <= least and most <= high]
            return st.sampled_from([*fitting, pl.Float64()])
        case "number":
            return st.just(pl.Float64())
        case "flag":
            return st.just(pl.Boolean())
        case "instant":
            return st.sampled_from([pl.Datetime("us", "UTC"), pl.Datetime("ms", "Europe/Berlin")])
        case "category":
            choices = bound.choices or ("a", "b", "c")
            return st.sampled_from([pl.String(), pl.Enum(choices), pl.Categorical()])
        case _:
            return st.just(pl.Int64())


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    """Values in a type, whatever Python makes of them first."""
    if isinstance(dtype, pl.Datetime):
        return (
            pl.Series(name, values, pl.Datetime("us", "UTC")).dt.convert_time_zone(dtype.time_zone or "UTC").cast(dtype)
        )
    return pl.Series(name, values, dtype, strict=not dtype.is_float())
