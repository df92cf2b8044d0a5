"""What a hostile frame is made of: columns of every type, names that look like something else, and their disguises."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl

T = TypeVar("T")
Generator = np.random.Generator

NOON = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
"""The middle of a day on which clocks change in half of Europe."""

NAMES = (
    "^a.*$", "^.*$", "*", "bin", "n", "value", "period", "nps.year", "", ".", "a.b", "x'y", 'say "so"', "two\nlines",
    "tab\there", "naïve", "数", "🙂", "a b", " ", "{}", "{0}", "%s", "\\d+", "^k$", "low", "high", "se", "level", "metric",
    "method", "unit", "reason", "notes", "n_missing", "n_pending", "n_excluded", "n_eff", "rows", "weight", "cluster",
    "stratum", "as_of", "index", "len", "count", "literal", "__key__", "_bin", "__index_level_0__", "servequal.rules",
    "servqual.rules", "nps.n", "nps.hits", "csat.rows", "before", "after", "key", "code", "part", "group", "\x00", "\x1b[31m",
    "select", "drop table", "a" * 300,
)  # fmt: skip
RESERVED = {
    "period", "metric", "value", "low", "high", "se", "level", "method", "unit", "n", "n_missing", "n_excluded",
    "n_eff", "n_pending", "reason", "notes",
}  # fmt: skip
"""Columns of every result, which a key may be refused for."""

SIZES = (0, 1, 1, 2, 2, 3, 3, 5, 8, 20, 50)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana")
UNITS = ("ms", "us", "ns")
LAYOUTS = ("plain", "plain", "chunks", "slice", "lazy", "pandas", "arrow", "mapping", "rows")

INTEGERS = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Int128, pl.UInt128,
)  # fmt: skip
NUMERIC: tuple[Any, ...] = (*INTEGERS, pl.Float16, pl.Float32, pl.Float64, pl.Decimal(20, 4), pl.Decimal(38, 10))
ORDINARY = {pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64}
"""Types of number that have to be taken; the others may be refused."""

FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 5.0, 1e308, -1e308, 1.7e308, 5e-324, 2.2e-308, float("nan"), float("inf"), float("-inf"),
    1e16, 2.0**53 + 2, 1e9, 1e-9, 3.0, 10.0, 11.0,
)  # fmt: skip
WHOLES = (0, 1, -1, 2, 3, 5, 10, 11, 127, -128, 255, 2**31 - 1, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63), 99, 7)
TEXTS = (
    "", " ", "a", "b", "A", "nan", "None", "null", "1", "1.5", "answered", "met", "open", "solved", "closed", "customer",
    "agent", "\x00", "\x1b[2J", "🙂", "x" * 200, "two\nlines", "2024-01-01", "true", "^a.*$", "*", "{}", "'", '"',
)  # fmt: skip
INSTANTS = (
    0, 1, -1, 1_774_785_600_000_000, 1_774_746_000_000_000, 1_774_749_600_000_001, 2**63 - 1, -(2**63), -(2**63) + 1,
    9_223_372_036_854_775, 253_402_300_799_999_999, 253_402_300_800_000_000, -62_135_596_800_000_000,
    -62_135_596_800_000_001, 1_761_440_400_000_000, 1_761_447_600_000_000, 8_210_298_412_799_999_999,
)  # fmt: skip
"""Counts since 1970 in whatever unit: the changes of clocks, the years 1, 9999 and beyond, and the ends of Int64."""


def pick(rng: Generator, things: Sequence[T]) -> T:
    """One of some things."""
    return things[int(rng.integers(len(things)))]


def chance(rng: Generator, share: float) -> bool:
    """True as often as stated."""
    return bool(rng.random() < share)


def name(rng: Generator, taken: set[str]) -> str:
    """A hostile name that no other column has; it joins those taken."""
    free = [one for one in NAMES if one not in taken]
    chosen = pick(rng, free)
    taken.add(chosen)
    return chosen


def hostile(rng: Generator, label: str, n: int) -> pl.Series:
    """A column of any type, extremes and nulls included."""
    kind = int(rng.integers(14))
    blank = pick(rng, (0.0, 0.0, 0.2, 1.0))
    holes = rng.random(n) < blank
    if kind <= 2:
        dtype = pick(rng, INTEGERS)
        fitting = [number for number in WHOLES if number in _range(dtype)]
        return pl.Series(label, _holed(rng, fitting, holes), dtype)
    if kind <= 5:
        dtype = pick(rng, (pl.Float64, pl.Float64, pl.Float32, pl.Float16))
        return pl.Series(label, _holed(rng, FLOATS, holes), pl.Float64).cast(dtype, strict=False)
    if kind == 6:
        dtype = pl.Decimal(*pick(rng, ((20, 4), (38, 0), (38, 10), (5, 2))))
        return pl.Series(label, _holed(rng, (0.0, 1.0, -1.0, 5.25, 100.5), holes), pl.Float64).cast(dtype, strict=False)
    if kind == 7:
        return pl.Series(label, _holed(rng, (True, False), holes), pl.Boolean)
    if kind == 8:
        texts = pl.Series(label, _holed(rng, TEXTS, holes), pl.String)
        return texts.cast(pick(rng, (pl.String, pl.Categorical, pl.Enum(list(TEXTS)))))
    if kind <= 10:
        counts = pl.Series(label, _holed(rng, INSTANTS, holes), pl.Int64)
        unit = pick(rng, UNITS)
        return counts.cast(pick(rng, (pl.Datetime(unit), pl.Datetime(unit, pick(rng, ZONES)), pl.Duration(unit))))
    if kind == 11:
        days = pl.Series(label, _holed(rng, (0, 1, 20_541, -719_162, 2_932_896, 2**31 - 1, -(2**31)), holes), pl.Int32)
        times = pl.Series(label, _holed(rng, (0, 1, 86_399_999_999_999), holes), pl.Int64)
        return days.cast(pl.Date) if chance(rng, 0.6) else times.cast(pl.Time)
    if kind == 12:
        nested: tuple[Any, ...] = ([1, None], [], None, [2])
        lists = pl.Series("a", _holed(rng, nested, holes), pl.List(pl.Int64))
        return lists.alias(label) if chance(rng, 0.5) else lists.list.first().to_frame().to_struct(label)
    return pl.Series(label, [None] * n, pl.Null)


def number_type(rng: Generator) -> Any:
    """A type for all numbers of a frame, small ones first; None leaves every column its own."""
    return pick(rng, (None, None, None, pl.Int8, pl.UInt8, pl.Float16, pl.Int16))


def disguised(rng: Generator, column: pl.Series, numbers: Any = None) -> pl.Series:
    """A column of the domain in another type; what the type cannot hold becomes null."""
    dtype = column.dtype
    if dtype.is_numeric():
        return column.cast(pick(rng, NUMERIC) if numbers is None else numbers, strict=False)
    if dtype == pl.String:
        texts = sorted({*column.drop_nulls(), "of none"})  # an Enum sorts in the order of its categories
        return column.cast(pick(rng, (pl.String, pl.Categorical, pl.Enum(texts))))
    if isinstance(dtype, pl.Datetime):
        return column.cast(pl.Datetime(pick(rng, UNITS), dtype.time_zone)).dt.convert_time_zone(pick(rng, ZONES))
    return column


def plain(column: pl.Series) -> pl.Series:
    """The same values in the plainest type: Float64, text, or microseconds in UTC."""
    dtype = column.dtype
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if isinstance(dtype, pl.Datetime):
        return column.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    return column.cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else column


def framed(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """A frame of columns; of a list of them Polars would give one without a name another."""
    return pl.DataFrame({one.name: one for one in columns})


def laid_out(frame: pl.DataFrame, layout: str) -> Any:
    """The frame as a caller may hold it; plain where the other library cannot hold it."""
    half = frame.height // 2
    try:
        if layout == "chunks":
            return pl.concat([frame.head(half), frame.clear(), frame.slice(half)], rechunk=False)
        if layout == "slice":
            return pl.concat([frame.tail(1), frame, frame.head(1)]).slice(min(1, frame.height), frame.height)
        if layout == "lazy":
            return frame.lazy()
        if layout == "pandas":
            return frame.to_pandas(use_pyarrow_extension_array=frame.height % 2 == 0)
        if layout == "arrow":
            return frame.to_arrow()
        if layout == "mapping":
            return {one.name: one for one in frame}
        if layout == "rows" and frame.height and all(_says_itself(dtype) for dtype in frame.dtypes):
            return frame.to_dicts()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  what pandas, Arrow or Python cannot hold is not a fault of ours
        return frame
    return frame


def _says_itself(dtype: pl.DataType) -> bool:
    """Whether the type comes back from Python's values; a whole number would come back as Int64 all the same."""
    return dtype in (pl.Int64, pl.Float64, pl.String, pl.Boolean)


def _holed(rng: Generator, values: Sequence[Any], holes: Any) -> list[Any]:
    places = rng.integers(len(values), size=len(holes))
    return [None if hole else values[place] for hole, place in zip(holes, places, strict=True)]


def _range(dtype: Any) -> range:
    bits = int(str(dtype).removeprefix("U").removeprefix("Int"))
    return range(2**bits) if str(dtype).startswith("U") else range(-(2 ** (bits - 1)), 2 ** (bits - 1))
