"""Weights and clusters: the figures they change, by hand and by published identities."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from servicequality import (
    csat,
    csat_mean,
    evaluate,
    incident_rate,
    nps,
    resolution_time,
    resolution_time_observed_only,
)
from servicequality.columns import Number, answered
from servicequality.core import define
from servicequality.shapes import Shape, mean
from servicequality.stats import bounded_mean_interval, wilson

ANSWERS = pl.DataFrame(
    {
        "score": [5, 5, 1, 4, 2, 5],
        "w": [1.0, 2.0, 2.0, 0.5, 0.5, 3.0],
        "agent": ["a", "a", "b", "b", "c", "c"],
    }
)


def numbers_of(limits: tuple[NDArray[np.float64], ...]) -> tuple[float, ...]:
    return tuple(float(limit) for limit in limits)


def test_a_weighted_share_by_hand() -> None:
    row = evaluate(ANSWERS, csat(scale=(1, 5)), weight="w").row(0, named=True)
    w = np.array(ANSWERS["w"])
    hit = np.array(ANSWERS["score"]) >= 4
    kish, p = w.sum() ** 2 / (w @ w), (w @ hit) / w.sum()
    variance = (w**2 @ (hit - p) ** 2) / w.sum() ** 2 * kish / (kish - 1)
    n_eff = min(6, p * (1 - p) / variance)
    assert row["value"] == pytest.approx(p, rel=1e-12)
    assert (row["n_eff"], row["se"]) == pytest.approx((n_eff, np.sqrt(variance)), rel=1e-12)
    assert (row["low"], row["high"]) == pytest.approx(numbers_of(wilson(p * n_eff, n_eff, df=kish - 1)), rel=1e-9)
    assert (row["n"], row["n_missing"]) == (6, 0)


def test_a_weighted_mean_by_hand() -> None:
    row = evaluate(ANSWERS, csat_mean(scale=(1, 5)), weight="w").row(0, named=True)
    x, w = np.array(ANSWERS["score"], dtype=float), np.array(ANSWERS["w"])
    value, kish = (w * x).sum() / w.sum(), w.sum() ** 2 / (w @ w)
    se = np.sqrt(kish / (kish - 1) * (w**2 * (x - value) ** 2).sum()) / w.sum()
    spread = (w * (x - value) ** 2).sum() / w.sum()
    n_eff = min(6, spread / se**2)
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert (row["se"], row["n_eff"]) == pytest.approx((se, n_eff), rel=1e-9)
    limits = bounded_mean_interval(n_eff, value, n_eff * spread, low=1, high=5, df=kish - 1)
    assert (row["low"], row["high"]) == pytest.approx(numbers_of(limits), rel=1e-9)


def test_a_value_of_accounts_is_a_weight_and_accounts_are_clusters() -> None:
    rows = pl.DataFrame(
        {
            "team": ["a", "a", "a", "b"],
            "score": [5, 1, 4, 2],
            "account_value": [90.0, 5.0, 5.0, 10.0],
            "account_id": ["x", "x", "y", "z"],
        }
    )
    mean_score, scores, values = csat_mean(scale=(1, 5)), np.array([5, 1, 4, 2]), np.array([90.0, 5, 5, 10])
    equal, weighted = (evaluate(rows, mean_score, weight=weight) for weight in (None, "account_value"))
    value = (values * scores).sum() / values.sum()
    assert (equal["value"].item(), weighted["value"].item()) == (3.0, pytest.approx(value))
    kish = values.sum() ** 2 / (values**2).sum()
    spread = (values * (scores - value) ** 2).sum() / values.sum()
    square = kish / (kish - 1) * (values**2 * (scores - value) ** 2).sum() / values.sum() ** 2
    assert (equal["n_eff"].item(), weighted["n_eff"].item()) == (4.0, pytest.approx(min(4.0, spread / square)))
    # Sizes 2, 1, 1 are worth 16 / 6 clusters; their weights of 95, 5 and 10 little more than one.
    for weight, clusters in ((None, "2.7"), ("account_value", "1.3")):
        row = evaluate(rows, mean_score, weight=weight, cluster="account_id").row(0, named=True)
        assert f"only {clusters} effective clusters" in row["notes"]
    worthless = evaluate(rows.with_columns(account_value=0.0), mean_score, weight="account_value").row(0, named=True)
    assert (worthless["value"], worthless["n_excluded"], worthless["reason"]) == (None, 4, "no answers")


def test_a_clustered_mean_by_hand() -> None:
    row = evaluate(ANSWERS, csat_mean(scale=(1, 5)), cluster="agent").row(0, named=True)
    value = 22 / 6
    totals = np.array([10 - 2 * value, 5 - 2 * value, 7 - 2 * value])
    se = np.sqrt(3 / 2 * (totals**2).sum()) / 6
    spread = np.var(ANSWERS["score"].to_numpy())
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert (row["se"], row["n_eff"]) == pytest.approx((se, min(6, spread / se**2)), rel=1e-9)
    assert "only 3 effective clusters" in row["notes"]


def test_clusters_of_uneven_size_count_as_fewer() -> None:
    """Sizes 4, 1, 1: 36 / 18 = 2 clusters, and so 2 / (2 - 1) of the residual; of t there are min(3 - 1, max(2 - 1, 4))."""

    @define(title="Mean", unit="points", better="higher", formula="m")
    def numbers(number: Number = "x") -> Shape:
        """Mean of numbers."""
        return mean(pl.col(number), of=answered(number))

    frame = pl.DataFrame({"x": [1.0, 2.0, 4.0, 5.0, 9.0, 0.0], "c": [0, 0, 0, 0, 1, 2]})
    row = evaluate(frame, numbers(), cluster="c").row(0, named=True)
    value = 21 / 6
    square = 2 * ((12 - 4 * value) ** 2 + (9 - value) ** 2 + value**2) / 36
    assert row["se"] == pytest.approx(np.sqrt(square))
    assert row["high"] - value == pytest.approx(4.302652729911275 * np.sqrt(square))
    assert "only 2 effective clusters" in row["notes"]


def test_one_cluster_has_no_limits() -> None:
    one = ANSWERS.filter(pl.col("agent") == "a").with_columns(score=pl.Series([5, 1]))
    row = evaluate(one, nps("score"), cluster="agent").row(0, named=True)
    assert (row["low"], row["high"], row["notes"]) == (None, None, "one cluster has no limits")
    assert row["value"] == -100


def test_rows_that_all_agree_take_a_correlation_for_granted() -> None:
    alike = ANSWERS.with_columns(score=pl.lit(5))
    row = evaluate(alike, csat(scale=(1, 5)), cluster="agent").row(0, named=True)
    n_eff = 6 / (1 + 0.1 * (12 / 6 - 1))
    assert row["n_eff"] == pytest.approx(n_eff)
    assert (row["low"], row["high"]) == pytest.approx(numbers_of(wilson(n_eff, n_eff, df=2)))
    assert row["notes"] == "only 3 effective clusters; all rows agree: intra-cluster correlation 0.1 assumed"


EVERY_KIND = [nps("score"), csat("score", scale=(0, 10)), csat_mean("score", scale=(0, 10)), resolution_time_observed_only(
    statistic="mean"
), incident_rate()]  # fmt: skip


def several(groups: int = 6, rows: int = 8) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    n = groups * rows
    return pl.DataFrame(
        {
            "team": np.repeat(np.arange(groups), rows),
            "score": rng.integers(0, 11, n),
            "resolution_seconds": rng.exponential(60, n),
            "resolution_observed": True,
            "incidents": rng.poisson(3, n),
            "exposure": rng.uniform(1, 2, n),
            "w": rng.lognormal(0, 0.5, n),
            "row": np.arange(n),
        }
    )


@pytest.mark.parametrize("weight", [0.1, 1.0, 3.7])
def test_equal_weights_and_clusters_of_one_row_are_no_design(weight: float) -> None:
    frame = several()
    plain = evaluate(frame, EVERY_KIND, by="team")
    weighted = frame.with_columns(w=pl.when(pl.col("row") % 8 < 7).then(weight).otherwise(0.0))
    light = evaluate(frame.filter(pl.col("row") % 8 < 7), EVERY_KIND, by="team")
    columns = ["value", "low", "high", "se", "method", "n_eff", "notes"]
    for options in ({"weight": "w"}, {"cluster": "row"}, {"weight": "w", "cluster": "row"}):
        same = evaluate(frame.with_columns(w=pl.lit(weight)), EVERY_KIND, by="team", **options)
        assert_frame_equal(same.select(columns), plain.select(columns), rel_tol=1e-9)
    # Rows of weight 0 count nowhere.
    assert_frame_equal(
        evaluate(weighted, EVERY_KIND, by="team", weight="w").select(columns), light.select(columns), rel_tol=1e-9
    )


def test_the_effective_number_of_rows_is_kishs_where_nothing_else_is_known() -> None:
    frame = several()
    w = frame.group_by("team").agg(kish=pl.col("w").sum() ** 2 / (pl.col("w") ** 2).sum()).sort("team")["kish"]
    shown = evaluate(frame.with_columns(score=pl.lit(3)), csat("score", scale=(0, 10)), by="team", weight="w")["n_eff"]
    np.testing.assert_allclose(shown, w)


def test_one_weighted_row_among_weightless_ones_has_no_limits() -> None:
    row = evaluate(ANSWERS.with_columns(w=pl.Series([2.0] + [0.0] * 5)), csat(scale=(1, 5)), weight="w").row(
        0, named=True
    )
    assert (row["value"], row["low"], row["high"], row["notes"]) == (1.0, None, None, "one weighted row has no limits")


def test_states_of_samples_add() -> None:
    frame = several()
    for metric in EVERY_KIND:
        for options in ({"weight": "w"}, {"weight": "w", "cluster": "team"}):
            halves = [frame.filter(pl.col("team") % 2 == place) for place in (0, 1)]
            merged = metric.finish(metric.merge([metric.partial(half, **options) for half in halves]))
            whole = evaluate(frame, metric, **options)
            columns = ["value", "low", "high", "se", "n_eff"]
            assert_frame_equal(merged.select(columns), whole.select(columns), rel_tol=1e-9)


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
        result = evaluate(frame, resolution_time_observed_only(statistic=p), weight="w")["value"].item()
        assert result == pytest.approx(np.quantile(numbers, p), rel=1e-9)
