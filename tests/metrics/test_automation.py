"""The rates of automation against one plain reading of an episode, their laws, and together with the rest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from metrics.bot_episodes import (
    DAY,
    START,
    WEEK,
    Row,
    alone,
    assumed,
    back_within,
    contacted,
    contained,
    drawn,
    episode,
    everybody,
    false_containment,
    frame,
    has_bot,
    required,
    returned,
    told,
    young,
)
from servicequality import Metric, Objective, Scorecard
from servicequality.comparison import mix_and_rate, standardise
from servicequality.events import follow_ups

RATES: list[tuple[Metric, Callable[[Row], object]]] = [
    (sq.involvement_rate(), lambda row: told(row, everybody, has_bot)),
    (sq.containment_rate(), lambda row: told(row, has_bot, lambda r: r["human_replies"] == 0)),
    (sq.handoff_rate(), lambda row: told(row, has_bot, lambda r: r["handoff_observed"])),
    (
        sq.handoff_rate(reasons=("LIMIT",)),
        lambda row: told(row, has_bot, lambda r: r["handoff_observed"] and r["handoff_reason"] != "Limit"),
    ),
    (sq.assisted_rate(), lambda row: told(row, has_bot, lambda r: r["human_after_bot"])),
    (sq.human_request_rate(), lambda row: told(row, has_bot, lambda r: r["requested_human"])),
    (sq.autonomous_resolution_rate(confirmed="required"), lambda row: told(row, has_bot, required)),
    (sq.autonomous_resolution_rate(confirmed="assumed"), lambda row: told(row, has_bot, assumed, DAY)),
    (
        sq.autonomous_resolution_rate(confirmed="assumed", quiet=2 * DAY),
        lambda row: told(row, has_bot, lambda r: assumed(r, 2 * DAY), 2 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="fin"),
        lambda row: told(
            row,
            has_bot,
            lambda r: (required(r) or assumed(r)) and not (r["return_observed"] and r["return_seconds"] > 0),
            DAY,
        ),
    ),
    (
        sq.autonomous_resolution_rate(definition="zendesk"),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY), 3 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="zendesk", verified="verified"),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY) and r["verified"] is True, 3 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="captain"),
        lambda row: told(row, has_bot, lambda r: alone(r) and not back_within(r, WEEK), WEEK),
    ),
    (
        sq.durable_resolution_rate(),
        lambda row: told(row, has_bot, lambda r: assumed(r) and not back_within(r, WEEK), WEEK),
    ),
    (
        sq.durable_resolution_rate(confirmed="required", window=2 * DAY),
        lambda row: told(row, has_bot, lambda r: required(r) and not back_within(r, 2 * DAY), 2 * DAY),
    ),
    (
        sq.durable_resolution_rate(window=DAY, quiet=3 * DAY),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY), 3 * DAY),
    ),
    (
        sq.durable_resolution_rate(recontact="next_contact_at"),
        lambda row: told(row, has_bot, lambda r: assumed(r) and not back_within(r, WEEK) and not contacted(r), WEEK),
    ),
    (sq.automation_rate(), lambda row: told(row, everybody, assumed, DAY)),
    (sq.automation_rate(confirmed="required"), lambda row: told(row, everybody, required)),
    (sq.false_containment_rate(), lambda row: told(row, contained, false_containment, WEEK)),
]


@pytest.mark.parametrize(("metric", "reading"), RATES, ids=lambda one: getattr(one, "name", ""))
@pytest.mark.parametrize("seed", range(2))
def test_each_rate_is_the_share_of_what_a_reader_finds(
    metric: Metric, reading: Callable[[Row], object], seed: int
) -> None:
    rows = drawn(400, seed)
    readings = [reading(row) for row in rows]
    judged = [one for one in readings if isinstance(one, bool)]
    estimate = metric.estimate(frame(*rows))
    assert estimate.value == pytest.approx(np.mean(judged))
    assert 0 < estimate.value < 1
    counts = (len(judged), readings.count("pending"), readings.count(None), 0)
    assert (estimate.n, estimate.n_pending, estimate.n_excluded, estimate.n_missing) == counts


@pytest.mark.parametrize("confirmed", ["required", "assumed"])
@pytest.mark.parametrize("seed", range(3))
def test_automation_is_involvement_times_autonomous_resolution(confirmed: Any, seed: int) -> None:
    rows = frame(*drawn(300, seed))
    # Over the episodes that are mature for both.
    mature = rows.filter(pl.col("observed"), (pl.col("ended_age_seconds") >= DAY) | (confirmed == "required"))
    whole, involved, resolved = (
        metric.estimate(mature).value
        for metric in (
            sq.automation_rate(confirmed=confirmed),
            sq.involvement_rate(),
            sq.autonomous_resolution_rate(confirmed=confirmed),
        )
    )
    assert involved is not None
    assert resolved is not None
    assert whole == pytest.approx(involved * resolved)


def test_pending_rows_are_bounded_by_every_way_in_which_they_can_end() -> None:
    rows = [episode(), returned(60.0), young(60.0), young(60.0, human_replies=1), episode(observed=False)]
    estimate = sq.automation_rate(estimate="bounds").estimate(frame(*rows))
    assert estimate.value is None
    assert "without sampling error 0.2 to 0.6" in estimate.notes  # 1 of 5 at least, 3 of 5 at most
    assert (estimate.n, estimate.n_pending) == (5, 0)  # those that wait are in both bounds
    # Of the episodes with a bot one that a person answered is lost, and one without a bot so far may still drop out.
    rows.append(episode(observed=False, bot_replies=0, human_replies=1))
    estimate = sq.autonomous_resolution_rate(confirmed="assumed", estimate="bounds").estimate(frame(*rows))
    assert "without sampling error 0.1667 to 0.6667" in estimate.notes


def test_a_scorecard_knows_how_far_pending_episodes_can_move_a_rate() -> None:
    rows = [episode(), returned(60.0), young(60.0), young(60.0, human_replies=1), episode(observed=False)]
    at = frame(*rows).with_columns(at=pl.lit(START))
    objective = Objective(sq.automation_rate(), at_least=0.5)
    card = Scorecard([objective]).evaluate(at, as_of=START + timedelta(days=30), at="at")
    assert card.select("value", "lowest", "highest").row(0) == pytest.approx((0.5, 0.2, 0.6))


# Together with the rest


def test_the_next_ticket_of_the_customer_counts_as_a_return_where_it_is_joined() -> None:
    tickets = [
        {"ticket_id": name, "created_at": START + timedelta(days=day), "opened_by": "customer", "requester_id": "r"}
        for name, day in (("t1", 0), ("t2", 3))
    ]
    log = [("t1", 0, "solved"), ("t2", 3, "solved")]
    records = sq.Records(
        tickets=tickets,
        responses=[
            {"ticket_id": name, "at": START + timedelta(days=day, minutes=1), "author": "bot"} for name, day, _ in log
        ],
        changes=[
            {
                "ticket_id": name,
                "at": START + timedelta(days=day, minutes=5),
                "field": "status",
                "value": value,
                "actor": "bot",
            }
            for name, day, value in log
        ],
    )
    as_of = START + timedelta(days=30)
    contacts = follow_ups(sq.facts(records, as_of=as_of), as_of=as_of).select("ticket_id", "next_contact_at")
    rows = sq.episodes(records, as_of=as_of).join(contacts, on="ticket_id", how="left").collect()
    assert sq.durable_resolution_rate().estimate(rows).value == 1.0
    assert sq.durable_resolution_rate(recontact="next_contact_at").estimate(rows).value == 0.5


def test_bot_and_people_are_compared_on_the_same_kind_of_case() -> None:
    # The bot gets the easy questions: it looks better in sum, and people are better at both kinds.
    def cell(side: str, kind: str, n: int, came_back: int) -> list[Row]:
        rows = [returned(60.0)] * came_back + [episode()] * (n - came_back)
        return [row | {"category": kind, "verified": side == "bot"} for row in rows]

    bot = frame(*cell("bot", "easy", 80, 8), *cell("bot", "hard", 20, 12))
    people = frame(*cell("people", "easy", 20, 1), *cell("people", "hard", 80, 40))
    came_back = sq.repeat_contact_rate("return_seconds", "return_observed", "ended_age_seconds", window=WEEK)
    raw = [came_back.estimate(rows).value for rows in (bot, people)]
    assert raw == pytest.approx([0.20, 0.41])
    both = pl.concat([bot, people])
    by_side = standardise(both, came_back, by="verified", over="category").sort("verified")["value"].to_list()
    # Half of all cases are easy: 0.5 x 0.05 + 0.5 x 0.5 of people, 0.5 x 0.1 + 0.5 x 0.6 of the bot.
    assert by_side == pytest.approx([0.275, 0.35])
    effects = mix_and_rate(people, bot, came_back, by="category")
    total = effects.filter(part="total").row(0, named=True)
    assert total["rate"] > 0 > total["mix"]  # at each kind worse, and yet better in sum
