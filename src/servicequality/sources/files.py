"""Files of a folder as tables: CSV, Parquet, NDJSON, and JSON pages, with the line of what cannot be read."""

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import column, first_line, listed, near, shown
from servicequality.errors import InputError
from servicequality.sources.language import SourceTable

__all__ = ["ENDINGS", "Piece", "absent_columns", "files_of", "read_file"]

ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json")
_PAGE = r"([._ -]*(page|part)?[._ -]*\d+)?"
_HEAD = 200  # lines of NDJSON whose keys are looked at; a column that they lack is looked for in the whole file
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file that was read: its columns of those that were source_map for, under their own names."""

    path: Path
    frame: pl.DataFrame
    names: tuple[str, ...]

    def place(self, row: int) -> str:
        """Where a row stands: the file's name, and `line`."""
        return f"{self.path.name}, {self.line(row)}"

    def line(self, row: int) -> str:
        """The line of a row where a row is a line, else its number from 1."""
        kind = self.path.suffix.lower()
        if kind in (".csv", ".tsv", ".jsonl", ".ndjson"):
            head = 1 if kind in (".csv", ".tsv") else 0
            text = self.path.read_bytes()
            lines = text.count(b"\n") + (0 if text.endswith(b"\n") else 1)
            if lines == self.frame.height + head:
                return f"line {row + 1 + head:,}"
        return f"row {row + 1:,}"


def files_of(folder: Path, table: SourceTable) -> list[Path]:
    """The files of a table, in the order of their names: one file, pages with numbers, or a folder of its own.

    Args:
        folder: where the tables lie.
        table: the table, which may have several names.

    Raises:
        InputError: files of several kinds or names would be this table.
    """
    by_name: dict[str, list[Path]] = {}
    for name in dict.fromkeys((table.name, *table.names)):
        pattern = re.compile(rf"{re.escape(name)}{_PAGE}", re.IGNORECASE)
        paths = [path for path in folder.iterdir() if path.is_file() and pattern.fullmatch(path.stem)]
        own = folder / name
        paths += list(own.iterdir()) if own.is_dir() else []
        if kept := [path for path in paths if path.suffix.lower() in ENDINGS]:
            by_name[name] = sorted(kept, key=_page_order)
    paths = list(dict.fromkeys(itertools.chain.from_iterable(by_name.values())))
    kinds = {path.suffix.lower() for path in paths}
    if len(kinds) > 1:
        raise InputError(
            f"{folder}: which files are the table {table.name}: {listed(path.name for path in paths)}? Keep those of one kind"
        )
    return paths


def read_file(path: Path, wanted: Sequence[str] = (), *, whole: bool = False, page: str | None = None) -> Piece:
    """The columns of a file that a map names.

    Args:
        path: the file.
        wanted: the names of the columns.
        whole: whether the other columns are read too.
        page: in a file of JSON, the key of the list of rows.

    Raises:
        InputError: the file is of no known kind or cannot be read; with its line where it has lines.
    """
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise InputError(
            f"{path}: expected a file that ends in {', '.join(ENDINGS)}; got {path.suffix or 'no ending'!r}"
        )
    if not path.is_file():
        raise InputError(f"no file at {path}")
    try:
        if kind == ".json":
            return _of_rows(path, _rows_of_page(path, page), wanted, whole=whole)
        if kind in (".jsonl", ".ndjson"):
            return _of_lines(path, wanted, whole=whole)
        scan = _scan(path, kind)
        names = scan.collect_schema().names()
        kept = names if whole else [name for name in wanted if name in names]
        return Piece(path=path, frame=scan.select(map(column, kept)).collect(), names=tuple(names))
    except InputError:
        raise
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None


def _scan(path: Path, kind: str) -> pl.LazyFrame:
    if kind == ".parquet":
        return pl.scan_parquet(path, glob=False)
    return pl.scan_csv(path, infer_schema=False, separator="\t" if kind == ".tsv" else ",", glob=False)


def _of_lines(path: Path, wanted: Sequence[str], *, whole: bool) -> Piece:
    """NDJSON: numbers as their text, and what is nested as JSON, so that rows of several kinds are one column."""
    names: dict[str, None] = {}
    with path.open("rb") as lines:
        for line in itertools.islice(lines, _HEAD):
            if line.strip():
                names |= dict.fromkeys(json.loads(line))
    kept = list(dict.fromkeys([*names, *wanted])) if whole else list(wanted)
    # A path with signs of a pattern in it would be read as one.
    source = path.read_bytes() if set("*?[") & set(str(path)) else path
    frame = pl.scan_ndjson(source, schema=dict.fromkeys(kept, pl.String())).collect()
    empty = [name for name in kept if name not in names and frame[name].null_count() == frame.height]
    return Piece(
        path=path,
        frame=frame.select(column(name) for name in kept if name not in empty),
        names=tuple(dict.fromkeys([*names, *(name for name in kept if name not in empty)])),
    )


def _rows_of_page(path: Path, page: str | None) -> list[dict[str, Any]]:
    """The rows of a file of JSON: a list, the list under the page's key, or one row."""
    content = json.loads(path.read_bytes())
    if isinstance(content, dict):
        rows = next((content[key] for key in (page, "results", "result") if key in content), [content])
    else:
        rows = content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: expected a list of rows{f' under {page!r}' if page else ''}; got {shown(rows)}")
    return rows


def _of_rows(path: Path, rows: list[dict[str, Any]], wanted: Sequence[str], *, whole: bool) -> Piece:
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    kept = names if whole else [name for name in wanted if name in names]
    values = {name: [_text(row.get(name)) for row in rows] for name in kept}
    frame = pl.DataFrame(values, schema=dict.fromkeys(kept, pl.String()))
    if not kept and rows:
        frame = pl.DataFrame({"·": [None] * len(rows)})
    return Piece(path=path, frame=frame, names=tuple(names))


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _page_order(path: Path) -> tuple[str, int, str]:
    """Pages by their number: page 10 follows page 9."""
    number = re.search(r"(\d+)$", path.stem)
    return (path.stem[: number.start()] if number else path.stem, int(number[1]) if number else -1, path.name)


def _unreadable(path: Path, error: BaseException) -> InputError:
    """What is wrong with a file, and on which line."""
    kind = path.suffix.lower()
    if kind == ".parquet" or isinstance(error, OSError):
        return InputError(f"{path} cannot be read as {kind}: {first_line(error)}")
    whole = path.read_bytes()
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = whole[: fault.start].count(b"\n") + 1
        return InputError(
            f"{path}, line {line}: the byte {whole[fault.start]:#04x} is not UTF-8; if the file was written in another "
            "encoding, save it as UTF-8 first"
        )
    if kind in (".jsonl", ".ndjson"):
        for number, text in enumerate(whole.decode("utf-8").split("\n"), 1):
            try:
                json.loads(text or "{}")
            except (ValueError, RecursionError) as fault:
                return InputError(
                    f"{path}, line {number}: this is no JSON ({first_line(fault)}); was the file cut off?"
                )
    if isinstance(error, json.JSONDecodeError):
        return InputError(
            f"{path}, line {error.lineno}: this is no JSON ({error.msg} at column {error.colno}); was the file cut off?"
        )
    if kind in (".csv", ".tsv"):
        return InputError(f"{path} cannot be read as {kind}: {first_line(error)}{_first_odd_line(path, kind)}")
    return InputError(f"{path} cannot be read as {kind}: {first_line(error)}")


def _first_odd_line(path: Path, kind: str) -> str:
    """Where a CSV file first has more fields than its head, or a quote that is never closed."""
    import csv

    with path.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter="\t" if kind == ".tsv" else ",", strict=True)
        begin = 1
        try:
            width = len(next(rows, []))
            begin = rows.line_num + 1
            for row in rows:
                if len(row) > width:
                    return f"; line {begin} has {len(row)} fields, the head has {width}"
                begin = rows.line_num + 1
        except csv.Error as fault:
            return f"; line {begin}: {fault}"
    return ""


def absent_columns(place: str, names: Sequence[str], absent: Sequence[str]) -> InputError:
    """The error for columns that a map names and a table does not have.

    Args:
        place: the table.
        names: the columns that it has.
        absent: those that it has not.
    """
    hints = [f"{shown(name)}{near(name, names)}" for name in absent]
    return InputError(
        f"{place} has no column {', '.join(hints)}, which the map names; it has {listed(map(shown, names)) or 'no columns'}"
    )
