"""The least that limits hold over the grid: a floor for each kind of figure, and the cells that fall short of it by name.

The figures of those cells are of 40,000 draws (clusters: of 9,000), rounded down.
"""

from collections.abc import Mapping

import numpy as np
import pytest

from coverage_grid import FAMILIES, coverage
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


@pytest.mark.parametrize("family", [*FAMILIES])
def test_limits_hold_what_is_claimed(simulate: Simulate, family: str) -> None:
    drawn = simulate(20_263, lambda rng: coverage(family, rng, DRAWS.get(family, 1_000)))
    for cell, happened in zip(FAMILIES[family](), drawn.T, strict=True):
        claimed = SHORT.get((family, cell.n, cell.name), FLOORS[family])
        try:
            assert_share(happened, claimed)
        except AssertionError as short:
            raise AssertionError(f"{family}, n = {cell.n}, {cell.name}: {short}") from None


def test_every_cell_that_falls_short_is_on_the_grid() -> None:
    cells = {(family, cell.n, cell.name) for family, grid in FAMILIES.items() for cell in grid()}
    assert set(SHORT) <= cells
    assert all(figure < FLOORS[family] for (family, _, _), figure in SHORT.items())
    assert np.array([*FLOORS.values()]).min() >= 0.93
