"""The rule of a metric: what is computed from which columns, without verbs."""

from dataclasses import dataclass

import polars as pl

from servicequality.core.domains import Bound
from servicequality.shapes import Shape


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule:
    """A shape under a name, with the columns that it reads.

    Attributes:
        name: the name of its results.
        shape: the row rules and what is summed.
        inputs: the columns that it reads, with their domains.
        unit: the unit of its value.
        condition: the slice it is restricted to, if any.
        revision: the version of its meaning; states of different revisions do not add.
    """

    name: str
    shape: Shape
    inputs: tuple[Bound, ...]
    unit: str
    condition: pl.Expr | None = None
    revision: int = 1
