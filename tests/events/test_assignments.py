"""Who held a ticket, how long nobody did, and what it was rated: what the random histories of the oracle do not hold."""

import datetime as dt
from typing import Any

import pytest

import servicequality as sq
from events.histories import EPOCH, at
from servicequality.errors import InputError, ParameterError
from servicequality.worktime import ALWAYS_OPEN, Schedule

NOW = at(600)
Moves = list[tuple[int, str, str | None, str | None]]


def fact(moves: Moves = (), *, carried: bool = True, now: dt.datetime = NOW, **ticket: Any) -> dict[str, Any]:  # type: ignore[assignment]
    """The facts of one ticket and its changes: minute, field, value and what was there before."""
    names = ["at", "field", "value", "previous"][: 4 if carried else 3]
    rows = [{"ticket_id": "a", **dict(zip(names, (at(minute), *rest), strict=False))} for minute, *rest in moves]
    records = sq.Records(tickets=[{"ticket_id": "a", "created_at": EPOCH} | ticket], changes=rows or None)
    return sq.facts(records, as_of=now, schedule=ALWAYS_OPEN).collect().row(0, named=True)


def test_the_agent_before_the_log_is_the_first_one_since_creation() -> None:
    row = fact([(30, "agent", "bo", "al"), (90, "agent", None, "bo"), (100, "status", "solved", "open")])
    assert (row["first_agent_id"], row["first_assigned_at"]) == ("al", EPOCH)
    assert (row["last_agent_id"], row["last_assigned_at"], row["agent_id"]) == ("bo", at(30), None)
    assert (row["first_assignment_seconds"], row["first_assignment_observed"]) == (0, True)
    assert row["assignment_to_resolution_seconds"] == 6000
    assert row["unassigned_seconds"] == row["unassigned_working_seconds"] == 600
    left = fact([(90, "agent", None, "al")])
    assert (left["last_agent_id"], left["last_assigned_at"], left["unassigned_seconds"]) == ("al", EPOCH, 510 * 60)


def test_without_a_log_of_agents_nobody_knows_since_when_one_held_it() -> None:
    row = fact([(100, "status", "solved", "open")], agent_id="al")
    assert (row["first_agent_id"], row["first_assigned_at"], row["last_agent_id"]) == (None, None, "al")
    assert (row["first_assignment_seconds"], row["first_assignment_reason"]) == (None, "no log tells of assignments")
    assert row["assignment_to_resolution_reason"] == "no log tells of assignments"
    assert row["unassigned_seconds"] is None
    nobody = fact([(100, "status", "solved", "open")])
    assert (nobody["first_assignment_seconds"], nobody["first_assignment_observed"]) == (6000, False)
    assert (nobody["unassigned_seconds"], nobody["assignment_to_resolution_reason"]) == (6000, "it was never assigned")
    silent = fact(agent_id="al", resolved_at=at(50))
    assert [silent[name] for name in ("unassigned_seconds", "team_reassignments", "handoffs")] == [None] * 3
    assert silent["first_tier_resolution"] is None


def test_a_stamp_ends_the_wait_for_an_agent_where_no_status_is_logged() -> None:
    moves: Moves = [(20, "agent", "al", None), (40, "agent", None, None)]
    assert fact(moves, resolved_at=at(100))["unassigned_seconds"] == (20 + 60) * 60
    assert fact(moves, closed_at=at(60))["unassigned_seconds"] == (20 + 20) * 60
    assert fact(moves, closed_at=at(60), now=at(50))["unassigned_seconds"] == (20 + 10) * 60
    assert fact(moves)["unassigned_seconds"] == (600 - 20) * 60
    assert fact(moves, status="solved")["unassigned_seconds"] is None  # ended, but nothing says when


def test_a_resolution_before_the_first_assignment_is_no_duration() -> None:
    row = fact([(10, "status", "solved", "open"), (20, "agent", "al", None)])
    assert row["assignment_to_resolution_seconds"] is None
    assert row["assignment_to_resolution_reason"] == "it lies before the start"


def test_working_twins_count_the_hours_of_the_schedule() -> None:
    hours = Schedule({"sun": [("00:10", "00:30")]}, "UTC")
    moves = [{"ticket_id": "a", "at": at(20), "field": "agent", "value": "al"}]
    records = sq.Records(tickets=[{"ticket_id": "a", "created_at": EPOCH}], changes=moves)
    row = sq.facts(records, as_of=at(60), schedule=hours).collect().row(0, named=True)
    assert row["first_assignment_working_seconds"] == row["unassigned_working_seconds"] == 600
    assert row["assignment_to_resolution_working_seconds"] == 600


def test_a_hand_off_and_another_team_are_no_first_tier_resolution() -> None:
    solved = (50, "status", "solved", "open")
    assert fact([(20, "handoff", "limits", None), solved])["handoffs"] == 1
    assert fact([(20, "team", "two", "one"), solved])["first_tier_resolution"] is False
    assert fact([(20, "tier", "2", None), solved])["first_tier_resolution"] is False
    assert fact([(20, "agent", "bo", "al"), solved])["first_tier_resolution"] is True
    assert fact([(20, "agent", "bo", "al")])["first_tier_resolution"] is False


def rated(
    *answers: tuple[str, float | None, int | None], rating: str | None = "csat", now: int = 600
) -> dict[str, Any]:
    """The ratings of a ticket by its answers: question, score and minute."""
    rows = [
        {"ticket_id": "a", "respondent_id": "r", "question": question, "score": score,
         "answered_at": None if minute is None else at(minute)}
        for question, score, minute in answers
    ]  # fmt: skip
    records = sq.Records(tickets=[{"ticket_id": key, "created_at": EPOCH} for key in "ab"], answers=rows)
    table = sq.facts(records, as_of=at(now), rating=rating).collect()
    assert table.filter(ticket_id="b").select("first_rating", "last_rating", "rating_count").row(0) == (
        None,
        None,
        None,
    )
    return table.row(0, named=True)


def test_the_first_and_the_last_rating_and_whether_it_turned() -> None:
    told = ("first_rating", "last_rating", "rating_count", "rating_turn", "first_rated_at", "last_rated_at")
    answers = [("csat", 5.0, 90), ("csat", 1.0, 30), ("nps", 9.0, 10), ("csat", None, 20), ("csat", 3.0, 60)]

    def row(*rows: Any, **options: Any) -> tuple[Any, ...]:
        facts = rated(*rows, **options)
        return tuple(facts[name] for name in told)

    assert row(*answers) == (1, 5, 3, "up", at(30), at(90))
    assert row(*answers, now=60) == (1, 3, 2, "up", at(30), at(60))
    assert row(*answers, now=40) == (1, 1, 1, None, at(30), at(30))
    assert row(*answers, rating=None) == (None,) * 6
    assert row(("csat", 4.0, 10), ("csat", 2.0, 20))[3] == "down"
    assert row(("csat", 2.0, 10), ("csat", 2.0, 20))[3] == "same"
    # An answer without an instant came first.
    assert row(("csat", 2.0, 20), ("csat", 4.0, None)) == (4, 2, 2, "down", at(20), at(20))


def test_ratings_that_cannot_be_are_refused() -> None:
    tickets = sq.Records(tickets=[{"ticket_id": "a", "created_at": EPOCH}])
    with pytest.raises(InputError, match=r"rating= needs Records\(answers="):
        sq.facts(tickets, as_of=NOW, rating="csat")
    with pytest.raises(
        ParameterError, match="rating must be a question of the answers, such as 'csat', or None; got 5"
    ):
        sq.facts(tickets, as_of=NOW, rating=5)  # type: ignore[arg-type]
