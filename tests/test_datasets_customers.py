"""The generated customers: lawful lives, an honest export of them, and the truth found again from a part."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import churn_rate, evaluate
from servicequality.datasets import effects, service_desk, service_desk_with_truth
from servicequality.tables import churn_by_satisfaction

MIDWAY = datetime(2024, 4, 14, 11, tzinfo=UTC)
DAY = 86_400.0


def accounts(**options: object) -> pl.DataFrame:
    result = service_desk(**options).accounts
    assert result is not None
    return result.collect()


def test_tickets_and_accounts_agree_on_who_and_on_worth() -> None:
    desk = service_desk(2_000, seed=3)
    joined = desk.tickets.collect().join(desk.accounts.collect(), on="account_id", how="left")
    assert joined["value"].equals(joined["account_value"])
    assert (joined["created_at"] > joined["started_at"]).all()


def test_nobody_leaves_within_the_first_quarter() -> None:
    every = service_desk_with_truth(4_000, seed=2)[1].accounts
    stayed = (every["churned_at"] - every["started_at"]).dt.total_seconds()
    assert stayed.min() >= effects.FIRST_TERM
    assert stayed.max() <= effects.WATCHED_FOR
    assert every["satisfaction"].is_between(1, 5).all()
    assert set(every["segment"].unique()) == set(effects.SEGMENTS)


def test_an_earlier_export_shows_what_had_happened_and_the_same_rows() -> None:
    early, late = accounts(n_tickets=2_000, seed=3, as_of=MIDWAY), accounts(n_tickets=2_000, seed=3)
    assert_frame_equal(early.drop("churned_at"), late.drop("churned_at"))
    known = pl.when(pl.col("churned_at") <= MIDWAY).then("churned_at").alias("churned_at")
    assert_frame_equal(early.select("churned_at"), late.select(known))
    assert 0 < early["churned_at"].count() < late["churned_at"].count()
    assert_frame_equal(late, accounts(n_tickets=2_000, seed=3))


def test_the_satisfied_and_the_engaged_leave_less() -> None:
    every = service_desk_with_truth(20_000, seed=5)[1].accounts
    rates = every.group_by("satisfaction").agg(pl.col("yearly_rate").mean()).sort("satisfaction")["yearly_rate"]
    assert (rates.diff().drop_nulls() < 0).all()
    alike = every.filter(satisfaction=3)
    assert np.corrcoef(np.log(alike["engagement"]), np.log(alike["yearly_rate"]))[0, 1] < -0.9


def test_the_truth_lies_within_the_limits_of_a_part() -> None:
    """Half of the leavers have not left yet at the export: what the curve says of them is what will be."""
    span = 220 * DAY
    held = []
    for seed in range(10):
        desk, truth = service_desk_with_truth(3_000, seed=seed)
        rows = pl.concat(
            [
                evaluate(desk.accounts, churn_rate(limit=span, as_of=truth.as_of)).collect().drop("period"),
                churn_by_satisfaction(desk.accounts, as_of=truth.as_of, cuts=(3, 4), limit=span)
                .filter(pl.col("metric") == "churn_rate", pl.col("band").is_not_null())
                .collect()
                .drop("band", "range"),
            ]
        )
        at_risk = (span - effects.FIRST_TERM) / (365 * DAY)
        query = desk.accounts.select("account_id", asked=pl.col("satisfaction").is_not_null()).collect()
        expected = truth.accounts.join(query, on="account_id").with_columns(
            chance=1 - (-pl.col("yearly_rate") * at_risk).exp(),
            band=1 + (pl.col("satisfaction") >= 3).cast(pl.Int64) + (pl.col("satisfaction") >= 4).cast(pl.Int64),
        )
        bands = expected.filter("asked").group_by("band").agg(pl.col("chance").mean()).sort("band")["chance"]
        for row, chance in zip(rows.iter_rows(named=True), [expected["chance"].mean(), *bands], strict=False):
            held.append(row["low"] <= chance <= row["high"])
    assert len(held) == 40
    assert sum(held) >= 36


@pytest.mark.parametrize("seed", range(5))
def test_one_ticket_has_its_account(seed: int) -> None:
    desk = service_desk(1, seed=seed, weeks=1)
    assert desk.accounts.collect().height >= 1
    assert accounts(n_tickets=1, seed=seed, weeks=1)["started_at"].max() < datetime(2024, 1, 1, tzinfo=UTC) + timedelta(
        1
    )
