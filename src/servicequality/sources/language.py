"""What a map can say, as records: tables, values, conditions, parts, and who is who."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "READINGS",
    "Case",
    "Condition",
    "Export",
    "LookUp",
    "Part",
    "Reason",
    "SourceMap",
    "SourceTable",
    "Value",
]

READINGS = (
    "seconds",
    "minutes",
    "hours",
    "milliseconds",
    "hh:mm",
    "unix seconds",
    "unix milliseconds",
    "flag",
    "end of day",
)
"""How a value that is no plain text, number or ISO instant is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """One step to another table: the row whose `key` is the value, and its column `give`."""

    table: str
    key: str
    give: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a row: a column, a constant, the first known of several, a case, or what kind of person an id is.

    What follows is applied in this order: `field`, `look_up`, `reads`, `words`, `pick`.

    Attributes:
        column: a column of the part's table.
        constant: one text, number or truth for all rows.
        first_of: the first of these that is not null.
        case: the first whose conditions hold.
        row: this text, then the row's number, from 1.
        who: the column of a person's id, of which the kind is given: customer, agent, bot, system.
        field: the path inside a column of JSON or of structs, such as "score" or "via.channel".
        look_up: steps through other tables.
        reads: one of `READINGS`.
        words: text to text.
        others: what becomes of a text that `words` does not have: "keep", or "null".
        pick: of the rows of one id: the "last" (a null too), the "first" known, or the "last known".
    """

    column: str | None = None
    constant: str | int | float | bool | None = None
    first_of: tuple["Value", ...] = ()
    case: tuple["Case", ...] = ()
    row: str | None = None
    who: str | None = None
    field: str | None = None
    look_up: tuple[LookUp, ...] = ()
    reads: str | None = None
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    others: str = "keep"
    pick: str = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of a value; texts are compared as they are.

    Attributes:
        of: the value.
        among: it is one of these; a null is none.
        outside: it is none of these; so is a null.
        flag: it is true (or, if False, it is not): true, t, yes, 1 in any case.
        known: it is there (or, if False, it is null).
        same_as: it equals this column; two nulls are not equal.
        differs_from: it does not equal this column.
        first_by: the row is the first of those with this value, by this column.
    """

    of: Value
    among: tuple[str, ...] | None = None
    outside: tuple[str, ...] | None = None
    flag: bool | None = None
    known: bool | None = None
    same_as: str | None = None
    differs_from: str | None = None
    first_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A value for the rows in which all conditions hold; without conditions, for all that are left."""

    when: tuple[Condition, ...]
    give: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why rows are left out: in words, and the conditions that must all hold of them."""

    reason: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A table of the schema.

    Attributes:
        name: what the map calls it.
        names: the other names that it may have.
        optional: whether it may be absent.
        also_called: the other names of columns, as other versions of the schema have them.
        may_lack: columns that may be absent, and are then null.
        page: in a file of JSON, the key of the list of rows, such as "tickets".
        each: a column of lists, whose items are the rows.
        key: the columns that name a row: of rows that are wholly alike, or of one key where `newest` is given, one counts.
        newest: the column by which the last row of a key counts.
        in_order: the column of instants, where the rows of a ticket stand in the order in which they happened: an instant that
            steps back is replaced by that of the row above.
        within: with `in_order`, the column of the ticket.
        leave_out: rows that do not count.
    """

    name: str
    names: tuple[str, ...] = ()
    optional: bool = False
    also_called: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    may_lack: tuple[str, ...] = ()
    page: str | None = None
    each: str | None = None
    key: tuple[str, ...] = ()
    newest: str | None = None
    in_order: str | None = None
    within: str | None = None
    leave_out: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one table of records, made of one table of the schema.

    Attributes:
        target: the table of records.
        source: the table of the schema.
        roles: role to value.
        also: further columns, such as a vendor's own verdict, by name.
        keep_others: whether the table's other columns come along too.
        needs: the columns without which there is no such table.
        leave_out: rows that do not become rows of this table.
        melt: what changed to value: a row becomes one for each, with the roles `field` and `value`.
        one_row_a: the column whose rows are one row, a value each, as each value's `pick` says.
        order: the column of instants by which these rows are ordered before.
        empties: whether a null among what has changed empties the field; else it says nothing.
        changes_only: whether a value that repeats that of its ticket's row before, of the same field, is no change.
        distinct: whether rows that are alike are one.
    """

    target: str
    source: str
    roles: Mapping[str, Value]
    also: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    keep_others: bool = False
    needs: tuple[str, ...] = ()
    leave_out: tuple[Reason, ...] = ()
    melt: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    one_row_a: str | None = None
    order: str | None = None
    empties: bool = False
    changes_only: bool = False
    distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """How records become tables of the schema: parts whose target is such a table, and what it cannot hold."""

    parts: tuple[Part, ...] = ()
    cannot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """One schema, and how its tables become records.

    Attributes:
        name: such as "zendesk.fivetran".
        title: what the schema is.
        schema: the version of the public schema that the columns are from.
        timezone: the zone of instants that name none.
        datetime: the format of instants that are not ISO 8601, such as "%d/%m/%Y %H:%M".
        missing: texts that mean "no value".
        tables: by name.
        parts: in the order of the file.
        people: parts with the target "people": id and kind, and where the schema has them team, tier, valid_from, valid_to.
        schedules: parts with the targets "schedules" (key, zone, name, and opens and closes in minutes since Sunday) and
            "holidays" (key, first, last).
        persons: ids whose kind is stated by the map itself.
        statuses: arguments for `facts`: which statuses of the schema mean what.
        export: the way back.
    """

    name: str
    title: str
    schema: str = ""
    timezone: str | None = None
    datetime: str | None = None
    missing: tuple[str, ...] = ()
    tables: Mapping[str, SourceTable]
    parts: tuple[Part, ...]
    people: tuple[Part, ...] = ()
    schedules: tuple[Part, ...] = ()
    persons: Mapping[str, str] = dataclasses.field(default_factory=dict)
    statuses: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    export: Export = dataclasses.field(default_factory=Export)
