"""Rows that cannot be: counted beside the sums, in the same scan, and told in one error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import polars as pl

from servicequality.core.rule import Rule
from servicequality.core.sampling import Sampling
from servicequality.errors import InputError

_SHOWN = 5

Offenders = Mapping[int, tuple[str, ...]]
"""Some values of each column, as they print, of rows that break a check; by the check's place."""


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One kind of row that cannot be.

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


def checks_of(rules: Iterable[Rule], sampling: Sampling) -> list[Check]:
    """The checks of some rules, each distinct one once."""
    distinct: dict[tuple[str, bytes], Check] = {}

    def add(fault: str, bad: pl.Expr, advice: str) -> None:
        distinct.setdefault((fault, bad.meta.serialize()), Check(fault, bad, advice))

    for rule in rules:
        for bound in rule.inputs:
            if bound.limited:
                add(f"outside {bound.wants()}", bound.outside(), bound.advice())
        for fault, bad in rule.shape.refused.items():
            add(fault, bad, "correct or filter the rows")
    for fault, bad, advice in sampling.faults():
        add(fault, bad, advice)
    return list(distinct.values())


def offenders(frame: pl.LazyFrame, checks: Sequence[Check], counts: Sequence[int]) -> Offenders:
    """Some offending values of each check that has any."""
    return {place: _values(frame, checks[place]) for place, count in enumerate(counts) if count}


def refuse(checks: Sequence[Check], counts: Sequence[int], shown: Offenders) -> None:
    """Raise one InputError that lists all rows that cannot be."""
    faults = []
    for place, (check, count) in enumerate(zip(checks, counts, strict=True)):
        if count:
            values = "; ".join(shown.get(place, ())) or ", ".join(map(repr, check.columns))
            faults.append(f"{count} row{'s' if count > 1 else ''} {check.fault}: column {values}; {check.advice}")
    if faults:
        raise InputError("\n".join(faults))


def any_bad(checks: Sequence[Check]) -> pl.Expr:
    """Row rule: some check is broken."""
    return reduce(or_, (check.bad for check in checks), pl.lit(value=False))


def _values(frame: pl.LazyFrame, check: Check) -> tuple[str, ...]:
    rows = frame.filter(check.bad).select(check.columns).head(_SHOWN).collect(engine="streaming")
    return tuple(f"{name!r} such as {', '.join(map(repr, rows[name].to_list()))}" for name in check.columns)
