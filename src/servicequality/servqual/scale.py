"""`Scale`: an instrument's items, dimensions, range and reversed items. Never here: item wording."""

import json
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Self

from servicequality._toml import write_toml
from servicequality.checks import choice_fault
from servicequality.errors import InputError, ParameterError

__all__ = ["OVERALL", "Scale", "Standard", "check_scale"]

Standard = Literal["expectation", "none"]
"""What a perception is compared with: an expectation of the same item, or nothing."""

OVERALL = "overall"
"""The row next to the dimensions in every table, so that no dimension may have this name."""

_FIELDS = ("name", "low", "high", "standard", "whole", "reversed", "items", "dimensions")


@dataclass(frozen=True, slots=True, init=False, eq=True)
class Scale:
    """A frozen instrument. Items and dimensions have names; the wording of an item is its publisher's and stays outside.

    Attributes:
        name: what the instrument is called.
        dimensions: the items of each dimension.
        low: lowest answer.
        high: highest answer.
        reversed: items worded the other way round; their answers are turned once, low + high - answer, in every role.
        standard: what a perception is compared with.
        items: all items in the order of the questionnaire, those of no dimension included.
        whole: whether answers are whole numbers.
    """

    name: str
    dimensions: Mapping[str, tuple[str, ...]] = field(hash=False)
    low: float
    high: float
    reversed: tuple[str, ...]
    standard: Standard
    items: tuple[str, ...]
    whole: bool

    def __init__(
        self,
        name: str,
        dimensions: Mapping[str, Iterable[str | int]],
        *,
        low: float,
        high: float,
        reversed: Iterable[str | int] = (),  # noqa: A002  (the word of the literature)
        standard: Standard = "expectation",
        items: Iterable[str | int] | None = None,
        whole: bool = True,
    ) -> None:
        """Check the instrument and freeze it.

        Args:
            name: what the instrument is called.
            dimensions: the items of each dimension, by number or name.
            low: lowest answer.
            high: highest answer.
            reversed: items worded the other way round.
            standard: "expectation" if perceptions are compared with expectations, "none" for perceptions alone.
            items: all items in the order of the questionnaire; by default those of the dimensions in turn.
            whole: whether answers are whole numbers; False for a slider.

        Raises:
            ParameterError: the instrument contradicts itself; the message names the item or the dimension.
        """
        if not isinstance(dimensions, Mapping) or not all(
            isinstance(listed, Iterable) for listed in dimensions.values()
        ):
            raise ParameterError(
                f"scale {name!r}: dimensions must map names to lists of items, such as {{'tangibles': [1, 2, 3, 4]}}; "
                f"got {dimensions!r:.80}"
            )
        for word, listed in (("reversed", reversed), ("items", () if items is None else items)):
            if isinstance(listed, str) or not isinstance(listed, Iterable):
                raise ParameterError(f"scale {name!r}: {word} must be a list of items, got {listed!r:.80}")
        if texts := [dimension for dimension, listed in dimensions.items() if isinstance(listed, str)]:
            raise ParameterError(f"scale {name!r}: give {', '.join(map(repr, texts))} a list of items, not one text")
        key = {str(dimension): tuple(map(str, listed)) for dimension, listed in dimensions.items()}
        scored = tuple(item for listed in key.values() for item in listed)
        given = {
            "name": name,
            "dimensions": MappingProxyType(key),
            "low": low,
            "high": high,
            "reversed": tuple(map(str, reversed)),
            "standard": standard,
            "items": scored if items is None else tuple(map(str, items)),
            "whole": whole,
        }
        for attribute, value in given.items():
            object.__setattr__(self, attribute, value)
        if faults := list(self._faults()):
            raise ParameterError(f"scale {name!r}: {'; '.join(faults)}")

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_json, (self.to_json(),)  # a frozen mapping cannot be pickled

    @property
    def scored(self) -> tuple[str, ...]:
        """The items that belong to a dimension, dimension by dimension."""
        return tuple(item for listed in self.dimensions.values() for item in listed)

    def _faults(self) -> Iterable[str]:
        if not (isinstance(self.name, str) and self.name.strip()):
            yield "it needs a name"
        if not self.dimensions:
            yield "it needs a dimension, such as {'tangibles': [1, 2, 3, 4]}"
        for dimension, listed in self.dimensions.items():
            if not listed:
                yield f"dimension {dimension!r} has no items"
        if OVERALL in self.dimensions:
            yield f"no dimension may be called {OVERALL!r}, which is the mean of them all"
        if OVERALL in self.items:
            yield f"no item may be called {OVERALL!r}"
        for item in _twice(self.scored):
            homes = [dimension for dimension, listed in self.dimensions.items() if item in listed]
            yield f"item {item!r} stands twice in the dimensions ({', '.join(homes)}); an item belongs to one"
        if more := _twice(self.items):
            yield f"items lists {', '.join(map(repr, more))} twice"
        if absent := [item for item in self.scored if item not in self.items]:
            yield f"items lacks {', '.join(map(repr, absent))}, which the dimensions have"
        if strange := [item for item in self.reversed if item not in self.items]:
            yield f"reversed items {', '.join(map(repr, strange))} are not in the scale"
        if more := _twice(self.reversed):
            yield f"reversed lists {', '.join(map(repr, more))} twice; an item is turned once"
        if not (_is_number(self.low) and _is_number(self.high) and self.low < self.high):
            yield f"low must be below high, both finite numbers, got {self.low!r} and {self.high!r}"
        elif self.whole is True and not (self.low == int(self.low) and self.high == int(self.high)):
            yield f"whole answers cannot reach from {self.low!r} to {self.high!r}; say whole=False"
        if not _is_flag(self.whole):
            yield f"whole must be True or False, got {self.whole!r:.80}"
        if fault := choice_fault("standard", self.standard, ("expectation", "none")):
            yield fault

    def to_dict(self) -> dict[str, Any]:
        """The instrument as texts, numbers, lists and one dictionary, ready for any format."""
        values = {name: getattr(self, name) for name in _FIELDS}
        lists = {name: list(values[name]) for name in ("reversed", "items")}
        return values | lists | {"dimensions": {name: list(items) for name, items in self.dimensions.items()}}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """An instrument from `to_dict`, or from what a person wrote by hand.

        Raises:
            InputError: a field is missing, unknown or of a wrong kind.
            ParameterError: the instrument contradicts itself.
        """
        if not isinstance(document, Mapping):
            raise InputError(f"a scale is read from fields and their values, got {type(document).__name__}")
        if unknown := [name for name in document if name not in _FIELDS]:
            raise InputError(f"a scale has no {', '.join(map(repr, unknown))}; its fields are {', '.join(_FIELDS)}")
        if absent := [name for name in ("name", "low", "high", "dimensions") if name not in document]:
            raise InputError(f"the scale does not say its {', '.join(absent)}; name, low, high and dimensions it must")
        dimensions = document["dimensions"]
        lists = [document.get("reversed", []), document.get("items", [])]
        if isinstance(dimensions, Mapping):
            lists += dimensions.values()
        if not (isinstance(dimensions, Mapping) and all(isinstance(listed, list | tuple) for listed in lists)):
            raise InputError("dimensions must name lists of items, and items and reversed be lists")
        if not all(isinstance(item, str | int) and item is not True for listed in lists for item in listed):
            raise InputError("items are numbers or names")
        if not all(type(document[bound]) in (int, float) for bound in ("low", "high")):
            raise InputError(f"low and high must be numbers, got {document['low']!r} and {document['high']!r}")
        return cls(**document)

    def to_json(self) -> str:
        """The instrument as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """An instrument from JSON text.

        Raises:
            InputError: the text is not a JSON object, or a field is missing, unknown or of a wrong kind.
            ParameterError: the instrument contradicts itself.
        """
        return cls._read(text, "JSON", json.loads)

    def to_toml(self) -> str:
        """The instrument as TOML text."""
        return write_toml(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """An instrument from TOML text.

        Raises:
            InputError: the text is not TOML, or a field is missing, unknown or of a wrong kind.
            ParameterError: the instrument contradicts itself.
        """
        return cls._read(text, "TOML", tomllib.loads)

    @classmethod
    def _read(cls, text: str, form: str, parse: Any) -> Self:
        if not isinstance(text, str):
            raise InputError(f"the scale's {form} must be a text, got {type(text).__name__}: read the file first")
        try:
            document = parse(text)
        except RecursionError:
            raise InputError(
                f"the scale is not {form} that a person writes: its brackets are nested too deep"
            ) from None
        except ValueError as error:  # both parsers' own errors are of this kind
            raise InputError(f"the scale is not {form}: {error}; write one with `to_{form.lower()}`") from None
        if not isinstance(document, Mapping):
            raise InputError(f"the scale's {form} holds {type(document).__name__}, expected fields and their values")
        return cls.from_dict(document)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def check_scale(scale: object) -> None:
    """Raise ParameterError for what is not a scale."""
    if not isinstance(scale, Scale):
        raise ParameterError(f"expected a Scale, such as SERVQUAL_1991, got {scale!r:.80}")


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
