"""Follow-ups of low answers and recoveries, switches of channel, effort in time, audit trails: beside plain Python."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.errors import InputError, ParameterError

DAY = 86_400.0
START = datetime(2026, 3, 2, tzinfo=UTC)
AS_OF = START + timedelta(days=100)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def drawn(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Answers and messages on a few tickets, with many equal instants."""
    chance = np.random.default_rng(seed)
    tickets = [f"t{number}" for number in range(12)]
    hours = lambda: int(chance.integers(0, 2_400) // 40 * 40)  # noqa: E731
    return {
        "tickets": [{"ticket_id": name, "created_at": START} for name in tickets],
        "responses": [
            {
                "ticket_id": str(chance.choice(tickets)),
                "at": hour(hours()),
                "author": [None, "agent", "agent", "bot", "customer"][int(chance.integers(5))],
                "public": bool(chance.random() < 0.8),
                "automated": bool(chance.random() < 0.2),
            }
            for _ in range(60)
        ],
        "answers": [
            {
                "respondent_id": f"r{chance.integers(6)}",
                "question": str(chance.choice(["csat", "csat", "ces"])),
                "ticket_id": [None, "elsewhere", *tickets][int(chance.integers(14))],
                "score": [None, 1.0, 2.0, 3.0, 5.0][int(chance.integers(5))],
                "answered_at": None if chance.random() < 0.1 else hour(hours()),
            }
            for _ in range(60)
        ],
    }


def read(desk: dict[str, list[dict[str, Any]]], as_of: datetime) -> list[dict[str, Any]]:
    """What followed each answer, looked up one by one."""
    given = [
        row
        for row in desk["answers"]
        if row["question"] == "csat" and row["score"] is not None and row["answered_at"] and row["answered_at"] <= as_of
    ]
    places = {row["ticket_id"] for row in desk["tickets"]}
    rows = []
    for row in given:
        at, known = row["answered_at"], row["ticket_id"] in places
        written = [
            mail["at"]
            for mail in desk["responses"]
            if mail["ticket_id"] == row["ticket_id"] and at < mail["at"] <= as_of
            if mail["author"] == "agent" and mail["public"] and not mail["automated"]
        ]
        later = [
            other["score"]
            for other in given
            if other["respondent_id"] == row["respondent_id"] and other["answered_at"] > at
        ]
        first = min(written, default=None) if known else None
        rows.append(
            {name: row[name] for name in ("respondent_id", "ticket_id", "answered_at", "score")}
            | {
                "follow_up_at": first,
                "follow_up_seconds": ((first or as_of) - at).total_seconds() if known else None,
                "follow_up_observed": first is not None if known else None,
                "follow_up_reason": None if known else "the answer names no ticket of the records",
                "answer_age_seconds": (as_of - at).total_seconds(),
                "best_later_score": max(later, default=None),
            }
        )
    return sorted(rows, key=lambda one: (one["answered_at"], one["respondent_id"], one["ticket_id"] or ""))


@pytest.mark.parametrize("seed", range(12))
def test_every_answer_has_what_followed_it(seed: int) -> None:
    desk, as_of = drawn(seed), hour(1_500)
    rows = sq.answer_follow_ups(sq.Records(**desk), question="csat", as_of=as_of)
    assert isinstance(rows, pl.LazyFrame)
    frame = rows.collect()
    assert frame.schema == rows.collect_schema()
    expected = read(desk, as_of)
    assert len(expected) > 5
    order = ["answered_at", "respondent_id", "ticket_id", "score"]
    assert_frame_equal(frame.sort(order), pl.DataFrame(expected, schema=frame.schema).sort(order))
    assert_frame_equal(rows.select("score", "follow_up_seconds").collect(), frame.select("score", "follow_up_seconds"))


@pytest.mark.parametrize("seed", range(4))
def test_the_rates_are_shares_of_the_low_answers(seed: int) -> None:
    rows = read(drawn(seed), AS_OF)
    frame = pl.DataFrame(rows)
    low = [row for row in rows if row["score"] <= 2]
    judged = [row for row in low if row["follow_up_seconds"] is not None and row["answer_age_seconds"] >= 3 * DAY]
    estimate = sq.follow_up_rate(scale=(1, 5)).estimate(frame)
    met = [row["follow_up_observed"] and row["follow_up_seconds"] <= 3 * DAY for row in judged]
    assert estimate.value == pytest.approx(np.mean(met))
    unknown = [row for row in low if row["follow_up_seconds"] is None]
    assert (estimate.n, estimate.n_excluded, estimate.n_missing) == (len(met), len(rows) - len(low), len(unknown))
    assert estimate.n_pending == len(low) - len(met) - len(unknown)
    watched = [row for row in low if row["answer_age_seconds"] >= 30 * DAY]
    back = [(row["best_later_score"] or 0) >= 4 for row in watched]
    estimate = sq.recovery_rate(scale=(1, 5), watched=30 * DAY).estimate(frame)
    assert estimate.value == pytest.approx(np.mean(back))
    assert estimate.n_pending == len(low) - len(back)


def answer(**given: Any) -> pl.DataFrame:
    row = {"score": 1, "follow_up_seconds": 60.0, "follow_up_observed": True, "answer_age_seconds": 9 * DAY}
    types = {"score": pl.Int64, "best_later_score": pl.Int64}
    return pl.DataFrame([row | {"best_later_score": None} | given], schema_overrides=types)


@pytest.mark.parametrize(
    ("given", "value", "pending"),
    [
        ({}, 1.0, 0),
        ({"follow_up_seconds": 3 * DAY}, 1.0, 0),
        ({"follow_up_seconds": 3 * DAY + 1}, 0.0, 0),
        ({"answer_age_seconds": 3 * DAY}, 1.0, 0),
        ({"answer_age_seconds": 3 * DAY - 1}, None, 1),  # even if it has been followed up already
        ({"score": 2}, 1.0, 0),
        ({"score": 3}, None, 0),
        ({"follow_up_seconds": 9 * DAY, "follow_up_observed": False}, 0.0, 0),
    ],
)
def test_the_edges_of_a_follow_up(given: dict[str, Any], value: float | None, pending: int) -> None:
    estimate = sq.follow_up_rate(scale=(1, 5)).estimate(answer(**given))
    assert (estimate.value, estimate.n_pending) == (value, pending)


def test_young_answers_are_bounded() -> None:
    rows = pl.concat([answer(), answer(follow_up_observed=False), answer(answer_age_seconds=90.0), answer(score=5)])
    rows = pl.concat([rows, answer(answer_age_seconds=90.0, follow_up_seconds=90.0, follow_up_observed=False)])
    estimate = sq.follow_up_rate(scale=(1, 5), estimate="bounds").estimate(rows)
    assert "without sampling error 0.5 to 0.75" in str(estimate.notes)


def test_recovery_by_hand() -> None:
    rows = pl.concat([answer(best_later_score=score, answer_age_seconds=99 * DAY) for score in (None, 3, 4, 5)])
    assert sq.recovery_rate(scale=(1, 5)).estimate(rows).value == 0.5
    assert sq.recovery_rate(scale=(1, 5), satisfied=(3, 4, 5)).estimate(rows).value == 0.75
    with pytest.raises(ParameterError, match=re.escape("box [1, 2] and satisfied [2, 3] share a point")):
        sq.recovery_rate(scale=(1, 5), satisfied=(2, 3))
    with pytest.raises(ParameterError, match="watched must be a positive number of seconds"):
        sq.recovery_rate(scale=(1, 5), watched=0)


def test_bad_input_of_follow_ups_is_told() -> None:
    records = sq.Records(**drawn(0))
    with pytest.raises(ParameterError, match="question must be a question of the answers"):
        sq.answer_follow_ups(records, question=1, as_of=AS_OF)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape("got none: follow-ups need Records(answers=...)")):
        sq.answer_follow_ups(
            sq.Records(tickets=records.tickets, responses=records.responses), question="a", as_of=AS_OF
        )
    with pytest.raises(ParameterError, match="within must be a positive number of seconds, got '3d'"):
        sq.follow_up_rate(scale=(1, 5), within="3d")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="a scale of 101 points"):
        sq.follow_up_rate(scale=(0, 100))


def test_switches_of_channel_are_those_of_the_customer_in_public() -> None:
    messages = [
        ("a", "customer", "email", True), ("a", "customer", "Email", True), ("a", "agent", "phone", True),
        ("b", "customer", "chat", True), ("b", "customer", "phone", True), ("b", "customer", None, True),
        ("c", "customer", "chat", True), ("c", "customer", "note", False),
        ("d", "customer", None, True),
    ]  # fmt: skip
    names = ("ticket_id", "author", "channel", "public")
    records = sq.Records(
        tickets=[{"ticket_id": name, "created_at": START} for name in "abcde"],
        responses=[dict(zip(names, row, strict=True)) | {"at": hour(1)} for row in messages],
    )
    facts = sq.facts(records, as_of=AS_OF).collect()
    assert facts["customer_channels"].to_list() == [1, 2, 1, 0, 0]
    estimate = sq.channel_switch_rate().estimate(facts)
    assert (estimate.value, estimate.n, estimate.n_excluded) == (pytest.approx(1 / 3), 3, 2)


def test_effort_is_waits_and_messages() -> None:
    rows = pl.DataFrame(
        {
            "requester_wait_seconds": [600.0, 0.0, 1_000.0, 90.0],
            "customer_messages": [1, 10, 2, 0],
            "resolution_observed": [True, True, True, True],
        }
    )
    # 600 + 180, 1800, 1360, 90
    assert sq.customer_effort_time(limit=1_000.0).estimate(rows).value == pytest.approx(0.5)
    assert sq.customer_effort_time(per_message=0, limit=90.0).estimate(rows).value == pytest.approx(0.5)
    assert sq.customer_effort_time(statistic="p75").estimate(rows).value == pytest.approx((1_360 + 1_800) / 2)
    with pytest.raises(ParameterError, match="per_message must be a number of seconds"):
        sq.customer_effort_time(per_message=-1)


def test_audit_trails_name_an_actor_or_an_id() -> None:
    rows = {"field": ["a", "b", "c", "d"], "actor": ["agent", None, None, "bot"], "actor_id": ["x", "y", None, None]}
    assert sq.audit_trail_coverage().estimate(pl.DataFrame(rows)).value == 0.75
