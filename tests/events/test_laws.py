"""Laws of the facts over random histories."""

import random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drawing import few
from events.histories import History, at, histories, records_of
from servicequality.events import check, facts, reply_waits, status_times
from servicequality.model import Records

minutes = st.integers(0, 200)


def every_table(records: Records, minute: int) -> list[pl.DataFrame]:
    return [
        facts(records, as_of=at(minute), paused=("hold",)).collect(),
        reply_waits(records, as_of=at(minute)).collect(),
        status_times(records, as_of=at(minute)).collect(),
    ]


@few(6)
@given(histories(most=8), minutes, st.integers(0, 2**32))
def test_the_order_of_rows_is_irrelevant(desk: list[History], now: int, seed: int) -> None:
    # But at equal instants, where the order of input decides: here every instant is its own.
    for h in desk:
        for used, row in enumerate(h.messages):
            row["at"] += 1_000 * used
        h.changes = [(when + 1_000 * used, *rest) for used, (when, *rest) in enumerate(h.changes)]  # type: ignore[misc]
    records = records_of(desk)
    shuffled = Records(
        **{name: table.collect().sample(fraction=1, shuffle=True, seed=seed) for name, table in records.tables.items()}
    )
    for one, other in zip(every_table(records, 3_000 + now), every_table(shuffled, 3_000 + now), strict=True):
        assert_frame_equal(one, other)


@few(6)
@given(histories(most=8), minutes)
def test_what_happens_later_changes_nothing(desk: list[History], now: int) -> None:
    known = [h.known(now) for h in desk if h.created <= now]
    if known:
        for one, other in zip(every_table(records_of(desk), now), every_table(records_of(known), now), strict=True):
            assert_frame_equal(one, other)


@few(6)
@given(histories(most=8), minutes)
def test_disjoint_sets_of_tickets_merge_to_the_whole(desk: list[History], now: int) -> None:
    parts = [every_table(records_of([h]), now) for h in desk]
    for whole, *pieces in zip(every_table(records_of(desk), now), *parts, strict=True):
        assert_frame_equal(whole, pl.concat(pieces))


@few(6)
@given(histories(most=8), minutes, minutes)
def test_a_later_look_never_contradicts_what_was_observed(desk: list[History], one: int, other: int) -> None:
    early, late = sorted([one, other])
    records = records_of(desk)
    before, after = (facts(records, as_of=at(minute)).collect() for minute in (early, late))
    both = before.join(after, on="ticket_id", suffix="_later")
    assert both.height == before.height
    for name in ("first_response", "first_resolution"):
        seen = both.filter(pl.col(f"{name}_at").is_not_null())
        for column in (f"{name}_at", f"{name}_seconds", f"{name}_observed"):
            assert seen[column].to_list() == seen[f"{column}_later"].to_list()
    for count in ("resolution_count", "reopen_count", "agent_replies", "customer_messages", "reassignments"):
        assert (both[count] <= both[f"{count}_later"]).all()
    waits, later = (reply_waits(records, as_of=at(minute)).collect() for minute in (early, late))
    # Who opened a ticket may be learnt late, if nothing but an opening text says so.
    over = waits.filter((pl.col("reply_wait_end") == "answered") & pl.col("opened_by").is_not_null())
    assert over.join(later, on=["ticket_id", "started_at", "stopped_at", "reply_wait_seconds"]).height == over.height


@few(6)
@given(histories(most=8), minutes)
def test_the_conservation_laws_hold(desk: list[History], now: int) -> None:
    verdict = check(records_of(desk), as_of=at(now), paused=("hold",))
    assert verdict.broken_laws.is_empty(), str(verdict)


@few(6)
@given(histories(early=False, most=8), minutes)
def test_a_log_with_the_value_before_says_the_same(desk: list[History], now: int) -> None:
    # The first row of each story is left out: then only `previous` knows how the ticket began.
    records = records_of(desk)
    assert records.changes is not None
    log = records.changes.sort("at", maintain_order=True).with_columns(
        previous=pl.col("value").shift().over("ticket_id", "field"),
        first=pl.int_range(pl.len()).over("ticket_id", "field") == 0,
    )
    carried = Records(tickets=records.tickets, responses=records.responses, changes=log.drop("first"))
    for one, other in zip(every_table(records, now), every_table(carried, now), strict=True):
        assert_frame_equal(one, other)
    # Tickets whose log begins at their creation lose nothing if that first row is missing.
    created = {h.ticket_id: h.created for h in desk}
    begun = [
        h.ticket_id
        for h in desk
        if (own := sorted((row for row in h.changes if row[1] == "status"), key=lambda row: row[0]))
        and own[0][0] == created[h.ticket_id]
        and len(own) > 1
        and own[1][0] <= now
        and own[0][2] not in ("Solved", "closed")
    ]
    late = log.filter(~(pl.col("first") & (pl.col("field") == "status"))).drop("first")
    shortened = Records(tickets=records.tickets, responses=records.responses, changes=late)
    columns = ["ticket_id", "reopen_count", "hold_seconds", "agent_work_seconds", "resolved_at"]
    whole, short = (
        facts(r, as_of=at(now), paused=("hold",)).filter(pl.col("ticket_id").is_in(begun)).select(columns).collect()
        for r in (records, shortened)
    )
    assert_frame_equal(whole, short)


def test_lazy_tables_and_the_in_memory_engine_say_the_same() -> None:
    chance = random.Random(5)
    desk = [
        History(f"t{n}", n, "customer", [], [(n + chance.randrange(50), "status", chance.choice(["open", "solved"]))])
        for n in range(300)
    ]
    frame = facts(records_of(desk), as_of=at(400))
    assert isinstance(frame, pl.LazyFrame)
    assert_frame_equal(frame.collect(engine="streaming"), frame.collect(engine="in-memory"))
    assert frame.collect()["ticket_id"].is_sorted()
    narrow = frame.select("ticket_id", "reopen_count").collect()
    assert_frame_equal(narrow, frame.collect().select("ticket_id", "reopen_count"))
