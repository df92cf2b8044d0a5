"""Weights that meet known totals: raked, calibrated and trimmed, and the error of what they weight."""

# Rows of one combination of categories get one factor, so raking works on the cells of the margins, however many rows they
# hold. Passes of iterative proportional fitting (Deming and Stephan 1940) come first; where they are slow, Newton's steps on
# the same convex problem (Deville and Särndal 1992) end it, or show that it has no solution.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from servicequality.stats._checks import BoolArray, FloatArray, IntArray

Block: TypeAlias = tuple[IntArray, int] | FloatArray
"""Columns of a matrix: the categories of a margin, or one number."""

NEAR = 1e-11
"""Margins are met within this, relative to each count."""
_PASSES, _STEPS, _HALVINGS = 50, 80, 40
_LONGEST = 5.0  # of one step on the log scale
_VANISHING = 1e-6  # of the largest factor
_RANK = 1e-12


def sums_of(place: IntArray, values: FloatArray, size: int) -> FloatArray:
    """The sum of the values at each place.

    Args:
        place: where each value belongs, from 0.
        values: the values.
        size: how many places there are.
    """
    return np.bincount(place, values, size).astype(np.float64, copy=False)


def level_sums(levels: Sequence[IntArray], weights: FloatArray, totals: Sequence[FloatArray]) -> list[FloatArray]:
    """What the weights of the cells add up to in each category of each margin."""
    return [sums_of(level, weights, len(total)) for level, total in zip(levels, totals, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What is known of each cell, as the columns of a matrix X that is never written out: 1, categories, numbers.

    Attributes:
        cells: how many cells there are.
        levels: for each margin the category of each cell: a column a category, 1 where the cell is in it.
        sizes: how many categories each margin has.
        numbers: a column each.
    """

    cells: int
    levels: Sequence[IntArray]
    sizes: Sequence[int]
    numbers: Sequence[FloatArray]

    def products(self, weights: FloatArray) -> FloatArray:
        """X' W X."""
        blocks = self._blocks
        return np.block([[_crossed(one, other, weights) for other in blocks] for one in blocks])

    def sums(self, values: FloatArray) -> FloatArray:
        """X' v, for a value a cell."""
        return np.concatenate([_summed(block, values) for block in self._blocks])

    def applied(self, coefficients: FloatArray) -> FloatArray:
        """X b, a value a cell."""
        rows = Grouped(np.arange(self.cells), np.zeros(self.cells, dtype=np.int64), 1)
        return self.applied_by(rows, coefficients[:, None])

    def sums_by(self, rows: "Grouped", values: FloatArray) -> FloatArray:
        """X' v of the rows of each group: one row a column of X, one column a group."""
        answer = []
        for block in self._blocks:
            if isinstance(block, tuple):
                level, size = block
                place = level[rows.cell] * rows.groups + rows.group
                answer.append(sums_of(place, values, size * rows.groups).reshape(size, rows.groups))
            else:
                answer.append(sums_of(rows.group, block[rows.cell] * values, rows.groups)[None, :])
        return np.concatenate(answer)

    def applied_by(self, rows: "Grouped", coefficients: FloatArray) -> FloatArray:
        """The value x'b of each row, with the coefficients of its group: one row a column of X, one column a group."""
        answer, start = np.zeros(len(rows.cell)), 0
        for block in self._blocks:
            if isinstance(block, tuple):
                level, size = block
                answer += coefficients[start + level[rows.cell], rows.group]
                start += size
            else:
                answer += block[rows.cell] * coefficients[start, rows.group]
                start += 1
        return answer

    @property
    def _blocks(self) -> list[Block]:
        return [np.ones(self.cells), *zip(self.levels, self.sizes, strict=True), *self.numbers]


class Grouped(NamedTuple):
    """Rows in cells and groups: the cell and the group of each row, and how many groups there are."""

    cell: IntArray
    group: IntArray
    groups: int


def raked(levels: Sequence[IntArray], base: FloatArray, totals: Sequence[FloatArray]) -> tuple[FloatArray, bool]:
    """Factors that make the base weights of cells meet all margins, and whether they do.

    They do not where a factor would have to be 0 in a cell that every margin counts: no factors above 0 are a solution then.

    Args:
        levels: for each margin the category of each cell.
        base: base weight of each cell.
        totals: for each margin the count of each category; their sums agree.
    """
    live = base > 0
    for level, total in zip(levels, totals, strict=True):
        live &= total[level] > 0
    factor = np.where(live, 1.0, 0.0)
    with np.errstate(all="ignore"):  # what base weights of 1e-300 lead to meets no margin
        for _ in range(_PASSES):
            for level, total in zip(levels, totals, strict=True):
                reached = sums_of(level, base * factor, len(total))
                factor = factor * np.divide(total, reached, out=np.ones_like(total), where=reached > 0)[level]
            if _met(levels, base * factor, totals):
                break
        else:
            factor = _by_newton(levels, base, totals, factor)
        return factor, _inside(levels, base, totals, factor, live)


def linear(features: Features, base: FloatArray, totals: FloatArray) -> FloatArray:
    """Factors 1 + x'λ that make the base-weighted sums of the features meet the totals as nearly as can be.

    Args:
        features: what has a total; numbers of about one size, for the sake of digits.
        base: base weight of each cell.
        totals: the total of each column.
    """
    return 1 + features.applied(_solved(features.products(base), totals - features.sums(base)))


def adjusted_squares(
    features: Features, rows: Grouped, base: FloatArray, weights: FloatArray, y: FloatArray, x: FloatArray
) -> FloatArray:
    """Squared standard error of sum(w y) / sum(w x) in each group, linearised; NaN where a group has no x.

    The variable of row i is (y - R x) / sum(w x) in its group and 0 in the others. Its residuals from the base-weighted
    regression on the margins, times the final weights, are summed as squares about their mean, times n / (n - 1)
    (Deville and Särndal 1992; Särndal, Swensson and Wretman 1992, section 6.6).

    Args:
        features: what the margins tell of each cell.
        rows: cell and group of each row.
        base: base weight of each row.
        weights: final weight of each row.
        y: numerator of each row.
        x: denominator of each row.
    """
    above, below = (sums_of(rows.group, weights * one, rows.groups) for one in (y, x))
    known = below > 0
    size = np.where(known, below, 1.0)
    e = (y - (above / size)[rows.group] * x) / size[rows.group]
    products = features.products(sums_of(rows.cell, base, features.cells))
    coefficients = _solved(products, features.sums_by(rows, base * e))
    fit = features.applied_by(rows, coefficients)
    own = sums_of(rows.group, (weights * (e - fit)) ** 2, rows.groups)
    # Outside its group a row's variable is 0, and its residual what was fitted.
    squares = features.products(sums_of(rows.cell, weights**2, features.cells))
    everywhere = np.einsum("ig,ij,jg->g", coefficients, squares, coefficients)
    others = np.maximum(everywhere - sums_of(rows.group, (weights * fit) ** 2, rows.groups), 0.0)
    total = features.sums(sums_of(rows.cell, weights, features.cells)) @ coefficients
    n = max(int(np.count_nonzero(base > 0)), 2)
    answer = np.maximum(own + others - total**2 / n, 0.0) * n / (n - 1)
    return np.where(known, answer, np.nan)


def trimmed(weights: FloatArray, lower: float, upper: float, *, proportional: bool) -> FloatArray:
    """Weights between two bounds with the same sum; NaN where the rows that may change cannot take up the excess.

    Rows outside are set to the bound that they pass, and the excess goes to those that lay inside; what that carries beyond a
    bound is cut off again and shared by all that are not at it, until all lie within. The last state of these repetitions is
    computed at once: it is the one amount or factor that keeps the sum.

    Args:
        weights: weights whose mean lies within the bounds.
        lower: the floor.
        upper: the cap.
        proportional: whether rows get in proportion to their weight; else all the same.
    """
    total, inside = weights.sum(), (weights >= lower) & (weights <= upper)
    if inside.all():
        return weights.copy()
    first = np.clip(weights, lower, upper)
    first[inside] = _grown(weights[inside], total - first[~inside].sum(), proportional=proportional)
    rising = bool(np.isfinite(upper)) and not (np.isfinite(lower) and total < np.clip(first, lower, upper).sum())
    bound = upper if rising else lower
    # Sorted so that those come first which reach the bound first.
    order = np.argsort(-first if rising else first, kind="stable")
    values = first[order]
    at_bound = np.arange(len(values) + 1) * bound
    left = total - at_bound[:-1]  # for the rows from here on, if all before them are at the bound
    rest = np.cumsum(values[::-1])[::-1]
    size = np.arange(len(values), 0, -1)
    if proportional:
        change = np.divide(left, rest, out=np.full_like(rest, np.nan), where=rest > 0)
        reached = values * change
    else:
        change = (left - rest) / size
        reached = values + change
    fits = np.flatnonzero(reached <= bound if rising else reached >= bound)
    start = int(fits[0]) if fits.size else len(values)
    answer = np.full_like(values, bound)
    if start < len(values):  # else all are at the bound
        answer[start:] = values[start:] * change[start] if proportional else values[start:] + change[start]
    if abs(answer.sum() - total) > 1e-9 * np.abs(weights).sum():
        return np.full_like(weights, np.nan)
    result = np.empty_like(answer)
    result[order] = answer
    return result


def _grown(values: FloatArray, total: float, *, proportional: bool) -> FloatArray:
    """The values with this sum, all changed by one amount or one factor; as they are where that cannot be."""
    now = float(values.sum())
    if proportional:
        return values * (max(total, 0.0) / now) if now > 0 else values
    return values + (total - now) / max(len(values), 1)


def _met(levels: Sequence[IntArray], weights: FloatArray, totals: Sequence[FloatArray]) -> bool:
    sums = level_sums(levels, weights, totals)
    return all(
        bool((np.abs(reached - total) <= NEAR * total).all()) for reached, total in zip(sums, totals, strict=True)
    )


def _by_newton(
    levels: Sequence[IntArray], base: FloatArray, totals: Sequence[FloatArray], factor: FloatArray
) -> FloatArray:
    """Factors after Newton's steps, each as long as it makes the dual objective smaller."""
    for _ in range(_STEPS):
        if not np.isfinite(factor).all() or _met(levels, base * factor, totals):
            break
        step, gain = _step(levels, base * factor, totals)
        longest = np.abs(step).max()
        length = min(1.0, _LONGEST / longest) if longest > 0 else 1.0
        for _ in range(_HALVINGS):
            # The change of sum(w) - totals'λ, which is convex in λ.
            if base * factor @ np.expm1(length * step) - length * gain < 0:
                break
            length /= 2
        factor = factor * np.exp(length * step)
    return factor


def _step(levels: Sequence[IntArray], weights: FloatArray, totals: Sequence[FloatArray]) -> tuple[FloatArray, float]:
    """Newton's step of each cell on the log scale, and what it adds to totals'λ."""
    features = Features(len(weights), levels, [len(total) for total in totals], [])
    whole = np.concatenate([[totals[0].sum()], *totals])
    step = _solved(features.products(weights), whole - features.sums(weights))
    return features.applied(step), float(whole @ step)


def _inside(
    levels: Sequence[IntArray],
    base: FloatArray,
    totals: Sequence[FloatArray],
    factor: FloatArray,
    live: BoolArray,
) -> bool:
    """Whether the factors meet the margins and none of them is on its way to 0."""
    if not _met(levels, base * factor, totals):
        return False
    if not live.any() or factor[live].min() > _VANISHING * factor[live].max():
        return True
    # At a solution the next step is nothing; where a factor only tends to 0, each step takes away as much again.
    return bool(np.abs(_step(levels, base * factor, totals)[0][live]).max() < 1e-3)


def _summed(block: Block, values: FloatArray) -> FloatArray:
    return sums_of(block[0], values, block[1]) if isinstance(block, tuple) else np.array([block @ values])


def _crossed(one: Block, other: Block, weights: FloatArray) -> FloatArray:
    """The weighted products of two blocks of columns."""
    if isinstance(one, tuple):
        level, size = one
        if not isinstance(other, tuple):
            return sums_of(level, weights * other, size)[:, None]
        return sums_of(level * other[1] + other[0], weights, size * other[1]).reshape(size, other[1])
    return _crossed(other, one, weights).T if isinstance(other, tuple) else np.array([[one @ (weights * other)]])


def _solved(products: FloatArray, right: FloatArray) -> FloatArray:
    """The shortest solution: margins repeat one another, so that there are many."""
    return np.asarray(np.linalg.lstsq(products, right, rcond=_RANK)[0], dtype=np.float64)
