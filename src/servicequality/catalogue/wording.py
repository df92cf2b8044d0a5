"""Parameters, domains and units in words, for the pages and the terminal alike."""

import inspect
import math
import types
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import polars as pl

from servicequality.columns import Column
from servicequality.core import Spec

__all__ = ["accepted", "default", "direction", "domain", "further_words", "span", "takes", "unit"]

_KINDS = {"integer": "whole number", "number": "number", "flag": "true or false", "instant": "zone-aware instant"}
_UNITS = {"s": "seconds", "share": "share (0 to 1)", "count": "count"}
_ONE: dict[object, str] = {
    int: "a whole number", float: "a number", bool: "True or False", str: "a text", datetime: "a zone-aware datetime",
}  # fmt: skip
_SEVERAL: dict[object, str] = {int: "several whole numbers", float: "several numbers", str: "several texts"}
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


def takes(spec: Spec, name: str) -> str:
    """What a parameter takes: the data, a column of some domain, or an option of some type."""
    place = list(spec.parameters.parameters).index(name)
    if place < spec.data:
        return f"the data: any dataframe, one row per {spec.grain if place == 0 else name.rstrip('s')}"
    if name not in spec.inputs:
        return accepted(spec.parameters.parameters[name].annotation)
    meaning, legal = spec.inputs[name].meaning, domain(spec.inputs[name])
    return f"column: {meaning}" + ("" if legal in meaning else f" ({legal})")


def accepted(annotation: Any) -> str:
    """What an option takes."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return accepted(parts[0])
    if annotation is Any or pl.DataFrame in parts:
        return "any dataframe"
    if origin is Literal:
        return ", ".join(map(repr, parts))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(accepted(part) for part in parts if part is not types.NoneType))
    if origin is tuple and parts[-1] is not Ellipsis:
        return "(start, end)" if parts == (datetime, datetime) else "(low, high)"
    if origin in (tuple, Sequence):
        return _SEVERAL.get(parts[0], "several values")
    if origin is Mapping:
        return "a mapping"
    return _ONE.get(annotation, f"a {getattr(annotation, '__name__', 'value')}")


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
