"""Reading a result of `evaluate`: its columns, its rows, its keys, and the texts of its cells."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.checks import holds_flags, holds_numbers, holds_texts, in_calendar, shown
from servicequality.core import RESULT, UNKNOWN, require_columns
from servicequality.errors import InputError
from servicequality.model import as_frame

__all__ = ["NEEDED", "Row", "cell_texts", "keys_of", "period_texts", "plain_frame", "result_frame", "rows_of"]

Row = dict[str, Any]

NEEDED = ("metric", "value", "low", "high", "se", "unit", "n", "n_pending", "reason", "notes")
"""The columns of a result that people see."""


def result_frame(result: Any, needed: Sequence[str] = NEEDED, *, what: str = "a result of evaluate") -> pl.DataFrame:
    """A result of `evaluate`, read if it is lazy, its figures finite or null in plain types.

    Raises:
        InputError: a column is missing or of a wrong type, or a row has no metric or no unit.
    """
    frame: pl.DataFrame = as_frame(result).lazy().collect()
    if absent := [name for name in needed if name not in frame.columns]:
        raise InputError(f"expected {what}; the frame has no column {', '.join(absent)}")
    texts = [name for name in needed if RESULT.get(name) == pl.String()]
    counts = [name for name in needed if RESULT.get(name) == pl.Int64()]
    numbers = [name for name in needed if name not in texts and name not in counts]
    plain = _in_plain_types(frame, f"expected {what}", numbers=numbers, counts=counts, texts=texts)
    if any(name in needed and plain[name].has_nulls() for name in ("metric", "unit")):
        raise InputError(f"expected {what}; a row has no metric or no unit")
    if "se" in needed:
        plain = plain.with_columns(pl.when(pl.col("se") > 0).then("se"))
    return plain


def plain_frame(
    data: Any,
    *,
    role: str,
    numbers: Sequence[str] = (),
    counts: Sequence[str] = (),
    texts: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> pl.DataFrame:
    """A frame, read if it is lazy, with some columns in plain types: numbers finite or null, whole numbers, texts, flags.

    Raises:
        InputError: a column is missing or of a wrong type.
    """
    frame: pl.DataFrame = as_frame(data).lazy().collect()
    require_columns(frame.schema, [*numbers, *counts, *texts, *flags], role=role)
    return _in_plain_types(frame, role, numbers=numbers, counts=counts, texts=texts, flags=flags)


def _in_plain_types(
    frame: pl.DataFrame,
    role: str,
    *,
    numbers: Sequence[str],
    counts: Sequence[str],
    texts: Sequence[str],
    flags: Sequence[str] = (),
) -> pl.DataFrame:
    kinds = ((numbers, holds_numbers, "numbers"), (counts, holds_numbers, "numbers"), (texts, holds_texts, "texts"),
             (flags, holds_flags, "true and false"))  # fmt: skip
    for names, fits, kind in kinds:
        for name in names:
            # A column of nulls alone may have lost its type on the way through another library.
            if not fits(frame.schema[name]) and frame.schema[name] != pl.Null():
                raise InputError(f"{role}; column {name!r} holds {frame.schema[name]}, not {kind}")
    floats = {name: pl.col(name).cast(pl.Float64) for name in (*numbers, *counts)}
    finite = {name: pl.when(number.is_finite()).then(number) for name, number in floats.items()}
    return frame.with_columns(
        *(finite[name].alias(name) for name in numbers),
        *(finite[name].cast(pl.Int64, strict=False).alias(name) for name in counts),
        *(pl.col(name).cast(pl.String) for name in texts),
        *(pl.col(name).cast(pl.Boolean) for name in flags),
    )


def rows_of(frame: pl.DataFrame, names: Sequence[str] = NEEDED) -> list[Row]:
    """The rows of these columns as dictionaries: a result has as many as people read."""
    columns = frame.select(names).to_dict(as_series=False)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def keys_of(frame: pl.DataFrame) -> list[str]:
    """The key columns of a result; a period that no row has is none."""
    keys = frame.columns[: frame.columns.index("metric")]
    if "period" in keys and frame["period"].null_count() == frame.height:
        keys.remove("period")
    return keys


def period_texts(periods: pl.Series) -> list[str]:
    """Starts of periods, as short as they remain distinct: months, days, or minutes."""
    periods = periods.alias("periods")  # methods of a Series read its name as a pattern
    known = periods.drop_nulls()
    if not isinstance(known.dtype, pl.Date | pl.Datetime):
        return periods.dt.to_string("iso").fill_null(UNKNOWN).to_list()
    if not in_calendar(periods).all():
        return [UNKNOWN if number is None else str(number) for number in periods.to_physical().to_list()]
    form = "%Y-%m-%d"
    if known.dtype != pl.Date and not (known.dt.time() == dt.time()).all():
        form = "%Y-%m-%d %H:%M"
    elif known.len() and (known.dt.day() == 1).all():
        form = "%Y-%m"
    return periods.dt.to_string(form).fill_null(UNKNOWN).to_list()


def cell_texts(column: pl.Series) -> list[str]:
    """Values as texts, lists and structs as well; null is a dash."""
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        return [UNKNOWN if cell is None else shown(cell) for cell in column.to_list()]
    return column.alias("cells").cast(pl.String).fill_null(UNKNOWN).to_list()
