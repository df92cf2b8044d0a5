"""`Objective`: one promise about a metric, checked when it is made."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias, get_args

from servicequality.checks import choice, first_line
from servicequality.core import Metric
from servicequality.errors import ParameterError, ServiceQualityError

Period: TypeAlias = Literal["week", "month", "quarter"]
"""How often a promise is judged. Weeks start on Monday."""

EVERY: dict[Period, str] = {"week": "1w", "month": "1mo", "quarter": "1q"}
Direction: TypeAlias = Literal["at_least", "at_most", "change"]
SOME_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """A metric and the target that it should meet, in one line.

    Attributes:
        metric: the metric; or a function of an instant that gives one, for metrics that must know `as_of`. Of what is
            counted at one instant (backlog, age of the backlog) it is called with each period's end.
        at_least: the value should be this or more, in the metric's unit: a share of 90 % is 0.9.
        at_most: the value should be this or less; durations are in seconds.
        change: the value should change by this share from the period before: -0.2 is at least a fifth less, 0.1 at least a
            tenth more.
        by: key columns; each group is judged by itself.
        period: how often it is judged; the scorecard's by default.
        at: the column of the instant that decides a row's period; that of `evaluate` by default.
        name: what the promise is called; the metric's name and target by default.
        benchmark: a figure of others, for comparison; it decides nothing.
        benchmark_source: where that figure comes from.
        owner: who answers for it.
        action: what is done when it is missed.

    Raises:
        ParameterError: not exactly one target, a target that the metric cannot take, an unknown period.
    """

    metric: Metric | Callable[[dt.datetime], Metric]
    _: KW_ONLY
    at_least: float | None = None
    at_most: float | None = None
    change: float | None = None
    by: str | Sequence[str] = ()
    period: Period | None = None
    at: str | None = None
    name: str | None = None
    benchmark: float | None = None
    benchmark_source: str | None = None
    owner: str | None = None
    action: str | None = None

    def __post_init__(self) -> None:
        metric = self.metric_at(SOME_DAY)
        if isinstance(self.metric, Metric) and metric.spec.census and "as_of" in metric.spec.parameters.parameters:
            raise ParameterError(
                f"{metric.name} is counted at one instant, and a scorecard counts it at the end of each period: give a "
                f"function of the instant, such as lambda as_of: {metric.spec.name}(as_of=as_of)"
            )
        given = [name for name in get_args(Direction) if getattr(self, name) is not None]
        if len(given) != 1:
            raise ParameterError(
                f"{metric.name}: an objective has exactly one of at_least, at_most and change, got {given or 'none'}"
            )
        if self.period is not None:
            check_period(self.period)
        names = [self.by] if isinstance(self.by, str) else self.by
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
            raise ParameterError(f"{metric.name}: by is the name of a column, or a list of them, got {self.by!r}")
        object.__setattr__(self, "by", tuple(names))
        for what in ("at", "name", "benchmark_source", "owner", "action"):
            text = getattr(self, what)
            if text is not None and not (isinstance(text, str) and text.strip()):
                raise ParameterError(f"{metric.name}: {what} is a text, got {text!r}")
        _number(f"{metric.name}: {self.direction}", getattr(self, self.direction))
        low, high = metric.bounds
        if self.direction == "change":
            if self.target <= -1 or self.target == 0 or low < 0:
                raise ParameterError(
                    f"{metric.name}: change is a share of the period before, above -1 and not 0, of a figure that is never "
                    f"negative; got {self.target:g} of a figure from {low:g} to {high:g}"
                )
        elif not low <= self.target <= high:
            percent = f"; {self.target:g} % is {self.target / 100:g}" if (low, high) == (0, 1) else ""
            raise ParameterError(
                f"{metric.name}: a target must lie within {low:g} to {high:g} ({metric.unit}), got {self.target:g}{percent}"
            )
        if self.benchmark is not None:
            _number(f"{metric.name}: benchmark", self.benchmark)
            if not low <= self.benchmark <= high:
                raise ParameterError(
                    f"{metric.name}: the benchmark {self.benchmark:g} lies outside {low:g} to {high:g}"
                )

    @property
    def direction(self) -> Direction:
        """Which of the three targets was given."""
        kind: Direction = next(name for name in get_args(Direction) if getattr(self, name) is not None)
        return kind

    @property
    def target(self) -> float:
        """The target's number."""
        return float(getattr(self, self.direction))

    def metric_at(self, as_of: dt.datetime) -> Metric:
        """The metric at an instant.

        Raises:
            ParameterError: what was given is neither a metric nor gives one.
        """
        metric: Any = self.metric
        if callable(metric) and not isinstance(metric, Metric):
            try:
                metric = metric(as_of)
            except ServiceQualityError:
                raise
            except Exception as error:
                raise ParameterError(
                    f"the function that gives the objective's metric fails for as_of={as_of}: {first_line(error)}"
                ) from error
        if not isinstance(metric, Metric):
            raise ParameterError(f"{metric!r} is not a metric; call the definition first, such as nps()")
        return metric


def check_period(period: object) -> None:
    """Raise ParameterError for anything but a week, a month or a quarter."""
    choice("period", period, EVERY)


def _number(what: str, number: float) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ParameterError(f"{what} must be a finite number, got {number!r}")
