"""The clocks against a slow, obvious reading of each ticket in plain Python, and the laws that they keep."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drawing import few
from events.histories import crowd, histories
from servicequality.sla import Policy, Target, clocks
from servicequality.sla.outcomes import OUTCOMES
from servicequality.sla.policy import CLOCKS
from servicequality.worktime import ALWAYS_OPEN, Schedule
from sla.oracle import Desk, Rule, clocks_of

HOURS = [("09:00", "12:30"), ("13:00", "17:30")]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
SCHEDULES = [
    ALWAYS_OPEN,
    Schedule(WEEK, "America/New_York", holidays=["2026-03-09"]),
    Schedule({**WEEK, "sun": [("22:00", "06:00")]}, "Europe/Berlin", exceptions={"2026-03-30": [("10:00", "12:00")]}),
    Schedule({day: [("00:00", "24:00")] for day in WEEK}, "Australia/Lord_Howe"),
]
# A few days before the clock changes in New York, Berlin and on Lord Howe Island; within working hours, and at night.
BASES = [
    datetime(2026, 3, 6, 15, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 4, 3, 22, tzinfo=UTC),
]
PRIORITIES = ["low", "High", None]

minutes = st.integers(0, 200)
budgets = st.sampled_from([0, 300, 1800, 3600, 3600, 5 * 3600, 20 * 3600, 100 * 3600])


@st.composite
def desks(draw: st.DrawFn, most: int = 4) -> Desk:
    """Random tickets whose priority and tier change, near a change of the clock."""
    drawn = draw(histories(most=most))
    for h in drawn:
        moves = st.tuples(
            st.integers(h.created, h.created + 60), st.just("priority"), st.sampled_from(["low", "High", "odd"])
        )
        h.changes += draw(st.lists(moves, max_size=3))
    priorities = [draw(st.sampled_from(PRIORITIES)) for _ in drawn]
    return Desk(drawn, priorities, draw(st.sampled_from(BASES)))


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """One to three policies: for a tier, until an instant, and for the rest."""

    def policy(name: str, **rest: Any) -> Policy:
        kinds = draw(st.sets(st.sampled_from(CLOCKS), min_size=1))
        targets = [Target(kind, draw(budgets)) for kind in sorted(kinds) if draw(st.booleans())]
        targets += [Target(kind, draw(budgets), "High") for kind in sorted(kinds)]
        paused = draw(st.sampled_from([(), ("pending",), ("Pending", "hold"), ("odd", "new")]))
        return Policy(name, targets, draw(st.sampled_from(SCHEDULES)), paused, **rest)

    until = draw(st.sampled_from(BASES)) + timedelta(hours=draw(st.integers(0, 100)))
    made: list[Rule] = [
        (policy("tier", when=pl.col("tier") == "2"), lambda columns: columns["tier"] == "2"),
        (policy("early", until=until), lambda _: True),
        (policy("late", since=until), lambda _: True),
    ]
    return made[draw(st.integers(0, 2)) :]


def table(desk: Desk, now: int, policies: list[Policy]) -> pl.DataFrame:
    return clocks(desk.records(), policies, as_of=desk.at(now)).collect()


def chance_desk(size: int, seed: int) -> Desk:
    """Many tickets at once, by chance alone."""
    chance = random.Random(seed)
    drawn = crowd(size, seed)
    for h in drawn:
        h.changes += [
            (
                h.created + chance.randrange(60),
                *chance.choice([("priority", "High"), ("priority", "low"), ("tier", "2")]),
            )
            for _ in range(chance.randrange(3))
        ]
    return Desk(drawn, [chance.choice(PRIORITIES) for _ in drawn], BASES[seed % len(BASES)])


def chance_rules(seed: int) -> list[Rule]:
    chance = random.Random(seed)

    def policy(name: str, **rest: Any) -> Policy:
        targets = [Target(kind, chance.choice([1800, 3600, 5 * 3600])) for kind in CLOCKS]
        targets += [Target(kind, chance.choice([300, 7200, 50 * 3600]), "High") for kind in CLOCKS]
        return Policy(
            name, targets, SCHEDULES[chance.randrange(4)], chance.choice([("pending",), ("hold", "odd")]), **rest
        )

    until = BASES[seed % len(BASES)] + timedelta(hours=30)
    return [
        (policy("tier", when=pl.col("tier") == "2"), lambda columns: columns["tier"] == "2"),
        (policy("early", until=until), lambda _: True),
        (policy("late", since=until), lambda _: True),
    ]


@few(8)
@given(desks(), rules(), minutes)
def test_clocks_are_what_a_person_reckons(desk: Desk, chosen: list[Rule], now: int) -> None:
    agree(desk, chosen, now)


@pytest.mark.parametrize("seed", range(2))
def test_hundreds_of_histories_at_once(seed: int) -> None:
    got = agree(chance_desk(200, seed), chance_rules(seed), 130)
    assert {row["outcome"] for row in got} == {*OUTCOMES.categories, None}
    assert {row["kind"] for row in got} == set(CLOCKS)


def agree(desk: Desk, chosen: list[Rule], now: int) -> list[dict[str, Any]]:
    got = [
        {
            "ticket": row["ticket_id"],
            **{name: row[name] for name in ("kind", "sequence", "policy", "priority", "outcome")},
            "start": desk.minute(row["started_at"]),
            "stop": desk.minute(row["stopped_at"]),
            "due": row["due_at"],
            **{name: row[f"{name}_seconds"] for name in ("elapsed", "paused", "target")},
        }
        for row in table(desk, now, [policy for policy, _ in chosen]).iter_rows(named=True)
    ]
    truth = [
        {"ticket": h.ticket_id, **{key: value for key, value in row.items() if key != "stood"}}
        for number, h in enumerate(desk.histories)
        if h.created <= now
        for row in sorted(
            clocks_of(desk, number, now, chosen), key=lambda row: (CLOCKS.index(row["kind"]), row["sequence"])
        )
    ]
    assert got == truth
    return got


with_policies = given(desks(most=8), rules(), minutes)


@few(6)
@with_policies
def test_parts_add_up_to_the_time_of_the_schedule(desk: Desk, chosen: list[Rule], now: int) -> None:
    by_name = {policy.name: policy for policy, _ in chosen}
    stood = {
        (h.ticket_id, row["kind"], row["sequence"]): row["stood"]
        for number, h in enumerate(desk.histories)
        if h.created <= now
        for row in clocks_of(desk, number, now, chosen)
    }
    for row in table(desk, now, [policy for policy, _ in chosen]).iter_rows(named=True):
        if row["elapsed_seconds"] is None:
            continue
        whole = by_name[row["policy"]].schedule.between(row["started_at"], row["stopped_at"] or desk.at(now))
        parts = row["elapsed_seconds"] + row["paused_seconds"]
        assert parts + stood[row["ticket_id"], row["kind"], row["sequence"]] == pytest.approx(whole, abs=1e-6)
        if row["outcome"] == "met":
            assert row["elapsed_seconds"] <= row["target_seconds"]
        if row["remaining_seconds"] is not None and row["due_at"] is not None:
            left = by_name[row["policy"]].schedule.between(desk.at(now), row["due_at"])
            if row["target_seconds"] == 0:  # due as it began, and still in time while it stands
                assert left <= 1e-6
                assert row["remaining_seconds"] == 0
            else:
                assert left == pytest.approx(row["remaining_seconds"], abs=1e-6)


@few(6)
@with_policies
def test_pauses_never_lengthen(desk: Desk, chosen: list[Rule], now: int) -> None:
    policies = [policy for policy, _ in chosen]
    fewer = [replace(policy, paused=policy.paused[:1]) for policy in policies]
    more, less = table(desk, now, policies), table(desk, now, fewer)
    assert more["started_at"].equals(less["started_at"])
    both = pl.DataFrame({"more": more["elapsed_seconds"], "less": less["elapsed_seconds"]}).drop_nulls()
    assert (both["more"] <= both["less"]).all()


@few(6)
@with_policies
def test_the_order_of_rows_does_not_matter(desk: Desk, chosen: list[Rule], now: int) -> None:
    records = desk.records()
    assert records.tickets is not None
    assert records.responses is not None
    assert records.changes is not None
    # Rows of one instant keep their order, which is what decides between them.
    shuffled = records.replace(
        tickets=records.tickets.reverse(),
        responses=records.responses.sort("ticket_id", "at", maintain_order=True, descending=[True, False]),
        changes=records.changes.sort("at", maintain_order=True, descending=True),
    )
    policies = [policy for policy, _ in chosen]
    as_of = desk.at(now)
    assert_frame_equal(
        clocks(shuffled, policies, as_of=as_of).collect(), clocks(records, policies, as_of=as_of).collect()
    )


@few(6)
@with_policies
def test_what_is_decided_stays_decided(desk: Desk, chosen: list[Rule], now: int) -> None:
    # A policy, a priority or a reopening may change what is in force; without them a later look does not contradict.
    policies = [replace(policy, when=None, since=None, until=None) for policy, _ in chosen[:1]]
    for h in desk.histories:
        h.changes = [row for row in h.changes if row[1] != "priority"]
    stay = {"met", "missed", "missed_open"}
    key = ["ticket_id", "kind", "started_at"]
    then = table(desk, now, policies).filter(pl.col("outcome").is_in(stay))
    later = table(desk, now + 40, policies)
    for row in then.join(later, on=key, how="left", suffix="_later").iter_rows(named=True):
        if row["outcome"] == "met":
            reopened = row["outcome_later"] != "met"
            assert not reopened or (
                row["kind"] not in ("first_response", "next_reply") and row["stopped_at_later"] != row["stopped_at"]
            )
        else:
            assert row["outcome_later"] in ("missed", "missed_open")
