"""Instants: what text, dates, units and zones become, and what is refused rather than guessed."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError, ParameterError
from servicequality.model import Ticket, conform

BERLIN = ZoneInfo("Europe/Berlin")


def tickets(created_at: Any, **columns: Any) -> pl.DataFrame:
    """A frame of tickets whose other roles are well."""
    values = pl.Series("created_at", created_at)
    return pl.DataFrame({"ticket_id": [f"T{i}" for i in range(len(values))], "created_at": values, **columns})


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


NOON = utc(2024, 1, 1, 12)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-02T03:04:05Z", utc(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02 03:04:05Z", utc(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02T03:04:05+02:00", utc(2024, 1, 2, 1, 4, 5)),
        ("2024-01-02T03:04:05-0500", utc(2024, 1, 2, 8, 4, 5)),
        ("2024-01-02 03:04:05+02", utc(2024, 1, 2, 1, 4, 5)),
        ("2024-01-02T03:04:05.123456Z", utc(2024, 1, 2, 3, 4, 5, 123456)),
        ("2024-01-02T03:04:05.5 +0000", utc(2024, 1, 2, 3, 4, 5, 500000)),
        ("2024-01-02T03:04Z", utc(2024, 1, 2, 3, 4)),
        ("2024-01-02 03:04:05 UTC", utc(2024, 1, 2, 3, 4, 5)),
        ("  2024-01-02T03:04:05Z ", utc(2024, 1, 2, 3, 4, 5)),
        ("2024-07-02T03:04:05", utc(2024, 7, 2, 1, 4, 5)),
        ("2024-07-02 03:04", utc(2024, 7, 2, 1, 4)),
        ("2024-07-02", utc(2024, 7, 1, 22)),
    ],
)
def test_iso_texts_are_read(text: str, instant: dt.datetime) -> None:
    for frame in (tickets([text]), tickets([text]).lazy()):
        created = conform(frame, Ticket, timezone="Europe/Berlin").lazy().collect()["created_at"]
        assert created.dtype == pl.Datetime("us", "Europe/Berlin")
        assert created[0] == instant


@given(st.lists(st.datetimes(utc(1950, 1, 1).replace(tzinfo=None), utc(2100, 1, 1).replace(tzinfo=None)), max_size=8))
def test_iso_texts_agree_with_python(naive: list[dt.datetime]) -> None:
    stamps = [value.replace(tzinfo=dt.timezone(dt.timedelta(minutes=-210))) for value in naive]
    frame = tickets(pl.Series([stamp.isoformat() for stamp in stamps], dtype=pl.String))
    assert conform(frame, Ticket)["created_at"].to_list() == stamps


@pytest.mark.parametrize("text", ["31/12/2024", "02-01-24", "2024-13-45", "yesterday", "20240102", "1704164645"])
def test_other_formats_are_not_guessed(text: str) -> None:
    message = (
        rf"tickets\.created_at: 1 of 2 values are not ISO 8601 instants: '{text}'; day and month are not guessed: "
        r"parse them first, such as pl\.col\('created_at'\)\.str\.to_datetime\("
    )
    with pytest.raises(InputError, match=message):
        conform(tickets([text, "2024-01-02T03:04:05Z"]), Ticket, timezone="UTC")


def test_a_column_may_mix_iso_formats() -> None:
    texts = ["2024-07-01", "2024-07-01T12:00Z", None, "2024-07-01 12:00", "", "2024-07-01T12:00:00.5+02:00"]
    read = conform(tickets([NOON] * 6, due_at=texts), Ticket, timezone="Europe/Berlin")["due_at"]
    assert read.dt.convert_time_zone("UTC").to_list() == [
        utc(2024, 6, 30, 22), utc(2024, 7, 1, 12), None, utc(2024, 7, 1, 10), None, utc(2024, 7, 1, 10, 0, 0, 500000),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_other_units_and_zones_become_microseconds_in_utc(unit: Any) -> None:
    given_at = pl.Series([dt.datetime(2024, 7, 1, 12, tzinfo=BERLIN)], dtype=pl.Datetime(unit, "Europe/Berlin"))
    created = conform(tickets(given_at), Ticket)["created_at"]
    assert created.dtype == pl.Datetime("us", "UTC")
    assert created[0] == utc(2024, 7, 1, 10)


def test_dates_are_midnight_in_the_zone() -> None:
    created = conform(tickets([dt.date(2024, 7, 1)]), Ticket, timezone="Europe/Berlin")["created_at"]
    assert created[0] == dt.datetime(2024, 7, 1, tzinfo=BERLIN)


@pytest.mark.parametrize("values", [[dt.date(2024, 7, 1)], [dt.datetime(2024, 7, 1)]])  # noqa: DTZ001
def test_naive_instants_need_a_zone_even_before_a_lazy_frame_is_collected(values: list[Any]) -> None:
    message = r"tickets\.created_at holds Date.* without a time zone: name the zone .* timezone='Europe/Berlin'"
    with pytest.raises(InputError, match=message):
        conform(tickets(values), Ticket)
    with pytest.raises(InputError, match=message):
        conform(tickets(values).lazy(), Ticket)


def test_naive_texts_need_a_zone() -> None:
    message = r"1 of 2 values have no time zone: '2024-01-02 03:04'; name the zone they were written in"
    with pytest.raises(InputError, match=message):
        conform(tickets(["2024-01-02 03:04", "2024-01-02T03:04Z"]), Ticket)


@pytest.mark.parametrize("text", [False, True])
def test_of_a_repeated_hour_the_earlier_instant_is_taken(text: bool) -> None:
    value: Any = "2024-10-27 02:30" if text else dt.datetime(2024, 10, 27, 2, 30)  # noqa: DTZ001
    created = conform(tickets([value]), Ticket, timezone="Europe/Berlin")["created_at"]
    assert created.dt.convert_time_zone("UTC")[0] == utc(2024, 10, 27, 0, 30)


@pytest.mark.parametrize("text", [False, True])
def test_a_time_that_the_clock_skips_is_a_fault(text: bool) -> None:
    value: Any = "2024-03-31 02:30:00" if text else dt.datetime(2024, 3, 31, 2, 30)  # noqa: DTZ001
    with pytest.raises(
        InputError, match=r"1 of 1 values do not exist: .?2024-03-31 02:30:00.?; the clock of Europe/Berlin skips them"
    ):
        conform(tickets([value]), Ticket, timezone="Europe/Berlin")


def test_numbers_are_no_instants() -> None:
    with pytest.raises(InputError, match=r"holds Int64, not instants: .*pl\.from_epoch\('created_at', time_unit='s'\)"):
        conform(tickets([1704164645]), Ticket)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", 5])
def test_an_unknown_zone_is_the_calls_fault(zone: Any) -> None:
    with pytest.raises(ParameterError, match=r"timezone must be an IANA name such as 'Europe/Berlin' or 'UTC'; got "):
        conform(tickets([utc(2024, 1, 1)]), Ticket, timezone=zone)
