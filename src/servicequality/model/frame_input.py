"""`as_frame`: anything that holds a table becomes a Polars frame."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, TypeAlias, overload

import polars as pl
from polars import selectors

from servicequality.checks import first_line
from servicequality.errors import InputError
from servicequality.model.frames import to_frame, values_of_field
from servicequality.model.record import Record

__all__ = ["UNREADABLE", "TableLike", "as_frame", "holds_rows"]


UNREADABLE = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    AttributeError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Polars raises where it cannot read something: not only errors of its own."""

_TIMES = (dt.date, dt.time, dt.timedelta)  # an instant is a date

_UNTOLD = (
    "OfM"  # kinds of numpy's types that pandas gives a column without values: objects, floats, instants without a zone
)


class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class _ToArrow(Protocol):
    def toArrow(self) -> Any: ...  # noqa: N802  (pyspark's name)


class _Narwhals(Protocol):
    def to_native(self) -> Any: ...


TableLike: TypeAlias = pl.DataFrame | _ArrowStream | _ToArrow | _Narwhals | Mapping[str, Any] | Sequence[Any]
"""Everything that `as_frame` reads into an eager frame."""

ACCEPTED = (
    "a Polars DataFrame or LazyFrame, a dataframe with an Arrow stream (pandas, pyarrow, duckdb, ibis, narwhals), "
    "a PySpark frame, a mapping of columns, or a sequence of dataclasses or of mappings"
)


@overload
def as_frame(data: pl.LazyFrame) -> pl.LazyFrame: ...
@overload
def as_frame(data: TableLike) -> pl.DataFrame: ...
@overload
def as_frame(data: pl.LazyFrame | TableLike) -> pl.DataFrame | pl.LazyFrame: ...
def as_frame(data: object) -> pl.DataFrame | pl.LazyFrame:
    """Any table as a Polars frame: eager stays eager, a LazyFrame stays lazy, the caller's object is not changed.

    A pandas index is not a column, and NaN in pandas is missing, so it becomes null. A column of pandas that holds no value has
    no type either, unless an extension type was declared for it. A narwhals lazy frame is collected.
    A sequence holds dataclasses of one class, or mappings: of these a key that a row does not have is null in it.
    An empty sequence is a frame without columns.

    Args:
        data: the table.

    Raises:
        InputError: `data` is not a table, or one of its columns holds values of several kinds.
    """
    if isinstance(data, pl.DataFrame | pl.LazyFrame):
        return data
    root = type(data).__module__.partition(".")[0]
    if root == "narwhals" and hasattr(data, "collect"):
        data = data.collect()
    if callable(convert := getattr(data, "toArrow", None)):
        data = convert()
    if isinstance(data, pl.Series) or (root == "pandas" and type(data).__name__ == "Series"):
        raise _refusal(data, "one column is not a table: name it with .to_frame()")
    if (root == "pandas" and hasattr(data, "columns")) or hasattr(data, "__arrow_c_stream__"):
        return _build(data)
    if isinstance(data, Mapping):
        return _build(data)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes | bytearray):
        return _from_rows(data)
    raise _refusal(data)


def _from_rows(rows: Sequence[Any]) -> pl.DataFrame:
    kinds = list(dict.fromkeys(map(type, rows)))
    if strange := [kind for kind in kinds if not (is_dataclass(kind) or issubclass(kind, Mapping))]:
        raise _refusal(rows, f"its rows must be dataclasses or mappings, one is {strange[0].__name__}")
    if len(kinds) > 1 and any(map(is_dataclass, kinds)):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise _refusal(rows, f"its rows are of several kinds, {names}; make one table of each kind")
    if not kinds:
        return pl.DataFrame()
    if issubclass(kinds[0], Record):
        return to_frame(rows)
    if is_dataclass(kinds[0]):
        return _build({field.name: values_of_field(rows, field.name) for field in fields(kinds[0])})
    return _build(rows)


def holds_rows(data: object) -> bool:
    """Whether this is a sequence of rows: of dataclasses or of mappings."""
    return isinstance(data, Sequence) and bool(data) and (is_dataclass(data[0]) or isinstance(data[0], Mapping))


def _read(data: Any) -> pl.DataFrame:
    # pl.from_arrow would give a Series of structs for a bare capsule; the constructor gives the table.
    if isinstance(data, Mapping):
        return _unmixed(pl.DataFrame(data, strict=False), data.__getitem__)
    frame = pl.DataFrame(data, infer_schema_length=None)
    if isinstance(data, Sequence):
        return _unmixed(frame, lambda name: [row.get(name) for row in data])
    of_pandas = type(data).__module__.startswith("pandas")
    names = list(data.columns) if of_pandas else getattr(data, "column_names", ())
    if "" in names and len(names) == frame.width:  # which Polars calls column_0
        frame.columns = [str(name) for name in names]
    return _untyped(frame, list(data.dtypes)) if of_pandas else frame


def _unmixed(frame: pl.DataFrame, values_of: Callable[[str], Any]) -> pl.DataFrame:
    """The frame, unless a column of numbers had instants or durations among them, of which Polars takes the microseconds."""
    for number in frame.select(selectors.numeric()):
        values = values_of(number.name)
        if isinstance(values, list | tuple) and any(issubclass(kind, _TIMES) for kind in set(map(type, values))):
            raise TypeError("numbers, and dates, instants or durations")
    return frame


def _untyped(frame: pl.DataFrame, dtypes: list[Any]) -> pl.DataFrame:
    """The frame, with type Null for the columns without a value, whose numpy type in pandas tells nothing.

    None alone is object in pandas, which Polars reads as text; an empty column of a CSV file is float64 there.
    """
    empty = [
        name
        for name, dtype in zip(frame.columns, dtypes, strict=True)
        if getattr(dtype, "kind", "") in _UNTOLD and type(dtype).__module__.startswith("numpy")
        if frame.get_column(name).null_count() == frame.height
    ]
    return frame.with_columns(pl.lit(None).alias(name) for name in empty)


def _build(data: Any) -> pl.DataFrame:
    try:
        return _read(data)
    except ImportError as error:
        raise InputError(
            f"{_kind(data)} needs pyarrow to be read: pip install 'servicequality[arrow]' ({error})"
        ) from error
    except UNREADABLE as error:
        raise _refusal(data, f"{_blame(data)}{_reason(error)}") from error


def _reason(error: BaseException) -> str:
    if "interval" in str(error):
        return "a column of INTERVAL has no fixed length; make it seconds first, for example with epoch(column)"
    return first_line(error)


def _blame(data: Any) -> str:
    """The columns that cannot be read; neither Polars nor Arrow names them."""
    parts: list[tuple[Any, Any]]
    if isinstance(data, Sequence):
        names = dict.fromkeys(name for row in data for name in row)
        if strange := next((name for name in names if not isinstance(name, str)), None):
            return f"a column has the name {strange!r}, which is no text: "
        parts = [(name, [{name: row.get(name)} for row in data]) for name in names]
    elif isinstance(data, Mapping):
        parts = [(name, {name: column}) for name, column in data.items()]
    elif type(data).__module__.startswith("pandas") and data.columns.is_unique:
        parts = [(name, data[[name]]) for name in data.columns]
    else:
        return ""
    mixed = [repr(name) for name, part in parts if not _readable(part)]
    return f"column {', '.join(mixed)} mixes kinds of values; make it one kind first: " if mixed else ""


def _readable(data: Any) -> bool:
    try:
        _read(data)
    except UNREADABLE:
        return False
    return True


def _kind(data: object) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}".removeprefix("builtins.")


def _refusal(data: object, why: str = "") -> InputError:
    return InputError(f"expected {ACCEPTED}; got {_kind(data)}{': ' if why else ''}{why}")
