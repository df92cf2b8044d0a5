"""Names and sentences of a scorecard."""

import math
from collections.abc import Mapping
from typing import Any

from servicequality.core import (
    Metric,
    error_of,
    format_limits,
    format_number,
    format_stated,
    format_value,
    label_of,
    time_scale,
)
from servicequality.scorecard.objective import SOME_DAY, Objective
from servicequality.scorecard.verdicts import CLOSE

_MORE_DIGITS = 3
_WORDS = {"at_least": "at least", "at_most": "at most"}


def default_name(objective: Objective, period: str) -> str:
    """The metric and its target, as one would say it."""
    metric = objective.metric_at(SOME_DAY)
    by = f", by {', '.join(objective.by)}" if objective.by else ""
    label = label_of(metric.name, definition=metric.spec.name, label=metric.spec.label)
    return f"{label} {promise(objective.direction, objective.target, metric.unit)}{by}, each {period}"


def promise(direction: str, target: float, unit: str) -> str:
    """A target in words: "at least 95%", "down 20%"."""
    if direction == "change":
        return f"{'down' if target < 0 else 'up'} {format_stated(abs(target), unit='share')}"
    return f"{_WORDS[direction]} {format_stated(target, unit=unit)}{_of(unit)}"


def sentence(row: Mapping[str, Any], metric: Metric) -> str:
    """One row of a scorecard as a sentence: figure, limits, target and verdict, what it takes, and who does what."""
    unit = metric.unit
    if row["value"] is None:
        return f"undefined: {row['reason']} (n={row['n']})"
    error = _told_apart(row, error_of(None, row["value"], row["low"], row["high"]))
    figure = format_value(row["value"], unit=unit, se=error) + _of(unit)
    target = promise(row["direction"], row["target"], unit)
    if row["direction"] == "change":
        moved = [row[name] for name in ("change", "change_low", "change_high")]
        change, limits = _moved(*moved)
        figure = f"{figure}, {change}"
    else:
        limits = format_limits(row["low"], row["high"], unit=unit, se=error, beside=row["value"])
    doubt = f" ({limits})" if limits else ""
    why = f", since {row['reason']}" if row["reason"] else ""
    more = ""
    if row["n_needed"] is not None and row["n_needed"] > CLOSE * row["n"]:
        more = f"; too close to the target to call (now {row['n']:,} rows)"
    elif row["n_needed"] is not None and row["n_needed"] > row["n"]:
        more = f"; about {math.ceil(row['n_needed']):,} rows would decide if it stays so (now {row['n']:,})"
    return f"{figure}{doubt}, target {target}: {row['verdict']}{why}{more}{_next(row)}"


def _next(row: Mapping[str, Any]) -> str:
    """Who does what, where the target is missed."""
    if row["verdict"] != "missed":
        return ""
    return "; ".join(["", *(f"{what}: {row[what]}" for what in ("owner", "action") if row[what])])


def _told_apart(row: Mapping[str, Any], error: float | None) -> float | None:
    """The error that digits follow, made smaller until no number looks like the target that it is not."""
    unit, scale = row["unit"], time_scale(row["value"])[0]
    figures = [x for x in (row["value"], row["low"], row["high"]) if x not in (None, row["target"])]
    for _ in range(_MORE_DIGITS if error and row["direction"] != "change" else 0):
        target, *shown = (format_number(x, unit=unit, se=error, scale=scale) for x in (row["target"], *figures))
        if target not in shown:
            break
        error = error / 10 if error else None
    return error


def _moved(change: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """A change as a share of what was, and its limits: "down 12%", "-27 to -5%"."""
    if change is None:
        return "no change known", ""
    error = error_of(None, change, low, high)
    text = f"{'down' if change < 0 else 'up'} {format_value(abs(change), unit='share', se=error)}"
    return text, format_limits(low, high, unit="share", se=error) if low is not None and high is not None else ""


def _of(unit: str) -> str:
    """The unit, where the figure's own text does not say it."""
    return "" if unit in ("share", "s", "count") else f" {unit}"
