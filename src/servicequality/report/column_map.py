"""A log read by a short TOML map of its columns: the map, the file, and the records made of both."""

# A map is a TOML file: how blanks, instants and zones are written, which column plays which role of a ticket, and, where the
# log has one row an update, which columns say what changed and when. `examples/servicenow.toml` is one.

import datetime as dt
import functools
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import polars as pl

from servicequality.checks import column, listed, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import words
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.model import Records, Ticket, schema_of
from servicequality.model.coercion import coerced
from servicequality.model.validation import check_timezone

__all__ = ["ColumnMap", "Log", "UnplacedWordsError", "read_file", "read_log"]


class UnplacedWordsError(InputError):
    """The log has status words of which the map does not say what they mean."""


_READERS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".csv": functools.partial(pl.scan_csv, infer_schema=False),
    ".tsv": functools.partial(pl.scan_csv, infer_schema=False, separator="\t"),
    ".parquet": pl.scan_parquet,
    ".jsonl": functools.partial(pl.scan_ndjson, infer_schema_length=None),
    ".ndjson": functools.partial(pl.scan_ndjson, infer_schema_length=None),
}
_SETTINGS = ("at", "in_order")
_CHANGES = ("status", "priority", "team", "agent", "tier")
_TOML: dict[type, str] = {list: "list of texts", dict: "table", str: "text", dt.date: "date", bool: "true or false"}
_KINDS: dict[str, type] = {
    **dict.fromkeys(("by", "open_at", "missing", "ended", "paused", "running"), list),
    **dict.fromkeys(("tickets", "updates"), dict),
    "as_of": dt.date,
}
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a log is to be read; the fields are the keys of the TOML file.

    Attributes:
        tickets: role of `Ticket` to column. Of a log with one row an update, the last row of a ticket counts, and the first
            for `created_at`.
        updates: for a log with one row an update: `at`, the column of its instant; what changed (`status`, `priority`,
            `team`, `agent`, `tier`) to column; `in_order`, true if the rows of a ticket are in the order in which they
            happened, so that an instant that steps back is replaced by that of the row above.
        by: columns or roles to group by.
        every: length of a period, such as "1mo".
        open_at: dates or instants at which open tickets are counted.
        sla_met: the log's own verdict on the promise, a column of true and false.
        satisfied: the customer's verdict, a column of true and false.
        ended: status words in which the work is over; case is ignored.
        paused: status words in which a ticket is on hold.
        running: other status words whose meaning is known; a word in none of the three is an error.
        missing: texts that mean "no value".
        datetime: the format of instants, such as "%d/%m/%Y %H:%M"; ISO 8601 if none is given.
        timezone: the zone in which the log was written.
        as_of: when the export was made; the last instant in the log if it is not known.
        title: what the log is.
        source: where it comes from, and on which terms.
    """

    tickets: Mapping[str, str]
    updates: Mapping[str, Any] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    every: str = "1mo"
    open_at: tuple[dt.date, ...] = ()
    sla_met: str | None = None
    satisfied: str | None = None
    ended: tuple[str, ...] = ENDED
    paused: tuple[str, ...] = ()
    running: tuple[str, ...] = ("new", "open", "pending", "hold", "on-hold", "on hold")
    missing: tuple[str, ...] = ()
    datetime: str | None = None
    timezone: str = "UTC"
    as_of: dt.date | None = None
    title: str = ""
    source: str = ""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a map.

        Raises:
            ParameterError: the file is absent, no TOML, or holds a key that means nothing.
        """
        if not path.is_file():
            raise ParameterError(
                f"no column map at {path}; examples/servicenow.toml in the repository is one to start from"
            )
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except RecursionError:
            raise ParameterError(f"{path} is not a TOML file: its brackets are nested too deeply") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ParameterError(f"{path} is not a TOML file: {error}") from None
        known = [item.name for item in fields(cls)]
        _refuse_strangers(path, "key", document, known)
        tickets = document.get("tickets")
        if not isinstance(tickets, dict) or not {"ticket_id", "created_at"} <= tickets.keys():
            raise ParameterError(
                f"{path}: the table [tickets] must name the columns of ticket_id and created_at, at least"
            )
        _refuse_strangers(path, "role in [tickets]", tickets, list(schema_of(Ticket)))
        updates = document.get("updates", {})
        _of_kind(path, "updates", updates, dict)
        if updates and "at" not in updates:
            raise ParameterError(f"{path}: [updates] must say under `at` which column holds the instant of an update")
        _refuse_strangers(path, "change in [updates]", updates, [*_SETTINGS, *_CHANGES])
        for key, value in document.items():
            _of_kind(path, key, value, _KINDS.get(key, str))
        for table in ("tickets", "updates"):
            for key, value in document.get(table, {}).items():
                _of_kind(path, f"{table}.{key}", value, bool if key == "in_order" else str)
        for key in ("by", "missing", "ended", "paused", "running"):
            if bad := [text for text in document.get(key, []) if not isinstance(text, str)]:
                raise ParameterError(f"{path}: {key} must be a list of texts; it holds {shown(bad[0])}")
        if bad := [day for day in document.get("open_at", []) if not isinstance(day, dt.date)]:
            raise ParameterError(f"{path}: open_at takes dates such as 2024-07-01, without quotes; got {shown(bad[0])}")
        lists = {key: tuple(value) for key, value in document.items() if isinstance(value, list)}
        mapping = cls(**(document | lists))
        check_timezone(mapping.timezone)
        for day in (*mapping.open_at, *([] if mapping.as_of is None else [mapping.as_of])):
            if not 1 < day.year < 9999:
                raise ParameterError(f"{path}: expected dates in the years 2 to 9998; got {day}")
        return mapping

    @property
    def changed(self) -> dict[str, str]:
        """What an update changes, and the column that says so."""
        return {what: name for what, name in self.updates.items() if what not in _SETTINGS}

    @property
    def columns(self) -> list[str]:
        """Every column of the log that the map names."""
        own = [name for name in (self.sla_met, self.satisfied) if name is not None]
        updates = [*self.changed.values(), *([self.updates["at"]] if self.updates else [])]
        by = [name for name in self.by if name not in self.tickets]
        return list(dict.fromkeys([*self.tickets.values(), *updates, *own, *by]))

    def instant(self, day: dt.date) -> dt.datetime:
        """A date as its first instant in the log's zone; an instant as it is."""
        whole = day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time())
        return whole if whole.tzinfo else whole.replace(tzinfo=ZoneInfo(self.timezone))


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


def read_file(path: Path) -> pl.LazyFrame:
    """A log as a lazy frame, by the ending of its name.

    Raises:
        InputError: the file is absent, of no known kind, or cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: expected a file that ends in {', '.join(_READERS)}; got {path.suffix or 'no ending'!r}"
        )
    if not path.is_file():
        raise InputError(f"no file at {path}")
    try:
        frame = reader(path)
        frame.collect_schema()
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None
    return frame


def read_log(path: Path, mapping: ColumnMap) -> Log:
    """The records of a log.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds values that do not fit their roles.
    """
    frame = read_file(path)
    names = frame.collect_schema().names()
    if absent := [name for name in mapping.columns if name not in names]:
        hints = [f"{shown(name)}{_near(name, names)}" for name in absent]
        raise InputError(
            f"{path} has no column {', '.join(hints)}, which the map names; it has {listed(map(shown, names))}"
        )
    texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String and name in mapping.columns]
    blank = dict.fromkeys(mapping.missing)
    try:
        read = frame.select(map(column, mapping.columns))
        rows = read.with_columns(column(name).replace(blank) for name in texts if blank).collect()
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None
    rows = _with_instants(rows, mapping)
    ticket, n_back = column(mapping.tickets["ticket_id"]), 0
    if mapping.updates:
        at = column(mapping.updates["at"])
        if mapping.updates.get("in_order", False):
            n_back = int(rows.select((at < at.cum_max().over(ticket)).sum()).item())
            rows = rows.with_columns(at.cum_max().over(ticket))
        else:
            rows = rows.sort(at, maintain_order=True)
    # Each role as the last row has it, but for the creation, which the first row of a ticket tells.
    roles = [
        (column(name).drop_nulls().first() if role == "created_at" else column(name).last()).alias(f" {role}")
        for role, name in mapping.tickets.items()
    ]
    last = (
        rows.group_by(ticket.alias(" "), maintain_order=True).agg(pl.all().last(), *roles) if mapping.updates else rows
    )
    kept = [name for name in (mapping.sla_met, mapping.satisfied) if name is not None and name not in mapping.tickets]
    kept += [name for name in mapping.by if name not in mapping.tickets and name not in kept]
    own = {role: column(f" {role}" if mapping.updates else name) for role, name in mapping.tickets.items()}
    tickets = last.select(*(value.alias(role) for role, value in own.items()), *map(column, kept))
    changes = [
        rows.select(
            ticket.alias("ticket_id"),
            column(mapping.updates["at"]).alias("at"),
            pl.lit(what).alias("field"),
            column(name).cast(pl.String).alias("value"),
        )
        for what, name in mapping.changed.items()
    ]
    records = Records(tickets=tickets, changes=pl.concat(changes) if changes else None, timezone=mapping.timezone)
    _refuse_unplaced(records, mapping)
    as_of = _last_instant(records) if mapping.as_of is None else mapping.instant(mapping.as_of)
    return Log(records=records, as_of=as_of, n_rows=rows.height, n_back=n_back)


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


def _unreadable(path: Path, error: BaseException) -> InputError:
    first = str(error).partition("\n")[0]
    return InputError(f"{path} cannot be read as {path.suffix}: {shown(first)[1:-1]}")


def _of_kind(path: Path, key: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ParameterError(f"{path}: {key} must be a TOML {_TOML[kind]}, got {shown(value)}")


def _with_instants(rows: pl.DataFrame, mapping: ColumnMap) -> pl.DataFrame:
    """Texts of the map's own format as instants; other texts are read by `Records`, as ISO 8601."""
    if mapping.datetime is None:
        return _with_update_instants(rows, mapping)
    columns = [column for role, column in mapping.tickets.items() if role.endswith("_at")]
    columns += [mapping.updates["at"]] if mapping.updates else []
    for name in dict.fromkeys(columns):
        given = rows[name].alias("given")
        if given.dtype != pl.String:
            continue
        try:
            read = given.str.to_datetime(mapping.datetime, time_unit="us", strict=False)
        except pl.exceptions.PolarsError as error:
            raise ParameterError(f"the map's datetime = {shown(mapping.datetime)} is not a format: {error}") from None
        lost = given.filter(read.is_null() & given.is_not_null() & (given.str.strip_chars() != ""))
        if lost.len():
            values = ", ".join(map(shown, lost.unique(maintain_order=True).head(3).to_list()))
            raise InputError(
                f"column {shown(name)}: {lost.len()} of {given.len()} are not written as {mapping.datetime!r}, such as "
                f"{values}; correct `datetime` in the map, or list blanks under `missing`"
            )
        rows = rows.with_columns(read.alias(name))
    return rows


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


def _refuse_strangers(path: Path, what: str, names: Collection[str], known: list[str]) -> None:
    for stranger in names:
        if stranger not in known:
            raise ParameterError(
                f"{path}: {shown(stranger)} is not a {what}{_near(stranger, known)}; there are {', '.join(known)}"
            )


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {shown(near[0])}?)" if near else ""
