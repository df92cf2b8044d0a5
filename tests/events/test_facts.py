"""Facts by example: each rule in one small history."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from servicequality.events import check, excluded_tickets, facts, in_force, reply_waits, status_times
from servicequality.model import Records

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=2)


def hour(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


def desk(*events: tuple[Any, ...], **ticket: Any) -> Records:
    """One ticket: (hour, author, options) is a message, (hour, field, value) a change."""
    responses, changes = [], []
    for when, what, rest in events:
        row = {"ticket_id": "a", "at": hour(when)}
        if what in ("customer", "agent", "bot"):
            responses.append(row | {"author": what} | rest)
        else:
            changes.append(row | {"field": what, "value": rest})
    return Records(
        tickets=[{"ticket_id": "a", "created_at": START} | ticket],
        responses=responses or pl.DataFrame(),
        changes=changes or pl.DataFrame(),
    )


def fact(records: Records, **options: Any) -> dict[str, Any]:
    return facts(records, **{"as_of": LATER} | options).collect().row(0, named=True)


def test_first_response_is_public_human_and_not_the_opening() -> None:
    records = desk(
        (0, "agent", {"opening": True}),
        (1, "bot", {}),
        (2, "agent", {"automated": True}),
        (3, "agent", {"public": False}),
        (4, "status", "pending"),
        (5, "agent", {"channel": "Note"}),
        (6, "agent", {"channel": "email"}),
    )
    seconds = {name: fact(records, paused=("pending",), first_response=name)["first_response_seconds"] / 3600
               for name in ("public_reply", "zammad", "frappe", "after_handoff")}  # fmt: skip
    assert seconds == {"public_reply": 5, "zammad": 6, "frappe": 4, "after_handoff": 5}
    assert fact(records)["public_agent_messages"] == 3
    assert fact(records)["agent_replies"] == 2


def test_a_silent_close_is_a_competing_end_and_a_response_only_to_frappe() -> None:
    records = desk((3, "status", "closed"))
    row = fact(records)
    assert (row["first_response_at"], row["first_response_seconds"]) == (None, 3 * 3600)
    assert (row["first_response_observed"], row["first_response_end"]) == (False, "ended_without")
    assert fact(records, first_response="frappe")["first_response_end"] == "answered"
    stamped = Records(tickets=[{"ticket_id": "a", "created_at": START, "first_response_at": None, "closed_at": hour(3)},
                               {"ticket_id": "b", "created_at": START, "first_response_at": hour(1)}])  # fmt: skip
    assert facts(stamped, as_of=LATER).collect()["first_response_end"].to_list() == ["ended_without", "answered"]


def test_the_clock_after_a_handoff_starts_at_the_hand_over() -> None:
    records = desk((1, "bot", {}), (2, "handoff", "agents"), (5, "agent", {}), (6, "handoff", "agents"))
    assert fact(records, first_response="after_handoff")["first_response_seconds"] == 3 * 3600
    assert fact(desk((2, "handoff", "agents")), first_response="after_handoff")["first_response_seconds"] == 46 * 3600


def test_stamps_speak_where_events_are_missing_and_events_outrank_them() -> None:
    stamps = {"first_response_at": hour(1), "first_resolved_at": hour(2), "resolved_at": hour(4), "closed_at": hour(5)}
    columns = ("first_response_seconds", "first_resolution_seconds", "resolution_seconds", "reopen_count")
    stamped = fact(Records(tickets=[{"ticket_id": "a", "created_at": START} | stamps]))
    assert [stamped[name] for name in columns] == [3600, 7200, 14400, None]
    logged = fact(desk((7, "agent", {}), (8, "status", "solved"), (9, "status", "closed"), **stamps))
    assert [logged[name] for name in columns] == [7 * 3600, 8 * 3600, 8 * 3600, 0]
    assert (logged["closed_at"], logged["close_seconds"], logged["resolved_by_close"]) == (hour(9), 9 * 3600, False)


def test_closed_without_being_solved_is_resolved_at_that_end() -> None:
    row = fact(Records(tickets=[{"ticket_id": "a", "created_at": START, "closed_at": hour(5)}]))
    assert (row["first_resolution_at"], row["resolved_at"]) == (hour(5), hour(5))


def test_stamps_after_as_of_do_not_exist() -> None:
    records = Records(tickets=[{"ticket_id": "a", "created_at": START, "first_response_at": hour(1), "closed_at": hour(5)},
                               {"ticket_id": "b", "created_at": hour(3)}])  # fmt: skip
    row = facts(records, as_of=hour(2)).collect()
    assert row["ticket_id"].to_list() == ["a"]
    assert row["resolved_at"].to_list() == [None]
    assert row["resolution_seconds"].to_list() == [7200]
    assert row["first_response_observed"].to_list() == [True]


def test_reopened_and_open_has_a_first_and_no_last_resolution() -> None:
    row = fact(desk((1, "status", "open"), (2, "status", "Solved"), (3, "status", "CLOSED"), (4, "status", "open")))
    assert (row["first_resolution_seconds"], row["resolved_at"]) == (7200, None)
    assert (row["resolution_observed"], row["resolution_seconds"]) == (False, 48 * 3600)
    assert (row["resolution_count"], row["reopen_count"]) == (1, 1)


def test_times_in_the_sets_of_statuses() -> None:
    events = [(0, "new"), (1, "open"), (3, "pending"), (6, "on-hold"), (10, "Hold"), (15, "open"), (21, "solved")]
    row = fact(desk(*((when, "status", status) for when, status in events)), paused=("hold", "ON-HOLD"))
    assert row["hold_seconds"] == 9 * 3600
    assert row["requester_wait_seconds"] == (1 + 2 + 9 + 6) * 3600
    assert row["agent_wait_seconds"] == 3 * 3600
    assert row["agent_work_seconds"] == 9 * 3600
    assert fact(desk((0, "status", "open")))["hold_seconds"] is None


def test_the_log_of_values_before_tells_how_a_ticket_began() -> None:
    change = {"ticket_id": "a", "at": hour(4), "field": "status", "value": "open", "previous": "Solved"}
    team = {"ticket_id": "a", "at": hour(5), "field": "team", "value": "B", "previous": "A"}
    records = Records(tickets=[{"ticket_id": "a", "created_at": START}], changes=[change, team])
    row = fact(records)
    assert (row["reopen_count"], row["resolution_observed"]) == (1, False)
    assert row["first_resolution_reason"] == "ended, but nothing says when"
    assert (row["teams"], row["reassignments"], row["team"]) == (2, 1, "B")
    times = status_times(records, as_of=hour(6)).collect()
    assert times.rows() == [("a", "open", 7200.0, 1, False), ("a", "solved", 14400.0, 1, True)]


def test_touches() -> None:
    records = desk(
        (0, "customer", {"opening": True}),
        (1, "agent", {"author_id": "x", "handle_seconds": 60.0}),
        (2, "customer", {}),
        (3, "agent", {"author_id": "y", "public": False, "handle_seconds": 30.0}),
        (0, "agent", {"author_id": "z", "automated": True}),
        (1, "team", "A"),
        (1, "agent_", "ignored"),
        (2, "team", "B"),
        (3, "tier", "2"),
        (4, "team", "A"),
    )
    row = fact(records)
    names = ("public_agent_messages", "agent_replies", "customer_messages", "agents", "teams", "reassignments",
             "escalations", "handle_seconds")  # fmt: skip
    assert [row[name] for name in names] == [1, 1, 2, 2, 2, 2, 1, 90.0]


def test_agent_and_team_replaced_at_once_are_one_reassignment() -> None:
    row = fact(desk((0, "team", "A"), (0, "priority", "1"), (2, "team", "B"), (2, "team", None), (3, "team", "A")))
    assert row["reassignments"] == 1
    both = Records(
        tickets=[{"ticket_id": "a", "created_at": START}],
        changes={
            "ticket_id": ["a"] * 4,
            "at": [hour(n) for n in (0, 0, 2, 2)],
            "field": ["team", "agent", "team", "agent"],
            "value": ["A", "x", "B", "y"],
        },
    )
    assert fact(both)["reassignments"] == 1


@pytest.mark.parametrize(
    ("replies", "followup", "one", "multi", "silent"),
    [(0, False, False, False, True), (1, False, True, False, True), (2, True, False, False, False),
     (3, False, False, True, True)],
)  # fmt: skip
def test_first_contact(replies: int, followup: bool, one: bool, multi: bool, silent: bool) -> None:
    messages = [(n + 1, "agent", {"author_id": "x"}) for n in range(replies)]
    query = [(9, "customer", {})] if followup else []
    row = fact(desk(*messages, *query, (10, "status", "solved")))
    names = ("one_touch", "multi_touch", "no_customer_followup", "closed_once_one_teammate")
    assert [row[name] for name in names] == [one, multi, silent, replies > 0]
    still_open = fact(desk(*messages, *query))
    assert [still_open[name] for name in names] == [False] * 4


def test_excluded_tickets_are_listed_with_their_reason() -> None:
    records = Records(
        tickets=[{"ticket_id": name, "created_at": START, "excluded": why} for name, why in
                 [("a", None), ("b", "Spam"), ("c", None), ("d", "vip")]],
        changes=[{"ticket_id": "c", "at": hour(5), "field": "status", "value": "Deleted"}],
    )  # fmt: skip
    assert facts(records, as_of=hour(4)).collect()["ticket_id"].to_list() == ["a", "c", "d"]
    assert facts(records, as_of=hour(5)).collect()["ticket_id"].to_list() == ["a", "d"]
    listed = excluded_tickets(records, as_of=hour(5)).collect()
    assert listed.select("ticket_id", "reason").rows() == [("b", "spam"), ("c", "deleted")]
    assert excluded_tickets(records, as_of=hour(5), excluded=("vip",)).collect()["ticket_id"].to_list() == ["d"]
    assert reply_waits(desk((1, "agent", {}), excluded="spam"), as_of=LATER).collect().height == 0


def test_what_was_in_force() -> None:
    records = desk((2, "priority", "low"), (4, "priority", "high"), (1, "team", "A"), priority="urgent", team="Z")
    row = facts(records, as_of=hour(3)).collect().row(0, named=True)
    assert (row["priority"], row["team"]) == ("low", "A")
    query = pl.LazyFrame({"ticket_id": ["a"] * 4 + ["b"], "when": [hour(n) for n in (1, 2, 3.5, 9, 9)]})
    got = in_force(query, records, field="priority", at="when", name="was").collect()
    assert got.sort("ticket_id", "when")["was"].to_list() == [None, "low", "low", "high", None]


def test_a_wait_keeps_the_columns_of_its_ticket() -> None:
    records = desk((1, "agent", {}), (2, "customer", {}), (3, "customer", {}), channel="chat", opened_by="customer")
    waits = reply_waits(records, as_of=hour(4)).collect()
    assert waits["channel"].to_list() == ["chat", "chat"]
    assert waits["reply_wait_seconds"].to_list() == [3600, 7200]
    assert "resolved_at" not in waits.columns


def test_thanks_after_the_end_is_no_wait_unless_answered_or_reopened() -> None:
    closed = [(1, "agent", {}), (2, "status", "solved"), (3, "customer", {})]
    ends = [
        reply_waits(desk(*closed, *more, opened_by="agent"), as_of=LATER).collect()["reply_wait_end"].to_list()
        for more in ([], [(4, "agent", {})], [(4, "status", "open")])
    ]
    assert ends == [[], ["answered"], ["open"]]


def test_instants_come_in_the_zone_of_the_records() -> None:
    zone = "America/New_York"
    records = Records(tickets=[{"ticket_id": "a", "created_at": START, "closed_at": hour(1)}], timezone=zone)
    row = facts(records, as_of=LATER).collect()
    assert row.schema["resolved_at"] == row.schema["created_at"] == pl.Datetime("us", zone)
    assert row["resolved_at"].to_list() == [hour(1)]


def test_the_verdict_finds_rows_above_which_previous_denies() -> None:
    log = [("status", "open", "new"), ("team", "x", None), ("status", "solved", "open"), ("status", "open", "hold")]
    changes = [
        {"ticket_id": "a", "at": hour(n), "field": field, "value": value, "previous": previous}
        for n, (field, value, previous) in enumerate(log)
    ]
    verdict = check(Records(tickets=[{"ticket_id": "a", "created_at": START}], changes=changes), as_of=LATER)
    table = verdict.frame.filter(pl.col("finding") == "previous value is not the row above")
    assert table.select("count", "of", "examples").rows() == [(1, 4, "a")]


def test_the_verdict_prints_what_matters() -> None:
    verdict = check(desk((1, "agent", {}), (2, "status", "solved"), (3, "mood", "glad")))
    assert verdict.as_of == hour(3)
    assert verdict.frame.columns == ["table", "finding", "about", "count", "of", "share", "examples"]
    assert "field that nothing reads: 1 of 2, such as mood" in str(verdict)
    assert "All conservation laws hold." in str(verdict)
    assert any("which" in question.lower() or "what" in question.lower() for question in verdict.questions)
    assert verdict.frame.filter(pl.col("finding") == "open now")["count"].to_list() == [0]
