"""Random tables of agents, and the slow, obvious reading of who wrote a message under them. Lives here: no test."""

import random
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from events.histories import History, at
from servicequality.model import Agent, Records

KINDS = ["human", "bot", "system", None]


@dataclass
class Stint:
    """An agent, and what it was from a minute until just before another; None is an open side."""

    agent_id: str
    kind: Any
    since: int | None
    until: int | None


def between(agent_id: str, cuts: list[int], kinds: list[Any], *, begins: bool, ends: bool) -> list[Stint]:
    """One after another: a stint between any two of the cuts, some left out by a kind "gone"."""
    marks = [None if begins else cuts[0], *cuts[1:-1], None if ends else cuts[-1]]
    spans = list(zip(marks, marks[1:], kinds, strict=False))
    return [Stint(agent_id, kind, since, until) for since, until, kind in spans if kind != "gone"]


@st.composite
def stints(draw: st.DrawFn) -> list[Stint]:
    """For "a" and "b" of the histories, and for one who writes nothing, no stint or a few."""
    listed = []
    for agent in ["a", "b", "c"]:
        cuts = sorted(draw(st.lists(st.integers(-5, 200), min_size=2, max_size=4)))
        kinds = draw(st.lists(st.sampled_from([*KINDS, "gone"]), min_size=3, max_size=3))
        listed += between(agent, cuts, kinds, begins=draw(st.booleans()), ends=draw(st.booleans()))
    return draw(st.permutations(listed))


def some_stints(seed: int) -> list[Stint]:
    """For "a" and "b" a dozen, by chance alone."""
    chance = random.Random(seed)
    listed = []
    for agent in ["b", "a"]:
        cuts = sorted(chance.sample(range(-5, 200), 13))
        kinds = [chance.choice([*KINDS, "gone"]) for _ in cuts[1:]]
        listed += between(agent, cuts, kinds, begins=chance.random() < 0.5, ends=chance.random() < 0.5)
    return listed


def with_agents(records: Records, listed: list[Stint]) -> Records:
    """The records, with the agents beside them."""

    def instant(minute: int | None) -> Any:
        return None if minute is None else at(minute)

    rows = [
        Agent(agent_id=one.agent_id, kind=one.kind, valid_from=instant(one.since), valid_to=instant(one.until))
        for one in listed
    ]
    return records.replace(agents=rows)


def told(word: str | None, person: str | None, minute: int, listed: list[Stint]) -> str | None:
    """What a person makes of a row that has a word of its own and was written by someone at a minute."""
    for one in listed:
        begun = one.since is None or one.since <= minute
        ended = one.until is not None and one.until <= minute
        if one.agent_id == person and begun and not ended:
            if one.kind in ("bot", "system"):
                return str(one.kind)
            if one.kind == "human":
                return word if word in ("customer", "agent") else "agent"
    return word


def as_told(desk: list[History], listed: list[Stint]) -> list[History]:
    """The same desk, with what the agents tell written into each message."""
    return [
        replace(
            h,
            messages=[row | {"author": told(row["author"], row["author_id"], row["at"], listed)} for row in h.messages],
        )
        for h in desk
    ]
