"""Shapes that read of whole groups only how many items have each pattern: `PatternShape`."""

from abc import abstractmethod
from dataclasses import dataclass

import polars as pl

from servicequality.shapes.base import Label
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape


@dataclass(frozen=True, eq=False, kw_only=True)
class PatternShape(WholeShape):
    """A shape that needs the rows of an item together, and of the items only how many have each pattern.

    The counts of patterns are its state, and counts add up. What the rows of one item say together is lost where they lie
    in two parts, so that each item must lie in one part.

    Attributes:
        item: what the rows that belong together are about.
    """

    item: Label

    @abstractmethod
    def patterns(self, rows: Rows) -> pl.DataFrame:
        """How many items have each pattern: `group`, `pattern` (String) and `n` (Int64), sorted by the first two.

        It depends on the class and the rows and on no option: shapes of one class that read the same rows share it.
        """

    @abstractmethod
    def read_patterns(self, patterns: Rows, *, level: float) -> WholeReading:
        """Value and limits of every group, from what `patterns` gives or from such counts added."""

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        counted = rows.once(type(self), lambda rows: Rows(self.patterns(rows), rows.groups))
        return self.read_patterns(counted, level=level)
