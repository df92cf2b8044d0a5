"""What a metric's limits are, in the words of its shape. Never here: those words."""

import functools
import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from servicequality.catalogue.searching import definition
from servicequality.core import Definition, Spec
from servicequality.shapes.describing import Description, description

__all__ = ["lies", "limits_of"]

_STATED: Mapping[str, Any] = {
    "abandoned": "missed",
    "as_of": datetime(2026, 1, 1, tzinfo=UTC),
    "definition": "one_touch",
    "dimension": "reliability",
    "objective": 0.99,
    "passing": 80.0,
    "scale": (1, 5),
    "since": datetime(2026, 1, 1, tzinfo=UTC),
    "threshold": 4.0,
    "until": datetime(2026, 2, 1, tzinfo=UTC),
    "version": "v2",
}
"""Values of options without a default: none of them changes how limits are made."""

_FURTHER: Mapping[str, Mapping[str, Any]] = {
    "autonomous_resolution_rate": {"confirmed": "assumed"},
    **{name: {"limit": 86_400.0} for name in ("churn_rate", "retention_rate")},
}
"""Options that one of several must be given."""


@functools.cache
def _description(name: str) -> Description | None:
    defined = definition(name)
    if not isinstance(defined, Definition):
        return None
    options = defined.spec.parameters.parameters
    required = [option for option, parameter in options.items() if parameter.default is inspect.Parameter.empty]
    metric = defined(**{option: _STATED[option] for option in required}, **_FURTHER.get(name, {}))
    return description(metric.shape)


def limits_of(spec: Spec) -> Description | None:
    """How the limits of a metric are made where its options are left at their defaults; None for a table."""
    return _description(spec.name)


def lies(spec: Spec) -> str:
    """When a metric lies, its limits included."""
    limits = limits_of(spec)
    return "\n\n".join(text for text in (spec.when_it_lies, limits.short if limits else "") if text)
