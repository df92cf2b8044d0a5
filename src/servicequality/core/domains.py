"""Are the rows inside the metrics' domains? Lives here: the check, in one ungrouped scan. Never: what a domain means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

import polars as pl

from servicequality.columns import Column, one_of
from servicequality.errors import DefinitionError, InputError

_KINDS = {
    "integer": "whole numbers",
    "number": "numbers",
    "flag": "true or false (Boolean)",
    "instant": "zone-aware instants",
    "category": "text or an Enum",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A column of the caller's frame, bound to a domain.

    Attributes:
        name: the column.
        domain: what it may hold.
        low: smallest legal number.
        high: largest legal number.
        choices: the legal texts of a category; empty allows all.
        missing: declared blanks: numbers that stand for "no answer".
        condition: only rows for which this holds are looked at.
    """

    name: str
    domain: Column
    low: float | None
    high: float | None
    choices: tuple[str, ...] = ()
    missing: tuple[float, ...] = ()
    condition: pl.Expr | None = None

    @classmethod
    def of(cls, name: str, domain: Column, given: Mapping[str, object]) -> Self:
        """Bind a call's column argument, taking the range from the call where the domain says so."""
        low, high, choices = domain.low, domain.high, domain.choices
        if domain.scale is not None:
            stated = given[domain.scale]
            if domain.kind == "category":
                choices = (str(stated),)
            else:
                scale = stated if domain.scales is None else domain.scales[str(stated)]
                scale = given[scale] if isinstance(scale, str) else scale
                if not (isinstance(scale, tuple) and len(scale) == 2):
                    raise DefinitionError(f"{domain.scale!r} must hold (low, high), got {scale!r}")
                low, high = scale
        blanks = given.get("missing", ())
        return cls(name, domain, low, high, choices, tuple(blanks) if isinstance(blanks, (tuple, list)) else ())

    def outside(self) -> pl.Expr:
        """Rows that break the domain. NaN and the infinities fail every comparison that is written this way round."""
        column = pl.col(self.name)
        legal: pl.Expr | None = None
        if self.domain.kind in ("integer", "number"):
            legal = column < float("inf") if self.high is None else column <= self.high
            legal = legal & (column > float("-inf") if self.low is None else column >= self.low)
            if self.domain.kind == "integer":
                legal = legal & (column.floor() == column)
            if self.missing:
                legal = legal | one_of(column, self.missing)
        elif self.choices:
            legal = column.is_in(self.choices)
        bad = pl.lit(value=False) & column.is_null() if legal is None else column.is_not_null() & ~legal
        return bad if self.condition is None else bad & self.condition

    def wants(self) -> str:
        """What the domain expects, in words."""
        if self.choices:
            return " or ".join(repr(choice) for choice in self.choices)
        kind = _KINDS.get(self.domain.kind, self.domain.meaning)
        if self.low is not None and self.high is not None:
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} of at least {self.low:g}" if self.low is not None else kind

    def advice(self) -> str:
        """What to do about it."""
        if self.domain.kind in ("integer", "number") and self.high is not None:
            return "declare codes for a blank with missing=(…), or correct the rows"
        return "correct or filter the rows"

    def fits(self, dtype: pl.DataType) -> bool:
        """Whether a column of this type can be in the domain at all; a column of nulls always can."""
        match self.domain.kind:
            case _ if dtype == pl.Null:
                return True
            case "integer" | "number":
                return dtype.is_numeric()
            case "flag":
                return dtype == pl.Boolean
            case "instant":
                return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None
            case "category":
                return dtype in (pl.String, pl.Enum, pl.Categorical)
            case _:
                return True


def require_columns(schema: pl.Schema, wanted: Iterable[str], *, role: str) -> None:
    """Raise InputError for columns that the frame does not have, with the likeliest ones beside them."""
    absent = [name for name in dict.fromkeys(wanted) if name not in schema]
    if not absent:
        return
    hints = []
    for name in absent:
        near = get_close_matches(name, schema.names(), n=1, cutoff=0.5)
        hints.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    raise InputError(f"{role}: no column {', '.join(hints)}; the frame has {', '.join(schema.names()) or 'no columns'}")


def check_types(schema: pl.Schema, inputs: Iterable[Bound]) -> None:
    """Raise one InputError that lists every column whose type cannot hold the domain."""
    faults = dict.fromkeys(
        f"column {bound.name!r} holds {schema[bound.name]}, expected {bound.wants()}; {_cure(schema[bound.name], bound)}"
        for bound in inputs
        if not bound.fits(schema[bound.name])
    )
    if faults:
        raise InputError("\n".join(faults))


def check_values(frame: pl.LazyFrame, inputs: Iterable[Bound], refused: Iterable[tuple[str, pl.Expr]]) -> None:
    """Raise one InputError that lists all rows that cannot be. One scan; offenders are fetched only if there are any.

    Args:
        frame: the rows.
        inputs: columns with their domains.
        refused: what is wrong with further rows that cannot be, and their row rule.
    """
    schema = frame.collect_schema()
    # Many metrics read one column: each distinct rule is looked at once.
    rules: dict[tuple[str, bytes], tuple[pl.Expr, str, str]] = {}
    for bound in inputs:
        if schema[bound.name] != pl.Null:
            bad = bound.outside()
            rules.setdefault((bound.name, bad.meta.serialize()), (bad, f"outside {bound.wants()}", bound.advice()))
    for wrong, bad in refused:
        rules.setdefault((wrong, bad.meta.serialize()), (bad, wrong, "correct or filter the rows"))
    if not rules:
        return
    sums = [bad.sum().alias(str(i)) for i, (bad, _, _) in enumerate(rules.values())]
    counts = frame.select(sums).collect(engine="streaming").row(0)
    faults = []
    for (bad, wrong, advice), count in zip(rules.values(), counts, strict=True):
        if count:
            columns = list(dict.fromkeys(bad.meta.root_names()))
            shown = frame.filter(bad).select(columns).head(5).collect(engine="streaming")
            values = "; ".join(f"{name!r} such as {', '.join(map(repr, shown[name].to_list()))}" for name in columns)
            faults.append(f"{count} row{'s' if count > 1 else ''} {wrong}: column {values}; {advice}")
    if faults:
        raise InputError("\n".join(faults))


def _cure(dtype: pl.DataType, bound: Bound) -> str:
    if dtype == pl.String and bound.domain.kind in ("integer", "number"):
        return f'cast it first, for example pl.col("{bound.name}").cast(pl.Int64)'
    if isinstance(dtype, pl.Datetime) and bound.domain.kind == "instant":
        return f'state its zone first, for example pl.col("{bound.name}").dt.replace_time_zone("UTC")'
    return "cast or map it first"
