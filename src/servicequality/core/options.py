"""Checks of every call before it reads a frame: metrics, levels, and records given in place of rows."""

from collections.abc import Iterable
from typing import Any, TypeVar

from servicequality.checks import confidence_level, shown
from servicequality.core.rule import Rule
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records

R = TypeVar("R", bound=Rule)


def named_metrics(metrics: R | Iterable[R]) -> list[R]:
    """The metrics of a call, each with a name of its own.

    Raises:
        ParameterError: there is none, one is not a metric, or two have one name.
    """
    chosen: list[R] = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    if not chosen:
        raise ParameterError("no metric given; pass at least one, such as nps()")
    if callable(chosen[0]) or any(not hasattr(metric, "shape") for metric in chosen):
        strange = next(metric for metric in chosen if not hasattr(metric, "shape"))
        raise ParameterError(f"{shown(strange)} is not a metric; call the definition first, such as nps()")
    names = [metric.name for metric in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ParameterError(f"two metrics are called {twice!r}; give one another name with .named(…)")
    return chosen


def refuse_records(frame: Any) -> None:
    """Raise InputError for records in the place of rows, with the calls that make rows of them."""
    if isinstance(frame, Records):
        raise InputError(
            "metrics are computed from rows, got Records; make the rows of tickets with facts(records, as_of=…), those of "
            "waits with reply_waits(records, as_of=…), or name a table, such as records.answers"
        )


def check_options(level: float, min_n: int | None) -> None:
    """Raise ParameterError for a confidence level outside (0, 1), and for cells of less than one row."""
    confidence_level(level)
    if min_n is not None and not (isinstance(min_n, int) and min_n >= 1):
        raise ParameterError(f"min_n must be at least 1, got {shown(min_n)}; None shows every cell")
