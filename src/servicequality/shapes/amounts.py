"""Shapes that count and add: `count`, `total_of`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import Count, Design, FixedShape, Quantity, Reading, Sums, moved, no_limits, over


@dataclass(frozen=True, eq=False, kw_only=True)
class Tally(FixedShape):
    """How many rows; a census, so no limits. Make one with `count`."""

    unit: str | None = "count"
    bounds: tuple[float, float] | None = (0.0, np.inf)

    def value(self) -> pl.Expr:
        return self.n.cast(pl.Float64)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        return no_limits(sums)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenTally(Tally):
    """`Tally` beside rows that may still count in the end. Make one with `count(pending=…)`."""

    open: Count

    def pending(self, rows: pl.Expr) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        return self.value(), (self.n + self.open).cast(pl.Float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Total(FixedShape):
    """The sum of an amount over the rows; a census, so no limits. Make one with `total_of`."""

    amount: Quantity

    def value(self) -> pl.Expr:
        return self.amount.cast(pl.Float64)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        return no_limits(sums)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenTotal(Total):
    """`Total` beside rows that may still bring an amount within `each`. Make one with `total_of(pending=…)`."""

    open: Count
    each: tuple[float, float]

    def pending(self, rows: pl.Expr) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        low, high = self.each  # or nothing, if the row comes to count for nothing
        return moved(self.value(), self.open, min(low, 0.0)), moved(self.value(), self.open, max(high, 0.0))


def count(rows: pl.Expr, *, pending: pl.Expr | None = None) -> Tally:
    """How many rows satisfy the Boolean rule `rows`.

    Args:
        rows: boolean row rule.
        pending: boolean row rule of rows that do not yet, and may in the end.
    """
    return Tally(n=rows) if pending is None else OpenTally(n=rows, open=pending & ~rows.fill_null(value=False))


def total_of(
    amount: pl.Expr, *, of: pl.Expr, pending: pl.Expr | None = None, each: tuple[float, float] = (-np.inf, np.inf)
) -> Total:
    """The sum of `amount` over the rows for which `of` holds.

    Args:
        amount: a number per row.
        of: boolean row rule for the rows that count.
        pending: boolean row rule of rows that do not yet, and may bring an amount in the end.
        each: the range of what such a row can bring.
    """
    if pending is None:
        return Total(n=of, amount=over(amount, of))
    return OpenTotal(n=of, amount=over(amount, of), open=pending & ~of.fill_null(value=False), each=each)
