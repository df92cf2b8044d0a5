"""A log read by its column map: the file, and the records made of it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from servicequality.checks import column, listed, near, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import words
from servicequality.events.ticket_facts import EXCLUDED
from servicequality.model import Records
from servicequality.model.coercion import coerced
from servicequality.report.column_map import AGENTS, ColumnMap
from servicequality.sources.files import read_file
from servicequality.sources.language import SourceTable

__all__ = ["Log", "UnplacedWordsError", "columns_of_file", "read_log"]


class UnplacedWordsError(InputError):
    """The log has status words of which the map does not say what they mean."""


_TABLE = SourceTable(name="log")
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


def columns_of_file(path: Path) -> tuple[str, ...]:
    """The names of a file's columns.

    Raises:
        InputError: the file is absent, of no known kind, or cannot be read.
    """
    return read_file(path, _TABLE, [], whole=False).names


def read_log(path: Path, mapping: ColumnMap, *, placed: bool = True) -> Log:
    """The records of a log.

    Args:
        path: the file.
        mapping: how it is to be read.
        placed: whether a status word of which the map does not say what it means is refused.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds values that do not fit their roles.
    """
    piece = read_file(path, _TABLE, mapping.columns, whole=False)
    if absent := [name for name in mapping.columns if name not in piece.names]:
        hints = [f"{shown(name)}{near(name, piece.names)}" for name in absent]
        raise InputError(
            f"{path} has no column {', '.join(hints)}, which the map names; it has {listed(map(shown, piece.names))}"
        )
    texts = [name for name, dtype in piece.frame.schema.items() if dtype == pl.String]
    blank = dict.fromkeys(mapping.missing)
    rows = piece.frame.select(map(column, mapping.columns))
    rows = rows.with_columns(column(name).replace(blank) for name in texts if blank)
    rows = _with_instants(rows, mapping, path)
    n_back = 0
    if mapping.updates.get("in_order", False):
        at, ticket = column(mapping.updates["at"]), column(mapping.tickets["ticket_id"])
        n_back = int(rows.select((at < at.cum_max().over(ticket)).sum()).item())
        rows = rows.with_columns(at.cum_max().over(ticket))
    try:
        records = _records_of(rows, mapping)
    except InputError as error:
        raise InputError(f"{path}: {error}{_place(rows, mapping, path)}") from None
    records = _with_agents(records, mapping)
    if placed:
        _refuse_unplaced(records, mapping)
    as_of = _last_instant(records) if mapping.as_of is None else mapping.instant(mapping.as_of)
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
            rows,
            ticket=mapping.tickets["ticket_id"],
            created=mapping.created,
            columns=roles | {name: name for name in kept if name not in told},
            timezone=mapping.timezone,
            **named,
        )
    own = [column(name).alias(role) for role, name in mapping.tickets.items()]
    return Records(tickets=rows.select(*own, *map(column, kept)), timezone=mapping.timezone)


def _with_agents(records: Records, mapping: ColumnMap) -> Records:
    """The records with the agents that the map lists, or those of its file."""
    if "file" in mapping.agents:
        file = Path(mapping.agents["file"])
        try:
            return records.replace(agents=read_file(file, _TABLE, [], whole=True).frame)
        except InputError as error:
            text = str(error)
            raise InputError(text if str(file) in text else f"{file}: {text}") from None
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


def _with_instants(rows: pl.DataFrame, mapping: ColumnMap, path: Path) -> pl.DataFrame:
    """Texts of the map's own format as instants; other texts are read by `Records`, as ISO 8601."""
    if mapping.datetime is None:
        return _with_update_instants(rows, mapping)
    for name in mapping.instants:
        given = rows[name].alias("given")
        if given.dtype != pl.String:
            continue
        try:
            read = given.str.to_datetime(mapping.datetime, time_unit="us", strict=False)
        except pl.exceptions.PolarsError as error:
            raise ParameterError(f"the map's datetime = {shown(mapping.datetime)} is not a format: {error}") from None
        unread = read.is_null() & given.is_not_null() & (given.str.strip_chars() != "")
        lost = given.filter(unread)
        if lost.len():
            values = ", ".join(map(shown, lost.unique(maintain_order=True).head(3).to_list()))
            raise InputError(
                f"{path}: column {shown(name)}: {lost.len()} of {given.len()} are not written as {mapping.datetime!r}, such as "
                f"{values}, first in {_line(path, unread)}; correct `datetime` in the map, or list blanks under `missing`"
            )
        rows = rows.with_columns(read.alias(name))
    return rows


def _place(rows: pl.DataFrame, mapping: ColumnMap, path: Path) -> str:
    """Where the first text stands that should be an instant and is none; nothing where all are."""
    for name in mapping.instants:
        read = coerced(column(name), rows.schema[name], pl.Datetime("us", "UTC"), mapping.timezone)
        if read is None:
            continue
        unread = rows.select(read.is_null() & column(name).is_not_null()).to_series()
        if unread.any():
            return f" (column {shown(name)}, first in {_line(path, unread)})"
    return ""


def _line(path: Path, faulty: pl.Series) -> str:
    """The place of the first faulty row: its line in a file of lines without line breaks in values, else its row."""
    first = int(faulty.alias("faulty").fill_null(value=False).arg_max() or 0)
    head = {".csv": 2, ".tsv": 2, ".jsonl": 1, ".ndjson": 1}.get(path.suffix.lower())
    return f"row {first + 1:,}" if head is None else f"line {first + head:,}"


def _with_update_instants(rows: pl.DataFrame, mapping: ColumnMap) -> pl.DataFrame:
    """ISO 8601 texts of the updates as instants, since updates are put in order; faults are left for `Records` to explain."""
    if not mapping.updates or rows[mapping.updates["at"]].dtype != pl.String:
        return rows
    name = mapping.updates["at"]
    read = coerced(column(name), pl.String(), pl.Datetime("us", "UTC"), mapping.timezone)
    assert read is not None  # texts can be instants
    instants = rows.select(read).to_series()
    return rows.with_columns(instants) if instants.null_count() == rows[name].null_count() else rows


def _last_instant(records: Records) -> dt.datetime:
    """The last instant that the log knows of: an export cannot be older."""
    ends: list[dt.datetime | None] = []
    for table in records.tables.values():
        stamps = [name for name, dtype in table.collect_schema().items() if dtype.is_temporal() and name != "due_at"]
        ends += table.select(pl.col(stamps).max()).collect().row(0)
    known = [end for end in ends if end is not None]
    if not known:
        raise InputError("the log holds no instant at all; check `datetime` and `missing` in the map")
    return max(known)
