"""The generated survey: repeatable, answered within its scale, and its means are the true ones."""

import polars as pl
import pytest

from servicequality.datasets import servqual_survey, servqual_truth
from servicequality.errors import ParameterError
from servicequality.servqual import SERVQUAL_1991, score


def test_a_seed_is_a_survey() -> None:
    assert servqual_survey(30, seed=4).equals(servqual_survey(30, seed=4))
    assert not servqual_survey(30, seed=4).equals(servqual_survey(30, seed=5))
    with pytest.raises(ParameterError, match="n must be at least 1, got 0"):
        servqual_survey(0)


def test_the_scores_find_the_truth() -> None:
    keys = ["branch", "wave"]
    scores = score(servqual_survey(20_000, seed=4), SERVQUAL_1991, importance="points_", by=keys)
    table = scores.dimensions.select(*keys, "dimension", "measure", "value", "se")
    truth = servqual_truth().unpivot(index=[*keys, "dimension"], variable_name="measure", value_name="truth")
    both = truth.join(table, on=[*keys, "dimension", "measure"], how="left")
    assert both.height == 4 * 5 * 4
    away = ((pl.col("value") - pl.col("truth")) / pl.col("se")).abs()
    assert both.select(away.max()).item() < 4.5  # of 80 figures, in standard errors
