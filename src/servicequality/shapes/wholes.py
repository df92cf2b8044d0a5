"""Shapes that need all rows of a group: `WholeShape`."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import polars as pl

from servicequality.errors import DefinitionError
from servicequality.shapes.base import FloatArray, Kind, Reading, Shape, annotations

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of many groups, as a shape reads them that needs all of them.

    Attributes:
        frame: what is read of each row that counts, and `group`: the number of its group, from 0. Groups are in their order,
            rows in none.
        groups: how many groups there are.
        spans: where groups are of periods, when each begins and ends, in microseconds since 1970; NaN is not known.
        derived: what shapes that read the same rows made of them.
    """

    frame: pl.DataFrame
    groups: int
    spans: tuple[FloatArray, FloatArray] | None = None
    derived: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: "Callable[[Rows], T]") -> T:
        """What `make` gives of these rows, made once for all shapes that read them."""
        if key not in self.derived:
            self.derived[key] = make(self)
        made: T = self.derived[key]
        return made


class WholeReading(NamedTuple):
    """What a shape reads from whole groups.

    Attributes:
        reading: value and limits.
        n: the rows that enter the value, where they are fewer than those that count; the others are missing.
        n_eff: what they are worth, where that is not their number.
        reasons: why a group has no value, where the shape's own words do not say it.
    """

    reading: Reading
    n: FloatArray | None = None
    n_eff: FloatArray | None = None
    reasons: Sequence[str | None] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class WholeShape(Shape):
    """A shape that needs all rows of a group: its value is neither made of sums nor read from the values of one column.

    Its fields that are a `Label` or a `Quantity` are what it reads of the rows for which `n` holds. It has no state that
    adds up, no expression, and takes neither weights nor clusters.
    """

    @classmethod
    def leaves(cls) -> dict[str, Kind]:
        return {"n": "count"}  # no other field is summed

    def reads(self) -> dict[str, pl.Expr]:
        """What is read of each row, by its name."""
        return {
            name: getattr(self, name) for name, kind in annotations(type(self)).items() if kind in ("label", "amount")
        }

    def columns(self) -> set[str]:
        return super().columns() | {column for rule in self.reads().values() for column in rule.meta.root_names()}

    def expression(self) -> pl.Expr:
        raise DefinitionError(f"{type(self).__name__} needs all rows of a group, and no expression computes it")

    @abstractmethod
    def read(self, rows: Rows, *, level: float) -> WholeReading:
        """Value and limits of every group."""
