"""Laws of episodes over random histories, laziness, columns and bad input."""

import random
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import servicequality as sq
from drawing import few
from events.histories import History, at, crowd, histories
from events.test_episodes import INSTANTS, desk_of, minutes, records
from servicequality.errors import InputError, ParameterError


@few(6)
@given(histories(most=8), minutes, st.integers(0, 2**32))
def test_the_order_of_rows_is_irrelevant(desk: list[History], now: int, seed: int) -> None:
    # But at equal instants, where the order of input decides: here every instant is its own.
    for h in desk:
        for used, row in enumerate(h.messages):
            row["at"] += 1_000 * used
        h.changes = [(when + 1_000 * used, *rest) for used, (when, *rest) in enumerate(h.changes)]  # type: ignore[misc]
    whole = desk_of(desk)
    shuffled = sq.Records(
        **{name: table.collect().sample(fraction=1, shuffle=True, seed=seed) for name, table in whole.tables.items()}
    )
    assert_frame_equal(*(sq.episodes(one, as_of=at(3_000 + now)).collect() for one in (whole, shuffled)))


@few(6)
@given(histories(most=8), minutes)
def test_what_happens_later_changes_nothing(desk: list[History], now: int) -> None:
    known = [h.known(now) for h in desk if h.created <= now]
    if known:
        assert_frame_equal(*(sq.episodes(desk_of(one), as_of=at(now)).collect() for one in (desk, known)))


@few(6)
@given(histories(most=8), minutes)
def test_disjoint_sets_of_tickets_merge_to_the_whole(desk: list[History], now: int) -> None:
    pieces = [sq.episodes(desk_of([h]), as_of=at(now)).collect() for h in desk]
    assert_frame_equal(sq.episodes(desk_of(desk), as_of=at(now)).collect(), pl.concat(pieces))


@few(6)
@given(histories(most=8), minutes, minutes)
def test_a_later_look_never_contradicts_what_was_observed(desk: list[History], one: int, other: int) -> None:
    # Who opened a ticket may be learnt late, if nothing but an opening text says so.
    desk = [h for h in desk if h.opened_by is not None]
    early, late = sorted([one, other])
    table = desk_of(desk) if desk else None
    if table is None:
        return
    before, after = (sq.episodes(table, as_of=at(minute)).collect() for minute in (early, late))
    both = before.join(after, on="episode_id", suffix="_later")
    assert both.height == before.height
    for name in (*INSTANTS, "handoff_reason", "ended_by"):
        seen = both.filter(pl.col(name).is_not_null())
        assert seen[name].to_list() == seen[f"{name}_later"].to_list()
    over = both.filter("observed")
    for name in ("bot_replies", "human_replies", "human_after_bot", "episode_seconds", "handoff_observed"):
        assert over[name].to_list() == over[f"{name}_later"].to_list()
    assert (both["bot_replies"] <= both["bot_replies_later"]).all()


def test_lazy_tables_narrow_selections_and_the_in_memory_engine_say_the_same() -> None:
    frame = sq.episodes(desk_of(crowd(400, 5)), as_of=at(150))
    assert isinstance(frame, pl.LazyFrame)
    whole = frame.collect(engine="streaming")
    assert_frame_equal(whole, frame.collect(engine="in-memory"))
    assert whole.schema == frame.collect_schema()
    assert whole.equals(whole.sort("ticket_id", "sequence"))
    chance = random.Random(3)
    for _ in range(8):
        names = chance.sample(whole.columns, 3)
        assert_frame_equal(frame.select(names).collect(), whole.select(names))
    assert frame.select(pl.len()).collect().item() == whole.height


def test_the_tickets_own_columns_come_along_and_none_of_them_replaces_an_episodes() -> None:
    rows = sq.episodes(records("1 bot", "5 status=solved", channel="chat", confirmed_by="x", observed="y"), as_of=at(9))
    frame = rows.collect()
    assert frame.select("channel", "observed", "status").row(0) == ("chat", True, "solved")
    assert "first_resolved_at" not in frame.columns
    assert frame["confirmed_by"].to_list() == ["x"]


# Bad input


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (
            lambda r: sq.episodes(r, as_of=at(0).replace(tzinfo=None)),
            ParameterError,
            "as_of must be a datetime with a time",
        ),
        (lambda r: sq.episodes(r, as_of=at(0), ended="solved"), ParameterError, "ended must be a tuple of names"),
        (lambda r: sq.episodes(r, as_of=at(0), excluded=(1,)), ParameterError, "excluded must be a tuple of names"),
        (lambda r: sq.episodes(r, as_of=at(0), schedule=8), ParameterError, "schedule must be a Schedule"),
        (lambda r: sq.episodes(r.tickets, as_of=at(0)), ParameterError, "episodes needs Records; got LazyFrame"),
        (
            lambda r: sq.episodes(sq.Records(tickets=r.tickets, changes=r.changes), as_of=at(0)),
            InputError,
            "got none: episodes need Records(responses=...)",
        ),
        (
            lambda r: sq.episodes(sq.Records(tickets=r.tickets, responses=r.responses), as_of=at(0)),
            InputError,
            "got none: episodes need Records(changes=...)",
        ),
    ],
)
def test_bad_input_is_told(call: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=re.escape(told)):
        call(records("1 bot", "5 status=solved"))
