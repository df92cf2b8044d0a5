"""A log read by its column map, and the records made of it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from servicequality.checks import column, shown
from servicequality.errors import InputError
from servicequality.events.as_of import last_instant, words
from servicequality.events.ticket_facts import EXCLUDED
from servicequality.model import Records
from servicequality.report.column_map import AGENTS, ColumnMap
from servicequality.sources.files import Piece, absent_columns, read_file
from servicequality.sources.instants import as_instant
from servicequality.sources.prepared import forward, without_blanks

__all__ = ["Log", "UnplacedWordsError", "read_log"]


class UnplacedWordsError(InputError):
    """The log has status words of which the map does not say what they mean."""


_TOLD = {"status": "status", "priority": "priority", "team": "team", "agent": "agent_id"}
"""Roles of a ticket that its updates tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a file says, read by its map.

    Attributes:
        records: tickets, and changes where the log has updates.
        as_of: the instant of knowledge.
        n_rows: rows in the file.
        n_back: updates stamped earlier than the row above them, and taken to have happened with it.
    """

    records: Records
    as_of: dt.datetime
    n_rows: int
    n_back: int


def read_log(path: Path, mapping: ColumnMap, *, placed: bool = True) -> Log:
    """The records of a log.

    Args:
        path: the file.
        mapping: how it is to be read.
        placed: whether a status word of which the map does not say what it means is refused.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds values that do not fit their roles.
    """
    piece = read_file(path, mapping.columns)
    if absent := [name for name in mapping.columns if name not in piece.names]:
        raise absent_columns(str(path), piece.names, absent)
    rows, n_back = _with_instants(without_blanks(piece.frame, mapping.missing), mapping, piece), 0
    if mapping.updates.get("in_order", False):
        rows, n_back = forward(rows, mapping.updates["at"], mapping.tickets["ticket_id"], None, mapping.timezone)
    try:
        records = _records_of(rows, mapping)
        as_of = last_instant(records) if mapping.as_of is None else mapping.instant(mapping.as_of)
    except InputError as error:
        raise InputError(f"{path}: {error}{_place(rows, mapping, piece)}") from None
    records = _with_agents(records, mapping)
    if placed:
        _refuse_unplaced(records, mapping)
    return Log(records=records, as_of=as_of, n_rows=rows.height, n_back=n_back)


def _records_of(rows: pl.DataFrame, mapping: ColumnMap) -> Records:
    """The records of rows that hold the columns of the map."""
    kept = [name for name in (mapping.sla_met, mapping.satisfied, *mapping.by) if name is not None]
    kept = [name for name in dict.fromkeys(kept) if name not in mapping.tickets]
    if mapping.updates:
        told = {"ticket_id", "created_at", *(_TOLD[what] for what in mapping.changed if what in _TOLD)}
        roles = {role: name for role, name in mapping.tickets.items() if role not in told}
        named = {what: name for what, name in mapping.updates.items() if what not in ("in_order", "created")}
        return Records.from_events(
            _with_flag(rows, mapping.updates.get("message")),
            ticket=mapping.tickets["ticket_id"],
            created=mapping.created,
            columns=roles | {name: name for name in kept if name not in told},
            timezone=mapping.timezone,
            **named,
        )
    own = [column(name).alias(role) for role, name in mapping.tickets.items()]
    return Records(tickets=rows.select(*own, *map(column, kept)), timezone=mapping.timezone)


def _with_flag(rows: pl.DataFrame, name: str | None) -> pl.DataFrame:
    """The column of messages as true and false where it holds these words alone: a file of texts cannot say it otherwise."""
    if name is None or rows.schema[name] != pl.String:
        return rows
    word = column(name).str.strip_chars().str.to_lowercase()
    flags = rows.select(word.is_in(["true", "false"]).all()).item()
    return rows.with_columns(word == "true") if flags else rows


def _with_agents(records: Records, mapping: ColumnMap) -> Records:
    """The records with the agents that the map lists, or those of its file."""
    if "file" in mapping.agents:
        agents = read_file(Path(mapping.agents["file"]), whole=True)
        try:
            return records.replace(agents=agents.frame)
        except InputError as error:
            raise InputError(f"{agents.path}: {error}") from None
    machines = [
        {"agent_id": name, "kind": kind} for key, kind in AGENTS.items() for name in mapping.agents.get(key, ())
    ]
    return records.replace(agents=pl.DataFrame(machines)) if machines else records


def _refuse_unplaced(records: Records, mapping: ColumnMap) -> None:
    """Raise `UnplacedWordsError` for status words that are in no set of the map: what they mean decides every figure."""
    placed = words("ended", (*mapping.ended, *mapping.paused, *mapping.running, *EXCLUDED))
    assert records.tickets is not None  # a map names tickets
    parts = [records.tickets.select(word="status")]
    if records.changes is not None:
        parts.append(records.changes.filter(pl.col("field") == "status").select(word="value"))
    counts = (
        pl.concat(parts)
        .filter(~pl.col("word").str.to_lowercase().is_in(sorted(placed)))
        .group_by("word")
        .len()
        .sort("len", "word", descending=[True, False])
        .collect()
    )
    if counts.height:
        some = zip(counts["word"].head(12), counts["len"].head(12), strict=True)
        unplaced = ", ".join(f"{shown(word)} ({count:,} {'row' if count == 1 else 'rows'})" for word, count in some)
        more = f" and {counts.height - 12:,} more" if counts.height > 12 else ""
        raise UnplacedWordsError(
            f"what do these status words mean: {unplaced}{more}? Name each of them in the map, under `ended` (the work "
            f"is over), `paused` (on hold) or `running`; it says ended = {shown(list(mapping.ended))}"
        )


def _with_instants(rows: pl.DataFrame, mapping: ColumnMap, piece: Piece) -> pl.DataFrame:
    """Texts of the map's own format as instants; other texts are read by `Records`, as ISO 8601."""
    of_texts = [name for name in mapping.instants if mapping.datetime is not None and rows.schema[name] == pl.String]
    for name in of_texts:
        given = rows[name].alias("given")
        read = given.to_frame().select(as_instant(pl.col("given"), given.dtype, mapping.datetime, None)).to_series()
        unread = read.is_null() & given.is_not_null() & (given.str.strip_chars() != "")
        if unread.any():
            lost = given.filter(unread)
            values = ", ".join(map(shown, lost.unique(maintain_order=True).head(3).to_list()))
            raise InputError(
                f"{piece.path}: column {shown(name)}: {lost.len()} of {given.len()} are not written as {mapping.datetime!r}, "
                f"such as {values}, first in {_line(unread, piece)}; correct `datetime` in the map, or list blanks under "
                "`missing`"
            )
        rows = rows.with_columns(read.alias(name))
    return rows


def _place(rows: pl.DataFrame, mapping: ColumnMap, piece: Piece) -> str:
    """Where the first text stands that should be an instant and is none; nothing where all are."""
    for name in mapping.instants:
        read = as_instant(column(name), rows.schema[name], None, mapping.timezone)
        if read is None:
            continue
        unread = rows.select(read.is_null() & column(name).is_not_null()).to_series()
        if unread.any():
            place = f"column {shown(name)}, first in {_line(unread, piece)}"
            return f" ({place}; or say how it is written in the map, such as datetime = '%d/%m/%Y %H:%M')"
    return ""


def _line(faulty: pl.Series, piece: Piece) -> str:
    """The place of the first faulty row."""
    return piece.line(int(faulty.alias("faulty").fill_null(value=False).arg_max() or 0))
