"""A log read by a short TOML map of its columns: the map, the file, and the records made of both."""

# A map is a TOML file: how blanks, instants and zones are written, which column plays which role of a ticket, and, where the
# log has one row an update, which columns say what changed and when. `examples/servicenow.toml` is one.

import datetime as dt
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import polars as pl

from servicequality.checks import shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import words
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.model import Records, Ticket, schema_of
from servicequality.model.validation import check_timezone
from servicequality.sources.language import Part, SourceMap, SourceTable, Value
from servicequality.sources.reading import records_of

__all__ = ["ColumnMap", "Log", "UnplacedWordsError", "read_log"]


class UnplacedWordsError(InputError):
    """The log has status words of which the map does not say what they mean."""


_SETTINGS = ("at", "in_order")
_CHANGES = ("status", "priority", "team", "agent", "tier")
_TOML: dict[type, str] = {list: "list of texts", dict: "table", str: "text", dt.date: "date", bool: "true or false"}
_KINDS: dict[str, type] = {
    **dict.fromkeys(("by", "open_at", "missing", "ended", "paused", "running"), list),
    **dict.fromkeys(("tickets", "updates"), dict),
    "as_of": dt.date,
}


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

    def as_source(self) -> SourceMap:
        """The map of a schema of one table: that of tickets, or that of an event log."""
        ticket, at = self.tickets["ticket_id"], self.updates.get("at")
        own = [self.sla_met, self.satisfied, *self.by]
        also = {name: Value(column=name) for name in own if name is not None and name not in self.tickets}
        in_order = at is not None and self.updates.get("in_order", False)
        # Each role as the last row has it, but for the creation, which the first row of a ticket tells.
        tickets = Part(
            target="tickets",
            source="log",
            roles={
                role: Value(column=name, pick="first" if role == "created_at" else "last")
                for role, name in self.tickets.items()
            },
            also=also,
            one_row_a=None if at is None else ticket,
            order=None if in_order else at,
        )
        changes = Part(
            target="changes",
            source="log",
            roles={"ticket_id": Value(column=ticket), "at": Value(column=at)},
            melt={what: Value(column=name) for what, name in self.changed.items()},
            empties=True,
        )
        return SourceMap(
            name=self.title or "of columns",
            title=self.title,
            timezone=self.timezone,
            datetime=self.datetime,
            missing=self.missing,
            tables={"log": SourceTable(name="log", in_order=at if in_order else None, within=ticket)},
            parts=(tickets, changes) if self.changed else (tickets,),
        )

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


def read_log(path: Path, mapping: ColumnMap) -> Log:
    """The records of a log.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds values that do not fit their roles.
    """
    records = records_of(mapping.as_source(), path)
    _refuse_unplaced(records, mapping)
    as_of = _last_instant(path, records) if mapping.as_of is None else mapping.instant(mapping.as_of)
    of_tickets = records.placed.filter(pl.col("records") == "tickets")
    counts = dict(zip(of_tickets["outcome"], of_tickets["n"], strict=True))
    return Log(records=records, as_of=as_of, n_rows=counts["read"], n_back=counts.get("moved", 0))


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


def _of_kind(path: Path, key: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ParameterError(f"{path}: {key} must be a TOML {_TOML[kind]}, got {shown(value)}")


def _last_instant(path: Path, records: Records) -> dt.datetime:
    """The last instant that the log knows of: an export cannot be older."""
    ends: list[dt.datetime | None] = []
    for table in records.tables.values():
        stamps = [name for name, dtype in table.collect_schema().items() if dtype.is_temporal() and name != "due_at"]
        ends += table.select(pl.col(stamps).max()).collect().row(0)
    known = [end for end in ends if end is not None]
    if not known:
        raise InputError(f"{path} holds no instant at all; check `datetime` and `missing` in the map")
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
