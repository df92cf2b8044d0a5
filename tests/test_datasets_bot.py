"""The desk with a bot: its episodes are those of its truth, and every metric of automation recovers them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import Metric
from servicequality.datasets import BotTruth, bot_desk, bot_desk_with_truth
from servicequality.datasets import bot_effects as e
from servicequality.errors import ParameterError

SEED, TICKETS = 11, 6_000
DAY, WEEK = timedelta(days=1), timedelta(days=7)
YOUNG = datetime(2026, 1, 26, tzinfo=UTC)  # three weeks after the start
MIDWAY = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AFTER = datetime(2026, 12, 1, tzinfo=UTC)
SETTLED = timedelta(days=12)  # nearly all episodes are over after five days, and a week more is watched


@pytest.fixture(scope="module")
def desks() -> dict[datetime, tuple[sq.Records, BotTruth]]:
    return {as_of: bot_desk_with_truth(TICKETS, seed=SEED, as_of=as_of) for as_of in (YOUNG, MIDWAY, LONG_AFTER)}


Desks = dict[datetime, tuple[sq.Records, BotTruth]]


def test_the_episodes_of_the_complete_export_are_those_of_the_truth(desks: Desks) -> None:
    records, truth = desks[LONG_AFTER]
    rows = sq.episodes(records, as_of=LONG_AFTER).collect()
    assert truth.complete_at < LONG_AFTER
    same = {
        "handed": "handoff_observed", "reason": "handoff_reason", "requested": "requested_human",
        "returned_at": "next_started_at",
    }  # fmt: skip
    shared = [
        "ticket_id",
        "sequence",
        "category",
        "started_at",
        "ended_at",
        "bot_replies",
        "human_replies",
        "confirmed",
    ]
    expected = truth.episodes.sort("ticket_id", "sequence")
    assert_frame_equal(rows.select(*shared, *same.values()), expected.rename(same).select(*shared, *same.values()))
    # Of some changes the log does not say who made them.
    told = rows.select("ended_by", truth=expected["ended_by"]).drop_nulls()
    assert told["ended_by"].to_list() == told["truth"].to_list()
    assert 0.9 < told.height / rows.height < 1


def test_the_same_arguments_give_the_same_rows_and_an_earlier_export_a_part_of_them(desks: Desks) -> None:
    records, _ = desks[MIDWAY]
    again, whole = bot_desk(TICKETS, seed=SEED, as_of=MIDWAY), desks[LONG_AFTER][0]
    for name, table in records.tables.items():
        frame, at = table.collect(), {"tickets": "created_at", "answers": "answered_at"}.get(name, "at")
        assert_frame_equal(frame, again.tables[name].collect())
        if name != "agents":
            assert_frame_equal(frame, whole.tables[name].filter(pl.col(at) <= MIDWAY).collect())
    other = bot_desk(TICKETS, seed=SEED + 1, as_of=MIDWAY).tables["tickets"].collect()
    assert not other.equals(records.tables["tickets"].collect())


def test_the_true_effects_are_in_it(desks: Desks) -> None:
    first = desks[YOUNG][1].episodes.filter(sequence=1)
    for place, category in enumerate(e.CATEGORIES):
        own = first.filter(category=category)
        assert (own["bot_replies"] > 0).mean() == pytest.approx(e.BOT_TAKES[place], abs=0.05)
        alone = own.filter(ended_by="bot")
        taken = own.filter(pl.col("bot_replies") > 0)
        assert alone["solved"].all()
        assert alone.height / taken.height == pytest.approx(e.BOT_SOLVES[place], abs=0.09)
    back = first.filter(~pl.col("solved"))["returned_at"].is_not_null().mean()
    assert back == pytest.approx(e.RETURNS_UNSOLVED, abs=0.05)


# The truth of each metric, of the first episodes of all tickets that will ever be.

BACK = pl.col("returned_at") - pl.col("ended_at")
TAKEN = pl.col("bot_replies") > 0
ALONE = TAKEN & ~pl.col("handed") & (pl.col("human_replies") == 0)
SILENT = ~pl.col("requested") & (pl.col("confirmed").is_null() | pl.col("confirmed"))
CONFIRMED = pl.col("confirmed").fill_null(value=False)


def returned(within: timedelta) -> pl.Expr:
    return (within >= BACK).fill_null(value=False)


LASTS = ALONE & SILENT & ~returned(WEEK)
COST = 0.2 + 0.1 * pl.col("bot_replies")
TRUTHS: list[tuple[Metric, pl.Expr]] = [
    (sq.involvement_rate(), TAKEN.mean()),
    (sq.containment_rate(), (pl.col("human_replies") == 0).filter(TAKEN).mean()),
    (sq.handoff_rate(), pl.col("handed").filter(TAKEN).mean()),
    (
        sq.handoff_rate(reasons=("usage_limit",)),
        (pl.col("handed") & (pl.col("reason") != "usage_limit").fill_null(value=False)).filter(TAKEN).mean(),
    ),
    (sq.assisted_rate(), (pl.col("human_replies") > 0).filter(TAKEN).mean()),
    (sq.human_request_rate(), pl.col("requested").filter(TAKEN).mean()),
    (sq.conversation_depth(), pl.col("bot_replies").filter(TAKEN).mean()),
    (sq.autonomous_resolution_rate(confirmed="required"), (ALONE & CONFIRMED).filter(TAKEN).mean()),
    (sq.autonomous_resolution_rate(confirmed="assumed"), (ALONE & SILENT & ~returned(DAY)).filter(TAKEN).mean()),
    (sq.autonomous_resolution_rate(definition="zendesk"), (ALONE & SILENT & ~returned(3 * DAY)).filter(TAKEN).mean()),
    (sq.autonomous_resolution_rate(definition="captain"), (ALONE & ~returned(WEEK)).filter(TAKEN).mean()),
    (sq.durable_resolution_rate(), LASTS.filter(TAKEN).mean()),
    (sq.automation_rate(), (ALONE & SILENT & ~returned(DAY)).mean()),
    (
        sq.false_containment_rate(),
        (returned(WEEK) | pl.col("requested")).filter(TAKEN, pl.col("human_replies") == 0).mean(),
    ),
    (sq.cost_per_resolution(), COST.filter(TAKEN).sum() / LASTS.sum()),
    (sq.bot_response_time(), pl.col("first_bot_seconds").median()),
    (sq.time_to_handoff(limit=60.0), (pl.col("handoff_seconds") <= 60).fill_null(value=False).filter(TAKEN).mean()),
    (sq.time_to_handoff_observed_only(), pl.col("handoff_seconds").median()),
]


@pytest.mark.parametrize("as_of", [YOUNG, MIDWAY, LONG_AFTER], ids=["young", "midway", "complete"])
def test_every_metric_recovers_the_truth_of_its_cohort(desks: Desks, as_of: datetime) -> None:
    records, truth = desks[as_of]
    first = truth.episodes.filter(sequence=1)
    rows = (
        sq.episodes(records, as_of=as_of)
        .filter(pl.col("sequence") == 1, pl.col("started_at") <= as_of - SETTLED)
        .with_columns(cost=COST)
        .collect()
    )
    assert rows.height == (first["started_at"] <= as_of - SETTLED).sum()
    for metric, rule in TRUTHS:
        estimate = metric.estimate(rows, level=0.999)
        value = first.select(rule).item()
        assert estimate.low is not None, estimate
        assert estimate.high is not None, estimate
        assert estimate.low <= value <= estimate.high, (metric, value, estimate)
        assert estimate.n > 100


def test_a_return_takes_a_resolution_of_fin_back_however_late(desks: Desks) -> None:
    records, truth = desks[LONG_AFTER]
    rows = sq.episodes(records, as_of=LONG_AFTER).collect()
    kept = (ALONE & (SILENT | CONFIRMED) & pl.col("returned_at").is_null()).filter(TAKEN).mean()
    estimate = sq.autonomous_resolution_rate(definition="fin").estimate(rows, level=0.999)
    assert estimate.value == pytest.approx(truth.episodes.select(kept).item())


@pytest.mark.parametrize("as_of", [MIDWAY, LONG_AFTER], ids=["midway", "complete"])
def test_follow_ups_and_recoveries_recover_the_truth(desks: Desks, as_of: datetime) -> None:
    records, truth = desks[as_of]
    rows = sq.answer_follow_ups(records, question="csat", as_of=as_of).collect()
    within = (pl.col("follow_up_seconds") <= 3 * 86_400).fill_null(value=False).mean()
    estimate = sq.follow_up_rate(scale=(1, 5)).estimate(rows, level=0.999)
    assert estimate.low <= truth.answers.select(within).item() <= estimate.high  # type: ignore[operator]
    if as_of == LONG_AFTER:
        estimate = sq.recovery_rate(scale=(1, 5)).estimate(rows)
        assert estimate.value == pytest.approx(truth.answers["won_back"].mean())


def test_switches_of_channel_effort_and_audit_trails_are_those_of_the_truth(desks: Desks) -> None:
    records, truth = desks[LONG_AFTER]
    facts = sq.facts(records, as_of=LONG_AFTER).collect()
    assert sq.channel_switch_rate().estimate(facts).value == pytest.approx((truth.tickets["channels"] >= 2).mean())
    told = sq.audit_trail_coverage().estimate(records.tables["changes"], level=0.999)
    assert told.low <= e.KNOWN_ACTOR <= told.high  # type: ignore[operator]
    open_for = (pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds() / 1e6
    effort = truth.episodes.group_by("ticket_id").agg(effort=open_for.sum() + 180.0 * pl.len())["effort"]
    assert sq.customer_effort_time().estimate(facts).value == pytest.approx(effort.median())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_tickets": 0}, "n_tickets must be a whole number, at least 1; got 0"),
        ({"weeks": 1.5}, "weeks must be a whole number, at least 1; got 1.5"),
        ({"as_of": datetime(2026, 3, 1)}, "as_of must be a datetime with a time zone"),  # noqa: DTZ001
    ],
)
def test_bad_arguments_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        bot_desk(**given)
