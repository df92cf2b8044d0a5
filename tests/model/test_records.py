"""`Records`: all tables checked together, each a lazy frame under one set of names."""

import dataclasses
import datetime as dt
import pickle

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError
from servicequality.model import TABLES, Change, Records, Ticket, schema_of

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
TICKETS = pl.DataFrame({"number": [1, 2], "opened_at": ["2024-01-02T03:04Z", "2024-01-03"], "tier": ["a", "b"]})
COLUMNS = {"tickets": {"ticket_id": "number", "created_at": "opened_at"}}


def test_tables_are_lazy_frames_or_none() -> None:
    records = Records(tickets=TICKETS, changes=TICKETS.lazy().select(
        ticket_id="number", at=pl.lit(NOON), field=pl.lit("status"), value=pl.lit("open")
    ), columns=COLUMNS, timezone="Europe/Berlin")  # fmt: skip
    assert isinstance(records.tickets, pl.LazyFrame)
    assert isinstance(records.changes, pl.LazyFrame)
    assert records.responses is None
    assert list(records.tables) == ["tickets", "changes"]
    tickets = records.tickets.collect()
    assert tickets.columns == [*schema_of(Ticket), "tier"]
    assert tickets.schema["created_at"] == pl.Datetime("us", "Europe/Berlin")
    assert records.changes.collect()["ticket_id"].to_list() == [1, 2]  # in the type in which they came


def test_kinds_may_be_mixed_and_are_left_as_they_were() -> None:
    theirs = pd.DataFrame({"session_id": [1, 2], "at": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    before = theirs.copy()
    records = Records(
        tickets=[Ticket(ticket_id="1", created_at=NOON)], sessions=theirs, changes=[], timezone="Europe/Berlin"
    )
    assert records.sessions is not None
    assert records.sessions.collect()["at"][0] == dt.datetime(2023, 12, 31, 23, tzinfo=dt.UTC)
    assert records.changes is not None
    assert records.changes.collect().columns == list(schema_of(Change))
    pd.testing.assert_frame_equal(theirs, before)


def test_the_faults_of_all_tables_come_together() -> None:
    with pytest.raises(InputError) as caught:
        Records(
            tickets=TICKETS,
            answers={"respondent_id": ["a"], "question": ["q"], "score": ["ten"]},
            responses=pl.LazyFrame({"ticket_id": ["1"], "at": [NOON]}),
            columns=COLUMNS,
        )
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 faults in the data:"
    assert lines[1].startswith(
        "- tickets.created_at (column 'opened_at'): 1 of 2 values have no time zone: '2024-01-03'"
    )
    assert lines[2].startswith("- responses: required column 'author' missing")
    assert lines[3].startswith("- answers.score: 1 of 1 values are not finite numbers: 'ten'")


def test_columns_of_an_unknown_table() -> None:
    with pytest.raises(
        ParameterError, match=r"columns names the table 'ticket' \(did you mean 'tickets'\?\); the tables"
    ):
        Records(columns={"ticket": {}})
    assert Records(columns=COLUMNS).tables == {}, "a map may serve tables that are not given this time"


def test_replace_exchanges_tables_and_keeps_the_others_and_the_zone() -> None:
    records = Records(tickets=TICKETS, sessions=[], columns=COLUMNS, timezone="Europe/Berlin")
    assert records.tickets is not None
    other = records.replace(tickets=records.tickets.filter(pl.col("ticket_id") == 2), sessions=None)
    assert other.tickets is not None
    assert other.tickets.collect()["ticket_id"].to_list() == [2]
    assert other.sessions is None
    assert other.timezone == "Europe/Berlin"
    assert records.tickets.collect().height == 2
    with pytest.raises(ParameterError, match=r"replace names the table 'ticket' \(did you mean 'tickets'"):
        records.replace(ticket=None)


def test_repr_says_what_is_there() -> None:
    records = Records(
        tickets=TICKETS,
        sessions=pl.LazyFrame({"session_id": ["1"], "at": [NOON]}),
        columns=COLUMNS,
        timezone="Europe/Berlin",
    )
    expected = (
        "Records (instants in Europe/Berlin)\n"
        "  tickets: 2 rows: ticket_id, created_at; also tier\n"
        "  sessions: lazy: session_id, at"
    )
    assert repr(records) == expected
    assert repr(records.replace(sessions=None)) == "\n".join(expected.splitlines()[:2])
    assert repr(Records()) == "Records (instants in UTC)\n  no tables"


def test_records_are_frozen_and_survive_pickling() -> None:
    records = Records(tickets=TICKETS, columns=COLUMNS, timezone="UTC")
    with pytest.raises(dataclasses.FrozenInstanceError):
        records.tickets = None  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(records))
    assert repr(again) == repr(records)
    assert records.tickets is not None
    assert_frame_equal(again.tickets.collect(), records.tickets.collect())


def test_every_table_is_an_argument_and_an_attribute() -> None:
    fields = [field.name for field in dataclasses.fields(Records)]
    assert fields[: len(TABLES)] == list(TABLES)
