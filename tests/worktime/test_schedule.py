"""One schedule: the rules by example, the value object, its text, and what it refuses."""

import copy
import json
import pickle
import sys
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.worktime import ALWAYS_OPEN, Schedule, country_holidays

NINE_TO_FIVE = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
HOUR = 3600


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def day_of(schedule: Schedule, day: str) -> float:
    """Hours of work on a local date."""
    start = at(day, schedule.timezone)
    end = at(str(date.fromordinal(start.toordinal() + 1)), schedule.timezone)
    return schedule.between(start.astimezone(UTC), end.astimezone(UTC)) / HOUR


@pytest.mark.parametrize(
    ("zone", "day", "hours", "worked"),
    [
        ("America/New_York", "2024-11-03", ("00:00", "24:00"), 25),  # 01:00-02:00 comes twice
        ("America/New_York", "2024-03-10", ("00:00", "24:00"), 23),  # 02:00-03:00 is skipped
        ("America/New_York", "2024-11-03", ("01:30", "03:00"), 2),  # half an hour, then an hour and a half
        ("America/New_York", "2024-03-10", ("01:30", "03:30"), 1),
        ("America/New_York", "2024-03-10", ("02:00", "03:00"), 0),  # an interval that does not exist
        ("Australia/Lord_Howe", "2024-04-07", ("00:00", "24:00"), 24.5),  # clocks move by half an hour
        ("America/Sao_Paulo", "2018-11-04", ("00:00", "24:00"), 23),  # midnight is skipped
        ("Pacific/Apia", "2011-12-29", ("00:00", "24:00"), 24),
        ("Asia/Kathmandu", "2024-06-03", ("09:15", "17:00"), 7.75),
    ],
)
def test_the_wall_clock_decides(zone: str, day: str, hours: tuple[str, str], worked: float) -> None:
    week = {weekday: [hours] for weekday in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert day_of(Schedule(week, zone), day) == worked


def test_a_date_that_a_zone_left_out_has_no_work() -> None:
    samoa = Schedule(NINE_TO_FIVE, "Pacific/Apia")  # Friday 2011-12-30 did not happen there
    assert samoa.between(at("2011-12-29", "Pacific/Apia"), at("2012-01-01", "Pacific/Apia")) == 8 * HOUR


def test_a_night_shift_follows_the_date_on_which_it_starts() -> None:
    nights = Schedule({"mon": [("22:00", "06:00")], "tue": [("22:00", "06:00")]}, "UTC", holidays=["2024-01-02"])
    assert nights.between(at("2024-01-01T12:00"), at("2024-01-02T12:00")) == 8 * HOUR  # Monday's, into the holiday
    assert nights.between(at("2024-01-02T12:00"), at("2024-01-03T12:00")) == 0  # Tuesday's


def test_a_shift_beyond_twelve_hours_past_midnight_has_to_be_marked() -> None:
    out_of_hours = Schedule({"mon": [("17:00", "09:00+1")]}, "UTC")
    assert out_of_hours.between(at("2024-01-01"), at("2024-01-03")) == 16 * HOUR


def test_exceptions_outrank_holidays_and_breaks_cut_both() -> None:
    schedule = Schedule(
        NINE_TO_FIVE,
        "Europe/Berlin",
        holidays=["2024-12-24", date(2024, 12, 25)],
        exceptions={"2024-12-24": [("09:00", "12:00")], "2024-12-28": [("10:00", "14:00")], "2024-12-27": []},
        breaks={"tue": [("10:00", "10:30")], date(2024, 12, 28): [("09:00", "11:00"), ("11:30", "12:00")]},
    )
    worked = [day_of(schedule, f"2024-12-{day}") for day in (23, 24, 25, 26, 27, 28)]
    assert worked == [8, 2.5, 0, 8, 0, 2.5]


def test_a_break_cuts_the_wall_clock_of_its_own_date() -> None:
    nights = Schedule(
        {"mon": [("22:00", "06:00")]}, "UTC", breaks={"tue": [("02:00", "02:30")], "mon": [("23:45", "00:15")]}
    )
    assert nights.between(at("2024-01-01"), at("2024-01-03")) == 7 * HOUR


def test_budgets_that_end_at_closing_and_walks_back() -> None:
    schedule = Schedule(NINE_TO_FIVE, "America/New_York")
    friday = at("2024-07-05T15:00", "America/New_York")
    assert schedule.add(friday, 2 * HOUR) == at("2024-07-05T17:00", "America/New_York")
    assert schedule.add(friday, 2 * HOUR + 1e-6) == at("2024-07-08T09:00:00.000001", "America/New_York")
    monday = at("2024-07-08T09:00", "America/New_York")
    assert schedule.add(monday, -2 * HOUR) == friday
    assert schedule.add(monday, -8 * HOUR) == at("2024-07-05T09:00", "America/New_York")
    saturday = at("2024-07-06T12:00", "America/New_York")
    assert schedule.add(saturday, 0) == saturday
    due = schedule.add(friday, 2 * HOUR)
    assert due is not None
    assert due.tzinfo == friday.tzinfo  # the answer is in the caller's zone


def test_dates_alone_end() -> None:
    schedule = Schedule({}, "UTC", exceptions={"2024-05-04": [("10:00", "12:00")], "2031-05-04": [("10:00", "12:00")]})
    start = at("2024-01-01")
    assert schedule.add(start, 2 * HOUR) == at("2024-05-04T12:00")
    assert schedule.add(start, 4 * HOUR) == at("2031-05-04T12:00")
    assert schedule.add(start, 4 * HOUR + 1) is None
    assert schedule.add(start, -1) is None
    assert schedule.next_open(at("2031-05-04T12:00")) is None
    assert schedule.prev_close(at("2024-05-04T10:00")) is None
    assert schedule.prev_close(at("2040-05-04")) == at("2031-05-04T12:00")
    assert schedule.between(at("1800-01-01"), at("2300-01-01")) == 4 * HOUR


def test_instants_of_any_year_and_budgets_of_centuries() -> None:
    schedule = Schedule({"mon": [("09:00", "10:00")]}, "Europe/London")
    assert schedule.between(at("2024-01-01"), at("2024-01-08")) == HOUR
    assert schedule.between(at("1700-01-01"), at("2100-01-01")) == 20871 * HOUR  # 400 years are 20,871 weeks
    due = schedule.add(at("2024-01-01"), 52_178 * HOUR)
    assert due is not None
    assert schedule.between(at("2024-01-01"), due) == 52_178 * HOUR
    with pytest.raises(InputError, match=r"years 1 to 9999.*another unit"):
        schedule.add(at("2024-01-01"), 2.6e11)


def test_always_open_is_elapsed_time() -> None:
    start, end = at("2024-03-10", "America/New_York"), at("2024-03-11T00:00:00.25", "America/New_York")
    assert ALWAYS_OPEN.between(start.astimezone(UTC), end.astimezone(UTC)) == 23 * HOUR + 0.25
    assert ALWAYS_OPEN.add(at("2024-02-28"), 86_400) == at("2024-02-29")


def test_datetimes_of_one_zone_are_compared_as_instants() -> None:
    # Python subtracts two datetimes of the same zone as wall clocks: 24 hours instead of 23.
    start, end = at("2024-03-10", "America/New_York"), at("2024-03-11", "America/New_York")
    assert (end - start).total_seconds() == 24 * HOUR
    assert ALWAYS_OPEN.between(start, end) == 23 * HOUR


def test_a_value_that_prints_compares_and_keeps() -> None:
    schedule = Schedule(
        NINE_TO_FIVE | {"sat": [("10:00", "12:00"), ("13:00", "24:00")]},
        "America/New_York",
        holidays=[date(2024, 12, 25)],
        exceptions={"2024-12-24": [["09:00", "12:00:30"]]},
        breaks={"fri": [("12:00", "12:30")], "2024-12-24": []},
        name='the "desk"',
    )
    assert repr(schedule) == (
        "Schedule('the \"desk\"', mon-fri 09:00-17:00; sat 10:00-12:00 13:00-24:00, America/New_York, "
        "1 holiday, 1 exception, 2 breaks)"
    )
    same = [
        Schedule.from_dict(json.loads(json.dumps(schedule.to_dict()))),
        Schedule.from_toml(schedule.to_toml()),
        pickle.loads(pickle.dumps(schedule)),
        copy.deepcopy(schedule),
    ]
    assert {schedule, *same} == {schedule}
    assert schedule != Schedule(NINE_TO_FIVE, "America/New_York")
    assert schedule != "schedule"
    with pytest.raises(AttributeError, match="does not change"):
        schedule.name = "desk"  # type: ignore[misc]


def test_hand_written_toml() -> None:
    text = """
    timezone = "Europe/Berlin"
    holidays = [2024-12-25, "2024-12-26"]
    [week]
    mon = [["9:00", "17:00"]]
    [exceptions]
    2024-12-24 = [["09:00", "12:00"]]
    """
    expected = Schedule(
        {"mon": [("09:00", "17:00")]},
        "Europe/Berlin",
        holidays=["2024-12-25", "2024-12-26"],
        exceptions={"2024-12-24": [("09:00", "12:00")]},
    )
    assert Schedule.from_toml(text) == expected
    with pytest.raises(ParameterError, match="expected TOML"):
        Schedule.from_toml("week = ")
    with pytest.raises(ParameterError, match="unknown keys 'weekly', missing 'week'"):
        Schedule.from_toml('timezone = "UTC"\nweekly = {}')


def test_names_with_odd_signs_survive_text() -> None:
    schedule = Schedule(NINE_TO_FIVE, "UTC", name='a "b" \\ \n\t\x7f 東京 🎧')
    assert Schedule.from_toml(schedule.to_toml()) == schedule


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timezone": "America/Gotham"}, "IANA name.*'America/Gotham'"),
        ({"timezone": "../etc/passwd"}, "IANA name"),
        ({"timezone": [1]}, "IANA name"),
        ({"timezone": "America"}, "IANA name"),
        ({"timezone": None}, "IANA name.*None"),
        ({"week": {"mon": [("17:00", "09:00")]}}, r"17:00-09:00, which is reversed, or a shift of 16 hours.*09:00\+1"),
        ({"week": {"mon": [("09:00", "09:00")]}}, "09:00-09:00, which is reversed"),
        ({"week": {"mon": [("09:00", "13:00"), ("12:00", "17:00")]}}, "09:00-13:00 runs into the one from 12:00"),
        ({"week": {"mon": [("20:00", "06:00")], "tue": [("05:00", "09:00")]}}, "runs into tue, which opens at 05:00"),
        ({"week": {"sun": [("20:00", "06:00")], "mon": [("05:00", "09:00")]}}, "runs into mon, which opens at 05:00"),
        ({"week": {"mon": [("09:00", "25:00")]}}, 'from "00:00" to "24:00".*\'25:00\''),
        ({"week": {"mon": [("09:00", "17:60")]}}, "'17:60'"),
        ({"week": {"mon": [("24:00", "24:00+1")]}}, "an opening before 24:00"),
        ({"week": {"mon": [("09:00", "17:00+1")]}}, "at most 24 hours"),
        ({"week": {"mon": [("9am", "5pm")]}}, "'9am'"),
        ({"week": {"mon": [(9, 17)]}}, "got 9"),
        ({"week": {"mon": ["09:00-17:00"]}}, "an interval such as"),
        ({"week": {"mon": "09:00-17:00"}}, "a list of"),
        ({"week": {"monday": [("09:00", "17:00")]}}, "mon, tue.*got 'monday'"),
        ({"week": {}}, "never does"),
        ({"week": {"mon": [("09:00", "17:00")]}, "breaks": {"mon": [("08:00", "17:00")]}}, "never does"),
        ({"week": {}, "exceptions": {"2024-01-01": []}}, "never does"),
        ({"holidays": ["2024-12-25", date(2024, 12, 25)]}, "once; 1 come twice: 2024-12-25"),
        ({"holidays": ["2024-12-32"]}, "a plain date.*'2024-12-32'"),
        ({"holidays": [datetime(2024, 12, 25, tzinfo=UTC)]}, "a plain date"),
        ({"exceptions": {"2024-12-25": [], date(2024, 12, 25): []}}, "exceptions.*come twice"),
        ({"exceptions": {"mon": []}}, "exceptions.*plain date.*'mon'"),
        ({"breaks": {"monday": []}}, "or a weekday of mon.*'monday'"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Schedule(**{"week": NINE_TO_FIVE, "timezone": "UTC"} | arguments)


def test_naive_and_foreign_values_are_refused() -> None:
    schedule = Schedule(NINE_TO_FIVE, "UTC")
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    with pytest.raises(InputError, match=r"must be a datetime with a time zone, got 2024"):
        schedule.between(naive, at("2024-01-02"))
    with pytest.raises(InputError, match=r"must be a datetime with a time zone, got 2024"):
        schedule.between("created_at", naive)
    with pytest.raises(InputError, match="finite seconds"):
        schedule.add(at("2024-01-01"), float("nan"))
    with pytest.raises(ParameterError, match="an aware datetime"):
        schedule.is_open(date(2024, 1, 1))  # type: ignore[call-overload]


def test_country_holidays_come_from_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def days(country: str, subdiv: str | None, years: list[int]) -> dict[date, str]:
        if country != "US":
            raise NotImplementedError(f"Country {country} not available")
        return {date(year, month, day): "" for year in years for month, day in ((12, 25), (1, 1))}

    monkeypatch.setitem(sys.modules, "holidays", SimpleNamespace(country_holidays=days))  # type: ignore[arg-type]
    expected = (date(2024, 1, 1), date(2024, 12, 25))
    assert country_holidays("US", years=[2024]) == expected
    schedule = Schedule(NINE_TO_FIVE, "UTC", holidays=country_holidays("US", years=range(2023, 2026)))
    assert not schedule.is_open(at("2024-12-25T12:00"))
    with pytest.raises(ParameterError, match="XX not available"):
        country_holidays("XX", years=[2024])


def test_country_holidays_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ParameterError, match=r"servicequality\[holidays\]"):
        country_holidays("US", years=[2024])
