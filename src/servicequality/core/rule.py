"""The rule of a metric: what is computed from which columns, without verbs."""

import hashlib
import json
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from functools import cached_property, wraps
from typing import Any, TypeVar

import polars as pl

from servicequality.core.domains import Bound
from servicequality.core.engine.rule_text import expression_text, shape_text
from servicequality.core.rule_tree import computes, tree
from servicequality.shapes import Shape

H = TypeVar("H", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule:
    """A shape under a name, with the columns that it reads.

    Attributes:
        name: the name of its results.
        shape: the row rules and what is summed.
        inputs: the columns that it reads, with their domains.
        unit: the unit of its value.
        condition: the slice it is restricted to, if any.
        revision: the version of its meaning; states of different revisions do not add.
    """

    name: str
    shape: Shape
    inputs: tuple[Bound, ...]
    unit: str
    condition: pl.Expr | None = None
    revision: int = 1

    def __getstate__(self) -> dict[str, Any]:
        return {one.name: self.__dict__[one.name] for one in fields(self)}  # the rest is derived again

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def grain(self) -> str:
        """What a row is, by which it is picked from a mapping of grain to frame."""
        return "row"

    @cached_property
    def text(self) -> str:
        """All that two rules have in common whose states add: revision, slice, inputs and shape, in words."""
        lines = [f"rule {json.dumps(self.name)} in {self.unit}, revision {self.revision}", shape_text(self.shape)]
        lines += [f"input {json.dumps(one.name)}: {one.wants()}; blanks {list(one.missing)}" for one in self.inputs]
        return "\n".join([*lines, *self._where()])

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the text: the same in every process, and with every version of Polars."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def computed(self) -> frozenset[str]:
        """The columns with whose numbers it computes, and which it does not only compare."""
        rules = (rule for rule in self.shape.rules() if computes(tree(rule)))
        return frozenset(name for rule in rules for name in rule.meta.root_names())

    @cached_property
    def derived(self) -> dict[Hashable, Any]:
        """What functions that are `kept` made of it."""
        return {}

    def _where(self) -> list[str]:
        return [] if self.condition is None else [f"where: {expression_text(self.condition)}"]


def kept(derive: Callable[[Rule, H], T]) -> Callable[[Rule, H], T]:
    """A function of a rule and an option that is computed once for each, and kept as long as the rule is.

    Building expressions takes longer than a scan of few rows.
    """

    @wraps(derive)
    def call(rule: Rule, option: H) -> T:
        key = derive, option
        if key not in rule.derived:
            rule.derived[key] = derive(rule, option)
        made: T = rule.derived[key]
        return made

    return call
