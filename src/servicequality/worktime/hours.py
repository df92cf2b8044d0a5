"""The rules of a calendar as canonical values: weekly hours, holidays, exceptions, breaks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TypeAlias

from servicequality.checks import listed, shown
from servicequality.errors import ParameterError

__all__ = ["DAY", "WEEKDAYS", "Dated", "Hours", "HoursByDate", "Rules", "Shift", "read_rules", "write_hours"]

#: Microseconds of a day on the wall clock.
DAY = 86_400_000_000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Opening and closing in microseconds after the local midnight that starts the shift; above `DAY` is the next day.
Shift: TypeAlias = tuple[int, int]
Shifts: TypeAlias = tuple[Shift, ...]
Dated: TypeAlias = tuple[tuple[date, Shifts], ...]
#: What a caller writes for one day: `[("09:00", "12:30"), ("13:00", "17:30")]`.
Hours: TypeAlias = Iterable[Sequence[str]]

#: A mapping is invariant in its key, so each kind of key is named.
HoursByDate: TypeAlias = Mapping[date, Hours] | Mapping[str, Hours] | Mapping[date | str, Hours]

_EXAMPLE = '{"mon": [("09:00", "17:00")]}'
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(\+1)?")
_LONGEST_UNMARKED = DAY // 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What a schedule says, in canonical and hashable form. Dates are local dates."""

    week: tuple[Shifts, ...]
    holidays: tuple[date, ...]
    exceptions: Dated
    weekly_breaks: tuple[Shifts, ...]
    dated_breaks: Dated


def read_rules(
    week: Mapping[str, Hours],
    holidays: Iterable[date | str],
    exceptions: HoursByDate,
    breaks: HoursByDate,
) -> Rules:
    """Read and check the rules.

    Raises:
        ParameterError: an unknown weekday, a date that is none or comes twice, hours that are reversed, overlap, or
            are none.
    """
    for where, given in (("week", week), ("exceptions", exceptions), ("breaks", breaks)):
        if not isinstance(given, Mapping):
            raise ParameterError(f"{where}: expected days with their hours, such as {_EXAMPLE}; got {shown(given)}")
    if isinstance(holidays, str | Mapping) or not isinstance(holidays, Iterable):
        raise ParameterError(f"holidays: expected a list of dates; got {shown(holidays)}")
    of_weekdays = {str(key): hours for key, hours in breaks.items() if key in WEEKDAYS}
    of_dates: Mapping[date | str, Hours] = {key: hours for key, hours in breaks.items() if key not in WEEKDAYS}
    shifts = _read_week(week, "week")
    _refuse_overlap_of_days(shifts)
    days = [_read_date(day, "holidays") for day in holidays]
    _refuse_repeated(days, "holidays")
    return Rules(
        week=shifts,
        holidays=tuple(sorted(days)),
        exceptions=_read_dated(exceptions, "exceptions"),
        weekly_breaks=_read_week(of_weekdays, "breaks"),
        dated_breaks=_read_dated(of_dates, "breaks"),
    )


def write_hours(shifts: Shifts) -> list[list[str]]:
    """The shifts as text that `read_rules` reads back."""
    return [[_write_clock(opens), _write_clock(closes)] for opens, closes in shifts]


def _read_week(week: Mapping[str, Hours], where: str) -> tuple[Shifts, ...]:
    unknown = [day for day in week if day not in WEEKDAYS]
    if unknown:
        raise ParameterError(f"{where}: expected the days {', '.join(WEEKDAYS)}; got {listed(map(shown, unknown))}")
    return tuple(_read_hours(week.get(day, ()), f"{where}[{day!r}]") for day in WEEKDAYS)


def _read_dated(dated: HoursByDate, where: str) -> Dated:
    read = [(_read_date(day, where), _read_hours(hours, f"{where}[{str(day)!r}]")) for day, hours in dated.items()]
    _refuse_repeated([day for day, _ in read], where)
    return tuple(sorted(read))


def _read_date(day: object, where: str) -> date:
    if isinstance(day, date) and not isinstance(day, datetime):
        return day
    if isinstance(day, str):
        try:
            return date.fromisoformat(day)
        except ValueError:
            pass
    also = f", or a weekday of {', '.join(WEEKDAYS)}" if where == "breaks" else ""
    raise ParameterError(f"{where}: expected a plain date such as 2024-12-25{also}; got {shown(day)}")


def _refuse_repeated(days: list[date], where: str) -> None:
    repeated = sorted({day for day in days if days.count(day) > 1}) if len(set(days)) < len(days) else []
    if repeated:
        shown = ", ".join(map(str, repeated[:5]))
        raise ParameterError(
            f"{where}: expected every date once; {len(repeated)} come twice: {shown}. Keep one of each"
        )


def _read_hours(hours: Hours, where: str) -> Shifts:
    if isinstance(hours, str | Mapping) or not isinstance(hours, Iterable):
        raise ParameterError(f'{where}: expected a list of ("09:00", "17:00") pairs; got {shown(hours)}')
    shifts = sorted(_read_shift(pair, where) for pair in hours)
    for (opens, closes), (later, _) in pairwise(shifts):
        if later < closes:
            raise ParameterError(
                f"{where}: expected intervals that do not overlap; {_write_clock(opens)}-{_write_clock(closes)} runs "
                f"into the one from {_write_clock(later)}. Write them as one"
            )
    return tuple(shifts)


def _read_shift(pair: Sequence[str], where: str) -> Shift:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ParameterError(f'{where}: expected an interval such as ("09:00", "17:00"); got {shown(pair)}')
    opens, closes = (_read_clock(text, where) for text in pair)
    marked = pair[1].endswith("+1")
    if not marked and closes <= opens:
        # "22:00" to "06:00" can only be a night shift; "17:00" to "09:00" is more often a slip than sixteen hours.
        closes += DAY
        if closes - opens > _LONGEST_UNMARKED:
            raise ParameterError(
                f"{where}: expected the opening before the closing; got {pair[0]}-{pair[1]}, which is reversed, or a "
                f'shift of {(closes - opens) / 3_600_000_000:g} hours past midnight: if so, write "{pair[1]}+1"'
            )
    if opens >= DAY or closes - opens > DAY:
        raise ParameterError(
            f"{where}: expected an opening before 24:00 and at most 24 hours of work; got {pair[0]}-{pair[1]}"
        )
    return opens, closes


def _read_clock(text: object, where: str) -> int:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match:
        hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
        whole = (hour * 60 + minute) * 60 + second
        if minute < 60 and second < 60 and whole <= 86_400:
            return whole * 1_000_000 + (DAY if match[4] else 0)
    raise ParameterError(
        f'{where}: expected a time from "00:00" to "24:00", with "+1" if it is on the next day; got {shown(text)}'
    )


def _write_clock(moment: int) -> str:
    day, rest = (0, moment) if moment <= DAY else (1, moment - DAY)
    minutes, second = divmod(rest // 1_000_000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}{f':{second:02}' if second else ''}{'+1' if day else ''}"


def _refuse_overlap_of_days(week: tuple[Shifts, ...]) -> None:
    for today, tomorrow in zip(range(7), (1, 2, 3, 4, 5, 6, 0), strict=True):
        if week[today] and week[tomorrow] and week[today][-1][1] > DAY + week[tomorrow][0][0]:
            raise ParameterError(
                f"week[{WEEKDAYS[today]!r}]: expected intervals that do not overlap; the shift until "
                f"{_write_clock(week[today][-1][1])} runs into {WEEKDAYS[tomorrow]}, which opens at "
                f"{_write_clock(week[tomorrow][0][0])}"
            )
