"""Episodes against an obvious reading of one ticket, and golden rows at the edges."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from drawing import few
from events.histories import ENDED, History, at, crowd, histories, human, in_time, opening, public, records_of
from servicequality.worktime import Schedule

NAMES = (
    "started_at", "ended_at", "bot_replies", "human_replies", "first_bot_at", "first_human_at", "human_after_bot",
    "handoff_at", "handoff_reason", "human_requested_at", "requested_human", "confirmed", "ended_by", "reopened_at",
    "next_started_at", "observed",
)  # fmt: skip
INSTANTS = [name for name in NAMES if name.endswith("_at")]
ACTORS = ["customer", "agent", "bot", "system", None]
minutes = st.integers(0, 200)


def actor_of(when: int, value: str | None) -> str | None:
    """Who made a change: any rule will do that tells it from the change alone."""
    return ACTORS[(when + len(value or "")) % len(ACTORS)]


def desk_of(desk: list[History]) -> sq.Records:
    """The tables of a desk, with the actors of the changes."""
    records = records_of(desk)
    actors = [actor_of(when, value) for h in desk for when, _, value in h.changes]
    changes = None if records.changes is None else records.changes.collect()
    assert changes is not None
    return sq.Records(
        tickets=records.tickets,
        responses=records.responses,
        changes=changes.with_columns(pl.Series("actor", actors, dtype=pl.String)),
    )


def read(whole: History, minute: int) -> list[dict[str, Any]]:
    """The episodes of one ticket as a person would read them off its history, event by event."""
    h = whole.known(minute)
    story: list[tuple[int, int, str, Any]] = []
    foreign = False
    for row in in_time(h.messages):
        told = bool(row["opening"])
        if public(row) and row["author"] == "customer":
            story.append((row["at"], 0, "ask", None))
        elif public(row) and row["author"] == "bot":
            foreign |= told
            if not told:
                story.append((row["at"], 0, "bot", None))
        elif public(row) and human(row):
            foreign |= opening(row, h.created)
            if not opening(row, h.created):
                story.append((row["at"], 0, "human", None))
    if h.opened_by == "customer" or (h.opened_by is None and not foreign):
        story.append((h.created, -1, "ask", None))
    for when, field, value in in_time(h.changes):
        if field in ("status", "handoff", "confirmed", "human_requested"):
            story.append((when, 1, field, value))

    episodes: list[dict[str, Any]] = []
    running, ended, bot_acted = False, False, False
    for when, _, kind, value in sorted(story, key=lambda event: event[:2]):
        last = episodes[-1] if episodes else None
        ends = kind == "status" and str(value).lower() in ENDED
        reopens = kind == "status" and ended and not ends
        if reopens and last is not None and not running:
            last["reopened_at"] = when
        if reopens and running and len(episodes) > 1 and episodes[-2]["reopened_at"] is None:
            episodes[-2]["reopened_at"] = when
        if not running and (kind == "ask" or reopens):
            if last is not None:
                last["next_started_at"] = when
            episodes.append(dict.fromkeys(NAMES) | {"started_at": when, "bot_replies": 0, "human_replies": 0})
            episodes[-1] |= {"human_after_bot": False, "requested_human": False, "observed": False}
            running, bot_acted = True, False
            last = episodes[-1]
        if kind == "status":
            ended = ends
        if last is None:
            continue
        if kind == "confirmed":
            last["confirmed"] = {"true": True, "false": False}.get(str(value).lower())
        if kind == "human_requested" and str(value).lower() != "false":
            last["requested_human"] = True
            last["human_requested_at"] = when if last["human_requested_at"] is None else last["human_requested_at"]
        if not running:
            continue
        if kind == "bot":
            last["bot_replies"] += 1
            last["first_bot_at"] = when if last["first_bot_at"] is None else last["first_bot_at"]
            bot_acted = True
        if kind == "human":
            last["human_replies"] += 1
            last["first_human_at"] = when if last["first_human_at"] is None else last["first_human_at"]
            last["human_after_bot"] |= bot_acted
        if kind == "handoff":
            if last["handoff_at"] is None:
                last |= {"handoff_at": when, "handoff_reason": value}
            bot_acted = True
        if ends:
            actor = actor_of(when, value)
            last |= {"ended_at": when, "observed": True, "ended_by": "human" if actor == "agent" else actor}
            running = False
    return episodes


def expected(desk: list[History], minute: int) -> list[dict[str, Any]]:
    rows = []
    for h in desk:
        for place, row in enumerate(read(h, minute) if h.created <= minute else []):
            instants = {name: None if row[name] is None else at(row[name]) for name in INSTANTS}
            rows.append({"ticket_id": h.ticket_id, "sequence": place + 1} | row | instants)
    return rows


def got(desk: list[History], minute: int) -> list[dict[str, Any]]:
    frame = sq.episodes(desk_of(desk), as_of=at(minute)).select("ticket_id", "sequence", *NAMES)
    return frame.collect().to_dicts()


@given(histories(), minutes)
def test_episodes_are_what_a_reader_finds(desk: list[History], now: int) -> None:
    assert got(desk, now) == expected(desk, now)


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_histories(seed: int) -> None:
    desk = crowd(3_000, seed)
    for minute in (25, 70, 210):
        rows = expected(desk, minute)
        assert got(desk, minute) == rows
        kinds = {(row["bot_replies"] > 0, row["handoff_at"] is None, row["observed"], row["confirmed"]) for row in rows}
        assert len(kinds) > 15  # the histories hold what they should


def test_tickets_of_hundreds_of_events() -> None:
    chance = random.Random(4)
    blank = {"author_id": None, "public": True, "automated": False, "opening": False, "channel": None}
    desk = [
        History(
            f"t{number}",
            5,
            "customer",
            [
                blank | {"at": chance.randrange(900), "author": chance.choice(["customer", "agent", "bot"])}
                for _ in range(200)
            ],
            [(chance.randrange(900), "status", chance.choice(["open", "Solved", "closed"])) for _ in range(size)]
            + [
                (chance.randrange(900), chance.choice(["handoff", "confirmed", "human_requested"]), "true")
                for _ in range(40)
            ],
        )
        for number, size in enumerate([300, 0, 1, 2, 3, 7, 8])
    ]
    for minute in (4, 450, 900):
        assert got(desk, minute) == expected(desk, minute)
    assert max(row["sequence"] for row in expected(desk, 900)) > 50


@few(6)
@given(histories(most=6), minutes)
def test_the_durations_follow_from_the_instants(desk: list[History], now: int) -> None:
    rows = sq.episodes(desk_of(desk), as_of=at(now), schedule=Schedule({"sun": [("00:00", "01:00")]}, "UTC")).collect()
    for row in rows.iter_rows(named=True):
        start, end, until = row["started_at"], row["ended_at"], at(now)
        spans = {"episode": end, "bot_response": row["first_bot_at"], "handoff": row["handoff_at"]}
        for name, event in spans.items():
            stop = event or end or until
            assert row[f"{name}_seconds"] == (stop - start).total_seconds()
            open_until = at(60)
            worked = max((min(stop, open_until) - min(start, open_until)).total_seconds(), 0)
            assert row[f"{name}_working_seconds"] == worked
        assert row["bot_response_observed"] == (row["bot_replies"] > 0)
        assert row["handoff_observed"] == (row["handoff_at"] is not None)
        assert row["episode_id"] == f"{row['ticket_id']}/{row['sequence']}"
        names = ("return_seconds", "return_observed", "ended_age_seconds", "human_request_seconds")
        if end is None:
            assert [row[name] for name in names] == [None] * 4
            continue
        asked, back = row["human_requested_at"], row["next_started_at"]
        assert row["return_seconds"] == ((back or until) - end).total_seconds()
        assert row["return_observed"] == (back is not None)
        assert row["ended_age_seconds"] == (until - end).total_seconds()
        assert row["human_request_seconds"] == (None if asked is None else max((asked - end).total_seconds(), 0))


# Golden rows


def records(messages: str = "", changes: str = "", **ticket: Any) -> sq.Records:
    """A ticket that its customer opened at minute 0: messages as ``"1 bot, 2 agent"``, changes as ``"3 status=solved bot"``."""
    sent = [part.split() for part in messages.split(", ") if part]
    moved = [part.split() for part in changes.split(", ") if part]
    none: list[dict[str, Any]] = []
    return sq.Records(
        tickets=[{"ticket_id": "t", "created_at": at(0), "opened_by": "customer", **ticket}],
        responses=none + [{"ticket_id": "t", "at": at(int(when)), "author": who} for when, who, *_ in sent],
        changes=none
        + [
            {"ticket_id": "t", "at": at(int(when)), "field": what.split("=")[0], "value": what.split("=")[1] or None}
            | ({"actor": who[0]} if who else {"actor": None})
            for when, what, *who in moved
        ],
    )


def rows_of(
    messages: str = "", changes: str = "", *names: str, now: int = 1_000, **ticket: Any
) -> list[tuple[Any, ...]]:
    frame = sq.episodes(records(messages, changes, **ticket), as_of=at(now)).select(*names).collect()
    return frame.rows()


def test_the_next_episode_starts_with_a_message_or_a_reopening_whichever_is_first() -> None:
    names = ("sequence", "started_at", "ended_at", "reopened_at", "next_started_at")
    solved = "5 status=solved bot"
    assert rows_of("9 customer", solved, *names) == [(1, at(0), at(5), None, at(9)), (2, at(9), None, None, None)]
    reopened = f"{solved}, 8 status=open, 20 status=closed"
    assert rows_of("9 customer", reopened, *names) == [
        (1, at(0), at(5), at(8), at(8)),
        (2, at(8), at(20), None, None),
    ]
    later = f"{solved}, 11 status=open, 20 status=closed"
    assert rows_of("9 customer", later, *names) == [(1, at(0), at(5), at(11), at(9)), (2, at(9), at(20), None, None)]


def test_a_reopening_belongs_to_the_episode_that_ended_last() -> None:
    changes = "5 status=solved, 20 status=closed, 30 status=open"
    assert rows_of("9 customer", changes, "ended_at", "reopened_at") == [(at(5), None), (at(20), at(30)), (None, None)]


def test_closed_after_solved_is_no_episode_and_ends_one_that_a_thank_you_began() -> None:
    changes = "5 status=solved bot, 20 status=closed system"
    assert rows_of("1 bot", changes, "ended_at", "ended_by") == [(at(5), "bot")]
    assert rows_of("1 bot, 9 customer", changes, "ended_at", "ended_by") == [(at(5), "bot"), (at(20), "system")]


def test_what_comes_at_the_instant_of_the_end() -> None:
    solved = "5 status=solved bot"
    names = ("bot_replies", "human_replies", "next_started_at")
    assert rows_of("5 agent, 5 bot, 5 customer", solved, *names) == [(1, 1, None)]
    assert rows_of("6 agent, 6 bot", solved, *names) == [(0, 0, None)]
    # Of changes at one instant the order of input decides.
    assert rows_of("", f"5 handoff=x, {solved}", "handoff_at") == [(at(5),)]
    assert rows_of("", f"{solved}, 5 handoff=x", "handoff_at") == [(None,)]


def test_the_customers_word_belongs_to_the_episode_that_started_last() -> None:
    changes = (
        "5 status=solved bot, 7 confirmed=true, 9 status=open, 10 confirmed=False, 11 confirmed=, 20 status=solved"
    )
    assert rows_of("1 bot", changes, "confirmed") == [(True,), (None,)]
    assert rows_of("1 bot", changes, "confirmed", now=10) == [(True,), (False,)]
    asked = "5 status=solved, 6 human_requested=, 9 status=open, 10 human_requested=false"
    names = ("requested_human", "human_requested_at", "human_request_seconds")
    assert rows_of("1 bot", asked, *names) == [(True, at(6), 60.0), (False, None, None)]


def test_a_person_after_the_bot_is_told_from_one_before_it() -> None:
    name = "human_after_bot"
    assert rows_of("1 agent, 2 bot", "", name) == [(False,)]
    assert rows_of("1 agent, 2 bot, 3 agent", "", name) == [(True,)]
    assert rows_of("1 agent, 3 agent", "2 handoff=x", name) == [(True,)]
    assert rows_of("2 agent", "2 handoff=x", name) == [(False,)]  # messages come before changes


def test_a_bot_that_answers_in_the_second_of_the_creation_replies_and_an_opening_of_its_own_does_not() -> None:
    assert rows_of("0 bot", "", "bot_replies") == [(1,)]
    assert rows_of("0 bot", "", "bot_replies", opened_by=None) == [(1,)]
    assert rows_of("0 bot, 1 bot", "", "bot_replies", opened_by="bot") == []
    assert rows_of("0 bot, 4 customer, 5 bot", "", "started_at", "bot_replies", opened_by="bot") == [(at(4), 1)]


def test_automated_messages_of_persons_are_no_replies_and_those_of_bots_are() -> None:
    table = records("1 agent, 2 bot, 3 system")
    assert table.responses is not None
    automatic = sq.Records(
        tickets=table.tickets, responses=table.responses.with_columns(automated=True), changes=table.changes
    )
    names = ("bot_replies", "human_replies")
    assert sq.episodes(automatic, as_of=at(9)).select(names).collect().rows() == [(1, 0)]


def test_an_excluded_ticket_stays_a_row() -> None:
    solved = "5 status=solved bot"
    assert rows_of("", solved, "eligible") == [(True,)]
    assert rows_of("", solved, "eligible", excluded="Spam") == [(False,)]
    assert rows_of("", f"{solved}, 9 status=merged", "eligible")[0] == (False,)
    frame = sq.episodes(records("", solved, excluded="odd"), as_of=at(9), excluded=("odd",)).collect()
    assert frame["eligible"].to_list() == [False]
    assert sq.episodes(records("", "5 status=done"), as_of=at(9), ended=("Done",)).collect()["observed"].to_list() == [
        True
    ]


def test_a_log_that_begins_late_says_what_came_before() -> None:
    late = records("", "5 status=open").changes
    assert late is not None
    table = sq.Records(
        tickets=[{"ticket_id": "t", "created_at": at(0), "opened_by": "agent"}],
        responses=pl.DataFrame(schema={"ticket_id": pl.String, "at": pl.Datetime("us", "UTC"), "author": pl.String}),
        changes=late.with_columns(previous=pl.lit("Solved")),
    )
    assert sq.episodes(table, as_of=at(9)).collect()["started_at"].to_list() == [at(5)]


# Laws
