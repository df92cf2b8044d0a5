"""Simpson's paradox: every group changes one way, and all together the other way."""

import numpy as np
import polars as pl

from servicequality.comparison.sides import SIDES, Sides
from servicequality.shapes import FixedShape
from servicequality.shapes.base import FloatArray


def warning(changes: FloatArray, total: float) -> str | None:
    """What to say where two groups or more all change in one direction, and the whole in the other (Simpson 1951)."""
    known = changes[np.isfinite(changes)]
    if len(known) < 2 or not np.isfinite(total):
        return None
    for groups, whole, opposite in (
        ("up", "down", (known > 0).all() and total < 0),
        ("down", "up", (known < 0).all() and total > 0),
    ):
        if opposite:
            return f"Simpson's paradox: every group went {groups}, all together went {whole}, since the mix changed"
    return None


def turned_round(sides: Sides) -> str | None:
    """The warning for a comparison by group, read from its own sums."""
    shape = sides.metric.shape
    if not sides.keys or not isinstance(shape, FixedShape) or not shape.mixes():
        return None
    if not sides.has(f"sum {next(iter(shape.leaves()))}"):
        return None
    before, after = (pooled(sides, label) for label in SIDES)
    return warning(np.subtract(*reversed(sides.both("value"))), after - before)


def pooled(sides: Sides, label: str) -> float:
    """The figure of all groups together on one side; NaN where it is undefined."""
    shape = sides.metric.shape
    assert isinstance(shape, FixedShape)  # the caller asks for figures that add
    sums = shape.map(lambda leaf, _: pl.col(f"sum {leaf} {label}").sum())
    value = sides.rows.select(sums.value()).item()
    return float("nan") if value is None else float(value)
