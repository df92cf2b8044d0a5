"""`Metric`: a row rule and its shape, with the verbs that compute it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any, Self

import polars as pl

from servicequality.checks import column, html_block, html_table, listed, refusing_misfits
from servicequality.core import state as states
from servicequality.core.conditions import row_condition
from servicequality.core.estimate import Estimate
from servicequality.core.grouping import Grouping
from servicequality.core.labels import label_of
from servicequality.core.options import check_options
from servicequality.core.plans import Plan
from servicequality.core.rule import Rule
from servicequality.core.rule_tree import replaced
from servicequality.core.scans import one_column, scans
from servicequality.core.spec import Spec
from servicequality.core.state import State
from servicequality.errors import ParameterError
from servicequality.shapes import WholeShape
from servicequality.shapes.base import Better


@dataclass(frozen=True, eq=False, kw_only=True)
class Metric(Rule):
    """What a definition gives when it is called. Frozen; every method returns something new.

    Attributes:
        spec: its catalogue entry.
    """

    spec: Spec

    def __repr__(self) -> str:
        columns = listed(bound.name for bound in self.inputs)
        return f"<metric {self.name} of {columns} ({self.unit}, {self.better} is better)>"

    def _repr_html_(self) -> str:
        """The definition in a notebook: what it is, of which columns, and when it lies."""
        spec = self.spec
        facts = [
            ("unit", self.unit),
            ("better", self.better),
            ("a row is one", self.grain),
            ("columns", listed(bound.name for bound in self.inputs)),
            *([("only rows", str(self.condition))] if self.condition is not None else []),
            ("meaning", spec.answer),
            ("when it lies", spec.when_it_lies),
        ]
        title = f"{spec.title} ({self.name})"
        use = f"{self.name}: .estimate(rows) gives one figure, evaluate(rows, …, by=…) one a group"
        return html_block(title, html_table([], [pair for pair in facts if pair[1]]), notes=[use])

    @property
    def better(self) -> Better:
        """Which direction is good."""
        return self.shape.better or self.spec.better

    @property
    def grain(self) -> str:
        """What a row is, such as "ticket" or "answer"."""
        return self.spec.grain

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
            ParameterError: the condition is not an expression, or looks at other rows (an aggregation, `over`, `shift`, `rank`,
                a Python function …) or at none.
        """
        condition = row_condition(condition, role=f"{self.name}.where")
        narrow = condition if self.condition is None else self.condition & condition
        kinds = self.shape.leaves()

        def mask(leaf: str, rule: pl.Expr) -> pl.Expr:
            return rule & condition if kinds[leaf] == "count" else pl.when(condition).then(rule)

        refused = {wrong: bad & condition for wrong, bad in self.shape.refused.items()}
        excluded = None if self.shape.excluded is None else self.shape.excluded & condition
        return replace(
            self,
            shape=replace(self.shape.map(mask), refused=refused, excluded=excluded),
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
        Numbers of any type are computed in Float64. Quantiles and survival run in memory here: correct, but slower than
        `evaluate`.
        """
        if isinstance(self.shape, WholeShape):
            raise ParameterError(
                f"{self.name}: it needs all rows of a group at once, and no expression computes it; give the rows to evaluate"
            )
        bad = reduce(or_, [*(bound.outside() for bound in self.inputs), *self.shape.refused.values()])
        numbers = {bound.name for bound in self.inputs if bound.domain.kind in ("integer", "number")}
        whole = pl.when(~bad.any()).then(self.shape.expression())
        typed = reduce(and_, [bound.typed() for bound in self.inputs])
        wide = replaced(whole, {name: column(name).cast(pl.Float64) for name in numbers})
        return pl.when(typed).then(wide).alias(self.name)

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
    ) -> State:
        """The mergeable state of the rows: the sums by key, and a table of values or patterns where the metric reads one.

        States of disjoint rows add up to the state of all rows. Where the rows of an item are read together, as ratings of a
        ticket are for the agreement of reviewers, all of them must lie in one part. It is the plan of one metric: `plan`
        makes one state of many. A quantile's state is a histogram (error of a value at most 0.78 %).

        Args:
            frame: any dataframe; a lazy one is read here, since states are small.
            by: key columns.
            every: length of a period, in Polars' words ("1d", "1w", "1mo").
            at: the instant that puts a row into its period.
            timezone: the zone whose days and months count.
            weight: column of weights.
            cluster: column of clusters, each of which must lie in one part as a whole.
            as_of: the instant up to which the rows were known. States of different instants do not merge: a row that is
                open in one may have ended in another.

        Raises:
            InputError: a column is missing or of a wrong type. Rows outside their domain are counted, and reported by `finish`.
            ParameterError: an option does not fit.
        """
        grouping = Grouping.of(by=by, every=every, at=at, timezone=timezone, weight=weight, cluster=cluster)
        return Plan((self,), grouping).partial(frame, as_of=as_of)

    @refusing_misfits
    def merge(self, parts: Iterable[State | str | Path], *, by: str | Sequence[str] | None = None) -> State:
        """Add states of this metric, or saved ones by their paths, by all their keys or by fewer.

        Raises:
            InputError: a state of another metric, of other rules, keys, periods or sampling, or of another `as_of`; or a key is
                dropped by which the rows of an item differ.
            ParameterError: no states, or a key that they do not have.
        """
        given = [self.load(part) if isinstance(part, (str, Path)) else part for part in parts]
        return self._plan_of(given[0] if given else None).merge(given, by=by)

    @refusing_misfits
    def finish(self, state: State, *, level: float = 0.95) -> pl.DataFrame:
        """The figures of a state, one row a key, in the columns of `evaluate`.

        Raises:
            InputError: a state of another metric, or of rows that lie outside their domain.
            ParameterError: a level outside (0, 1).
        """
        return self._plan_of(state).finish(state, level=level)

    def save(self, state: State, path: str | Path) -> None:
        """Write a state to Parquet.

        Raises:
            InputError: a state of another metric, or a file that cannot be written.
        """
        self._plan_of(state).save(state, path)

    def load(self, path: str | Path) -> State:
        """Read a saved state.

        Raises:
            InputError: there is no such file, or it holds no state of this metric.
        """
        return self._plan_of(states.load(path)).load(path)

    def _plan_of(self, state: object) -> Plan:
        """The plan of this metric alone by the keys, period and sampling of a state."""
        grouping = state.grouping if isinstance(state, State) else Grouping()
        return Plan((self,), grouping)

    def estimate(
        self, data: Any, *, level: float = 0.95, weight: str | None = None, cluster: str | None = None
    ) -> Estimate:
        """One figure for all rows, with its limits.

        Args:
            data: any dataframe, a list of dataclasses or of mappings, or a Series, list or array of the first column. An
                empty list is a column without answers. A lazy frame is read here: one figure that prints is not a plan.
            level: confidence level.
            weight: column of weights.
            cluster: column of clusters.

        Raises:
            InputError: a column is missing, or rows lie outside their domain.
        """
        check_options(level, None)
        grouping = Grouping.of(by=(), every=None, at=None, timezone=None, weight=weight, cluster=cluster)
        ((rows, plan, held),) = scans(one_column(data, self), [self], [grouping], {self.grain: None})
        row = plan.evaluated(rows, level=level, min_n=None, held=held).row(0, named=True)
        return Estimate.of(row, label_of(self.name, definition=self.spec.name, label=self.spec.label))
