"""A real log by a short map of its columns. Lives here: the map, the file, the records made of both. Never: a figure.

A map is a TOML file: how blanks, instants and zones are written, which column plays which role of a ticket, and, where the
log has one row an update, which columns say what changed and when. `examples/servicenow.toml` is one.
"""

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

from servicequality.errors import InputError, ParameterError
from servicequality.model import Records, Ticket, schema_of
from servicequality.model.coercion import coerced

__all__ = ["ColumnMap", "Log", "read_file", "read_log"]

_READERS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".csv": functools.partial(pl.scan_csv, infer_schema=False),
    ".tsv": functools.partial(pl.scan_csv, infer_schema=False, separator="\t"),
    ".parquet": pl.scan_parquet,
    ".jsonl": functools.partial(pl.scan_ndjson, infer_schema_length=None),
    ".ndjson": functools.partial(pl.scan_ndjson, infer_schema_length=None),
}
_SETTINGS = {"at", "in_order"}
_TOML = {list: "list", dict: "table", str: "text", dt.date: "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a log is to be read; the fields are the keys of the TOML file.

    Attributes:
        tickets: role of `Ticket` to column. Of a log with one row an update, the last row of a ticket counts.
        updates: for a log with one row an update: `at`, the column of its instant; what changed (`status`, `priority`,
            `team`, `agent`, `tier`) to column; `in_order`, true if the rows of a ticket stand in the order in which they
            happened, so that an instant that steps back is taken to be that of the row above.
        by: columns or roles to group by.
        every: length of a period, such as "1mo".
        open_at: dates or instants at which open tickets are counted.
        sla_met: the log's own verdict on the promise, a column of true and false.
        satisfied: the customer's verdict, a column of true and false.
        missing: texts that stand for nothing.
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
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParameterError(f"{path} is no TOML file: {error}") from None
        known = [item.name for item in fields(cls)]
        _refuse_strangers(path, "key", said, known)
        tickets = said.get("tickets")
        if not isinstance(tickets, dict) or not {"ticket_id", "created_at"} <= tickets.keys():
            raise ParameterError(
                f"{path}: the table [tickets] must name the columns of ticket_id and created_at, at least"
            )
        _refuse_strangers(path, "role in [tickets]", tickets, list(schema_of(Ticket)))
        updates = said.get("updates", {})
        if updates and "at" not in updates:
            raise ParameterError(f"{path}: [updates] must say under `at` which column holds the instant of an update")
        kinds: dict[str, type] = {"by": list, "open_at": list, "missing": list, "updates": dict, "as_of": dt.date}
        for key, value in said.items():
            if not isinstance(value, kind := kinds.get(key, dict if key == "tickets" else str)):
                raise ParameterError(f"{path}: {key} must be a TOML {_TOML[kind]}, got {value!r}")
        if bad := [day for day in said.get("open_at", []) if not isinstance(day, dt.date)]:
            raise ParameterError(f"{path}: open_at takes dates such as 2024-07-01, without quotes; got {bad[0]!r}")
        lists = {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
        return cls(**(said | lists))

    @property
    def changed(self) -> dict[str, str]:
        """What an update changes, and the column that says so."""
        return {name: column for name, column in self.updates.items() if name not in _SETTINGS}

    @property
    def columns(self) -> list[str]:
        """Every column of the log that the map names."""
        own = [column for column in (self.sla_met, self.satisfied) if column is not None]
        updates = [*self.changed.values(), *([self.updates["at"]] if self.updates else [])]
        by = [column for column in self.by if column not in self.tickets]
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
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} cannot be read as {path.suffix}: {error}") from None
    return frame


def read_log(path: Path, mapping: ColumnMap) -> Log:
    """The records of a log.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds values that do not fit their roles.
    """
    frame = read_file(path)
    names = frame.collect_schema().names()
    if absent := [column for column in mapping.columns if column not in names]:
        hints = [f"{column!r}{_near(column, names)}" for column in absent]
        raise InputError(f"{path} has no column {', '.join(hints)}, which the map names; it has {', '.join(names)}")
    texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String and name in mapping.columns]
    blank = dict.fromkeys(mapping.missing)
    try:
        rows = frame.select(mapping.columns).with_columns(pl.col(texts).replace(blank) if blank else []).collect()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} cannot be read as {path.suffix}: {error}") from None
    rows = _with_instants(rows, mapping)
    ticket, n_back = pl.col(mapping.tickets["ticket_id"]), 0
    if mapping.updates:
        at = pl.col(mapping.updates["at"])
        if mapping.updates.get("in_order", False):
            n_back = int(rows.select((at < at.cum_max().over(ticket)).sum()).item())
            rows = rows.with_columns(at.cum_max().over(ticket))
        else:
            rows = rows.sort(mapping.updates["at"], maintain_order=True)
    last = rows.group_by(ticket, maintain_order=True).last() if mapping.updates else rows
    kept = [name for name in (mapping.sla_met, mapping.satisfied) if name is not None and name not in mapping.tickets]
    kept += [name for name in mapping.by if name not in mapping.tickets and name not in kept]
    tickets = last.select(*(pl.col(column).alias(role) for role, column in mapping.tickets.items()), *kept)
    changes = [
        rows.select(
            ticket.alias("ticket_id"),
            pl.col(mapping.updates["at"]).alias("at"),
            pl.lit(what).alias("field"),
            pl.col(column).alias("value"),
        )
        for what, column in mapping.changed.items()
    ]
    records = Records(tickets=tickets, changes=pl.concat(changes) if changes else None, timezone=mapping.timezone)
    as_of = _last_instant(records) if mapping.as_of is None else mapping.instant(mapping.as_of)
    return Log(records=records, as_of=as_of, n_rows=rows.height, n_back=n_back)


def _with_instants(rows: pl.DataFrame, mapping: ColumnMap) -> pl.DataFrame:
    """Texts of the map's own format as instants; other texts are read by `Records`, as ISO 8601."""
    if mapping.datetime is None:
        return _with_update_instants(rows, mapping)
    columns = [column for role, column in mapping.tickets.items() if role.endswith("_at")]
    columns += [mapping.updates["at"]] if mapping.updates else []
    for name in dict.fromkeys(columns):
        given = rows[name]
        if given.dtype != pl.String:
            continue
        read = given.str.to_datetime(mapping.datetime, time_unit="us", strict=False)
        lost = given.filter(read.is_null() & given.is_not_null() & (given.str.strip_chars() != ""))
        if lost.len():
            shown = ", ".join(map(repr, lost.unique(maintain_order=True).head(3).to_list()))
            raise InputError(
                f"column {name!r}: {lost.len()} of {given.len()} are not written as {mapping.datetime!r}, such as {shown}; "
                "correct `datetime` in the map, or list blanks under `missing`"
            )
        rows = rows.with_columns(read)
    return rows


def _with_update_instants(rows: pl.DataFrame, mapping: ColumnMap) -> pl.DataFrame:
    """ISO 8601 texts of the updates as instants, since updates are put in order; faults are left for `Records` to explain."""
    if not mapping.updates or rows[mapping.updates["at"]].dtype != pl.String:
        return rows
    name = mapping.updates["at"]
    read = coerced(pl.col(name), pl.String(), pl.Datetime("us", "UTC"), mapping.timezone)
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


def _refuse_strangers(path: Path, what: str, said: Collection[str], known: list[str]) -> None:
    for stranger in said:
        if stranger not in known:
            raise ParameterError(
                f"{path}: {stranger!r} is no {what}{_near(stranger, known)}; there are {', '.join(known)}"
            )


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""
