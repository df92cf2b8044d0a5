"""Labels are words: of every metric, with its defaults and with each of its options changed."""

import re
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from servicequality.catalogue import index
from servicequality.catalogue.searching import definitions, families, written
from servicequality.core import Definition, Metric
from servicequality.core.labels import family_title, label_of
from servicequality.errors import ServiceQualityError

SPECS = [one.spec for one in definitions()]
METRICS = [one for one in definitions() if isinstance(one, Definition)]
ACRONYMS = (
    "AAPOR", "AHT", "API", "CES", "CSAT", "FCR", "ICC", "MTTR", "NPS", "QA", "SERVPERF", "SERVQUAL", "SLA", "SUS", "UMUX",
)  # fmt: skip
CAPITALS = {acronym.lower(): acronym for acronym in ACRONYMS}
VALUES = {
    bool: (True, False),
    int: (1, 3, 7),
    float: (0.9, 2.5, 14_400.0),
    str: ("on_hold",),
    datetime: (datetime(2026, 3, 1, tzinfo=UTC),),
    type(None): (None,),
}
ALSO_NEEDED: dict[str, dict[str, object]] = {
    "autonomous_resolution_rate": {"confirmed": "assumed"},
    "churn_rate": {"limit": 7_200.0},
    "deployment_frequency": {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)},
    "retention_rate": {"limit": 7_200.0},
}


def faults(label: str) -> list[str]:
    """What is not a word in a label: an underscore, a piece of Python, an acronym in small letters."""
    label = re.sub(r"ICC\([ACk1,]+\)", "ICC", label)  # the forms are written so
    pieces = re.findall(r"_|[(){}\[\]<>=]|\bNone\b|\bTrue\b|\bFalse\b|'(?!s? |s?$)|\d{5,}", label)
    return pieces + [word for word in re.findall(r"[A-Za-z]+", label) if word != CAPITALS.get(word.lower(), word)]


def values(annotation: Any) -> Iterator[object]:
    """A few values that an option of this type may take."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from values(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from values(part)
    elif origin is Literal:
        yield from get_args(annotation)
    else:
        yield from VALUES.get(annotation, ((1, 5), (5, 7), ("on_hold",)))


def made(definition: Definition[...], /, **options: object) -> Metric | None:
    """The metric of these options, and of a value that the required one accepts; None where they do not fit."""
    parameters = definition.spec.parameters.parameters
    options = ALSO_NEEDED.get(definition.spec.name, {}) | options
    required = [name for name, one in parameters.items() if one.default is one.empty and name not in options]
    tried = [{required[0]: value} for value in values(parameters[required[0]].annotation)] if required else [{}]
    for needed in tried:
        try:
            return definition(**needed, **options)
        except ServiceQualityError:
            continue
    return None


@pytest.mark.parametrize("definition", METRICS, ids=lambda one: one.spec.name)
def test_labels_of_a_metric_are_words_whatever_is_chosen(definition: Definition[...]) -> None:
    spec = definition.spec
    default = made(definition)
    assert default is not None
    metrics = [default]
    for name, parameter in spec.parameters.parameters.items():
        chosen = values(parameter.annotation)
        if name in spec.inputs:
            known = isinstance(parameter.default, str)
            chosen = iter(
                [parameter.default.replace("_seconds", "_working_seconds"), "renamed"] if known else ["empathy"]
            )
        metrics += [metric for value in chosen if (metric := made(definition, **{name: value})) is not None]
    labels = {metric.name: label_of(metric.name, definition=spec.name, label=spec.label) for metric in metrics}
    assert {name: wrong for name, label in labels.items() if (wrong := faults(label))} == {}
    assert {name: written(name) for name in labels} == labels
    assert len(set(labels.values())) == len(labels), "two metrics of one label"


def test_the_catalogue_writes_acronyms_in_capitals() -> None:
    assert [spec.name for spec in SPECS if faults(spec.label) or faults(spec.title)] == []
    titles = [family_title(family) for family in families()]
    assert [title for title in titles if faults(title)] == []
    assert {"SLA", "SERVQUAL", "Contact centre", "Self-service"} <= set(titles)
    assert all(f"### [{title}](" in index() for title in titles)


@pytest.mark.parametrize("label", ["csat", "Sla attainment", "in_status", "scale (1, 5)", "box None", "within 14400"])
def test_the_law_sees_what_is_no_word(label: str) -> None:
    assert faults(label)
