"""A scorecard as TOML text, read with a message that names the faulty part."""

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from servicequality import metrics
from servicequality.checks import choice
from servicequality.core import Definition, Metric
from servicequality.errors import ParameterError
from servicequality.scorecard.objective import Objective

TEMPLATES = ("weekly_operations", "monthly_experience", "quarterly_software")
"""The methods of `Scorecard` that a text may name."""

_CARD = ("period", "mode")
_PROMISE = (
    "at_least",
    "at_most",
    "change",
    "by",
    "period",
    "at",
    "name",
    "benchmark",
    "benchmark_source",
    "owner",
    "action",
)


def read_document(text: str) -> tuple[dict[str, Any], list[Objective]]:
    """The scorecard's own options and its objectives.

    Raises:
        ParameterError: the text is not TOML, or a part of it is wrong.
    """
    if not isinstance(text, str):
        raise ParameterError(
            f"a scorecard is a TOML text, got {type(text).__name__}; decode bytes, and read files first"
        )
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ParameterError(f"a scorecard is a TOML text; this is not TOML: {error}") from None
    except RecursionError:
        raise ParameterError("a scorecard is a TOML text; this one nests brackets too deeply to be read") from None
    _known(document, (*_CARD, "objective", "template", "targets"), "the scorecard")
    tables, fields = document.get("objective", []), {key: document[key] for key in _CARD if key in document}
    if "template" in document or "targets" in document:
        fields |= _template(document)
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise ParameterError("a scorecard has an [[objective]] for each promise; this has something else of that name")
    if not tables and "template" not in fields:
        raise ParameterError("a scorecard has an [[objective]] for each promise, or a template; this has none")
    return fields, [_objective(table, f"objective {place}") for place, table in enumerate(tables, start=1)]


def _template(document: Mapping[str, Any]) -> dict[str, Any]:
    """The template that the text names, and its targets."""
    name, targets = document.get("template"), document.get("targets", {})
    choice("template", name, TEMPLATES)
    if not isinstance(targets, Mapping):
        raise ParameterError(f"targets is a table of the template's parameters, got {targets!r}")
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in targets.items()}
    return {"template": name, "targets": given}


def _objective(table: Mapping[str, Any], where: str) -> Objective:
    _known(table, ("metric", "options", "where", *_PROMISE), where)
    try:
        return Objective(_metric(table, where), **{key: table[key] for key in _PROMISE if key in table})
    except ParameterError as error:
        raise error if str(error).startswith(where) else ParameterError(f"{where}: {error}") from None


def _metric(table: Mapping[str, Any], where: str) -> Metric | Callable[[dt.datetime], Metric]:
    name = table.get("metric")
    definition = vars(metrics).get(name) if isinstance(name, str) else None
    if not isinstance(definition, Definition):
        raise ParameterError(
            f"{where}: metric must be a name of the catalogue, got {name!r}; see servicequality.catalogue"
        )
    options = table.get("options", {})
    if not isinstance(options, Mapping):
        raise ParameterError(f"{where}: options is a table of the metric's parameters, got {options!r}")
    where_ = table.get("where", {})
    if not isinstance(where_, Mapping):
        raise ParameterError(f"{where}: where is a table of column = value, got {where_!r}")
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    conditions = [_condition(column, value, where) for column, value in where_.items()]

    def made(**more: Any) -> Metric:
        metric = definition(**given, **more)
        return metric.where(reduce(and_, conditions)) if conditions else metric

    if "as_of" in definition.spec.parameters.parameters and "as_of" not in given:
        return lambda as_of: made(as_of=as_of)
    return made()


def _condition(column: str, value: Any, where: str) -> pl.Expr:
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise ParameterError(
            f"{where}: where.{column} is a text, a number, true or false, or a list of them; got {value!r}"
        )
    condition: pl.Expr = reduce(or_, [pl.col(column) == one for one in values])
    return condition


def _known(table: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    if strange := [name for name in table if name not in names]:
        raise ParameterError(f"{where}: {strange[0]!r} is not part of it; there are {', '.join(names)}")
