"""The mean of several means, each over its own rows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from functools import cache, reduce
from operator import add
from typing import Any, Self

import numpy as np
import polars as pl

from servicequality.shapes.base import Count, Design, FloatArray, Quantity, Reading, Sums, quotient
from servicequality.shapes.means import Mean
from servicequality.shapes.notes import joined, notes_of
from servicequality.shapes.student import within
from servicequality.stats.bounded import HALF_ANSWER


@dataclass(frozen=True, eq=False, kw_only=True)
class MeanOfMeans(Mean):
    """The plain mean of several means. Make one with `mean_of_means`.

    Each mean stands on the rows that have its own number. Only rows that have them all say how the means go together, so
    `n`, `amount` and `squares` are of those rows, and so is the standard error of the limits, which lie about the value.
    For each number there are two leaves more, `amount_0`, `n_0` and so on.
    """

    empty: str = "no row has all the numbers"
    undefined: str = "one of the numbers has no rows"

    def __reduce__(self) -> tuple[Any, ...]:
        # The class is made for a number of parts, and is made again where the record is read.
        return _restored, (len(self.parts()), {one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def parts(cls) -> range:
        """The numbers, counted from 0."""
        return range((len(cls.leaves()) - len(MeanOfMeans.leaves())) // 2)

    def within(self, bounds: tuple[float, float]) -> Self:
        return self  # limits are made about another mean, and moved

    def value(self) -> pl.Expr:
        means = [quotient(getattr(self, f"amount_{i}"), getattr(self, f"n_{i}")) for i in self.parts()]
        return reduce(add, means) / len(means)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        about_complete = super().limits(sums, level=level, design=design)
        value: FloatArray = np.mean([sums[f"amount_{i}"] / sums[f"n_{i}"] for i in self.parts()], axis=0)
        most: FloatArray = np.max([sums[f"n_{i}"] for i in self.parts()], axis=0)
        shift = value - sums["amount"] / sums["n"]
        remark = f"limits from the rows that have all {len(self.parts())} numbers"
        moved = about_complete._replace(
            low=about_complete.low + shift,
            high=about_complete.high + shift,
            notes=joined(about_complete.notes, notes_of((sums["n"] < most, remark))),
        )
        return within(moved, self.bounds)


def mean_of_means(
    amounts: Sequence[pl.Expr], *, bounds: tuple[float, float] | None = None, added: float = HALF_ANSWER
) -> MeanOfMeans:
    """The mean of the means of several amounts, each over the rows where it is not null.

    Args:
        amounts: two numbers per row or more, in Float64.
        bounds: the range that none of them leaves, where it is known.
        added: answers added at each end of that range, as for `mean`.
    """
    own = reduce(add, amounts) / len(amounts)  # null where one of them is
    parts: dict[str, Any] = {f"amount_{i}": amount for i, amount in enumerate(amounts)}
    parts |= {f"n_{i}": amount.is_not_null() for i, amount in enumerate(amounts)}
    record = _record(len(amounts))
    return record(n=own.is_not_null(), amount=own, squares=own * own, bounds=bounds, added=added, **parts)


def _restored(parts: int, given: dict[str, Any]) -> MeanOfMeans:
    return _record(parts)(**given)


@cache
def _record(parts: int) -> type[MeanOfMeans]:
    """The record for so many numbers: a leaf is a field, so each number of them has a class of its own."""
    fields = [(f"{leaf}_{i}", kind) for i in range(parts) for leaf, kind in (("amount", Quantity), ("n", Count))]
    named = {"__module__": __name__, "__doc__": MeanOfMeans.__doc__}
    return make_dataclass(
        f"MeanOf{parts}Means", fields, bases=(MeanOfMeans,), namespace=named, frozen=True, eq=False, kw_only=True
    )
