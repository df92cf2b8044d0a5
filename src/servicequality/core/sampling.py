"""Weights and clusters for all shapes: what they add to a state, and the `Design` read from it."""

# A row of weight w and a cluster of rows are the same thing to a ratio R = sum(y) / sum(x): a unit that contributes
# y - R x. So the state keeps, beside the weighted leaves, the units' second moments about zero (yy, xy, xx); the
# linearised square follows from them for any R (Cochran 1977, section 6), and the effective number of units from the
# squares of their sizes (`stats.clusters`).

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column, holds_numbers, shown
from servicequality.core.domains import LARGEST
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Design, FixedShape, Reading, Shape, TableShape, WholeShape
from servicequality.shapes.base import FloatArray, Sums, no_limits
from servicequality.shapes.notes import Texts, joined, notes_of
from servicequality.stats.clusters import clustered_worth, effective_clusters, residual_square, weighted_worth

FEW_CLUSTERS = 10
_EQUAL = 1e-12  # of the rows: what unequal sums of equal weights differ by
MOMENTS = ("yy", "xy", "xx")
SAMPLED = ("units", "clusters", "weight_squares", "size_squares", "row_squares")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the rows were drawn.

    Attributes:
        weight: column of weights, zero or more: how many each row represents.
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
        """Raise InputError for weights that are not numbers."""
        if self.weight is not None and not holds_numbers(schema[self.weight]):
            raise InputError(f"weight {shown(self.weight)} holds {schema[self.weight]}, expected numbers")

    def faults(self) -> list[tuple[str, pl.Expr, str]]:
        """What is wrong with rows, their row rule, and what to do about them."""
        faults = []
        if self.weight is not None:
            weight = column(self.weight).cast(pl.Float64)  # compared in 32 bits, the limit itself is infinite
            legal = (weight >= 0) & (weight <= LARGEST)
            faults.append(
                (
                    f"of a weight that is not zero or more, and finite (at most {LARGEST:g})",
                    ~legal | weight.is_null(),
                    "drop or correct the rows",
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

    def refuse_unfit(self, name: str, shape: Shape) -> None:
        """Raise ParameterError for a table shape under clusters, and for a shape of whole groups under either."""
        if self and isinstance(shape, WholeShape):
            option = "weight=" if self.cluster is None else "cluster="
            raise ParameterError(
                f"{name}: it needs all rows of a group as they are, and takes neither weights nor clusters; leave {option} out"
            )
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


def cluster_sums(shape: FixedShape, rows: pl.Expr) -> dict[str, pl.Expr]:
    """What clusters add to a state, from their stored sums.

    Args:
        shape: the stored (weighted) leaves of each cluster.
        rows: its rows of a weight above 0; a cluster that has none is not a cluster.
    """
    squares = {"size_squares": shape.n, "row_squares": rows}
    return {
        "clusters": (shape.n > 0).sum().cast(pl.Int64),
        **{name: size.cast(pl.Float64).pow(2).sum() for name, size in squares.items()},
        **moments(shape),
    }


def kish_rows(n: FloatArray, extra: Sums) -> FloatArray:
    """Effective number of rows of each group by their weights alone; 0 where all weights are 0."""
    if "weight_squares" not in extra:
        return extra["n"]
    squares = extra["weight_squares"]
    return np.divide(n, squares, out=np.zeros_like(n), where=squares > 0) * n


class Part(NamedTuple):
    """Groups whose limits are made alike.

    Attributes:
        chosen: which groups.
        sums: their (weighted) leaves.
        design: what weights and clusters leave of their rows; None where the rows are read as they are.
        known: whether limits are known at all.
        notes: what to keep in mind, one text a group.
    """

    chosen: NDArray[np.bool_]
    sums: Sums
    design: Design | None
    known: bool = True
    notes: Texts | None = None

    def limits(self, shape: FixedShape, *, level: float) -> Reading:
        """The limits of the part's groups."""
        if not self.known:
            return no_limits(self.sums)._replace(notes=self.notes)
        reading = shape.limits(self.sums, level=level, design=self.design)
        return reading._replace(notes=joined(self.notes, reading.notes))


def design_parts(
    shape: FixedShape, sums: Sums, extra: Sums, ratio: tuple[FloatArray, FloatArray]
) -> tuple[list[Part], FloatArray]:
    """Weighted or clustered groups sorted by how their limits are made, and their effective numbers of rows.

    Equal weights, and clusters of one row each, are no design: such groups are read as plain rows.

    Args:
        shape: how to read them.
        sums: the (weighted) leaves of each group.
        extra: the sums that the design adds, by name, and the raw `n`.
        ratio: numerator and denominator of each group.
    """
    kish, rows = kish_rows(sums["n"], extra), extra.get("units", extra["n"])
    units = extra.get("clusters", rows)
    effective = effective_clusters(sums["n"], extra["size_squares"]) if "size_squares" in extra else kish
    alone = ((units < 2) | (effective <= 1)) & ("yy" in extra)  # a census is one all the same
    plain = ~alone & (units == rows) & (kish >= rows * (1 - _EQUAL))
    n_eff, rest = np.where(plain, rows, kish), ~alone & ~plain
    parts = []
    if alone.any():
        text = f"one {'cluster' if 'clusters' in extra else 'weighted row'} has no limits"
        parts.append(Part(alone, _taken(sums, alone), None, known=False, notes=[text] * int(alone.sum())))
    if plain.any():
        parts.append(Part(plain, _plain_sums(shape, sums, rows, plain), None))
    if rest.any() and "yy" in extra:
        chosen = _taken(sums, rest)
        design, notes = read_design(shape, chosen, _taken(extra, rest), (ratio[0][rest], ratio[1][rest]))
        n_eff[rest] = design.n_eff
        parts.append(Part(rest, chosen, design, notes=notes))
    elif rest.any():
        parts.append(Part(rest, _taken(sums, rest), None, known=False))
    return parts, n_eff


def _taken(sums: Sums, chosen: NDArray[np.bool_]) -> Sums:
    return {name: column[chosen] for name, column in sums.items()}


def read_design(
    shape: FixedShape, sums: Sums, extra: Sums, ratio: tuple[FloatArray, FloatArray]
) -> tuple[Design, Texts | None]:
    """The design of each group of two units or more, and what to keep in mind when reading limits from it.

    Args:
        shape: tells the variance of one row.
        sums: the (weighted) leaves of each group.
        extra: the sums that the design adds, by name, and the raw `n`.
        ratio: numerator and denominator of each group.
    """
    kish, rows, spread = kish_rows(sums["n"], extra), extra.get("units", extra["n"]), shape.spread(sums)
    residual = residual_square(*ratio, extra["yy"], extra["xy"], extra["xx"])
    if "clusters" not in extra:
        worth = weighted_worth(residual, spread, kish=kish, rows=rows)
        return Design(worth.n_eff, worth.df, worth.square), _few_notes(kish, "rows")
    effective = effective_clusters(sums["n"], extra["size_squares"])
    worth = clustered_worth(
        residual,
        spread,
        effective=effective,
        rows=rows,
        clusters=extra["clusters"],
        row_squares=extra["row_squares"],
        kish=kish,
    )
    assumed = notes_of((~(spread > 0), "all rows agree: intra-cluster correlation 0.1 assumed"))
    return Design(worth.n_eff, worth.df, worth.square), joined(_few_notes(effective, "clusters"), assumed)


def _plain_sums(shape: FixedShape, sums: Sums, rows: FloatArray, plain: NDArray[np.bool_]) -> Sums:
    """The sums of the rows themselves, where each weighs the same."""
    each = rows[plain] / sums["n"][plain]
    kinds = shape.leaves()
    return {
        leaf: np.rint(column[plain] * each) if kinds[leaf] == "count" else column[plain] * each
        for leaf, column in sums.items()
    }


def _few_notes(effective: FloatArray, units: str) -> Texts | None:
    few = effective < FEW_CLUSTERS
    if not few.any():
        return None
    numbers, place = np.unique(np.round(effective[few], 1), return_inverse=True)
    texts = np.full(len(few), None, dtype=np.object_)
    texts[few] = np.array([f"only {number:g} effective {units}" for number in numbers], dtype=np.object_)[place]
    return texts.tolist()


def limits_of(shape: FixedShape, parts: Sequence[Part], size: int, *, level: float) -> Reading:
    """The limits of all groups, of which each part has some.

    Args:
        shape: how to read them.
        parts: the groups, sorted by how their limits are made.
        size: how many groups there are in all.
        level: confidence level.
    """
    if len(parts) == 1:
        return parts[0].limits(shape, level=level)
    numbers = np.full((3, size), np.nan)
    method, notes = (np.full(size, None, dtype=np.object_) for _ in range(2))
    for part in parts:
        reading = part.limits(shape, level=level)
        numbers[:, part.chosen] = reading.low, reading.high, reading.se
        method[part.chosen] = reading.method
        if reading.notes is not None:
            notes[part.chosen] = reading.notes
    low, high, se = numbers
    return Reading(low, high, se, method.tolist(), notes=notes.tolist())
