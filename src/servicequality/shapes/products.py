"""The product of shares of parts that are all needed: `product_of`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import FloatArray, Quantity, Reading
from servicequality.shapes.notes import joined, notes_of
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape

_UNBOUNDED = "a part has no limits, and so the product has none"
_NEVER = "a part is 0: limits on the scale of logarithms are not known"
_STRETCHED = "the limits of the parts are of another level, and are stretched to this one by the normal quantile"


@dataclass(frozen=True, eq=False, kw_only=True)
class Product(WholeShape):
    """The product of shares, one a row, whose own limits combine on the scale of logarithms. Make one with `product_of`.

    A row is a part, and not one of a sample: a product has no use for weights.
    """

    value: Quantity
    low: Quantity
    high: Quantity
    level: Quantity

    unit: str | None = "share"
    bounds: tuple[float, float] | None = (0.0, 1.0)
    empty: str = "no parts"

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        group = rows.frame["group"].cast(pl.Int64).to_numpy()
        parts = rows.frame.select(pl.col("value", "low", "high", "level").cast(pl.Float64)).to_numpy().T
        value, low, high, stated = parts

        def added(amount: FloatArray) -> FloatArray:
            return np.asarray(np.bincount(group, amount, minlength=rows.groups), dtype=np.float64)

        known = np.isfinite(value)
        # A part without a share of its own counts as 1 here, and leaves the product null below.
        share = np.where(known, value, 1.0)
        n, unknown, never = (added(flags.astype(np.float64)) for flags in (known, ~known, share == 0))
        stretch = np.where(np.isfinite(stated), _quantile(level) / _quantile(np.where(stated > 0, stated, 0.5)), 1.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            logs = np.log(share)
            whole = added(logs)
            below, above = (np.sqrt(added(((logs - np.log(end)) * stretch) ** 2)) for end in (low, high))
            product = np.exp(whole)
            ends = np.array([np.exp(whole - below), np.fmin(np.exp(whole + above), 1.0)])
        nothing = (n + unknown == 0) | (unknown > 0)
        ends[:, (never > 0) | nothing] = np.nan
        ends[1, np.isnan(above)] = np.nan
        product[nothing] = np.nan
        several = added((np.abs(stretch - 1) > 1e-12).astype(np.float64)) > 0
        notes = joined(
            notes_of(((never > 0) & ~nothing, _NEVER)),
            notes_of((np.isnan(ends).any(axis=0) & (never == 0) & ~nothing, _UNBOUNDED)),
            notes_of((several & np.isfinite(ends).any(axis=0), _STRETCHED)),
        )
        reasons = ["a part has no value" if missing else None for missing in unknown]
        reading = Reading(ends[0], ends[1], np.full_like(product, np.nan), "mover, logs", product, notes=notes)
        return WholeReading(reading, n=n, reasons=reasons)


def product_of(value: pl.Expr, low: pl.Expr, high: pl.Expr, *, of: pl.Expr, level: pl.Expr | None = None) -> Product:
    """The product of the shares of the rows for which `of` holds, one row a part; limits by MOVER on logarithms.

    Args:
        value: the share of each part, from 0 to 1; of a part where it is null the product is not known.
        low: its lower limit; null for none.
        high: its upper limit; null for none.
        of: boolean row rule for the rows that are parts.
        level: the confidence level of these limits; None where they are of the level that is requested.
    """
    blank = pl.lit(None, pl.Float64)
    return Product(n=of, value=value, low=low, high=high, level=blank if level is None else level)


def _quantile(level: float | FloatArray) -> FloatArray:
    """How many standard errors a two-sided normal limit of this level reaches."""
    from scipy.special import ndtri

    return np.asarray(-ndtri((1 - np.asarray(level)) / 2), dtype=np.float64)
