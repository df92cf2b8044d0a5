"""Counts of instants and spells by period, in linear time."""

# Instants are Int64 of any unit and origin; a period is ``[edge, next edge)``. No temporary is as long as the input: rows
# pass in blocks that stay in the processor's cache and add up in small histograms.

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from servicequality.errors import ParameterError

__all__ = ["NEVER", "SpellCounter", "WindowFlow", "count_events", "count_resumed", "window_flow"]

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer]

NEVER = 2**63 - 1
"""The stop of a spell that has none."""

_BLOCK = 1 << 15
_CELLS = 1 << 18  # a table of 2 MB: thirty years of hours, seven of quarter hours


class _Periods:
    """Which period an instant falls in: by a table of equal cells if every edge falls on one, else by bisection.

    The offsets of today's zones are multiples of a quarter hour, so local days, weeks and months have their edges on a
    grid at least that wide whenever the clock changes. Local mean time has no such grid. The last edge needs none: it
    is wherever knowledge ends, and the cell that it cuts is settled row by row.
    """

    def __init__(self, edges: Integers) -> None:
        if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
            raise ParameterError(f"edges must be two or more increasing instants; got {edges[:5].tolist()}")
        self.count = len(edges) - 1
        self._edges = edges
        widths = np.diff(edges)
        step = int(np.gcd.reduce(widths[:-1])) if self.count > 1 else int(widths[0])
        cells, cut = np.divmod(widths, step)
        self._step = np.uint64(step)
        self._cut = bool(cut[-1])
        # Steps of one leave no sign bit free, and long tables are slower than bisection.
        self._table = None
        if step > 1 and cells.sum() < _CELLS:
            tail = [self.count + 1, self.count] if self._cut else [self.count]
            self._table = np.concatenate([np.repeat(np.arange(self.count), cells), tail])
        self._offset = np.empty(_BLOCK, np.int64)

    def locate(self, times: Integers, out: Integers) -> None:
        """Write the period of each instant, and `count` for those before the first edge or from the last one on."""
        if self._table is None:
            np.subtract(np.searchsorted(self._edges, times, side="right"), 1, out=out)
            out[out < 0] = self.count
            return
        offset = np.subtract(times, self._edges[0], out=self._offset[: len(times)])
        # Without its sign an instant before the first edge is a huge one: clipping sends both sides to the last entry.
        unsigned = offset.view(np.uint64)
        np.floor_divide(unsigned, self._step, out=unsigned)
        np.take(self._table, offset, out=out, mode="clip")
        if self._cut and len(rows := np.flatnonzero(out > self.count)):
            out[rows] = np.where(times[rows] < self._edges[-1], self.count - 1, self.count)


class SpellCounter:
    """Arrivals and departures of spells, by group and period, added up block by block.

    The counts have the shape (`n_codes`, periods) and the type Int64. A spell is ``[start, stop)``: it is open at `t`
    if ``start <= t < stop``. Instants from the last edge on have not happened. A spell that stops before it starts and
    has started counts in `reversed`, at its start, and nowhere else.
    """

    def __init__(self, edges: Integers, n_codes: int = 1) -> None:
        self._periods = _Periods(edges)
        self._width = self._periods.count + 1  # one column more, for what has not happened
        # The first row of starts holds spells that outlast their first period, the second those that do not.
        self._starts = np.zeros((2, n_codes, self._width), np.int64)
        self._stops = np.zeros((n_codes, self._width), np.int64)
        self._reversed = np.zeros((n_codes, self._width), np.int64)
        self._start, self._stop, self._key = np.empty((3, _BLOCK), np.int64)
        self._holds = np.empty(_BLOCK, np.bool_)

    def add(self, starts: Integers, stops: Integers, codes: Codes | None = None) -> None:
        """Count spells; the stop of an open one is `NEVER`. `codes` in ``range(n_codes)`` say whose each spell is."""
        for at in range(0, len(starts), _BLOCK):
            block = slice(at, at + _BLOCK)
            self._add(starts[block], stops[block], None if codes is None else codes[block])

    def _add(self, starts: Integers, stops: Integers, codes: Codes | None) -> None:
        backwards = np.less(stops, starts, out=self._holds[: len(starts)])
        if backwards.any():
            _count_into(self._reversed, self._periods, starts[backwards], None if codes is None else codes[backwards])
            forward = ~backwards
            starts, stops, codes = starts[forward], stops[forward], None if codes is None else codes[forward]
        start, stop, key = (buffer[: len(starts)] for buffer in (self._start, self._stop, self._key))
        self._periods.locate(starts, start)
        self._periods.locate(stops, stop)
        brief = np.equal(start, stop, out=self._holds[: len(starts)])
        if codes is not None:
            np.multiply(codes, self._width, out=key, dtype=np.int64)
            np.add(start, key, out=start)
            np.add(stop, key, out=stop)
        np.add(start, np.multiply(brief, self._stops.size, out=key), out=start)
        # Unlike bincount, this adds in place, looks for no extremes, and is half again as quick.
        np.add.at(self._starts.reshape(-1), start, 1)
        np.add.at(self._stops.reshape(-1), stop, 1)

    @property
    def _all_starts(self) -> Integers:
        both: Integers = self._starts[0] + self._starts[1]
        return both

    @property
    def arrivals(self) -> Integers:
        """Spells that started in the period."""
        return self._all_starts[:, :-1]

    @property
    def departures(self) -> Integers:
        """Spells that stopped in the period."""
        return self._stops[:, :-1]

    @property
    def brief(self) -> Integers:
        """Spells that started and stopped in the same period."""
        return self._starts[1, :, :-1]

    @property
    def reversed(self) -> Integers:
        """Spells that started in the period and stop before they start."""
        return self._reversed[:, :-1]

    @property
    def still_open(self) -> Integers:
        """Spells of each group that have started and not stopped when the last period ends."""
        return self._stops[:, -1] - self._all_starts[:, -1]


def count_events(times: Integers, edges: Integers, codes: Codes | None = None, n_codes: int = 1) -> Integers:
    """How many instants fall in each period ``[edge, next edge)`` of each group; those outside the edges are left out.

    Args:
        times: the instants, of length n.
        edges: increasing instants, one more than there are periods.
        codes: the group of each instant, in ``range(n_codes)``; None is one group.
        n_codes: the number of groups.

    Returns:
        Int64 counts of the shape (`n_codes`, periods).

    Raises:
        ParameterError: `edges` do not increase.
    """
    periods = _Periods(edges)
    counts = np.zeros((n_codes, periods.count + 1), np.int64)
    for at in range(0, len(times), _BLOCK):
        block = slice(at, at + _BLOCK)
        _count_into(counts, periods, times[block], None if codes is None else codes[block])
    return counts[:, :-1]


def count_resumed(
    starts: Integers, stops: Integers, owners: Codes, edges: Integers, codes: Codes | None = None, n_codes: int = 1
) -> Integers:
    """How many owners were open at both ends of a period, though one of their spells ended in it.

    `brief` says nothing of them: their last lasting spell stops in the period and the next starts in it. Spells are
    sorted by owner and start and do not overlap; arguments and result are those of `count_events`.
    """
    periods = _Periods(edges)
    start, stop = np.empty_like(starts), np.empty_like(stops)
    for at in range(0, len(starts), _BLOCK):
        block = slice(at, at + _BLOCK)
        periods.locate(starts[block], start[block])
        periods.locate(stops[block], stop[block])
    lasting = np.flatnonzero(start != stop)
    before, after = lasting[:-1], lasting[1:]
    resumed = after[(owners[before] == owners[after]) & (stop[before] == start[after])]
    return count_events(starts[resumed], edges, None if codes is None else codes[resumed], n_codes)


def _count_into(counts: Integers, periods: _Periods, times: Integers, codes: Codes | None) -> None:
    key = np.empty(len(times), np.int64)
    periods.locate(times, key)
    if codes is not None:
        key += np.multiply(codes, counts.shape[1], dtype=np.int64)
    np.add.at(counts.reshape(-1), key, 1)


class WindowFlow(NamedTuple):
    """The flow of a window: `open_start` + `arrivals` - `departures` = `open_end`; `mean_open` is Little's L."""

    open_start: int
    open_end: int
    arrivals: int
    departures: int
    mean_open: float


def window_flow(
    starts: npt.NDArray[np.number], stops: npt.NDArray[np.number], *, start: float, end: float
) -> WindowFlow:
    """The census at both ends of a window, the flow between them, and the time average of spells open in it.

    A census is inclusive, ``started <= t < stopped``, so the flow counts instants in ``(start, end]``. The average is
    the total time that spells spend in the window over its length, which is exact on any sample path: L = λW (Little
    1961; Stidham 1974).

    Args:
        starts: when each spell started.
        stops: when it stopped; NaN, infinity or `NEVER` for one that did not.
        start: the first end of the window, in the unit of `starts`.
        end: the other end.

    Raises:
        ParameterError: `end` is not after `start`, or the arrays differ in length.
    """
    if not end > start:
        raise ParameterError(f"the window must end after it starts; got start={start!r}, end={end!r}")
    if starts.shape != stops.shape:
        raise ParameterError(f"starts and stops must be of one shape; got {starts.shape} and {stops.shape}")
    if np.issubdtype(stops.dtype, np.floating):
        stops = np.where(np.isnan(stops), np.inf, stops)
    inside = np.clip(stops, start, end) - np.clip(starts, start, end)
    return WindowFlow(
        open_start=int(((starts <= start) & (stops > start)).sum()),
        open_end=int(((starts <= end) & (stops > end)).sum()),
        arrivals=int(((starts > start) & (starts <= end)).sum()),
        departures=int(((stops > start) & (stops <= end)).sum()),
        mean_open=float(inside.sum() / (end - start)),
    )
