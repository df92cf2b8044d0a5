"""Numbers of text ids and the order of a log, against dictionaries and `sorted`."""

import random

import polars as pl
import pytest

from servicequality.events.numbering import TicketNumbers, beside_above, one_after_another, with_tickets


def numbered(ids: list[str | None], tickets: list[str | None]) -> list[tuple[str | None, int, int]]:
    heads = pl.DataFrame(
        {"ticket_id": tickets, "_created": range(100, 100 + len(tickets))}, schema_overrides={"ticket_id": pl.String}
    )
    events = pl.LazyFrame({"ticket_id": ids}, schema={"ticket_id": pl.String})
    frame = with_tickets(events, TicketNumbers(heads))
    rows = frame.collect(engine="streaming")
    assert rows.equals(frame.collect(engine="in-memory"))
    return list(rows.select("ticket_id", "_ticket", "_created").iter_rows())


@pytest.mark.parametrize(("tickets", "events"), [(0, 5), (5, 0), (1, 3), (40, 7), (700, 3_000), (5_000, 200_000)])
def test_an_event_finds_its_ticket(tickets: int, events: int) -> None:
    chance = random.Random(tickets)
    known = sorted(f"ticket {chance.randrange(10**9)}" * chance.choice([1, 3]) for _ in range(tickets))
    ids = [*known, "a stranger", None]
    chosen = [chance.choice(ids) for _ in range(events)]
    place = {text: number for number, text in enumerate(known)}
    assert numbered(chosen, [*known]) == [(text, place[text], 100 + place[text]) for text in chosen if text in place]


def test_a_ticket_without_an_id_has_a_number_and_no_event() -> None:
    assert numbered(["b", None, "a"], [None, None, "a", "b"]) == [("b", 3, 103), ("a", 2, 102)]


def test_an_id_that_several_tickets_bear_is_found_once() -> None:
    ids = [f"t{number // 3}" for number in range(3_000)]
    result = numbered(["t7", "t900", "t7"], sorted(ids))
    assert [text for text, _, _ in result] == ["t7", "t900", "t7"]
    assert all(sorted(ids)[number] == text for text, number, _ in result)
    assert result[0] == result[2]


def test_a_join_that_needs_no_more_rows_may_stop_early() -> None:
    heads = pl.DataFrame({"ticket_id": ["a", "b"], "_created": [1, 2]})
    rows = with_tickets(pl.LazyFrame({"ticket_id": ["b", "a", "b"]}), TicketNumbers(heads))
    nothing = pl.LazyFrame(schema={"_ticket": pl.UInt32})
    assert rows.join(nothing, on="_ticket").collect(engine="streaming").is_empty()
    assert rows.head(1).collect(engine="streaming")["_ticket"].to_list() == [1]


@pytest.mark.parametrize("step", [1, 2**60])
@pytest.mark.parametrize("kept", ["in time", "by ticket", "in no order"])
def test_rows_stand_by_number_then_time_then_as_they_came(kept: str, step: int) -> None:
    chance = random.Random(3)
    rows = [(chance.randrange(4) * step, chance.randrange(6), row) for row in range(500)]
    if kept != "in no order":
        rows.sort(key=(lambda row: row[1]) if kept == "in time" else (lambda row: row[:2]))
    frame = pl.LazyFrame(rows, schema={"_ticket": pl.Int64, "_at": pl.Int64, "row": pl.Int64}, orient="row")
    ordered = one_after_another(frame).collect()
    assert list(ordered.iter_rows()) == sorted(rows, key=lambda row: row[:2])
    assert one_after_another(frame.clear()).collect().is_empty()


@pytest.mark.parametrize("kept", ["in time", "in no order"])
def test_each_row_learns_what_the_row_above_has(kept: str) -> None:
    chance = random.Random(4)
    rows = [(chance.randrange(40), chance.randrange(6), chance.randrange(1, 9), row) for row in range(300)]
    if kept == "in time":
        rows.sort(key=lambda row: row[1])
    schema = {"_ticket": pl.UInt32, "_at": pl.Int64, "value": pl.UInt8, "row": pl.Int64}
    frame = beside_above(pl.LazyFrame(rows, schema=schema, orient="row"), "value")
    got = frame.collect()
    assert got.schema == frame.collect_schema()
    assert list(got.select(*schema).iter_rows()) == rows
    story = sorted(rows, key=lambda row: row[:2])
    above = {
        row: over[2] if over[0] == row[0] else None for over, row in zip([(None,) * 4, *story], story, strict=False)
    }
    closing = {row for row, under in zip(story, [*story[1:], (None,) * 4], strict=True) if row[0] != under[0]}
    assert got["_above"].to_list() == [above[row] for row in rows]
    assert got["_is_last"].to_list() == [row in closing for row in rows]
    assert beside_above(pl.LazyFrame(schema=schema), "value").collect().is_empty()
