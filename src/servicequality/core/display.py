"""Numbers as people read them: digits that follow the standard error, fitting units, shares that add up."""

import math
from collections.abc import Sequence

from servicequality.errors import ParameterError
from servicequality.stats import largest_remainder
from servicequality.stats.rounding import half_up

FEW = 30
"""Below so many rows a share prints as "7 of 12": a percentage would promise more than there is."""
UNKNOWN = "–"

_DURATIONS = ((86_400 * 2, 86_400, "d"), (3_600 * 2, 3_600, "h"), (60 * 2, 60, "min"), (0, 1, "s"))
_EQUAL = 1e-9
_LONGEST = 1e15  # beyond, a float no longer holds every whole number
_MOST_DECIMALS = 15
_STATED = len("99.999")
_APART = 2  # standard errors from a figure to either of its 95 % limits, near enough to choose digits by


def error_of(se: float | None, value: float | None, low: float | None, high: float | None) -> float | None:
    """The error that a figure's digits follow: the standard error, or an estimate of it from the limits; None without either.

    With skewed limits the nearer one counts: digits that suit the farther one would print "1 (0 to 9)" for 1.2 (0.4 to 9).
    """
    if se:
        return se
    if value is None:
        return None if low is None or high is None else (high - low) / (2 * _APART) or None
    sides = [abs(value - limit) / _APART for limit in (low, high) if limit is not None and limit != value]
    return min(sides, default=None)


def format_value(
    value: float | None, *, unit: str, se: float | None = None, n: int | None = None, beside: float | None = None
) -> str:
    """One figure with its unit.

    Args:
        value: the figure; None is a dash.
        unit: its unit.
        se: the error that its digits follow, from `error_of`.
        n: the number of rows; a share of few rows prints as "7 of 12". None never does.
        beside: a duration that it is printed next to, and whose unit of time it takes.
    """
    if value is None:
        return UNKNOWN
    if unit == "share" and n is not None and 0 < n < FEW and math.isclose(value * n, round(value * n), abs_tol=1e-6):
        return f"{round(value * n)} of {n}"
    scale = time_scale(value if beside is None else beside)
    return f"{format_number(value, unit=unit, se=se, scale=scale[0])}{_mark(unit, scale)}"


def format_limits(
    low: float | None, high: float | None, *, unit: str, se: float | None = None, beside: float | None = None
) -> str:
    """Both limits, with "or more" and "or less" where one side is open; empty where both are.

    Args:
        low: lower limit.
        high: upper limit.
        unit: their unit.
        se: as for `format_value`.
        beside: the figure that they belong to: durations share its unit of time.
    """
    known = [limit for limit in (low, high) if limit is not None]
    if not known:
        return ""
    scale = time_scale(known[-1] if beside is None else beside)
    shown = " to ".join(format_number(limit, unit=unit, se=se, scale=scale[0]) for limit in known)
    open_end = "" if len(known) == 2 else " or more" if high is None else " or less"
    return f"{shown}{_mark(unit, scale)}{open_end}"


def format_number(value: float, *, unit: str, se: float | None = None, scale: float | None = None) -> str:
    """The bare digits: as many as the standard error supports, three where there is none."""
    if unit == "share":
        value, se = 100 * value, None if se is None else 100 * se
    elif unit == "s":
        divisor = scale or time_scale(value)[0]
        value, se = value / divisor, None if se is None else se / divisor
    if abs(value) >= _LONGEST:
        return f"{value:.3g}"
    if unit == "count":
        decimals = 0
    elif se:
        decimals = min(decimals_of(se), _MOST_DECIMALS)
    else:
        decimals = min(max(0, 2 - math.floor(math.log10(abs(value)))), 2) if value else 0
    return f"{half_up(value, decimals):,.{decimals}f}"


def format_bare(value: float, *, unit: str, se: float | None, beside: float) -> str:
    """The digits of `format_number` without marks between thousands, in the unit of time of the figure beside it."""
    return format_number(value, unit=unit, se=se, scale=time_scale(beside)[0]).replace(",", "")


def unit_of(value: float, *, unit: str) -> str:
    """The unit in which a figure prints: "%" of a share, a fitting unit of time of a duration."""
    return {"share": "%", "s": time_scale(value)[1]}.get(unit, unit)


def decimals_of(se: float) -> int:
    """How many digits after the point a standard error supports: up to its own first digit."""
    return max(0, -math.floor(math.log10(se)))


def format_stated(value: float, *, unit: str) -> str:
    """A number that somebody chose, with the digits that they gave: "95%", "5 min"."""
    scale = time_scale(value)
    number = 100 * value if unit == "share" else value / scale[0] if unit == "s" else value
    return f"{float(f'{number:.10g}'):,.10g}{_mark(unit, scale)}"


def format_level(level: float) -> str:
    """A confidence level in per cent, never rounded up to 100: "95 %", "99.8 %"."""
    percent = 100 * level
    shown = f"{percent:.10g}"
    if len(shown) > _STATED:  # a level that limits happen to reach, such as those of quantiles
        shown = f"{percent:.{max(0, -math.floor(math.log10(100 - percent)))}f}"
    return f"{shown} %"


def time_scale(seconds: float) -> tuple[float, str]:
    """Seconds in the unit of time that suits a duration, and its name."""
    for least, size, name in _DURATIONS:
        if abs(seconds) >= least:
            return size, name
    raise AssertionError("the last unit takes every duration")


def format_shares(parts: Sequence[float | None], *, decimals: int = 0) -> list[str]:
    """Shares of one whole in per cent, without the sign, that add up to 100 if they are all there.

    Each differs from its exact value by less than one unit of its last digit (largest remainder). None is a dash.

    Args:
        parts: shares from 0 to 1; if they add up to less than 1, the rest is a part that is not shown.
        decimals: digits after the point.

    Raises:
        ParameterError: a share below 0, or shares that add up to more than 1.
    """
    known = [0.0 if part is None else part for part in parts]
    total = sum(known)
    if min(known, default=0.0) < 0 or total > 1 + _EQUAL:
        raise ParameterError(
            "shares of one whole lie from 0 to 1 and add up to 1 at most; "
            f"got {min(known):g} to {max(known):g}, in all {total:g}"
        )
    rest = 1 - total if total < 1 - _EQUAL else 0.0
    whole = largest_remainder([*known, rest], units=100 * 10**decimals).tolist() if known else []
    shown = [f"{number / 10**decimals:.{decimals}f}" for number in whole]
    return [UNKNOWN if part is None else text for part, text in zip(parts, shown, strict=False)]


def _mark(unit: str, scale: tuple[float, str]) -> str:
    if unit == "share":
        return "%"
    return f" {scale[1]}" if unit == "s" else ""
