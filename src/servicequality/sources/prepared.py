"""A table made ready for its parts: blanks are null, lists are rows, and a row that came twice counts once."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from polars import selectors

from servicequality.checks import column, shown
from servicequality.errors import InputError
from servicequality.sources.instants import as_instant
from servicequality.sources.language import SourceMap
from servicequality.sources.tables import Base

__all__ = ["ROW", "Prepared", "forward", "prepared", "without_blanks"]

ROW = "·row"
"""The column of a row's number in its source, which only the search for a fault needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A table as its parts read it.

    Attributes:
        base: what was read.
        frame: its rows; None if the table is absent.
        n_read: rows in the source, those among them that a query left out.
        left_out: rows that are gone, by reason.
        moved: rows whose instant stepped back, and took that of the row above.
    """

    base: Base
    frame: pl.DataFrame | None
    n_read: int
    left_out: Mapping[str, int]
    moved: int = 0


def prepared(base: Base, source_map: SourceMap, *, numbered: bool = False) -> Prepared:
    """The rows of a table as its parts read them.

    Args:
        base: the table as it was read.
        source_map: the map, for its texts that mean "no value".
        numbered: whether each row carries its number in the source.

    Raises:
        InputError: a column of lists holds something else.
    """
    table, frame = base.table, base.frame
    if frame is None:
        return Prepared(base=base, frame=None, n_read=0, left_out={})
    left_out = dict(base.left_out)
    if numbered:
        frame = frame.with_row_index(ROW)
    frame = without_blanks(frame, source_map.missing)
    if table.each is not None:
        frame = _items(frame, table.each, base.place)
    n_read = frame.height + sum(left_out.values())
    if table.key:
        kept = _once(frame, table.key, table.newest)
        if repeated := frame.height - kept.height:
            left_out[f"repeats a row of the same {', '.join(table.key)}"] = repeated
        frame = kept
    moved = 0
    if table.in_order is not None and table.within is not None:
        frame, moved = forward(frame, table.in_order, table.within, source_map.datetime, source_map.timezone)
    return Prepared(base=base, frame=frame, n_read=n_read, left_out=left_out, moved=moved)


def without_blanks(frame: pl.DataFrame, missing: Collection[str]) -> pl.DataFrame:
    """The rows with null for the texts that mean "no value".

    Args:
        frame: the rows.
        missing: those texts.
    """
    if not missing:
        return frame
    blank = dict.fromkeys(missing)
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(column(name).replace(blank) for name in texts)


def forward(
    frame: pl.DataFrame, at: str, within: str, written: str | None, zone: str | None
) -> tuple[pl.DataFrame, int]:
    """Rows whose instants never step back within a ticket, and how many had to be moved; what is no instant stays.

    Args:
        frame: the rows, those of a ticket in the order in which they happened.
        at: the column of instants.
        within: the column of the ticket.
        written: the format of instants; None is ISO 8601.
        zone: the zone of instants that name none.
    """
    instant = as_instant(column(at), frame.schema[at], written, zone)
    if instant is None:
        return frame, 0
    latest = instant.cum_max().over(column(within))
    flagged = frame.with_columns((instant < latest).fill_null(value=False).alias("·back"))
    # A moved row takes what the last row that was not moved has there, as it is written.
    above = pl.when(~pl.col("·back")).then(column(at)).forward_fill().over(column(within))
    return flagged.with_columns(above.alias(at)).drop("·back"), int(flagged["·back"].sum())


def _once(frame: pl.DataFrame, key: tuple[str, ...], newest: str | None) -> pl.DataFrame:
    """One row of those that are alike, or the newest of each key."""
    named = [name for name in key if name in frame.columns]
    keys = frame.lazy().select(map(column, named))
    if keys.select(pl.struct(pl.all()).n_unique()).collect().item() == frame.height:
        return frame
    kept = [name for name in frame.columns if name != ROW]
    if newest is None:
        return frame.unique(subset=kept, keep="first", maintain_order=True)
    # Rows keep their order: what counts is the last of each key by `newest`, and of equals the last that came.
    place = pl.int_range(pl.len())
    last = place.sort_by(column(newest), nulls_last=False, maintain_order=True).last().over(list(map(column, named)))
    return frame.filter(place == last)


def _items(frame: pl.DataFrame, name: str, place: str) -> pl.DataFrame:
    """A row for each item of a column of lists; a row without items has none."""
    dtype = frame.schema[name]
    if isinstance(dtype, pl.List):
        return frame.filter(column(name).list.len() > 0).explode(selectors.by_name(name))
    if dtype == pl.Null:
        return frame.clear()
    if dtype != pl.String:
        raise InputError(f"{place}: column {shown(name)} must hold lists, it holds {dtype}")
    lists = [_list_of(text, name, place, row) for row, text in enumerate(frame[name].to_list())]
    index = np.repeat(np.arange(frame.height), [len(items) for items in lists])
    texts = [json.dumps(item, ensure_ascii=False) for items in lists for item in items]
    return frame[index].with_columns(pl.Series(name, texts, dtype=pl.String))


def _list_of(text: str | None, name: str, place: str, row: int) -> list[object]:
    if text is None:
        return []
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = text
    if not isinstance(items, list):
        raise InputError(
            f"{place}, row {row + 1}: column {shown(name)} must hold a list as JSON, it holds {shown(text)}"
        )
    return items
