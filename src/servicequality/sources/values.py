"""Values and conditions of a map as expressions over the rows of a part, with the joins that they need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import polars as pl

from servicequality.checks import column
from servicequality.model.coercion import coerced
from servicequality.sources.language import Condition, LookUp, Value

__all__ = ["Check", "Rows", "Typed"]

Typed = tuple[pl.Expr, pl.DataType]
_NOTHING: Typed = (pl.lit(None), pl.Null())
_PLACE = "·place"
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "milliseconds": 0.001}
_PER_SECOND = {"unix seconds": 1_000_000, "unix milliseconds": 1_000}


@dataclass(frozen=True, slots=True)
class Check:
    """A reading that may fail: the columns of the raw and of the read value, and how it was to be read."""

    value: Value
    raw: str
    read: str
    reading: str


@dataclass(slots=True)
class Rows:
    """The rows of a part, which look-ups widen.

    Attributes:
        frame: the rows.
        types: their columns.
        tables: the tables that can be looked up; None where one is absent.
        people: id and kind of every person, as text.
        checks: what was read and may have failed.
        unplaced: for words without a place and persons of no known kind, the columns of both and of what they became.
    """

    frame: pl.LazyFrame
    types: dict[str, pl.DataType]
    tables: Mapping[str, pl.DataFrame | None]
    people: pl.LazyFrame | None = None
    checks: list[Check] = field(default_factory=list)
    unplaced: dict[str, tuple[str, str]] = field(default_factory=dict)
    _made: dict[str, Typed] = field(default_factory=dict)

    def value(self, value: Value) -> Typed:
        """The expression of a value, and its type."""
        key = repr(value)
        if key not in self._made:
            self._made[key] = self._evaluated(value)
        return self._made[key]

    def __post_init__(self) -> None:
        self.frame = self.frame.with_row_index(_PLACE)

    def collected(self, values: Iterable[pl.Expr]) -> pl.DataFrame:
        """These values of all rows, in the order of the rows."""
        # Polars 2.1 forgets the order of the left table where a query selects nothing of it.
        frame = self.frame.select(pl.col(_PLACE), *values).collect()
        return (frame if frame[_PLACE].is_sorted() else frame.sort(_PLACE)).drop(_PLACE)

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

    def condition(self, one: Condition) -> pl.Expr:
        """Where a condition holds; never null."""
        made, dtype = self.value(one.of)
        if one.known is not None:
            return made.is_not_null() if one.known else made.is_null()
        if one.flag is not None:
            holds = self._flag(made, dtype).fill_null(value=False)
            return holds if one.flag else ~holds
        if one.first_by is not None:
            # Of rows with one instant the first that came; a row without one is never the first.
            earliest = self.held(column(one.first_by) == column(one.first_by).min().over(made), pl.Boolean())
            once = pl.when(pl.col(earliest)).then(made).is_first_distinct()
            return (pl.col(earliest) & once & made.is_not_null()).fill_null(value=False)
        text = as_text(made, dtype)
        if one.among is not None or one.outside is not None:
            inside = text.is_in(list(one.among or one.outside or ())).fill_null(value=False)
            return inside if one.among is not None else ~inside
        name = one.same_as or one.differs_from or ""
        same = (text == as_text(column(name), self.types[name])).fill_null(value=False)
        return same if one.same_as is not None else ~same

    def all_of(self, conditions: Sequence[Condition]) -> pl.Expr:
        """Where all conditions hold."""
        return reduce(lambda one, other: one & other, map(self.condition, conditions), pl.lit(value=True))

    def held(self, made: pl.Expr, dtype: pl.DataType) -> str:
        """A column of this expression, under a name of its own."""
        name = f"·{len(self.types)}"
        self.frame, self.types[name] = self.frame.with_columns(made.alias(name)), dtype
        return name

    def _evaluated(self, value: Value) -> Typed:
        made = self._base(value)
        if value.field is not None:
            made = _inside(*made, value.field)
        for step in value.look_up:
            made = self._looked_up(*made, step)
        if value.reads is not None:
            made = self._read(value, *made, value.reads)
        if value.words:
            text = as_text(*made)
            default = text if value.others == "keep" else pl.lit(None, pl.String)
            made = (
                text.replace_strict(
                    list(value.words), list(value.words.values()), default=default, return_dtype=pl.String
                ),
                pl.String(),
            )
        return made

    def _base(self, value: Value) -> Typed:
        if value.column is not None:
            return column(value.column), self.types[value.column]
        if value.who is not None:
            return self._who(value.who)
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
            several, dtype = _of_one_type([self.value(one) for one in value.first_of])
            return pl.coalesce(several), dtype
        given, dtype = _of_one_type([self.value(one.give) for one in value.case])
        chain = pl.lit(None, dtype)
        for case, made in reversed(list(zip(value.case, given, strict=True))):
            chain = pl.when(self.all_of(case.when)).then(made).otherwise(chain)
        return chain, dtype

    def _who(self, name: str) -> Typed:
        """The kind of the person whose id a column holds."""
        if self.people is None:
            return _NOTHING
        key = self.held(as_text(column(name), self.types[name]), pl.String())
        kind = f"·{len(self.types)}"
        self.types[kind] = pl.String()
        self.frame = self.frame.join(
            self.people.rename({"id": key, "kind": kind}), on=key, how="left", maintain_order="left"
        )
        return pl.col(kind), pl.String()

    def _looked_up(self, made: pl.Expr, dtype: pl.DataType, step: LookUp) -> Typed:
        other = self.tables[step.table]
        if other is None or step.key not in other.columns or step.give not in other.columns:
            return _NOTHING
        key = self.held(as_text(made, dtype), pl.String())
        name = f"·{len(self.types)}"
        self.types[name] = other.schema[step.give]
        rows = other.lazy().select(
            as_text(column(step.key), other.schema[step.key]).alias(key), column(step.give).alias(name)
        )
        once = rows.filter(pl.col(key).is_not_null()).unique(key, keep="last", maintain_order=True)
        self.frame = self.frame.join(once, on=key, how="left", maintain_order="left")
        return pl.col(name), self.types[name]

    def _read(self, value: Value, made: pl.Expr, dtype: pl.DataType, reading: str) -> Typed:
        if dtype == pl.Null:
            return _NOTHING
        if reading == "flag" and dtype == pl.Boolean:
            return made, dtype
        raw = self.held(made, dtype)
        read, read_type = self._reading(pl.col(raw), dtype, reading)
        name = self.held(read, read_type)
        self.checks.append(Check(value, raw, name, reading))
        return pl.col(name), read_type

    def _reading(self, made: pl.Expr, dtype: pl.DataType, reading: str) -> Typed:
        if reading == "flag":
            return self._flag(made, dtype), pl.Boolean()
        if reading == "end of day":
            text = made.cast(pl.String).str.slice(0, 10)
            day = made.dt.date() if isinstance(dtype, pl.Datetime) else text.str.to_date(strict=False)
            return day.dt.offset_by("1d").cast(pl.Datetime("us")), pl.Datetime("us")
        if reading == "hh:mm":
            parts = as_text(made, dtype).str.extract_groups(r"^\s*(\d+):(\d\d)(?::(\d\d))?\s*$")
            hours, minutes, seconds = (parts.struct.field(str(i)).cast(pl.Float64, strict=False) for i in (1, 2, 3))
            return hours * 3600 + minutes * 60 + seconds.fill_null(0.0), pl.Float64()
        number = coerced(made, dtype, pl.Float64(), None)
        if number is None:
            return pl.lit(None, pl.Float64), pl.Float64()
        if reading in _SECONDS:
            return number * _SECONDS[reading], pl.Float64()
        inside = pl.when(number.abs() < 2.5e11 * (1_000_000 / _PER_SECOND[reading])).then(number)
        count = (inside * _PER_SECOND[reading]).round(0).cast(pl.Int64, strict=False)
        return count.cast(pl.Datetime("us", "UTC")), pl.Datetime("us", "UTC")

    def _flag(self, made: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype == pl.Boolean:
            return made
        word = as_text(made, dtype).str.strip_chars().str.to_lowercase()
        return pl.when(word.is_in(_YES)).then(statement=True).when(word.is_in(_NO)).then(statement=False)


def as_text(made: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value as its text: 17.0 is "17", true is "true"."""
    if dtype == pl.String:
        return made
    text = coerced(made, dtype, pl.String(), None) if dtype.is_numeric() or dtype == pl.Null else None
    return made.cast(pl.String) if text is None else text


def _inside(made: pl.Expr, dtype: pl.DataType, path: str) -> Typed:
    """What stands at a path inside of JSON text or of structs."""
    names = path.split(".")
    if isinstance(dtype, pl.Struct):
        for name in names:
            inner = {one.name: one.dtype for one in dtype.fields} if isinstance(dtype, pl.Struct) else {}
            if name not in inner:
                return _NOTHING
            kind = inner[name]
            made, dtype = made.struct.field(name), kind() if isinstance(kind, type) else kind
        return made, dtype
    if dtype != pl.String:
        return _NOTHING
    steps = "".join(f"['{name}']" for name in names)
    return made.str.json_path_match(f"${steps}"), pl.String()


def _of_one_type(several: Sequence[Typed]) -> tuple[list[pl.Expr], pl.DataType]:
    """Values of one type; of several types, all as text."""
    kinds = {dtype for _, dtype in several if dtype != pl.Null}
    if len(kinds) > 1:
        return [as_text(made, dtype) for made, dtype in several], pl.String()
    dtype = next(iter(kinds), pl.Null())
    return [made if own == dtype else made.cast(dtype) for made, own in several], dtype
