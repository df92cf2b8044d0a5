"""`Shape`: a frozen record of Polars expressions whose sums are the state."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, get_type_hints

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.stats.survival_segments import blocks

FloatArray = NDArray[np.float64]
Sums = Mapping[str, FloatArray]
Kind = Literal["count", "amount"]
Better = Literal["higher", "lower", "neither"]

Count = Annotated[pl.Expr, "count"]
"""A Boolean row rule; its sum is an Int64 count. A null counts as false."""
Quantity = Annotated[pl.Expr, "amount"]
"""A number per row; its sum is Float64. A null adds nothing."""
Label = Annotated[pl.Expr, "label"]
"""What a row is called: an item, a reviewer, a kind of work. It is read and not summed."""


class Design(NamedTuple):
    """All that a shape learns of weights and clusters, one entry a group.

    Attributes:
        n_eff: the size of the simple random sample that would tell as much.
        df: degrees of freedom of the Student quantile.
        square: the squared standard error of the ratio of `pair`; 0 where all rows agree.
    """

    n_eff: FloatArray
    df: FloatArray
    square: FloatArray


class Reading(NamedTuple):
    """Limits and, for tables, the value itself; one entry a group. NaN is "cannot be bounded" or "undefined".

    Attributes:
        method: how the limits were computed, of all groups or of each.
        level: the confidence level reached, where it differs from the requested one.
        notes: what to keep in mind when reading a group's figures.
    """

    low: FloatArray
    high: FloatArray
    se: FloatArray
    method: str | Sequence[str]
    value: FloatArray | None = None
    level: FloatArray | None = None
    notes: Sequence[str | None] | None = None

    def take(self, order: NDArray[np.int64]) -> "Reading":
        """The entries in another order."""
        notes = None if self.notes is None else [self.notes[group] for group in order]
        method = self.method if isinstance(self.method, str) else [self.method[group] for group in order]
        value, level = (None if part is None else part[order] for part in (self.value, self.level))
        return Reading(self.low[order], self.high[order], self.se[order], method, value, level, notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class Shape(ABC):
    """A record of leaves: fields that are `Count` or `Quantity`. Everything else about a shape is an option.

    Attributes:
        n: the rows that count (answered, decided, timed).
        unit: the unit that the shape itself fixes (a share is a share); None leaves it to the definition.
        bounds: the range that the shape itself fixes; None leaves it to the definition.
        better: the direction that the shape itself fixes; None leaves it to the definition.
        empty: why the value is null where `n` is 0.
        undefined: why the value is null where `n` is not 0.
        unbounded: why nobody can say how far pending rows may move the value, where that is so.
        census: whether the rows are all that there is, such as every second of a window: a target is then met or missed by
            the value itself, and limits describe the process behind it.
        refused: row rules of rows that cannot be, by what is wrong with them; such a row is an error.
        excluded: row rule of rows that the definition leaves out, which are neither counted nor missing.
    """

    n: Count
    unit: str | None = None
    bounds: tuple[float, float] | None = None
    better: Better | None = None
    empty: str = "no rows to count"
    undefined: str = "nothing to divide by"
    unbounded: str = "this figure keeps no account of pending rows"
    census: bool = False
    refused: Mapping[str, pl.Expr] = field(default_factory=dict)
    excluded: pl.Expr | None = None

    @classmethod
    def leaves(cls) -> dict[str, Kind]:
        """Name and kind of each leaf, in the order of the fields."""
        return {name: kind for name, kind in annotations(cls).items() if kind in ("count", "amount")}

    def map(self, change: Callable[[str, pl.Expr], pl.Expr]) -> Self:
        """The same record with every leaf changed by `change(name, expression)`."""
        changed: dict[str, Any] = {name: change(name, getattr(self, name)) for name in self.leaves()}
        return replace(self, **changed)

    def stored(self, rule: str, *, weighted: bool = False) -> Self:
        """The record of a state's columns of that rule, or of its weighted ones."""
        before = "weighted " if weighted else ""
        return self.map(lambda leaf, _: pl.col(f"{before}{leaf}:{rule}"))

    def excluding(self, rows: pl.Expr) -> Self:
        """The shape with the rows named that its definition leaves out."""
        return replace(self, excluded=rows if self.excluded is None else self.excluded | rows)

    def rules(self) -> list[pl.Expr]:
        """Every row rule of the record, those of refused rows included."""
        own = [getattr(self, field.name) for field in fields(self)]
        return [rule for rule in (*own, *self.refused.values()) if isinstance(rule, pl.Expr)]

    def columns(self) -> set[str]:
        """The columns that the row rules read."""
        rules = [*(getattr(self, leaf) for leaf in self.leaves()), *self.refused.values()]
        rules += [] if self.excluded is None else [self.excluded]
        return {column for rule in rules for column in rule.meta.root_names()}

    def within(self, bounds: tuple[float, float]) -> Self:
        """The shape, told the range of the value by its definition: limits that could pass it are cut off there."""
        return self

    @abstractmethod
    def expression(self) -> pl.Expr:
        """The value as one aggregating expression over rows."""

    def pending(self, rows: pl.Expr) -> pl.Expr | None:
        """Rows that wait outside the value and may enter it, from stored columns, where the shape knows of such.

        Args:
            rows: the rows that are not excluded. Those that neither enter the value nor wait are missing.
        """
        return None

    def running(self) -> pl.Expr | None:
        """Rows that enter the value while their outcome is still open, from stored columns, where there can be such."""
        return None


@dataclass(frozen=True, eq=False, kw_only=True)
class FixedShape(Shape):
    """A shape whose state has fixed width: one sum a leaf. The record holds row rules, their sums, or stored columns."""

    def sums(self) -> Self:
        """The record of the leaves' sums, as one writes them inside `agg`."""
        kinds = self.leaves()
        return self.map(lambda name, rule: added(rule, kinds[name]))

    def expression(self) -> pl.Expr:
        return self.sums().value()

    @abstractmethod
    def value(self) -> pl.Expr:
        """The value, from sums or stored columns; null where it is undefined."""

    def extremes(self) -> tuple[pl.Expr, pl.Expr] | None:
        """Lowest and highest value over all ways in which the pending rows can end, from sums or stored columns.

        Infinite where there is no bound, null where no ending gives a value; None where the shape knows of no pending rows.
        """
        return None

    def judged(self) -> pl.Expr:
        """Whether a group can have limits, from sums or stored columns."""
        return self.value().is_not_null()

    @abstractmethod
    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        """Limits from finished sums, for groups that are `judged`."""

    def pair(self) -> tuple[pl.Expr, pl.Expr] | None:
        """Numerator and denominator, if the value is a ratio of two sums: what weights and clusters need."""
        return None

    def mixes(self) -> bool:
        """Whether groups mix by their denominators: the value is the quotient of `pair`, up to a factor and an origin."""
        return self.pair() is not None

    def spread(self, sums: Sums) -> FloatArray:
        """Variance of one row about the ratio of `pair`, divisor n; 0 where rows agree, as far as their sums can tell."""
        return np.full_like(sums["n"], np.nan)


@dataclass(frozen=True, eq=False, kw_only=True)
class TableShape(Shape):
    """A shape whose state is a table: one row a `bin` of the number `at`, and in it one sum a leaf.

    Attributes:
        at: the number that is binned (a duration, a score); rows that do not count fall into the bin null.
        mantissa: bits of the float's mantissa that a bin keeps; 52 keeps all (exact).
        stratum: label of the stratum that a row lies in, where each stratum has a table of its own.
    """

    at: pl.Expr
    mantissa: int = 52
    stratum: pl.Expr | None = None

    WATCHED: ClassVar[tuple[str, ...]] = ("n",)
    """Leaves of which one is above 0 in every bin that is read."""

    def columns(self) -> set[str]:
        rules = [record.at for record in self.records()] + ([] if self.stratum is None else [self.stratum])
        return super().columns() | {column for rule in rules for column in rule.meta.root_names()}

    def binned(self) -> pl.Expr:
        """Row rule: the row falls into the bin of `at`."""
        return self.n

    def records(self) -> Sequence[Self]:
        """One record for each bin that a row adds to; the tables of all of them add up to the state."""
        return (self,)

    @abstractmethod
    def read(self, table: "Table", *, level: float) -> Reading:
        """Value and limits of every group of the table."""

    def decision_limits(self, table: "Table", *, tail: float) -> tuple[FloatArray, FloatArray]:
        """Limits that decide about a target, each on the wrong side with a chance of `tail`: the value's own by default."""
        reading = self.read(table, level=1 - 2 * tail)
        return reading.low, reading.high


class Table(NamedTuple):
    """The tables of many groups, one after the other.

    Attributes:
        offsets: Int64, one more than groups; group g owns rows offsets[g] to offsets[g + 1].
        at: Float64, the bins' numbers, ascending within a group.
        sums: Float64 by leaf, one entry a row; fractional when weighted. None where each row is one observation.
        counts: where each row is one observation, how many of a group's rows count: those are its first ones.
        strata: where the shape has strata, the groups of `offsets` are those: figure f is made of strata[f] to strata[f + 1].
        weights: where the shape has strata, what each counts for in its figure: its rows, or the sum of their weights.
    """

    offsets: NDArray[np.int64]
    at: FloatArray
    sums: Sums | None = None
    counts: NDArray[np.int64] | None = None
    strata: NDArray[np.int64] | None = None
    weights: FloatArray | None = None

    def blocks(self) -> Iterator["Table"]:
        """The tables of neighbouring groups, of as many rows as the cache holds: their numbers and sums alone."""
        for head, end in blocks(self.offsets):
            bounds = self.offsets[head : end + 1]
            rows = slice(bounds[0], bounds[-1])
            sums = None if self.sums is None else {leaf: column[rows] for leaf, column in self.sums.items()}
            yield Table(bounds - bounds[0], self.at[rows], sums)


@cache
def annotations(shape: type[Shape]) -> dict[str, Any]:
    """What each field is annotated with, in the order of the fields."""
    hints = get_type_hints(shape, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def added(rule: pl.Expr, kind: Kind) -> pl.Expr:
    """The sum of one leaf. Counts would leave Polars as UInt32 and wrap when squared."""
    return rule.sum().cast(pl.Int64) if kind == "count" else rule.cast(pl.Float64).sum()


def quotient(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Numerator over denominator in Float64; null where the denominator is 0."""
    below = denominator.cast(pl.Float64)
    return pl.when(below != 0).then(numerator.cast(pl.Float64) / below)


def over(amount: pl.Expr, of: pl.Expr) -> pl.Expr:
    """The amount of the rows for which `of` holds."""
    return pl.when(of).then(amount)


def moved(amount: pl.Expr, rows: pl.Expr, each: float) -> pl.Expr:
    """The amount when so many rows more bring `each`, which may be infinite."""
    return pl.when(rows > 0).then(amount + rows * each).otherwise(amount)


LOST = 1e-10
"""Of the terms of a difference of sums: a spread below that is rounding as likely as not."""


def difference(whole: FloatArray, part: FloatArray) -> FloatArray:
    """`whole` less `part`, which is never above it but for rounding; 0 where too few digits are left to tell."""
    left = whole - part
    return np.asarray(np.where(left > LOST * np.abs(whole), left, 0.0), dtype=np.float64)


def no_limits(sums: Sums) -> Reading:
    """No limits: the value is a census, not an estimate."""
    blank = np.full_like(sums["n"], np.nan)
    return Reading(blank, blank, blank, "none")
