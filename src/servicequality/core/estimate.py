"""`Estimate`: one figure with its limits, and how it prints."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from servicequality.core.display import error_of, format_level, format_limits, format_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value, its limits, and what was left out. The fields are the columns of `evaluate`.

    Attributes:
        metric: the metric's name.
        value: the figure; None where it is undefined, and then `reason` says why.
        low: lower confidence limit; None where it cannot be bounded.
        high: upper confidence limit; None where it cannot be bounded.
        se: standard error; None where the method has none.
        level: confidence level reached.
        method: how the limits were made.
        unit: unit of value, low, high and se.
        n: rows that count.
        n_missing: rows that do not count because the answer is missing.
        n_excluded: rows that the definition leaves out.
        n_eff: size of the simple random sample that would tell as much.
        n_pending: rows whose outcome is open and that are not in the value; None where no row can be. `notes` counts open
            rows that are in it.
        reason: why the value is None.
        notes: what to keep in mind when reading it.
        label: how a person writes the metric.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    se: float | None
    level: float | None
    method: str
    unit: str
    n: int
    n_missing: int
    n_excluded: int
    n_eff: float
    n_pending: int | None
    reason: str | None
    notes: str | None
    label: str

    @classmethod
    def of(cls, row: Mapping[str, Any], label: str) -> Self:
        """From a row of `evaluate`, and how a person writes its metric."""
        values = {field.name: row[field.name] for field in fields(cls) if field.name != "label"}
        return cls(**values, label=label)

    def __str__(self) -> str:
        counted = None if self.n_pending else self.n  # a share that allows for open rows is no "7 of 12"
        error = error_of(self.se, self.value, self.low, self.high)
        value = f"undefined: {self.reason}"
        if self.value is not None:
            value = format_value(self.value, unit=self.unit, se=error, n=counted)
        limits = format_limits(self.low, self.high, unit=self.unit, se=error, beside=self.value)
        doubt = f"{format_level(self.level)} CI {limits}, " if limits and self.level is not None else ""
        open_rows = f", {self.n_pending} open" if self.n_pending else ""
        return f"{self.label} {value} ({doubt}n={self.n}{open_rows})"
