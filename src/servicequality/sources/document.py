"""A TOML document whose parts are read by their path, each fault with its line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from servicequality.checks import near, shown
from servicequality.errors import ParameterError

__all__ = ["Document", "Where", "written"]

_KINDS: dict[type, str] = {str: "a text", bool: "true or false", list: "a list", dict: "a table"}

Where = tuple[str | int, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file and what it holds.

    Attributes:
        name: what the map is called.
        file: where the text is from.
        text: the TOML.
        line_of: finds the line of a key.
        document: what the text holds.
    """

    name: str
    file: str
    text: str
    line_of: Callable[[str, Where], int]
    document: dict[str, Any]

    def fail(self, where: Where, message: str) -> NoReturn:
        """Raise for the key at a path, with its line."""
        raise ParameterError(f"{self.file}, line {self.line_of(self.text, where)}: {message}")

    def at(self, where: Where) -> Any:
        """What stands at a path."""
        value: Any = self.document
        for step in where:
            value = value[step]
        return value

    def kind(self, where: Where, kind: type[T]) -> T:
        """What stands at a path, of this kind."""
        value = self.at(where)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.fail(where, f"{written(where)} must be {_KINDS[kind]}, got {shown(value)}")
        return value

    def optional(self, where: Where, key: str, kind: type[T], default: Any) -> Any:
        """What stands under a key of a path, or the default where it is absent."""
        return self.kind((*where, key), kind) if key in self.at(where) else default

    def texts(self, where: Where) -> tuple[str, ...]:
        """A list of texts, or one text; none where the key is absent."""
        if where[-1] not in self.at(where[:-1]):
            return ()
        value = self.at(where)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self.fail(where, f"{written(where)} must be a text or a list of texts, got {shown(value)}")
        return tuple(listed)

    def known(self, where: Where, given: Mapping[str, Any], names: list[str], what: str) -> None:
        """Refuse keys that mean nothing."""
        for key in given:
            if key not in names:
                self.fail((*where, key), f"{shown(key)} is not {what}{near(key, names)}; there are {', '.join(names)}")

    def items(self, where: Where, read: Callable[[Where], T]) -> dict[str, T]:
        """What is read of each key of a table."""
        table: dict[str, Any] = self.kind(where, dict)
        return {key: read((*where, key)) for key in table}

    def one_of(self, where: Where, key: str, allowed: tuple[str, ...], default: Any) -> Any:
        """One of a few words."""
        word = self.optional(where, key, str, default)
        if word is not None and word not in allowed:
            self.fail((*where, key), f"{key} must be one of {', '.join(map(repr, allowed))}; got {shown(word)}")
        return word

    def words(self, where: Where) -> dict[str, str]:
        """A table of texts, none where the key is absent."""
        if where[-1] not in self.at(where[:-1]):
            return {}
        return self.items(where, lambda place: self.kind(place, str))


def written(where: Where) -> str:
    """A path as people write it."""
    return ".".join(str(step) for step in where if not isinstance(step, int)) or "the map"
