"""Shapes of one mean: `mean`, `geometric_mean`."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from servicequality.shapes.base import (
    Count,
    Design,
    FixedShape,
    FloatArray,
    Quantity,
    Reading,
    Sums,
    difference,
    moved,
    over,
    quotient,
)
from servicequality.shapes.notes import joined, notes_of
from servicequality.shapes.student import square_of, student_limits, within
from servicequality.stats import bounded_mean_interval, positive_mean_interval
from servicequality.stats.bounded import HALF_ANSWER

_MANY, _FEW = 50, 5
_SKEWED = "of fewer than 50 rows the limits of a skewed mean are too short"
_CROWDED = "few answers away from one end of the scale: rare answers may be missing from the limits"


@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(FixedShape):
    """Arithmetic mean. Make one with `mean`.

    Its limits follow its bounds: of scores between two ends, Student's with a part of an answer more at each end; of amounts
    that cannot be negative, Student's below and those of the logarithm above; else Student's. Weights and clusters leave
    Student's of the amounts.

    Sums and squares are kept about `origin`: plain squares of values near 1e9 would lose everything after the comma.
    """

    amount: Quantity
    squares: Quantity
    origin: float = 0.0
    added: float = HALF_ANSWER

    empty: str = "no answers"

    def within(self, bounds: tuple[float, float]) -> Self:
        return replace(self, bounds=bounds) if self.bounds is None else self

    def value(self) -> pl.Expr:
        return self.origin + quotient(self.amount, self.n)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.amount, self.n

    def spread(self, sums: Sums) -> FloatArray:
        n = sums["n"]
        return difference(sums["squares"] / n, (sums["amount"] / n) ** 2)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        value, spread = self.origin + sums["amount"] / sums["n"], self.spread(sums)
        n = sums["n"] if design is None else design.n_eff
        square = square_of(n, spread, design)
        if self.bounds is not None and np.isfinite(self.bounds).all():
            return self._on_a_scale(n, value, spread, level=level, design=design)._replace(se=np.sqrt(square))
        student = student_limits(value, square, n - 1 if design is None else design.df, level)
        if self.bounds != (0.0, np.inf):
            return within(student, self.bounds)
        student = within(student, self.bounds)._replace(
            notes=joined(student.notes, notes_of(((n > 1) & (spread > 0) & (n < _MANY), _SKEWED)))
        )
        if design is not None:
            return student
        ok, high = (n > 1) & (spread > 0) & (value > 0), student.high
        high[ok] = positive_mean_interval(n[ok], value[ok], (n * spread)[ok], level=level)[1]
        return student._replace(high=np.where(np.isinf(high), np.nan, high), method="t, log t above")

    def _on_a_scale(
        self, n: FloatArray, value: FloatArray, spread: FloatArray, *, level: float, design: Design | None
    ) -> Reading:
        """Limits of scores that have two ends, which hold the mean of any of them."""
        assert self.bounds is not None  # the caller looked
        low, high = self.bounds
        limits = bounded_mean_interval(
            n,
            value,
            n * spread,
            low=low,
            high=high,
            added=self.added,
            level=level,
            df=None if design is None else design.df,
        )
        away = np.minimum(value - low, high - value)
        away = np.where(away > 1e-12 * (high - low), away, 0.0) ** 2  # nearer to the end it is rounding
        # At least so many answers lie away from the nearer end (Cauchy and Schwarz), and exactly so many of two points.
        answers = n * np.divide(away, spread + away, out=np.zeros_like(away), where=away > 0)
        return Reading(*limits, np.sqrt(spread / n), "adjusted_t", notes=notes_of((answers < _FEW, _CROWDED)))


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenMean(Mean):
    """`Mean` beside rows whose number is still to come, within `bounds`. Make one with `mean(pending=…)`."""

    open: Count

    def pending(self, rows: pl.Expr) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        low, high = (-np.inf, np.inf) if self.bounds is None else self.bounds

        def end(each: float) -> pl.Expr:
            amount = moved(self.amount, self.open, each - self.origin)
            return self.origin + quotient(amount, self.n + self.open)

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
        with np.errstate(over="ignore"):
            low, high = np.exp(logs.low), np.exp(logs.high)
        high = np.where(np.isinf(high), np.nan, high)  # no number is as large: there is no upper limit
        # The standard error of a function of an estimate: its slope, which is the value, times that of the logarithm.
        return Reading(low, high, logs.se * np.exp(self.origin + sums["amount"] / sums["n"]), "t of logarithms")


def mean(
    amount: pl.Expr,
    *,
    of: pl.Expr,
    origin: float = 0.0,
    bounds: tuple[float, float] | None = None,
    added: float = HALF_ANSWER,
    pending: pl.Expr | None = None,
) -> Mean:
    """Mean of `amount` over the rows for which `of` holds.

    Args:
        amount: a number per row.
        of: boolean row rule for the denominator.
        origin: a value near the data, about which squares are summed; part of the definition, since states with
            different origins do not add.
        bounds: the range that no row leaves, from which the limits follow; None leaves it to the definition.
        added: answers added at each end of a finite range: a half, and an eighth for differences of two answers.
        pending: boolean row rule of rows that do not count yet, and may in the end; how far they can move the mean is known
            where there are bounds.
    """
    about = over(amount.cast(pl.Float64) - origin if origin else amount.cast(pl.Float64), of)
    if pending is None:
        return Mean(n=of, amount=about, squares=about.pow(2), origin=origin, bounds=bounds, added=added)
    waiting = pending & ~of.fill_null(value=False)
    return OpenMean(n=of, amount=about, squares=about.pow(2), origin=origin, bounds=bounds, added=added, open=waiting)


def geometric_mean(amount: pl.Expr, *, of: pl.Expr, origin: float = 1.0) -> GeometricMean:
    """Geometric mean of a positive `amount` over the rows for which `of` holds; Student's limits of the logarithms.

    Args:
        amount: a number per row; one that is 0 has no logarithm, and such rows are refused.
        of: boolean row rule for the denominator.
        origin: a value near the data, about which squares of logarithms are summed.
    """
    about = over(amount.cast(pl.Float64).log() - float(np.log(origin)), of & (amount > 0))
    return GeometricMean(
        n=of,
        amount=about,
        squares=about.pow(2),
        origin=float(np.log(origin)),
        refused={"of 0 or below, which has no logarithm": of & ~(amount > 0)},
    )
