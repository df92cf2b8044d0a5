"""Invalid rows: counted beside the sums, in the same scan, and reported in one error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from servicequality.checks import column, listed, shown, values_of
from servicequality.core.domains import collected, within_calendar
from servicequality.core.grouping import Grouping
from servicequality.core.rule import Rule
from servicequality.errors import InputError

_SHOWN = 5

Offenders = Mapping[int, tuple[str, ...]]
"""Some values of each column, as they print, of rows that break a check; by the check's place."""


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One kind of invalid row.

    Attributes:
        fault: what is wrong with such a row, in words.
        bad: row rule that holds for it.
        advice: what to do about it.
    """

    fault: str
    bad: pl.Expr
    advice: str

    @property
    def columns(self) -> list[str]:
        """The columns that the rule reads."""
        return list(dict.fromkeys(self.bad.meta.root_names()))


def checks_of(rules: Iterable[Rule], grouping: Grouping, schema: Mapping[str, pl.DataType]) -> list[Check]:
    """The checks of some rules, each distinct one once; their order does not depend on the schema.

    Args:
        rules: what the rows are read for.
        grouping: its period and sampling have checks of their own.
        schema: the types of the frame's columns; of instants whose type is not told they are taken for microseconds.
    """
    distinct: dict[tuple[str, object], Check] = {}

    def add(fault: str, bad: pl.Expr, advice: str, key: object = None) -> None:
        distinct.setdefault((fault, key or bad.meta.serialize()), Check(fault, bad, advice))

    for rule in rules:
        for bound in rule.inputs:
            if bound.limited:
                add(f"outside {bound.wants()}", bound.outside(), bound.advice())
            elif bound.domain.kind == "instant":
                bad = _off_the_calendar(bound.name, schema)
                bad = bad if bound.condition is None else bad & bound.condition
                add(f"outside {bound.wants()}", bad, bound.advice(), (bound.name, str(bound.condition)))
        for fault, bad in rule.shape.refused.items():
            add(fault, bad, "correct or filter the rows")
    if grouping.at is not None:
        add("outside the years 1 to 9999", _off_the_calendar(grouping.at, schema), "correct or filter the rows", "at")
    for fault, bad, advice in grouping.sampling.faults():
        add(fault, bad, advice)
    return list(distinct.values())


def _off_the_calendar(name: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    dtype = schema.get(name)
    if isinstance(dtype, pl.Date):
        return pl.lit(value=False) & column(name).is_null()
    return ~within_calendar(name, dtype if isinstance(dtype, pl.Datetime) else pl.Datetime("us"))


def offenders(frame: pl.LazyFrame, checks: Sequence[Check], counts: Sequence[int]) -> Offenders:
    """Some offending values of each check that has any."""
    return {place: _values(frame, checks[place]) for place, count in enumerate(counts) if count}


def refuse(checks: Sequence[Check], counts: Sequence[int], examples: Offenders) -> None:
    """Raise one InputError that lists all invalid rows."""
    faults = []
    for place, (check, count) in enumerate(zip(checks, counts, strict=True)):
        if count:
            values = "; ".join(examples.get(place, ())) or listed(map(shown, check.columns))
            faults.append(f"{count} row{'s' if count > 1 else ''} {check.fault}: column {values}; {check.advice}")
    if faults:
        raise InputError("\n".join(faults))


def _values(frame: pl.LazyFrame, check: Check) -> tuple[str, ...]:
    rows = collected(frame.filter(check.bad).select(map(column, check.columns)).head(_SHOWN))
    return tuple(f"{shown(name)} such as {values_of(rows[name])}" for name in check.columns)
