"""`Schedule`: one calendar of working hours, and what can be computed with it."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any, NoReturn

import polars as pl

from servicequality._toml import write_toml
from servicequality.checks import listed, shown
from servicequality.errors import ParameterError
from servicequality.worktime.columns import Column, Instant, ask
from servicequality.worktime.horizon import Horizon, Piece
from servicequality.worktime.hours import WEEKDAYS, Hours, HoursByDate, Rules, read_rules, write_hours
from servicequality.worktime.questions import of_budget, of_instant, of_span
from servicequality.worktime.segments import opens_ever
from servicequality.worktime.zones import load_zone

__all__ = ["ALWAYS_OPEN", "Schedule"]


class Schedule:
    """Working hours on the wall clock of a time zone: an immutable value, equal to any other with the same hours.

    Working time between two instants is the elapsed time whose local wall clock lies in a half-open interval `[open,
    close)`. An hour that daylight saving repeats counts twice, one that it skips not at all.

    Every method takes Python datetimes and returns a value, or takes any mix of column names, expressions and datetimes
    and returns an elementwise expression: lazy, streaming, in groups. Null instants give null.

    Args:
        week: weekday (`"mon"` to `"sun"`) to intervals such as `[("09:00", "12:30"), ("13:00", "17:30")]`; days left
            out are closed, `"24:00"` is midnight. A close at or before the open is on the next day; beyond twelve
            hours write it out, as in `("17:00", "09:00+1")`. A shift past midnight belongs to the date on which
            it starts.
        timezone: IANA name, such as `"America/New_York"`.
        holidays: local dates that are closed; a night shift from the evening before goes on.
        exceptions: local date to the hours that replace the weekday's. They outrank a holiday; no hours close the date.
        breaks: local date or weekday to hours of the wall clock that are cut from whatever would be open.
        name: a label.

    Raises:
        ParameterError: an unknown zone or weekday, a date twice, hours that are reversed, overlap or are no time, or a
            schedule that never opens.
    """

    __slots__ = ("_horizon", "_name", "_rules", "_timezone")
    _rules: Rules
    _timezone: str
    _name: str | None
    _horizon: Horizon

    def __init__(
        self,
        week: Mapping[str, Hours],
        timezone: str,
        *,
        holidays: Iterable[date | str] = (),
        exceptions: HoursByDate | None = None,
        breaks: HoursByDate | None = None,
        name: str | None = None,
    ) -> None:
        load_zone(timezone)
        if name is not None and not isinstance(name, str):
            raise ParameterError(f"name: expected a text; got {shown(name)}")
        rules = read_rules(week, holidays, {} if exceptions is None else exceptions, {} if breaks is None else breaks)
        if not opens_ever(rules):
            raise ParameterError(
                "expected a schedule that opens at some time; this one never does. Give week or exceptions some hours, "
                "and look whether breaks cut them all"
            )
        horizon = Horizon([(Piece(rules, timezone),)])
        for slot, value in zip(self.__slots__, (horizon, name, rules, timezone), strict=True):
            object.__setattr__(self, slot, value)

    @property
    def name(self) -> str | None:
        """The label."""
        return self._name

    @property
    def timezone(self) -> str:
        """The IANA name of the time zone."""
        return self._timezone

    @property
    def rules(self) -> Rules:
        """What the schedule says, in canonical form."""
        return self._rules

    @of_span
    def between(self, start: Instant, end: Instant) -> float | pl.Expr:
        """Working seconds from start to end, exact to the microsecond; negative where the end comes first."""
        answer: float | pl.Expr = ask(self._horizon.between, start, end, returns=pl.Float64)
        return answer

    @of_budget
    def add(self, start: Instant, seconds: Column | float) -> datetime | pl.Expr | None:
        """The earliest instant at which that many working seconds have passed since the start.

        A budget that ends exactly at closing is due at that close. Negative seconds walk back, to the latest instant
        from which that much work leads to the start; zero is the start itself. Null where the budget never ends, which
        takes a schedule that is open on some dates only.
        """
        if seconds is None:
            raise ParameterError("seconds: expected a number, a column's name or an expression; got None")
        answer: datetime | pl.Expr | None = ask(self._horizon.add, start, seconds=seconds)
        return answer

    @of_instant
    def next_open(self, instant: Instant) -> datetime | pl.Expr | None:
        """The instant itself if open, else the next opening; null where there is none."""
        answer: datetime | pl.Expr | None = ask(self._horizon.next_open, instant)
        return answer

    @of_instant
    def prev_close(self, instant: Instant) -> datetime | pl.Expr | None:
        """The instant itself if the moment before it is open, else the last closing; null where there is none."""
        answer: datetime | pl.Expr | None = ask(self._horizon.prev_close, instant)
        return answer

    @of_instant
    def is_open(self, instant: Instant) -> bool | pl.Expr:
        """Whether the instant is working time."""
        answer: bool | pl.Expr = ask(self._horizon.is_open, instant, returns=pl.Boolean)
        return answer

    @of_instant
    def clock(self, instant: Instant) -> int | pl.Expr:
        """The business clock: working microseconds from 2000-01-01T00:00Z to the instant (Int64).

        Working time between any two instants is the difference of their clocks, so a table with many stamps a row maps
        each column once and subtracts.
        """
        answer: int | pl.Expr = ask(self._horizon.clock, instant, returns=pl.Int64)
        return answer

    def to_dict(self) -> dict[str, Any]:
        """What the constructor takes, as texts, lists and dictionaries, ready for JSON; empty parts are left out."""
        rules = self._rules
        breaks = _write_week(rules.weekly_breaks) | _write_dated(rules.dated_breaks)
        whole = {
            "name": self._name,
            "timezone": self._timezone,
            "holidays": [str(day) for day in rules.holidays],
            "week": _write_week(rules.week),
            "exceptions": _write_dated(rules.exceptions),
            "breaks": breaks,
        }
        return {key: value for key, value in whole.items() if value or key == "week"}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Schedule":
        """The schedule of a dictionary such as `to_dict` gives.

        Raises:
            ParameterError: a key that is missing or unknown, or a value that the constructor refuses.
        """
        required, optional = {"timezone", "week"}, {"name", "holidays", "exceptions", "breaks"}
        if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
            raise ParameterError(f"expected a schedule as a dictionary with texts for keys; got {shown(document)}")
        unknown, missing = sorted(set(document) - required - optional), sorted(required - set(document))
        if unknown or missing:
            raise ParameterError(
                f"expected a schedule with the keys {sorted(required)} and maybe {sorted(optional)}; "
                f"got unknown keys {listed(map(shown, unknown))}, missing {listed(map(shown, missing))}"
            )
        return cls(**document)

    def to_toml(self) -> str:
        """The schedule as TOML text."""
        return write_toml(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> "Schedule":
        """The schedule of a TOML text such as `to_toml` gives; dates may be TOML dates too.

        Raises:
            ParameterError: the text is not TOML or no schedule.
        """
        try:
            document = tomllib.loads(text)
        except (TypeError, AttributeError):
            raise ParameterError(f"expected TOML text; got {shown(text)}") from None
        except RecursionError:
            raise ParameterError("expected TOML text; its brackets are nested too deeply") from None
        except tomllib.TOMLDecodeError as error:
            raise ParameterError(f"expected TOML text; got an error from its reader: {error}") from error
        return cls.from_dict(document)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Schedule does not change: build another one to change {name}")

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Schedule) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        rules = self._rules
        counts = {
            "holidays": len(rules.holidays),
            "exceptions": len(rules.exceptions),
            "breaks": sum(map(bool, rules.weekly_breaks)) + len(rules.dated_breaks),
        }
        parts = [repr(self._name)] if self._name else []
        parts += [_describe_week(rules) or "no weekly hours", self._timezone]
        parts += [f"{count} {what if count > 1 else what[:-1]}" for what, count in counts.items() if count]
        return f"Schedule({', '.join(parts)})"

    def _key(self) -> tuple[Rules, str, str | None]:
        return self._rules, self._timezone, self._name


def _write_week(week: Iterable[tuple[tuple[int, int], ...]]) -> dict[str, list[list[str]]]:
    return {day: write_hours(shifts) for day, shifts in zip(WEEKDAYS, week, strict=True) if shifts}


def _write_dated(dated: Iterable[tuple[date, tuple[tuple[int, int], ...]]]) -> dict[str, list[list[str]]]:
    return {str(day): write_hours(shifts) for day, shifts in dated}


def _describe_week(rules: Rules) -> str:
    """Runs of days with equal hours, such as `mon-fri 09:00-12:30 13:00-17:30`."""
    runs = []
    for shifts, group in groupby(zip(WEEKDAYS, rules.week, strict=True), key=lambda day: day[1]):
        days = [day for day, _ in group]
        if shifts:
            label = days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
            runs.append(" ".join([label, *("-".join(interval) for interval in write_hours(shifts))]))
    return "; ".join(runs)


#: Every second of every day counts: calendar time.
ALWAYS_OPEN = Schedule({day: [("00:00", "24:00")] for day in WEEKDAYS}, "UTC", name="always open")
