"""The catalogue for other programs: `to_frame` and `to_json`."""

import inspect
import json
import math
from typing import Any

import polars as pl

from servicequality.catalogue.searching import families
from servicequality.columns import Column
from servicequality.core import Spec

__all__ = ["to_frame", "to_json"]

SCHEMA_VERSION = 1
"""Of the JSON: it rises when a reader of the old form could not read the new one."""

_TEXTS = ("name", "label", "title", "family", "grain", "unit", "better", "formula", "answer", "when_it_lies")


def to_frame() -> pl.DataFrame:
    """One row a metric, sorted by family and name.

    Columns: `name, label, title, family, grain, unit, better, formula, answer, when_it_lies, why_vendors_differ`, the range
    `low` and `high` (null where it is open), and the lists `aliases`, `references`, `columns` (parameters that name columns)
    and `options` (the other parameters).
    """
    entries = [_entry(spec) for spec in _specs()]
    lists = dict.fromkeys(("aliases", "references", "columns", "options"), pl.List(pl.String))
    texts = dict.fromkeys((*_TEXTS, "why_vendors_differ"), pl.String)
    rows = [entry | {"columns": list(entry["columns"]), "options": list(entry["options"])} for entry in entries]
    return pl.DataFrame(rows, schema={**texts, "low": pl.Float64, "high": pl.Float64, **lists})


def to_json() -> str:
    """The whole catalogue as JSON: `schema`, `schema_version`, and `metrics` with their columns' domains and options."""
    content = {
        "schema": "servicequality/catalogue",
        "schema_version": SCHEMA_VERSION,
        "metrics": [_entry(spec) for spec in _specs()],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _specs() -> list[Spec]:
    return [spec for specs in families().values() for spec in specs]


def _entry(spec: Spec) -> dict[str, Any]:
    low, high = (bound if math.isfinite(bound) else None for bound in spec.bounds)
    parameters = spec.parameters.parameters
    return {
        **{name: getattr(spec, name) for name in (*_TEXTS, "why_vendors_differ")},
        "low": low,
        "high": high,
        "aliases": list(spec.aliases),
        "references": list(spec.references),
        "columns": {name: _domain(column, _default(parameters[name])) for name, column in spec.inputs.items()},
        "options": {
            name: {"required": parameter.default is parameter.empty, "default": _default(parameter)}
            for name, parameter in parameters.items()
            if name not in spec.inputs
        },
    }


def _domain(column: Column, default: object) -> dict[str, Any]:
    return {
        "default": default,
        "kind": column.kind,
        "meaning": column.meaning,
        "low": column.low,
        "high": column.high,
        "range_from": column.scale,
        "choices": list(column.choices),
    }


def _default(parameter: inspect.Parameter) -> object:
    if parameter.default is parameter.empty:
        return None
    return list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
