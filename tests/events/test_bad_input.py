"""Every kind of bad input that a log of events can hold: refused with a message, or counted."""

import datetime as dt

import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.events import check, excluded_tickets, facts, in_force, reply_waits, status_times
from servicequality.model import Records

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=1)


def hour(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


def desk(
    messages: list[tuple[float, str | None]] = (),  # type: ignore[assignment]
    statuses: list[tuple[float, str]] = (),  # type: ignore[assignment]
    ticket: dict[str, object] | None = None,
    of: str = "a",
) -> Records:
    return Records(
        tickets=[{"ticket_id": "a", "created_at": START, "opened_by": "customer"} | (ticket or {})],
        responses={
            "ticket_id": pl.Series([of] * len(messages), dtype=pl.String),
            "at": pl.Series([hour(n) for n, _ in messages], dtype=pl.Datetime("us", "UTC")),
            "author": pl.Series([author for _, author in messages], dtype=pl.String),
        },
        changes={
            "ticket_id": pl.Series([of] * len(statuses), dtype=pl.String),
            "at": pl.Series([hour(n) for n, _ in statuses], dtype=pl.Datetime("us", "UTC")),
            "field": pl.Series(["status"] * len(statuses), dtype=pl.String),
            "value": pl.Series([status for _, status in statuses], dtype=pl.String),
        },
    )


def fact(records: Records, **options: object) -> dict[str, object]:
    return facts(records, as_of=LATER, **options).collect().row(0, named=True)  # type: ignore[arg-type]


def findings(records: Records, finding: str, **options: object) -> list[tuple[object, ...]]:
    frame = check(records, **options).frame  # type: ignore[arg-type]
    hits = frame.filter((pl.col("finding") == finding) & (pl.col("count") > 0))
    return hits.select("table", "count", "of", "examples").rows()


def test_a_naive_as_of_is_refused() -> None:
    naive = dt.datetime(2026, 3, 3)  # noqa: DTZ001
    for ask in (facts, reply_waits, status_times, excluded_tickets, check):
        with pytest.raises(ParameterError, match=r"as_of must be a datetime with a time zone, got .*tzinfo"):
            ask(desk(), as_of=naive)
    with pytest.raises(ParameterError, match=r"got datetime\.date"):
        facts(desk(), as_of=dt.date(2026, 3, 3))  # type: ignore[arg-type]


def test_an_as_of_before_everything_knows_nothing() -> None:
    records = desk([(1, "agent")], [(2, "solved")])
    before = START - dt.timedelta(microseconds=1)
    assert facts(records, as_of=before).collect().height == 0
    assert reply_waits(records, as_of=before).collect().height == 0
    assert status_times(records, as_of=before).collect().height == 0
    assert facts(records, as_of=before).collect_schema() == facts(records, as_of=LATER).collect_schema()
    assert fact(records)["resolution_seconds"] == 7200


def test_as_of_is_inclusive() -> None:
    records = desk([(1, "agent")])
    assert facts(records, as_of=hour(1)).collect()["first_response_observed"].to_list() == [True]
    just_before = hour(1) - dt.timedelta(microseconds=1)
    row = facts(records, as_of=just_before).collect().row(0, named=True)
    assert (row["first_response_observed"], row["first_response_seconds"]) == (False, 3600 - 1e-6)


def test_an_answer_before_creation_is_reported_and_not_clamped() -> None:
    records = desk([(-1, "agent"), (2, "agent")], [(-2, "solved")])
    row = fact(records)
    assert row["first_response_at"] == hour(-1)
    assert (row["first_response_seconds"], row["first_response_observed"]) == (None, None)
    assert row["first_response_reason"] == row["resolution_reason"] == "it lies before the start"
    assert findings(records, "before its ticket was created") == [("responses", 1, 2, "a"), ("changes", 1, 1, "a")]
    assert findings(records, "no first response time") == [("facts", 1, 1, "a")]


def test_a_stamp_before_creation_is_reported() -> None:
    records = Records(tickets=[{"ticket_id": "a", "created_at": START, "resolved_at": hour(-1), "closed_at": hour(-2)}])
    assert fact(records)["resolution_reason"] == "it lies before the start"
    assert findings(records, "stamp before creation") == [("tickets", 1, 1, "a"), ("tickets", 1, 1, "a")]
    assert findings(records, "stamps reversed") == [("tickets", 1, 1, "a")]


def test_a_reply_of_an_unknown_author_is_nobodys() -> None:
    records = desk([(1, None), (2, "bot"), (3, "system"), (4, "agent")])
    assert fact(records)["first_response_seconds"] == 4 * 3600
    assert findings(records, "unknown author") == [("responses", 1, 4, "a")]
    assert "Who wrote the messages without an author" in str(check(records))


def test_a_status_that_no_set_names_runs_and_is_counted() -> None:
    records = desk(statuses=[(0, "Open"), (1, "limbo"), (2, "Limbo")])
    row = fact(records)
    assert (row["resolution_observed"], row["agent_work_seconds"]) == (False, 3600)
    assert findings(records, "status in no set, so it runs") == [
        ("changes", 2, 3, "limbo, Limbo"),
        ("changes", 2, 3, "a"),  # by word
    ]
    assert findings(records, "status in no set, so it runs", running=("open", "LIMBO")) == []


def test_tickets_without_events_and_events_without_tickets() -> None:
    records = desk([(1, "agent")], [(1, "solved")], of="stranger")
    row = fact(records)
    assert (row["agent_replies"], row["reopen_count"], row["first_response_end"]) == (0, 0, "open")
    assert row["hold_seconds"] is None
    assert findings(records, "of no ticket") == [("responses", 1, 1, "stranger"), ("changes", 1, 1, "stranger")]
    assert findings(records, "without responses") == [("tickets", 1, 1, "a")]
    assert findings(records, "without changes") == [("tickets", 1, 1, "a")]


def test_duplicates_are_counted() -> None:
    records = desk([(1, "agent"), (1, "agent")], [(2, "solved"), (2, "solved")])
    assert fact(records)["resolution_count"] == 1
    assert findings(records, "duplicate row") == [("responses", 2, 2, "a"), ("changes", 2, 2, "a")]
    twice = pl.LazyFrame({"ticket_id": ["a", "a"], "created_at": [START, START]})
    assert findings(Records(tickets=twice), "duplicate id") == [("tickets", 2, 2, "a")]


def test_equal_instants_put_messages_before_changes_and_keep_the_order_of_rows() -> None:
    one = fact(desk([(1, "agent")], [(1, "solved"), (1, "open"), (1, "closed")]))
    assert (one["resolution_count"], one["reopen_count"], one["resolution_seconds"]) == (2, 1, 3600)
    other = fact(desk([(1, "agent")], [(1, "solved"), (1, "closed"), (1, "open")]))
    assert (other["resolution_count"], other["reopen_count"], other["resolution_observed"]) == (1, 1, False)
    waits = reply_waits(desk([(1, "agent")], [(1, "solved")]), as_of=LATER).collect()
    assert waits["reply_wait_end"].to_list() == ["answered"]


def test_ended_without_any_instant_is_unknown_and_not_open() -> None:
    row = fact(Records(tickets=[{"ticket_id": "a", "created_at": START, "status": "Closed"}]))
    assert (row["resolution_seconds"], row["resolution_observed"]) == (None, None)
    assert row["resolution_reason"] == "ended, but nothing says when"


def test_where_neither_events_nor_stamps_tell_it_is_null_with_a_reason() -> None:
    row = fact(Records(tickets=[{"ticket_id": "a", "created_at": START}]))
    assert row["first_response_reason"] == "neither messages nor a stamp tell"
    assert row["resolution_reason"] == "neither status changes nor a stamp nor a status tells"
    assert row["first_action_reason"] == "no log tells"
    unknown = ("first_response_seconds", "first_response_end", "resolution_observed", "reopen_count", "one_touch",
               "hold_seconds", "agent_replies", "first_action_seconds")  # fmt: skip
    assert [row[name] for name in unknown] == [None] * len(unknown)


def test_wrong_calls() -> None:
    with pytest.raises(ParameterError, match=r"ended must be a tuple of names .* got 'closed'"):
        facts(desk(), as_of=LATER, ended="closed")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"first_response must be one of 'public_reply'.*got 'any'"):
        facts(desk(), as_of=LATER, first_response="any")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected records with tickets; got none"):
        facts(Records(), as_of=LATER)
    with pytest.raises(InputError, match="expected records with tickets; got none"):
        check(Records())
    tickets = Records(tickets=[{"ticket_id": "a", "created_at": START}])
    with pytest.raises(InputError, match=r"reply waits need Records\(responses="):
        reply_waits(tickets, as_of=LATER)
    with pytest.raises(InputError, match=r"time in status needs Records\(changes="):
        status_times(tickets, as_of=LATER)
    with pytest.raises(ParameterError, match="in_force needs"):
        in_force(facts(tickets, as_of=LATER), tickets, field="team", at="created_at")
    with pytest.raises(ParameterError, match="have a column 'team' already"):
        in_force(facts(desk(), as_of=LATER), desk(), field="team", at="created_at")
    with pytest.raises(InputError, match="expected at least one ticket with created_at"):
        check(Records(tickets=pl.DataFrame()))


def test_a_tickets_column_with_a_facts_name_makes_way() -> None:
    own = {"reopen_count": 99, "hold_seconds": 1.0, "agents": 7, "_reply": 3, "started_at": 1, "reply_wait_end": "x"}
    records = desk([(1, "agent")], [(2, "solved")], own | {"kept": "yes"})
    row = fact(records, paused=("hold",))
    assert (row["reopen_count"], row["hold_seconds"], row["agents"], row["kept"]) == (0, 0.0, 1, "yes")
    assert row["first_response_seconds"] == 3600
    wait = reply_waits(records, as_of=LATER).collect().row(0, named=True)
    assert (wait["started_at"], wait["reply_wait_end"], wait["kept"]) == (START, "answered", "yes")


def test_a_log_whose_column_of_values_before_is_empty() -> None:
    records = desk([(1, "agent")], [(0, "open"), (2, "solved")])
    assert records.changes is not None
    empty = Records(tickets=records.tickets, changes=records.changes.with_columns(previous=None))
    assert fact(empty)["agent_work_seconds"] == 7200
    assert status_times(empty, as_of=LATER).collect()["status"].to_list() == ["open", "solved"]
