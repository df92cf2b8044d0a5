"""Student's limits of means and quotients of sums, with weights and clusters or without."""

import numpy as np

from servicequality.shapes.base import Design, FloatArray, Reading
from servicequality.shapes.notes import notes_of
from servicequality.stats import t_interval

_ONE = "one row has no spread, so no limits"
_ALIKE = "rows that do not differ, or by less than their sums can carry, give no limits"


def square_of(n: FloatArray, spread: FloatArray, design: Design | None) -> FloatArray:
    """The squared standard error: of plain rows from the variance of one (divisor n), else the design's."""
    if design is not None:
        return design.square
    return np.divide(spread, n - 1, out=np.full_like(n, np.nan), where=n > 1)


def student_limits(value: FloatArray, square: FloatArray, df: FloatArray, level: float) -> Reading:
    """Student's limits where rows differ; where they do not, none, and a note that says why."""
    se, ok = np.sqrt(square), (df > 0) & (square > 0) & np.isfinite(square)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    low[ok], high[ok] = t_interval(value[ok], se[ok], df=df[ok], level=level)
    notes = notes_of((~(df > 0), _ONE), ((df > 0) & ~(square > 0), _ALIKE))
    return Reading(low, high, se, "t", notes=notes)


def within(reading: Reading, bounds: tuple[float, float] | None) -> Reading:
    """The reading with its limits cut off where the range of the value ends."""
    if bounds is None:
        return reading
    return reading._replace(low=np.clip(reading.low, *bounds), high=np.clip(reading.high, *bounds))
