"""The grid on which limits and verdicts read off a curve are tried: laws of time, and how rows are lost from sight.

Every figure of a size is one call of the kernel for all cells and draws.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import expon, lognorm, weibull_min

from servicequality.stats.survival import Curves, Reading, aalen_johansen, kaplan_meier

SIZES = (5, 10, 20, 50, 100, 500)
LAWS = {"exponential": expon(), "Weibull 0.7": weibull_min(0.7), "lognormal 1": lognorm(1)}
WATCHED = ("exponential", "administrative")  # censoring at random, and a window that rows enter uniformly
LOST = (0.0, 0.2, 0.4, 0.7)
WITHIN = (0.5, 0.8, 0.95, 0.99)
COMPETING = 0.2

Matrix = NDArray[np.float64]


class Cell(NamedTuple):
    """A law of time, and how rows are lost from sight."""

    law: str
    watched: str
    lost: float
    length: float  # mean or longest time that a row is watched; infinite where none is lost

    def __str__(self) -> str:
        return f"{self.law}, {f'{self.lost:.0%} lost, {self.watched}' if self.lost else 'none lost'}"


@cache
def cells() -> tuple[Cell, ...]:
    """All laws with every kind and share of censoring."""
    result = [Cell(law, WATCHED[0], 0.0, np.inf) for law in LAWS]
    for law, watched, lost in product(LAWS, WATCHED, LOST[1:]):
        lives = LAWS[law].ppf((np.arange(4_000) + 0.5) / 4_000)
        low, high = 1e-4, 1e4
        for _ in range(60):  # the longer rows are watched, the fewer are lost
            middle = np.sqrt(low * high)
            gone = -np.expm1(-lives / middle) if watched == WATCHED[0] else np.minimum(lives / middle, 1)
            low, high = (middle, high) if gone.mean() > lost else (low, middle)
        result.append(Cell(law, watched, lost, low))
    return tuple(result)


def curves(rng: np.random.Generator, n: int, draws: int, *, competing: bool) -> Curves:
    """The curves of every cell, all draws of one after those of another."""
    lives, ends = [], []
    for cell in cells():
        size = (draws, n)
        lives.append(LAWS[cell.law].ppf(rng.random(size)))
        looked = rng.exponential(1, size) if cell.watched == WATCHED[0] else rng.random(size)
        ends.append(np.full(size, np.inf) if np.isinf(cell.length) else looked * cell.length)
    life, end = np.concatenate(lives), np.concatenate(ends)
    time, ended = np.minimum(life, end), life <= end
    order = np.argsort(time, axis=1)
    time, ended = (np.take_along_axis(column, order, axis=1).ravel() for column in (time, ended))
    offsets = np.arange(0, time.size + 1, n)
    if not competing:
        return kaplan_meier(offsets, time, ended, ~ended)
    other = ended & (rng.random(time.size) < COMPETING)
    return aalen_johansen(offsets, time, ended & ~other, other, ~ended)


def held(reading: Reading, truth: Matrix) -> Matrix:
    """Whether limits hold the truth, an open side holding all; NaN where no value is given."""
    inside = ~(reading.low > truth) & ~(reading.high < truth)
    return np.where(np.isnan(reading.value), np.nan, inside)


class Column(NamedTuple):
    """A claim of a figure: whether limits of 95 % hold the truth, or a target that is the truth is not called met or missed.

    Attributes:
        claim: "limits", "met" or "missed".
        figure: what is read off the curve.
        truth: which share, quantile or horizon.
        happened: whether the claim came true in each group; NaN where there is no value.
    """

    claim: str
    figure: str
    truth: str
    happened: Matrix


def columns(curve: Curves, draws: int) -> Iterator[Column]:
    """What is claimed of every figure."""

    def by_law(truths: dict[str, float]) -> Matrix:
        return np.repeat([truths[cell.law] for cell in cells()], draws)

    reachable = 1 - COMPETING if curve.competing else 1.0
    kind = " beside competing ends" if curve.competing else ""
    for within in WITHIN:
        limit, truth = by_law({name: law.ppf(within) for name, law in LAWS.items()}), within * reachable
        figure, cell = f"share within a limit{kind}", f"share {truth:g}"
        yield Column("limits", figure, cell, held(curve.incidence_at(limit), np.full(len(limit), truth)))
        decides = curve.incidence_at(limit, level=0.9, interval="beta_product")
        for claim, right in (("met", decides.low <= truth), ("missed", decides.high >= truth)):
            yield Column(claim, figure, cell, np.where(np.isnan(decides.value), np.nan, right))
    for p in (0.5, 0.9):
        if p >= reachable:
            continue
        figure, cell = f"quantile{kind}", f"p{100 * p:g}"
        truth_of = by_law({name: law.ppf(p / reachable) for name, law in LAWS.items()})
        yield Column("limits", figure, cell, held(curve.quantile(p), truth_of))
        decides = curve.quantile(p, level=0.9)
        yield Column("met", figure, cell, (~(decides.high < truth_of)).astype(float))
        yield Column("missed", figure, cell, (~(decides.low > truth_of)).astype(float))
    for within in (0.5, 0.9) if not curve.competing else ():
        horizons = {name: law.ppf(within) for name, law in LAWS.items()}
        means = {name: quad(law.sf, 0, horizons[name])[0] for name, law in LAWS.items()}
        happened = held(curve.restricted_mean(by_law(horizons)), by_law(means))
        yield Column("limits", "restricted mean", f"horizon at share {within:g}", happened)


@cache
def names(*, competing: bool) -> tuple[tuple[str, str, str], ...]:
    """Claim, figure and cell of each column of `drawn`."""
    curve = curves(np.random.default_rng(0), 2, 1, competing=competing)
    return tuple((one.claim, one.figure, f"{one.truth}, {cell}") for one in columns(curve, 1) for cell in cells())


def drawn(rng: np.random.Generator, n: int, draws: int, *, competing: bool) -> Matrix:
    """One row a draw, one column a claim and cell."""
    curve = curves(rng, n, draws, competing=competing)
    return np.column_stack([one.happened.reshape(len(cells()), draws).T for one in columns(curve, draws)])
