"""What came after a resolution: the next contact and the return, beside a loop, at their boundaries, and where unknown."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality import facts, follow_ups
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
NOW = START + dt.timedelta(hours=100)
HOURS = pl.Datetime("us", "UTC")


def hour(n: float | None) -> dt.datetime | None:
    return None if n is None else START + dt.timedelta(hours=n)


def rows(*tickets: tuple[str | None, float, float | None], **more: list[Any]) -> pl.DataFrame:
    """Tickets as (who, created, resolved), in hours."""
    who, created, resolved = zip(*tickets, strict=True)
    return pl.DataFrame(
        {
            "requester_id": pl.Series(who, dtype=pl.String),
            "created_at": pl.Series([hour(n) for n in created], dtype=HOURS),
            "resolved_at": pl.Series([hour(n) for n in resolved], dtype=HOURS),
            **{name: values if name[-3:] != "_at" else pl.Series([hour(n) for n in values], dtype=HOURS)
               for name, values in more.items()},
        }
    )  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]),
            st.integers(0, 20),
            st.none() | st.integers(0, 20),
            st.sampled_from(["x", "y", None]),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_next_contact_is_the_first_creation_after_the_end(tickets: list[tuple[Any, ...]], by_topic: bool) -> None:
    frame = rows(*(ticket[:3] for ticket in tickets)) if tickets else rows(("a", 0, 0)).clear()
    frame = frame.with_columns(category=pl.Series([ticket[3] for ticket in tickets], dtype=pl.String))
    same = ("requester_id", "category") if by_topic else ("requester_id",)
    result = follow_ups(frame, as_of=NOW, same=same)
    expected = []
    for who, created, ended, topic in tickets:
        later = [
            other for person, other, _, about in tickets
            if ended is not None and other > ended and person == who and (about == topic or not by_topic)
        ]  # fmt: skip
        told = who is not None and (topic is not None or not by_topic) and ended is not None and ended >= created
        expected.append(hour(min(later)) if later and told else None)
    assert result["next_contact_at"].to_list() == expected
    assert result.select(frame.columns).equals(frame)


def test_boundaries_of_next_contact() -> None:
    result = follow_ups(rows(("a", 0, 10), ("a", 10, 20), ("a", 21, None), ("b", 0, 100)), as_of=NOW)
    assert result["next_contact_seconds"].to_list() == [11 * 3600, 3600, None, 0]  # at the very end is no next contact
    assert result["next_contact_observed"].to_list() == [True, True, None, False]
    assert result["resolution_age_seconds"].to_list() == [90 * 3600, 80 * 3600, None, 0]
    assert result["next_contact_reason"].to_list() == [None, None, "it is not resolved", None]


def test_what_happened_after_the_instant_is_not_known() -> None:
    tickets = rows(("a", 0, 10), ("a", 50, 60))
    result = follow_ups(tickets, as_of=START + dt.timedelta(hours=40))
    assert result["next_contact_at"].to_list() == [None, None]
    assert result["next_contact_seconds"].to_list() == [30 * 3600, None]
    assert result["next_contact_reason"].to_list() == [None, "it is not resolved"]


def test_a_return_is_a_reopening_or_a_contact_after_the_first_resolution_whichever_came_first() -> None:
    result = follow_ups(
        rows(
            ("a", 0, 40), ("a", 30, None), ("b", 0, 10), ("c", 0, None), ("d", 0, 10),
            first_resolution_at=[10, None, 10, 10, 10], reopened_at=[35, None, None, 12, None], reopen_count=[1, 0, 0, 1, 0],
        ),
        as_of=NOW,
    )  # fmt: skip
    assert result["return_at"].to_list() == [hour(30), None, None, hour(12), None]
    assert result["return_seconds"].to_list() == [20 * 3600, None, 90 * 3600, 2 * 3600, 90 * 3600]
    assert result["return_observed"].to_list() == [True, None, False, True, False]
    assert result["reopening_seconds"].to_list() == [25 * 3600, None, 90 * 3600, 2 * 3600, 90 * 3600]
    assert result["next_contact_at"].to_list() == [None] * 5
    assert result["first_resolution_age_seconds"].to_list() == [90 * 3600, None, *[90 * 3600] * 3]


def test_what_nobody_tells_is_null_and_says_why() -> None:
    result = follow_ups(rows((None, 0, 10), ("a", 10, 5), ("b", 0, 10)), as_of=NOW)
    reasons = ["nothing says who asked", "it was resolved before it was created", None]
    assert result["next_contact_reason"].to_list() == reasons
    assert result["next_contact_seconds"].to_list() == [None, None, 90 * 3600]
    assert result["return_seconds"].null_count() == result["reopening_seconds"].null_count() == 3
    stamped = rows(("b", 0, 10), first_resolution_at=[10])
    assert follow_ups(stamped, as_of=NOW)["return_reason"].item() == "no log tells of reopenings"


def test_lazy_stays_lazy_and_another_zone_is_kept() -> None:
    desk, truth = service_desk_with_truth(300, seed=5, weeks=6)
    berlin = facts(desk, as_of=truth.as_of).with_columns(pl.col("created_at").dt.convert_time_zone("Europe/Berlin"))
    lazy = follow_ups(berlin, as_of=truth.as_of)
    assert isinstance(lazy, pl.LazyFrame)
    table = lazy.collect()
    assert table.schema == lazy.collect_schema()
    assert table.equals(follow_ups(berlin.collect(), as_of=truth.as_of))
    assert table.schema["next_contact_at"] == pl.Datetime("us", "Europe/Berlin")
    assert (
        lazy.select("ticket_id", "next_contact_seconds")
        .collect()
        .equals(table.select("ticket_id", "next_contact_seconds"))
    )


def test_facts_say_when_a_ticket_was_first_reopened() -> None:
    moves = [(1, "open"), (2, "solved"), (3, "closed"), (5, "open"), (6, "solved"), (8, "open")]
    changes = [{"ticket_id": "a", "at": hour(at), "field": "status", "value": to} for at, to in moves]
    records = Records(tickets=[{"ticket_id": "a", "created_at": START, "requester_id": "r"}], changes=changes)
    row = follow_ups(facts(records, as_of=NOW), as_of=NOW).collect().row(0, named=True)
    assert (row["reopened_at"], row["reopen_count"]) == (hour(5), 2)
    assert (row["reopening_seconds"], row["reopening_observed"]) == (3 * 3600, True)
    assert facts(records, as_of=START + dt.timedelta(hours=4)).collect()["reopened_at"].item() is None


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"as_of": NOW.replace(tzinfo=None)}, ParameterError, "as_of must be a datetime with a time zone"),
        ({}, {"same": "requester_id"}, ParameterError, r"same must be a tuple of columns such as \('requester_id',\)"),
        ({}, {"same": ()}, ParameterError, "same must be a tuple of columns"),
        ({}, {"same": ("phone",)}, InputError, "no column 'phone'; the frame has 'requester_id', 'created_at'"),
        ({"resolved_at": ["soon"]}, {}, InputError, "column 'resolved_at' holds String, expected zone-aware instants"),
        (
            {"requester_id": [{"name": "x"}]},
            {},
            InputError,
            "column 'requester_id' holds Struct.*, expected texts or numbers",
        ),
    ],
)
def test_refusals(change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str) -> None:
    frame = rows(("a", 0, 10)).with_columns(**{name: pl.Series(values) for name, values in change.items()})
    with pytest.raises(error, match=message):
        follow_ups(frame, **{"as_of": NOW} | options)


def test_persons_may_be_days_that_no_calendar_holds() -> None:
    strange = pl.Series([-(2**31)] * 2, dtype=pl.Int32).cast(pl.Date)
    frame = rows(("a", 0, 10), ("a", 20, 30)).with_columns(requester_id=strange)
    assert follow_ups(frame, as_of=NOW)["next_contact_observed"].to_list() == [True, False]
