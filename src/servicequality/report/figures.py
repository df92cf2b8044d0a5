"""One column of figures in one unit: the digits and limits of a metric's rows."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from servicequality.core import UNKNOWN, error_of, format_limits, format_number, format_value

__all__ = ["UNKNOWN", "error", "limits", "line", "scale_of", "unit_of", "value"]

_SCALES = (
    (2 * 86_400.0, 86_400.0, "days"),
    (7_200.0, 3_600.0, "hours"),
    (120.0, 60.0, "minutes"),
    (0.0, 1.0, "seconds"),
)
_UNITS = {"share": "%", "count": "", "points of the scale": "points"}

Row = Mapping[str, Any]


def scale_of(rows: Sequence[Row]) -> tuple[float, str] | None:
    """Seconds in the unit of time that suits the middle of a column of durations; None for other figures.

    A column has one unit: "38 min" over "7 h" cannot be compared at a glance.
    """
    known = [row["value"] for row in rows if row["unit"] == "s" and row["value"] is not None]
    if not known:
        return None
    middle = statistics.median(known)
    return next((size, name) for least, size, name in _SCALES if middle >= least)


def unit_of(rows: Sequence[Row], scale: tuple[float, str] | None) -> str:
    """The unit as the head of a column."""
    if scale is not None:
        return scale[1]
    unit = rows[0]["unit"] if rows else ""
    return _UNITS.get(unit, unit)


def value(row: Row, scale: tuple[float, str] | None) -> str:
    """The figure without its unit, which is in the head."""
    if row["value"] is None:
        return UNKNOWN
    if scale is not None:
        return format_number(row["value"], unit="s", se=error(row), scale=scale[0])
    counted = None if row["n_pending"] else row["n"]  # a share that allows for open rows is no "7 of 12"
    return format_value(row["value"], unit=row["unit"], se=error(row), n=counted).removesuffix("%")


def limits(row: Row, scale: tuple[float, str] | None) -> str:
    """Both limits without their unit; empty where there are none."""
    low, high = row["low"], row["high"]
    if scale is None:
        # One side open says "20% or more"; in the middle of the text, the sign goes too.
        return format_limits(low, high, unit=row["unit"], se=error(row)).replace("%", "")
    known = [
        format_number(limit, unit="s", se=error(row), scale=scale[0]) for limit in (low, high) if limit is not None
    ]
    if len(known) == 2:
        return " to ".join(known)
    return f"{known[0]} or {'more' if high is None else 'less'}" if known else ""


def line(row: Row, *, truth: float | None = None) -> tuple[str, str, str]:
    """The figure with its unit, its limits, and what is true, in one unit and with the same digits."""
    unit, doubt, own = row["unit"], error(row), row["value"]
    counted = None if row["n_pending"] else row["n"]
    return (
        format_value(own, unit=unit, se=doubt, n=counted),
        format_limits(row["low"], row["high"], unit=unit, se=doubt, beside=own),
        format_value(truth, unit=unit, se=doubt, beside=own),
    )


def error(row: Row) -> float | None:
    """What the digits of a row follow."""
    known = error_of(row.get("se"), row["value"], row["low"], row["high"])
    return None if known is None else abs(known)  # limits that a stranger's frame has the wrong way round
