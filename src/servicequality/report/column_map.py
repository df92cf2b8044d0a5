"""How a log is to be read: a short TOML map of its columns."""

# A map is a TOML file: how blanks, instants and zones are written, which column plays which role of a ticket, and, where the
# log has one row an update, which columns say what changed and when. `examples/servicenow.toml` is one.

import datetime as dt
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from servicequality.checks import near, shown
from servicequality.errors import ParameterError
from servicequality.events.ticket_facts import ENDED
from servicequality.model import Ticket, schema_of
from servicequality.model.validation import check_timezone
from servicequality.sources.instants import check_format

__all__ = ["AGENTS", "ColumnMap"]


_CHANGES = ("status", "priority", "team", "agent", "tier")
_SETTINGS = ("at", "in_order", "created", "sequence", "message", "author", "actor")
AGENTS = {"bots": "bot", "system": "system"}
"""Lists of agents in a map, and the kind of those that they name."""
_TOML: dict[type, str] = {list: "list of texts", dict: "table", str: "text", dt.date: "date", bool: "true or false"}
_KINDS: dict[str, type] = {
    **dict.fromkeys(("by", "open_at", "missing", "ended", "paused", "running"), list),
    **dict.fromkeys(("tickets", "updates", "agents"), dict),
    "as_of": dt.date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a log is to be read; the fields are the keys of the TOML file.

    Attributes:
        tickets: role of `Ticket` to column. Of a log with one row an update, the last known value of a ticket counts.
        updates: for a log with one row an update, the arguments of `Records.from_events`: `at`, the column of its instant;
            what changed (`status`, `priority`, `team`, `agent`, `tier`) to column, `message`, `author`, `actor` and
            `sequence` likewise; `created`, "first" (without it, unless `tickets` has `created_at`) or the column of the
            creation; `in_order`, true if the rows of a ticket are in the order in which they happened, so that an instant
            that steps back is replaced by that of the row above.
        agents: who is no person: `bots` and `system`, lists of ids, or `file`, a table of `Agent` beside the map.
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
    agents: Mapping[str, Any] = field(default_factory=dict)
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
        tickets, updates = document.get("tickets"), document.get("updates", {})
        needed = {"ticket_id"} if updates else {"ticket_id", "created_at"}
        if not isinstance(tickets, dict) or not needed <= tickets.keys():
            raise ParameterError(
                f"{path}: the table [tickets] must name the columns of ticket_id and created_at, at least; created_at may be "
                "left out where [updates] says what each row changed"
            )
        _refuse_strangers(path, "role in [tickets]", tickets, list(schema_of(Ticket)))
        _of_kind(path, "updates", updates, dict)
        if updates and "at" not in updates:
            raise ParameterError(f"{path}: [updates] must say under `at` which column holds the instant of an update")
        if "created" in updates and "created_at" in tickets:
            raise ParameterError(
                f"{path}: updates.created and tickets.created_at both say when a ticket was created; leave one out"
            )
        _refuse_strangers(path, "change in [updates]", updates, [*_SETTINGS, *_CHANGES])
        agents = document.get("agents", {})
        _of_kind(path, "agents", agents, dict)
        _refuse_strangers(path, "key in [agents]", agents, [*AGENTS, "file"])
        if "file" in agents and len(agents) > 1:
            raise ParameterError(f"{path}: [agents] takes a file, or lists of ids; a file has a column `kind` for both")
        for key, value in document.items():
            _of_kind(path, key, value, _KINDS.get(key, str))
        for table in ("tickets", "updates"):
            for key, value in document.get(table, {}).items():
                _of_kind(path, f"{table}.{key}", value, bool if key == "in_order" else str)
        for key, value in agents.items():
            _of_kind(path, f"agents.{key}", value, str if key == "file" else list)
        lists = {key: document.get(key, []) for key in ("by", "missing", "ended", "paused", "running")}
        for key, texts in (lists | {f"agents.{key}": agents.get(key, []) for key in AGENTS}).items():
            if bad := [text for text in texts if not isinstance(text, str)]:
                raise ParameterError(f"{path}: {key} must be a list of texts; it holds {shown(bad[0])}")
        if bad := [day for day in document.get("open_at", []) if not isinstance(day, dt.date)]:
            raise ParameterError(f"{path}: open_at takes dates such as 2024-07-01, without quotes; got {shown(bad[0])}")
        tuples = {key: tuple(value) for key, value in document.items() if isinstance(value, list)}
        if "file" in agents:
            document["agents"] = agents | {"file": str(path.parent / agents["file"])}
        mapping = cls(**(document | tuples))
        check_timezone(mapping.timezone)
        check_format(mapping.datetime)
        for day in (*mapping.open_at, *([] if mapping.as_of is None else [mapping.as_of])):
            if not 1 < day.year < 9999:
                raise ParameterError(f"{path}: expected dates in the years 2 to 9998; got {day}")
        return mapping

    @property
    def changed(self) -> dict[str, str]:
        """What an update changes, and the column that says so."""
        return {what: name for what, name in self.updates.items() if what in _CHANGES}

    @property
    def created(self) -> str:
        """Of a log with one row an update: "first", or the column that says when a ticket was created."""
        column: str = self.updates.get("created", self.tickets.get("created_at", "first"))
        return column

    @property
    def columns(self) -> list[str]:
        """Every column of the log that the map names."""
        own = [name for name in (self.sla_met, self.satisfied) if name is not None]
        updates = [name for what, name in self.updates.items() if what not in ("in_order", "created")]
        updates += [self.created] if self.updates and self.created != "first" else []
        by = [name for name in self.by if name not in self.tickets]
        return list(dict.fromkeys([*self.tickets.values(), *updates, *own, *by]))

    @property
    def instants(self) -> list[str]:
        """The columns that hold instants."""
        columns = [name for role, name in self.tickets.items() if role.endswith("_at")]
        if self.updates:
            columns += [self.updates["at"], *([self.created] if self.created != "first" else [])]
        return list(dict.fromkeys(columns))

    def instant(self, day: dt.date) -> dt.datetime:
        """A date as its first instant in the log's zone; an instant as it is."""
        whole = day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time())
        return whole if whole.tzinfo else whole.replace(tzinfo=ZoneInfo(self.timezone))


def _of_kind(path: Path, key: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ParameterError(f"{path}: {key} must be a TOML {_TOML[kind]}, got {shown(value)}")


def _refuse_strangers(path: Path, what: str, names: Collection[str], known: list[str]) -> None:
    for stranger in names:
        if stranger not in known:
            raise ParameterError(
                f"{path}: {shown(stranger)} is not a {what}{near(stranger, known)}; there are {', '.join(known)}"
            )
