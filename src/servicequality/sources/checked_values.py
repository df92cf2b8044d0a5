"""The values and conditions of a map, checked key by key."""

import re
from dataclasses import dataclass

from servicequality.checks import near, shown
from servicequality.model import TABLES
from servicequality.sources.document import Document, Where, written
from servicequality.sources.language import READINGS, Case, Condition, LookUp, Reason, Value

__all__ = ["ValueReader"]

_BASES = ("column", "value", "first_of", "case", "row", "who")
_AFTER = ("field", "look_up", "reads", "words", "others", "pick")
_TESTS = ("is", "is_not", "flag", "known", "same_as", "differs_from", "first_by")
_STEP = re.compile(r"^(?P<table>[^.]+)\.(?P<key>.+?)\s*->\s*(?P<give>.+)$")


@dataclass(frozen=True, slots=True)
class ValueReader(Document):
    """A document in which values and conditions are read."""

    def reasons(self, where: Where) -> tuple[Reason, ...]:
        """The reasons of `leave_out`, none where the key is absent."""
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
            made.append(Reason(reason=self.kind((*one, "reason"), str), when=self.conditions((*one, "when"))))
        return tuple(made)

    def conditions(self, where: Where) -> tuple[Condition, ...]:
        """One condition, or a list of them."""
        whole = self.at(where)
        wheres: list[Where] = [(*where, i) for i in range(len(whole))] if isinstance(whole, list) else [where]
        return tuple(self.condition(one) for one in wheres)

    def condition(self, where: Where) -> Condition:
        """One condition, which has exactly one test."""
        given = self.kind(where, dict)
        tests = [key for key in _TESTS if key in given]
        if len(tests) != 1:
            self.fail(where, f"a condition has one of {', '.join(_TESTS)}; got {', '.join(tests) or 'none'}")
        return Condition(
            of=self.value(where, beside=_TESTS),
            among=self.texts((*where, "is")) if "is" in given else None,
            outside=self.texts((*where, "is_not")) if "is_not" in given else None,
            flag=self.optional(where, "flag", bool, None),
            known=self.optional(where, "known", bool, None),
            same_as=self.optional(where, "same_as", str, None),
            differs_from=self.optional(where, "differs_from", str, None),
            first_by=self.optional(where, "first_by", str, None),
        )

    def value(self, where: Where, *, beside: tuple[str, ...] = ()) -> Value:
        """A column by its name, or a table that says how the value is made."""
        given = self.at(where)
        if isinstance(given, str):
            return Value(column=given)
        if not isinstance(given, dict):
            self.fail(where, f"{written(where)} takes a column, or a table such as {{ value = … }}; got {shown(given)}")
        self.known(where, given, [*_BASES, *_AFTER, *beside], "a key of a value")
        bases = [key for key in _BASES if key in given]
        if len(bases) != 1:
            self.fail(where, f"{written(where)} needs one of {', '.join(_BASES)}; got {', '.join(bases) or 'none'}")
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
            first_of=tuple(self.value((*first_of, i)) for i in range(len(self.optional(where, "first_of", list, [])))),
            case=tuple(self.case((*case, i)) for i in range(len(self.optional(where, "case", list, [])))),
            row=self.optional(where, "row", str, None),
            who=self.optional(where, "who", str, None),
            field=self.optional(where, "field", str, None),
            look_up=tuple(self.step((*where, "look_up"), step) for step in self.texts((*where, "look_up"))),
            reads=self.one_of(where, "reads", READINGS, None),
            words=self.words((*where, "words")),
            others=self.one_of(where, "others", ("keep", "null"), "keep"),
            pick=self.one_of(where, "pick", ("last", "first", "last known"), "last"),
        )

    def case(self, where: Where) -> Case:
        """One case: its conditions and its value."""
        given = self.kind(where, dict)
        self.known(where, given, ["when", "give"], "a key of a case")
        if "give" not in given:
            self.fail(where, "a case needs `give`, its value")
        conditions = self.conditions((*where, "when")) if "when" in given else ()
        return Case(when=conditions, give=self.value((*where, "give")))

    def step(self, where: Where, written: str) -> LookUp:
        """One step of a look-up, written 'table.key -> column'."""
        match = _STEP.match(written)
        if match is None:
            self.fail(where, f"a step of look_up is written 'table.key -> column', got {shown(written)}")
        table, key, give = (match[name].strip() for name in ("table", "key", "give"))
        tables = TABLES if where[0] == "export" else self.document["tables"]
        if table not in tables:
            self.fail(where, f"look_up: there is no table {shown(table)}{near(table, tables)}")
        return LookUp(table=table, key=key, give=give)
