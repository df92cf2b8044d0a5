"""Desks with actors, and their episodes as a person would read them off a history. Lives here: no test."""

from typing import Any

import polars as pl
from hypothesis import strategies as st

import servicequality as sq
from events.histories import ENDED, History, at, human, in_time, opening, public, records_of

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
