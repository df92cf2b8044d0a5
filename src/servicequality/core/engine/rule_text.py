"""The canonical text of shapes and expressions, from which fingerprints are made."""

# A fingerprint is made of this text and not of Polars' own binary form, so that stored states can still be read after an
# upgrade. The words are ours: where Polars renames a node of its trees, this file changes and the text does not.

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from io import BytesIO
from typing import Any

import polars as pl

from servicequality.core.rule_tree import NO_COLUMN, Tree, node, strange, tree
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, TableShape, WholeShape

__all__ = ["expression_text", "shape_text"]

_OPERATORS = {
    "And": "and",
    "Divide": "divided by",
    "Eq": "=",
    "EqValidity": "is",
    "FloorDivide": "divided down by",
    "Gt": ">",
    "GtEq": ">=",
    "Lt": "<",
    "LtEq": "<=",
    "LogicalAnd": "and",
    "LogicalOr": "or",
    "Minus": "-",
    "Modulus": "mod",
    "Multiply": "*",
    "NotEq": "!=",
    "NotEqValidity": "is not",
    "Or": "or",
    "Plus": "+",
    "TrueDivide": "/",
    "Xor": "xor",
}
_NOT_SUMMED = ("unit", "better", "empty", "undefined", "unbounded", "census", "method")
"""Fields of a shape that are words about a value, or choose its limits: states are the same whatever they say."""


def shape_text(shape: Shape) -> str:
    """A shape in words: its kind, options, leaves, and the rows that it refuses and leaves out."""
    lines = [f"shape {type(shape).__name__}"]
    lines += [f"option {name}: {value}" for name, value in _options(shape).items()]
    lines += [f"leaf {leaf}: {expression_text(getattr(shape, leaf))}" for leaf in shape.leaves()]
    if isinstance(shape, TableShape):
        lines.append(_table_text(shape))
    if isinstance(shape, WholeShape):
        lines += [f"reads {name}: {expression_text(rule)}" for name, rule in shape.reads().items()]
    if shape.excluded is not None:
        lines.append(f"excluded: {expression_text(shape.excluded)}")
    lines += [f"refused {fault}: {expression_text(bad)}" for fault, bad in shape.refused.items()]
    return "\n".join(lines)


def _table_text(shape: TableShape) -> str:
    """What a value table holds, in words."""
    lines = [f"bits of a number: {shape.mantissa}"]
    for record in shape.records():
        lines.append(f"at: {expression_text(record.at)}")
        lines += [f"leaf {leaf}: {expression_text(getattr(record, leaf))}" for leaf in record.leaves()]
    if shape.stratum is not None:
        lines.append(f"stratum: {expression_text(shape.stratum)}")
    return "\n".join(lines)


def expression_text(expression: pl.Expr) -> str:
    """A row rule in words.

    Raises:
        ParameterError: it holds an operation of another kind than a row rule's.
    """
    whole = tree(expression)
    if (why := strange(whole)) not in (None, NO_COLUMN):
        raise ParameterError(f"{why} is not part of a row rule; add what it computes as a column first")
    return _text(whole)


def _options(shape: Shape) -> dict[str, str]:
    """The shape's options in words, by name: what is neither a leaf nor an expression."""
    leaves = shape.leaves()
    told: dict[str, str] = {}
    for one in fields(shape):
        value = getattr(shape, one.name)
        if one.name in leaves or one.name in _NOT_SUMMED or isinstance(value, (pl.Expr, Mapping)) or value is None:
            continue
        told[one.name] = repr(value)
    return told


def _text(of: Tree) -> str:
    top = node(of)
    return _NODES[top.kind](top.content)


def _binary(content: Tree) -> str:
    operator = _OPERATORS.get(content["op"], _snake(content["op"]))
    return f"({_text(content['left'])} {operator} {_text(content['right'])})"


def _function(content: Tree) -> str:
    name, options = _named(content["function"])
    arguments = ", ".join(map(_text, content["input"]))
    return f"{name}({arguments}{'; ' if options else ''}{options})"


def _named(function: Tree) -> tuple[str, str]:
    """A function's name in lower case with its family, and its options."""
    if isinstance(function, str):
        return _snake(function), ""
    family, inner = next(iter(function.items()))
    if isinstance(inner, str):
        return f"{_snake(family)} {_snake(inner)}", ""
    if isinstance(inner, dict) and len(inner) == 1 and isinstance(next(iter(inner.values())), dict):
        name, options = next(iter(inner.items()))
        return f"{_snake(family)} {_snake(name)}", json.dumps(options, sort_keys=True)
    return _snake(family), json.dumps(inner, sort_keys=True)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _literal(content: Tree) -> str:
    kind, value = next(iter(content.items()))
    if kind == "Dyn":
        number = next(iter(value.values()))
        return repr(int.from_bytes(number, "big", signed=True) if isinstance(number, bytes) else number)
    if kind == "Scalar":
        return _scalar(value)
    if kind == "Series":
        return str(_listed(value))
    return json.dumps(content, sort_keys=True)


def _scalar(value: Tree) -> str:
    kind, inner = next(iter(value.items()))
    if kind == "Null":
        return "null"
    if kind == "List":
        return str(_listed(inner))
    if kind == "Datetime":
        count, unit, zone = inner
        name = zone["inner"] if isinstance(zone, dict) else zone
        return f"instant {count} {_snake(unit)} {name}"
    if isinstance(inner, (bool, str)):
        return json.dumps(inner)
    return repr(inner) if isinstance(inner, (int, float)) else f"{_snake(kind)} {inner!r}"


def _listed(content: Tree) -> list[Any]:
    """The values of a list literal, which Polars writes as Arrow IPC."""
    values: list[Any] = pl.read_ipc_stream(BytesIO(bytes(content))).to_series().to_list()
    return values


def _cast(content: Tree) -> str:
    dtype = content["dtype"]
    named = dtype.get("Literal", dtype) if isinstance(dtype, dict) else dtype
    kind = _snake(named) if isinstance(named, str) else json.dumps(named, sort_keys=True)
    strict = "" if content["options"] == "Strict" else f", {content['options']}"
    return f"{kind}({_text(content['expr'])}{strict})"


_NODES: dict[str, Callable[[Tree], str]] = {
    "Column": lambda name: f"column {json.dumps(name)}",
    "Literal": _literal,
    "BinaryExpr": _binary,
    "Cast": _cast,
    "Ternary": lambda it: f"if {_text(it['predicate'])} then {_text(it['truthy'])} else {_text(it['falsy'])}",
    "Alias": lambda content: _text(content[0]),
    "KeepName": _text,
    "Function": _function,
}
