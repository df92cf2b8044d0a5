"""From the rules of a schedule to its open segments of time, as arrays."""

# The rules are drawn on the local wall clock first, where a day always has 24 hours. A period of constant offset from
# UTC then shows a window of that drawing, moved by the offset: an hour that is skipped is in no window and an hour that
# is repeated is in two, so the daylight saving rules need no case of their own.

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from servicequality.worktime.hours import DAY, Dated, Rules, Shift
from servicequality.worktime.zones import offset_periods

__all__ = ["Segments", "dates_of", "day_number", "difference", "open_segments", "opens_ever", "opens_weekly"]

#: Starts and ends, in microseconds, of disjoint half-open intervals in order, with a gap between any two.
Segments = tuple[NDArray[np.int64], NDArray[np.int64]]

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MONDAY = 4  # 1970-01-05


def day_number(day: date) -> int:
    """Days from 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def open_segments(rules: Rules, timezone: str, low: int, high: int) -> Segments:
    """The instants in `[low, high)` (UTC, microseconds since 1970) at which the schedule is open."""
    # A local date begins up to 15 hours beside its UTC date, and a shift ends up to 48 hours after its date began.
    days = np.arange(low // DAY - 3, high // DAY + 3)
    special = [day_number(day) for day in (*rules.holidays, *(day for day, _ in rules.exceptions))]
    ordinary = days[~np.isin(days, special)]
    hours = _concatenate([*_weekly(rules.week, ordinary), _dated(rules.exceptions)])
    breaks = _concatenate([*_weekly(rules.weekly_breaks, days), _dated(rules.dated_breaks)])
    return _to_instants(difference(hours, breaks), *offset_periods(timezone, low, high), high)


def opens_ever(rules: Rules) -> bool:
    """Whether the rules leave any time open."""
    # In UTC, where no hour is skipped; the schedule's own zone could only matter to hours that fall into such an hour.
    days = [day_number(day) for day, _ in rules.exceptions]
    low, high = min(days, default=0) - 3, max(days, default=0) + 4
    return opens_weekly(rules) or any(map(len, open_segments(rules, "UTC", low * DAY, high * DAY)))


def opens_weekly(rules: Rules) -> bool:
    """Whether the weekly hours leave anything once the weekly breaks are cut, so that the schedule opens for ever."""
    days = np.arange(_MONDAY, _MONDAY + 21)
    opens, closes = difference(
        _concatenate(_weekly(rules.week, days)), _concatenate(_weekly(rules.weekly_breaks, days))
    )
    # The middle week of three, so that a shift or a break that comes over from the week before is seen.
    return bool(np.any((closes > (_MONDAY + 7) * DAY) & (opens < (_MONDAY + 14) * DAY)))


def dates_of(rules: Rules) -> list[date]:
    """Every date that the rules name."""
    return [*rules.holidays, *(day for day, _ in rules.exceptions), *(day for day, _ in rules.dated_breaks)]


def difference(kept: Segments, cut: Segments) -> Segments:
    """The union of `kept` less the union of `cut`. Both may be unsorted and overlap themselves."""
    points = np.concatenate([*kept, *cut])
    if not len(kept[0]):
        return kept
    change = np.repeat([1, -1, 1, -1], [len(kept[0]), len(kept[0]), len(cut[0]), len(cut[0])])
    in_cut = np.repeat([False, True], [2 * len(kept[0]), 2 * len(cut[0])])
    order = np.argsort(points, kind="stable")
    points, change, in_cut = points[order], change[order], in_cut[order]
    covered = np.cumsum(np.where(in_cut, 0, change))
    removed = np.cumsum(np.where(in_cut, change, 0))
    last = np.append(points[1:] != points[:-1], True)
    is_open = ((covered > 0) & (removed == 0))[last]
    points = points[last]
    switches = np.flatnonzero(np.diff(is_open, prepend=False))
    return points[switches[::2]], points[switches[1::2]]


def _weekly(week: Sequence[Sequence[Shift]], days: NDArray[np.int64]) -> list[Segments]:
    return [
        (at * DAY + opens, at * DAY + closes)
        for weekday, shifts in enumerate(week)
        if shifts
        for at in [days[(days - _MONDAY) % 7 == weekday]]
        for opens, closes in shifts
    ]


def _dated(dated: Dated) -> Segments:
    rows = [
        (day_number(day) * DAY + opens, day_number(day) * DAY + closes)
        for day, shifts in dated
        for opens, closes in shifts
    ]
    opens, closes = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return opens, closes


def _concatenate(parts: Iterable[Segments]) -> Segments:
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64)), *parts]
    return np.concatenate([opens for opens, _ in parts]), np.concatenate([closes for _, closes in parts])


def _to_instants(local: Segments, starts: NDArray[np.int64], offsets: NDArray[np.int64], high: int) -> Segments:
    opens, closes = local
    windows: list[Segments] = []
    for start, end, offset in zip(starts, np.append(starts[1:], high), offsets, strict=True):
        first = np.searchsorted(closes, start + offset, side="right")
        stop = np.searchsorted(opens, end + offset, side="left")
        windows.append((np.maximum(opens[first:stop] - offset, start), np.minimum(closes[first:stop] - offset, end)))
    opens, closes = _concatenate(windows)
    if not len(opens):
        return opens, closes
    apart = opens[1:] != closes[:-1]
    return opens[np.insert(apart, 0, True)], closes[np.append(apart, True)]
