"""`define` and `define_table`, and the definitions that they make."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any, Generic, ParamSpec, TypeVar, cast

import numpy as np
import polars as pl

from servicequality.checks import column, is_pattern, near, refuse_misfits, refusing_misfits, shown
from servicequality.core.domains import Bound
from servicequality.core.metric import Metric
from servicequality.core.naming import called_back, named_apart
from servicequality.core.rule_tree import replaced
from servicequality.core.spec import Spec, read_spec
from servicequality.errors import DefinitionError, ParameterError, ServiceQualityError
from servicequality.shapes import Shape
from servicequality.shapes.base import Better

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])

_WHOLE = (pl.Series, pl.DataFrame, pl.LazyFrame, pl.Expr, np.ndarray)
"""What no option of a metric is."""
_LIMITS = """Limits:
    How they are made, and where they are too short: `servicequality.catalogue.page("{}")`."""
_WORKING = "working_seconds"
_READING = ("missing", "better")
"""Options that say how answers are read, and do not make another quantity."""


class Definition(Generic[P]):
    """A metric's definition: call it with columns and options to get a `Metric`; `.spec` is its catalogue entry."""

    def __init__(self, body: Callable[P, Shape], spec: Spec) -> None:
        functools.update_wrapper(self, body)
        self.__doc__ = f"{inspect.cleandoc(body.__doc__ or '')}\n\n{_LIMITS.format(spec.name)}"
        self.spec = spec
        self._body = body

    def __repr__(self) -> str:
        return f"<definition {self.spec.call}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Metric:
        """Make the metric of the columns and options given.

        Raises:
            ParameterError: an option that the definition does not accept.
        """
        call = _bind(self.spec, *args, **kwargs)
        stated = set(call.arguments)
        call.apply_defaults()
        given = dict(call.arguments)
        columns = [(name, key) for key, domain in self.spec.inputs.items() for name in domain.names(given[key])]
        if bad := [name for name, _ in columns if not isinstance(name, str)]:
            raise ParameterError(
                f"{self.spec.name}: a column is given by its name, got {shown(bad[0])}; add an expression as a column first"
            )
        if blank := [key for key in self.spec.inputs if given[key] is None and key not in self.spec.optional]:
            raise ParameterError(f"{self.spec.name}: {blank[0]!r} takes the name of a column, got None")
        if whole := [key for key, value in given.items() if isinstance(value, _WHOLE)]:
            raise ParameterError(
                f"{self.spec.name}: {whole[0]} takes one value, got {type(given[whole[0]]).__name__}; a metric's rows are "
                "given to evaluate"
            )
        plain, patterns = _plain(self.spec, call)
        try:
            shape: object = self._body(*plain.args, **plain.kwargs)
        except ServiceQualityError:
            raise
        except Exception as error:
            refuse_misfits(self._body, call.args, call.kwargs, error)
            raise
        if not isinstance(shape, Shape):
            raise DefinitionError(f"{self.spec.name}: the body returns {type(shape).__name__}, expected a shape")
        shape = _named_literally(shape, patterns) if patterns else shape
        shape = shape.within(self.spec.bounds)
        # A column that was left at its default and that this call does not read need not be in the frame.
        read = shape.columns() - {name for name, key in columns if key in stated}
        return Metric(
            name=_name(self.spec, given),
            spec=self.spec,
            shape=shape,
            unit=shape.unit or self.spec.unit,
            revision=self.spec.revision,
            inputs=tuple(
                Bound.of(str(name), self.spec.inputs[key], given)
                for name, key in columns
                if key in stated or name in read
            ),
        )


class TableDefinition(Generic[F]):
    """A function of a frame that returns a tidy frame, where the answer is a series or a census and no single figure."""

    def __init__(self, body: F, spec: Spec) -> None:
        functools.update_wrapper(self, body)
        self.spec = spec
        self._body = refusing_misfits(body)

    def __repr__(self) -> str:
        return f"<table {self.spec.call}>"

    @property
    def __call__(self) -> F:
        """Compute the table: the function itself, with names of columns checked.

        Raises:
            InputError: a column is missing or holds what cannot be.
            ParameterError: an option that the function does not accept.
        """
        return cast("F", self._computed)

    def _computed(self, *args: Any, **kwargs: Any) -> Any:
        call = _bind(self.spec, *args, **kwargs)
        back = named_apart(self.spec, call)
        if not back:
            return self._body(*call.args, **call.kwargs)
        try:
            answer: Any = self._body(*call.args, **call.kwargs)
        except ServiceQualityError as error:
            raise type(error)(called_back(str(error), back)) from error
        return answer.rename({name: back[name] for name in back if name in answer.collect_schema()})


def define(
    *,
    title: str,
    unit: str,
    better: Better,
    formula: str,
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
    references: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    label: str | None = None,
    grain: str = "row",
    revision: int = 1,
    census: bool = False,
) -> Callable[[Callable[P, Shape]], Definition[P]]:
    """Make a definition of a function that returns a shape.

    The function's signature gives the parameters (columns first, options by keyword), its docstring the meaning;
    the docstring's sections "When it lies:" and "Why your vendor shows another number:" go into the catalogue.

    Args:
        title: the metric's full name.
        unit: unit of the value ("share", "points", "s", "count", …).
        better: "higher", "lower" or "neither".
        formula: the formula in LaTeX.
        bounds: the range of the value, to which the limits of means and ratios are cut.
        references: where the definition comes from.
        aliases: other words that people search for.
        label: how a person writes the metric in a sentence.
        grain: what one row is (answer, ticket, clock, …).
        revision: raise it when the meaning changes, so that stored states of the old one are refused.
        census: whether it counts what is there at one instant over all rows, whenever they began. A scorecard then takes it
            at each period's end, and compares the value itself with the target.

    Raises:
        DefinitionError: the function has no docstring, names no column, or takes an option by position.
    """

    def decorate(body: Callable[P, Shape]) -> Definition[P]:
        spec = read_spec(
            body,
            title=title,
            unit=unit,
            better=better,
            formula=formula,
            bounds=bounds,
            references=references,
            aliases=aliases,
            label=label,
            grain=grain,
            revision=revision,
            census=census,
        )
        return Definition(body, spec)

    return decorate


def define_table(
    *,
    title: str,
    unit: str,
    better: Better,
    formula: str,
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
    references: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    label: str | None = None,
    grain: str = "row",
    data: int = 1,
) -> Callable[[F], TableDefinition[F]]:
    """Give a function that answers with a table its place in the catalogue, as `define` gives it to a metric.

    The function's first parameter is the data (or the first `data` ones); then columns, and options by keyword. It returns a
    frame in the columns of `evaluate` where its figures are values with limits (`result_rows` makes it); made by `of_frame`,
    it is lazy for lazy data. Its docstring is read as a metric's is, with a section "Example:" whose code the catalogue runs
    after the rows of the grain are made.

    Args:
        title: as for `define`; so the others.
        unit: unit of the value.
        better: "higher", "lower" or "neither".
        formula: the formula in LaTeX.
        bounds: the range of the value.
        references: where the definition comes from.
        aliases: other words that people search for.
        label: how a person writes it in a sentence.
        grain: what one row of the data is.
        data: how many of the leading parameters are data.

    Raises:
        DefinitionError: the function has no docstring, or takes an option by position.
    """

    def decorate(body: F) -> TableDefinition[F]:
        spec = read_spec(
            body,
            data=data,
            title=title,
            unit=unit,
            better=better,
            formula=formula,
            bounds=bounds,
            references=references,
            aliases=aliases,
            label=label,
            grain=grain,
        )
        return TableDefinition(body, spec)

    return decorate


def _bind(spec: Spec, *args: object, **kwargs: object) -> inspect.BoundArguments:
    try:
        return spec.parameters.bind(*args, **kwargs)
    except TypeError as error:
        known = spec.parameters.parameters
        strange = [
            f"got an unexpected keyword argument {name!r}{near(name, known)}" for name in kwargs if name not in known
        ]
        raise ParameterError(f"{spec.name}: {', '.join(strange) or error}; its parameters are {spec.call}") from None


def _plain(spec: Spec, call: inspect.BoundArguments) -> tuple[inspect.BoundArguments, dict[str, str]]:
    """The call with plain names in the place of columns' names that Polars would read as patterns; and which are which."""
    plain = spec.parameters.bind(*call.args, **call.kwargs)
    names: dict[str, str] = {}
    for key, domain in spec.inputs.items():
        given = plain.arguments[key]
        texts = given if isinstance(given, tuple) else (given,)
        if domain.named != "{}" or not any(isinstance(text, str) and is_pattern(text) for text in texts):
            continue
        stand_ins = {text: f"servicequality.column:{text}" for text in texts if is_pattern(text)}
        names |= {stand_in: text for text, stand_in in stand_ins.items()}
        changed = tuple(stand_ins.get(text, text) for text in texts)
        plain.arguments[key] = changed if isinstance(given, tuple) else changed[0]
    return plain, names


def _named_literally(shape: Shape, names: Mapping[str, str]) -> Shape:
    """The shape with the columns of its rules called by their own names."""
    columns = {stand_in: column(name) for stand_in, name in names.items()}
    changed: dict[str, Any] = {
        rule.name: replaced(getattr(shape, rule.name), columns)
        for rule in fields(shape)
        if isinstance(getattr(shape, rule.name), pl.Expr)
    }
    refused = {
        wrong.replace("servicequality.column:", ""): replaced(bad, columns) for wrong, bad in shape.refused.items()
    }
    return replace(shape, refused=refused, **changed)


def _name(spec: Spec, given: dict[str, object]) -> str:
    """The function and what is not default, in words: `resolution_time_p90`."""
    parts = [spec.name]
    if any(str(given[key]).endswith(_WORKING) for key in spec.inputs):
        parts.append("working")  # a fact's twin in working time is another quantity, and its name says so
    scales = {column.scale for column in spec.inputs.values()}
    scales |= {
        ends for column in spec.inputs.values() for ends in (column.scales or {}).values() if isinstance(ends, str)
    }
    for key, parameter in spec.parameters.parameters.items():
        value = given[key]
        if key in spec.inputs:
            if value != parameter.default and spec.inputs[key].named != "{}":  # the text says what is measured
                parts += value if isinstance(value, tuple) else (str(value),)
            continue
        if key in _READING or value == parameter.default or (key in scales and not isinstance(value, str)):
            continue
        # Of required options a word distinguishes quantities, unless it only tells how the question was put.
        if parameter.default is parameter.empty and (not isinstance(value, str) or key in scales):
            continue
        if isinstance(value, date):  # datetimes too: an instant is not part of what is measured
            continue
        parts.append(_word(key, value))
    return "_".join(parts)


def _word(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if value is True:
        return key
    if value is None:
        return f"no_{key}"
    if key == "statistic" and isinstance(value, float):
        return f"p{100 * value:g}"
    words = value if isinstance(value, tuple) else (value,)
    return "_".join([key, *(f"{word:g}" if isinstance(word, float) else str(word).lower() for word in words)])
