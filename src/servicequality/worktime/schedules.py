"""`Schedules`: several schedules, one in force on each row, by key and by date."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column, shown, zone_aware
from servicequality.errors import InputError, ParameterError
from servicequality.worktime.columns import Column, Instant, Reader, as_microseconds, ask
from servicequality.worktime.horizon import Horizon, Piece, Timeline
from servicequality.worktime.kernel import NEVER, Codes, Times
from servicequality.worktime.questions import keyed_of_budget, keyed_of_instant, keyed_of_span
from servicequality.worktime.schedule import Schedule
from servicequality.worktime.zones import load_zone

__all__ = ["Schedules", "Version"]


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule in force in [since, until), which are dates or instants; None leaves that side open.

    A date means its first moment in the schedule's own time zone. Without `until` a version runs until the next begins.

    Args:
        schedule: the hours that count.
        since: begin of its time in force.
        until: end of it.
    """

    schedule: Schedule
    since: date | datetime | None = None
    until: date | datetime | None = None


class Schedules:
    """One schedule per row, chosen by a key; each key has one schedule, or versions that follow one another.

    A span over a change of version is summed piece by piece, and a budget runs on over it. Where no version is in
    force the answer is null. The methods are those of `Schedule` with a `key`: a column's name or an expression, or for
    Python datetimes the key itself.

    Args:
        by_key: key (text or integer) to a `Schedule` or to the `Version`s that follow one another without gap or
            overlap.
        column: the ticket's column, or the field of its changes, that holds its key where calls on records choose the
            schedule of each ticket, such as ``"team"``.

    Raises:
        ParameterError: no key at all, keys of mixed types, versions that overlap or leave a gap, or a column that is no text.
    """

    def __init__(self, by_key: Mapping[Any, Schedule | Sequence[Version]], *, column: str = "schedule") -> None:
        if not isinstance(column, str) or not column:
            raise ParameterError(f"column must be a text, the name of the ticket's column of keys; got {shown(column)}")
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
        self.column = column
        self._keys = list(by_key)
        lines = [_timeline(key, versions) for key, versions in by_key.items()]
        self._horizon = Horizon(lines)
        self._starts = np.array([-NEVER if line[0].start is None else line[0].start for line in lines])
        self._stops = np.array([NEVER if line[-1].stop is None else line[-1].stop for line in lines])
        self._bounded = any(line[0].start is not None or line[-1].stop is not None for line in lines)

    @keyed_of_span
    def between(self, start: Instant, end: Instant, *, key: Column | int) -> float | pl.Expr | None:
        """Working seconds from start to end, as `Schedule.between`."""
        answer: float | pl.Expr | None = self._ask(self._horizon.between, start, end, key=key, returns=pl.Float64)
        return answer

    @keyed_of_budget
    def add(self, start: Instant, seconds: Column | float, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant at which that many working seconds have passed, as `Schedule.add`."""
        answer: datetime | pl.Expr | None = self._ask(self._horizon.add, start, key=key, seconds=seconds)
        return answer

    @keyed_of_instant
    def next_open(self, instant: Instant, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant itself if open, else the next opening, as `Schedule.next_open`."""
        answer: datetime | pl.Expr | None = self._ask(self._horizon.next_open, instant, key=key)
        return answer

    @keyed_of_instant
    def prev_close(self, instant: Instant, *, key: Column | int) -> datetime | pl.Expr | None:
        """The instant itself if the moment before it is open, else the last closing, as `Schedule.prev_close`."""
        answer: datetime | pl.Expr | None = self._ask(self._horizon.prev_close, instant, key=key)
        return answer

    @keyed_of_instant
    def is_open(self, instant: Instant, *, key: Column | int) -> bool | pl.Expr | None:
        """Whether the instant is working time."""
        answer: bool | pl.Expr | None = self._ask(self._horizon.is_open, instant, key=key, returns=pl.Boolean)
        return answer

    @keyed_of_instant
    def clock(self, instant: Instant, *, key: Column | int) -> int | pl.Expr | None:
        """The business clock of the key, as `Schedule.clock`. Do not subtract clocks of different keys."""
        answer: int | pl.Expr | None = self._ask(self._horizon.clock, instant, key=key, returns=pl.Int64)
        return answer

    @property
    def key_type(self) -> pl.DataType:
        """The type of a column of keys."""
        return pl.String() if isinstance(self._keys[0], str) else pl.Int64()

    def keys_in(self, column: pl.Series) -> pl.Series:
        """A column of keys in their type; null stays null.

        Raises:
            InputError: A value is the key of no schedule, or the column's type is not that of the keys.
        """
        self._read_keys(column)
        return column.cast(self.key_type)

    def __repr__(self) -> str:
        return (
            f"Schedules({len(self._keys)} keys: {', '.join(map(repr, self._keys[:5]))}{' …' * (len(self._keys) > 5)})"
        )

    def _ask(
        self,
        function: Callable[..., NDArray[Any]],
        *instants: Instant,
        key: object,
        seconds: Column | float | None = None,
        returns: type[pl.DataType] | None = None,
    ) -> Any:
        which = self._which(key, *instants, seconds)
        return ask(self._within(function, len(instants)), *instants, seconds=seconds, which=which, returns=returns)

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

    def _within(self, function: Callable[..., NDArray[Any]], instants: int) -> Callable[..., NDArray[Any]]:
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
        if later.since is None or earlier.until not in (None, later.since):
            raise ParameterError(
                f"{key!r}: expected versions in order, each in force since the one before ends; got one until "
                f"{earlier.until} and then one since {later.since}"
            )
    starts = [_bound(version.since, version.schedule) for version in versions]
    stops = [*starts[1:], _bound(versions[-1].until, versions[-1].schedule)]
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
    return as_microseconds(zone_aware("since or until of a version", bound))
