"""How a metric is defined, and a table that is none. Lives here: `define`, `define_table`, and what they make.

Never here: a definition, or how one is computed.
"""

import functools
import inspect
from collections.abc import Callable
from datetime import date
from typing import Generic, ParamSpec, TypeVar

from servicequality.core.domains import Bound
from servicequality.core.metric import Metric
from servicequality.core.spec import Spec, read_spec
from servicequality.errors import DefinitionError, ParameterError
from servicequality.shapes import Shape
from servicequality.shapes.base import Better

P = ParamSpec("P")
R = TypeVar("R")

_WORKING = "working_seconds"
_READING = ("missing", "better")
"""Options that say how answers are read, and make no other quantity."""


class Definition(Generic[P]):
    """A metric's definition: call it with columns and options to get a `Metric`; `.spec` is its catalogue entry."""

    def __init__(self, body: Callable[P, Shape], spec: Spec) -> None:
        functools.update_wrapper(self, body)
        self.spec = spec
        self._body = body

    def __repr__(self) -> str:
        return f"<definition {self.spec.name}{self.spec.parameters}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Metric:
        """Pour the row rule into its shape.

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
                f"{self.spec.name}: a column is given by its name, got {bad[0]!r}; add an expression as a column first"
            )
        shape = self._body(*args, **kwargs)
        if not isinstance(shape, Shape):
            raise DefinitionError(f"{self.spec.name}: the body returns {type(shape).__name__}, expected a shape")
        shape = shape.within(self.spec.bounds)
        # A column that was left at its default and that this call does not read need not be in the frame.
        read = shape.columns() - {name for name, key in columns if key in stated}
        return Metric(
            name=_name(self.spec, given),
            spec=self.spec,
            shape=shape,
            inputs=tuple(
                Bound.of(str(name), self.spec.inputs[key], given)
                for name, key in columns
                if key in stated or name in read
            ),
        )


class TableDefinition(Generic[P, R]):
    """A function of a frame that returns a tidy frame, where the answer is a series or a census and no single figure."""

    def __init__(self, body: Callable[P, R], spec: Spec) -> None:
        functools.update_wrapper(self, body)
        self.spec = spec
        self._body = body

    def __repr__(self) -> str:
        return f"<table {self.spec.name}{self.spec.parameters}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Compute the table.

        Raises:
            InputError: a column is missing or holds what cannot be.
            ParameterError: an option that the function does not accept.
        """
        _bind(self.spec, *args, **kwargs)
        return self._body(*args, **kwargs)


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
) -> Callable[[Callable[P, Shape]], Definition[P]]:
    """Make a definition of a function that returns a shape.

    The function's signature gives the parameters (columns first, options by keyword), its docstring the meaning;
    the docstring's sections "When it lies:" and "Why your vendor shows another number:" go into the catalogue.

    Args:
        title: the metric's full name.
        unit: unit of the value ("share", "points", "s", "count", …).
        better: "higher", "lower" or "neither".
        formula: LaTeX.
        bounds: the range of the value, to which the limits of means and ratios are cut.
        references: where the definition comes from.
        aliases: other words that people search for.
        label: how a person writes the metric in a sentence.
        grain: what one row is (answer, ticket, clock, …).

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
) -> Callable[[Callable[P, R]], TableDefinition[P, R]]:
    """Give a function that answers with a table its place in the catalogue, as `define` gives it to a metric.

    The function's first parameter is the data (or the first `data` ones); then columns, and options by keyword. It returns a
    frame in the columns of `evaluate` where its figures are values with limits (`result_rows` makes it). Its docstring is
    read as a metric's is, with a section "Example:" whose code the catalogue runs after the rows of the grain are made.

    Args:
        title: as for `define`; so the others.
        unit: unit of the value.
        better: "higher", "lower" or "neither".
        formula: LaTeX.
        bounds: the range of the value.
        references: where the definition comes from.
        aliases: other words that people search for.
        label: how a person writes it in a sentence.
        grain: what one row of the data is.
        data: how many of the leading parameters are data.

    Raises:
        DefinitionError: the function has no docstring, or takes an option by position.
    """

    def decorate(body: Callable[P, R]) -> TableDefinition[P, R]:
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
        raise ParameterError(f"{spec.name}: {error}; its parameters are {spec.parameters}") from None


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
        # Of what must be said, a word tells quantities apart, unless it only says how the answers were asked for.
        if parameter.default is parameter.empty and (not isinstance(value, str) or key in scales):
            continue
        if isinstance(value, date):  # datetimes too: an instant is no part of what is measured
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
