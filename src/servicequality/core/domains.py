"""The check that rows lie inside the metrics' domains, in one ungrouped scan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import polars as pl

from servicequality.checks import (
    column,
    first_line,
    holds_flags,
    holds_instants,
    holds_numbers,
    holds_texts,
    listed,
    near,
    shown,
    values_of,
)
from servicequality.columns import Column, one_of
from servicequality.core.origins import origin
from servicequality.errors import DefinitionError, InputError, ParameterError

LARGEST = 1e50
"""No number of a row is larger: sums of squares and of products of such numbers stay finite."""
_INSTANTS = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds of the years 1 to 9999
_KINDS = {
    "integer": "whole numbers",
    "number": "numbers",
    "flag": "true or false (Boolean)",
    "instant": "zone-aware instants",
    "category": "text or an Enum",
}


_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
_EMPTY = {"flag": pl.Boolean(), "category": pl.String(), "instant": pl.Datetime("us", "UTC"), "any": pl.Float64()}


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
        condition: only rows for which this holds are checked.
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

    @property
    def limited(self) -> bool:
        """Whether a column of a fitting type can hold what is outside the domain."""
        return bool(self.choices) or self.domain.kind in ("integer", "number")

    def outside(self) -> pl.Expr:
        """Rows that break the domain. NaN and the infinities fail every comparison that is written this way round."""
        number = column(self.name)
        legal: pl.Expr | None = None
        if self.domain.kind in ("integer", "number"):
            legal = number <= (LARGEST if self.high is None else self.high)
            legal = legal & (number >= (-LARGEST if self.low is None else self.low))
            if self.domain.kind == "integer":
                legal = legal & (number.floor() == number)
            if self.missing:
                legal = legal | one_of(number, self.missing)
        elif self.choices:
            legal = number.is_in(self.choices)
        bad = pl.lit(value=False) & number.is_null() if legal is None else number.is_not_null() & ~legal
        return bad if self.condition is None else bad & self.condition

    def typed(self) -> pl.Expr:
        """An aggregation that is always true, and that Polars cannot compute of a column whose type is not the domain's.

        It looks at one row at most: what it costs is what the planning of it costs.
        """
        first = column(self.name).first()
        match self.domain.kind:
            case "integer" | "number":
                tried = first.dot(first)
            case "flag":
                tried = first & pl.lit(value=True)
            case (
                "instant"
            ):  # of no row: the first one may lie outside the calendar, and by groups `head(0)` looks at all
                instants = column(self.name)
                nothing = instants.filter(instants.is_null() & instants.is_not_null())
                tried = nothing.dt.base_utc_offset().sum()
            case _:
                tried = first
        return tried.is_null() | tried.is_not_null()

    def wants(self) -> str:
        """What the domain expects, in words."""
        if self.choices:
            return " or ".join(shown(choice) for choice in self.choices)
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
            case "integer" | "number":
                return holds_numbers(dtype)
            case "flag":
                return holds_flags(dtype)
            case "instant":
                return holds_instants(dtype)
            case "category":
                return holds_texts(dtype)
            case _:
                return True


def require_columns(schema: pl.Schema, names: Iterable[str], *, role: str) -> None:
    """Raise InputError for columns that the frame does not have, with the likeliest ones named, and the call that makes them.

    Raises:
        InputError: a column is not there.
        ParameterError: a column is given by something other than its name.
    """
    names = list(names)
    if bad := [name for name in names if not isinstance(name, str)]:
        raise ParameterError(
            f"{role}: a column is given by its name, got {shown(bad[0])}; add an expression as a column first"
        )
    absent = [name for name in dict.fromkeys(names) if name not in schema]
    if not absent:
        return
    hints = ", ".join(shown(name) + near(name, schema.names()) for name in absent[:12])
    columns = (
        listed(schema.names()) or "no columns: an empty list does not tell them, give a frame of no rows that has them"
    )
    raise InputError(f"{role}: no column {hints}; the frame has {columns}{origin(absent)}")


def widened(schema: pl.Schema, inputs: Iterable[Bound], computed: Iterable[str] | None = None) -> list[pl.Expr]:
    """The numbers of a call as Int64 or Float64, in which row rules compute whatever type the columns came in.

    Whole numbers of at most 63 bits become Int64. All others become the nearest Float64: beyond 2^53, unsigned numbers of
    64 bits, numbers of 128 bits and decimals lose their last digits.

    Args:
        schema: the types as they came.
        inputs: the columns of the call.
        computed: the columns that are computed with: whole numbers that are only compared stay in their few bytes, which are
            read several times as fast. None widens all.
    """
    wide: dict[str, pl.DataType] = {}
    inputs = list(inputs)
    small = {bound.name for bound in inputs if schema[bound.name] in _WHOLE}
    if small:
        small = set() if computed is None else small.difference(computed)
    for bound in inputs:
        dtype = schema[bound.name]
        if bound.name in small:
            continue
        if bound.domain.kind in ("integer", "number") and dtype not in (pl.Int64, pl.Float64):
            wide[bound.name] = pl.Int64() if dtype in _WHOLE else pl.Float64()
        elif dtype == pl.Null and bound.domain.kind in _EMPTY:
            wide[bound.name] = _EMPTY[bound.domain.kind]
    return [column(name).cast(dtype) for name, dtype in wide.items()]


def check_types(schema: pl.Schema, inputs: Iterable[Bound]) -> None:
    """Raise one InputError that lists every column whose type cannot hold the domain."""
    faults = dict.fromkeys(
        f"column {shown(bound.name)} holds {_type(schema[bound.name])}, expected {bound.wants()}; "
        f"{_cure(schema[bound.name], bound)}"
        for bound in inputs
        if not bound.fits(schema[bound.name])
    )
    if faults:
        raise InputError("\n".join(faults))


def check_values(frame: pl.LazyFrame, inputs: Iterable[Bound], refused: Iterable[tuple[str, pl.Expr]]) -> None:
    """Raise one InputError that lists all invalid rows. One scan; offenders are fetched only if there are any.

    Args:
        frame: the rows.
        inputs: columns with their domains.
        refused: further invalid rows: what is wrong with them, and their row rule.
    """
    inputs = list(inputs)
    schema = frame.collect_schema()
    if wide := widened(schema, inputs):
        frame = frame.with_columns(wide)  # in a small type the largest number that is legal would be infinite
    # Many metrics read one column: each distinct rule is checked once.
    rules: dict[tuple[str, bytes], tuple[pl.Expr, str, str]] = {}
    for bound in inputs:
        if schema[bound.name] != pl.Null:
            bad = bound.outside()
            if isinstance(dtype := schema[bound.name], pl.Datetime):
                calendar = ~within_calendar(bound.name, dtype)
                bad = calendar if bound.condition is None else calendar & bound.condition
            rules.setdefault((bound.name, bad.meta.serialize()), (bad, f"outside {bound.wants()}", bound.advice()))
    for wrong, bad in refused:
        rules.setdefault((wrong, bad.meta.serialize()), (bad, wrong, "correct or filter the rows"))
    if not rules:
        return
    sums = [bad.sum().alias(str(i)) for i, (bad, _, _) in enumerate(rules.values())]
    counts = collected(frame.select(sums)).row(0)
    faults = []
    for (bad, wrong, advice), count in zip(rules.values(), counts, strict=True):
        if count:
            names = list(dict.fromkeys(bad.meta.root_names()))
            rows = collected(frame.filter(bad).select(column(name) for name in names).head(5))
            values = "; ".join(f"{shown(name)} such as {values_of(rows[name])}" for name in names)
            faults.append(f"{count} row{'s' if count > 1 else ''} {wrong}: column {values}; {advice}")
    if faults:
        raise InputError("\n".join(faults))


def within_calendar(name: str, dtype: pl.Datetime) -> pl.Expr:
    """Row rule: the instant lies in the years 1 to 9999; Polars counts further, and panics where it looks for the day."""
    unit, number = _INSTANTS[dtype.time_unit], column(name).to_physical()
    low, high = max(_FIRST * unit, -(2**63)), min((_LAST + 1) * unit, 2**63) - 1
    return number.is_between(low, high) | number.is_null()


def collected(plan: pl.LazyFrame) -> pl.DataFrame:
    """The rows of a plan over the caller's frame.

    Raises:
        InputError: the caller's own plan fails, or its columns cannot be compared.
    """
    try:
        return plan.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"the rows cannot be computed: {first_line(error)}") from error


def _type(dtype: pl.DataType) -> str:
    return shown(str(dtype))[1:-1]


def _cure(dtype: pl.DataType, bound: Bound) -> str:
    if dtype == pl.String and bound.domain.kind in ("integer", "number"):
        return f'cast it first, for example pl.col("{bound.name}").cast(pl.Int64)'
    if isinstance(dtype, pl.Datetime) and bound.domain.kind == "instant":
        return f'state its zone first, for example pl.col("{bound.name}").dt.replace_time_zone("UTC")'
    return "cast or map it first"
