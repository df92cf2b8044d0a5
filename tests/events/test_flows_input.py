"""Bad input to the flow table, and naive instants."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError, ServiceQualityError
from servicequality.events import flows
from servicequality.events.flows import flow
from servicequality.model import Records

UTC = dt.UTC


def at(year, month, day, *clock, tz=UTC):
    return dt.datetime(year, month, day, *clock, tzinfo=tz)


def test_naive_instants_are_read_on_the_stated_clock():
    tickets = pl.DataFrame(
        {"created_at": ["2024-03-30 23:30", "2024-03-31 03:30"], "closed_at": ["", "2024-04-01 00:00"]}
    )
    got = flow(tickets, every="1d", as_of=at(2024, 4, 1, 12), timezone="Europe/Berlin")
    assert got["inflow"].to_list() == [1, 1, 0]
    assert got["outflow"].to_list() == [0, 0, 1]
    parsed = tickets.with_columns(pl.all().str.to_datetime("%Y-%m-%d %H:%M", strict=False))
    assert_frame_equal(flow(parsed, every="1d", as_of=at(2024, 4, 1, 12), timezone="Europe/Berlin"), got)


GOOD = pl.DataFrame({"created_at": [at(2024, 1, 1)], "closed_at": [at(2024, 1, 2)], "team": ["a"], "closing": [1]})
NAIVE = GOOD.with_columns(pl.col("created_at").dt.replace_time_zone(None))
SKIPPED = GOOD.with_columns(closed_at=pl.lit("2024-03-31 02:30"))


@pytest.mark.parametrize(
    ("tickets", "changed", "error", "message"),
    [
        (NAIVE, {}, InputError, r"'created_at' holds Datetime.* without a time zone: name the zone"),
        (
            SKIPPED,
            {"timezone": "Europe/Berlin"},
            InputError,
            r"'closed_at': 1 of 1 do not exist.* the clock of Europe/Berlin skips",
        ),
        (
            GOOD.with_columns(closed_at=pl.lit("soon")),
            {"timezone": "UTC"},
            InputError,
            r"'closed_at': 1 of 1 are not ISO 8601 instants: 'soon'",
        ),
        (GOOD.with_columns(created_at=None), {}, InputError, r"'created_at' is null in 1 of 1 rows"),
        (GOOD.drop("created_at"), {}, InputError, r"expected the column 'created_at', when a ticket came"),
        (GOOD.drop("closed_at"), {}, InputError, r"expected the column one of .*'closed_at'\), when it ended"),
        (Records(), {}, InputError, r"expected records with tickets; got none"),
        (GOOD, {"by": "tema"}, ParameterError, r"got 'tema' \(did you mean 'team'\?\)"),
        (GOOD, {"by": ["team", "team"]}, ParameterError, r"by names 'team' twice"),
        (GOOD, {"by": "closing"}, ParameterError, r"by names 'closing' twice or as the result does"),
        (GOOD.with_columns(excluded=pl.lit(1)), {}, InputError, "column 'excluded' holds Int32, expected texts"),
        (GOOD, {"every": "1 day"}, ParameterError, r"every must be a whole number and .*'1 day'"),
        (GOOD, {"every": "0d"}, ParameterError, r"every must be"),
        (GOOD, {"timezone": "Mars/Base"}, ParameterError, r"'Mars/Base'"),
        (GOOD, {"as_of": dt.datetime(2024, 1, 5)}, ParameterError, r"as_of must be a datetime with a time zone"),  # noqa: DTZ001
        (GOOD, {"excluded": "spam"}, ParameterError, r"excluded must be a tuple"),
    ],
)
@pytest.mark.parametrize("lazy", [False, True])
def test_bad_input_is_refused_with_what_to_do(tickets, changed, error, message, lazy):
    ask = {"every": "1d", "as_of": at(2024, 1, 5)} | changed
    with pytest.raises(error, match=message):
        flow(tickets.lazy() if lazy and isinstance(tickets, pl.DataFrame) else tickets, **ask).lazy().collect()


def test_a_flow_that_does_not_add_up_is_an_error_that_names_the_period(monkeypatch):
    # One departure too many on the second day, as a fault in the counting would give.
    real = flows.SpellCounter.departures.fget
    monkeypatch.setattr(flows.SpellCounter, "departures", property(lambda self: np.add(real(self), [[0, 1, 0]])))
    log = [{"ticket_id": "a", "at": at(2024, 1, 2), "field": "status", "value": "solved"}]
    records = Records(tickets=[{"ticket_id": "a", "created_at": at(2024, 1, 1)}], changes=log)
    with pytest.raises(
        ServiceQualityError, match=r"period that starts at 2024-01-02 00:00:00\+00:00 .* does not add up"
    ):
        flow(records, every="1d", as_of=at(2024, 1, 3)).collect()
