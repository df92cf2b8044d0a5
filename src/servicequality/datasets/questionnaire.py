"""A generated SERVQUAL survey and its true means. Never: item wording."""

# Each person has a disposition of their own, and one more for each dimension; an answer is the level of the item, these, and
# chance, rounded to a whole number from 1 to 7. So the true mean of every item follows from the normal distribution.

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.errors import ParameterError

__all__ = ["servqual_survey", "servqual_truth"]

_ITEMS = {"tangibles": 4, "reliability": 5, "responsiveness": 4, "assurance": 4, "empathy": 5}
_EXPECTED = {"tangibles": 5.4, "reliability": 6.4, "responsiveness": 6.1, "assurance": 6.2, "empathy": 5.9}
_PERCEIVED = {"tangibles": 5.5, "reliability": 5.2, "responsiveness": 4.9, "assurance": 5.4, "empathy": 5.1}
_POINTS = {"tangibles": 0.11, "reliability": 0.32, "responsiveness": 0.23, "assurance": 0.18, "empathy": 0.16}
_MATTERS = {"tangibles": 0.05, "reliability": 0.50, "responsiveness": 0.45, "assurance": 0.20, "empathy": 0.15}

_BRANCHES = {"north": 0.0, "south": -0.3}  # on every perception
_WAVES = {"before": 0.0, "after": 0.4}  # on the perceptions of responsiveness
_CHANGED = "responsiveness"

_OWN, _OWN_IN_DIMENSION, _CHANCE = 0.5, 0.6, 0.8  # standard deviations
_BLANK, _NO_POINTS = 0.01, 0.05  # shares
_LOW, _HIGH = 1, 7
_CHIPS = 20  # of five points each


def servqual_survey(n: int = 400, *, seed: int = 0) -> pl.DataFrame:
    """Answers of n people to the 22 items, in expectations and in perceptions; one row a person.

    Columns `respondent_id branch wave E1…E22 P1…P22 points_tangibles…points_empathy satisfaction`. One answer in a hundred
    is blank, and one person in twenty gave no points. The second wave came after responsiveness had become better;
    satisfaction (1 to 7) depends on the perceptions, most on reliability and responsiveness, hardly on tangibles.

    Args:
        n: how many people, at least 1.
        seed: of the random numbers.

    Raises:
        ParameterError: n below 1.
    """
    if n < 1:
        raise ParameterError(f"n must be at least 1, got {n!r}")
    rng = np.random.default_rng(seed)
    branch, wave = rng.integers(0, 2, n), rng.integers(0, 2, n)
    shift = np.array([*_BRANCHES.values()])[branch]
    change = np.array([*_WAVES.values()])[wave]
    columns: dict[str, pl.Series] = {}
    felt = np.zeros(n)
    own = {role: rng.normal(0, _OWN, n) for role in "EP"}
    for role, levels in (("E", _EXPECTED), ("P", _PERCEIVED)):
        for dimension, items in _ITEMS.items():
            level = levels[dimension] + own[role] + rng.normal(0, _OWN_IN_DIMENSION, n)
            if role == "P":
                level = level + shift + (change if dimension == _CHANGED else 0.0)
                felt += _MATTERS[dimension] * (level - levels[dimension])
            for _ in range(items):
                name = f"{role}{sum(column.startswith(role) for column in columns) + 1}"
                columns[name] = _blanked(rng, _rounded(level + rng.normal(0, _CHANCE, n)), _BLANK)
    points = 100 // _CHIPS * rng.multinomial(_CHIPS, [*_POINTS.values()], n)
    silent = pl.Series(rng.random(n) < _NO_POINTS)
    for place, dimension in enumerate(_POINTS):
        columns[f"points_{dimension}"] = pl.Series(points[:, place]).set(silent, None)
    columns["satisfaction"] = pl.Series(_rounded(5.0 + felt + rng.normal(0, 0.7, n)))
    return pl.DataFrame(
        {
            "respondent_id": [f"r{number}" for number in range(1, n + 1)],
            "branch": pl.Series([*_BRANCHES]).gather(branch),
            "wave": pl.Series([*_WAVES]).gather(wave),
            **columns,
        }
    )


def servqual_truth() -> pl.DataFrame:
    """What `servqual_survey` is drawn from: `branch wave dimension expectation perception gap importance`, a row each."""
    spread = math.hypot(_OWN, _OWN_IN_DIMENSION, _CHANCE)
    rows = [
        {
            "branch": branch,
            "wave": wave,
            "dimension": dimension,
            "expectation": _mean_answer(_EXPECTED[dimension], spread),
            "perception": _mean_answer(
                _PERCEIVED[dimension] + shift + (change if dimension == _CHANGED else 0.0), spread
            ),
            "importance": _POINTS[dimension],
        }
        for branch, shift in _BRANCHES.items()
        for wave, change in _WAVES.items()
        for dimension in _ITEMS
    ]
    gap = pl.col("perception") - pl.col("expectation")
    columns = ("branch", "wave", "dimension", "expectation", "perception", "gap", "importance")
    return pl.DataFrame(rows).with_columns(gap=gap).select(columns)


def _rounded(level: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.clip(np.rint(level), _LOW, _HIGH).astype(np.int64)


def _blanked(rng: np.random.Generator, answers: NDArray[np.int64], share: float) -> pl.Series:
    return pl.Series(answers).set(pl.Series(rng.random(len(answers)) < share), None)


def _mean_answer(level: float, spread: float) -> float:
    """Mean of a normal number that is rounded and kept between the ends: the lowest, and one more for each step passed."""
    steps = (point + 0.5 for point in range(_LOW, _HIGH))
    return _LOW + sum(0.5 * math.erfc((step - level) / spread / math.sqrt(2)) for step in steps)
