"""`Spec`: a definition's title, unit, parameters and texts, read from its signature and docstring."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from servicequality.columns import Column
from servicequality.core.labels import in_words
from servicequality.errors import DefinitionError
from servicequality.shapes.base import Better

WHEN_IT_LIES = "When it lies:"
WHY_VENDORS_DIFFER = "Why your vendor shows another number:"
EXAMPLE = "Example:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """The catalogue entry of a definition.

    Attributes:
        name: the function's name, and the default name of its results.
        label: how a person writes the metric in a sentence ("NPS").
        title: the metric's full name.
        family: the module that defines it.
        grain: what one row is (answer, ticket, clock, …).
        unit: unit of the value, unless the shape fixes another.
        better: which direction is good.
        bounds: the range of the value.
        formula: LaTeX.
        references: where the definition comes from.
        aliases: other words that people search for.
        answer: the docstring's first paragraph: the one-line answer.
        when_it_lies: the docstring's section of that name.
        why_vendors_differ: the docstring's section of that name.
        inputs: parameter name to domain, for the parameters that name columns.
        parameters: the signature without its annotations' clutter.
        example: the docstring's section of that name: code for the catalogue's page, where the usual example does not fit.
        table: whether it is a function of a frame that returns a tidy frame, and not a metric.
        data: how many of the leading parameters are frames; 0 for a metric.
        revision: the version of its meaning, which its author raises when that changes: states of different ones do not add.
        census: whether it counts what is there at one instant, `as_of`, over all rows, whenever they began.
    """

    name: str
    label: str
    title: str
    family: str
    grain: str
    unit: str
    better: Better
    bounds: tuple[float, float]
    formula: str
    references: tuple[str, ...]
    aliases: tuple[str, ...]
    answer: str
    when_it_lies: str
    why_vendors_differ: str
    inputs: Mapping[str, Column]
    parameters: inspect.Signature
    example: str = ""
    table: bool = False
    data: int = 0
    revision: int = 1
    census: bool = False

    @property
    def call(self) -> str:
        """How it is called: `csat(score="score", *, scale, box=None)`, without the types.

        What stands in `servicequality.tables` begins with `tables.`.
        """
        parts, by_name = [], False
        for parameter in self.parameters.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not by_name:
                parts.append("*")
                by_name = True
            bare = parameter.default is parameter.empty
            parts.append(parameter.name if bare else f"{parameter.name}={_literal(parameter.default)}")
        return f"{self.path}({', '.join(parts)})"

    @property
    def path(self) -> str:
        """Where it stands below `servicequality`: `csat`, `tables.pareto`."""
        return f"tables.{self.name}" if self.family == "tables" else self.name

    @property
    def optional(self) -> frozenset[str]:
        """The inputs that may be None."""
        annotations = {key: self.parameters.parameters[key].annotation for key in self.inputs}
        return frozenset(key for key, annotation in annotations.items() if type(None) in get_args(annotation))


def read_spec(body: Callable[..., Any], *, data: int = 0, **stated: Any) -> Spec:
    """The spec of a metric's body, or of a function that returns a table: from its decorator, signature and docstring.

    Raises:
        DefinitionError: the docstring or an annotation is missing, or the body names no column.
    """
    name = body.__name__
    doc = inspect.getdoc(body)
    if not doc:
        raise DefinitionError(f"{name}: a metric's docstring is its meaning; write one that begins with the answer")
    signature = inspect.signature(body)
    inputs = {key: column for key, hint in _hints(body).items() if (column := _column(hint)) is not None}
    if not (inputs or data):
        raise DefinitionError(
            f"{name}: no parameter names a column; annotate one with a type of servicequality.columns, "
            'such as `score: Score0To10 = "score"`'
        )
    for place, parameter in enumerate(signature.parameters.values()):
        if place < data:
            continue
        if parameter.name not in inputs and parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise DefinitionError(f"{name}: {parameter.name!r} is an option; put it after `*`, so that calls name it")
    for key, column in inputs.items():
        if column.scale is not None and column.scale not in signature.parameters:
            raise DefinitionError(f"{name}: {key!r} takes its range from {column.scale!r}, which is not a parameter")
    stated["label"] = stated["label"] or in_words(name)
    return Spec(
        name=name,
        family=_family(body.__module__),
        answer=" ".join(doc.split("\n\n", maxsplit=1)[0].split()),
        when_it_lies=_section(doc, WHEN_IT_LIES),
        why_vendors_differ=_section(doc, WHY_VENDORS_DIFFER),
        inputs=inputs,
        parameters=signature,
        example=_section(doc, EXAMPLE),
        table=data > 0,
        data=data,
        **stated,
    )


def _literal(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)


def _family(module: str) -> str:
    """The module that defines it; within `metrics` the folder, where a family has grown into one.

    A module that is itself called `metrics` holds those of its package, which is then the family. Tables are one family.
    """
    if module.startswith("servicequality.tables."):
        return "tables"
    parts = module.split(".")
    if "metrics" in parts[:-1]:
        return parts[parts.index("metrics") + 1]
    return parts[-2] if parts[-1] == "metrics" and len(parts) > 1 else parts[-1]


def _hints(body: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(body, include_extras=True)
    except NameError as error:
        raise DefinitionError(f"{body.__name__}: cannot read the annotations: {error}") from error


def _column(hint: Any) -> Column | None:
    """The domain in `Annotated[str, Column(…)]`, also when it may be None."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            return next((extra for extra in part.__metadata__ if isinstance(extra, Column)), None)
    return None


def _section(doc: str, title: str) -> str:
    section = re.search(rf"^{re.escape(title)}\n((?:[ \t]+.*\n?|\n)+)", doc + "\n", flags=re.MULTILINE)
    return inspect.cleandoc(section.group(1)) if section else ""
