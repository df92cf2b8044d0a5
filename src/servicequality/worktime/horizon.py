"""How far the kernel's tables reach, and their growth when an instant lies beyond."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from servicequality.errors import InputError
from servicequality.worktime.hours import DAY, Rules
from servicequality.worktime.kernel import NEVER, Calendar, Codes, Times
from servicequality.worktime.segments import Segments, dates_of, day_number, difference, open_segments, opens_weekly

__all__ = ["ANCHOR", "Horizon", "Piece", "Timeline"]

#: Where every business clock shows zero: 2000-01-01T00:00Z. Fixed, so that values stay comparable when the tables grow.
ANCHOR = 946_684_800_000_000

_YEAR = 31_556_952_000_000
# The years 1 to 9999: beyond them there are no dates, hence no time zones.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_800_000_000
_NOTHING = np.empty(0, np.int64)
_ONWARD, _BACKWARD = np.array([1]), np.array([-1])


@dataclass(frozen=True, slots=True)
class Piece:
    """A schedule in force in `[start, stop)`; None is without end."""

    rules: Rules
    timezone: str
    start: int | None = None
    stop: int | None = None

    def segments(self, low: int, high: int) -> Segments:
        """Where it is open within `[low, high)`."""
        low = low if self.start is None else max(low, self.start)
        high = high if self.stop is None else min(high, self.stop)
        return open_segments(self.rules, self.timezone, low, high) if low < high else (_NOTHING, _NOTHING)


#: Schedules that follow one another without a gap.
Timeline: TypeAlias = tuple[Piece, ...]


class Horizon:
    """The business clocks of some timelines, over as much time as calls have needed."""

    def __init__(self, timelines: Sequence[Timeline]) -> None:
        self._timelines = timelines
        self._endless_back = np.array([line[0].start is None and opens_weekly(line[0].rules) for line in timelines])
        self._endless_on = np.array([line[-1].stop is None and opens_weekly(line[-1].rules) for line in timelines])
        self._calendar: Calendar | None = None
        self._lock = Lock()

    def clock(self, instants: Times, which: Codes | None = None) -> Times:
        """Open microseconds from the anchor to each instant."""
        return self._covering(instants).clock(instants, which)

    def between(self, starts: Times, ends: Times, which: Codes | None = None) -> NDArray[np.float64]:
        """Open seconds from each start to its end, negative where the end comes first."""
        return self._covering(starts, ends).between(starts, ends, which)

    def add(self, starts: Times, microseconds: Times, which: Codes | None = None) -> Times:
        """The earliest instant with the budget spent; walking back, the latest from which it leads to the start."""
        self._covering(starts)
        # Work takes at least its own time, so a budget that cannot end is seen without looking for its end.
        if len(starts) and (starts.min() + microseconds.min() < _FIRST or starts.max() + microseconds.max() >= _LAST):
            ends = starts + microseconds
            _refuse_endless((ends < _FIRST) | (ends >= _LAST))
        return self._reaching(lambda calendar: calendar.add(starts, microseconds, which), which, microseconds)

    def next_open(self, instants: Times, which: Codes | None = None) -> Times:
        """The instant itself if open, else the next opening, else `NEVER`."""
        self._covering(instants)
        return self._reaching(lambda calendar: calendar.next_open(instants, which), which, _ONWARD)

    def prev_close(self, instants: Times, which: Codes | None = None) -> Times:
        """The instant itself if open just before it, else the last closing, else `NEVER`."""
        self._covering(instants)
        return self._reaching(lambda calendar: calendar.prev_close(instants, which), which, _BACKWARD)

    def is_open(self, instants: Times, which: Codes | None = None) -> NDArray[np.bool_]:
        """Whether each instant is working time."""
        return self._covering(instants).is_open(instants, which)

    def _covering(self, *columns: Times) -> Calendar:
        """The tables, grown if need be so that they hold all those instants."""
        filled = [column for column in columns if len(column)]
        low = min((int(column.min()) for column in filled), default=ANCHOR)
        high = max((int(column.max()) for column in filled), default=ANCHOR)
        calendar = self._calendar
        if calendar is None or low < calendar.low or high >= calendar.high:
            if low < _FIRST or high >= _LAST:
                raise InputError(
                    "expected instants in the years 1 to 9999; got one outside. If it means never, make it null"
                )
            calendar = self._grow(low, high)
        return calendar

    def _reaching(self, find: Callable[[Calendar], Times], which: Codes | None, direction: Times) -> Times:
        """What `find` finds, in tables that grow, in the direction of its sign, until all is found that can be."""
        calendar = self._covering()
        while True:
            reached = find(calendar)
            if not len(reached) or reached.max() != NEVER:
                return reached
            lost = reached == NEVER
            codes = 0 if which is None else which
            on = lost & (direction > 0) & self._endless_on[codes]
            back = lost & (direction < 0) & self._endless_back[codes]
            if not (on.any() or back.any()):
                return reached
            if (on.any() and calendar.high == _LAST) or (back.any() and calendar.low == _FIRST):
                _refuse_endless(on | back)
            span = calendar.high - calendar.low
            calendar = self._grow(
                max(calendar.low - span, _FIRST) if back.any() else calendar.low,
                min(calendar.high + span, _LAST) - 1 if on.any() else calendar.high - 1,
            )

    def _grow(self, low: int, high: int) -> Calendar:
        with self._lock:
            known = self._calendar
            if known is not None and known.low <= low and high < known.high:
                return known
            if known is None:
                needed = [ANCHOR, *self._bounds()]
                low, high = min(low, *needed), max(high, *needed)
            else:
                # A margin for the next batch, so that a column that comes in order of time does not rebuild at every
                # one.
                margin = (known.high - known.low) // 4
                low = min(low - margin, known.low) if low < known.low else known.low
                high = max(high + margin, known.high - 1) if high >= known.high else known.high - 1
            low, high = max((low // _YEAR - 1) * _YEAR, _FIRST), min((high // _YEAR + 2) * _YEAR, _LAST)
            lines = [_union([piece.segments(low, high) for piece in line]) for line in self._timelines]
            self._calendar = Calendar(lines, low, high, ANCHOR)
            return self._calendar

    def _bounds(self) -> list[int]:
        """Instants that the tables must hold for what lies outside them to be endless or nothing."""
        pieces = [piece for line in self._timelines for piece in line]
        changes = [bound for piece in pieces for bound in (piece.start, piece.stop) if bound is not None]
        days = [day_number(day) for piece in pieces if not opens_weekly(piece.rules) for day in dates_of(piece.rules)]
        return changes + [(day + around) * DAY for day in days for around in (-2, 4)]


def _refuse_endless(rows: NDArray[np.bool_]) -> None:
    if rows.any():
        raise InputError(
            f"expected budgets in seconds that end in the years 1 to 9999; {np.count_nonzero(rows)} do not. "
            "Are they in another unit?"
        )


def _union(parts: list[Segments]) -> Segments:
    if len(parts) == 1:
        return parts[0]
    opens, closes = (np.concatenate(edges) for edges in zip(*parts, strict=True))
    return difference((opens, closes), (_NOTHING, _NOTHING))
