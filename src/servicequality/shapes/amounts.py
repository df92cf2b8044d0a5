"""Shapes that add amounts: `count`, `total`, `mean`, `ratio`, `rate`. Never here: shares of rows, or tables."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from servicequality.shapes.base import Amount, Count, Design, FixedShape, FloatArray, Reading, Sums, no_limits, quotient
from servicequality.stats import poisson_rate_interval, t_interval


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

    amount: Amount

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
        return _moved(self.value(), self.open, min(low, 0.0)), _moved(self.value(), self.open, max(high, 0.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(FixedShape):
    """Arithmetic mean with Student's limits. Make one with `mean`.

    Sums and squares are kept about `origin`: plain squares of values near 1e9 would lose everything after the comma.
    """

    amount: Amount
    squares: Amount
    origin: float = 0.0

    empty: str = "no answers"

    def within(self, bounds: tuple[float, float]) -> Self:
        return replace(self, bounds=bounds) if self.bounds is None else self

    def value(self) -> pl.Expr:
        return self.origin + quotient(self.amount, self.n)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.amount, self.n

    def spread(self, sums: Sums) -> FloatArray:
        n = sums["n"]
        return np.maximum(sums["squares"] / n - (sums["amount"] / n) ** 2, 0.0)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        n = sums["n"]
        value = self.origin + sums["amount"] / n
        if design is None:
            df = n - 1
            square = np.divide(self.spread(sums), df, out=np.full_like(n, np.nan), where=df > 0)
        else:
            df, square = np.where(np.isinf(design.df), design.n_eff - 1, design.df), design.square
        return _within(_student(value, square, df, level), self.bounds)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenMean(Mean):
    """`Mean` beside rows whose number is still to come, within `bounds`. Make one with `mean(pending=…)`."""

    open: Count

    def pending(self, rows: pl.Expr) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        low, high = (-np.inf, np.inf) if self.bounds is None else self.bounds

        def end(each: float) -> pl.Expr:
            moved = _moved(self.amount, self.open, each - self.origin)
            return self.origin + quotient(moved, self.n + self.open)

        return end(low), end(high)


@dataclass(frozen=True, eq=False, kw_only=True)
class GeometricMean(Mean):
    """The mean of logarithms, read back: the middle of durations that spread by factors. Make one with `geometric_mean`."""

    def within(self, bounds: tuple[float, float]) -> Self:
        return self  # the range is of the value, and limits are made of logarithms

    def value(self) -> pl.Expr:
        return super().value().exp()

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        logs = super().limits(sums, level=level, design=design)
        low, high = np.exp(logs.low), np.exp(logs.high)
        # The standard error of a function of an estimate: its slope, which is the value, times that of the logarithm.
        return Reading(low, high, logs.se * np.exp(self.origin + sums["amount"] / sums["n"]), "t of logarithms")


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratio(FixedShape):
    """A sum over another sum, with linearised limits. Make one with `ratio`."""

    above: Amount
    below: Amount
    above_squares: Amount
    products: Amount
    below_squares: Amount

    empty: str = "nothing to divide by"

    def within(self, bounds: tuple[float, float]) -> Self:
        return replace(self, bounds=bounds) if self.bounds is None else self

    def value(self) -> pl.Expr:
        return quotient(self.above, self.below)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.above, self.below

    def spread(self, sums: Sums) -> FloatArray:
        r, n = sums["above"] / sums["below"], sums["n"]
        left = sums["above_squares"] - 2 * r * sums["products"] + r**2 * sums["below_squares"]
        return np.maximum(left, 0.0) / n / (sums["below"] / n) ** 2

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        value, n = sums["above"] / sums["below"], sums["n"]
        if design is None:
            df = n - 1
            square = np.divide(self.spread(sums), df, out=np.full_like(n, np.nan), where=df > 0)
        else:
            df, square = np.where(np.isinf(design.df), design.n_eff - 1, design.df), design.square
        return _within(_student(value, square, df, level), self.bounds)


@dataclass(frozen=True, eq=False, kw_only=True)
class Rate(FixedShape):
    """Events per unit of exposure, with exact Poisson limits. Make one with `rate`."""

    events: Amount
    exposure: Amount

    empty: str = "no exposure"

    def value(self) -> pl.Expr:
        return quotient(self.events, self.exposure)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.events, self.exposure

    def spread(self, sums: Sums) -> FloatArray:
        # A Poisson count varies by itself: per row, events over squared mean exposure.
        return sums["events"] * sums["n"] / sums["exposure"] ** 2

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        value = sums["events"] / sums["exposure"]
        if design is not None:
            df = np.where(np.isinf(design.df), design.n_eff - 1, design.df)
            limits = _student(value, design.square, df, level)
            return limits._replace(low=np.maximum(limits.low, 0.0))
        low, high = poisson_rate_interval(sums["events"], sums["exposure"], level=level)
        return Reading(low, high, np.sqrt(sums["events"]) / sums["exposure"], "garwood")


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenRate(Rate):
    """`Rate` beside rows to each of which one event may still happen. Make one with `rate(pending=…)`."""

    open: Count

    def running(self) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        return self.value(), quotient(self.events + self.open, self.exposure)


def _moved(amount: pl.Expr, rows: pl.Expr, each: float) -> pl.Expr:
    """The amount when so many rows more bring `each`, which may be infinite."""
    return pl.when(rows > 0).then(amount + rows * each).otherwise(amount)


def _student(value: FloatArray, square: FloatArray, df: FloatArray, level: float) -> Reading:
    """Student's limits where there are degrees of freedom for them."""
    se, ok = np.sqrt(square), (df > 0) & np.isfinite(square)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    low[ok], high[ok] = t_interval(value[ok], se[ok], df=df[ok], level=level)
    return Reading(low, high, se, "t")


def _within(reading: Reading, bounds: tuple[float, float] | None) -> Reading:
    """The reading with its limits cut off where the shape's own range ends."""
    if bounds is None:
        return reading
    return reading._replace(low=np.clip(reading.low, *bounds), high=np.clip(reading.high, *bounds))


def count(rows: pl.Expr, *, pending: pl.Expr | None = None) -> Tally:
    """How many rows satisfy the Boolean rule `rows`.

    Args:
        rows: Boolean row rule.
        pending: Boolean row rule of rows that do not yet, and may in the end.
    """
    return Tally(n=rows) if pending is None else OpenTally(n=rows, open=pending & ~rows.fill_null(value=False))


def total_of(
    amount: pl.Expr, *, of: pl.Expr, pending: pl.Expr | None = None, each: tuple[float, float] = (-np.inf, np.inf)
) -> Total:
    """The sum of `amount` over the rows for which `of` holds.

    Args:
        amount: a number per row.
        of: Boolean row rule for the rows that count.
        pending: Boolean row rule of rows that do not yet, and may bring an amount in the end.
        each: the range of what such a row can bring.
    """
    if pending is None:
        return Total(n=of, amount=_over(amount, of))
    return OpenTotal(n=of, amount=_over(amount, of), open=pending & ~of.fill_null(value=False), each=each)


def mean(
    amount: pl.Expr,
    *,
    of: pl.Expr,
    origin: float = 0.0,
    bounds: tuple[float, float] | None = None,
    pending: pl.Expr | None = None,
) -> Mean:
    """Mean of `amount` over the rows for which `of` holds.

    Args:
        amount: a number per row.
        of: Boolean row rule for the denominator.
        origin: a value near the data, about which squares are summed; part of the definition, since states with
            different origins do not add.
        bounds: the range that no row leaves, to which the limits are cut; None where there is none.
        pending: Boolean row rule of rows that do not count yet, and may in the end; how far they can move the mean is known
            where there are bounds.
    """
    about = _over(amount.cast(pl.Float64) - origin if origin else amount.cast(pl.Float64), of)
    if pending is None:
        return Mean(n=of, amount=about, squares=about.pow(2), origin=origin, bounds=bounds)
    waiting = pending & ~of.fill_null(value=False)
    return OpenMean(n=of, amount=about, squares=about.pow(2), origin=origin, bounds=bounds, open=waiting)


def geometric_mean(amount: pl.Expr, *, of: pl.Expr, origin: float = 1.0) -> GeometricMean:
    """Geometric mean of a positive `amount` over the rows for which `of` holds; Student's limits of the logarithms.

    Args:
        amount: a number per row; one that is 0 has no logarithm, and such rows are refused.
        of: Boolean row rule for the denominator.
        origin: a value near the data, about which squares of logarithms are summed.
    """
    about = _over(amount.cast(pl.Float64).log() - float(np.log(origin)), of & (amount > 0))
    return GeometricMean(
        n=of,
        amount=about,
        squares=about.pow(2),
        origin=float(np.log(origin)),
        refused={"of 0 or below, which has no logarithm": of & ~(amount > 0)},
    )


def ratio(above: pl.Expr, below: pl.Expr, *, of: pl.Expr) -> Ratio:
    """Sum of `above` over sum of `below`, over the rows for which `of` holds; limits by linearisation (Cochran 1977)."""
    x, y = _over(below.cast(pl.Float64), of), _over(above.cast(pl.Float64), of)
    return Ratio(n=of, above=y, below=x, above_squares=y.pow(2), products=y * x, below_squares=x.pow(2))


def rate(events: pl.Expr, exposure: pl.Expr, *, of: pl.Expr, pending: pl.Expr | None = None) -> Rate:
    """Events per unit of exposure over the rows for which `of` holds; exact Poisson limits (Garwood 1936).

    Args:
        events: how many, per row.
        exposure: over how much, per row.
        of: Boolean row rule for the rows that count.
        pending: Boolean row rule of rows among them to each of which one event may still happen.
    """
    above, below = _over(events.cast(pl.Float64), of), _over(exposure.cast(pl.Float64), of)
    if pending is None:
        return Rate(n=of, events=above, exposure=below)
    return OpenRate(n=of, events=above, exposure=below, open=pending & of)


def _over(amount: pl.Expr, of: pl.Expr) -> pl.Expr:
    return pl.when(of).then(amount)
