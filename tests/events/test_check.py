"""`check`: accounts that are no people, words that nobody named, and what stamps, logs and agents say against one another."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.datasets import service_desk
from servicequality.events.automated import FEWEST, QUICK_SECONDS

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
AUTOMATED = "account whose replies look automated"
NAMELESS = "status in no set, so it runs"
LEFT_OUT = "left out of the facts"
CONTRADICTED = "stamp that the log contradicts"
UNDECLARED = "not in the table of agents at the time"


def second(n: float) -> dt.datetime:
    return START + dt.timedelta(seconds=n)


def hits(verdict: sq.events.DataCheck, finding: str) -> list[tuple[Any, ...]]:
    frame = verdict.frame.filter(pl.col("finding") == finding, pl.col("count") > 0)
    return frame.select("table", "about", "count", "of", "examples").rows()


# Accounts that look automated


@pytest.mark.parametrize("seed", range(4))
def test_the_planted_bot_is_asked_about_and_no_person(seed: int) -> None:
    desk = service_desk(1_500, seed=seed, disguised_bot=True)
    verdict = sq.check(desk)
    [(table, about, count, of, examples)] = hits(verdict, AUTOMATED)
    assert (table, about, count, examples) == ("responses", "within 10 seconds", 1, "agent-bot")
    assert of > 3
    assert "Is agent-bot a bot? If so, list it in agents with kind='bot'." in verdict.questions
    assert "account whose replies look automated within 10 seconds: 1 of" in str(verdict)
    assert hits(sq.check(service_desk(1_500, seed=seed)), AUTOMATED) == []


def test_the_answer_to_the_question_gives_the_facts_of_the_plain_desk() -> None:
    plain, masked = (service_desk(1_500, seed=5, disguised_bot=disguised) for disguised in (False, True))
    known = masked.replace(agents=[sq.Agent(agent_id="agent-bot", kind="bot")])
    last = sq.check(plain).as_of
    one, other, wrong = (sq.facts(desk, as_of=last).collect() for desk in (plain, known, masked))
    assert_frame_equal(one, other)
    median = pl.col("first_response_seconds").median()
    assert wrong.select(median).item() < 0.8 * one.select(median).item()
    verdict = sq.check(known)
    assert hits(verdict, AUTOMATED) == []
    [(_, about, _, _, examples)] = hits(verdict, "agent's message of a bot or system")
    assert (about, examples) == ("author_id", "agent-bot")
    assert hits(verdict, UNDECLARED) == []  # a list of bots says nothing of the people
    assert "Was agent-bot a bot from its first message on?" in verdict.questions


def test_a_busy_bot_that_waits_a_while_is_seen_by_the_clock() -> None:
    desk = slow(service_desk(20_000, seed=2, disguised_bot=True))
    [(_, about, count, _, examples)] = hits(sq.check(desk), AUTOMATED)
    assert (about, count, examples) == ("round the clock", 1, "agent-bot")


def slow(desk: sq.Records) -> sq.Records:
    """The bot takes a minute more."""
    assert desk.responses is not None
    late = pl.when(pl.col("author_id") == "agent-bot").then(pl.duration(minutes=1)).otherwise(pl.duration(minutes=0))
    return desk.replace(responses=desk.responses.with_columns(at=pl.col("at") + late))


def chat(delays: list[float], *, person: Any = "x", **more: Any) -> sq.Records:
    """A ticket for each delay, in which someone answers the customer's question of a minute after its creation."""
    tickets = [f"t{number}" for number in range(len(delays))]
    begun = [3_000.0 * number for number in range(len(delays))]
    asked = [
        {"ticket_id": t, "at": second(at + 60), "author": "customer"} for t, at in zip(tickets, begun, strict=True)
    ]
    replies = [
        {"ticket_id": t, "at": second(at + 60 + delay), "author": "agent", "author_id": person, **more}
        for t, at, delay in zip(tickets, begun, delays, strict=True)
    ]
    return sq.Records(
        tickets={"ticket_id": tickets, "created_at": [second(at) for at in begun]}, responses=[*asked, *replies]
    )


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        ([QUICK_SECONDS] * FEWEST, 1),
        ([QUICK_SECONDS] * (FEWEST - 1), 0),
        ([QUICK_SECONDS + 0.001] * FEWEST, 0),
        ([1.0] * 10 + [99.0] * 10, 1),
        ([1.0] * 10 + [99.0] * 11, 0),
    ],
)
def test_what_is_quick(delays: list[float], expected: int) -> None:
    assert len(hits(sq.check(chat(delays)), AUTOMATED)) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Thank you."] * 10 + [f"{n}" for n in range(10)], 1),
        (["Thank you."] * 9 + [f"{n}" for n in range(11)], 0),
        ([" Thank you. ", "Thank you."] * 10, 1),
        (["", None] * 10, 0),
        ([7] * 20, 0),
    ],
)
def test_what_is_one_text(texts: list[Any], expected: int) -> None:
    plain = chat([99.0] * 20)
    assert plain.responses is not None
    text = pl.Series("text", [*[None] * 20, *texts])
    written = hits(sq.check(plain.replace(responses=plain.responses.collect().with_columns(text))), AUTOMATED)
    assert [(about, examples) for _, about, _, _, examples in written] == [
        ("with one and the same text", "x")
    ] * expected


def test_what_is_no_reply_of_a_person_is_not_judged() -> None:
    assert hits(sq.check(chat([1.0] * 30)), AUTOMATED) != []
    for unlike in ({"automated": True}, {"public": False}, {"opening": True}, {"person": None}):
        assert hits(sq.check(chat([1.0] * 30, **unlike)), AUTOMATED) == []
    for kind in ("bot", "system"):
        listed = [sq.Agent(agent_id="x", kind=kind)]
        assert hits(sq.check(chat([1.0] * 30).replace(agents=listed)), AUTOMATED) == []
    person = [sq.Agent(agent_id="x", kind="human")]
    assert hits(sq.check(chat([1.0] * 30).replace(agents=person)), AUTOMATED) != []


@pytest.mark.parametrize("person", ["^x$", "a, b", 7])
def test_ids_of_any_name_and_type(person: Any) -> None:
    assert hits(sq.check(chat([1.0] * 30, person=person)), AUTOMATED)[0][-1] == str(person)


def shifts(hours: list[float], days: int) -> sq.Records:
    """Replies at these hours of every day, half an hour after the question."""
    stamps = [(24 * day + hour) * 3_600 for day in range(days) for hour in hours]
    return sq.Records(
        tickets={"ticket_id": ["t"], "created_at": [START]},
        responses=[{"ticket_id": "t", "at": second(at), "author": "agent", "author_id": "x"} for at in stamps],
    )


def test_what_is_round_the_clock() -> None:
    assert hits(sq.check(shifts([hour + 0.5 for hour in range(24)], 3)), AUTOMATED) != []
    assert hits(sq.check(shifts([hour + 0.5 for hour in range(0, 24, 2)], 9)), AUTOMATED) == []  # 12 hours of the clock
    assert hits(sq.check(shifts([hour + 0.5 for hour in range(7, 23)], 9)), AUTOMATED) == []


def test_who_works_in_turning_shifts_sleeps() -> None:
    turning = [[(8 * (day // 7) + hour) % 24 + 24 * day for hour in range(8)] for day in range(63)]
    stamps = sorted((hour + 0.5) * 3_600 for day in turning for hour in day)
    desk = sq.Records(
        tickets={"ticket_id": ["t"], "created_at": [START]},
        responses=[{"ticket_id": "t", "at": second(at), "author": "agent", "author_id": "x"} for at in stamps],
    )
    assert len({int(at // 3_600) % 24 for at in stamps}) == 24
    assert hits(sq.check(desk), AUTOMATED) == []


# Words


def log_of(*statuses: str, **ticket: Any) -> sq.Records:
    return sq.Records(
        tickets=[{"ticket_id": f"t{n}", "created_at": START} | ticket for n in range(len(statuses))],
        changes=[
            {"ticket_id": f"t{n}", "at": second(60), "field": "status", "value": status}
            for n, status in enumerate(statuses)
        ],
    )


def test_statuses_in_no_set_are_counted_by_word() -> None:
    verdict = sq.check(log_of("Limbo", "limbo", "open", "waiting"))
    assert hits(verdict, NAMELESS) == [
        ("changes", None, 3, 4, "Limbo, limbo, waiting"),
        ("changes", "limbo", 2, 4, "t0, t1"),
        ("changes", "waiting", 1, 4, "t3"),
    ]
    assert "status in no set, so it runs 'limbo': 2 of 4, such as t0, t1" in str(verdict)
    tickets = {"ticket_id": ["a", "b"], "created_at": [START] * 2, "status": ["Limbo", "Open"]}
    assert hits(sq.check(sq.Records(tickets=tickets)), NAMELESS) == [
        ("tickets", None, 1, 2, "Limbo"),
        ("tickets", "limbo", 1, 2, "a"),
    ]


def test_tickets_left_out_are_counted_by_reason() -> None:
    desk = sq.Records(
        tickets={
            "ticket_id": ["a", "b", "c", "d"],
            "created_at": [START] * 4,
            "excluded": ["Spam", "spam", "vip", None],
            "status": ["open", "open", "open", "merged"],
        }
    )
    verdict = sq.check(desk)
    assert hits(verdict, LEFT_OUT) == [("facts", "spam", 2, 4, "a, b"), ("facts", "merged", 1, 4, "d")]
    assert hits(verdict, "excluded for a reason that is not named") == [
        ("tickets", None, 1, 4, "c"),
        ("tickets", "vip", 1, 4, "c"),
    ]


def test_an_ended_status_that_no_row_has() -> None:
    desk = log_of("Completed", "Completed", "In Progress")
    verdict = sq.check(desk, ended=("complete", "closed"), paused=("zzz",))
    assert hits(verdict, "status of ended= that no row has") == [
        ("changes", "complete", 1, 2, "Completed, In Progress"),
        ("changes", "closed", 1, 2, "Completed, In Progress"),
    ]
    assert hits(verdict, "status of paused= that no row has") == [("changes", "zzz", 1, 1, "Completed, In Progress")]
    assert "status of ended= that no row has 'complete': 1 of 2; there are Completed, In Progress" in str(verdict)
    assert "Which statuses of the export belong in ended=, as they are spelt there?" in verdict.questions
    assert [row[1] for row in hits(sq.check(desk), "status of ended= that no row has")] == [
        "solved",
        "resolved",
        "closed",
    ]
    assert hits(sq.check(desk, ended=("COMPLETED",)), "status of ended= that no row has") == []
    assert hits(sq.check(log_of("Solved", "open"), paused=("zzz",)), "status of paused= that no row has") == [
        ("changes", "zzz", 1, 1, "Solved, open")  # no set lacks any of them
    ]
    # Of the usual ones a desk need not have each.
    assert hits(sq.check(log_of("Closed", "open")), "status of ended= that no row has") == []
    silent = sq.Records(tickets=[{"ticket_id": "a", "created_at": START}])
    assert hits(sq.check(silent), "status of ended= that no row has") == []
    assert hits(sq.check(silent, ended=("done",)), "status of ended= that no row has") == [
        ("tickets", "done", 1, 1, None)
    ]


def test_a_reason_of_the_call_that_no_row_has() -> None:
    desk = log_of("open", excluded="Spam")
    assert hits(sq.check(desk, excluded=("spam",)), "status of excluded= that no row has") == []
    assert hits(sq.check(desk, excluded=("spamm",)), "status of excluded= that no row has") == [
        ("changes", "spamm", 1, 1, "Spam")
    ]


# Stamps, roles, agents


def test_stamps_that_the_log_contradicts() -> None:
    desk = sq.Records(
        tickets={
            "ticket_id": ["same", "late", "open", "silent"],
            "created_at": [START] * 4,
            "resolved_at": [second(660), second(661), second(600), second(600)],
            "first_response_at": [second(300), second(30), None, None],
        },
        responses=[{"ticket_id": name, "at": second(300), "author": "agent"} for name in ("same", "late", "open")],
        changes=[
            {"ticket_id": name, "at": second(at), "field": "status", "value": status}
            for name, at, status in [("same", 600, "solved"), ("late", 600, "solved"), ("open", 9, "open")]
        ],
    )
    verdict = sq.check(desk)
    assert hits(verdict, CONTRADICTED) == [
        ("facts", "first_response_at", 1, 4, "late"),
        ("facts", "resolved_at", 2, 4, "late, open"),
    ]
    early = sq.check(desk, as_of=second(599))
    assert [row[1] for row in hits(early, CONTRADICTED)] == ["first_response_at"]
    for seed in (0, 1):
        assert hits(sq.check(service_desk(800, seed=seed)), CONTRADICTED) == []


def test_roles_that_nobody_mapped_are_not_listed() -> None:
    desk = sq.Records(
        tickets=[{"ticket_id": "a", "created_at": START, "own": None}],
        responses=[{"ticket_id": "a", "at": second(9), "author": "agent", "public": True}],
    )
    frame = sq.check(desk).frame
    empty = frame.filter(pl.col("finding") == "null").group_by("table", maintain_order=True).agg("about")
    assert empty.rows() == [
        ("tickets", ["ticket_id", "created_at", "own"]),
        ("responses", ["ticket_id", "at", "author", "public"]),
    ]
    assert frame.filter(pl.col("finding").is_in(["without an end stamp", "agent message without author_id"])).is_empty()
    more = desk.replace(agents=[sq.Agent(agent_id="x", kind="bot")])
    kept = sq.check(more).frame.filter(pl.col("table") == "responses", pl.col("finding") == "null")
    assert kept["about"].to_list() == empty["about"][1].to_list()


def test_agents_that_nobody_declared() -> None:
    desk = sq.Records(
        tickets=[{"ticket_id": "a", "created_at": START, "agent_id": "ann"}],
        responses=[
            {"ticket_id": "a", "at": second(at), "author": author, "author_id": person}
            for at, author, person in [(1, "customer", "c"), (2, "agent", "ann"), (3, "bot", "rex"), (4, None, "who")]
        ],
        changes=[
            {"ticket_id": "a", "at": second(5), "field": "status", "value": "open", "actor_id": person}
            for person in ("ann", "job", None)
        ],
        agents=[sq.Agent(agent_id="ann", kind="human"), sq.Agent(agent_id="new")],
    )
    verdict = sq.check(desk)
    assert hits(verdict, UNDECLARED) == [
        ("responses", "author_id", 2, 4, "rex, who"),
        ("changes", "actor_id", 1, 3, "job"),
    ]
    assert hits(verdict, "without a kind") == [("agents", None, 1, 2, "new")]
    assert hits(verdict, "rows")[-1] == ("agents", None, 2, 2, None)
    assert "Who are the agents that the table of agents does not list: persons, bots or rules?" in verdict.questions


def test_an_agent_whose_row_does_not_hold_at_the_time() -> None:
    desk = sq.Records(
        tickets=[{"ticket_id": "a", "created_at": START, "agent_id": "ann"}],
        responses=[{"ticket_id": "a", "at": second(at), "author": "agent", "author_id": "ann"} for at in (1, 5, 6)],
        agents=[sq.Agent(agent_id="ann", kind="human", valid_from=second(5), valid_to=second(6))],
    )
    assert hits(sq.check(desk), UNDECLARED) == [("responses", "author_id", 2, 3, "ann")]


def test_an_author_whom_the_agents_tell_is_not_unknown() -> None:
    desk = sq.Records(
        tickets=[{"ticket_id": "a", "created_at": START}],
        responses=[{"ticket_id": "a", "at": second(9), "author": None, "author_id": "ann"}],
    )
    assert hits(sq.check(desk), "unknown author") == [("responses", None, 1, 1, "a")]
    assert hits(sq.check(desk.replace(agents=[sq.Agent(agent_id="ann", kind="human")])), "unknown author") == []
