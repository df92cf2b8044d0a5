"""`Records`: all tables of one service desk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from servicequality.checks import html_block, html_table, listed, shown
from servicequality.errors import ParameterError
from servicequality.model.event_log import tables_of_log
from servicequality.model.frame_input import TableLike, as_frame
from servicequality.model.ids import id_types
from servicequality.model.roles import closest
from servicequality.model.schema import schema_of
from servicequality.model.tables import TABLES
from servicequality.model.validation import check_timezone, faults_and_frame, refuse

__all__ = ["Records"]

Table = pl.LazyFrame | TableLike
_ABSENT = pl.Null()


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Records:
    """The tables of a service desk, checked and under one set of names; each is a LazyFrame, or None if not given.

    Every role of a table is a column of it, null throughout if the data have none; the data's other columns follow.
    `conform` states what is coerced and how, but for ids: an id that all tables hold in one type, of whole numbers or
    categories, stays as it came. Where the types differ it is text, and so are the agents of a log with changes.

    Attributes:
        tickets: One row a `Ticket`.
        responses: One row a `Response`.
        changes: One row a `Change`.
        answers: One row a `SurveyAnswer`.
        reviews: One row a `Review`.
        incidents: One row an `Incident`.
        sessions: One row a `HelpSession`.
        contacts: One row a `Contact`.
        agents: One row an `Agent`, and stretch of time in which it was of one kind.
        agent_time: One row an `AgentTime`.
        accounts: One row an `Account`.
        deployments: One row a `Deployment`.
        timezone: The zone in which all instants are kept; None is UTC.
    """

    tickets: pl.LazyFrame | None
    responses: pl.LazyFrame | None
    changes: pl.LazyFrame | None
    answers: pl.LazyFrame | None
    reviews: pl.LazyFrame | None
    incidents: pl.LazyFrame | None
    sessions: pl.LazyFrame | None
    contacts: pl.LazyFrame | None
    agents: pl.LazyFrame | None
    agent_time: pl.LazyFrame | None
    accounts: pl.LazyFrame | None
    deployments: pl.LazyFrame | None
    timezone: str | None
    _lines: Mapping[str, str]
    _roles: Mapping[str, frozenset[str]]

    def __init__(
        self,
        *,
        tickets: Table | None = None,
        responses: Table | None = None,
        changes: Table | None = None,
        answers: Table | None = None,
        reviews: Table | None = None,
        incidents: Table | None = None,
        sessions: Table | None = None,
        contacts: Table | None = None,
        agents: Table | None = None,
        agent_time: Table | None = None,
        accounts: Table | None = None,
        deployments: Table | None = None,
        columns: Mapping[str, Mapping[str, str]] | None = None,
        timezone: str | None = None,
    ) -> None:
        """Take tables of any kind that `as_frame` reads, and check them all before saying what is wrong.

        Args:
            tickets: a table of tickets; so the others, each of its record.
            responses: a table of messages.
            changes: a table of field changes.
            answers: a table of survey answers.
            reviews: a table of quality reviews.
            incidents: a table of failures.
            sessions: a table of visits to self-service.
            contacts: a table of calls and chats.
            agents: a table of who is a person, a bot or a rule, which outranks what messages and changes say of them.
            agent_time: a table of agents' paid time.
            accounts: a table of customers.
            deployments: a table of releases.
            columns: for each table, the column of each role that is named otherwise:
                ``{"tickets": {"created_at": "opened_at"}}``.
            timezone: the IANA zone of instants that state none, in which all instants are then kept.

        Raises:
            InputError: One message with every fault of every table.
            ParameterError: `columns` names no table or no role, or `timezone` no zone.
        """
        given = {
            "tickets": tickets,
            "responses": responses,
            "changes": changes,
            "answers": answers,
            "reviews": reviews,
            "incidents": incidents,
            "sessions": sessions,
            "contacts": contacts,
            "agents": agents,
            "agent_time": agent_time,
            "accounts": accounts,
            "deployments": deployments,
        }
        check_timezone(timezone)
        columns = {} if columns is None else columns
        if not isinstance(columns, Mapping) or not all(_is_map(named) for named in columns.values()):
            raise ParameterError(
                "columns must map tables to roles and columns, such as {'tickets': {'created_at': 'opened_at'}}; "
                f"got {shown(columns)}"
            )
        _refuse_strangers("columns", columns)
        frames = {name: as_frame(data) for name, data in given.items() if data is not None}
        ids = id_types(frames, columns)
        faults: list[str] = []
        lines: dict[str, str] = {}
        roles: dict[str, frozenset[str]] = {}
        for name in given:
            table = None
            if name in frames:
                frame = frames[name]
                named = columns.get(name, {})
                wrong, conformed = faults_and_frame(frame, TABLES[name], named, timezone, ids)
                faults += wrong
                if wrong:
                    continue
                lines[name] = _line(frame, conformed, len(schema_of(TABLES[name])), named)
                given_types = frame.collect_schema()
                roles[name] = frozenset(
                    role
                    for role in schema_of(TABLES[name])
                    if given_types.get(named.get(role, role), _ABSENT) != _ABSENT
                )
                table = conformed.lazy()
            object.__setattr__(self, name, table)
        refuse(faults)
        object.__setattr__(self, "timezone", timezone)
        object.__setattr__(self, "_lines", lines)
        object.__setattr__(self, "_roles", roles)

    @classmethod
    def from_events(
        cls,
        log: Table,
        *,
        ticket: str,
        at: str,
        status: str | None = None,
        agent: str | None = None,
        team: str | None = None,
        priority: str | None = None,
        tier: str | None = None,
        message: str | None = None,
        author: str | None = None,
        actor: str | None = None,
        sequence: str | None = None,
        created: str = "first",
        columns: Mapping[str, str] | None = None,
        timezone: str | None = None,
    ) -> "Records":
        """Records of an event log: one row an update of a ticket, or one row an activity, whose names are then the statuses.

        A ticket is created at its first row. Where a watched column takes another value than in the ticket's row before, that
        is a change; the first row's values are changes from nothing. A row without a status says nothing of the status;
        an agent, team, priority or tier that is null was taken away. Rows of one instant follow `sequence`, or else the order
        in which they come.

        Args:
            log: any dataframe; a lazy one gives lazy tables.
            ticket: column of the ticket's id.
            at: column of the instant of the update or activity.
            status: column of the status after it, or of the activity's name.
            agent: column of the agent who holds the ticket after it.
            team: column of the team that holds it.
            priority: column of its priority.
            tier: column of the tier that works on it, such as "1".
            message: column that holds something where the row is a message: a text that is not blank, or true.
            author: column of who sent the message: customer, agent, bot or system.
            actor: column of the person, bot or rule that made the update.
            sequence: column of the row's place in its log.
            created: "first", or the column that says when the ticket was created.
            columns: for further roles of a ticket, their columns: ``{"category": "Category"}``. The log's last known value
                holds at any instant, as in an export of tickets.
            timezone: the IANA zone of instants that state none, in which all instants are then kept.

        Raises:
            InputError: A column is missing or of a wrong type, or a row has no ticket or instant.
            ParameterError: A column is not given by its name, or `timezone` is no zone.
        """
        check_timezone(timezone)
        roles = {"ticket": ticket, "at": at, "status": status, "agent": agent, "team": team, "priority": priority}
        roles |= {"tier": tier, "author": author, "actor": actor, "sequence": sequence}
        tables = tables_of_log(
            log, roles, message=message, created=created, columns={} if columns is None else columns, timezone=timezone
        )
        return cls(**tables, timezone=timezone)  # type: ignore[arg-type]  # each is a table

    @property
    def tables(self) -> dict[str, pl.LazyFrame]:
        """The tables that are there, by name."""
        return {name: table for name in TABLES if (table := getattr(self, name)) is not None}

    def has(self, table: str, role: str) -> bool:
        """Whether a table was given with a column for a role: a null of it is then no gap, but says that nothing happened."""
        return role in self._roles.get(table, ())

    def replace(self, **tables: Table | None) -> "Records":
        """The same records with some tables exchanged, such as ``records.replace(tickets=records.tickets.head(10))``.

        A role of the tickets that was not given stays absent, unless the new table is eager and holds values of it: a part
        of the tickets does not know more than all of them.

        Raises:
            InputError: A new table does not conform.
            ParameterError: A name is not that of a table.
        """
        _refuse_strangers("replace", tables)
        exchanged: dict[str, Any] = self.tables | tables
        records = Records(**exchanged, timezone=self.timezone)
        lines = {name: (records if name in tables else self)._lines[name] for name in records.tables}  # noqa: SLF001  (its own class)
        object.__setattr__(records, "_lines", lines)
        kept = {
            name: records._roles[name] - self._without(name, exchanged[name]) if name in tables else self._roles[name]
            for name in records.tables
        }
        object.__setattr__(records, "_roles", kept)
        return records

    def _without(self, name: str, new: object) -> frozenset[str]:
        """The roles that the table was not given, and that the new one is not known to hold either."""
        if name != "tickets" or name not in self._roles:
            return frozenset()
        absent = frozenset(schema_of(TABLES[name])) - self._roles[name]
        if isinstance(new, pl.DataFrame):
            absent = frozenset(role for role in absent if role not in new or new[role].null_count() == new.height)
        return absent

    def _repr_html_(self) -> str:
        """The tables in a notebook, a line each."""
        lines = [
            (name, *line.split(": ", 1)) if ": " in line else (name, line, "") for name, line in self._lines.items()
        ]
        notes = ["facts(records, as_of=…) makes one row a ticket; check(records) says what is wrong or missing"]
        title = f"Records (instants in {self.timezone or 'UTC'})"
        if not lines:
            return html_block(title, notes=["no tables"])
        return html_block(title, html_table(["table", "rows", "columns"], lines), notes=notes)

    def __repr__(self) -> str:
        zone = self.timezone or "UTC"
        rows = [f"  {name}: {line}" for name, line in self._lines.items()]
        return "\n".join([f"Records (instants in {zone})", *(rows or ["  no tables"])])


def _is_map(named: object) -> bool:
    return isinstance(named, Mapping) and all(isinstance(text, str) for pair in named.items() for text in pair)


def _refuse_strangers(argument: str, names: Iterable[str]) -> None:
    for stranger in names:
        if stranger not in TABLES:
            raise ParameterError(
                f"{argument} names the table {shown(stranger)}{closest(stranger, TABLES)}; "
                f"the tables are {', '.join(TABLES)}"
            )


def _line(
    given: pl.DataFrame | pl.LazyFrame,
    conformed: pl.DataFrame | pl.LazyFrame,
    n_roles: int,
    columns: Mapping[str, str],
) -> str:
    names, here = conformed.collect_schema().names(), given.collect_schema()
    roles = [name for name in names[:n_roles] if name in here or name in columns]
    own = f"; also {listed(names[n_roles:])}" if names[n_roles:] else ""
    size = f"{given.height:,} rows" if isinstance(given, pl.DataFrame) else "lazy"
    return f"{size}: {', '.join(roles) or 'no columns'}{own}"
