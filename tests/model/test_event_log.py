"""Records of an event log: each ticket told by hand in plain Python, and what a log cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import Records
from servicequality.errors import InputError, ParameterError

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIELDS = {"status": "state", "agent": "owner"}
LOG = pl.DataFrame(
    {
        "number": [1, 1, 1, 1, 2, 2],
        "when": [NINE + minutes * MINUTE for minutes in (0, 5, 5, 9, 3, 30)],
        "state": ["New", "Active", "Resolved", "Active", "New", "Closed"],
        "owner": [None, "ann", "ann", "bob", "bob", "bob"],
        "who": ["mail", "ann", "ann", "kim", "mail", "bob"],
        "text": ["help", None, "done", "no", "hi", None],
        "side": ["customer", None, "agent", "customer", "customer", None],
        "kind": ["a", None, "b", None, None, None],
    }
)


def told(records: Records, table: str) -> list[dict[str, Any]]:
    frame = getattr(records, table)
    assert isinstance(frame, pl.LazyFrame)
    return frame.collect().to_dicts()


def test_updates_become_tickets_changes_and_messages() -> None:
    records = Records.from_events(
        LOG, ticket="number", at="when", status="state", agent="owner", message="text", author="side", actor="who",
        columns={"category": "kind"},
    )  # fmt: skip
    tickets = [
        [row[name] for name in ("ticket_id", "created_at", "status", "agent_id", "category")]
        for row in told(records, "tickets")
    ]
    # What changes tell is not on the ticket, where it would be that of the log's end.
    assert tickets == [["1", NINE, None, None, "b"], ["2", NINE + 3 * MINUTE, None, None, None]]
    changes = [
        (row["ticket_id"], (row["at"] - NINE) // MINUTE, row["field"], row["previous"], row["value"], row["actor_id"])
        for row in told(records, "changes")
    ]
    assert changes == [
        ("1", 0, "status", None, "New", "mail"),
        ("1", 5, "status", "New", "Active", "ann"),
        ("1", 5, "status", "Active", "Resolved", "ann"),
        ("1", 9, "status", "Resolved", "Active", "kim"),
        ("2", 3, "status", None, "New", "mail"),
        ("2", 30, "status", "New", "Closed", "bob"),
        ("1", 5, "agent", None, "ann", "ann"),
        ("1", 9, "agent", "ann", "bob", "kim"),
        ("2", 3, "agent", None, "bob", "mail"),
    ]
    messages = [(row["ticket_id"], row["author"], row["author_id"]) for row in told(records, "responses")]
    assert messages == [
        ("1", "customer", "mail"),
        ("1", "agent", "ann"),
        ("1", "customer", "kim"),
        ("2", "customer", "mail"),
    ]
    rows = sq.facts(records, as_of=NINE + 60 * MINUTE).collect()
    assert rows.select("reopen_count", "resolved_at").rows() == [(1, None), (0, NINE + 30 * MINUTE)]


def test_facts_at_an_instant_within_the_log_know_nothing_of_later_rows() -> None:
    log = pl.DataFrame(
        {
            "number": ["a"] * 3,
            "when": [NINE, NINE + 60 * MINUTE, NINE + 120 * MINUTE],
            "state": ["New", "New", "Active"],
            "owner": [None, None, "zoe"],
            "crew": [None, "first", "second"],
        }
    )
    records = Records.from_events(log, ticket="number", at="when", status="state", agent="owner", team="crew")
    columns = ["agent_id", "team", "status"]

    def known(minutes: int) -> tuple[Any, ...]:
        return sq.facts(records, as_of=NINE + minutes * MINUTE).select(columns).collect().row(0)

    assert [known(minutes) for minutes in (30, 90, 150)] == [
        (None, None, "New"),
        (None, "first", "New"),
        ("zoe", "second", "Active"),
    ]


def test_a_row_without_a_status_says_nothing_of_it_and_a_blank_is_no_message() -> None:
    log = pl.DataFrame(
        {
            "number": ["a"] * 4,
            "when": [NINE + minutes * MINUTE for minutes in (0, 5, 10, 15)],
            "state": ["New", "Resolved", None, "Resolved"],
            "text": [None, "  ", "thanks", ""],
        }
    )
    records = Records.from_events(log, ticket="number", at="when", status="state", message="text")
    assert [row["value"] for row in told(records, "changes")] == ["New", "Resolved"]
    assert [row["at"] for row in told(records, "responses")] == [NINE + 10 * MINUTE]
    rows = sq.facts(records, as_of=NINE + 60 * MINUTE).select("reopen_count", "resolved_at").collect()
    assert rows.row(0) == (0, NINE + 5 * MINUTE)


def by_hand(log: pl.DataFrame) -> set[tuple[Any, ...]]:
    """Every change of a field, row by row."""
    changes, last = set(), dict[tuple[str, str], Any]()
    for row in log.sort("when", maintain_order=True).to_dicts():
        for field, name in FIELDS.items():
            key = str(row["number"]), field
            if row[name] != last.get(key):
                changes.add((*key, row["when"], last.get(key), row[name]))
            last[key] = row[name]
    return changes


@pytest.mark.parametrize("seed", range(5))
def test_random_logs_are_those_told_by_hand_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log = pl.DataFrame(
        {
            "number": rng.integers(0, 8, 200),
            "when": [NINE + int(minutes) * MINUTE for minutes in rng.permutation(10_000)[:200]],
            "state": rng.choice(["New", "Active", "Resolved"], 200),
            "owner": pl.Series(rng.choice(["ann", "bob", ""], 200)).replace("", None),
            "step": np.arange(200),
        }
    )
    options: dict[str, Any] = {
        "ticket": "number",
        "at": "when",
        "sequence": "step",
        "timezone": "Europe/Berlin",
        **FIELDS,
    }
    records = Records.from_events(log, **options)
    changes = {
        (row["ticket_id"], row["field"], row["at"], row["previous"], row["value"]) for row in told(records, "changes")
    }
    assert changes == by_hand(log)
    first = log.group_by("number").agg(pl.col("when").min()).cast({"number": pl.String}).rows()
    assert {(row["ticket_id"], row["created_at"]) for row in told(records, "tickets")} == set(first)
    for other in (log.lazy(), log.sample(fraction=1, shuffle=True, seed=seed)):
        again = Records.from_events(other, **options)
        for name, table in records.tables.items():
            assert_frame_equal(again.tables[name].collect(), table.collect())


def test_activities_are_statuses_and_creation_may_be_stated() -> None:
    log = LOG.with_columns(opened=pl.lit(NINE - MINUTE), wrote=pl.col("text").is_not_null())
    records = Records.from_events(log, ticket="number", at="when", status="state", message="wrote", created="opened")
    assert [row["created_at"] for row in told(records, "tickets")] == [NINE - MINUTE] * 2
    assert len(told(records, "responses")) == 4
    assert records.tables.keys() == {"tickets", "changes", "responses"}
    assert Records.from_events(LOG, ticket="number", at="when").tables.keys() == {"tickets"}


NAIVE = LOG.with_columns(pl.col("when").dt.replace_time_zone(None))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Records.from_events(LOG, ticket="numer", at="when"), InputError,
         r"ticket='numer': the log has no such column \(did you mean 'number'\?\); it has 'number', 'when'"),
        (lambda: Records.from_events(NAIVE, ticket="number", at="when"), InputError, "column 'when'.*without a time zone"),
        (lambda: Records.from_events(NAIVE.with_columns(pl.col("when").dt.strftime("%d/%m/%Y %H:%M")), ticket="number",
                                     at="when", timezone="UTC"), InputError, "day and month are not guessed"),
        (lambda: Records.from_events(LOG.with_columns(number=None), ticket="number", at="when"), InputError,
         "6 of 6 values are missing"),
        (lambda: Records.from_events(LOG.with_columns(side=pl.lit("boss")), ticket="number", at="when", author="side",
                                     message="text"), InputError, r"log\.author \(column 'side'\): 6 of 6 .*boss"),
        (lambda: Records.from_events(LOG, ticket=3, at="when"), ParameterError, "ticket takes the name of a column, got 3"),  # type: ignore[arg-type]
        (lambda: Records.from_events(NAIVE, ticket="number", at="when"), InputError, r"log\.at \(column 'when'\)"),
        (lambda: Records.from_events(LOG, ticket="number", at="when", author="side"), ParameterError, "with message="),
        (lambda: Records.from_events(LOG, ticket="number", at="when", columns=["kind"]), ParameterError, "columns maps roles"),  # type: ignore[arg-type]
        (lambda: Records.from_events(LOG, ticket="number", at="when", columns={"created_at": "when"}), ParameterError,
         "columns names 'created_at', which created= tells"),
        (lambda: Records.from_events(LOG, ticket="number", at="when", status="state", columns={"status": "state"}),
         ParameterError, "columns names 'status', which status= tells"),
        (lambda: Records.from_events(LOG, ticket="number", at="when", timezone="Mars"), ParameterError, "must be an IANA"),
    ],
)  # fmt: skip
def test_logs_that_cannot_be(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_real_log_gives_its_reopenings_and_its_backlog(data_dir: Path) -> None:
    stamps = pl.col("opened_at", "sys_updated_at", "resolved_at", "closed_at")
    log = pl.read_parquet(data_dir / "servicenow_incident_events.parquet").with_columns(pl.all().replace("?", None))
    log = log.with_columns(stamps.str.to_datetime("%d/%m/%Y %H:%M"))
    # One incident's clock steps back; the order of the file is right.
    log = log.with_columns(pl.col("sys_updated_at").cum_max().over("number"))
    records = Records.from_events(
        log, ticket="number", at="sys_updated_at", status="incident_state", team="assignment_group", created="opened_at",
        columns={"closed_at": "closed_at", "priority": "priority"}, timezone="UTC",
    )  # fmt: skip
    rows = sq.facts(records, as_of=datetime(2017, 3, 1, tzinfo=UTC)).collect()
    assert (rows["reopen_count"].sum(), rows.filter(pl.col("reopen_count") > 0).height) == (331, 275)
    still = sq.backlog(ended="closed_at", as_of=datetime(2016, 4, 1, tzinfo=UTC)).estimate(records.tickets)
    assert (rows.height, still.value) == (24_918, 3_353)


def test_roles_that_the_log_does_not_have_are_not_given() -> None:
    log = pl.DataFrame({"case": ["a"], "at": [datetime(2026, 3, 2, tzinfo=UTC)], "step": ["new"], "text": ["hello"]})
    plain = Records.from_events(log, ticket="case", at="at", status="step", message="text")
    assert not plain.has("changes", "actor_id")
    assert not plain.has("responses", "author_id")
    named = Records.from_events(log.with_columns(by=pl.lit("x")), ticket="case", at="at", status="step", actor="by")
    assert named.has("changes", "actor_id")


def test_a_ticket_whose_creation_nothing_says() -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)
    log = pl.DataFrame({"case": ["a", "a", "b"], "at": [day] * 3, "opened": [None, day, None]})
    message = r"created='opened' is null in all rows of 1 of 2 tickets: 'b'; fill it in, or say created='first'"
    with pytest.raises(InputError, match=message):
        Records.from_events(log, ticket="case", at="at", created="opened")
    assert Records.from_events(log.head(2), ticket="case", at="at", created="opened").tickets is not None
