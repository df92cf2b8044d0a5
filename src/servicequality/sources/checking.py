"""A map's TOML text, checked key by key with its line, as a `SourceMap`."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from servicequality.checks import near, shown
from servicequality.errors import ParameterError
from servicequality.model import TABLES, Author, schema_of
from servicequality.model.schema import required_fields
from servicequality.model.validation import check_timezone
from servicequality.sources.checked_values import ValueReader
from servicequality.sources.document import Where, written
from servicequality.sources.language import Export, Part, SourceMap, SourceTable

__all__ = ["STATUSES", "parse_map"]

STATUSES = ("ended", "paused", "excluded", "requester_wait", "agent_wait", "agent_work", "new", "closed")
"""The arguments of `facts` that a map may state."""

_SETTINGS = ("title", "schema", "timezone", "datetime", "missing", "cannot_hold")
_SECTIONS = ("tables", "people", "schedules", "holidays", "persons", "statuses", "export")
_TABLE = (
    "names",
    "optional",
    "also_called",
    "may_lack",
    "page",
    "each",
    "key",
    "newest",
    "in_order",
    "within",
    "leave_out",
)
_PART = (
    "from",
    "also",
    "keep_others",
    "needs",
    "leave_out",
    "melt",
    "one_row_a",
    "order",
    "empties",
    "changes_only",
    "distinct",
)
_SPECIAL = {
    "people": (("id", "kind", "team", "tier", "valid_from", "valid_to"), ("id", "kind")),
    "schedules": (("key", "zone", "name", "opens", "closes"), ("key", "zone", "name", "opens", "closes")),
    "holidays": (("key", "first", "last"), ("key", "first", "last")),
}
"""Parts that become no table of records: their roles, and which of them must be there."""


def parse_map(name: str, text: str, *, file: str, line_of: Callable[[str, Where], int]) -> SourceMap:
    """The map that a TOML text holds.

    Args:
        name: what the map is called.
        text: the TOML.
        file: where the text is from, for messages.
        line_of: finds the line of a key.

    Raises:
        ParameterError: the text is no TOML, or a key is unknown, absent or of a wrong kind; with file and line.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ParameterError(f"{file} is not a TOML file: its brackets are nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{file} is not a TOML file: {error}") from None
    return _Reader(name, file, text, line_of, document).map()


@dataclass(frozen=True, slots=True)
class _Reader(ValueReader):
    """A document that is a map."""

    def map(self) -> SourceMap:
        given = self.document
        self.known((), given, [*_SETTINGS, *_SECTIONS, *TABLES], "a key")
        for key in ("title", "tables"):
            if key not in given:
                self.fail((), f"a map needs `{key}`")
        tables = self.items(("tables",), self.table)
        if not tables:
            self.fail(("tables",), "name at least one table, such as [tables.ticket]")
        parts = tuple(part for target in TABLES if target in given for part in self.parts(target))
        if not parts:
            self.fail((), f"say what becomes of the tables: [tickets], or another of {', '.join(TABLES)}")
        people = tuple(self.parts("people")) if "people" in given else ()
        made = SourceMap(
            name=self.name,
            title=self.kind(("title",), str),
            schema=self.optional((), "schema", str, ""),
            timezone=self.optional((), "timezone", str, None),
            datetime=self.optional((), "datetime", str, None),
            missing=self.texts(("missing",)),
            tables=tables,
            parts=parts,
            people=people,
            schedules=tuple(
                part for target in ("schedules", "holidays") if target in given for part in self.parts(target)
            ),
            persons=self.persons(),
            statuses=self.statuses(),
            export=self.export(),
        )
        try:
            check_timezone(made.timezone)
        except ParameterError as error:
            self.fail(("timezone",), str(error))
        return made

    def table(self, where: Where) -> SourceTable:
        given = self.kind(where, dict)
        self.known(where, given, list(_TABLE), "a key of a table")
        if ("in_order" in given) != ("within" in given):
            self.fail(where, "in_order, the column of instants, and within, the column of the ticket, go together")
        return SourceTable(
            name=str(where[-1]),
            names=self.texts((*where, "names")),
            optional=self.optional(where, "optional", bool, default=False),
            also_called=self.items((*where, "also_called"), self.texts) if "also_called" in given else {},
            may_lack=self.texts((*where, "may_lack")),
            page=self.optional(where, "page", str, None),
            each=self.optional(where, "each", str, None),
            key=self.texts((*where, "key")),
            newest=self.optional(where, "newest", str, None),
            in_order=self.optional(where, "in_order", str, None),
            within=self.optional(where, "within", str, None),
            leave_out=self.reasons(where),
        )

    def parts(self, target: str) -> list[Part]:
        whole = self.at((target,))
        wheres: list[Where] = [(target, i) for i in range(len(whole))] if isinstance(whole, list) else [(target,)]
        return [self.part(where, target) for where in wheres]

    def part(self, where: Where, target: str) -> Part:
        given = self.kind(where, dict)
        special = _SPECIAL.get(target)
        roles = list(schema_of(TABLES[target]) if special is None else special[0])
        required = required_fields(TABLES[target]) if special is None else special[1]
        self.known(where, given, [*_PART, *roles], f"a role of {target}")
        made = self.common(where, target, {role: (*where, role) for role in roles if role in given})
        melted = {"field", "value"} if made.melt else set()
        if absent := [role for role in required if role not in made.roles and role not in melted]:
            self.fail(where, f"{target} need {', '.join(absent)}: say which column that is")
        if made.changes_only and not made.melt:
            self.fail((*where, "changes_only"), "changes_only goes with melt")
        return made

    def common(self, where: Where, target: str, roles: Mapping[str, Where]) -> Part:
        """What parts of records and parts of an export have alike."""
        if "from" not in self.at(where):
            self.fail(where, f"{written(where)} needs `from`, the table that it is made of")
        source = self.kind((*where, "from"), str)
        tables = TABLES if where[0] == "export" else self.document["tables"]
        if source not in tables:
            self.fail(
                (*where, "from"),
                f"there is no table {shown(source)}{near(source, tables)}; there are {', '.join(tables)}",
            )
        values = {role: self.value(place) for role, place in roles.items()}
        section = {key: self.optional(where, key, dict, {}) for key in ("also", "melt")}
        return Part(
            target=target,
            source=source,
            roles=values,
            also={name: self.value((*where, "also", name)) for name in section["also"]},
            keep_others=self.optional(where, "keep_others", bool, default=False),
            needs=self.texts((*where, "needs")),
            leave_out=self.reasons(where),
            melt={name: self.value((*where, "melt", name)) for name in section["melt"]},
            one_row_a=self.optional(where, "one_row_a", str, None),
            order=self.optional(where, "order", str, None),
            empties=self.optional(where, "empties", bool, default=False),
            changes_only=self.optional(where, "changes_only", bool, default=False),
            distinct=self.optional(where, "distinct", bool, default=False),
        )

    def persons(self) -> dict[str, str]:
        kinds = get_args(Author)
        persons = self.words(("persons",))
        for person, kind in persons.items():
            if kind not in kinds:
                self.fail(("persons", person), f"a person is one of {', '.join(kinds)}; got {shown(kind)}")
        return persons

    def statuses(self) -> dict[str, tuple[str, ...]]:
        if "statuses" not in self.document:
            return {}
        self.known(("statuses",), self.kind(("statuses",), dict), list(STATUSES), "a set of statuses")
        return {key: self.texts(("statuses", key)) for key in self.at(("statuses",))}

    def export(self) -> Export:
        tables = self.document["tables"]
        made = []
        for i in range(len(self.optional((), "export", list, []))):
            where: Where = ("export", i)
            given = self.kind(where, dict)
            self.known(where, given, ["to", "columns", *_PART], "a key of an export")
            if not {"to", "columns"} <= given.keys():
                self.fail(where, "an export needs `to`, the table that it writes, and `columns`")
            target = self.kind((*where, "to"), str)
            if target not in tables:
                self.fail((*where, "to"), f"there is no table {shown(target)}{near(target, tables)}")
            columns = self.kind((*where, "columns"), dict)
            made.append(self.common(where, target, {name: (*where, "columns", name) for name in columns}))
        return Export(parts=tuple(made), cannot=self.texts(("cannot_hold",)))
