"""Results as files for other programs: CSV that no spreadsheet runs, JSON with a schema version, Parquet."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import first_line, in_calendar, listed, refusing_misfits, shown
from servicequality.core import Estimate
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.report.results import cell_texts

__all__ = ["SCHEMA_VERSION", "to_csv", "to_json", "write"]

SCHEMA_VERSION = 1
"""Of the JSON: it rises when a reader of the old form could not read the new one."""

_FORMULA = r"^[\s\p{Cc}\p{Cf}]*[=+\-@\t\r＝＋－＠]"
"""Where a spreadsheet begins to compute (OWASP, CSV injection), whatever cannot be seen before it."""
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_IN_PAGES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_SUFFIXES = (".csv", ".json", ".parquet")


def to_csv(result: Any) -> str:
    """A result as CSV that a spreadsheet shows as it is, whatever its texts begin with.

    Every text is quoted, and one that a spreadsheet would take for a formula has an apostrophe before it; numbers stay
    numbers. Instants are ISO 8601 with their offset, null is an empty cell, and control characters are replaced.

    Args:
        result: any dataframe, read if it is lazy, or an `Estimate`.

    Raises:
        InputError: there is no table in it.
    """
    frame = _frame(result)
    columns = [_csv_column(frame[name].alias("cells")) for name in frame.columns]
    names = _distinct(_safe(pl.Series("cells", frame.columns, pl.String)).to_list())
    text: str = pl.DataFrame(dict(zip(names, columns, strict=True))).write_csv(quote_style="non_numeric")
    return text


def to_json(result: Any) -> str:
    """A result as JSON: `schema`, `schema_version`, `columns` with their names and types, and `rows`, a mapping each.

    Instants are ISO 8601 with their offset; null, NaN and infinity are null. The text may stand inside a page's script.

    Args:
        result: any dataframe, read if it is lazy, or an `Estimate`.

    Raises:
        InputError: there is no table in it.
    """
    frame = _frame(result)
    columns = [_json_column(frame[name].alias("cells")) for name in frame.columns]
    rows = [dict(zip(frame.columns, cells, strict=True)) for cells in zip(*columns, strict=True)]
    content = {
        "schema": "servicequality/result",
        "schema_version": SCHEMA_VERSION,
        "columns": [{"name": name, "type": str(dtype)} for name, dtype in frame.schema.items()],
        "rows": rows,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).translate(_IN_PAGES)


@refusing_misfits
def write(result: Any, path: str | Path) -> None:
    """Write a result to a file, in the form that the path ends with: `.csv`, `.json` or `.parquet`.

    A file that is there is overwritten. Parquet keeps every type; CSV and JSON are those of `to_csv` and `to_json`.

    Args:
        result: any dataframe, read if it is lazy, or an `Estimate`.
        path: where to write it.

    Raises:
        InputError: there is no table in it, a column has no place in Parquet, or the file cannot be written.
        ParameterError: the path ends otherwise.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in _SUFFIXES:
        raise ParameterError(
            f"path must end with {listed(_SUFFIXES)}, which says what is written; got {shown(str(path))}"
        )
    frame = _frame(result)
    try:
        if kind == ".parquet":
            frame.write_parquet(target)
        else:
            target.write_text(to_csv(frame) if kind == ".csv" else to_json(frame), encoding="utf-8", newline="")
    except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{shown(str(path))} cannot be written: {first_line(error)}") from error


def _frame(result: Any) -> pl.DataFrame:
    if isinstance(result, Estimate):
        return pl.DataFrame([result.to_dict()])
    frame: pl.DataFrame = as_frame(result).lazy().collect()
    return frame


def _csv_column(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
        return cells
    return _safe(pl.Series("cells", _texts(cells), pl.String))


def _safe(texts: pl.Series) -> pl.Series:
    """Texts that no spreadsheet computes."""
    clean = pl.col("cells").str.replace_all(_CONTROL, "\ufffd")
    marked = pl.when(pl.col("cells").str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), clean)).otherwise(clean)
    return texts.alias("cells").to_frame().select(marked.alias("cells")).to_series()


def _texts(cells: pl.Series) -> list[str | None]:
    """Values that are no numbers as texts; null stays null."""
    if isinstance(cells.dtype, pl.Date | pl.Datetime):
        # Beyond the years that a calendar has, a time is its number.
        known = in_calendar(cells).all()
        return cells.dt.to_string("iso:strict").to_list() if known else cells.to_physical().cast(pl.String).to_list()
    if cells.dtype.is_temporal():
        return cells.dt.to_string("iso:strict").to_list()
    told: list[str] = cell_texts(cells)
    return [None if null else text for null, text in zip(cells.is_null(), told, strict=True)]


def _json_column(cells: pl.Series) -> list[Any]:
    if cells.dtype.is_float():
        return [number if number is not None and abs(number) < float("inf") else None for number in cells.to_list()]
    if cells.dtype.is_integer() or cells.dtype in (pl.Boolean, pl.Null):
        return cells.to_list()
    if isinstance(cells.dtype, pl.Decimal):
        return _json_column(cells.cast(pl.Float64))
    if isinstance(cells.dtype, pl.List | pl.Array | pl.Struct):
        return [_plain(cell) for cell in cells.to_list()]
    return list(_texts(cells))


def _plain(value: Any) -> Any:
    """A value of a list or struct in what JSON knows."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, str | int):
        return value
    return value.isoformat() if isinstance(value, dt.date | dt.time) else shown(value)


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, different where two have become alike."""
    taken: dict[str, None] = {}
    for name in names:
        own = name
        while own in taken:
            own += "'"
        taken[own] = None
    return list(taken)
