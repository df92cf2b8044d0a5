"""The least that limits hold and verdicts err over the grid: a floor for each kind of figure, and by name what falls short.

The figures of those cells are of 40,000 draws (clusters: of 9,000), rounded down.
"""

from collections.abc import Mapping

import numpy as np
import pytest

import coverage_table
import curve_grid
from coverage_grid import AMOUNT, FAMILIES, SCORE, SHARE, coverage
from servicequality.shapes.describing import description
from simulation import Simulate, assert_share

FLOORS: Mapping[str, float] = {
    "share": 0.935,
    "mean of a score": 0.935,
    "net score": 0.945,
    "clustered share": 0.93,
    "weighted share": 0.935,
    "rate over periods": 0.94,
    "mean of amounts": 0.935,
}

SHORT: Mapping[tuple[str, int, str], float] = {
    # Wilson's limits at a rare miss: known of them, and computed (Brown, Cai and DasGupta 2001).
    ("share", 10, "p 0.99"): 0.903,
    ("share", 50, "p 0.99"): 0.911,
    ("share", 10, "p 0.95"): 0.913,
    ("share", 100, "p 0.99"): 0.920,
    ("share", 20, "p 0.95"): 0.924,
    ("share", 50, "p 0.5"): 0.934,
    # Rare answers at one end, of which a small sample holds none or one.
    ("mean of a score", 10, "0 or 1, rare 0.2"): 0.884,
    ("mean of a score", 20, "0 or 1, rare 0.2"): 0.918,
    ("mean of a score", 20, "0 or ½, rare 0.2"): 0.926,
    ("mean of a score", 50, "0 or 1, rare 0.05"): 0.919,
    ("mean of a score", 50, "0 or ½, rare 0.05"): 0.919,
    # Misses that are rare and come together, or one cluster of a third of all rows.
    ("clustered share", 50, "a third, ICC 0.3, p 0.95"): 0.917,
    ("clustered share", 100, "a third, ICC 0.3, p 0.95"): 0.916,
    ("clustered share", 100, "pareto, ICC 0.3, p 0.95"): 0.925,
    ("clustered share", 100, "pareto, ICC 0.3, p 0.8"): 0.928,
    ("clustered share", 500, "pareto, ICC 0.3, p 0.99"): 0.910,
    ("clustered share", 500, "pareto, ICC 0.3, p 0.95"): 0.925,
    ("clustered share", 500, "a third, ICC 0.1, p 0.99"): 0.920,
    ("clustered share", 500, "a third, ICC 0.02, p 0.99"): 0.928,
    # Rare misses that weigh most.
    ("weighted share", 500, "slope -0.9, p 0.99"): 0.855,
    ("weighted share", 100, "slope -0.9, p 0.95"): 0.863,
    ("weighted share", 20, "slope -0.9, p 0.99"): 0.933,
    ("weighted share", 50, "slope -0.9, p 0.8"): 0.933,
    # Long tails.
    ("mean of amounts", 5, "lognormal 1.5"): 0.811,
    ("mean of amounts", 10, "lognormal 1.5"): 0.808,
    ("mean of amounts", 20, "lognormal 1.5"): 0.832,
    ("mean of amounts", 50, "lognormal 1.5"): 0.862,
    ("mean of amounts", 100, "lognormal 1.5"): 0.882,
    ("mean of amounts", 500, "lognormal 1.5"): 0.919,
    ("mean of amounts", 5, "lognormal 1.0"): 0.890,
    ("mean of amounts", 10, "lognormal 1.0"): 0.887,
    ("mean of amounts", 20, "lognormal 1.0"): 0.904,
    ("mean of amounts", 50, "lognormal 1.0"): 0.925,
    ("mean of amounts", 100, "lognormal 1.0"): 0.933,
}

DRAWS = {"clustered share": 300}


PROMISED: Mapping[str, float] = {"share": 0.95, "mean of a score": 0.93, "net score": 0.93}
"""How often a target that is the truth is called neither met nor missed, at least."""

WORST_NET_SCORE = ("met", "net score", 100, "shares 0.0 0.82 0.18")  # 0.9290 exactly: see the tests of the kernel


@pytest.mark.parametrize("family", [*FAMILIES])
def test_limits_hold_and_verdicts_err_as_is_claimed(simulate: Simulate, family: str) -> None:
    names = coverage_table.names_of(family)
    draws = DRAWS.get(family, 1_000)
    drawn = simulate(20_263, lambda rng: coverage(family, rng, draws).reshape(draws, -1))
    for (claim, _, n, cell), happened in zip(names, drawn.T, strict=True):
        if claim == "limits":
            claimed = SHORT.get((family, n, cell), FLOORS[family])
        else:
            claimed = 0.929 if (claim, family, n, cell) == WORST_NET_SCORE else PROMISED.get(family, 0.0)
        try:
            assert_share(happened, claimed)
        except AssertionError as short:
            raise AssertionError(f"{claim}: {family}, n = {n}, {cell}: {short}") from None
    coverage_table.assert_agrees(names, drawn)


def test_the_page_states_the_minima_of_every_figure_at_every_size() -> None:
    page = coverage_table.PAGE.read_text(encoding="utf-8")
    stated = coverage_table.stated(page)
    grids = [coverage_table.names_of(family) for family in FAMILIES]
    grids += [
        coverage_table.names_of_curves(n, competing=competing) for n in curve_grid.SIZES for competing in (False, True)
    ]
    cells = {name for names in grids for name in names}
    assert set(stated) == {name[:3] for name in cells}
    for key, low in stated.items():
        assert low.where == coverage_table.NOWHERE or (*key, low.where) in cells
        assert low.cells <= sum(name[:3] == key for name in cells)
        assert low.draws >= 1_500
    assert coverage_table.page(stated) == page


def test_every_cell_that_falls_short_is_on_the_grid() -> None:
    cells = {(family, cell.n, cell.name) for family, grid in FAMILIES.items() for cell in grid()}
    assert set(SHORT) <= cells
    assert all(figure < FLOORS[family] for (family, _, _), figure in SHORT.items())
    assert np.array([*FLOORS.values()]).min() >= 0.93


def test_words_about_limits_quote_the_figures_of_the_grid() -> None:
    short = description(SCORE).short, description(AMOUNT).short, description(SHARE).short
    quoted = [
        (short[0], min(figure for (family, _, _), figure in SHORT.items() if family == "mean of a score")),
        (short[1], SHORT["mean of amounts", 5, "lognormal 1.5"]),
        (short[1], SHORT["mean of amounts", 500, "lognormal 1.5"]),
        (short[2], min(figure for (family, _, _), figure in SHORT.items() if family == "share")),
    ]
    for text, figure in quoted:
        assert f" {100 * figure:.0f} " in text, (text, figure)
