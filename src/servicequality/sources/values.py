"""Values and conditions of a map as expressions over the rows of a part, with the joins that they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.sources.conversions import (
    NOTHING,
    Typed,
    as_text,
    flag_of,
    in_words,
    inside,
    of_one_type,
    read_as,
    unused,
)
from servicequality.sources.language import Condition, LookUp, Value

__all__ = ["Check", "Rows"]


@dataclass(frozen=True, slots=True)
class Check:
    """A reading that may fail: the columns of the raw and of the read value, and how it was to be read."""

    value: Value
    raw: str
    read: str
    reading: str


@dataclass(slots=True)
class Rows:
    """The rows of a part, and the values that are made of them.

    Attributes:
        frame: the rows, with the columns that values hold.
        types: their columns.
        tables: the tables that can be looked up; None where one is absent.
        people: id and kind of every person, each once, as text.
        checks: what was read and may have failed.
        unplaced: for words without a place and persons of no known kind, the columns of both and of what they became.
    """

    frame: pl.LazyFrame
    types: dict[str, pl.DataType]
    tables: Mapping[str, pl.DataFrame | None]
    people: pl.DataFrame | None = None
    checks: list[Check] = field(default_factory=list)
    unplaced: dict[str, tuple[str, str]] = field(default_factory=dict)
    _made: dict[str, Typed] = field(default_factory=dict)

    def value(self, value: Value, *, only: pl.Expr | None = None) -> Typed:
        """The expression of a value, and its type; where a condition is given, look-ups are made for those rows alone."""
        key = repr(value)
        if key in self._made:
            return self._made[key]
        made = self._evaluated(value, only)
        if only is None:
            self._made[key] = made
        return made

    def role(self, name: str, value: Value) -> Typed:
        """The value of a role; a word of it that has no place is remembered."""
        made = self.value(value)
        if value.words and value.others == "null":
            raw = self.value(replace(value, words={}))
            self.unplaced[f"word in {name}"] = (self.held(as_text(*raw), pl.String()), self.held(*made))
        elif person := next((one.who for one in (value, *value.first_of) if one.who is not None), None):
            key = as_text(column(person), self.types[person])
            self.unplaced[f"person in {name}"] = (self.held(key, pl.String()), self.held(*made))
        return made

    def condition(self, one: Condition, *, only: pl.Expr | None = None) -> pl.Expr:
        """Where a condition holds, never null; where another is given, it needs to be told for those rows alone."""
        made, dtype = self.value(one.of, only=only)
        if one.known is not None:
            return made.is_not_null() if one.known else made.is_null()
        if one.flag is not None:
            holds = flag_of(made, dtype).fill_null(value=False)
            return holds if one.flag else ~holds
        if one.first_by is not None:
            return self._first(as_text(made, dtype), one.first_by)
        text = as_text(made, dtype)
        if one.among is not None or one.outside is not None:
            inside = text.is_in(list(one.among or one.outside or ())).fill_null(value=False)
            return inside if one.among is not None else ~inside
        name = one.same_as or one.differs_from or ""
        same = (text == as_text(column(name), self.types[name])).fill_null(value=False)
        return same if one.same_as is not None else ~same

    def all_of(self, conditions: Sequence[Condition], *, only: pl.Expr | None = None) -> pl.Expr:
        """Where all conditions hold."""
        several = (self.condition(one, only=only) for one in conditions)
        return reduce(lambda one, other: one & other, several, pl.lit(value=True))

    def held(self, made: pl.Expr, dtype: pl.DataType) -> str:
        """A column of this expression, under a name of its own."""
        name = unused(self.types)
        self.frame, self.types[name] = self.frame.with_columns(made.alias(name)), dtype
        return name

    def _first(self, key: pl.Expr, by: str) -> pl.Expr:
        """The first row of each key by a column, of equals the first that came; rows without either are none."""
        rows = self.frame.select(key.alias("key"), column(by).alias("by")).with_row_index("place")
        first_place = pl.col("place").sort_by("by", "place", nulls_last=True).first()
        grouped = rows.group_by("key").agg(first_place, pl.col("by").count())
        places = grouped.filter(pl.col("key").is_not_null() & (pl.col("by") > 0)).collect()
        first = np.zeros(self.frame.select(pl.len()).collect().item(), dtype=np.bool_)
        first[places["place"].to_numpy()] = True
        return pl.col(self.held(pl.lit(pl.Series(first)), pl.Boolean()))

    def _evaluated(self, value: Value, only: pl.Expr | None) -> Typed:
        made = self._base(value, only)
        if value.field is not None:
            made = inside(*made, value.field)
        for step in value.look_up:
            made = self._looked_up(*made, step, only)
        if value.reads is not None:
            made = self._read(value, *made, value.reads)
        return in_words(*made, value) if value.words else made

    def _base(self, value: Value, only: pl.Expr | None) -> Typed:
        if value.column is not None:
            return column(value.column), self.types[value.column]
        if value.who is not None:
            if self.people is None:
                return NOTHING
            key = as_text(column(value.who), self.types[value.who])
            return self._given(key, self.people["id"], self.people["kind"], only)
        if value.row is not None:
            number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).cast(pl.String)
            return pl.lit(value.row) + number, pl.String()
        if value.constant is not None:
            literal = pl.lit(value.constant)
            kinds: dict[type, pl.DataType] = {
                bool: pl.Boolean(),
                int: pl.Int64(),
                float: pl.Float64(),
                str: pl.String(),
            }
            dtype = kinds[type(value.constant)]
            return literal.cast(dtype), dtype
        if value.first_of:
            typed = [self.value(value.first_of[0], only=only)]
            for one in value.first_of[1:]:
                unknown = pl.all_horizontal(earlier.is_null() for earlier, _ in typed)
                typed.append(self.value(one, only=unknown if only is None else only & unknown))
            several, dtype = of_one_type(typed)
            return pl.coalesce(several), dtype
        conditions = [self.all_of(case.when, only=only) for case in value.case]
        typed = [
            self.value(case.give, only=holds if only is None else only & holds)
            for case, holds in zip(value.case, conditions, strict=True)
        ]
        given, dtype = of_one_type(typed)
        chain = pl.lit(None, dtype)
        for holds, made in reversed(list(zip(conditions, given, strict=True))):
            chain = pl.when(holds).then(made).otherwise(chain)
        return chain, dtype

    def _looked_up(self, made: pl.Expr, dtype: pl.DataType, step: LookUp, only: pl.Expr | None) -> Typed:
        other = self.tables[step.table]
        if only is not None and not self.frame.select(only.any()).collect().item():
            return NOTHING  # a large table need not be looked up for no row
        if other is None or step.key not in other.columns or step.give not in other.columns:
            return NOTHING
        rows = other.lazy().select(
            as_text(column(step.key), other.schema[step.key]).alias("key"), column(step.give).alias("given")
        )
        # Of a key that is there twice the last row counts.
        once = rows.filter(pl.col("key").is_not_null()).unique("key", keep="last", maintain_order=True).collect()
        return self._given(as_text(made, dtype), once["key"], once["given"], only)

    def _given(self, key: pl.Expr, keys: pl.Series, given: pl.Series, only: pl.Expr | None) -> Typed:
        """What belongs to each key, null where there is none; computed once."""
        key = key if only is None else pl.when(only).then(key)
        of_key = key.replace_strict(keys, given, default=None, return_dtype=given.dtype)
        return pl.col(self.held(of_key, given.dtype)), given.dtype

    def _read(self, value: Value, made: pl.Expr, dtype: pl.DataType, reading: str) -> Typed:
        if dtype == pl.Null:
            return NOTHING
        if reading == "flag" and dtype == pl.Boolean:
            return made, dtype
        raw = self.held(made, dtype)
        read, read_type = read_as(pl.col(raw), dtype, reading)
        name = self.held(read, read_type)
        self.checks.append(Check(value, raw, name, reading))
        return pl.col(name), read_type
