"""Weights and clusters, once for all shapes. Lives here: what they add to a state, and the `Design` read from it.

A row of weight w and a cluster of rows are the same thing to a ratio R = sum(y) / sum(x): a unit that contributes
y - R x. So the state keeps, beside the weighted leaves, the units' second moments about nothing (yy, xy, xx); the
linearised square follows from them for any R (Cochran 1977, section 6). Never here: a shape's own limits.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.checks import column, shown
from servicequality.core.domains import LARGEST
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Design, FixedShape, Shape, TableShape
from servicequality.shapes.base import FloatArray, Sums
from servicequality.stats.sampling import linearised_square

FEW_CLUSTERS = 10
MOMENTS = ("yy", "xy", "xx")
SAMPLED = ("units", "clusters", "weight_squares")
WEIGHTED = "weighted"
"""Prefix of the weighted leaves, which stand beside the plain ones."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the rows were drawn.

    Attributes:
        weight: column of weights; zero or more, each row standing for so many.
        cluster: column of clusters, within which rows are not independent.
    """

    weight: str | None = None
    cluster: str | None = None

    def __bool__(self) -> bool:
        return self.weight is not None or self.cluster is not None

    def columns(self) -> list[str]:
        """The columns that the design names."""
        return [name for name in (self.weight, self.cluster) if name is not None]

    def check_types(self, schema: pl.Schema) -> None:
        """Raise InputError for weights that are no numbers."""
        if self.weight is not None and not schema[self.weight].is_numeric():
            raise InputError(f"weight {shown(self.weight)} holds {schema[self.weight]}, expected numbers")

    def faults(self) -> list[tuple[str, pl.Expr, str]]:
        """What is wrong with rows, their row rule, and what to do about them."""
        faults = []
        if self.weight is not None:
            weight = column(self.weight)
            legal = (weight >= 0) & (weight <= LARGEST)
            faults.append(
                (
                    f"of a weight that is not zero or more, and finite (at most {LARGEST:g})",
                    ~legal | weight.is_null(),
                    "drop or mend the rows",
                )
            )
        if self.cluster is not None:
            advice = "give each lone row a cluster of its own"
            faults.append(("without a cluster", column(self.cluster).is_null(), advice))
        return faults

    def weighted(self, shape: Shape) -> Shape:
        """The shape with its leaves multiplied by the weight."""
        if self.weight is None:
            return shape
        weight = column(self.weight).cast(pl.Float64)
        return shape.map(lambda _, rule: rule.cast(pl.Float64) * weight)

    def refuse_tables(self, name: str, shape: Shape) -> None:
        """Raise ParameterError for a table shape under clusters."""
        if self.cluster is not None and isinstance(shape, TableShape):
            raise ParameterError(
                f"{name}: a table counts rows at each duration, so that the clusters are gone once it is made; "
                "leave cluster= out for quantiles and survival, or resample whole clusters"
            )


def moments(shape: FixedShape) -> dict[str, pl.Expr]:
    """Second moments of the units, from weighted rows or from stored cluster sums."""
    pair = shape.pair()
    if pair is None:
        return {}
    y, x = (part.cast(pl.Float64) for part in pair)
    return {"yy": y.pow(2).sum(), "xy": (y * x).sum(), "xx": x.pow(2).sum()}


def read_design(shape: FixedShape, sums: Sums, extra: Sums, ratio: tuple[FloatArray, FloatArray]) -> Design:
    """The design of each group.

    Args:
        shape: tells the variance of one row.
        sums: the (weighted) leaves of each group.
        extra: the moments, with `clusters`, or with `units` and `weight_squares`, and the raw `n`.
        ratio: numerator and denominator of each group.
    """
    above, below = ratio
    clustered = "clusters" in extra
    units = extra["clusters"] if clustered else extra["units"]
    with np.errstate(divide="ignore", invalid="ignore"):
        square = linearised_square(above, below, extra["yy"], extra["xy"], extra["xx"], units)
        if not clustered:
            return Design(sums["n"] ** 2 / extra["weight_squares"], np.full_like(units, np.inf), square)
        n_eff = shape.spread(sums) / square
        # Rows that all agree show no clustering: they are read as a plain sample, and flagged.
        shown = np.isfinite(n_eff) & (n_eff > 0)
        return Design(np.where(shown, n_eff, extra["n"]), np.where(shown, units - 1, np.inf), square)


def design_notes(shape: FixedShape, sums: Sums, extra: Sums) -> list[str | None]:
    """What to keep in mind when reading limits from clusters, one text a group."""
    if "clusters" not in extra:
        return [None] * len(extra["n"])
    alike = ~(shape.spread(sums) > 0)
    notes = []
    for clusters, same in zip(extra["clusters"], alike, strict=True):
        said = [f"only {clusters:.0f} clusters"] if clusters < FEW_CLUSTERS else []
        said += ["all rows agree: the limits take no notice of the clusters"] if same else []
        notes.append("; ".join(said) or None)
    return notes
