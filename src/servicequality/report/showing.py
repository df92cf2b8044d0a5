"""`show`: results, scorecards and charts in a notebook, as plain tables and pictures without a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import html_block, html_table, listed
from servicequality.core import UNKNOWN
from servicequality.model import as_frame
from servicequality.report import figures
from servicequality.report.charts import svg
from servicequality.report.listings import listing
from servicequality.report.results import NEEDED, cell_texts, keys_of, period_texts, result_frame, rows_of
from servicequality.report.tables import table

__all__ = ["Shown", "show"]

_MOST_ROWS, _MOST_COLUMNS = 50, 12
_CARD = ("objective", "verdict", "summary", "n_pending")
_OTHER = 5  # reasons and notes below a table


@dataclass(frozen=True, slots=True)
class Shown:
    """What a notebook shows: HTML where it can, else text.

    Attributes:
        html: a table or a picture, which takes the colours of the page around it.
        text: the same for a terminal.
    """

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def show(result: Any) -> Shown:
    """A result as a notebook shows it: in Jupyter and marimo it is the last line of a cell.

    A result of `evaluate` has a row a figure with its keys, value, limits and rows; one of a scorecard its verdicts and
    sentences; a chart is an SVG picture with its alt text, in the colours of the notebook. Nothing is loaded from elsewhere.
    A lazy result is not computed: it says what it is and what to call.

    Args:
        result: a result of `evaluate` or of a scorecard, any other dataframe, a chart, or what shows itself, such as an
            `Estimate` or the verdict of `check`.

    Raises:
        InputError: it is none of these.
        ParameterError: it is a chart, and what draws it is not installed.
    """
    if type(result).__module__.partition(".")[0] == "altair":
        described = result.to_dict().get("description", "a chart")
        return Shown(f'<div style="max-width:100%">{svg(result, theme="inherit")}</div>', described)
    if hasattr(result, "_repr_html_") and type(result).__module__.partition(".")[0] == "servicequality":
        return Shown(result._repr_html_(), str(result))
    frame = as_frame(result)
    if isinstance(frame, pl.LazyFrame):
        return _lazy(frame)
    if set(_CARD) <= set(frame.columns):
        return _scorecard(frame)
    if set(NEEDED) <= set(frame.columns):
        return Shown(_result(result_frame(frame)), table(frame))
    return Shown(_any(frame), listing(frame))


def _lazy(frame: pl.LazyFrame) -> Shown:
    columns = frame.collect_schema().names()
    told = f"A lazy frame of {listed(columns)}. Nothing is computed yet: call .collect(), and show its result."
    return Shown(html_block("A lazy result", notes=[told]), told)


def _result(frame: pl.DataFrame) -> str:
    """A row a figure: keys, metric, value with its unit, limits, rows, and what is open."""
    head = frame.head(_MOST_ROWS)
    keys = keys_of(frame)
    texts = [_texts(head[key]) for key in keys]
    rows = rows_of(head)
    lines = [figures.line(row) for row in rows]
    columns: list[tuple[str, Sequence[object], bool]] = [
        *((key.replace("_", " "), text, False) for key, text in zip(keys, texts, strict=True)),
        ("metric", [written(row["metric"]) for row in rows], False),
        ("value", [_with_unit(line[0], row) for line, row in zip(lines, rows, strict=True)], True),
        ("limits", [line[1] for line in lines], True),
        ("rows", [f"{row['n'] or 0:,}" for row in rows], True),
    ]
    if any(row["n_pending"] for row in rows):
        columns.append(("open", [f"{row['n_pending'] or 0:,}" for row in rows], True))
    reasons = dict.fromkeys(f"{UNKNOWN} {row['reason']}" for row in rows if row["reason"])
    notes = dict.fromkeys(f"* {row['notes']}" for row in rows if row["notes"])
    return _block("", columns, frame.height - head.height, [*reasons, *notes])


def _with_unit(text: str, row: figures.Row) -> str:
    mark = "*" if row["notes"] else ""
    known = text != UNKNOWN and row["unit"] not in ("share", "s", "count")
    unit = f" {row['unit']}" if known else ""
    return f"{text}{unit}{mark}"


def _scorecard(frame: pl.DataFrame) -> Shown:
    """A row an objective and period: the verdict, and the sentence that says why."""
    head = frame.head(_MOST_ROWS)
    before = frame.columns[: frame.columns.index("metric")] if "metric" in frame.columns else ["objective"]
    names = [*before, *(["period"] if "period" in frame.columns else []), "verdict", "summary"]
    columns: list[tuple[str, Sequence[object], bool]] = [
        (name.replace("_", " "), _texts(head[name]), False) for name in names
    ]
    counts = frame["verdict"].value_counts(sort=True, name="count")
    told = ", ".join(f"{count} {verdict}" for verdict, count in zip(counts["verdict"], counts["count"], strict=True))
    return Shown(_block(told, columns, frame.height - head.height, []), listing(head.select(names)))


def _any(frame: pl.DataFrame) -> str:
    head = frame.head(_MOST_ROWS)
    shown = frame.columns[:_MOST_COLUMNS]
    columns: list[tuple[str, Sequence[object], bool]] = [
        (name, _texts(head[name]), head.schema[name].is_numeric()) for name in shown
    ]
    left_out = frame.columns[_MOST_COLUMNS:]
    notes = [f"not shown: {listed(left_out)}"] if left_out else []
    return _block("", columns, frame.height - head.height, notes)


def _block(title: str, columns: Sequence[tuple[str, Sequence[object], bool]], more: int, notes: Sequence[str]) -> str:
    rows = zip(*(cells for _, cells, _ in columns), strict=True)
    right = [place for place, (_, _, is_number) in enumerate(columns) if is_number]
    made = html_table([name for name, _, _ in columns], rows, numbers=right, more=more)
    below = list(notes) if len(notes) <= _OTHER else [*notes[:_OTHER], f"and {len(notes) - _OTHER} more notes"]
    return html_block(title, made, notes=below)


def _texts(cells: pl.Series) -> list[str]:
    if cells.dtype.is_temporal():
        return period_texts(cells)
    if cells.dtype.is_float():
        return [UNKNOWN if number is None else f"{number:,.4g}" for number in cells.to_list()]
    return cell_texts(cells)
