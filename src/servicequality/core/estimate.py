"""`Estimate`: one figure with its limits, and how it prints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from servicequality.checks import html_block, html_table
from servicequality.core.display import (
    UNKNOWN,
    error_of,
    format_bare,
    format_level,
    format_limits,
    format_value,
    unit_of,
)
from servicequality.errors import InputError, ParameterError

_WIDEST = 79  # characters of a repr
_NAME = 24  # characters of a name that a repr keeps at least
_WIDTH = re.compile(r"(?:(?P<fill>.)?(?P<align>[<>=^]))?[-+ ]?z?#?(?P<zero>0)?(?P<width>\d+)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Estimate:
    """A value, its limits, and what was left out. The fields are the columns of `evaluate`.

    `str` gives the sentence that people write, `float` the value, `format(estimate, ".1f")` the value in Python's words for
    numbers, and `to_dict` all fields for JSON.

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

    def _repr_html_(self) -> str:
        """The figure in a notebook: value, limits, rows, and why it is undefined or to be read with care."""
        counted = None if self.n_pending else self.n
        error = error_of(self.se, self.value, self.low, self.high)
        value = format_value(self.value, unit=self.unit, se=error, n=counted)
        limits = format_limits(self.low, self.high, unit=self.unit, se=error, beside=self.value)
        level = "limits" if self.level is None else f"{format_level(self.level)} CI"
        counts = {"missing": self.n_missing, "excluded": self.n_excluded, "open": self.n_pending}
        rows = [f"{self.n:,}", *(f"{count:,} {name}" for name, count in counts.items() if count)]
        unit = unit_of(self.value or 0.0, unit=self.unit)
        head = ["", "value" if self.unit in ("share", "s") else f"value, {unit}", level, "rows"]
        table = html_table(head, [[self.label, value, limits or UNKNOWN, ", ".join(rows)]], numbers=(1, 2, 3))
        notes = [f"undefined: {self.reason}"] if self.value is None else []
        return html_block("", table, notes=[*notes, *([self.notes] if self.notes else [])])

    def __repr__(self) -> str:
        """One short line: the metric's name, the value, the limits and n."""
        counts = f", n={self.n}{f', {self.n_pending} open' if self.n_pending else ''}"
        if self.value is None:
            return f"<{_cut(f'{self.metric} undefined: {self.reason}', _WIDEST - 2 - len(counts))}{counts}>"
        # One digit more than the standard error supports, for those who compare two of them.
        error = error_of(self.se, self.value, self.low, self.high)
        numbers = [
            UNKNOWN
            if number is None
            else format_bare(number, unit=self.unit, se=error and error / 10, beside=self.value)
            for number in (self.value, self.low, self.high)
        ]
        limits = "" if self.low is None and self.high is None else f" [{', '.join(numbers[1:])}]"
        figures = f" {numbers[0]}{limits} {unit_of(self.value, unit=self.unit)}"
        return f"<{_cut(self.metric, max(_NAME, _WIDEST - 2 - len(figures) - len(counts)))}{figures}{counts}>"

    def __float__(self) -> float:
        """The value.

        Raises:
            InputError: it is undefined. `value` is None then, and `reason` says why.
        """
        if self.value is None:
            raise InputError(
                f"{self.metric} has no value to convert: {self.reason}; look whether .value is None before float()"
            )
        return float(self.value)

    def __format__(self, spec: str) -> str:
        """The value in Python's words for numbers, such as ".1f"; without words as `str`. An undefined value is a dash.

        Raises:
            ParameterError: the words are none for a number.
        """
        if not spec:
            return str(self)
        try:
            text = format(0.0 if self.value is None else self.value, spec)
        except ValueError as error:
            raise ParameterError(
                f'{self.metric}: {spec!r} is no format of a number ({error}); say ".1f", or nothing for the whole sentence'
            ) from error
        if self.value is not None:
            return text
        # The dash is as wide as the number would be, and on its side.
        parts = _WIDTH.match(spec)
        assert parts is not None  # every part of the pattern may be absent
        align = parts["align"] if parts["align"] in ("<", "^") else ">"
        return f"{UNKNOWN:{parts['fill'] or ' '}{align}{parts['width'] or ''}}"

    def to_dict(self) -> dict[str, str | float | int | None]:
        """All fields under their names, in their order, in values that JSON knows.

        `metric`, `method`, `unit` and `label` are texts; `n`, `n_missing` and `n_excluded` whole numbers; `n_eff` a number;
        `value`, `low`, `high`, `se` and `level` numbers or None; `n_pending` a whole number or None; `reason` and `notes`
        texts or None. No number is NaN or infinite.
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _cut(text: str, most: int) -> str:
    """A text on one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
