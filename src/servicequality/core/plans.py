"""Plans: some metrics by keys, period and sampling, computed at once or in parts that add up."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import column, first_line, zone_aware
from servicequality.core import state as states
from servicequality.core.adding import difference, merged
from servicequality.core.domains import collected
from servicequality.core.engine.checks import Check, checks_of, offenders, refuse
from servicequality.core.engine.estimates import TableReading, estimates, readings_of
from servicequality.core.engine.keys import by_keys
from servicequality.core.engine.names import CLUSTER, fault_column, key_column, sum_column
from servicequality.core.engine.pattern_tables import TYPES as PATTERN_TYPES
from servicequality.core.engine.pattern_tables import pattern_rules, pattern_tables, read_patterns
from servicequality.core.engine.quantile_rows import read_quantiles
from servicequality.core.engine.state_tables import state_tables
from servicequality.core.engine.sums import aggregate, over_clusters, row_sums, sum_types
from servicequality.core.engine.value_tables import (
    ValueTable,
    histogram,
    read_histogram,
    read_rows,
    read_table,
    rows_of,
    table_rules,
    table_types,
)
from servicequality.core.engine.whole_rows import read_wholes
from servicequality.core.grouping import PERIOD, Grouping, spans_of
from servicequality.core.options import check_options, refuse_records
from servicequality.core.rule import Rule
from servicequality.core.state import State
from servicequality.core.suppression import suppress
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.shapes import PatternShape, Quantile, TableShape, WholeShape


@dataclass(frozen=True, eq=False)
class Plan:
    """Some rules by keys, period and sampling: what it reads, what it sums, and how sums become figures.

    Attributes:
        rules: the metrics, each under a name of its own.
        grouping: keys, period and sampling.
        basis: how the rows themselves were made, where that is more than a frame's columns; states of two do not add.
    """

    rules: tuple[Rule, ...]
    grouping: Grouping
    basis: str = ""

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("rules", "grouping", "basis")}  # the rest is derived again

    @property
    def columns(self) -> list[str]:
        """The columns that it reads of a frame."""
        needed = [*self.grouping.by, *([] if self.grouping.at is None else [self.grouping.at])]
        needed += self.grouping.sampling.columns()
        for rule in self.rules:
            needed += [bound.name for bound in rule.inputs]
            needed += [] if rule.condition is None else rule.condition.meta.root_names()
        return list(dict.fromkeys(needed))

    @property
    def schema(self) -> dict[str, dict[str, pl.DataType]]:
        """The columns of its states beside the keys: of `sums`, and of each value table by its name."""
        sampling = self.grouping.sampling
        sums: dict[str, pl.DataType] = {}
        for rule in self.rules:
            sums |= sum_types(rule, sampling)
        sums |= {fault_column(place): pl.Int64() for place in range(len(self._checks))}
        tables = {rule.name: table_types(rule, sampling) for rule in self._tables}
        return {"sums": sums, **tables, **{maker.name: dict(PATTERN_TYPES) for maker, _ in self._pattern_readers}}

    @cached_property
    def fingerprint(self) -> str:
        """What two plans have in common whose states add: rules, keys, period and sampling."""
        return hashlib.sha256(f"{self.rules_fingerprint} {self.grouping.to_dict()}".encode()).hexdigest()

    @cached_property
    def rules_fingerprint(self) -> str:
        """Of the rules alone."""
        texts = [self.basis, *(rule.text for rule in self.rules)]
        return hashlib.sha256("\n\n".join(texts).encode()).hexdigest()

    def partial(self, frame: Any, *, as_of: datetime | None = None, spread: bool = False) -> State:
        """The state of some rows, in one scan for all sums. Invalid rows are counted, and reported by `finish`.

        Args:
            frame: any dataframe; a lazy one is read here, since states are small.
            as_of: the instant up to which the rows were known. States of different instants do not merge: a row that is
                open in one may have ended in another.
            spread: keep one row a cluster, so that a cluster may lie in several parts.

        Raises:
            InputError: a column is missing or of a wrong type.
            ParameterError: an option does not fit.
        """
        if as_of is not None:
            zone_aware("as_of", as_of)
        if partless := [rule for rule in self._wholes if not isinstance(rule.shape, PatternShape)]:
            raise ParameterError(
                f"{partless[0].name} needs all rows of a group at once, and no states of parts add up to it; "
                "give all rows to evaluate"
            )
        if spread and self.grouping.sampling.cluster is None:
            raise ParameterError("spread keeps one row a cluster; name the clusters with cluster= first")
        refuse_records(frame)
        data, keys = as_frame(frame), self._key_expressions()
        rows = self.prepared(data)
        sums = by_keys(*self._collected([self.summed(rows, spread=spread)], rows))
        sampling, height = self.grouping.sampling, data.height if isinstance(data, pl.DataFrame) else None
        tables = state_tables(
            rows, self._tables, sums, keys, sampling, height=height, collect=lambda plans: self._collected(plans, rows)
        )
        makers = [maker for maker, _ in self._pattern_readers]
        patterns, divided = pattern_tables(rows, makers, pl.DataFrame([sums[key] for key in keys]), keys)
        return State(
            rules=self.rules_fingerprint,
            basis=self.basis,
            grouping=self.grouping,
            keys=tuple(self.grouping.keys),
            sums=sums,
            tables=tables | patterns,
            as_of=as_of,
            spread=spread,
            divided=frozenset(name for name in self.grouping.keys if key_column(name) in divided),
            offenders=offenders(rows, self._checks_of(rows.collect_schema()), self._faults(sums)),
        )

    def merge(self, parts: Iterable[State | str | Path], *, by: str | Sequence[str] | None = None) -> State:
        """The state of all rows of some states of disjoint rows, by all their keys or by fewer.

        Args:
            parts: states, or paths of saved ones.
            by: the keys to keep; all by default.

        Raises:
            InputError: a state of other rules, keys, periods, sampling, or another `as_of` than the rest; or a key is
                dropped by which the rows of an item differ.
            ParameterError: no states, or a key that they do not have.
        """
        given = [self.load(part) if isinstance(part, (str, Path)) else self._own(part) for part in parts]
        if not given:
            raise ParameterError(f"{self._named}: nothing to merge; give at least one state")
        return merged(self._named, given, by)

    def finish(self, state: State, *, level: float = 0.95, min_n: int | None = None) -> pl.DataFrame:
        """The figures of a state, one row a group and metric, in the columns of `evaluate`.

        Args:
            state: a state that this plan made.
            level: confidence level.
            min_n: hide cells of fewer rows, and a sibling from which they could be computed.

        Raises:
            InputError: a state of another plan, or one of rows that lie outside their domain.
            ParameterError: a level outside (0, 1).
        """
        check_options(level, min_n)
        own = self._own(state)
        refuse(self._checks, self._faults(own.sums), own.offenders)
        sums, keys = own.sums, [key_column(name) for name in own.keys]
        if own.spread:
            sums = by_keys(over_clusters(sums.lazy(), self.rules, keys, self.grouping.sampling).collect())
        readings: dict[str, TableReading] = {}
        for maker, alike in self._table_readers:
            table = read_histogram(own.tables[maker.name], maker, sums.select(keys))
            readings |= read_table(table, alike, level=level)
        for maker, alike in self._pattern_readers:
            readings |= read_patterns(own.tables[maker.name], alike, sums.select(keys), level=level)
        return self._answer(sums, readings, own.keys, level, min_n)

    def evaluated(self, rows: pl.LazyFrame, *, level: float, min_n: int | None, held: bool) -> pl.DataFrame:
        """The figures of prepared rows, quantiles and curves exact; `held` says that they are many, and in memory."""
        whole = self.summed(rows).with_columns(readings_of(self.rules, self.grouping.sampling))
        sums = by_keys(*self._collected([whole], rows))
        self.refuse_faults(sums, rows)
        keys = self._key_expressions()
        groups = pl.DataFrame([sums[key] for key in keys])
        readings = {}
        sorts = not self.grouping.sampling  # rows of quantiles are sorted and not counted
        if exact := [alike for maker, alike in self._table_readers if sorts and isinstance(maker.shape, Quantile)]:
            counts = {alike[0].name: sums[sum_column(alike[0].name, "n")].to_numpy() for alike in exact}
            read = read_quantiles(rows, exact, groups, counts, keys, level=level, held=held)
            readings = {name: TableReading(reading) for name, reading in read.items()}
        for maker, alike in self._table_readers:
            if maker.name not in readings:
                readings |= read_table(self.table(rows, maker, groups), alike, level=level)
        if self._wholes:
            readings |= self.wholes(rows, self._wholes, groups, levels=[level])[0]
        return self._answer(sums, readings, self.grouping.keys, level, min_n)

    def sums(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """The sums of prepared rows, a row a group, sorted.

        Raises:
            InputError: rows lie outside their domain.
        """
        sums = by_keys(*self._collected([self.summed(rows)], rows))
        self.refuse_faults(sums, rows)
        return sums

    def refuse_faults(self, sums: pl.DataFrame, rows: pl.LazyFrame) -> None:
        """Raise InputError if the sums counted rows that lie outside their domain."""
        counts = self._faults(sums)
        if any(counts):
            refuse(self._checks, counts, offenders(rows, self._checks_of(rows.collect_schema()), counts))

    def _collected(self, plans: Sequence[pl.LazyFrame], rows: pl.LazyFrame) -> list[pl.DataFrame]:
        """The frames of some plans over rows; rows that make them fail are told first, if a check knows them."""
        try:
            if len(plans) == 1:
                return [plans[0].collect(engine="streaming")]
            return pl.collect_all(plans, engine="streaming")
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            checks = self._checks_of(rows.collect_schema())
            faults = [check.counted.rule.alias(fault_column(place)) for place, check in enumerate(checks)]
            self.refuse_faults(collected(rows.select(faults)), rows)
            raise InputError(f"the rows cannot be computed: {first_line(error)}") from error

    def table(self, rows: pl.LazyFrame, rule: Rule, groups: pl.DataFrame) -> ValueTable:
        """The exact value table of a rule over prepared rows; `groups` holds the key columns of the sums."""
        return read_rows(rows_of(rows, rule, self._key_expressions(), self.grouping.sampling), rule, groups)

    def wholes(
        self, rows: pl.LazyFrame, rules: Sequence[Rule], groups: pl.DataFrame, *, levels: Sequence[float]
    ) -> list[dict[str, TableReading]]:
        """What rules that need all rows of a group read of prepared rows, at each level.

        `groups` holds the key columns of the sums.
        """
        period = key_column(PERIOD)
        spans = spans_of(groups[period], self.grouping) if period in groups.columns else None
        return read_wholes(rows, rules, groups, self._key_expressions(), spans, levels=levels)

    def histogram(self, rows: pl.LazyFrame, rule: Rule) -> pl.DataFrame:
        """The value table of a rule over prepared rows as a state keeps it, but with all bits of the numbers."""
        plan = histogram(rows, rule, self._key_expressions(), self.grouping.sampling, exact=True)
        return plan.collect(engine="streaming")

    def figures(
        self,
        sums: pl.DataFrame,
        rules: Sequence[Rule],
        readings: Mapping[str, TableReading] | None = None,
        *,
        keys: Sequence[str] | None = None,
        level: float,
    ) -> pl.DataFrame:
        """The figures of some of the rules, a row a group of `sums` and rule: the keys by their names, and `RESULT`."""
        named = {name: key_column(name) for name in (self.grouping.keys if keys is None else keys)}
        return estimates(sums, rules, readings or {}, keys=named, sampling=self.grouping.sampling, level=level)

    def prepared(self, frame: Any) -> pl.LazyFrame:
        """The rows of any dataframe, checked for columns and types, with their period.

        Raises:
            InputError: a column is missing or of a wrong type.
            ParameterError: clusters together with a metric that reads a table.
        """
        refuse_records(frame)
        for rule in self.rules:
            self.grouping.sampling.refuse_unfit(rule.name, rule.shape)
        return self.grouping.frame(as_frame(frame).lazy(), self.rules)

    def dumps(self, state: State) -> bytes:
        """A state as bytes (Arrow IPC)."""
        return states.dumps(self._own(state))

    def loads(self, content: bytes) -> State:
        """The state of bytes that `dumps` gave.

        Raises:
            InputError: they hold no state of this plan.
        """
        return self._own(states.loads(content))

    def save(self, state: State, path: str | Path) -> None:
        """Write a state to Parquet.

        Raises:
            InputError: a state of another plan, or a file that cannot be written.
        """
        states.save(self._own(state), path)

    def load(self, path: str | Path) -> State:
        """Read a saved state.

        Raises:
            InputError: there is no such file, or it holds no state of this plan.
        """
        try:
            return self._own(states.load(path))
        except InputError as error:
            text = str(error)
            raise InputError(text if text.startswith(str(path)) else f"{path}: {text}") from None

    @property
    def _named(self) -> str:
        return ", ".join(rule.name for rule in self.rules)

    @cached_property
    def _checks(self) -> list[Check]:
        return self._checks_of({})

    def _checks_of(self, schema: Mapping[str, pl.DataType]) -> list[Check]:
        return checks_of(self.rules, self.grouping, schema)

    @cached_property
    def _table_readers(self) -> list[tuple[Rule, list[Rule]]]:
        """The rules that read value tables, those of one table together; the first of them makes it."""
        return _sharing([rule for rule in self.rules if isinstance(rule.shape, TableShape)], table_rules)

    @cached_property
    def _pattern_readers(self) -> list[tuple[Rule, list[Rule]]]:
        """The same of the rules that read patterns."""
        return _sharing([rule for rule in self.rules if isinstance(rule.shape, PatternShape)], pattern_rules)

    @property
    def _wholes(self) -> list[Rule]:
        return [rule for rule in self.rules if isinstance(rule.shape, WholeShape)]

    @property
    def _tables(self) -> list[Rule]:
        return [maker for maker, _ in self._table_readers]

    def _key_expressions(self) -> dict[str, pl.Expr]:
        return {key_column(name): held for name, held in self.grouping.columns.items()}

    def summed(self, rows: pl.LazyFrame, *, spread: bool = False) -> pl.LazyFrame:
        """All sums of all rules, in one group_by (two where rows come in clusters)."""
        sampling, keys = self.grouping.sampling, self._key_expressions()
        sums = {name: one for rule in self.rules for name, one in row_sums(rule, sampling).items()}
        checks = self._checks_of(rows.collect_schema()) if self._checks else []
        faults = {fault_column(place): check.counted for place, check in enumerate(checks)}
        if sampling.cluster is None:
            return aggregate(rows, keys, sums | faults)
        clusters = aggregate(rows, {**keys, CLUSTER: column(sampling.cluster)}, sums | faults)
        return clusters if spread else over_clusters(clusters, self.rules, [*keys], sampling)

    def _faults(self, sums: pl.DataFrame) -> list[int]:
        """How many rows break each check."""
        return [int(sums[fault_column(place)].sum()) for place in range(len(self._checks))]

    def _own(self, state: State) -> State:
        """The state, if this plan made it.

        Raises:
            InputError: it is not a state, or other rules, keys, periods or sampling made it.
        """
        if not isinstance(state, State):
            raise InputError(f"{self._named}: expected a state, got {type(state).__name__}; make one with partial")
        if state.basis != self.basis:
            raise InputError(f"states of different rows do not add: {'; '.join(sorted((state.basis, self.basis)))}")
        if state.rules != self.rules_fingerprint:
            raise InputError(
                f"{self._named}: the state was made by other rules; compute it again, or finish it with what made it"
            )
        if state.grouping != self.grouping:
            raise InputError(f"{self._named}: {difference(state.grouping, self.grouping)}")
        return state

    def _answer(
        self,
        sums: pl.DataFrame,
        readings: Mapping[str, TableReading],
        keys: Sequence[str],
        level: float,
        min_n: int | None,
    ) -> pl.DataFrame:
        rows = self.figures(sums, self.rules, readings, keys=keys, level=level)
        if PERIOD not in keys:
            blank = pl.Series(PERIOD, [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, rows.height)
            rows.insert_column(len(keys), blank)
        return rows if min_n is None else suppress(rows, keys, min_n)


def _sharing(rules: Iterable[Rule], table: Callable[[Rule], Hashable]) -> list[tuple[Rule, list[Rule]]]:
    """The rules of each table, and the first of them."""
    readers: dict[Hashable, list[Rule]] = {}
    for rule in rules:
        readers.setdefault(table(rule), []).append(rule)
    return [(alike[0], alike) for alike in readers.values()]
