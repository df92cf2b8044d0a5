"""A scorecard in words that a person reads. Lives here: names and sentences. Never here: a verdict."""

import math
from collections.abc import Mapping
from typing import Any

from servicequality.core import Metric
from servicequality.core.display import format_limits, format_number, format_value
from servicequality.scorecard.objective import SOME_DAY, Objective

_WORDS = {"at_least": "at least", "at_most": "at most"}


def default_name(objective: Objective, period: str) -> str:
    """The metric and its target, as one would say it."""
    metric = objective.metric_at(SOME_DAY)
    by = f", by {', '.join(objective.by)}" if objective.by else ""
    return f"{metric.name.replace('_', ' ')} {promise(objective.direction, objective.target, metric.unit)}{by}, each {period}"


def promise(direction: str, target: float, unit: str) -> str:
    """A target in words: "at least 95%", "down 20%"."""
    if direction == "change":
        return f"{'down' if target < 0 else 'up'} {format_number(abs(target), unit='share', se=0.01)}%"
    return f"{_WORDS[direction]} {format_value(target, unit=unit)}{_of(unit)}"


def sentence(row: Mapping[str, Any], metric: Metric) -> str:
    """One row of a scorecard as a sentence: the figure, its limits, the target, the verdict and what it takes."""
    unit = metric.unit
    if row["value"] is None:
        return f"undefined: {row['reason']} (n={row['n']})"
    figure = format_value(row["value"], unit=unit) + _of(unit)
    target = promise(row["direction"], row["target"], unit)
    if row["direction"] == "change":
        change = "no change known" if row["change"] is None else _percent(row["change"])
        limits = _span(row["change_low"], row["change_high"])
        figure = f"{figure}, {change}"
    else:
        limits = format_limits(row["low"], row["high"], unit=unit)
    doubt = f" ({limits})" if limits else ""
    why = f", since {row['reason']}" if row["reason"] else ""
    more = ""
    if row["n_needed"] is not None and row["n_needed"] > row["n"]:
        more = f"; about {math.ceil(row['n_needed']):,} rows would decide if it stays so (now {row['n']:,})"
    return f"{figure}{doubt}, target {target}: {row['verdict']}{why}{more}"


def _percent(share: float) -> str:
    return f"{'down' if share < 0 else 'up'} {abs(share):.0%}"


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"{low:+.0%} to {high:+.0%}"


def _of(unit: str) -> str:
    """The unit, where the figure's own text does not say it."""
    return "" if unit in ("share", "s", "count") else f" {unit}"
