"""Random desks for the tests of events, and the slow, obvious reading of one ticket. Lives here: no test."""

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from servicequality.model import Records

EPOCH = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ENDED = {"solved", "resolved", "closed"}
STATUSES = ["New", "open", "Pending", "hold", "Solved", "closed", "odd"]
WORDS = ["handoff", "confirmed", "human_requested"]


def at(minute: int) -> dt.datetime:
    return EPOCH + dt.timedelta(minutes=minute)


@dataclass
class History:
    """One ticket: minutes for instants, rows in the order of input."""

    ticket_id: str
    created: int
    opened_by: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    changes: list[tuple[int, str, str | None]] = field(default_factory=list)

    def known(self, minute: int) -> "History":
        """What of it was known."""
        return History(
            self.ticket_id,
            self.created,
            self.opened_by,
            [row for row in self.messages if row["at"] <= minute],
            [row for row in self.changes if row[0] <= minute],
        )


@st.composite
def histories(draw: st.DrawFn, *, early: bool = True, most: int = 4) -> list[History]:
    """A few tickets within a few hours, with many equal instants; `early` also draws events before the creation."""
    desk = []
    for number in range(draw(st.integers(1, most))):
        created = draw(st.integers(0, 60))
        minute = st.integers(max(0, created - 10) if early else created, created + draw(st.sampled_from([5, 100])))
        message = st.fixed_dictionaries(
            {
                "at": minute,
                "author": st.sampled_from(["customer", "agent", "agent", "bot", "system", None]),
                "author_id": st.sampled_from(["a", "b", None]),
                "public": st.sampled_from([True, True, False, None]),
                "automated": st.sampled_from([False, False, True, None]),
                "opening": st.sampled_from([False, False, False, True, None]),
                "channel": st.sampled_from(["email", "Note", None]),
            }
        )
        status = st.tuples(minute, st.just("status"), st.sampled_from(STATUSES))
        held = st.tuples(minute, st.sampled_from(["agent", "team", "tier"]), st.sampled_from(["1", "2", None]))
        told = st.tuples(minute, st.sampled_from(WORDS), st.sampled_from(["true", "False", None]))
        desk.append(
            History(
                f"t{number}",
                created,
                draw(st.sampled_from(["customer", "agent", None])),
                draw(st.lists(message, max_size=6)),
                draw(st.lists(st.one_of(status, status, status, held, told), max_size=8)),
            )
        )
    return desk


def crowd(size: int, seed: int) -> list[History]:
    """Many tickets at once, by chance alone: what hypothesis would take long to draw."""
    chance = random.Random(seed)
    desk = []
    for number in range(size):
        created = chance.randrange(60)
        span = chance.choice([5, 150])
        messages = [
            {
                "at": created + chance.randrange(-3, span),
                "author": chance.choice(["customer", "agent", "agent", "bot", "system", None]),
                "author_id": chance.choice(["a", "b", None]),
                "public": chance.choice([True, True, False, None]),
                "automated": chance.choice([False, False, True, None]),
                "opening": chance.choice([False, False, True, None]),
                "channel": chance.choice(["email", "Note", None]),
            }
            for _ in range(chance.randrange(8))
        ]
        changes: list[tuple[int, str, str | None]] = [
            (created + chance.randrange(-3, span), *chance.choice(kinds))
            for kinds in [
                [("status", status) for status in STATUSES]
                + [("agent", "1"), ("agent", "2"), ("agent", None), ("team", "2"), ("tier", None), ("handoff", "bot")]
                + [("handoff", None), ("confirmed", "true"), ("confirmed", "False"), ("confirmed", None)]
                + [("human_requested", "true"), ("human_requested", None), ("human_requested", "false")]
            ]
            for _ in range(chance.randrange(12))
        ]
        desk.append(History(f"t{number:05}", created, chance.choice(["customer", "agent", None]), messages, changes))
    return desk


def records_of(desk: list[History]) -> Records:
    """The tables of a desk; empty tables are there, too."""
    message = ("ticket_id", "at", "author", "author_id", "public", "automated", "opening", "channel")
    return Records(
        tickets={
            "ticket_id": [h.ticket_id for h in desk],
            "created_at": [at(h.created) for h in desk],
            "opened_by": [h.opened_by for h in desk],
        },
        responses={
            name: [
                h.ticket_id if name == "ticket_id" else at(row["at"]) if name == "at" else row[name]
                for h in desk
                for row in h.messages
            ]
            for name in message
        },
        changes={
            "ticket_id": [h.ticket_id for h in desk for _ in h.changes],
            "at": [at(row[0]) for h in desk for row in h.changes],
            "field": [row[1] for h in desk for row in h.changes],
            "value": [row[2] for h in desk for row in h.changes],
        },
    )


def human(row: dict[str, Any]) -> bool:
    return row["author"] == "agent" and not row["automated"]


def public(row: dict[str, Any]) -> bool:
    return row["public"] is not False


def opening(row: dict[str, Any], created: int) -> bool:
    return row["at"] == created if row["opening"] is None else row["opening"]


def in_time(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row["at"] if isinstance(row, dict) else row[0])


def read(whole: History, minute: int, paused: tuple[str, ...] = ("hold",)) -> dict[str, Any]:
    """The facts of one ticket as a person would read them off its history, row by row. Minutes, not seconds."""
    h = whole.known(minute)
    statuses = [(when, str(value).lower()) for when, name, value in in_time(h.changes) if name == "status"]

    ends: list[int] = []
    reopens: list[int] = []
    before: str | None = None
    for when, status in statuses:
        if status in ENDED and before not in ENDED:
            ends.append(when)
        if status not in ENDED and before in ENDED:
            reopens.append(when)
        before = status
    ended = before in ENDED

    spent: dict[str | None, int] = {}
    place, since = None, h.created
    for when, status in statuses:
        when = max(when, h.created)
        spent[place] = spent.get(place, 0) + when - since
        place, since = status, when
    spent[place] = spent.get(place, 0) + minute - since

    agents = [row for row in h.messages if human(row)]
    texts = [row for row in agents if public(row)]
    replies = [row for row in texts if not opening(row, h.created)]
    chosen = [row for row in h.messages if row["author"] == "customer" and public(row)]
    moved = set()
    moves = {"agent": 0, "team": 0, "tier": 0}
    risen = 0
    teams = set()
    for name in ("agent", "team", "tier"):
        holder: str | None = None
        for when, value in [(when, value) for when, of, value in in_time(h.changes) if of == name]:
            if name == "team" and value is not None:
                teams.add(value)
            if name != "tier" and holder is not None and value is not None and value != holder:
                moved.add(when)
                moves[name] += 1
            from_nothing = value is not None and holder is None and when > h.created
            if name == "tier" and ((holder is not None and value is not None and value != holder) or from_nothing):
                risen += 1
            holder = value

    assigned: list[tuple[int, str]] = []
    held = None
    for when, value in [(when, value) for when, of, value in in_time(h.changes) if of == "agent"]:
        if value is not None and value != held:
            assigned.append((max(when, h.created), value))
        held = value
    # Minute by minute: who held it, and whether it was ended, in the minute that begins here.
    idle = []
    for now in range(h.created, minute):
        holders = [value for when, of, value in in_time(h.changes) if of == "agent" and when <= now]
        stages = [status for when, status in statuses if when <= now]
        if (not holders or holders[-1] is None) and not (stages and stages[-1] in ENDED):
            idle.append(now)

    writers = {row["author_id"] for row in agents}
    known_writers = len(writers) if None not in writers else 1 if len(agents) == 1 else None
    followups = [row for row in chosen if not opening(row, h.created)]
    return {
        "first_response_at": min((row["at"] for row in replies), default=None),
        "zammad": min((row["at"] for row in replies if (row["channel"] or "").lower() != "note"), default=None),
        "first_resolution_at": ends[0] if ends else None,
        "resolved_at": ends[-1] if ended else None,
        "resolution_count": len(ends),
        "reopen_count": len(reopens),
        "spent": spent,
        "logged": bool(statuses),
        "hold": sum(spent.get(status, 0) for status in paused),
        "work": spent.get("new", 0) + spent.get("open", 0),
        "requester": spent.get("new", 0) + spent.get("open", 0) + spent.get("hold", 0),
        "agent_wait": spent.get("pending", 0),
        "public_agent_messages": len(texts),
        "agent_replies": len(replies),
        "customer_messages": len(chosen),
        "agents": known_writers if agents else 0,
        "reassignments": len(moved),
        "agent_reassignments": moves["agent"],
        "team_reassignments": moves["team"],
        "handoffs": sum(of == "handoff" for _, of, _ in h.changes),
        "customer_channels": len({row["channel"].lower() for row in chosen if row["channel"] is not None}),
        "internal_notes": sum(not public(row) for row in agents),
        "first_agent_id": assigned[0][1] if assigned else None,
        "last_agent_id": assigned[-1][1] if assigned else None,
        "first_assigned_at": assigned[0][0] if assigned else None,
        "last_assigned_at": assigned[-1][0] if assigned else None,
        "idle": idle,
        "two_touch": ended and len(texts) == 2,
        "first_tier_resolution": ended and not risen and not moves["team"],
        "escalations": risen,
        "teams": len(teams) or None,
        "one_touch": ended and len(texts) == 1,
        "multi_touch": ended and len(texts) > 2,
        "no_customer_followup": ended and not followups,
        "waits": waits(h, minute),
        "reopens": reopens,
    }


def waits(h: History, minute: int) -> list[tuple[int, int | None, str]]:
    """The reply waits of a known history, by walking through it."""
    story: list[tuple[int, int, str]] = []
    statuses = [(when, str(value).lower()) for when, name, value in in_time(h.changes) if name == "status"]
    before = None
    for when, status in statuses:
        if (status in ENDED) != (before in ENDED):
            story.append((when, 1, "end" if status in ENDED else "reopen"))
        before = status
    by_agent_text = False
    for row in in_time(h.messages):
        if human(row) and public(row):
            by_agent_text |= opening(row, h.created)
            if not opening(row, h.created):
                story.append((row["at"], 0, "answer"))
        elif row["author"] == "customer" and public(row):
            story.append((row["at"], 0, "ask"))
    if h.opened_by == "customer" or (h.opened_by is None and not by_agent_text):
        story.insert(0, (h.created, -1, "ask"))
    result: list[tuple[int, int | None, str]] = []
    start: int | None = None
    over = idle = False
    for when, _, kind in sorted(story, key=lambda row: row[:2]):
        if kind == "ask" and start is None:
            start, idle = when, over
        elif kind == "answer" and start is not None:
            result.append((start, when, "answered"))
            start = None
        elif kind == "reopen":
            over, idle = False, False
        elif kind == "end":
            if start is not None:
                result.append((start, when, "resolved"))
            start, over = None, True
    if start is not None and not idle:
        result.append((start, None, "open"))
    return result
