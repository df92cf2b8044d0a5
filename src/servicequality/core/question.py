"""What is asked of a frame beside the metrics. Lives here: `Question`, the keys and periods, the check of the frame.

Never here: sums, or anything that knows a shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import polars as pl

from servicequality.core.domains import Bound, check_types, require_columns
from servicequality.core.results import RESULT
from servicequality.core.rule import Rule
from servicequality.core.sampling import Sampling
from servicequality.errors import InputError, ParameterError

PERIOD = "period"
_EMPTY_TYPES = {"flag": pl.Boolean(), "category": pl.String(), "instant": pl.Datetime("us", "UTC")}


@dataclass(frozen=True, slots=True)
class Question:
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
        by: str | Sequence[str],
        every: str | None,
        at: str | None,
        timezone: str | None,
        weight: str | None,
        cluster: str | None,
    ) -> Self:
        """Check what can be checked without a frame."""
        names = (by,) if isinstance(by, str) else tuple(by)
        if bad := [name for name in names if not isinstance(name, str)]:
            raise ParameterError(f"by takes names of columns, got {bad[0]!r}; add an expression as a column first")
        if len(set(names)) < len(names):
            raise ParameterError(f"by names a column twice: {', '.join(names)}")
        if taken := [name for name in names if name in RESULT or name == PERIOD]:
            raise ParameterError(
                f"by names {taken[0]!r}, which is a column of every result; rename the frame's column first"
            )
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
        return [*self.by, *([PERIOD] if self.every is not None else [])]

    def to_dict(self) -> dict[str, Any]:
        """What it asks for, in plain values."""
        options = {"every": self.every, "at": self.at, "timezone": self.timezone}
        return {"by": list(self.by), **options, "weight": self.sampling.weight, "cluster": self.sampling.cluster}

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> Self:
        """The question of plain values that `to_dict` gave."""
        return cls.of(**options)

    def frame(self, data: pl.LazyFrame, metrics: Sequence[Rule]) -> pl.LazyFrame:
        """The frame, checked for columns and types, with its period; column names are as the caller gave them.

        Raises:
            InputError: a column is missing or of a wrong type, or an instant is naive.
        """
        schema = data.collect_schema()
        inputs = [bound for metric in metrics for bound in metric.inputs]
        require_columns(schema, (bound.name for bound in inputs), role=", ".join(metric.name for metric in metrics))
        require_columns(schema, self.by, role="by")
        require_columns(schema, self.sampling.columns(), role="weight and cluster")
        self.sampling.check_types(schema)
        for metric in metrics:
            if metric.condition is not None:
                require_columns(schema, metric.condition.meta.root_names(), role=f"{metric.name}.where")
        check_types(schema, inputs)
        blank = {bound.name: _EMPTY_TYPES.get(bound.domain.kind, pl.Float64()) for bound in inputs}
        casts: dict[Any, Any] = {name: dtype for name, dtype in blank.items() if schema[name] == pl.Null}
        data = data.cast(casts) if casts else data
        return data if self.at is None else data.with_columns(self._period(schema, inputs))

    def _period(self, schema: pl.Schema, inputs: Sequence[Bound]) -> pl.Expr:
        assert self.at is not None  # asked only with a period
        assert self.every is not None  # `of` sees that the two go together
        require_columns(schema, [self.at], role="at")
        if PERIOD in (bound.name for bound in inputs) or self.at == PERIOD:
            raise ParameterError(f"{PERIOD!r} is the answer's own column; rename the frame's column first")
        dtype, at = schema[self.at], pl.col(self.at)
        if isinstance(dtype, pl.Datetime):
            if dtype.time_zone is None and self.timezone is None:
                raise InputError(
                    f"column {self.at!r} is naive; say in which zone its days are counted with timezone=, "
                    f'or state its zone first: pl.col("{self.at}").dt.replace_time_zone("UTC")'
                )
        elif dtype != pl.Date:
            raise InputError(f"column {self.at!r} holds {dtype}, expected instants or dates; parse it first")
        try:
            if isinstance(dtype, pl.Datetime) and self.timezone is not None:
                stated = at.dt.replace_time_zone if dtype.time_zone is None else at.dt.convert_time_zone
                at = stated(self.timezone)
            period = at.dt.truncate(self.every)
            if isinstance(dtype, pl.Datetime) and self.every.endswith(("d", "w", "mo", "q", "y")):
                # Where the clock goes back at midnight, a day begins twice: it is one day all the same.
                zone = self.timezone or dtype.time_zone
                period = period.dt.replace_time_zone(None).dt.replace_time_zone(zone, ambiguous="earliest")
            period = period.alias(PERIOD)
            pl.LazyFrame(schema={self.at: dtype}).select(period).collect()
        except pl.exceptions.PolarsError as error:
            raise ParameterError(
                f"every={self.every!r} with timezone={self.timezone!r} gives no periods: {error}; "
                'use a length such as "1d", "1w", "1mo" or "1q"'
            ) from None
        return period
