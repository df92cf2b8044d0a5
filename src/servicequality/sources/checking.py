"""A map's TOML text, checked key by key with its line, as a `SourceMap`."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, get_args

from servicequality.checks import near, shown
from servicequality.errors import ParameterError
from servicequality.model import TABLES, Author, schema_of
from servicequality.model.schema import required_fields
from servicequality.model.validation import check_timezone
from servicequality.sources.language import (
    READINGS,
    Case,
    Condition,
    Export,
    LookUp,
    Part,
    Reason,
    SourceMap,
    SourceTable,
    Value,
)

__all__ = ["STATUSES", "parse_map"]

STATUSES = ("ended", "paused", "excluded", "requester_wait", "agent_wait", "agent_work", "new", "closed")
"""The arguments of `facts` that a map may state."""

_SETTINGS = ("title", "schema", "timezone", "datetime", "missing", "cannot_hold")
_SECTIONS = ("tables", "people", "persons", "statuses", "export")
_TABLE = ("names", "optional", "also_called", "may_lack", "page", "each", "key", "newest", "leave_out")
_PART = ("from", "also", "keep_others", "leave_out", "melt", "one_row_a", "order", "empties", "changes_only", "distinct")
_PEOPLE = ("id", "kind", "team", "tier", "valid_from", "valid_to")
_BASES = ("column", "value", "first_of", "case", "row", "who")
_AFTER = ("field", "look_up", "reads", "words", "others", "pick")
_TESTS = ("is", "is_not", "flag", "known", "same_as", "differs_from", "first_by")
_STEP = re.compile(r"^(?P<table>[^.]+)\.(?P<key>.+?)\s*->\s*(?P<give>.+)$")
_KINDS: dict[type, str] = {str: "a text", bool: "true or false", list: "a list", dict: "a table"}

Where = tuple[str | int, ...]
T = TypeVar("T")


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
class _Reader:
    name: str
    file: str
    text: str
    line_of: Callable[[str, Where], int]
    document: dict[str, Any]

    def fail(self, where: Where, message: str) -> NoReturn:
        raise ParameterError(f"{self.file}, line {self.line_of(self.text, where)}: {message}")

    def map(self) -> SourceMap:
        given = self.document
        self.known((), given, [*_SETTINGS, *_SECTIONS, *TABLES], "a key")
        for key in ("title", "tables"):
            if key not in given:
                self.fail((), f"a map needs `{key}`")
        tables = self.items(("tables",), dict, self.table)
        if not tables:
            self.fail(("tables",), "name at least one table, such as [tables.ticket]")
        parts = tuple(part for target in TABLES if target in given for part in self.parts(target, tables))
        if not parts:
            self.fail((), f"say what becomes of the tables: [tickets], or another of {', '.join(TABLES)}")
        people = tuple(self.parts("people", tables)) if "people" in given else ()
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
            persons=self.persons(),
            statuses=self.statuses(),
            export=self.export(tables),
        )
        try:
            check_timezone(made.timezone)
        except ParameterError as error:
            self.fail(("timezone",), str(error))
        return made

    # The kinds of things that a file holds.

    def at(self, where: Where) -> Any:
        value: Any = self.document
        for step in where:
            value = value[step]
        return value

    def kind(self, where: Where, kind: type[T]) -> T:
        value = self.at(where)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.fail(where, f"{_path(where)} must be {_KINDS[kind]}, got {shown(value)}")
        return value

    def optional(self, where: Where, key: str, kind: type[T], default: Any) -> Any:
        return self.kind((*where, key), kind) if key in self.at(where) else default

    def texts(self, where: Where) -> tuple[str, ...]:
        """A list of texts, or one text; none where the key is absent."""
        *above, key = where
        if key not in self.at(tuple(above)):
            return ()
        value = self.at(where)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self.fail(where, f"{_path(where)} must be a text or a list of texts, got {shown(value)}")
        return tuple(listed)

    def known(self, where: Where, given: Mapping[str, Any], names: list[str], what: str) -> None:
        for key in given:
            if key not in names:
                self.fail((*where, key), f"{shown(key)} is not {what}{near(key, names)}; there are {', '.join(names)}")

    def items(self, where: Where, kind: type, read: Callable[[Where], T]) -> dict[str, T]:
        return {key: read((*where, key)) for key in self.kind(where, kind)}

    # The sections.

    def table(self, where: Where) -> SourceTable:
        given = self.kind(where, dict)
        self.known(where, given, list(_TABLE), "a key of a table")
        return SourceTable(
            name=str(where[-1]),
            names=self.texts((*where, "names")),
            optional=self.optional(where, "optional", bool, default=False),
            also_called=self.items((*where, "also_called"), dict, self.texts) if "also_called" in given else {},
            may_lack=self.texts((*where, "may_lack")),
            page=self.optional(where, "page", str, None),
            each=self.optional(where, "each", str, None),
            key=self.texts((*where, "key")),
            newest=self.optional(where, "newest", str, None),
            leave_out=self.reasons(where),
        )

    def parts(self, target: str, tables: Mapping[str, SourceTable]) -> list[Part]:
        whole = self.at((target,))
        wheres: list[Where] = [(target, i) for i in range(len(whole))] if isinstance(whole, list) else [(target,)]
        return [self.part(where, target, tables) for where in wheres]

    def part(self, where: Where, target: str, tables: Mapping[str, SourceTable]) -> Part:
        given = self.kind(where, dict)
        roles = list(_PEOPLE) if target == "people" else list(schema_of(TABLES[target]))
        required = ["id", "kind"] if target == "people" else required_fields(TABLES[target])
        self.known(where, given, [*_PART, *roles], f"a role of {target}")
        made = self.common(where, target, tables, {role: (*where, role) for role in roles if role in given})
        melted = {"field", "value"} if made.melt else set()
        if absent := [role for role in required if role not in made.roles and role not in melted]:
            self.fail(where, f"{target} need {', '.join(absent)}: say which column that is")
        if made.changes_only and not made.melt:
            self.fail((*where, "changes_only"), "changes_only goes with melt")
        return made

    def common(
        self, where: Where, target: str, tables: Mapping[str, SourceTable], roles: Mapping[str, Where]
    ) -> Part:
        """What parts of records and parts of an export have alike."""
        if "from" not in self.at(where):
            self.fail(where, f"{_path(where)} needs `from`, the table that it is made of")
        source = self.kind((*where, "from"), str)
        if source not in tables:
            self.fail((*where, "from"), f"there is no table {shown(source)}{near(source, tables)}; [tables] has {', '.join(tables)}")
        values = {role: self.value(place, tables) for role, place in roles.items()}
        section = {key: self.at(where).get(key, {}) for key in ("also", "melt")}
        return Part(
            target=target,
            source=source,
            roles=values,
            also={name: self.value((*where, "also", name), tables) for name in section["also"]},
            keep_others=self.optional(where, "keep_others", bool, default=False),
            leave_out=self.reasons(where, tables),
            melt={name: self.value((*where, "melt", name), tables) for name in section["melt"]},
            one_row_a=self.optional(where, "one_row_a", str, None),
            order=self.optional(where, "order", str, None),
            empties=self.optional(where, "empties", bool, default=False),
            changes_only=self.optional(where, "changes_only", bool, default=False),
            distinct=self.optional(where, "distinct", bool, default=False),
        )

    def reasons(self, where: Where, tables: Mapping[str, SourceTable] | None = None) -> tuple[Reason, ...]:
        place = (*where, "leave_out")
        if "leave_out" not in self.at(where):
            return ()
        made = []
        for i in range(len(self.kind(place, list))):
            one = (*place, i)
            given = self.kind(one, dict)
            self.known(one, given, ["reason", "when"], "a key of leave_out")
            if not {"reason", "when"} <= given.keys():
                self.fail(place, "leave_out needs `reason`, a text, and `when`, the conditions")
            made.append(Reason(reason=self.kind((*one, "reason"), str), when=self.conditions((*one, "when"), tables)))
        return tuple(made)

    def conditions(self, where: Where, tables: Mapping[str, SourceTable] | None) -> tuple[Condition, ...]:
        whole = self.at(where)
        wheres: list[Where] = [(*where, i) for i in range(len(whole))] if isinstance(whole, list) else [where]
        return tuple(self.condition(one, tables) for one in wheres)

    def condition(self, where: Where, tables: Mapping[str, SourceTable] | None) -> Condition:
        given = self.kind(where, dict)
        tests = [key for key in _TESTS if key in given]
        if len(tests) != 1:
            self.fail(where, f"a condition has one of {', '.join(_TESTS)}; got {', '.join(tests) or 'none'}")
        return Condition(
            of=self.value(where, tables, beside=_TESTS),
            among=self.texts((*where, "is")) if "is" in given else None,
            outside=self.texts((*where, "is_not")) if "is_not" in given else None,
            flag=self.optional(where, "flag", bool, None),
            known=self.optional(where, "known", bool, None),
            same_as=self.optional(where, "same_as", str, None),
            differs_from=self.optional(where, "differs_from", str, None),
            first_by=self.optional(where, "first_by", str, None),
        )

    def value(
        self, where: Where, tables: Mapping[str, SourceTable] | None, *, beside: tuple[str, ...] = ()
    ) -> Value:
        given = self.at(where)
        if isinstance(given, str):
            return Value(column=given)
        if not isinstance(given, dict):
            self.fail(where, f"{_path(where)} takes a column, or a table such as {{ value = … }}; got {shown(given)}")
        self.known(where, given, [*_BASES, *_AFTER, *beside], "a key of a value")
        bases = [key for key in _BASES if key in given]
        if len(bases) != 1:
            self.fail(where, f"{_path(where)} needs one of {', '.join(_BASES)}; got {', '.join(bases) or 'none'}")
        if "who" in bases and "people" not in self.document and "persons" not in self.document:
            self.fail((*where, "who"), "`who` needs [people], which says who is customer, agent, bot or system")
        constant = given.get("value")
        if constant is not None and not isinstance(constant, str | int | float | bool):
            self.fail((*where, "value"), f"value must be a text, a number, or true or false; got {shown(constant)}")
        first_of: Where = (*where, "first_of")
        case: Where = (*where, "case")
        return Value(
            column=self.optional(where, "column", str, None),
            constant=constant,
            first_of=tuple(
                self.value((*first_of, i), tables) for i in range(len(self.optional(where, "first_of", list, [])))
            ),
            case=tuple(self.case((*case, i), tables) for i in range(len(self.optional(where, "case", list, [])))),
            row=self.optional(where, "row", str, None),
            who=self.optional(where, "who", str, None),
            field=self.optional(where, "field", str, None),
            look_up=tuple(self.step((*where, "look_up"), step, tables) for step in self.texts((*where, "look_up"))),
            reads=self.one_of(where, "reads", READINGS, None),
            words=self.words((*where, "words")),
            others=self.one_of(where, "others", ("keep", "null"), "keep"),
            pick=self.one_of(where, "pick", ("last", "first", "last known"), "last"),
        )

    def case(self, where: Where, tables: Mapping[str, SourceTable] | None) -> Case:
        given = self.kind(where, dict)
        self.known(where, given, ["when", "give"], "a key of a case")
        if "give" not in given:
            self.fail(where, "a case needs `give`, its value")
        conditions = self.conditions((*where, "when"), tables) if "when" in given else ()
        return Case(when=conditions, give=self.value((*where, "give"), tables))

    def step(self, where: Where, written: str, tables: Mapping[str, SourceTable] | None) -> LookUp:
        match = _STEP.match(written)
        if match is None:
            self.fail(where, f"a step of look_up is written 'table.key -> column', got {shown(written)}")
        table, key, give = (match[name].strip() for name in ("table", "key", "give"))
        if tables is not None and table not in tables:
            self.fail(where, f"look_up: there is no table {shown(table)}{near(table, tables)}")
        return LookUp(table=table, key=key, give=give)

    def one_of(self, where: Where, key: str, allowed: tuple[str, ...], default: Any) -> Any:
        word = self.optional(where, key, str, default)
        if word is not None and word not in allowed:
            self.fail((*where, key), f"{key} must be one of {', '.join(map(repr, allowed))}; got {shown(word)}")
        return word

    def words(self, where: Where) -> dict[str, str]:
        *above, key = where
        if key not in self.at(tuple(above)):
            return {}
        return self.items(where, dict, lambda place: self.kind(place, str))

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

    def export(self, tables: Mapping[str, SourceTable]) -> Export:
        records = {name: SourceTable(name=name) for name in TABLES}
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
            made.append(self.common(where, target, records, {name: (*where, "columns", name) for name in columns}))
        return Export(parts=tuple(made), cannot=self.texts(("cannot_hold",)))


def _path(where: Where) -> str:
    return ".".join(str(step) for step in where if not isinstance(step, int)) or "the map"
