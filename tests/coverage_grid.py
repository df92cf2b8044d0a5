"""The grid on which limits are tried: how often they hold the truth, cell by cell, from sums of drawn samples.

`python tests/coverage_grid.py 20000` prints the minima as a table in Markdown.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.sampling import design_parts, limits_of
from servicequality.shapes import Balance, Mean, PeriodRate, Share
from servicequality.shapes.base import FixedShape, Reading

Generator = np.random.Generator
Floats = NDArray[np.float64]
NO_RULE = pl.lit(value=False)
SIZES = (5, 10, 20, 50, 100, 500)
LEVEL = 0.95

SHARE = Share(hits=NO_RULE, n=NO_RULE)
NET = Balance(positive=NO_RULE, negative=NO_RULE, n=NO_RULE)
SCORE = Mean(amount=NO_RULE, squares=NO_RULE, n=NO_RULE, bounds=(0.0, 1.0))
AMOUNT = Mean(amount=NO_RULE, squares=NO_RULE, n=NO_RULE, bounds=(0.0, np.inf))
RATE = PeriodRate(events=NO_RULE, exposure=NO_RULE, squares=NO_RULE, periods=NO_RULE, n=NO_RULE)


class Cell(NamedTuple):
    """One cell of the grid.

    Attributes:
        name: what is drawn, in words.
        n: rows, clusters or periods.
        draw: which of so many samples have limits that hold the truth.
    """

    name: str
    n: int
    draw: Callable[[Generator, int], NDArray[np.bool_]]


def held(reading: Reading, truth: float) -> NDArray[np.bool_]:
    """Which limits hold the truth; one that is not there holds everything, and a group without any says nothing wrong."""
    slack = 1e-9
    return ~(reading.low > truth + slack) & ~(reading.high < truth - slack)


def plain(shape: FixedShape, truth: float, **sums: Floats) -> NDArray[np.bool_]:
    return held(shape.limits(sums, level=LEVEL, design=None), truth)


def shares() -> Iterator[Cell]:
    for n in SIZES:
        for p in (0.5, 0.8, 0.95, 0.99):

            def draw(rng: Generator, draws: int, n: int = n, p: float = p) -> NDArray[np.bool_]:
                return plain(SHARE, p, hits=rng.binomial(n, p, draws).astype(float), n=np.full(draws, float(n)))

            yield Cell(f"p {p}", n, draw)


SCALES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "mostly 1": ((0, 0.25, 0.5, 0.75, 1), (0.03, 0.02, 0.05, 0.2, 0.7)),
    "even": ((0, 0.25, 0.5, 0.75, 1), (0.2, 0.2, 0.2, 0.2, 0.2)),
    "nearly all 1": ((0, 0.25, 0.5, 0.75, 1), (0.005, 0.005, 0.02, 0.17, 0.8)),
    "middle": ((0, 0.25, 0.5, 0.75, 1), (0.02, 0.08, 0.8, 0.08, 0.02)),
    **{f"0 or 1, rare {r}": ((0, 1), (r, 1 - r)) for r in (0.01, 0.05, 0.2)},
    **{f"0 or ½, rare {r}": ((0, 0.5), (r, 1 - r)) for r in (0.01, 0.05, 0.2)},
}


def scores() -> Iterator[Cell]:
    for n in SIZES:
        for name, (points, chances) in SCALES.items():

            def draw(
                rng: Generator, draws: int, n: int = n, at: tuple[float, ...] = points, p: tuple[float, ...] = chances
            ) -> NDArray[np.bool_]:
                counts, x = rng.multinomial(n, p, draws), np.array(at)
                return plain(SCORE, float(x @ p), amount=counts @ x, squares=counts @ x**2, n=np.full(draws, float(n)))

            yield Cell(name, n, draw)

        def tenths(rng: Generator, draws: int, n: int = n) -> NDArray[np.bool_]:
            x = rng.binomial(10, 0.7, (draws, n)) / 10
            return plain(SCORE, 0.7, amount=x.sum(1), squares=(x**2).sum(1), n=np.full(draws, float(n)))

        yield Cell("binomial(10, .7)/10", n, tenths)


def net_scores() -> Iterator[Cell]:
    for n in SIZES:
        for p in ((0.7, 0.2, 0.1), (0.85, 0.1, 0.05), (0.05, 0.85, 0.1), (0.0, 0.82, 0.18)):

            def draw(rng: Generator, draws: int, n: int = n, p: tuple[float, ...] = p) -> NDArray[np.bool_]:
                up, _, down = rng.multinomial(n, p, draws).T.astype(float)
                return plain(NET, p[0] - p[2], positive=up, negative=down, n=np.full(draws, float(n)))

            yield Cell(f"shares {p[0]} {p[1]} {p[2]}", n, draw)


def _sizes(rng: Generator, kind: str, draws: int, clusters: int) -> NDArray[np.int64]:
    if kind == "equal":
        return np.full((draws, clusters), 4)
    if kind == "pareto":
        return np.clip(np.floor((1 - rng.random((draws, clusters))) ** (-1 / 1.5)), 1, 40).astype(np.int64)
    sizes = np.full((draws, clusters), 4)
    sizes[:, 0] = max(1, 4 * (clusters - 1) // 2)  # a third of all rows
    return sizes


def clusters() -> Iterator[Cell]:
    for n in SIZES:
        for kind in ("equal", "pareto", "a third"):
            for icc in (0.0, 0.02, 0.1, 0.3):
                for p in (0.5, 0.8, 0.95, 0.99):

                    def draw(
                        rng: Generator, draws: int, n: int = n, kind: str = kind, icc: float = icc, p: float = p
                    ) -> NDArray[np.bool_]:
                        sizes = _sizes(rng, kind, draws, n)
                        beta = 1 / icc - 1 if icc else 0.0
                        level = rng.beta(p * beta, (1 - p) * beta, sizes.shape) if icc else p
                        hits, x = rng.binomial(sizes, level).astype(float), sizes.astype(float)
                        sums = {"hits": hits.sum(1), "n": x.sum(1)}
                        squares = (x**2).sum(1)
                        extra = {
                            "n": sums["n"], "clusters": np.full(draws, float(n)), "size_squares": squares,
                            "row_squares": squares, "yy": (hits**2).sum(1), "xy": (hits * x).sum(1), "xx": squares,
                        }  # fmt: skip
                        ratio = sums["hits"], sums["n"]
                        return held(limits_of(SHARE, design_parts(SHARE, sums, extra, ratio)[0], draws, level=LEVEL), p)

                    yield Cell(f"{kind}, ICC {icc}, p {p}", n, draw)


def weights() -> Iterator[Cell]:
    for n in SIZES:
        for slope in (-0.9, 0.0, 0.9):
            for p in (0.5, 0.8, 0.95, 0.99):

                def draw(
                    rng: Generator, draws: int, n: int = n, slope: float = slope, p: float = p
                ) -> NDArray[np.bool_]:
                    # Rows are kept at the inverse of their weight, so that p is the share in the population and not here.
                    kept = p * np.exp(-slope) / (p * np.exp(-slope) + 1 - p)
                    y = (rng.random((draws, n)) < kept).astype(float)
                    w = rng.lognormal(0, 0.5, (draws, n)) * np.exp(slope * y)
                    squares = (w**2).sum(1)
                    sums = {"hits": (w * y).sum(1), "n": w.sum(1)}
                    extra = {
                        "n": np.full(draws, float(n)), "units": np.full(draws, float(n)), "weight_squares": squares,
                        "yy": (w**2 * y).sum(1), "xy": (w**2 * y).sum(1), "xx": squares,
                    }  # fmt: skip
                    ratio = sums["hits"], sums["n"]
                    return held(limits_of(SHARE, design_parts(SHARE, sums, extra, ratio)[0], draws, level=LEVEL), p)

                yield Cell(f"slope {slope}, p {p}", n, draw)


def rates() -> Iterator[Cell]:
    for m in (4, 7, 12, 26, 52):
        for mean in (0.5, 2.0, 5.0, 20.0):
            for kind in ("Poisson", "k = 2"):

                def draw(
                    rng: Generator, draws: int, m: int = m, mean: float = mean, kind: str = kind
                ) -> NDArray[np.bool_]:
                    each = np.full((draws, m), mean) if kind == "Poisson" else rng.gamma(2, mean / 2, (draws, m))
                    y = rng.poisson(each).astype(float)
                    all_of = np.full(draws, float(m))
                    return plain(
                        RATE, mean, events=y.sum(1), exposure=all_of, squares=(y**2).sum(1), periods=all_of, n=all_of
                    )

                yield Cell(f"{kind}, mean {mean:g}", m, draw)


def amounts() -> Iterator[Cell]:
    for n in SIZES:
        for sigma in (0.0, 0.5, 1.0, 1.5):

            def draw(rng: Generator, draws: int, n: int = n, sigma: float = sigma) -> NDArray[np.bool_]:
                x = rng.lognormal(0, sigma, (draws, n)) if sigma else rng.exponential(1.0, (draws, n))
                truth = float(np.exp(sigma**2 / 2)) if sigma else 1.0
                return plain(AMOUNT, truth, amount=x.sum(1), squares=(x**2).sum(1), n=np.full(draws, float(n)))

            yield Cell(f"lognormal {sigma}" if sigma else "exponential", n, draw)


FAMILIES: Mapping[str, Callable[[], Iterator[Cell]]] = {
    "share": shares,
    "mean of a score": scores,
    "net score": net_scores,
    "clustered share": clusters,
    "weighted share": weights,
    "rate over periods": rates,
    "mean of amounts": amounts,
}


def coverage(family: str, rng: Generator, draws: int) -> NDArray[np.bool_]:
    """Which samples of each cell hold the truth: a row a draw, a column a cell."""
    return np.column_stack([cell.draw(rng, draws) for cell in FAMILIES[family]()])


def minima(draws: int) -> str:
    """The lowest coverage of each family at each size, and the cell where it is, as a table in Markdown."""
    lines = ["| figure | n | coverage, % | where |", "|---|---|---|---|"]
    for family, cells in FAMILIES.items():
        shares_held, known = coverage(family, np.random.default_rng(1), draws).mean(axis=0), list(cells())
        for n in sorted({cell.n for cell in known}):
            worst = min((share, cell.name) for share, cell in zip(shares_held, known, strict=True) if cell.n == n)
            lines.append(f"| {family} | {n} | {100 * worst[0]:.1f} | {worst[1]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(minima(int(sys.argv[1])))
