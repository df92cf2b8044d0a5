"""Closes beside resolutions, counts of the export, ties, and facts of a part of the tickets."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drawing import few
from events.histories import History, at, histories, records_of
from servicequality.errors import InputError, ParameterError
from servicequality.events import check, facts, flow, reply_waits
from servicequality.model import Account, Records, Ticket

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=2)


def hour(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


def fact(statuses: list[tuple[float, str]] | None = None, **ticket: Any) -> dict[str, Any]:
    changes = [{"ticket_id": "a", "at": hour(n), "field": "status", "value": status} for n, status in statuses or ()]
    records = Records(tickets=[{"ticket_id": "a", "created_at": START} | ticket], changes=changes or None)
    return facts(records, as_of=LATER).collect().row(0, named=True)


@pytest.mark.parametrize(
    ("statuses", "stamps", "resolved", "closed", "by_close"),
    [
        (None, {"closed_at": hour(5)}, 5, 5, True),
        (None, {"resolved_at": hour(3), "closed_at": hour(5)}, 3, 5, False),
        (None, {"first_resolved_at": hour(2), "closed_at": hour(5)}, 2, 5, False),
        ([(4, "closed")], {}, 4, 4, True),
        ([(4, "closed")], {"resolved_at": hour(3)}, 3, 4, False),
        ([(4, "closed")], {"resolved_at": hour(6)}, 4, 4, True),
        ([(3, "solved"), (4, "closed")], {}, 3, 4, False),
        ([(2, "solved"), (3, "open"), (5, "closed")], {"resolved_at": hour(2)}, 5, 5, True),
        ([(2, "closed"), (3, "open")], {"closed_at": hour(2)}, None, None, None),
        ([(2, "solved")], {"closed_at": hour(7)}, 2, 7, False),
    ],
)
def test_a_close_stands_for_a_resolution_only_where_nothing_else_tells_one(
    statuses: Any, stamps: Any, resolved: float | None, closed: float | None, by_close: bool | None
) -> None:
    row = fact(statuses, **stamps)
    instants = [None if n is None else hour(n) for n in (resolved, closed)]
    assert [row["resolved_at"], row["closed_at"]] == instants
    assert row["resolved_by_close"] is by_close
    assert row["close_seconds"] == (48 if closed is None else closed) * 3600
    assert row["first_resolved_at"] == row["first_resolution_at"]


def test_counts_of_the_export_stay_where_no_log_tells_and_are_compared_where_one_does() -> None:
    own = {"reopen_count": 2, "reassignments": 3, "handle_seconds": 60.0}
    row = fact(None, **own)
    assert {name: row[name] for name in own} == own
    records = Records(
        tickets=[{"ticket_id": name, "created_at": START} | own for name in "ab"],
        changes=[{"ticket_id": "a", "at": hour(1), "field": "status", "value": "solved"}],
    )
    assert facts(records, as_of=LATER).collect()["reopen_count"].to_list() == [0, 2]
    frame = check(records, as_of=LATER).frame
    counted = dict(frame.filter(pl.col("finding").str.contains("export")).select("finding", "count").rows())
    assert counted["reopen_count of the export is not that of the log"] == 1
    assert frame.filter(finding="resolved by a close alone")["count"].to_list() == [0]


def test_a_sequence_orders_the_changes_of_one_instant() -> None:
    rows = [
        {"ticket_id": "a", "at": hour(1), "field": "status", "value": "solved", "sequence": 2},
        {"ticket_id": "a", "at": hour(1), "field": "status", "value": "open", "sequence": 1},
    ]
    tickets = [{"ticket_id": "a", "created_at": START}]
    tied = "tickets that depend on the order of rows of one instant"
    for changes, ended, ties in (
        (rows, True, 0),
        (rows[::-1], True, 0),
        ([{name: row[name] for name in ("ticket_id", "at", "field", "value")} for row in rows], False, 1),
    ):
        records = Records(tickets=tickets, changes=changes)
        assert facts(records, as_of=LATER).collect()["resolution_observed"].to_list() == [ended]
        table = check(records, as_of=LATER).frame.filter(finding=tied, table="changes")
        assert table["count"].to_list() == [ties]


@few(5)
@given(histories(), st.integers(1, 3), st.booleans(), st.sets(st.sampled_from(["resolved_at", "closed_at", "status"])))
def test_the_facts_of_a_partition_are_those_of_the_whole(
    desk: list[History], parts: int, lazy: bool, given_roles: set[str]
) -> None:
    whole = records_of(desk)
    chance = {"resolved_at": at(70), "closed_at": at(80), "status": "Closed"}
    assert whole.tickets is not None
    heads = whole.tickets.select("ticket_id", "created_at").with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(chance[role])).alias(role) for role in sorted(given_roles)
    )
    for kept in ((), ("responses",), ("responses", "changes")):
        tables = {"tickets": heads, **{name: whole.tables[name] for name in kept}}
        number = pl.col("ticket_id").str.slice(1).cast(pl.Int64) % parts
        split = [{name: table.filter(number == part) for name, table in tables.items()} for part in range(parts)]
        answers = [
            facts(Records(**(part if lazy else {n: t.collect() for n, t in part.items()})), as_of=at(120)).collect()  # type: ignore[arg-type]
            for part in split
        ]
        assert_frame_equal(
            pl.concat(answers).sort("ticket_id"),
            facts(Records(**tables), as_of=at(120)).collect(),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("name", ["^a.*$", "*", ""])
def test_columns_with_names_like_patterns_go_through(name: str) -> None:
    frame = pl.DataFrame({"ticket_id": ["a", "b"], "created_at": [START, START], name: [1, 2], "abc": [3, 4]})
    records = Records(tickets=frame)
    assert facts(records, as_of=LATER).collect()[name].to_list() == [1, 2]
    assert str(check(records, as_of=LATER))
    counted = flow(frame.with_columns(resolved_at=pl.lit(START)), every="1d", as_of=LATER, by=name)
    assert set(counted.lazy().collect()[name].to_list()) == {1, 2}


@pytest.mark.parametrize("unit", ["ms", "us"])
@pytest.mark.parametrize("lazy", [False, True])
def test_instants_out_of_range_are_refused_and_shown(unit: Any, lazy: bool) -> None:
    never = pl.Series("created_at", [2**63 - 1, 0]).cast(pl.Datetime(unit, "UTC"))
    frame = pl.DataFrame({"ticket_id": ["a", "b"]}).with_columns(never, resolved_at=pl.lit(START))
    message = rf"1 of .* values lie outside the years 1 to 9999: 9223372036854775807 {unit} from 1970; if they mean"
    with pytest.raises(InputError, match=message):
        facts(Records(tickets=frame.lazy() if lazy else frame), as_of=LATER).collect()
    early = frame.with_columns(pl.Series("created_at", [-(2**63 - 1), 0]).cast(pl.Datetime(unit, "UTC")))
    with pytest.raises(InputError, match="years 1 to 9999"):
        flow(early.lazy() if lazy else early, every="1d", as_of=LATER).lazy().collect()


def test_calls_with_something_else_than_records_say_which_call_was_meant() -> None:
    for given_data in (pl.DataFrame(), [Ticket(ticket_id="a", created_at=START)], None):
        with pytest.raises(
            ParameterError, match=r"reply_waits needs Records; got .*say reply_waits\(Records\(tickets="
        ):
            reply_waits(given_data, as_of=LATER)  # type: ignore[arg-type]


def test_facts_take_a_table_of_tickets_alone() -> None:
    tickets = [
        Ticket(ticket_id="a", created_at=START),
        Ticket(ticket_id="b", created_at=START, resolved_at=START + dt.timedelta(hours=1)),
    ]
    mappings = [
        {"ticket_id": one.ticket_id, "created_at": one.created_at, "resolved_at": one.resolved_at} for one in tickets
    ]
    whole = facts(Records(tickets=tickets), as_of=LATER).collect()
    assert_frame_equal(facts(tickets, as_of=LATER).collect(), whole)
    assert_frame_equal(
        facts(pl.LazyFrame(mappings), as_of=LATER).collect().select("ticket_id", "resolved_at"),
        whole.select("ticket_id", "resolved_at"),
    )
    assert (
        facts(mappings, as_of=LATER).collect()["resolution_seconds"].to_list() == whole["resolution_seconds"].to_list()
    )
    assert "resolved_at" in mappings[0]  # the caller's own are as they were
    nothing = facts([], as_of=LATER).collect()
    assert nothing.is_empty()
    assert nothing.schema == whole.schema


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [Ticket(ticket_id="a", created_at=START), Account(account_id="x", started_at=START)],
            "of several kinds, Ticket, Account",
        ),
        ([Account(account_id="x", started_at=START)], r"required columns 'ticket_id', 'created_at' missing"),
        ([{"ticket_id": "a", "created_at": START.replace(tzinfo=None)}], r"say facts\(Records\(.*timezone"),
        (None, "expected records with tickets; got none"),
        (5, "got int"),
    ],
)
def test_what_is_no_table_of_tickets_is_refused(rows: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        facts(rows, as_of=LATER).collect()


@pytest.mark.parametrize("every", ["1d1h", "0d", dt.timedelta(days=1), "99999999999d"])
def test_flow_refuses_periods_that_are_none(every: Any) -> None:
    frame = pl.DataFrame({"created_at": [START], "resolved_at": [START]})
    with pytest.raises((ParameterError, InputError), match=r"every|periods"):
        flow(frame, every=every, as_of=LATER)
