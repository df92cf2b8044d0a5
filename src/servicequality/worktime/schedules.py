"""`Schedules`: several schedules, one in force on each row, by key and by date."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column, shown
from servicequality.errors import InputError, ParameterError
from servicequality.worktime.columns import Column, Instant, Reader, as_microseconds, ask
from servicequality.worktime.horizon import Horizon, Piece, Timeline
from servicequality.worktime.kernel import NEVER, Codes, Times
from servicequality.worktime.schedule import Schedule
from servicequality.worktime.zones import load_zone

__all__ = ["Schedules", "Version"]


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule in force from one date, or instant, up to another that is no longer included; None is without end.

    A date means its first moment in the schedule's own time zone. Without `valid_to` a version runs until the next
    begins.
    """

    schedule: Schedule
    valid_from: date | datetime | None = None
    valid_to: date | datetime | None = None


class Schedules:
    """One schedule per row, chosen by a key; each key has one schedule, or versions that follow one another.

    A span over a change of version is summed piece by piece, and a budget runs on over it. Where no version is in
    force the answer is null. The methods are those of `Schedule` with a `key`: a column's name or an expression, or for
    Python datetimes the key itself.

    Args:
        by_key: key (text or integer) to a `Schedule` or to the `Version`s that follow one another without gap or
            overlap.

    Raises:
        ParameterError: no key at all, keys of mixed types, or versions that overlap or leave a gap.
    """

    def __init__(self, by_key: Mapping[Any, Schedule | Sequence[Version]]) -> None:
        if not isinstance(by_key, Mapping):
            raise ParameterError(f"expected a mapping from keys to schedules; got {shown(by_key)}")
        if (
            not by_key
            or len({type(key) for key in by_key}) > 1
            or not all(isinstance(key, str | int) for key in by_key)
        ):
            raise ParameterError(
                f"expected a mapping from keys, all text or all integers, to schedules; got {list(by_key)[:5]!r}"
            )
        self._keys = list(by_key)
        lines = [_timeline(key, versions) for key, versions in by_key.items()]
        self._horizon = Horizon(lines)
        self._starts = np.array([-NEVER if line[0].start is None else line[0].start for line in lines])
        self._stops = np.array([NEVER if line[-1].stop is None else line[-1].stop for line in lines])
        self._bounded = any(line[0].start is not None or line[-1].stop is not None for line in lines)

    @overload
    def between(self, start: datetime, end: datetime, *, key: str | int) -> float | None: ...
    @overload
    def between(self, start: Column, end: Instant, *, key: Column) -> pl.Expr: ...
    @overload
    def between(self, start: Instant, end: Column, *, key: Column) -> pl.Expr: ...
    def between(self, start: Instant, end: Instant, *, key: Column | int) -> float | pl.Expr | None:
        """Working seconds from start to end, as `Schedule.between`."""
        function = self._within(self._horizon.between, instants=2)
        answer: float | pl.Expr | None = ask(
            function, start, end, which=self._which(key, start, end), returns=pl.Float64
        )
        return answer

    @overload
    def add(self, start: datetime, seconds: float, *, key: str | int) -> datetime | None: ...
    @overload
    def add(self, start: Column, seconds: Column | float, *, key: Column) -> pl.Expr: ...
    @overload
    def add(self, start: Instant, seconds: Column, *, key: Column) -> pl.Expr: ...
    def add(self, start: Instant, seconds: Column | float, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant at which that many working seconds have passed, as `Schedule.add`."""
        function = self._within(self._horizon.add)
        answer: datetime | pl.Expr | None = ask(
            function, start, seconds=seconds, which=self._which(key, start, seconds)
        )
        return answer

    @overload
    def next_open(self, instant: datetime, *, key: str | int) -> datetime | None: ...
    @overload
    def next_open(self, instant: Column, *, key: Column) -> pl.Expr: ...
    def next_open(self, instant: Instant, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant itself if open, else the next opening, as `Schedule.next_open`."""
        function = self._within(self._horizon.next_open)
        answer: datetime | pl.Expr | None = ask(function, instant, which=self._which(key, instant))
        return answer

    @overload
    def prev_close(self, instant: datetime, *, key: str | int) -> datetime | None: ...
    @overload
    def prev_close(self, instant: Column, *, key: Column) -> pl.Expr: ...
    def prev_close(self, instant: Instant, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant itself if the moment before it is open, else the last closing, as `Schedule.prev_close`."""
        function = self._within(self._horizon.prev_close)
        answer: datetime | pl.Expr | None = ask(function, instant, which=self._which(key, instant))
        return answer

    @overload
    def is_open(self, instant: datetime, *, key: str | int) -> bool | None: ...
    @overload
    def is_open(self, instant: Column, *, key: Column) -> pl.Expr: ...
    def is_open(self, instant: Instant, *, key: Column | int) -> bool | pl.Expr | None:
        """Whether the instant is working time."""
        function = self._within(self._horizon.is_open)
        answer: bool | pl.Expr | None = ask(function, instant, which=self._which(key, instant), returns=pl.Boolean)
        return answer

    @overload
    def clock(self, instant: datetime, *, key: str | int) -> int | None: ...
    @overload
    def clock(self, instant: Column, *, key: Column) -> pl.Expr: ...
    def clock(self, instant: Instant, *, key: Column | int) -> int | pl.Expr | None:
        """The business clock of the key, as `Schedule.clock`. Do not subtract clocks of different keys."""
        function = self._within(self._horizon.clock)
        answer: int | pl.Expr | None = ask(function, instant, which=self._which(key, instant), returns=pl.Int64)
        return answer

    def __repr__(self) -> str:
        return (
            f"Schedules({len(self._keys)} keys: {', '.join(map(repr, self._keys[:5]))}{' …' * (len(self._keys) > 5)})"
        )

    def _which(self, key: object, *values: object) -> tuple[pl.Expr, Reader] | Codes:
        if isinstance(key, pl.Expr):
            return key, self._read_keys
        if any(isinstance(value, str | pl.Expr) for value in values):
            if isinstance(key, str):
                return column(key), self._read_keys
            raise ParameterError(f"key: expected a column's name or an expression; got {key!r}. For one key use pl.lit")
        return self._read_keys(pl.Series("key", [key]))

    def _read_keys(self, column: pl.Series) -> Codes:
        if isinstance(column.dtype, pl.Categorical | pl.Enum):
            column = column.cast(pl.String)
        of_kind = isinstance(column.dtype, pl.String) if isinstance(self._keys[0], str) else column.dtype.is_integer()
        if not of_kind and not isinstance(column.dtype, pl.Null):
            raise InputError(f"{column.name!r}: expected keys such as {self._keys[:5]!r}; got {column.dtype}")
        codes = column.replace_strict(self._keys, range(len(self._keys)), default=None, return_dtype=pl.Int64)
        unknown = column.filter(codes.is_null() & column.is_not_null())
        if len(unknown):
            raise InputError(
                f"{column.name!r}: expected keys of {self._keys[:5]!r}; {len(unknown)} are of no schedule, the first "
                f"{unknown.head(3).to_list()!r}"
            )
        return codes.fill_null(0).to_numpy()

    def _within(self, function: Callable[..., NDArray[Any]], instants: int = 1) -> Callable[..., NDArray[Any]]:
        """The function, masked where an instant lies outside its key's validity."""
        if not self._bounded:
            return function

        def masked(*arrays: Times) -> NDArray[Any]:
            which = arrays[-1]
            starts, stops = self._starts[which], self._stops[which]
            outside = np.zeros(len(which), np.bool_)
            for array in arrays[:instants]:
                outside |= (array < starts) | (array >= stops)
            return np.ma.MaskedArray(function(*arrays), mask=outside)

        return masked


def _timeline(key: object, given: Schedule | Sequence[Version]) -> Timeline:
    versions = [Version(given)] if isinstance(given, Schedule) else list(given) if isinstance(given, Iterable) else []
    if not versions or not all(
        isinstance(version, Version) and isinstance(version.schedule, Schedule) for version in versions
    ):
        raise ParameterError(f"{key!r}: expected a Schedule or a list of Version; got {shown(given)}")
    for earlier, later in pairwise(versions):
        if later.valid_from is None or earlier.valid_to not in (None, later.valid_from):
            raise ParameterError(
                f"{key!r}: expected versions in order, each valid from where the one before ends; got one valid to "
                f"{earlier.valid_to} and then one valid from {later.valid_from}"
            )
    starts = [_bound(version.valid_from, version.schedule) for version in versions]
    stops = [*starts[1:], _bound(versions[-1].valid_to, versions[-1].schedule)]
    for start, stop in zip(starts, stops, strict=True):
        if start is not None and stop is not None and start >= stop:
            raise ParameterError(f"{key!r}: expected versions in order of time, each with some time; got {versions!r}")
    return tuple(
        Piece(version.schedule.rules, version.schedule.timezone, start, stop)
        for version, start, stop in zip(versions, starts, stops, strict=True)
    )


def _bound(bound: date | datetime | None, schedule: Schedule) -> int | None:
    if bound is None:
        return None
    if not isinstance(bound, date):
        raise ParameterError(f"expected a date or an instant from which a version holds; got {shown(bound)}")
    if not isinstance(bound, datetime):
        bound = datetime.combine(bound, time.min, load_zone(schedule.timezone))
    return as_microseconds(bound)
