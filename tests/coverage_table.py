"""The least that limits hold and the most that verdicts err, over all cells of a size, as the page of the docs that says so.

`python tests/coverage_table.py` writes `docs/coverage-minima.md` anew.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import coverage_grid
import curve_grid
from simulation import STANDARD_ERRORS, assert_share

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage-minima.md"
AT_ONCE = 500
FEWEST = 4  # a cell says something where one in so many draws has a value

Matrix = NDArray[np.float64]

HEAD = """\
# Limits, put to the test

Limits at 95 % should hold the truth in 95 of 100 samples. Do they? Where samples are drawn from a known truth, one can
count. Each line of this page stands for many cells, such as true shares of 50, 80, 95 and 99 %, and shows the **worst**
of them: the others do better. The name of that cell says where limits fall short: rare answers, long tails, few and
unequal clusters, weights that go with the answers. [How sure is the number?](how-sure.md) says what limits are.

n counts rows, clusters or periods. `uvx nox -s minima` draws the page anew, and every run of the tests compares a
smaller draw with it.

## Limits

How often limits at 95 % hold the truth, in the cell where they do so least often. A cell counts if a quarter of its
draws or more have a value: a share within a limit has none where nobody was watched as long as that.

| figure | n | cells | least, % | draws | where |
|---|---|---|---|---|---|
"""
VERDICTS = """\

## Verdicts

How often [a scorecard](reading-a-scorecard.md) calls a target met or missed though the truth lies exactly on it, in the
cell where it does so most often. That is at most 5 % of cases for plain shares, and 7 % for net scores, means of scores
and figures of a curve, give or take the error of the draws. Verdicts of clustered and weighted shares, of rates and of
amounts err more often, as this table shows. Means of amounts are not decided below 100 rows, and nothing is below 5.

| figure | n | cells | wrongly met, % | draws | where | wrongly missed, % | draws | where |
|---|---|---|---|---|---|---|---|---|
"""
NOWHERE = "–"


class Worst(NamedTuple):
    """The cell in which a claim comes true least often: how often, of how many cells, and of how many draws of its own."""

    share: float
    cells: int
    draws: int
    where: str


Key = tuple[str, str, int]  # claim, figure, size
Names = Sequence[tuple[str, str, int, str]]  # claim, figure, size and cell, of each column of what is drawn


def names_of(family: str) -> Names:
    """The columns of a family of `coverage_grid`, whose cells come with a column for each claim."""
    cells = coverage_grid.FAMILIES[family]()
    return [(claim, family, cell.n, cell.name) for cell in cells for claim in coverage_grid.CLAIMS]


def names_of_curves(n: int, *, competing: bool) -> Names:
    """The columns of `curve_grid` at one size."""
    return [(claim, figure, n, cell) for claim, figure, cell in curve_grid.names(competing=competing)]


def worst(names: Names, batches: Iterable[Matrix]) -> dict[Key, Worst]:
    """The worst cell of each claim, figure and size, over batches whose rows are draws and whose columns are `names`."""
    hits, given = np.zeros((2, len(names)))
    for happened in batches:
        hits += np.nansum(happened, axis=0)
        given += np.isfinite(happened).sum(axis=0)
    known = given * FEWEST >= given.max()
    shares = np.where(known, hits / np.maximum(given, 1), np.inf)
    result: dict[Key, Worst] = {}
    for key in dict.fromkeys(name[:3] for name in names):
        own = np.array([name[:3] == key for name in names]) & known
        if own.any():
            at = int(np.argmin(np.where(own, shares, np.inf)))
            sure = shares[at] == 1 and key[0] != "limits"  # no verdict is wrong in any cell
            result[key] = Worst(float(shares[at]), int(own.sum()), int(given[at]), NOWHERE if sure else names[at][3])
    return result


def minima(draws: int, clusters: int, curves: int) -> dict[Key, Worst]:
    """The worst cells of all figures, in so many draws a cell of sums, of clusters and of curves."""
    found: dict[Key, Worst] = {}
    for family in coverage_grid.FAMILIES:
        wanted = clusters if family == "clustered share" else draws
        seeds = (np.random.default_rng([7, start]) for start in range(0, wanted, AT_ONCE))
        found |= worst(
            names_of(family),
            (coverage_grid.coverage(family, rng, AT_ONCE).reshape(AT_ONCE, -1).astype(float) for rng in seeds),
        )
    for competing in (False, True):
        for n in curve_grid.SIZES:
            at_once = max(AT_ONCE // n, 1) * 4
            seeds = (np.random.default_rng([11, n, start]) for start in range(0, curves, at_once))
            found |= worst(
                names_of_curves(n, competing=competing),
                (curve_grid.drawn(rng, n, at_once, competing=competing) for rng in seeds),
            )
    return found


def page(found: Mapping[Key, Worst]) -> str:
    """The page of the docs."""
    limits, verdicts = [HEAD], [VERDICTS]
    for figure in dict.fromkeys(figure for _, figure, _ in found):
        for n in sorted({n for _, named, n in found if named == figure}):
            if one := found.get(("limits", figure, n)):
                limits.append(f"| {figure} | {n} | {one.cells} | {100 * one.share:.1f} | {one.draws} | {one.where} |\n")
            sides = [found[claim, figure, n] for claim in ("met", "missed") if (claim, figure, n) in found]
            if sides:
                words = " | ".join(f"{100 * (1 - one.share):.1f} | {one.draws} | {one.where}" for one in sides)
                verdicts.append(f"| {figure} | {n} | {sides[0].cells} | {words} |\n")
    return "".join([*limits, *verdicts])


def stated(text: str) -> dict[Key, Worst]:
    """What a page says: the inverse of `page`, but for rounding."""
    found: dict[Key, Worst] = {}
    for line in text.splitlines():
        words = [word.strip() for word in line.strip("|").split("|")]
        if not line.startswith("|") or not words[1].isdigit():
            continue
        figure, n, cells = words[0], int(words[1]), int(words[2])
        sides = zip(("met", "missed") if len(words) > 6 else ("limits",), (words[3:6], words[6:9]), strict=False)
        for claim, (percent, draws, where) in sides:
            share = float(percent) / 100
            found[claim, figure, n] = Worst(share if claim == "limits" else 1 - share, cells, int(draws), where)
    return found


def assert_agrees(names: Names, drawn: Matrix) -> None:
    """What the page states of the worst cells lies within four standard errors of what was drawn here, those of both draws."""
    columns = {name: drawn[:, at] for at, name in enumerate(names)}
    page = stated(PAGE.read_text(encoding="utf-8"))
    for key in dict.fromkeys(name[:3] for name in names):
        low = page[key]
        chosen = [name for name in columns if name[:3] == key and low.where in (name[3], NOWHERE)]
        # The page rounds to a thousandth; where nothing went wrong in so many draws, about one in as many still may.
        variance = max(low.share * (1 - low.share), 1 / low.draws)
        slack = 0.0005 + STANDARD_ERRORS * float(np.sqrt(variance / low.draws))
        for name in chosen:
            happened = columns[name][np.isfinite(columns[name])]
            try:
                assert_share(happened, max(low.share - slack, 0.0), min(low.share + slack, 1.0))
            except AssertionError as apart:
                raise AssertionError(f"{name}: {PAGE.name} states {low}, here {apart}") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--clusters", type=int, default=10_000)
    parser.add_argument("--curves", type=int, default=3_000)
    asked = parser.parse_args()
    PAGE.write_text(page(minima(asked.draws, asked.clusters, asked.curves)), encoding="utf-8")
