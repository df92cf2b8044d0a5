"""Tables: the check of their rows, and their computation with its columns. Never here: result columns (`results`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from servicequality.checks import shown
from servicequality.core.boundary import Computation
from servicequality.core.domains import Bound, check_types, check_values, require_columns, widened
from servicequality.core.grouping import Grouping
from servicequality.core.results import RESULT
from servicequality.core.spec import Spec
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records, as_frame

__all__ = ["TableInput"]


class TableInput:
    """The rows that a table's call names, checked as a metric's are.

    Attributes:
        by: key columns.
        schema: its columns.
    """

    def __init__(
        self,
        data: Any,
        spec: Spec,
        *,
        table: str | None = None,
        by: str | Sequence[str] = (),
        refused: Mapping[str, pl.Expr] | None = None,
        **columns: str | None,
    ) -> None:
        """Take the data of a call.

        Args:
            data: any dataframe, or `Records`.
            spec: the table's own; its inputs say what the columns may hold.
            table: which table of `Records` to take.
            by: key columns.
            refused: row rules of invalid rows, by what is wrong with them.
            columns: the column that the call names for each of the spec's inputs; None is not read.

        Raises:
            InputError: the records have no such table, or a column is missing or of a wrong type.
            ParameterError: a key or a column is not given by a name, or is given twice.
        """
        named = {role: name for role, name in columns.items() if name is not None}
        if bad := [name for name in named.values() if not isinstance(name, str)]:
            raise ParameterError(f"{spec.name}: a column is given by its name, got {shown(bad[0])}")
        grouping = Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None)
        self.by: list[str] = list(grouping.by)
        if isinstance(data, Records) and table is not None:
            data = getattr(data, table)
            if data is None:
                raise InputError(f"{spec.name}: expected records with {table}; got none: say Records({table}=…)")
        self._rows: pl.LazyFrame = as_frame(data).lazy()
        self._refused = refused or {}
        self._bounds = [Bound.of(name, spec.inputs[role], {}) for role, name in named.items()]
        grouping.frame(self._rows, [])  # the keys are there
        schema = self._rows.collect_schema()
        require_columns(schema, named.values(), role=spec.name)
        check_types(schema, self._bounds)
        if wide := widened(schema, self._bounds):
            self._rows = self._rows.with_columns(wide)
        self.schema: pl.Schema = self._rows.collect_schema()

    def checked(self) -> pl.LazyFrame:
        """The rows as they are.

        Raises:
            InputError: values lie outside their domain, or rows cannot be.
        """
        # A free label can hold nothing that its type does not allow: no scan is spent on looking.
        kinds = ("integer", "number", "instant")
        limited = [bound for bound in self._bounds if bound.choices or bound.domain.kind in kinds]
        check_values(self._rows, limited, self._refused.items())
        return self._rows

    def answer(
        self,
        compute: Callable[[], pl.DataFrame],
        *,
        keys: Mapping[str, pl.DataType] | None = None,
        more: Mapping[str, pl.DataType] | None = None,
    ) -> Computation:
        """What `compute` gives, with its columns.

        Args:
            compute: makes the columns `by…`, `keys`, those of every result, and `more`, sorted by its keys.
            keys: the table's own keys, after `by`.
            more: the table's own figures, after the result's columns.

        Raises:
            ParameterError: a column of the caller is called like one of the answer's own.
        """
        own = {key: self.schema[key] for key in self.by}
        names = [*own, *(keys or {}), *RESULT, *(more or {})]
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            raise ParameterError(f"the answer has a column {twice[0]!r} of its own; rename the frame's column first")
        return Computation(compute, lambda: {**own, **(keys or {}), **RESULT, **(more or {})})
