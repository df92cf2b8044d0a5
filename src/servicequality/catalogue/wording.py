"""Parameters, domains and units in words, for the pages and the terminal alike."""

import inspect
import math
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from servicequality.columns import Column
from servicequality.core import Spec

__all__ = ["accepted", "default", "direction", "domain", "further_words", "span", "unit"]

_KINDS = {"integer": "whole number", "number": "number", "flag": "true or false", "instant": "zone-aware instant"}
_UNITS = {"s": "seconds", "share": "share (0 to 1)", "count": "count"}
_DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "neither": "neither direction is good by itself",
}


def domain(column: Column) -> str:
    """What a column may hold."""
    if column.choices:
        return ", ".join(column.choices)
    kind = _KINDS.get(column.kind, "label" if column.kind == "category" else "anything")
    if column.scales is not None:
        ranges = "; ".join(
            f"{key}: within `{ends}`" if isinstance(ends, str) else f"{key}: {ends[0]:g} to {ends[1]:g}"
            for key, ends in column.scales.items()
        )
        return f"{kind}, range by `{column.scale}` ({ranges})"
    if column.scale is not None:
        return f"{kind} within `{column.scale}`" if column.kind != "category" else f"the text of `{column.scale}`"
    if column.low is not None:
        return (
            f"{kind}, {column.low:g} to {column.high:g}"
            if column.high is not None
            else f"{kind}, {column.low:g} or more"
        )
    return kind


def accepted(annotation: Any) -> str:
    """What an option takes."""
    if get_origin(annotation) is Literal:
        return ", ".join(map(repr, get_args(annotation)))
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(accepted(part) for part in get_args(annotation) if part is not types.NoneType)
    if get_origin(annotation) is tuple:
        return "(low, high)" if get_args(annotation) == (int, int) else "a tuple"
    if get_origin(annotation) is Sequence:
        return "several texts" if get_args(annotation) == (str,) else "several numbers"
    if get_origin(annotation) is Mapping:
        return "a mapping"
    names = {
        "int": "a whole number",
        "float": "a number",
        "bool": "True or False",
        "str": "a text",
        "datetime": "a datetime",
    }
    return names.get(getattr(annotation, "__name__", ""), inspect.formatannotation(annotation).rpartition(".")[2])


def default(parameter: inspect.Parameter) -> str:
    """An option's default."""
    return "required" if parameter.default is parameter.empty else f"`{parameter.default!r}`"


def unit(spec: Spec) -> str:
    """The unit of the value in words."""
    return _UNITS.get(spec.unit, spec.unit)


def direction(spec: Spec) -> str:
    """Which way is good."""
    return _DIRECTIONS[spec.better]


def span(spec: Spec) -> str:
    """The range of the value; empty where it is open on both sides or said by the unit."""
    low, high = spec.bounds
    if spec.unit == "share" or not (math.isfinite(low) or math.isfinite(high)):
        return ""
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if math.isfinite(low) else f"{high:g} or less"


def further_words(doc: str | None) -> str:
    """What a docstring says between its first paragraph and its first section."""
    paragraphs = inspect.cleandoc(doc or "").split("\n\n")[1:]
    kept: list[str] = []
    for paragraph in paragraphs:
        head, _, body = paragraph.partition("\n")
        if head.endswith(":") and body.startswith(" "):
            break
        kept.append(paragraph)
    return "\n\n".join(kept)
