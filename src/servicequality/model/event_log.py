"""Tables of records from an event log: one row an update, or one row an activity."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from servicequality.checks import column, holds_texts, listed, near, shown, values_of
from servicequality.errors import InputError, ParameterError
from servicequality.model.frame_input import as_frame
from servicequality.model.record import Record
from servicequality.model.rows import Author
from servicequality.model.validation import faults_and_frame, refuse

__all__ = ["tables_of_log"]

_FIELDS = {"status": "status", "agent": "agent_id", "team": "team", "priority": "priority", "tier": "tier"}
"""What is watched for changes: the field of a change, and the role of a ticket that it holds, if it is one."""
_KEPT = "servicequality.kept:"
_MESSAGE = "servicequality.message"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog(Record):
    """One row of an event log, under the names that its columns have here."""

    ticket: str
    at: dt.datetime
    status: str | None = None
    agent: str | None = None
    team: str | None = None
    priority: str | None = None
    tier: str | None = None
    author: Author | None = None
    actor: str | None = None
    sequence: int | None = None
    created: dt.datetime | None = None


def tables_of_log(
    log: Any,
    roles: Mapping[str, str | None],
    *,
    message: str | None,
    created: str,
    columns: Mapping[str, str],
    timezone: str | None,
) -> dict[str, pl.DataFrame | pl.LazyFrame]:
    """The tables of tickets, changes and messages that a log tells.

    Args:
        log: any dataframe.
        roles: the column of each role of `EventLog`.
        message: the column that holds something where the row is a message.
        created: "first", or the column that says when a ticket was created.
        columns: for further roles of tickets, their columns, of which the last known value is kept.
        timezone: the zone of instants that state none.

    Raises:
        InputError: a column is missing or of a wrong type, or a row has no ticket or instant.
        ParameterError: a role is given by something else than a name, or twice, or an author without messages.
    """
    _check_options(roles, message, columns)
    named = {role: name for role, name in roles.items() if name is not None}
    if created != "first":
        named["created"] = created
    further = {} if message is None else {_MESSAGE: message}
    further |= {f"{_KEPT}{role}": name for role, name in columns.items()}
    frame = as_frame(log)
    schema = frame.collect_schema()
    for role, name in {**named, **further}.items():
        told = role.removeprefix(_KEPT).replace(_MESSAGE, "message")
        if not isinstance(name, str):
            raise ParameterError(f"from_events: {told} takes the name of a column, got {shown(name)}")
        if name not in schema:
            raise InputError(
                f"from_events: {told}={name!r}: the log has no such column{near(name, schema)}; it has "
                f"{listed(map(shown, schema))}"
            )
    own = frame.select(map(column, dict.fromkeys(named.values())))
    faults, conformed = faults_and_frame(own, EventLog, named, timezone, table="log")
    refuse(faults)
    beside = frame.select(column(name).alias(role) for role, name in further.items())
    rows = pl.concat([conformed.lazy(), beside.lazy()], how="horizontal") if further else conformed.lazy()
    order = ["ticket", "at", *(["sequence"] if "sequence" in named else [])]
    ordered = rows.sort(order, nulls_last=True, maintain_order=True).with_columns(
        place=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    if isinstance(frame, pl.DataFrame):
        ordered = ordered.collect().lazy()
    tables: dict[str, pl.LazyFrame] = {"tickets": _tickets(ordered, named, columns)}
    if watched := [field for field in _FIELDS if field in named]:
        tables["changes"] = pl.concat([_changes(ordered, field, named) for field in watched])
    if message is not None:
        tables["responses"] = _messages(ordered, named, schema[message])
    if not isinstance(frame, pl.DataFrame):
        return dict(tables)
    made = {name: table.collect() for name, table in tables.items()}
    if created != "first":
        _refuse_uncreated(made["tickets"], created)
    return dict(made)


def _refuse_uncreated(tickets: pl.DataFrame, created: str) -> None:
    """Raise InputError for tickets none of whose rows says when they were created."""
    without = tickets.filter(pl.col("created_at").is_null())
    if without.height:
        raise InputError(
            f"from_events: created={created!r} is null in all rows of {without.height} of {tickets.height} tickets: "
            f"{values_of(without['ticket_id'], 3)}; fill it in, or say created='first' for the instant of the first row"
        )


def _check_options(roles: Mapping[str, str | None], message: str | None, columns: Any) -> None:
    if not isinstance(columns, Mapping):
        raise ParameterError(
            f"from_events: columns maps roles to columns, such as {{'category': 'Category'}}; got {shown(columns)}"
        )
    told = {"ticket_id": "ticket", "created_at": "created"}
    told |= {role: field for field, role in _FIELDS.items() if roles[field] is not None}
    if twice := [role for role in columns if role in told]:
        raise ParameterError(
            f"from_events: columns names {shown(twice[0])}, which {told[twice[0]]}= tells; leave it out"
        )
    if roles["author"] is not None and message is None:
        raise ParameterError(
            "from_events: author says who sent a message; name the column of the messages with message="
        )


def _tickets(ordered: pl.LazyFrame, named: Mapping[str, str], columns: Mapping[str, str]) -> pl.LazyFrame:
    """The tickets, without what changes tell: a ticket's own column would be that of the log's end at any instant."""
    began = pl.col("created").drop_nulls().first() if "created" in named else pl.col("at").first()
    return ordered.group_by("ticket", maintain_order=True).agg(
        began.alias("created_at"),
        *(pl.col(f"{_KEPT}{role}").drop_nulls().last().alias(role) for role in columns),
    ).rename({"ticket": "ticket_id"})  # fmt: skip


def _changes(ordered: pl.LazyFrame, field: str, named: Mapping[str, str]) -> pl.LazyFrame:
    """The rows at which a field took a new value, the first one among them. A row without a status says nothing of it."""
    told = ordered.filter(pl.col(field).is_not_null()) if field == "status" else ordered
    before = pl.when(pl.col("ticket") == pl.col("ticket").shift(1)).then(pl.col(field).shift(1))
    rows = told.select("ticket", "at", "actor", "place", field=pl.lit(field), value=pl.col(field), previous=before)
    changed = rows.filter(pl.col("value").ne_missing(pl.col("previous")))
    told_by = {"actor_id": "actor"} if "actor" in named else {}
    return changed.select("at", "field", "value", "previous", ticket_id="ticket", sequence="place", **told_by)


def _messages(ordered: pl.LazyFrame, named: Mapping[str, str], dtype: pl.DataType) -> pl.LazyFrame:
    held = pl.col(_MESSAGE).is_not_null()
    if dtype == pl.Boolean:
        held = pl.col(_MESSAGE)
    elif holds_texts(dtype):
        held = pl.col(_MESSAGE).cast(pl.String).str.strip_chars() != ""
    told_by = {"author_id": "actor"} if "actor" in named else {}
    return ordered.filter(held).select("at", "author", ticket_id="ticket", **told_by)
