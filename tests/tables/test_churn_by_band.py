"""Churn by bands of satisfaction and engagement: by hand, by group, what is refused."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.oracle import NOON
from servicequality import Records, churn_rate, evaluate
from servicequality.datasets import service_desk
from servicequality.errors import InputError, ParameterError
from servicequality.tables import churn_by_engagement, churn_by_satisfaction

INSTANT = pl.Datetime("us", "UTC")
YEAR = 365.0

SCORED = {
    "satisfaction": [1.0, 2.0, 2.0, 3.0, 3.5, 4.0, 5.0, 5.0, None],
    "engagement": [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, None],
}

LIVES = [(-YEAR, -YEAR / 2), (-YEAR, 0), (-YEAR / 2, None), (-YEAR, -YEAR / 4), (-YEAR, None), (-YEAR, -YEAR / 2),
         (-2 * YEAR, None), (-YEAR, None), (-YEAR, -YEAR / 2)]  # fmt: skip


def accounts(*rows: tuple[float, float | None], **more: list[Any]) -> pl.DataFrame:
    """Accounts as (began, left), in days before and after the instant of knowledge."""

    def day(n: float | None) -> datetime | None:
        return None if n is None else NOON + timedelta(days=n)

    return pl.DataFrame(
        {
            "account_id": [str(i) for i in range(len(rows))],
            "started_at": pl.Series([day(begun) for begun, _ in rows], dtype=INSTANT),
            "churned_at": pl.Series([day(ended) for _, ended in rows], dtype=INSTANT),
            **more,
        }
    )


def band_rows(table: pl.DataFrame, metric: str) -> dict[int | None, dict[str, Any]]:
    return {row["band"]: row for row in table.filter(metric=metric).iter_rows(named=True)}


def test_bands_count_leavers_over_the_time_of_their_customers() -> None:
    result = churn_by_satisfaction(accounts(*LIVES, **SCORED), as_of=NOON, cuts=(3, 4))
    rates = band_rows(result, "churn_per_year")
    by_hand = {1: 2 / 2.0, 2: 1 / 1.75, 3: 1 / 3.5, None: 1 / 0.5}
    assert {band: row["value"] for band, row in rates.items()} == pytest.approx(by_hand)
    assert [row["n"] for row in rates.values()] == [3, 2, 3, 1]
    assert [row["range"] for row in rates.values()] == ["below 3", "3 to below 4", "4 or more", "unknown"]
    assert rates[1]["notes"] == "2 left in 2.0 customer years"
    ratios = band_rows(result, "churn_ratio")
    assert {band: row["value"] for band, row in ratios.items()} == pytest.approx(
        {band: value / by_hand[3] for band, value in by_hand.items() if band != 3}
    )
    trend = result.filter(metric="churn_trend").row(0, named=True)
    assert (trend["range"], trend["n"], trend["n_missing"]) == ("all", 8, 1)
    assert trend["low"] < trend["value"] < 1
    assert trend["notes"].startswith("p = 0.")
    assert result["band"].to_list() == sorted(result["band"].drop_nulls().to_list()) + [None] * 3


def test_a_ratio_has_the_exact_limits_of_the_binomial() -> None:
    from scipy.stats import binomtest

    rows = accounts(
        *[(-YEAR, -YEAR / 2)] * 9, *[(-YEAR, None)] * 8, *[(-YEAR, -YEAR / 2)] * 2, satisfaction=[1.0] * 9 + [5.0] * 10
    )
    row = band_rows(churn_by_satisfaction(rows, as_of=NOON, cuts=(3,)), "churn_ratio")[1]
    exact = binomtest(9, 11).proportion_ci(method="exact")
    times = (4.5, 9.0)
    assert (row["low"], row["high"]) == pytest.approx(
        [end / (1 - end) * times[1] / times[0] for end in (exact.low, exact.high)]
    )


def test_shares_of_bands_are_those_of_churn_rate_by_band() -> None:
    rows = accounts(*LIVES, **SCORED)
    limit = 200 * 86_400.0
    table = churn_by_satisfaction(rows, as_of=NOON, cuts=(3, 4), limit=limit).filter(metric="churn_rate")
    banded = rows.with_columns(
        band=pl.when(pl.col("satisfaction") >= 4).then(3).when(pl.col("satisfaction") >= 3).then(2)
        .when(pl.col("satisfaction") < 3).then(1)
    )  # fmt: skip
    expected = evaluate(banded, churn_rate(limit=limit, as_of=NOON), by="band")
    assert table.select("value", "low", "high", "n", "n_pending").equals(
        expected.select("value", "low", "high", "n", "n_pending")
    )


def test_without_cuts_the_customers_are_cut_into_thirds() -> None:
    result = churn_by_engagement(accounts(*LIVES, **SCORED), as_of=NOON)
    assert result.filter(metric="churn_per_year")["range"].to_list() == [
        "below 2", "2 to below 3", "3 or more", "unknown"
    ]  # fmt: skip
    alike = accounts(*LIVES, engagement=[7.0] * 9)
    one = churn_by_engagement(alike, as_of=NOON)
    assert one["range"].to_list() == ["all scores", "all"]
    assert (
        one.filter(metric="churn_trend")["reason"].item() == "all who left are in one outer band, or there is one band"
    )


def test_a_band_in_which_nobody_is_has_no_rate() -> None:
    result = churn_by_satisfaction(
        accounts((-YEAR, -1), (-YEAR, None), satisfaction=[1.0, 1.0]), as_of=NOON, cuts=(3, 4)
    )
    rates, ratios = band_rows(result, "churn_per_year"), band_rows(result, "churn_ratio")
    assert (rates[3]["value"], rates[3]["reason"], rates[3]["n"]) == (None, "no time as a customer", 0)
    assert ratios[1]["reason"] == "nobody left in the highest band, or it was not watched"
    nobody = churn_by_satisfaction(
        accounts(satisfaction=[]).with_columns(pl.col("satisfaction").cast(float)), as_of=NOON
    )
    assert nobody["n"].to_list() == [0, 0]


def test_a_band_whose_customers_left_at_once_has_no_rate_and_no_part_in_the_trend() -> None:
    kept = accounts(*LIVES, **SCORED)
    at_once = accounts((-YEAR, -YEAR), satisfaction=[9.0], engagement=[9.0])
    result = churn_by_satisfaction(pl.concat([kept, at_once]), as_of=NOON, cuts=(3, 4, 9))
    row = band_rows(result, "churn_per_year")[4]
    assert (row["value"], row["n"], row["reason"]) == (None, 1, "no time as a customer")
    trends = [
        table.filter(metric="churn_trend") for table in (result, churn_by_satisfaction(kept, as_of=NOON, cuts=(3, 4)))
    ]
    assert trends[0].select("value", "low", "high").equals(trends[1].select("value", "low", "high"))
    assert churn_by_satisfaction(at_once, as_of=NOON)["value"].to_list() == [None, None]


def test_the_watch_may_begin_later() -> None:
    result = churn_by_satisfaction(
        accounts(*LIVES, **SCORED), as_of=NOON, since=NOON - timedelta(days=YEAR / 4), cuts=(3, 4)
    )
    rates = band_rows(result, "churn_per_year")
    assert {band: row["notes"] for band, row in rates.items()} == {
        1: "1 left in 0.5 customer years",
        2: "0 left in 0.2 customer years",
        3: "0 left in 0.5 customer years",
    }


@pytest.mark.parametrize("limit", [None, 90 * 86_400.0])
def test_by_group_the_rows_are_those_of_the_group_alone(limit: float | None) -> None:
    desk = service_desk(1_000, seed=7)
    as_of = datetime.fromisoformat("2024-06-30T22:00:00+00:00")
    whole = desk.accounts.collect().with_row_index("i").with_columns(
        tier=pl.when(pl.col("i") % 3 == 0).then(pl.lit("gold")).when(pl.col("i") % 3 == 1).then(pl.lit("basic"))
    )  # fmt: skip
    result = churn_by_satisfaction(whole, as_of=as_of, cuts=(3, 4), limit=limit, by="tier")
    assert result["tier"].unique(maintain_order=True).to_list() == ["basic", "gold", None]
    for tier in ("basic", "gold", None):
        rows = whole.filter(pl.col("tier").eq_missing(pl.lit(tier, pl.String)))
        alone = churn_by_satisfaction(rows, as_of=as_of, cuts=(3, 4), limit=limit)
        own = result.filter(pl.col("tier").eq_missing(pl.lit(tier, pl.String))).drop("tier")
        assert_frame_equal(own, alone, rel_tol=1e-14, abs_tol=0)  # years are added in another order
    thirds = churn_by_engagement(whole, as_of=as_of, by="tier")
    assert thirds.filter(metric="churn_per_year").filter(pl.col("band").is_not_null())["range"].n_unique() == 3
    lazy = churn_by_satisfaction(whole.lazy(), as_of=as_of, cuts=(3, 4), limit=limit, by="tier")
    assert lazy.collect_schema() == result.schema
    assert lazy.collect().equals(result)
    assert churn_by_satisfaction(whole.clear(), as_of=as_of, by="tier").schema == result.schema


def test_columns_may_be_called_like_what_the_table_makes() -> None:
    rows = accounts(*LIVES, **SCORED, tier=["gold", "basic", "gold"] * 3)
    expected = churn_by_satisfaction(rows, as_of=NOON, cuts=(3, 4), limit=1e7, by="tier")
    names = {"satisfaction": "range", "started_at": "band", "churned_at": "^value$", "tier": "*"}
    renamed = rows.rename(names)
    result = churn_by_satisfaction(renamed, "range", "band", "^value$", as_of=NOON, cuts=(3, 4), limit=1e7, by="*")
    assert result.rename({"*": "tier"}).equals(expected)


def test_tables_take_records_and_stay_lazy() -> None:
    desk = service_desk(1_000, seed=7)
    as_of = datetime.fromisoformat("2024-06-30T22:00:00+00:00")
    lazy = churn_by_satisfaction(desk, as_of=as_of)
    assert isinstance(desk, Records)
    assert isinstance(lazy, pl.LazyFrame)
    table = lazy.collect()
    assert table.schema == lazy.collect_schema()
    assert table.equals(churn_by_satisfaction(desk.accounts.collect(), as_of=as_of))


def test_accounts_that_end_before_they_start_are_refused() -> None:
    rows = accounts((-10, -20), (-10, None), satisfaction=[1.0, 2.0])
    message = "1 row of accounts that end before they start: column 'churned_at' such as"
    with pytest.raises(InputError, match=message):
        churn_by_satisfaction(rows, as_of=NOON)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: churn_by_satisfaction(accounts(), as_of=NOON, cuts=(4, 3)),
            r"cuts must be rising numbers .* got \(4, 3\)",
        ),
        (lambda: churn_by_satisfaction(accounts(), as_of=NOON, cuts=([],)), r"cuts must be rising numbers"),  # type: ignore[arg-type]
        (lambda: churn_by_satisfaction(accounts(), as_of=NOON, cuts=()), r"cuts must be rising numbers .* got \(\)"),
        (
            lambda: churn_by_satisfaction(accounts(satisfaction=[]), as_of=NOON, by="satisfaction"),
            "by names 'satisfaction', which the table itself reads or makes",
        ),
        (lambda: churn_by_engagement(accounts(), as_of=NOON, level=1.0), "level must be between 0 and 1"),
    ],
)
def test_wrong_calls_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
