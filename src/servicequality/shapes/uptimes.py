"""Shapes of time up and down: `up_share`, `time_between`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import Design, FixedShape, FloatArray, Quantity, Reading, Sums, over, quotient
from servicequality.shapes.notes import notes_of
from servicequality.shapes.rates import Rate
from servicequality.shapes.student import student_limits, within
from servicequality.stats import availability_interval, mtbf_interval

_NO_OUTAGE = "no outage in the window: nothing to set limits by"
_NONE_BEGAN = "no outage began here, one lasts into it: nothing to set limits by"
_ONE_STATE = "always up or always down: nothing to set limits by"


@dataclass(frozen=True, eq=False, kw_only=True)
class UpShare(FixedShape):
    """Time up over time up and down, by itself or in nines, with F limits. Make one with `up_share`.

    The window is watched without a gap, so that the value is exact, and a target is met or missed by it. The limits are of
    the process behind it.
    """

    up: Quantity
    down: Quantity
    outages: Quantity
    nines: bool = False

    empty: str = "no time up or down"
    census: bool = True

    def value(self) -> pl.Expr:
        whole = self.up + self.down
        if not self.nines:
            return quotient(self.up, whole)
        return pl.when(self.down > 0).then(0 - quotient(self.down, whole).log10())

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        return self.value(), self.value()

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.up, self.up + self.down

    def mixes(self) -> bool:
        return not self.nines

    def spread(self, sums: Sums) -> FloatArray:
        # Exponential times up and down: the logarithm of their ratio varies by 2 / outages.
        return sums["n"] * self._square(sums)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        up, down = sums["up"], sums["down"]
        # Nines count from the other end, where digits would be lost by a difference from 1.
        part, rest = (down, up) if self.nines else (up, down)
        value = part / (up + down)
        if design is not None:
            reading = within(student_limits(value, design.square, design.df, level), (0.0, 1.0))
        else:
            none = sums["outages"] == 0
            ok = ~none & (up > 0) & (down > 0)
            low, high, se = np.full((3, len(value)), np.nan)
            low[ok], high[ok] = availability_interval(part[ok], rest[ok], sums["outages"][ok], level=level)
            se[ok] = np.sqrt(self._square(sums)[ok])
            notes = notes_of(
                (none & (down == 0), _NO_OUTAGE), (none & (down > 0), _NONE_BEGAN), (~none & ~ok, _ONE_STATE)
            )
            reading = Reading(low, high, se, "F(2n, 2n)", notes=notes)
        return _in_nines(reading, value) if self.nines else reading

    def _square(self, sums: Sums) -> FloatArray:
        """The squared error of the share; 0 without an outage."""
        up, down, outages = (sums[leaf] for leaf in ("up", "down", "outages"))
        slope = up * down / (up + down) ** 2  # of the share by the logarithm of the ratio
        return 2 * slope**2 * np.divide(1, outages, out=np.zeros_like(outages), where=outages > 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class TimeBetween(Rate):
    """`Rate` read the other way round: exposure for each event. Make one with `time_between`.

    Without an event the value is null, and the lower limit says what the quiet time shows.
    """

    def value(self) -> pl.Expr:
        return quotient(self.exposure, self.events)

    def judged(self) -> pl.Expr:
        return self.exposure > 0

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.events, self.exposure

    def mixes(self) -> bool:
        return False  # the value is the other way round

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        events, exposure = sums["events"], sums["exposure"]
        if design is None:
            low, high = mtbf_interval(exposure, events, level=level)
            se = np.divide(exposure, events**1.5, out=np.full_like(events, np.nan), where=events > 0)
            return Reading(low, high, se, "chi-square")
        rates = super().limits(sums, level=level, design=design)
        se = np.divide(rates.se * exposure**2, events**2, out=np.full_like(events, np.nan), where=events > 0)
        high = np.where(events > 0, _inverse(rates.low), np.nan)
        return rates._replace(low=_inverse(rates.high), high=high, se=se)


def up_share(up: pl.Expr, down: pl.Expr, outages: pl.Expr, *, of: pl.Expr, nines: bool = False) -> UpShare:
    """Time up over time up and down where `of` holds; limits from F(2n, 2n) of n outages (Birolini 2017).

    Args:
        up: time up, per row.
        down: time down, per row.
        outages: how many outages began, per row.
        of: boolean row rule for the rows that count.
        nines: give it as -log10 of the share of time down.
    """
    above, below, cycles = (over(amount.cast(pl.Float64), of) for amount in (up, down, outages))
    return UpShare(n=of, up=above, down=below, outages=cycles, nines=nines)


def time_between(time: pl.Expr, events: pl.Expr, *, of: pl.Expr) -> TimeBetween:
    """Time for each event over the rows for which `of` holds; chi-square limits (NIST/SEMATECH e-Handbook 8.4.5.1).

    Args:
        time: how long, per row.
        events: how many, per row.
        of: boolean row rule for the rows that count.
    """
    return TimeBetween(n=of, events=over(events.cast(pl.Float64), of), exposure=over(time.cast(pl.Float64), of))


def _in_nines(reading: Reading, value: FloatArray) -> Reading:
    """Limits of a share of time down as nines of the rest; none where that share may be 0."""
    low, high = (
        -np.log10(limit, out=np.full_like(limit, np.nan), where=limit > 0) for limit in (reading.high, reading.low)
    )
    return reading._replace(low=low + 0.0, high=high + 0.0, se=reading.se / (value * np.log(10)))


def _inverse(rate: FloatArray) -> FloatArray:
    return np.divide(1, rate, out=np.full_like(rate, np.nan), where=rate > 0)
