"""Weights and clusters: the figures they change, by hand and by published identities."""

import numpy as np
import polars as pl
import pytest

from servicequality import csat, csat_mean, evaluate, nps, resolution_time, resolution_time_observed_only

ANSWERS = pl.DataFrame(
    {
        "score": [5, 5, 1, 4, 2, 5],
        "w": [1.0, 2.0, 2.0, 0.5, 0.5, 3.0],
        "agent": ["a", "a", "b", "b", "c", "c"],
    }
)


def test_weighted_share_is_wilsons_on_kishs_effective_n() -> None:
    row = evaluate(ANSWERS, csat(scale=(1, 5)), weight="w").row(0, named=True)
    n_eff = 9.0**2 / (1 + 4 + 4 + 0.25 + 0.25 + 9)
    p, z = 6.5 / 9, 1.959963984540054
    centre, half = p + z**2 / (2 * n_eff), z * np.sqrt(p * (1 - p) / n_eff + (z / (2 * n_eff)) ** 2)
    assert row["value"] == pytest.approx(p, rel=1e-12)
    assert row["n_eff"] == pytest.approx(n_eff, rel=1e-12)
    assert (row["low"], row["high"]) == pytest.approx(
        ((centre - half) / (1 + z**2 / n_eff), (centre + half) / (1 + z**2 / n_eff)), rel=1e-9
    )
    assert (row["n"], row["n_missing"]) == (6, 0)


def test_weighted_mean_by_hand() -> None:
    row = evaluate(ANSWERS, csat_mean(scale=(1, 5)), weight="w").row(0, named=True)
    x, w = np.array(ANSWERS["score"], dtype=float), np.array(ANSWERS["w"])
    value = (w * x).sum() / w.sum()
    se = np.sqrt(6 / 5 * (w**2 * (x - value) ** 2).sum()) / w.sum()
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert row["se"] == pytest.approx(se, rel=1e-9)


def test_clustered_se_by_hand() -> None:
    row = evaluate(ANSWERS, csat_mean(scale=(1, 5)), cluster="agent").row(0, named=True)
    value = 22 / 6
    totals = np.array([10 - 2 * value, 5 - 2 * value, 7 - 2 * value])
    se = np.sqrt(3 / 2 * (totals**2).sum()) / 6
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert row["se"] == pytest.approx(se, rel=1e-9)
    assert row["notes"] == "only 3 clusters"
    assert row["high"] - row["value"] == pytest.approx(4.302652729911275 * se, rel=1e-9)  # t of 2 degrees of freedom


def test_one_cluster_has_no_limits() -> None:
    one = ANSWERS.filter(pl.col("agent") == "a").with_columns(score=pl.Series([5, 1]))
    row = evaluate(one, nps("score"), cluster="agent").row(0, named=True)
    assert (row["low"], row["high"], row["notes"]) == (None, None, "one cluster has no limits")
    assert row["value"] == -100


def test_rows_that_all_agree_fall_back_to_the_plain_interval() -> None:
    alike = ANSWERS.with_columns(score=pl.lit(5))
    clustered = evaluate(alike, csat(scale=(1, 5)), cluster="agent").row(0, named=True)
    plain = evaluate(alike, csat(scale=(1, 5))).row(0, named=True)
    assert (clustered["low"], clustered["high"]) == (plain["low"], plain["high"])
    assert clustered["notes"] == "only 3 clusters; all rows agree: the limits take no notice of the clusters"


def test_a_group_of_weightless_rows_leaves_its_neighbours_alone() -> None:
    frame = pl.DataFrame(
        {
            "team": ["a"] * 3 + ["b"] * 3 + ["c"] * 3,
            "resolution_seconds": [1.0, 2.0, 3.0] * 3,
            "resolution_observed": [True] * 9,
            "w": [1.0] * 3 + [0.0] * 3 + [0.7] * 3,
        }
    )
    for metric in (resolution_time(), resolution_time_observed_only(), resolution_time(horizon=2.5)):
        result = evaluate(frame, metric, by="team", weight="w")
        plain = evaluate(frame, metric)["value"].item()
        assert result["value"].to_list() == [pytest.approx(plain), None, pytest.approx(plain)]
        assert result["n"].to_list() == [3, 0, 3]
        assert result["n_excluded"].to_list() == [0, 3, 0]


def test_rows_of_weight_0_were_not_watched() -> None:
    frame = pl.DataFrame({"resolution_seconds": [1.0, 5.0], "resolution_observed": [False, False], "w": [1.0, 0.0]})
    assert evaluate(frame, resolution_time(limit=3.0), weight="w")["value"].item() is None


def test_weighted_quantile_of_equal_weights_is_type_7() -> None:
    numbers = [1.0, 2.0, 4.0, 8.0, 16.0]
    frame = pl.DataFrame({"resolution_seconds": numbers, "resolution_observed": [True] * 5, "w": [0.3] * 5})
    for p in (0.1, 0.5, 0.77, 0.9):
        found = evaluate(frame, resolution_time_observed_only(statistic=p), weight="w")["value"].item()
        assert found == pytest.approx(np.quantile(numbers, p), rel=1e-9)
