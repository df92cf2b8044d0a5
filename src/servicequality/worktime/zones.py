"""Offsets of time zones from UTC as arrays."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from servicequality.checks import shown
from servicequality.errors import ParameterError

__all__ = ["EPOCH", "load_zone", "offset_periods"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The shortest time that any zone has ever left an offset and come back is 6.96 days (Gaza, Brazil 2000).
_STEP = 5 * 86_400
# A day inside what `datetime` holds, for the local time must exist too.
_FIRST, _LAST = -62_135_510_400, 253_402_128_000
# No zone changed before 1800. From 2400 on all follow a yearly rule, which the calendar repeats after 400 years.
_SETTLED, _REGULAR, _CYCLE = -5_364_662_400, 13_569_465_600, 146_097 * 86_400


def load_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name.

    Raises:
        ParameterError: no such zone, or the machine has no time zone data.
    """
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError) as error:
        raise ParameterError(
            f"timezone: expected an IANA name such as 'America/New_York'; got {shown(name)}. If the name is right, "
            "install the tzdata package"
        ) from error


@lru_cache(maxsize=64)
def offset_periods(name: str, low: int, high: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts of the periods of constant offset in `[low, high)`, and their offsets, in microseconds.

    zoneinfo tells offsets but not when they change, so changes are bracketed by steps and then bisected to the second.
    """
    zone = load_zone(name)

    def offset(second: int) -> int:
        moment = EPOCH + timedelta(seconds=min(max(second, _FIRST), _LAST))
        local = moment.astimezone(zone).utcoffset()
        assert local is not None
        return round(local.total_seconds())

    first, last = low // 1_000_000, -(-high // 1_000_000)
    before = offset(first)
    changes = [(first, before)]
    repeats = first <= _REGULAR
    reached = min(last, _REGULAR + _CYCLE) if repeats else last
    for left in range(max(first, _SETTLED), reached, _STEP):
        right = min(left + _STEP, reached)
        after = offset(right)
        _bisect(offset, left, before, right, after, changes)
        before = after
    if repeats:
        cycle = [(at, shift) for at, shift in changes if at > _REGULAR]
        laps = range(_CYCLE, min(last, _LAST) - _REGULAR, _CYCLE)
        changes += [(at + lap, shift) for lap in laps for at, shift in cycle if at + lap < min(last, _LAST)]
    starts, offsets = np.array(changes, dtype=np.int64).T * 1_000_000
    return np.ascontiguousarray(starts), np.ascontiguousarray(offsets)


def _bisect(
    offset: Callable[[int], int], left: int, before: int, right: int, after: int, changes: list[tuple[int, int]]
) -> None:
    if before == after:
        return
    if right - left == 1:
        changes.append((right, after))
        return
    middle = (left + right) // 2
    between = offset(middle)
    _bisect(offset, left, before, middle, between, changes)
    _bisect(offset, middle, between, right, after, changes)
