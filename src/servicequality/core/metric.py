"""A metric: a row rule poured into a shape, ready to be asked. Lives here: `Metric`. Never: what any metric means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any, Self, overload

import polars as pl

from servicequality.checks import column, listed, shown
from servicequality.core import evaluation, states
from servicequality.core.domains import Bound
from servicequality.core.estimate import Estimate
from servicequality.core.finishing import check_level, finish_fixed, finish_table
from servicequality.core.question import Question
from servicequality.core.rule_tree import literal_names, replaced, strange, tree
from servicequality.core.spec import Spec
from servicequality.errors import ParameterError
from servicequality.shapes import FixedShape, Shape
from servicequality.shapes.base import Better


@dataclass(frozen=True, eq=False, kw_only=True)
class Metric:
    """What a definition gives when it is called. Frozen; every method returns something new.

    Attributes:
        name: the name of its results and the prefix of its state's columns.
        spec: its catalogue entry.
        shape: the row rules and what they are poured into.
        inputs: the columns that it reads, with their domains.
        condition: the slice it is restricted to, if any.
    """

    name: str
    spec: Spec
    shape: Shape
    inputs: tuple[Bound, ...]
    condition: pl.Expr | None = None

    def __repr__(self) -> str:
        columns = listed(bound.name for bound in self.inputs)
        return f"<metric {self.name} of {columns} ({self.unit}, {self.better} is better)>"

    @property
    def unit(self) -> str:
        """Unit of the value: the shape's own, else the definition's."""
        return self.shape.unit or self.spec.unit

    @property
    def better(self) -> Better:
        """Which direction is good."""
        return self.shape.better or self.spec.better

    @property
    def bounds(self) -> tuple[float, float]:
        """The range of the value."""
        return self.shape.bounds or self.spec.bounds

    def where(self, condition: pl.Expr) -> Self:
        """The same metric over the rows for which `condition` holds; null is false. Repeated calls narrow further.

        Args:
            condition: true or false of one row, from that row's own columns: `pl.col("tier") == "gold"`. A column whose
                name Polars reads as a pattern is named by `selectors.by_name("^a$").as_expr()`.

        Raises:
            ParameterError: the condition is no expression, or looks at other rows (an aggregation, `over`, `shift`, `rank`,
                a Python function …) or at none.
        """
        if not isinstance(condition, pl.Expr):
            raise ParameterError(
                f'{self.name}.where: expected an expression such as pl.col("tier") == "gold", got {shown(condition)}'
            )
        if (why := strange(tree(condition))) is not None:
            raise ParameterError(
                f"{self.name}.where: a condition says true or false of each row from its own columns; this one reads {why}. "
                "Add it to the frame as a column first, and name that column"
            )
        condition = literal_names(condition)
        narrow = condition if self.condition is None else self.condition & condition
        kinds = self.shape.leaves()

        def mask(leaf: str, rule: pl.Expr) -> pl.Expr:
            return rule & condition if kinds[leaf] == "count" else pl.when(condition).then(rule)

        refused = {wrong: bad & condition for wrong, bad in self.shape.refused.items()}
        return replace(
            self,
            shape=replace(self.shape.map(mask), refused=refused),
            inputs=tuple(replace(bound, condition=narrow) for bound in self.inputs),
            condition=narrow,
        )

    def named(self, name: str) -> Self:
        """The same metric under another name.

        Raises:
            ParameterError: an empty name.
        """
        if not isinstance(name, str) or not name.strip():
            raise ParameterError(
                "a metric's name must not be empty: it is a text that names rows of results and columns of states"
            )
        return replace(self, name=name)

    def expr(self) -> pl.Expr:
        """The value as an expression for `select`, `group_by`, `over` and rolling windows, named after the metric.

        A group with a row outside the domain is null, since an expression cannot raise. Columns of a type that the domain
        cannot hold (a Duration or a Boolean for a number, a naive instant) are an error of Polars when the plan runs.
        Numbers of any type are computed in Float64. Quantiles and survival run in memory here: right, but slower than
        `evaluate`.
        """
        bad = reduce(or_, [*(bound.outside() for bound in self.inputs), *self.shape.refused.values()])
        numbers = {bound.name for bound in self.inputs if bound.domain.kind in ("integer", "number")}
        whole = pl.when(~bad.any()).then(self.shape.expression())
        typed = reduce(and_, [bound.typed() for bound in self.inputs])
        wide = replaced(whole, {name: column(name).cast(pl.Float64) for name in numbers})
        return pl.when(typed).then(wide).alias(self.name)

    @overload
    def partial(
        self,
        frame: pl.LazyFrame,
        *,
        by: str | Sequence[str] = ...,
        every: str | None = ...,
        at: str | None = ...,
        timezone: str | None = ...,
        weight: str | None = ...,
        cluster: str | None = ...,
        as_of: datetime | None = ...,
    ) -> pl.LazyFrame: ...
    @overload
    def partial(
        self,
        frame: Any,
        *,
        by: str | Sequence[str] = ...,
        every: str | None = ...,
        at: str | None = ...,
        timezone: str | None = ...,
        weight: str | None = ...,
        cluster: str | None = ...,
        as_of: datetime | None = ...,
    ) -> pl.DataFrame: ...
    def partial(
        self,
        frame: Any,
        *,
        by: str | Sequence[str] = (),
        every: str | None = None,
        at: str | None = None,
        timezone: str | None = None,
        weight: str | None = None,
        cluster: str | None = None,
        as_of: datetime | None = None,
    ) -> pl.DataFrame | pl.LazyFrame:
        """The mergeable state of the rows: the keys, `bin` for tables, and one column a sum.

        States of disjoint rows add up to the state of all rows. A stored count is not a weight, and a cluster must lie
        in one part as a whole. A quantile's state is a histogram (error of a value at most 0.78 %).

        Args:
            frame: any dataframe; lazy stays lazy.
            by: key columns.
            every: length of a period, in Polars' words ("1d", "1w", "1mo").
            at: the instant that puts a row into its period.
            timezone: the zone whose days and months count.
            weight: column of weights.
            cluster: column of clusters.
            as_of: the instant up to which the rows were known. It becomes a key of the state, and states of different
                instants do not merge: a row that is open in one may have ended in another.

        Raises:
            InputError: a column is missing, or rows lie outside their domain (lazy: at collect).
            ParameterError: an option does not fit.
        """
        question = Question.of(by=by, every=every, at=at, timezone=timezone, weight=weight, cluster=cluster)
        state = evaluation.partial(frame, self, question)
        if as_of is None:
            return state
        if as_of.utcoffset() is None:
            raise ParameterError(f"as_of must be a zone-aware datetime, got {as_of!r}; add tzinfo")
        return state.select(pl.lit(as_of, pl.Datetime("us", "UTC")).alias(states.AS_OF), pl.all())

    def merge(
        self, states_: Iterable[pl.DataFrame | pl.LazyFrame | str | Path], *, by: str | Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Add states, given as frames or as paths of saved states, by all their keys or by fewer.

        States are small: lazy ones are read here, and the sum is eager, so that it can be merged and saved again.

        Raises:
            InputError: a state of another metric, of other rules, or of another `as_of` than the rest.
            ParameterError: no states, or a key that they do not have.
        """
        frames = [self.load(state) if isinstance(state, (str, Path)) else state for state in states_]
        keys = [by] if isinstance(by, str) else by
        return states.merge(frames, self, by=keys).collect(engine="streaming")

    def finish(self, state: pl.DataFrame | pl.LazyFrame, *, level: float = 0.95) -> pl.DataFrame:
        """The figures of a state, one row a key, in the columns of `evaluate`.

        A lazy state is read here, and the answer is eager; to stay lazy from rows to figures, use `evaluate`.

        Raises:
            InputError: a state of another metric.
            ParameterError: a level outside (0, 1).
        """
        check_level(level)
        small = state.lazy().collect(engine="streaming")
        states.refuse_stranger(self, small.columns)
        keys = states.keys_of(self, small.columns)
        finish = finish_fixed if isinstance(self.shape, FixedShape) else finish_table
        return evaluation.tidy(finish(small, self, keys=keys, level=level), keys)

    def save(self, state: pl.DataFrame | pl.LazyFrame, path: str | Path) -> None:
        """Write a state to Parquet, with the digest of this metric's rules."""
        states.save(state, self, path)

    def load(self, path: str | Path) -> pl.DataFrame:
        """Read a saved state.

        Raises:
            InputError: it was made by other rules.
        """
        return states.load(self, path)

    def estimate(
        self, data: Any, *, level: float = 0.95, weight: str | None = None, cluster: str | None = None
    ) -> Estimate:
        """One figure for all rows, with its limits.

        Args:
            data: any dataframe, or a Series, list or array of the first column. A lazy frame is read here: one figure that
                prints is no plan.
            level: confidence level.
            weight: column of weights.
            cluster: column of clusters.

        Raises:
            InputError: a column is missing, or rows lie outside their domain.
        """
        frame = evaluation.one_column(data, self)
        row = evaluation.evaluate(frame, [self], level=level, weight=weight, cluster=cluster)
        return Estimate.of(row.lazy().collect().row(0, named=True), self)
