"""The spells of a status beside the random histories of the oracle: who set it, what came before, the schedule, the metric."""

import datetime as dt

import polars as pl
import pytest

import servicequality as sq
from servicequality.errors import InputError, ParameterError
from servicequality.events import status_times
from servicequality.worktime import Schedule

START = dt.datetime(2024, 3, 8, 12, tzinfo=dt.UTC)  # a Friday
OFFICE = Schedule({day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}, "Europe/Berlin")


def hour(hours: int) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


MOVES = [
    ("a", 2, "Open", "agent", "kim"),
    ("a", 3, "open", "bot", "b1"),  # no move
    ("a", 30, "pending", "agent", "kim"),
    ("a", 75, "open", "customer", None),
    ("b", 0, "new", None, None),
]
CHANGES = pl.DataFrame(
    [(ticket, hour(hours), "status", *rest) for ticket, hours, *rest in MOVES],
    schema=["ticket_id", "at", "field", "value", "actor", "actor_id"],
    orient="row",
)
TICKETS = [{"ticket_id": key, "created_at": START} for key in "abc"]


def spells(changes: pl.DataFrame = CHANGES, **options: object) -> pl.DataFrame:
    records = sq.Records(tickets=TICKETS, changes=changes)
    return sq.status_spells(records, as_of=hour(96), **options).collect()  # type: ignore[arg-type]


def test_a_spell_lasts_until_the_status_changes_and_names_who_set_it() -> None:
    rows = spells().select("ticket_id", "sequence", "status", "started_at", "ended_at", "observed", "actor", "actor_id")
    assert rows.rows() == [
        ("a", 1, None, hour(0), hour(2), True, None, None),
        ("a", 2, "open", hour(2), hour(30), True, "agent", "kim"),
        ("a", 3, "pending", hour(30), hour(75), True, "agent", "kim"),
        ("a", 4, "open", hour(75), None, False, "customer", None),
        ("b", 1, "new", hour(0), None, False, None, None),
        ("c", 1, None, hour(0), None, False, None, None),
    ]


def test_without_actors_there_is_no_such_column_and_previous_says_what_the_first_status_was() -> None:
    before = CHANGES.drop("actor", "actor_id").with_columns(previous=pl.lit("New"))
    rows = spells(before)
    assert rows.columns == ["ticket_id", "sequence", "status", "started_at", "ended_at", "seconds", "observed"]
    assert rows["status"].to_list() == ["new", "open", "pending", "open", "new", None]


def test_the_spells_add_up_to_the_times_in_status_also_in_working_time() -> None:
    records = sq.Records(tickets=TICKETS, changes=CHANGES)
    one_by_one = sq.status_spells(records, as_of=hour(96), schedule=OFFICE)
    assert isinstance(one_by_one, pl.LazyFrame)
    sums = one_by_one.group_by("ticket_id", "status").agg(
        pl.col("seconds", "working_seconds").sum(), observed=pl.col("observed").all()
    )
    whole = status_times(records, as_of=hour(96), schedule=OFFICE).collect()
    assert sums.sort("ticket_id", "status").collect().equals(whole.drop("entries"))
    # A change to the status in force begins no spell, and is an entry of the log all the same.
    assert whole.filter(ticket_id="a", status="open")["entries"].item() == 3
    life = one_by_one.group_by("ticket_id").agg(pl.col("working_seconds").sum()).collect()["working_seconds"]
    assert life.to_list() == [OFFICE.between(START, hour(96))] * 3


def test_the_metric_on_spells_is_the_time_of_a_visit() -> None:
    visits = spells().filter(status="open")
    assert sq.time_in_status(limit=28 * 3600.0).estimate(visits).n == 2
    assert sq.time_in_status_observed_only().estimate(visits).value == 28 * 3600


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"time in status needs Records\(changes="):
        sq.status_spells(sq.Records(tickets=TICKETS), as_of=hour(1))
    with pytest.raises(ParameterError, match="as_of must be a datetime with a time zone"):
        sq.status_spells(sq.Records(tickets=TICKETS, changes=CHANGES), as_of=hour(1).replace(tzinfo=None))
    with pytest.raises(ParameterError, match=r"status_spells needs Records; got DataFrame"):
        sq.status_spells(CHANGES, as_of=hour(1))  # type: ignore[arg-type]
