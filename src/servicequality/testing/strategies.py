"""Frames that a metric can read, made from the domains of its columns: random ones for hypothesis, and a mixed one."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from servicequality.core import Bound, Metric
from servicequality.errors import ParameterError
from servicequality.shapes import PatternShape
from servicequality.shapes.agreement import RatingShape

KEY, WEIGHT, CLUSTER, SLICE, PART = "law_key", "law_weight", "law_cluster", "law_slice", "law_part"
AROUND = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""An hour at which clocks change in half of Europe."""

_POOL = 64
"""Rows of which frames are made, by their numbers: odd ones are complete, half of the others is null, and all of row 0."""
_AWKWARD = (0.0, 1e-9, 0.1, 1 / 3, 1.0, 2.0, 59.999999, 60.0, 3600.0, 86_400.0, 1e9 / 7, -0.1, -1.0, -1e9 / 7)
_SMALLEST, _LARGEST = 1e-12, 1e9  # squares of numbers much smaller or larger are lost
_INTEGERS = {pl.Int64(): (-(2**63), 2**63 - 1), pl.Int8(): (-128, 127), pl.UInt8(): (0, 255)}
_LETTERS = ("a", "b", "c")


@st.composite
def frames(  # noqa: D417  (hypothesis gives `draw`)
    draw: st.DrawFn, metric: Metric, *, min_size: int = 0, max_size: int = 40, around: datetime = AROUND
) -> pl.DataFrame:
    """Frames of legal rows for a metric, nulls and awkward numbers included, made from the domains of its columns.

    There are also a key, a weight, a cluster, a slice and a part (`KEY`, `WEIGHT`, `CLUSTER`, `SLICE`, `PART`), by which
    laws cut the rows. Rows repeat. A frame that breaks a law shrinks to the fewest rows.

    Args:
        metric: its inputs say what each column may hold.
        min_size: fewest rows.
        max_size: most rows.
        around: instants lie within two days of it, whole hours apart: give the instant that the metric was given.

    Raises:
        ParameterError: the metric is restricted to a slice whose columns are none of its inputs.
    """
    types = {bound.name: draw(st.sampled_from(_types(bound))) for bound in metric.inputs}
    pool = _pool(metric, types, draw(st.integers(0, 2**32 - 1)), around)
    rows = draw(st.lists(st.integers(0, _POOL - 1), min_size=min_size, max_size=max_size))
    return _allowed(metric, pool[np.array(rows, dtype=np.int64)])


def mixed(metric: Metric, seed: int, around: datetime = AROUND) -> pl.DataFrame:
    """One frame of 48 rows with groups of every kind by `KEY`: varied ones, one row, rows all alike, rows of nulls.

    Args:
        metric: its inputs say what each column may hold.
        seed: draws the values, and picks the types of the columns in turn.
        around: instants lie within two days of it, whole hours apart.

    Raises:
        ParameterError: the metric is restricted to a slice whose columns are none of its inputs.
    """
    types = {bound.name: (fitting := _types(bound))[seed % len(fitting)] for bound in metric.inputs}
    pool = _allowed(metric, _pool(metric, types, seed, around))
    varied, special = 32, ["one row"] + ["alike"] * 8 + ["nulls"] * 7
    rows = pool[np.array([*range(varied), varied + 1, *[varied + 3] * 8, *[0] * 7]) % pool.height]
    return _allowed(metric, rows.with_columns(pl.concat([rows[KEY].head(varied), pl.Series(KEY, special)])))


def _pool(metric: Metric, types: dict[str, pl.DataType], seed: int, around: datetime) -> pl.DataFrame:
    """Rows within the domains of the metric's columns, and the columns by which laws cut them."""
    bounds = {bound.name: bound for bound in metric.inputs}
    if metric.condition is not None and (strange := set(metric.condition.meta.root_names()) - bounds.keys()):
        raise ParameterError(
            f"{metric.name}: what {sorted(strange)} may hold is not known; check the metric without its `where`"
        )
    rng = np.random.default_rng(seed)
    columns = [_column(bound, types[name], rng, around) for name, bound in bounds.items()]
    return pl.DataFrame(
        [
            *columns,
            _with_nulls(pl.Series(KEY, rng.choice(_LETTERS, _POOL)), rng),
            pl.Series(WEIGHT, np.append(1.0, rng.choice((1.0, 0.0, 0.5, 1.5, 2.0, 3.0), _POOL - 1))),
            pl.Series(CLUSTER, rng.integers(0, 6, _POOL)),
            _with_nulls(pl.Series(SLICE, rng.random(_POOL) < 1 / 2), rng),
            pl.Series(PART, rng.integers(0, 3, _POOL)),
        ]
    )


def _allowed(metric: Metric, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that the metric's shape does not refuse; where rows are ratings, one of a reviewer and item.

    Where the rows of an item are read together, they lie in one group and part.
    """
    if isinstance(metric.shape, RatingShape):
        once = [metric.shape.names[role] for role in ("item", "reviewer")]
        rows = rows.filter(pl.struct(once).is_first_distinct() | pl.any_horizontal(pl.col(once).is_null()))
    if isinstance(metric.shape, PatternShape):
        item, own = metric.shape.item, pl.col(KEY, PART)
        rows = rows.with_columns(pl.when(item.is_null()).then(own).otherwise(own.first().over(item)))
    refused = [rule.fill_null(value=False) for rule in metric.shape.refused.values()]
    return rows.filter(~pl.any_horizontal(refused)) if refused else rows


def _column(bound: Bound, dtype: pl.DataType, rng: np.random.Generator, around: datetime) -> pl.Series:
    """Legal values of a column, declared blanks and nulls included."""
    values: Any
    match bound.domain.kind:
        case "integer":
            values = _integers(bound, rng)
        case "number":
            values = _numbers(bound, rng)
        case "flag":
            values = rng.random(_POOL) < 1 / 2
        case "instant":
            middle = np.datetime64(around.astimezone(UTC).replace(tzinfo=None), "us")
            values = middle + rng.integers(-48, 49, _POOL).astype("timedelta64[h]")
        case "category":
            values = rng.choice(bound.choices or _LETTERS, _POOL)
        case _:
            values = rng.integers(0, 10, _POOL)
    if bound.missing:
        values = np.where(rng.random(_POOL) < 1 / 8, rng.choice(bound.missing, _POOL), values)
    return _with_nulls(_series(bound.name, values, dtype), rng)


def _integers(bound: Bound, rng: np.random.Generator) -> Any:
    low, high = (-1_000 if bound.low is None else int(bound.low), 1_000 if bound.high is None else int(bound.high))
    ends = np.clip((low, high, -1, 0, 1, 2), low, high)
    return np.where(rng.random(_POOL) < 1 / 4, rng.choice(ends, _POOL), rng.integers(low, high, _POOL, endpoint=True))


def _numbers(bound: Bound, rng: np.random.Generator) -> Any:
    """A third each: awkward numbers, numbers from the whole range, and numbers of every magnitude."""
    floor, ceiling = (-_LARGEST if bound.low is None else bound.low, _LARGEST if bound.high is None else bound.high)
    awkward = [number for number in _AWKWARD if floor <= number <= ceiling] or [floor, ceiling]
    magnitudes = 10.0 ** rng.uniform(np.log10(_SMALLEST), np.log10(_LARGEST), _POOL) * rng.choice((1, -1), _POOL)
    kinds = (rng.choice(awkward, _POOL), rng.uniform(floor, ceiling, _POOL), np.clip(magnitudes, floor, ceiling))
    return np.choose(rng.integers(0, 3, _POOL), kinds)


def _types(bound: Bound) -> list[pl.DataType]:
    """Types that a column of the domain comes in."""
    match bound.domain.kind:
        case "integer":
            ends = (-1_000 if bound.low is None else bound.low, 1_000 if bound.high is None else bound.high)
            least, most = min(*ends, *bound.missing), max(*ends, *bound.missing)
            return [*(dtype for dtype, (low, high) in _INTEGERS.items() if low <= least and most <= high), pl.Float64()]
        case "number":
            return [pl.Float64()]
        case "flag":
            return [pl.Boolean()]
        case "instant":
            return [pl.Datetime("us", "UTC"), pl.Datetime("ms", "Europe/Berlin")]
        case "category":
            return [pl.String(), pl.Enum(bound.choices or _LETTERS), pl.Categorical()]
        case _:
            return [pl.Int64()]


def _series(name: str, values: Any, dtype: pl.DataType) -> pl.Series:
    """Values in a type, whatever numpy makes of them first."""
    if isinstance(dtype, pl.Datetime):
        return (
            pl.Series(name, values)
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(dtype.time_zone or "UTC")
            .cast(dtype)
        )
    return pl.Series(name, values).cast(dtype)


def _with_nulls(column: pl.Series, rng: np.random.Generator) -> pl.Series:
    """The column with nulls in rows of even numbers, the first row among them."""
    nulls = (rng.random(_POOL) < 1 / 2) & (np.arange(_POOL) % 2 == 0)
    nulls[0] = True
    return column.set(pl.Series(nulls), None)
