"""Who is a person: the table of agents outranks the words of messages and changes, at every instant."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal

import servicequality as sq
from events.histories import History, at, crowd, histories, records_of
from events.stints import Stint, as_told, some_stints, stints, told, with_agents
from events.test_oracle import agree, minutes
from servicequality import sla
from servicequality.errors import InputError

POLICY = sla.Policy("p", [sla.Target(kind, 600) for kind in ("first_response", "next_reply", "periodic_update")])
WORDS = ["customer", "agent", "bot", "system", None]


@given(histories(), stints(), minutes)
def test_facts_and_waits_are_what_a_person_reads(desk: list[History], listed: list[Stint], now: int) -> None:
    agree(as_told(desk, listed), now, with_agents(records_of(desk), listed))


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_histories(seed: int) -> None:
    desk, listed = crowd(2_000, seed), some_stints(seed)
    told_desk = as_told(desk, listed)
    assert told_desk != desk
    agree(told_desk, 120, with_agents(records_of(desk), listed))


def test_clocks_stop_at_the_answers_of_people() -> None:
    desk, listed = crowd(300, 7), some_stints(7)
    records = records_of(desk)
    clocks = sla.clocks(with_agents(records, listed), POLICY, as_of=at(120)).collect()
    assert_frame_equal(clocks, sla.clocks(records_of(as_told(desk, listed)), POLICY, as_of=at(120)).collect())
    assert not clocks.equals(sla.clocks(records, POLICY, as_of=at(120)).collect())


def desk_of(authors: list[Any], person: Any = "x", **more: Any) -> sq.Records:
    """One ticket with a message a minute, of one person."""
    return sq.Records(
        tickets={"ticket_id": ["t"], "created_at": [at(0)]},
        responses={
            "ticket_id": ["t"] * len(authors),
            "at": [at(minute) for minute in range(1, len(authors) + 1)],
            "author": authors,
            "author_id": [person] * len(authors),
            **more,
        },
    )


def replies(records: sq.Records) -> tuple[int, int]:
    row = sq.facts(records, as_of=at(120)).collect().row(0, named=True)
    return row["agent_replies"], row["customer_messages"]


@pytest.mark.parametrize(("kind", "expected"), [(None, (1, 1)), ("human", (4, 1)), ("bot", (0, 0)), ("system", (0, 0))])
def test_each_kind_and_each_word(kind: Any, expected: tuple[int, int]) -> None:
    records = desk_of(WORDS)
    assert replies(records.replace(agents=[sq.Agent(agent_id="x", kind=kind)])) == expected
    assert replies(records.replace(agents=[sq.Agent(agent_id="y", kind=kind)])) == (1, 1)


def test_a_person_s_automated_message_is_no_reply() -> None:
    records = desk_of(WORDS, automated=[True, True, False, False, True])
    assert replies(records.replace(agents=[sq.Agent(agent_id="x", kind="human")])) == (2, 1)


def test_a_stretch_holds_its_first_instant_and_not_its_last() -> None:
    listed = [
        sq.Agent(agent_id="x", kind="bot", valid_from=at(2), valid_to=at(4)),
        sq.Agent(agent_id="x", kind="system", valid_from=at(2), valid_to=at(2)),
    ]
    assert replies(desk_of(["agent"] * 5).replace(agents=listed)) == (3, 0)


@pytest.mark.parametrize("dtype", [pl.Int32(), pl.UInt64(), pl.Categorical(), pl.Enum(["7", "8"])])
def test_ids_of_any_type(dtype: pl.DataType) -> None:
    person = pl.Series(["7"] * 2, dtype=pl.String).cast(pl.Int64 if dtype.is_integer() else dtype).cast(dtype)
    agents = pl.DataFrame({"agent_id": person.head(1), "kind": ["bot"]})
    tickets = {"ticket_id": ["t"], "created_at": [at(0)]}
    rows = pl.DataFrame({"ticket_id": ["t"] * 2, "at": [at(1), at(2)], "author": ["agent"] * 2, "author_id": person})
    kept = sq.Records(tickets=tickets, responses=rows, agents=agents)
    assert kept.agents is not None
    assert kept.agents.collect_schema()["agent_id"] == dtype
    assert replies(kept) == (0, 0)
    as_text = agents.with_columns(pl.col("agent_id").cast(pl.String))
    assert replies(sq.Records(tickets=tickets, responses=rows, agents=as_text)) == (0, 0)


def test_agents_without_a_kind_decide_nothing() -> None:
    assert replies(desk_of(WORDS).replace(agents={"agent_id": ["x"], "team": ["night"]})) == (1, 1)
    assert replies(desk_of(WORDS).replace(agents=pl.DataFrame())) == (1, 1)


def test_spells_name_who_set_the_status_as_the_agents_tell() -> None:
    changes = {
        "ticket_id": ["t"] * 6,
        "at": [at(minute) for minute in range(1, 7)],
        "field": ["status"] * 6,
        "value": ["a", "b", "c", "d", "e", "f"],
        "actor": [*WORDS, "agent"],
        "actor_id": ["x", "x", "y", "x", "x", "z"],
    }
    listed = [Stint("x", "human", None, 2), Stint("x", "bot", 2, 5), Stint("x", "human", 5, None)]
    desk = sq.Records(tickets={"ticket_id": ["t"], "created_at": [at(0)]}, changes=changes)
    expected = [told(*row, listed) for row in zip(changes["actor"], changes["actor_id"], range(1, 7), strict=True)]
    assert expected == ["customer", "bot", "bot", "bot", "agent", "agent"]
    spells = sq.status_spells(with_agents(desk, listed), as_of=at(120)).collect()
    assert spells["actor"].to_list() == [None, *expected]
    unsaid = desk.replace(changes={name: values for name, values in changes.items() if name != "actor"})
    assert "actor" not in sq.status_spells(unsaid, as_of=at(120)).collect_schema()
    named = sq.status_spells(with_agents(unsaid, listed), as_of=at(120)).collect()
    assert named["actor"].to_list() == [None, "agent", "bot", None, "bot", "agent", None]


class TestBadInput:
    def test_two_kinds_at_one_instant(self) -> None:
        listed = [
            sq.Agent(agent_id="a", kind="bot", valid_from=at(9)),
            sq.Agent(agent_id="a", kind="human", valid_from=at(5), valid_to=at(10)),
            sq.Agent(agent_id="b", kind="human", valid_to=at(10)),
            sq.Agent(agent_id="b", kind="human", valid_from=at(10)),
        ]
        message = (
            r"agents: 1 of 2 ids hold twice at one time: 'a'; of the first 'a' from 2026-03-01 00:05:00\+00:00 until "
            r"2026-03-01 00:10:00\+00:00, 'a' from 2026-03-01 00:09:00\+00:00; end each row \(valid_to\) where the next"
        )
        with pytest.raises(InputError, match=message):
            sq.Records(agents=listed)
        assert sq.Records(agents=listed[1:]).agents is not None

    def test_a_row_that_overlaps_one_far_above_it(self) -> None:
        spans = [(0, 100), (1, 2), (50, 60)]
        listed = [sq.Agent(agent_id="a", valid_from=at(since), valid_to=at(until)) for since, until in spans]
        with pytest.raises(InputError, match="1 of 1 ids hold twice"):
            sq.Records(agents=[listed[0], listed[2]])
        with pytest.raises(InputError, match=r"1 of 1 ids hold twice.*until 2026-03-01 01:00:00\+00:00; end each"):
            sq.Records(agents=listed)

    def test_a_row_that_ends_before_it_begins(self) -> None:
        message = (
            r"agents.valid_to: 1 of 1 values lie before valid_from: 'a' from 2026-03-01 00:09:00\+00:00 until "
            r"2026-03-01 00:05:00\+00:00; a row holds from valid_from until just before valid_to"
        )
        with pytest.raises(InputError, match=message):
            sq.Records(agents=[sq.Agent(agent_id="a", valid_from=at(9), valid_to=at(5))])

    def test_a_kind_that_is_none(self) -> None:
        with pytest.raises(
            InputError, match=r"agents.kind: 1 of 2 values are not words of human, bot, system: 'robot'"
        ):
            sq.Records(agents={"agent_id": ["a", "b"], "kind": ["Bot", "robot"]})

    def test_times_without_a_zone(self) -> None:
        naive = {"agent_id": ["a"], "valid_from": [dt.datetime(2026, 3, 1)]}  # noqa: DTZ001
        with pytest.raises(InputError, match=r"agents.valid_from holds Datetime.* without a time zone: name the zone"):
            sq.Records(agents=naive)
        assert sq.Records(agents=naive, timezone="Europe/Berlin").agents is not None

    def test_a_lazy_table_says_so_when_it_is_read(self) -> None:
        twice = pl.LazyFrame({"agent_id": ["x", "x"], "kind": ["bot", "bot"]})
        records = desk_of(WORDS).replace(agents=twice)
        with pytest.raises(InputError, match="agents: 1 of 1 ids hold twice"):
            sq.facts(records, as_of=at(120)).collect()


def test_a_lazy_table_of_agents_is_read_at_collect() -> None:
    calls = []

    def rows(frame: pl.DataFrame) -> pl.DataFrame:
        calls.append(frame.height)
        return frame

    lazy = pl.LazyFrame({"agent_id": ["x"], "kind": ["bot"]}).map_batches(
        rows, schema={"agent_id": pl.String, "kind": pl.String}
    )
    records = desk_of(WORDS).replace(agents=lazy)
    facts, waits = sq.facts(records, as_of=at(120)), sq.reply_waits(records, as_of=at(120))
    assert not calls
    assert facts.collect()["agent_replies"].item() == 0
    assert calls
    assert waits.collect().height == 1
