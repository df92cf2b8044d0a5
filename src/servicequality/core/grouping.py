"""`Grouping`: the keys and periods by which a frame is grouped, and the check of the frame."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import polars as pl

from servicequality.checks import column, first_line, in_calendar, listed, shown
from servicequality.core.conditions import check_condition
from servicequality.core.domains import check_types, require_columns, widened
from servicequality.core.results import RESULT
from servicequality.core.rule import Rule
from servicequality.core.sampling import Sampling
from servicequality.errors import InputError, ParameterError
from servicequality.shapes.base import FloatArray

PERIOD = "period"
PERIOD_OF_ROW = "servicequality.period"
"""The column of prepared rows that holds their period, beside whatever the caller's frame calls `period`."""
_EVERY = re.compile(r"[1-9]\d{0,4}(d|w|mo|q|y)|([1-9]\d{0,8}(ns|us|ms|s|m|h))+")


@dataclass(frozen=True, slots=True)
class Grouping:
    """Keys, period and sampling of one evaluation."""

    by: tuple[str, ...] = ()
    every: str | None = None
    at: str | None = None
    timezone: str | None = None
    sampling: Sampling = field(default_factory=Sampling)

    @classmethod
    def of(
        cls,
        *,
        by: Any,
        every: str | None,
        at: str | None,
        timezone: str | None,
        weight: str | None,
        cluster: str | None,
    ) -> Self:
        """Check what can be checked without a frame.

        Raises:
            ParameterError: an option is of a wrong type, or the options do not fit together.
        """
        given = () if by is None else (by,) if isinstance(by, str) else by
        if not isinstance(given, Iterable) or isinstance(given, pl.Expr | pl.Series | pl.DataFrame | pl.LazyFrame):
            raise ParameterError(f"by takes names of columns, got {shown(by)}; add an expression as a column first")
        names = tuple(given)
        if bad := [name for name in names if not isinstance(name, str)]:
            raise ParameterError(f"by takes names of columns, got {shown(bad[0])}; add an expression as a column first")
        if len(set(names)) < len(names):
            raise ParameterError(f"by names a column twice: {listed(names)}")
        if taken := [name for name in names if name in RESULT or name == PERIOD]:
            raise ParameterError(
                f"by names {taken[0]!r}, which is a column of every result; rename the frame's column first"
            )
        for option, name in {"at": at, "weight": weight, "cluster": cluster}.items():
            _check_name(option, name)
        if not (every is None or (isinstance(every, str) and _EVERY.fullmatch(every))):
            raise ParameterError(f'every takes one length such as "1d", "1w", "1mo" or "1q", got {shown(every)}')
        if not (timezone is None or isinstance(timezone, str)):
            raise ParameterError(f'timezone takes the name of a zone such as "Europe/Berlin", got {shown(timezone)}')
        if (every is None) != (at is None):
            raise ParameterError(
                f"every and at go together, got every={every!r} and at={at!r}: at names the instant "
                "(created, answered, resolved …) that puts a row into its period"
            )
        if timezone is not None and at is None:
            raise ParameterError("timezone says whose days and months count; it needs every and at")
        return cls(names, every, at, timezone, Sampling(weight, cluster))

    @property
    def keys(self) -> list[str]:
        """The key columns of the answer."""
        return [*self.by, *self.added]

    @property
    def columns(self) -> dict[str, pl.Expr]:
        """The column of prepared rows that holds each key."""
        return {key: column(key) for key in self.by} | {key: pl.col(PERIOD_OF_ROW) for key in self.added}

    @property
    def added(self) -> list[str]:
        """The key that is no column of the caller's: the period, if there is one."""
        return [] if self.every is None else [PERIOD]

    @property
    def beside(self) -> list[str]:
        """The column that `frame` adds to the rows."""
        return [] if self.every is None else [PERIOD_OF_ROW]

    def to_dict(self) -> dict[str, Any]:
        """Its fields in plain values."""
        options = {"every": self.every, "at": self.at, "timezone": self.timezone}
        return {"by": list(self.by), **options, "weight": self.sampling.weight, "cluster": self.sampling.cluster}

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> Self:
        """The grouping of plain values that `to_dict` gave."""
        return cls.of(**options)

    def frame(self, data: pl.LazyFrame, metrics: Sequence[Rule]) -> pl.LazyFrame:
        """The frame, checked for columns and types, with its period, and its numbers in Int64 or Float64 (see `widened`).

        Column names are as the caller gave them. A key that is also a number of a metric is widened with it.

        Raises:
            InputError: a column is missing or of a wrong type, an instant is naive, or a condition is not Boolean.
        """
        schema = _schema_of(data)
        inputs = [bound for metric in metrics for bound in metric.inputs]
        require_columns(schema, (bound.name for bound in inputs), role=listed(metric.name for metric in metrics))
        require_columns(schema, self.by, role="by")
        require_columns(schema, self.sampling.columns(), role="weight and cluster")
        self.sampling.check_types(schema)
        labels = [*self.by, *([] if self.sampling.cluster is None else [self.sampling.cluster])]
        if bad := [name for name in labels if schema[name].is_nested() or schema[name] == pl.Object]:
            raise InputError(
                f"by and cluster: column {shown(bad[0])} holds {shown(str(schema[bad[0]]))[1:-1]}, which is not a key; "
                "take a field or an element of it as a column first"
            )
        check_types(schema, inputs)
        if wide := widened(schema, inputs, (name for metric in metrics for name in metric.computed)):
            data = data.with_columns(wide)
        for metric in metrics:
            if metric.condition is not None:
                require_columns(schema, metric.condition.meta.root_names(), role=f"{metric.name}.where")
                check_condition(data, metric.condition, role=f"{metric.name}.where")
        return data if self.at is None else data.with_columns(self._period(schema))

    def _period(self, schema: pl.Schema) -> pl.Expr:
        assert self.at is not None  # asked only with a period
        assert self.every is not None  # `of` sees that the two go together
        require_columns(schema, [self.at], role="at")
        dtype, at = schema[self.at], column(self.at)
        if dtype == pl.Null:
            dtype = pl.Datetime("us", "UTC")
            at = at.cast(dtype)
        if isinstance(dtype, pl.Datetime):
            if dtype.time_zone is None and self.timezone is None:
                raise InputError(
                    f"column {shown(self.at)} is naive; say in which zone its days are counted with timezone=, "
                    f'or state its zone first: pl.col("{self.at}").dt.replace_time_zone("UTC")'
                )
        elif dtype != pl.Date:
            raise InputError(
                f"column {shown(self.at)} holds {shown(str(dtype))[1:-1]}, expected instants or dates; parse it first"
            )
        try:
            if isinstance(dtype, pl.Datetime) and self.timezone is not None:
                stated = at.dt.replace_time_zone if dtype.time_zone is None else at.dt.convert_time_zone
                at = stated(self.timezone)
            zone = self.timezone or dtype.time_zone if isinstance(dtype, pl.Datetime) else None
            period = period_start(at, self.every, zone).alias(PERIOD_OF_ROW)
            pl.LazyFrame(schema={self.at: dtype}).select(period).collect()
        except pl.exceptions.PolarsError as error:
            raise ParameterError(
                f"every={self.every!r} with timezone={self.timezone!r} gives no periods: {first_line(error)}; "
                'use a length such as "1d", "1w", "1mo" or "1q"'
            ) from None
        return period


def period_start(at: pl.Expr, every: str, zone: str | None) -> pl.Expr:
    """The start of the period that an instant lies in, on the clock of its zone; None is for dates, which have none.

    Where the clock goes back at midnight a day begins twice: it is one day all the same, from the first time on.
    """
    start = at.dt.truncate(every)
    if zone is None or not every.endswith(("d", "w", "mo", "q", "y")):
        return start
    return start.dt.replace_time_zone(None).dt.replace_time_zone(zone, ambiguous="earliest")


def instant_columns(at: str | Mapping[str, str] | None, metrics: Sequence[Rule]) -> dict[str, str | None]:
    """The column of the instant for each grain of some metrics.

    Args:
        at: one column for all, or a mapping of grain to column, which may hold more grains.
        metrics: the metrics.

    Raises:
        ParameterError: a mapping without one of the grains, or a column that is not a name.
    """
    if not isinstance(at, Mapping):
        _check_name("at", at)
        return {metric.grain: at for metric in metrics}
    for metric in metrics:
        if at.get(metric.grain) is None:
            raise ParameterError(
                f"{metric.name}: at names no instant for rows of the grain {metric.grain!r}; "
                f'say at={{"{metric.grain}": …}}'
            )
        _check_name("at", at[metric.grain])
    return {metric.grain: at[metric.grain] for metric in metrics}


def _check_name(option: str, name: object) -> None:
    if not (name is None or isinstance(name, str)):
        raise ParameterError(
            f"{option} takes the name of a column, got {shown(name)}; add an expression as a column first"
        )


def spans_of(starts: pl.Series, grouping: Grouping) -> tuple[FloatArray, FloatArray]:
    """When periods begin and end, in microseconds since 1970; NaN of rows without an instant.

    Args:
        starts: when each period begins, as `period_start` gave it.
        grouping: its `every` is the length of a period.
    """
    every = grouping.every or "1d"
    starts = starts.set(~in_calendar(starts), None)  # what no calendar holds has no length
    local, zone = starts.cast(pl.Datetime("us")) if starts.dtype == pl.Date else starts, None
    if every.endswith(("d", "w", "mo", "q", "y")) and getattr(local.dtype, "time_zone", None) is not None:
        zone = local.dtype.time_zone  # type: ignore[attr-defined]  # an instant
        local = local.dt.replace_time_zone(None)
    ends = local.dt.offset_by(every)
    if zone is not None:
        # Where the clock skips midnight, a day begins an hour later.
        known = ends.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        later = ends.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        ends = known.fill_null(later)
    both = [one.cast(pl.Datetime("us", getattr(one.dtype, "time_zone", None))) for one in (starts, ends)]
    low, high = (one.to_physical().cast(pl.Float64).to_numpy() for one in both)
    return low, high


def _schema_of(data: pl.LazyFrame) -> pl.Schema:
    try:
        return data.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"the frame cannot be read: {first_line(error)}") from error
