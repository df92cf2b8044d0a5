"""The business clock of many instants at once: tables with a constant-time lookup, in numpy."""

# The business clock F counts open microseconds since an anchor. Over the open segments `[s, f)` it is `P + clip(t, s,
# f)`, where P is the open time before the segment less s. The segment is found by cutting the axis into buckets of 2^k
# microseconds that hold at most one segment each; where segments are too dense for a table of reasonable size, a few more
# comparisons finish the search. The inverse does the same on the axis of the business clock, where segments touch and
# one comparison is always due. Every operation runs on blocks that stay in the processor's cache.

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servicequality.worktime.segments import Segments

__all__ = ["NEVER", "Calendar", "Times"]

Times = NDArray[np.int64]
Codes = NDArray[np.intp]

#: Stands for an instant that does not come; far from both ends of int64, so that sums with it do not wrap.
NEVER = 2**62

_BLOCK = 32_768
_COARSEST = 30
_LARGEST_TABLE = 2**22


@dataclass(frozen=True, slots=True)
class _Axis:
    """A constant-time search for the segment of a point, over one or several calendars."""

    origin: int
    shift: int
    buckets: int
    first: Codes  # the first segment that ends after the bucket's start, one row of buckets per calendar
    following: Times  # the start of the next segment
    steps: int

    @classmethod
    def over(cls, calendars: list[Segments], origin: int, end: int, *, steps: int) -> "_Axis":
        """The coarsest axis that needs no more than that many steps, within the largest table."""
        shift, largest = _COARSEST, _LARGEST_TABLE // len(calendars)
        while (end - origin) >> shift > largest:
            shift += 1
        axis = cls._of(calendars, origin, end, shift)
        while axis.steps > steps and 2 * axis.buckets < largest:
            shift -= 1
            axis = cls._of(calendars, origin, end, shift)
        return axis

    @classmethod
    def _of(cls, calendars: list[Segments], origin: int, end: int, shift: int) -> "_Axis":
        buckets = ((end - origin) >> shift) + 1
        first, following, steps, base = [], [], 0, 0
        for opens, closes in calendars:
            # How many segments end up to each bucket's start, and how many start before its end.
            begins = np.cumsum(np.bincount(-((origin - closes) >> shift), minlength=buckets)[:buckets])
            ends = np.cumsum(np.bincount((opens - origin) >> shift, minlength=buckets))
            steps = max(steps, int((ends - begins).max()) - 1)
            first.append(begins + base)
            following.append(np.append(opens, [NEVER, NEVER])[1:])
            base += len(opens) + 1
        return cls(origin, shift, buckets, np.concatenate(first), np.concatenate(following), steps)

    def rows_of(self, which: Codes | None) -> Codes | None:
        """Where the buckets of each point's calendar begin."""
        return None if which is None else which * self.buckets

    def find(self, points: Times, rows: Codes | None, segments: Codes, spare: Times) -> None:
        """Write to `found` each point's segment, or a neighbour of the gap that the point lies in."""
        np.subtract(points, self.origin, out=spare)
        np.right_shift(spare, self.shift, out=spare)
        if rows is not None:
            np.add(spare, rows, out=spare)
        np.take(self.first, spare, out=segments, mode="clip")
        for _ in range(self.steps):
            np.take(self.following, segments, out=spare, mode="clip")
            np.add(segments, points >= spare, out=segments)


class Calendar:
    """One or several business clocks, known for the instants in `[low, high)`. `which` says which clock a row is on.

    Instants outside are not looked for: they give nonsense, so callers compare with `low` and `high` first.
    """

    def __init__(self, calendars: list[Segments], low: int, high: int, anchor: int) -> None:
        self.low: int = low
        self.high: int = high
        before = [np.append(0, np.cumsum(closes - opens)) for opens, closes in calendars]
        at_anchor = [int((np.clip(anchor, opens, closes) - opens).sum()) for opens, closes in calendars]
        clocks = [total - zero for total, zero in zip(before, at_anchor, strict=True)]
        self._clock_low = np.array([clock[0] for clock in clocks])
        self._clock_high = np.array([clock[-1] for clock in clocks])
        # Past a calendar's last segment lies one more that never comes: clipping to it gives the total.
        self._opens = np.concatenate([np.append(opens, NEVER) for opens, _ in calendars])
        self._closes = np.concatenate([np.append(closes, NEVER) for _, closes in calendars])
        self._clock_less_open = np.concatenate(clocks) - self._opens
        self._time = _Axis.over(calendars, low, high, steps=0)
        self._clocks = clocks

    @cached_property
    def _work(self) -> _Axis:
        spent = [(clock[:-1], clock[1:]) for clock in self._clocks]
        return _Axis.over(spent, int(self._clock_low.min()), int(self._clock_high.max()), steps=1)

    def clock(self, instants: Times, which: Codes | None = None) -> Times:
        """Open microseconds from the anchor to each instant."""
        out = np.empty(len(instants), np.int64)
        spare = _Spare(len(out))
        for rows in _blocks(len(out)):
            self._clock(instants[rows], self._time.rows_of(_part(which, rows)), out[rows], spare)
        return out

    def between(self, starts: Times, ends: Times, which: Codes | None = None) -> NDArray[np.float64]:
        """Open seconds from each start to its end."""
        out = np.empty(len(starts))
        spare = _Spare(len(out))
        for rows in _blocks(len(out)):
            calendar, seconds = self._time.rows_of(_part(which, rows)), out[rows]
            at_start, at_end = spare.starts[: len(seconds)], spare.ends[: len(seconds)]
            self._clock(starts[rows], calendar, at_start, spare)
            self._clock(ends[rows], calendar, at_end, spare)
            np.subtract(at_end, at_start, out=at_end)
            np.divide(at_end, 1e6, out=seconds)
        return out

    def add(self, starts: Times, microseconds: Times, which: Codes | None = None) -> Times:
        """The instant at which so much open time has passed since each start; `NEVER` if outside the horizon.

        While closed the business clock stands still, so many instants show the same value: the earliest is given for
        positive time, the latest for negative time, the start itself for none.
        """
        out = np.empty(len(starts), np.int64)
        spare = _Spare(len(out))
        for rows in _blocks(len(out)):
            start, added, codes, ends = starts[rows], microseconds[rows], _part(which, rows), out[rows]
            clock, point, segments = (room[: len(ends)] for room in (spare.starts, spare.ends, spare.segments))
            self._clock(start, self._time.rows_of(codes), clock, spare)
            np.add(clock, added, out=clock)
            # The microsecond of work that ends, or begins, at this value of the clock lies in one segment alone.
            np.subtract(clock, added > 0, out=point)
            self._work.find(point, self._work.rows_of(codes), segments, ends)
            np.take(self._clock_less_open, segments, out=ends, mode="clip")
            np.subtract(clock, ends, out=ends)
            low = self._clock_low if codes is None else self._clock_low[codes]
            high = self._clock_high if codes is None else self._clock_high[codes]
            np.copyto(ends, NEVER, where=(point < low) | (point >= high))
            np.copyto(ends, start, where=added == 0)
        return out

    def next_open(self, instants: Times, which: Codes | None = None) -> Times:
        """The instant itself if open, else the next opening; `NEVER` if that lies outside the horizon."""
        segments = self._find(instants, which)
        segments += instants >= self._closes[segments]
        opens: Times = np.maximum(instants, self._opens[segments])
        return opens

    def prev_close(self, instants: Times, which: Codes | None = None) -> Times:
        """The instant itself if the moment before it is open, else the last closing, else `NEVER`."""
        segments = self._find(instants, which)
        segments -= instants <= self._opens[segments]
        # Before a calendar's first segment lies another's last, or by index -1 the very last: the one that never comes.
        closes = self._closes[segments]
        return np.where(closes == NEVER, NEVER, np.minimum(instants, closes))

    def is_open(self, instants: Times, which: Codes | None = None) -> NDArray[np.bool_]:
        """Whether each instant lies in an open segment."""
        segments = self._find(instants, which)
        return (self._opens[segments] <= instants) & (instants < self._closes[segments])

    def _clock(self, instants: Times, calendar: Codes | None, out: Times, spare: "_Spare") -> None:
        segments, edge = spare.segments[: len(out)], spare.edges[: len(out)]
        self._time.find(instants, calendar, segments, edge)
        np.take(self._opens, segments, out=edge, mode="clip")
        np.maximum(instants, edge, out=out)
        np.take(self._closes, segments, out=edge, mode="clip")
        np.minimum(out, edge, out=out)
        np.take(self._clock_less_open, segments, out=edge, mode="clip")
        np.add(out, edge, out=out)

    def _find(self, instants: Times, which: Codes | None) -> Codes:
        out = np.empty(len(instants), np.intp)
        spare = _Spare(len(out))
        for rows in _blocks(len(out)):
            calendar = self._time.rows_of(_part(which, rows))
            self._time.find(instants[rows], calendar, out[rows], spare.edges[: len(out[rows])])
        return out


class _Spare:
    """Room for one block's intermediate values."""

    def __init__(self, rows: int) -> None:
        size = min(rows, _BLOCK)
        self.segments = np.empty(size, np.intp)
        self.edges, self.starts, self.ends = np.empty((3, size), np.int64)


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))


def _part(which: Codes | None, rows: slice) -> Codes | None:
    return None if which is None else which[rows]
