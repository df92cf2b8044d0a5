"""Invalid rows: counted beside the sums, in the same scan, and reported in one error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from servicequality.checks import column, listed, shown, values_of
from servicequality.core.domains import collected, within_calendar
from servicequality.core.engine.sums import Sum, as_sums
from servicequality.core.grouping import Grouping
from servicequality.core.rule import Rule, kept
from servicequality.errors import InputError

_SHOWN = 5

Offenders = Mapping[int, tuple[str, ...]]
"""Some values of each column, as they print, of rows that break a check; by the check's place."""


@dataclass(frozen=True, eq=False)
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
        return list(dict.fromkeys(self.counted.columns))

    @cached_property
    def counted(self) -> Sum:
        """How many rows it holds for."""
        return as_sums({"": self.bad.sum().cast(pl.Int64)})[""]


def checks_of(rules: Iterable[Rule], grouping: Grouping, schema: Mapping[str, pl.DataType]) -> list[Check]:
    """The checks of some rules, each distinct one once; their order does not depend on the schema.

    Args:
        rules: what the rows are read for.
        grouping: its period and sampling have checks of their own.
        schema: the types of the frame's columns; of instants whose type is not told they are taken for microseconds.
    """
    distinct: dict[object, Check] = {}
    for rule in rules:
        types = tuple(schema.get(one.name) if one.domain.kind == "instant" else None for one in rule.inputs)
        for key, check in _checks_of_rule(rule, types).items():
            distinct.setdefault(key, check)
    if grouping.at is not None:
        off = _off_the_calendar(grouping.at, schema.get(grouping.at))
        distinct["at"] = Check("outside the years 1 to 9999", off, "correct or filter the rows")
    checks = [Check(fault, bad, advice) for fault, bad, advice in grouping.sampling.faults()]
    return [*distinct.values(), *checks]


@kept
def _checks_of_rule(rule: Rule, types: tuple[pl.DataType | None, ...]) -> dict[object, Check]:
    """A rule's own checks, by what tells them apart, which does not depend on the types of its inputs that are instants."""
    checks = dict[object, Check]()
    for bound, dtype in zip(rule.inputs, types, strict=True):
        fault = f"outside {bound.wants()}"
        if bound.limited:
            bad = bound.outside()
            checks.setdefault((fault, bad.meta.serialize()), Check(fault, bad, bound.advice()))
        elif bound.domain.kind == "instant":
            bad = _off_the_calendar(bound.name, dtype)
            bad = bad if bound.condition is None else bad & bound.condition
            checks.setdefault((fault, bound.name, str(bound.condition)), Check(fault, bad, bound.advice()))
    for fault, bad in rule.shape.refused.items():
        checks.setdefault((fault, bad.meta.serialize()), Check(fault, bad, "correct or filter the rows"))
    return checks


def _off_the_calendar(name: str, dtype: pl.DataType | None) -> pl.Expr:
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
