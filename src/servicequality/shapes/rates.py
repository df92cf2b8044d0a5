"""Shapes of a sum over a sum: `ratio`, `rate`."""

from dataclasses import dataclass, fields, replace
from typing import Literal, Self, TypeAlias

import numpy as np
import polars as pl

from servicequality.checks import choice
from servicequality.errors import DefinitionError
from servicequality.shapes.base import (
    Count,
    Design,
    FixedShape,
    FloatArray,
    Quantity,
    Reading,
    Sums,
    difference,
    over,
    quotient,
)
from servicequality.shapes.notes import notes_of
from servicequality.shapes.student import square_of, student_limits, within
from servicequality.stats import poisson_rate_interval, quasi_poisson_factor
from servicequality.stats.rate import FEWEST_PERIODS

RateMethod: TypeAlias = Literal["quasi_poisson", "poisson"]

_FEW_PERIODS = "of fewer than 4 periods the limits take the events for Poisson's"
_SCATTERED = "periods scatter more than Poisson's: the limits are widened by it"


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratio(FixedShape):
    """A sum over another sum, with linearised limits. Make one with `ratio`."""

    numerator: Quantity
    denominator: Quantity
    numerator_squares: Quantity
    products: Quantity
    denominator_squares: Quantity

    empty: str = "nothing to divide by"

    def within(self, bounds: tuple[float, float]) -> Self:
        return replace(self, bounds=bounds) if self.bounds is None else self

    def value(self) -> pl.Expr:
        return quotient(self.numerator, self.denominator)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.numerator, self.denominator

    def spread(self, sums: Sums) -> FloatArray:
        r, n = sums["numerator"] / sums["denominator"], sums["n"]
        whole = sums["numerator_squares"] + r**2 * sums["denominator_squares"]
        return difference(whole, 2 * r * sums["products"]) / n / (sums["denominator"] / n) ** 2

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        n = sums["n"]
        square = square_of(n, self.spread(sums), design)
        df = n - 1 if design is None else design.df
        return within(student_limits(sums["numerator"] / sums["denominator"], square, df, level), self.bounds)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenRatio(Ratio):
    """`Ratio` beside rows that may enter both sums in the end. Make one with `ratio(pending=…)`."""

    open: Count

    def pending(self, rows: pl.Expr) -> pl.Expr:
        return self.open


@dataclass(frozen=True, eq=False, kw_only=True)
class Rate(FixedShape):
    """Events per unit of exposure, with exact Poisson limits. Make one with `rate`."""

    events: Quantity
    exposure: Quantity

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
        if design is None:
            low, high = poisson_rate_interval(sums["events"], sums["exposure"], level=level)
            return Reading(low, high, np.sqrt(sums["events"]) / sums["exposure"], "garwood")
        limits = within(student_limits(value, design.square, design.df, level), (0.0, np.inf))
        none = sums["events"] == 0  # no spread to see: what the effective rows of exposure would say
        exposure = (sums["exposure"] / sums["n"] * design.n_eff)[none]
        limits.low[none], limits.high[none] = poisson_rate_interval(np.zeros_like(exposure), exposure, level=level)
        notes = np.array(limits.notes or [None] * len(value), dtype=np.object_)
        notes[none] = None
        return limits._replace(notes=notes.tolist(), method=np.where(none, "garwood", "t").tolist())


@dataclass(frozen=True, eq=False, kw_only=True)
class PeriodRate(Rate):
    """`Rate` whose rows are periods, whose scatter says how far events are from Poisson's. Make one with `rate(periods=True)`.

    With four periods or more the limits are Garwood's of events and exposure over a factor of over-dispersion, which is 1 where
    the periods scatter no more than Poisson's would.
    """

    squares: Quantity
    periods: Count

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        if design is not None:
            return super().limits(sums, level=level, design=design)
        events, exposure = sums["events"], sums["exposure"]
        factor = quasi_poisson_factor(events, exposure, sums["squares"], sums["periods"], level=level)
        low, high = poisson_rate_interval(events / factor, exposure / factor, level=level)
        wider = factor > 1
        notes = notes_of((sums["periods"] < FEWEST_PERIODS, _FEW_PERIODS), (wider, _SCATTERED))
        method = np.array(["garwood", "quasi-poisson"], dtype=np.object_)[wider.astype(np.int64)].tolist()
        return Reading(low, high, np.sqrt(events) / exposure, method, notes=notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenRate(Rate):
    """`Rate` beside rows to each of which one event may still happen. Make one with `rate(pending=…)`."""

    open: Count

    def running(self) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        return self.value(), quotient(self.events + self.open, self.exposure)


def ratio(numerator: pl.Expr, denominator: pl.Expr, *, of: pl.Expr, pending: pl.Expr | None = None) -> Ratio:
    """Sum of `numerator` over sum of `denominator` where `of` holds; limits by linearisation (Cochran 1977).

    Args:
        numerator: what is summed above the line.
        denominator: what is summed below it.
        of: the rows that count.
        pending: boolean row rule of rows that do not count yet, and may in the end.
    """
    x, y = over(denominator.cast(pl.Float64), of), over(numerator.cast(pl.Float64), of)
    plain = Ratio(
        n=of, numerator=y, denominator=x, numerator_squares=y.pow(2), products=y * x, denominator_squares=x.pow(2)
    )
    if pending is None:
        return plain
    return OpenRatio(
        **{field.name: getattr(plain, field.name) for field in fields(plain)}, open=pending & ~of.fill_null(value=False)
    )


def rate(
    events: pl.Expr,
    exposure: pl.Expr,
    *,
    of: pl.Expr,
    periods: bool = False,
    interval: RateMethod = "quasi_poisson",
    pending: pl.Expr | None = None,
) -> Rate:
    """Events per unit of exposure over the rows for which `of` holds; exact Poisson limits (Garwood 1936).

    Args:
        events: how many, per row.
        exposure: over how much, per row.
        of: boolean row rule for the rows that count.
        periods: a row is a period of time, so that the rows' scatter says how far the events are from Poisson's, and the
            limits are widened by it (McCullagh and Nelder 1989).
        interval: of periods: "quasi_poisson", or "poisson" for Garwood's limits as they are.
        pending: boolean row rule of rows among them to each of which one event may still happen.

    Raises:
        ParameterError: an unknown interval.
        DefinitionError: periods with pending rows.
    """
    choice("interval", interval, ("quasi_poisson", "poisson"))
    above, below = over(events.cast(pl.Float64), of), over(exposure.cast(pl.Float64), of)
    if pending is not None:
        if periods:
            raise DefinitionError(
                "rate: one event may still happen to a row, not to a period; leave periods= or pending= out"
            )
        return OpenRate(n=of, events=above, exposure=below, open=pending & of)
    if not periods or interval == "poisson":
        return Rate(n=of, events=above, exposure=below)
    some = of & (exposure > 0)
    return PeriodRate(
        n=of,
        events=above,
        exposure=below,
        squares=over(above * above / below, some),
        periods=some.fill_null(value=False),
    )
