"""The grid on which limits and verdicts are tried, cell by cell, from sums of drawn samples. Curves are in `curve_grid`."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.sampling import design_parts, limits_of
from servicequality.shapes import Balance, Mean, PeriodRate, Share
from servicequality.shapes.base import FixedShape, Reading, Sums
from servicequality.shapes.deciding import Decision, decision_of

Generator = np.random.Generator
Floats = NDArray[np.float64]
Outcomes = NDArray[np.bool_]
CLAIMS = ("limits", "met", "missed")
NO_RULE = pl.lit(value=False)
SIZES = (5, 10, 20, 50, 100, 500)
LEVEL = 0.95
TAIL = 0.05
SLACK = 1e-9  # truths and limits are rounded

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
        draw: what came of so many samples, a row each; a column for each of `CLAIMS`: whether its limits hold the truth, and
            whether a target that is the truth is not called met, and not called missed.
    """

    name: str
    n: int
    draw: Callable[[Generator, int], Outcomes]


def outcomes(reading: Reading, decided: Decision, enough: NDArray[np.bool_], truth: float) -> Outcomes:
    """Which claims came true of each sample; a limit that is not there says nothing wrong."""
    held = ~(reading.low > truth + SLACK) & ~(reading.high < truth - SLACK)
    not_met, not_missed = ~(decided.low > truth + SLACK), ~(decided.high < truth - SLACK)
    return np.column_stack((held, not_met | ~enough, not_missed | ~enough))


def plain(shape: FixedShape, truth: float, **sums: Floats) -> Outcomes:
    decided = decision_of(shape, sums, tail=TAIL, design=None)
    return outcomes(shape.limits(sums, level=LEVEL, design=None), decided, sums["n"] >= decided.fewest, truth)


def sampled(shape: FixedShape, truth: float, sums: Sums, extra: Sums, ratio: tuple[Floats, Floats]) -> Outcomes:
    """The same of weighted or clustered samples."""
    parts, n_eff = design_parts(shape, sums, extra, ratio)
    low, high, fewest = np.full((3, len(n_eff)), np.nan)
    for part in parts:
        if part.known:
            decided = decision_of(shape, part.sums, tail=TAIL, design=part.design)
            low[part.chosen], high[part.chosen], fewest[part.chosen] = decided.low, decided.high, decided.fewest
    reading = limits_of(shape, parts, len(n_eff), level=LEVEL)
    return outcomes(reading, Decision(low, high), n_eff >= fewest, truth)


def shares() -> Iterator[Cell]:
    for n in SIZES:
        for p in (0.5, 0.8, 0.95, 0.99):

            def draw(rng: Generator, draws: int, n: int = n, p: float = p) -> Outcomes:
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
            ) -> Outcomes:
                counts, x = rng.multinomial(n, p, draws), np.array(at)
                return plain(SCORE, float(x @ p), amount=counts @ x, squares=counts @ x**2, n=np.full(draws, float(n)))

            yield Cell(name, n, draw)

        def tenths(rng: Generator, draws: int, n: int = n) -> Outcomes:
            x = rng.binomial(10, 0.7, (draws, n)) / 10
            return plain(SCORE, 0.7, amount=x.sum(1), squares=(x**2).sum(1), n=np.full(draws, float(n)))

        yield Cell("binomial(10, .7)/10", n, tenths)


def net_scores() -> Iterator[Cell]:
    for n in SIZES:
        for p in ((0.7, 0.2, 0.1), (0.85, 0.1, 0.05), (0.05, 0.85, 0.1), (0.0, 0.82, 0.18)):

            def draw(rng: Generator, draws: int, n: int = n, p: tuple[float, ...] = p) -> Outcomes:
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
                    ) -> Outcomes:
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
                        return sampled(SHARE, p, sums, extra, ratio)

                    yield Cell(f"{kind}, ICC {icc}, p {p}", n, draw)


def weights() -> Iterator[Cell]:
    for n in SIZES:
        for slope in (-0.9, 0.0, 0.9):
            for p in (0.5, 0.8, 0.95, 0.99):

                def draw(rng: Generator, draws: int, n: int = n, slope: float = slope, p: float = p) -> Outcomes:
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
                    return sampled(SHARE, p, sums, extra, ratio)

                yield Cell(f"slope {slope}, p {p}", n, draw)


def rates() -> Iterator[Cell]:
    for m in (4, 7, 12, 26, 52):
        for mean in (0.5, 2.0, 5.0, 20.0):
            for kind in ("Poisson", "k = 2"):

                def draw(rng: Generator, draws: int, m: int = m, mean: float = mean, kind: str = kind) -> Outcomes:
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

            def draw(rng: Generator, draws: int, n: int = n, sigma: float = sigma) -> Outcomes:
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


def coverage(family: str, rng: Generator, draws: int) -> Outcomes:
    """What came of samples of each cell: by draw, cell and claim."""
    return np.stack([cell.draw(rng, draws) for cell in FAMILIES[family]()], axis=1)
