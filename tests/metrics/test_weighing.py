"""Figures weighted by the value of customers, beside plain Python."""

from typing import Any

import polars as pl
import pytest

from servicequality import csat_mean, evaluate, facts, resolution_rate, response_rate, value_weighted
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

RATED = pl.DataFrame(
    {
        "team": ["a", "a", "a", "b", "b"],
        "score": [5, 1, 4, 2, 3],
        "account_value": [90.0, 5.0, 5.0, 10.0, None],
        "account_id": ["x", "x", "y", "z", "z"],
    }
)
MEAN = csat_mean(scale=(1, 5))


def test_each_row_weighs_its_value_and_its_twin_does_not() -> None:
    result = value_weighted(RATED, metric=MEAN)
    values, weights = [5, 1, 4, 2], [90.0, 5.0, 5.0, 10.0]
    weighted = sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
    assert result["metric"].to_list() == ["csat_mean", "csat_mean_value_weighted"]
    assert result["value"].to_list() == pytest.approx([3.0, weighted])
    kish = 110.0**2 / (90.0**2 + 25 + 25 + 100)
    spread = sum(w * (v - weighted) ** 2 for v, w in zip(values, weights, strict=True)) / 110
    square = kish / (kish - 1) * sum(w**2 * (v - weighted) ** 2 for v, w in zip(values, weights, strict=True)) / 110**2
    assert result["n_eff"].to_list() == pytest.approx([4.0, min(4.0, spread / square)])
    assert result["share_of_largest"].to_list() == [None, pytest.approx(90 / 110)]
    assert result["n_missing"].to_list() == [1, 1]
    assert all("1 rows without a value are in neither" in note for note in result["notes"])


def test_by_group_the_rows_are_those_of_evaluate() -> None:
    known = RATED.filter(pl.col("account_value").is_not_null())
    result = value_weighted(RATED, metric=MEAN, by="team")
    plain = evaluate(known, MEAN, by="team")
    weighted = evaluate(known, MEAN, by="team", weight="account_value")
    figures = ["value", "low", "high", "n", "n_eff"]
    assert result.filter(metric="csat_mean").select("team", *figures).equals(plain.select("team", *figures))
    assert (
        result.filter(metric="csat_mean_value_weighted")
        .select("team", *figures)
        .equals(weighted.select("team", *figures))
    )
    assert result["team"].to_list() == ["a", "a", "b", "b"]
    assert result["n_missing"].to_list() == [0, 0, 1, 1]
    clustered = value_weighted(known, metric=MEAN, cluster="account_id")
    # Sizes 2, 1, 1 are worth 16 / 6 clusters; their weights of 95, 5 and 10 little more than one.
    for note, worth in zip(clustered["notes"], ("2.7", "1.3"), strict=True):
        assert f"only {worth} effective clusters" in note


def test_worth_nothing_at_all_is_undefined() -> None:
    result = value_weighted(RATED.with_columns(account_value=0.0), metric=MEAN)
    assert result["value"].to_list() == [3.0, None]
    assert result["reason"].to_list()[1] is not None
    assert result["share_of_largest"].null_count() == 2


def test_the_desk_is_weighed_lazily() -> None:
    desk, truth = service_desk_with_truth(800, seed=2)
    rows = facts(desk, as_of=truth.as_of)
    lazy = value_weighted(rows, metric=resolution_rate(limit=86_400.0), by="channel")
    table = lazy.collect()
    assert table.schema == lazy.collect_schema()
    assert (table["n_eff"] <= table["n"]).all()


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (
            {"account_value": -1.0},
            {},
            InputError,
            "5 rows outside numbers of at least 0: column 'account_value' such as -1.0",
        ),
        ({"account_value": "much"}, {}, InputError, "column 'account_value' holds String, expected numbers"),
        ({}, {"value": "worth"}, InputError, "value_weighted: no column 'worth'"),
        ({}, {"metric": csat_mean}, ParameterError, r"metric must be a metric such as csat\(scale=\(1, 5\)\), called"),
        ({}, {"metric": resolution_rate(limit=1.0), "cluster": "account_id"}, ParameterError, "leave cluster= out"),
        ({}, {"metric": response_rate()}, InputError, "response_rate: no column"),
    ],
)
def test_weights_that_do_not_fit(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    rows = RATED.with_columns(**{name: pl.lit(value) for name, value in change.items()})
    with pytest.raises(error, match=message):
        value_weighted(rows, **{"metric": MEAN} | options)
