"""The generated front line: a lawful queue, an honest export of it, and its truth found again from a part."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import (
    Records,
    abandonment_rate,
    average_talk_time,
    concurrency,
    evaluate,
    occupancy,
    presence,
    service_level,
)
from servicequality.datasets import Truth, effects, service_desk_with_truth

MIDWAY = datetime(2024, 2, 14, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def desk() -> tuple[Records, Truth]:
    return service_desk_with_truth(5_000, seed=4)


def table(rows: pl.LazyFrame | None) -> pl.DataFrame:
    assert rows is not None
    return rows.collect()


def begun() -> pl.Expr:
    return pl.col("at") + pl.duration(microseconds=1e6 * pl.col("wait_seconds"))


def test_an_agent_holds_one_call_or_three_chats_and_no_more(desk: tuple[Records, Truth]) -> None:
    served = desk[1].contacts.filter(outcome="answered").with_columns(begin=begun())
    end = pl.col("begin") + pl.duration(microseconds=1e6 * (pl.col("talk_seconds") + pl.col("wrap_seconds")))
    moves = pl.concat(
        [
            served.select("agent_id", "queue", at="begin", step=pl.lit(1)),
            served.select("agent_id", "queue", at=end, step=pl.lit(-1)),
        ]
    ).sort("agent_id", "at", "step")
    held = (
        moves.with_columns(held=pl.col("step").cum_sum().over("agent_id")).group_by("queue").agg(pl.col("held").max())
    )
    assert dict(held.rows()) == {"phone": 1, "chat": 3}


def test_who_gives_up_waited_less_than_those_who_stay_would_have(desk: tuple[Records, Truth]) -> None:
    contacts = desk[1].contacts
    gone = contacts.filter(outcome="abandoned")
    assert gone.select(pl.col("talk_seconds", "agent_id").is_null().all()).row(0) == (True, True)
    short = gone.select((pl.col("wait_seconds") < 5).mean()).item()
    assert 0.02 < short < 0.3
    assert contacts["at"].is_sorted()


def test_midway_nothing_is_known_of_what_comes_later() -> None:
    part, truth = service_desk_with_truth(5_000, seed=4, as_of=MIDWAY)
    seen, whole = table(part.contacts), truth.contacts.filter(pl.col("at") <= MIDWAY)
    assert seen["contact_id"].equals(whole["contact_id"])
    both = seen.join(whole, on="contact_id", suffix="_true").with_columns(end=begun())
    over = both.filter(pl.col("outcome") != "waiting")
    assert (over["end"] <= MIDWAY).all()
    assert over.select(pl.col("outcome") == pl.col("outcome_true")).to_series().all()
    assert over["wait_seconds"].equals(over["wait_seconds_true"])
    waits = both.filter(outcome="waiting")
    assert (waits["end"] == MIDWAY).all()
    assert (waits["wait_seconds"] < waits["wait_seconds_true"]).all()
    paid = table(part.agent_time)
    assert paid["at"].max() == datetime(2024, 2, 13, 7, tzinfo=UTC)  # Berlin's morning of the day before


def test_busy_time_is_what_the_contacts_cover(desk: tuple[Records, Truth]) -> None:
    records, truth = desk
    paid = table(records.agent_time)
    assert paid.select((pl.col("busy_seconds") <= pl.col("available_seconds")).all()).item()
    assert paid.select((pl.col("available_seconds") <= pl.col("paid_seconds")).all()).item()
    assert paid["handled"].sum() == truth.contacts.filter(outcome="answered").height
    rows = presence(
        truth.contacts,
        paid,
        since=datetime(2023, 1, 1, tzinfo=UTC),
        until=datetime(2030, 1, 1, tzinfo=UTC),
        wrap="wrap_seconds",
    )
    recorded = paid.group_by("agent_id").agg(pl.col("busy_seconds", "available_seconds", "paid_seconds").sum())
    assert_frame_equal(rows.select(recorded.columns), recorded.sort("agent_id"))
    worked = truth.contacts.select(pl.col("talk_seconds") + pl.col("wrap_seconds")).sum().item()
    assert concurrency().estimate(rows).value == pytest.approx(worked / paid["busy_seconds"].sum())
    assert 0.2 < (occupancy().estimate(paid).value or 0) < 0.8


def test_talk_is_as_long_as_it_was_made() -> None:
    """The mean of a lognormal is known: median times exp(spread² / 2); ten seconds are added, half a one is cut off."""
    expected = 9.5 + effects.TALK_SECONDS * np.exp(effects.TALK_SPREAD**2 / 2)
    hits = []
    for seed in range(20):
        contacts = service_desk_with_truth(300, seed=seed, weeks=4)[1].contacts
        rows = evaluate(contacts, average_talk_time(), by="queue").sort("queue", descending=True)
        hits += list((rows["low"].to_numpy() <= expected) & (expected <= rows["high"].to_numpy()))
    assert sum(hits) >= 34  # of 40, at 95 %: fewer come about once in 150 times


def test_the_truth_is_found_from_samples_at_the_nominal_rate(desk: tuple[Records, Truth]) -> None:
    """The whole history's figures lie within the limits of one contact in ten, as often as the level says."""
    truth, rng = desk[1], np.random.default_rng(5)
    metrics = [service_level(abandoned="missed"), abandonment_rate()]
    part = pl.Series(rng.permuted(np.arange(truth.contacts.height) % 10))
    drawn = [pl.Series(rng.permuted(part.to_numpy())) for _ in range(10)]
    result = pl.concat(evaluate(truth.contacts.with_columns(part=part), metrics, by="part") for part in drawn)
    for metric, true in zip(metrics, (truth.service_level, truth.abandonment_rate), strict=True):
        rows = result.filter(pl.col("metric") == metric.name)
        assert rows.height == 100
        inside = rows.select(pl.lit(true).is_between("low", "high").sum()).item()
        assert inside >= 89, (metric, true)


def test_small_desks_have_a_line_too() -> None:
    for seed in range(10):
        records, truth = service_desk_with_truth(1, seed=seed, weeks=1)
        assert table(records.contacts).height == truth.contacts.height
