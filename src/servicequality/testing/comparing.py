"""A metric's answers on a frame, which several laws compare, and when two answers are the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import polars as pl
from polars.testing import assert_frame_equal

from servicequality.core import Metric, State, evaluate
from servicequality.shapes import PatternShape, Tally, Total, WholeShape
from servicequality.testing.strategies import CLUSTER, KEY

RELATIVE = 1e-9
"""Floats that were added in another order agree so well."""
DOUBT = ["low", "high", "se"]
_CANCELLED = 1e-6  # A variance that is 0 comes out as rounding, and its root loses half of the digits.


@dataclass(eq=False)
class Trial:
    """A metric on a frame.

    Attributes:
        metric: the metric that is examined.
        frame: legal rows.
        before: the frame as it was at first.
    """

    metric: Metric
    frame: pl.DataFrame
    before: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.frame.clone()

    @property
    def asked(self) -> pl.Expr:
        """Whether a row is in the metric's slice."""
        condition = self.metric.condition
        return pl.lit(value=True) if condition is None else condition.fill_null(value=False)

    @cached_property
    def overall(self) -> pl.DataFrame:
        """The result over all rows."""
        return evaluate(self.frame, self.metric)

    @cached_property
    def by_key(self) -> pl.DataFrame:
        """The result by key."""
        return evaluate(self.frame, self.metric, by=KEY)

    @cached_property
    def clustered(self) -> pl.DataFrame:
        """The result by key, rows being sampled in clusters."""
        return evaluate(self.frame, self.metric, by=KEY, cluster=CLUSTER)

    @cached_property
    def state(self) -> State:
        """The state by key."""
        return self.metric.partial(self.frame, by=KEY)

    @cached_property
    def grows(self) -> bool:
        """Whether the value is a count or a total, which more rows make larger."""
        return isinstance(self.metric.shape, Tally | Total)

    @property
    def whole(self) -> bool:
        """Whether the value needs all rows of a group as they are, so that it has no expression and takes no weights."""
        return isinstance(self.metric.shape, WholeShape)

    @property
    def partless(self) -> bool:
        """Whether no states of parts add up to the value."""
        return self.whole and not isinstance(self.metric.shape, PatternShape)

    def same(self, left: pl.DataFrame, right: pl.DataFrame) -> None:
        """Raise AssertionError unless two results or states agree: counts and texts exactly, floats to 1e-9."""
        doubt = [column for column in DOUBT if column in left.columns]
        assert_frame_equal(left.drop(doubt), right.drop(doubt), rel_tol=RELATIVE, abs_tol=1e-12 * self._size)
        if doubt:
            tolerance = _CANCELLED * self._size
            assert_frame_equal(left.select(doubt), right.select(doubt), rel_tol=RELATIVE, abs_tol=tolerance)

    def same_state(self, left: State, right: State) -> None:
        """Raise AssertionError unless two states agree: counts exactly, sums to 1e-9 of what was added."""
        assert left.tables.keys() == right.tables.keys(), f"tables {[*left.tables]} and {[*right.tables]}"
        pairs = [(left.sums, right.sums), *((left.tables[name], right.tables[name]) for name in left.tables)]
        for one, other in pairs:
            assert_frame_equal(one, other, rel_tol=RELATIVE, abs_tol=1e-12 * self._size**2)

    def close(self, left: float | None, right: float | None) -> None:
        """Raise AssertionError unless two values agree to 1e-9, or both are undefined."""
        kept = {"value": pl.Float64}
        self.same(pl.DataFrame({"value": [left]}, kept), pl.DataFrame({"value": [right]}, kept))

    @cached_property
    def _size(self) -> float:
        """The order of magnitude of what is added: rounding is relative to that, not to what is left of it."""
        numbers = [bound.name for bound in self.metric.inputs if bound.domain.kind in ("integer", "number")]
        ends = [end for name in numbers for end in _ends(self.frame[name]) if end is not None]
        bounds = [abs(bound) for bound in self.metric.bounds if abs(bound) < float("inf")]
        return max([1.0, *map(abs, ends), *bounds])


Law: TypeAlias = Callable[[Trial], None]


def value(
    metric: Metric, frame: pl.DataFrame, *, weight: str | None = None, cluster: str | None = None
) -> float | None:
    """The value over all rows."""
    figure: float | None = evaluate(frame, metric, weight=weight, cluster=cluster)["value"].item()
    return figure


def _ends(column: pl.Series) -> tuple[float | None, float | None]:
    wide = column.cast(pl.Float64)
    return wide.min(), wide.max()  # type: ignore[return-value]  # numbers, since the column is Float64
