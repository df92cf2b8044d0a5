"""Numbers for people. Lives here: digits that follow the standard error, durations in fitting units. Never: a kept value."""

import math

FEW = 30
"""Below so many rows a share prints as "7 of 12": a percentage would promise more than there is."""

_DURATIONS = ((86_400 * 2, 86_400, "d"), (3_600 * 2, 3_600, "h"), (60 * 2, 60, "min"), (0, 1, "s"))


def format_value(value: float | None, *, unit: str, se: float | None = None, n: int | None = None) -> str:
    """One figure with its unit."""
    if value is None:
        return "–"
    if unit == "share" and n is not None and 0 < n < FEW and math.isclose(value * n, round(value * n), abs_tol=1e-6):
        return f"{round(value * n)} of {n}"
    return f"{format_number(value, unit=unit, se=se)}{_mark(value, unit)}"


def format_limits(low: float | None, high: float | None, *, unit: str, se: float | None = None) -> str:
    """Both limits, with "or more" and "or less" where one side is open; empty where both are."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        known = low if low is not None else high
        assert known is not None  # one of the two is
        return f"{format_number(known, unit=unit, se=se)}{_mark(known, unit)} or {'more' if high is None else 'less'}"
    scale = _duration(high)[0] if unit == "s" else None
    left, right = (format_number(limit, unit=unit, se=se, scale=scale) for limit in (low, high))
    return f"{left} to {right}{_mark(high, unit)}"


def format_number(value: float, *, unit: str, se: float | None = None, scale: float | None = None) -> str:
    """The bare digits: as many as the standard error supports, three where there is none."""
    if unit == "share":
        value, se = 100 * value, None if se is None else 100 * se
    elif unit == "s":
        divisor = scale or _duration(value)[0]
        value, se = value / divisor, None if se is None else se / divisor
    elif unit == "count":
        return f"{value:,.0f}"
    if se:
        decimals = max(0, -math.floor(math.log10(se)))
    else:
        decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
        decimals = min(decimals, 2)
    return f"{value:,.{decimals}f}"


def _duration(seconds: float) -> tuple[float, str]:
    for least, size, name in _DURATIONS:
        if abs(seconds) >= least:
            return size, name
    raise AssertionError("the last unit takes every duration")


def _mark(value: float, unit: str) -> str:
    if unit == "share":
        return "%"
    return f" {_duration(value)[1]}" if unit == "s" else ""
