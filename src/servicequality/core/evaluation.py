"""`evaluate` and `plan`: many metrics over one frame, in as few scans as they need."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from servicequality.checks import column, listed, shown
from servicequality.core.boundary import Computation, of_frame
from servicequality.core.grouping import PERIOD, Grouping, instant_columns
from servicequality.core.metric import Metric
from servicequality.core.options import check_options, named_metrics
from servicequality.core.plans import Plan
from servicequality.core.results import RESULT
from servicequality.core.rule import Rule
from servicequality.core.scans import by_grain, scans
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame


@of_frame
def evaluate(
    frame: Any,
    metrics: Metric | Iterable[Metric],
    *,
    by: str | Sequence[str] = (),
    every: str | None = None,
    at: str | Mapping[str, str] | None = None,
    timezone: str | None = None,
    level: float = 0.95,
    weight: str | None = None,
    cluster: str | None = None,
    min_n: int | None = None,
) -> Computation:
    """Compute metrics by group and period into one tidy frame.

    Args:
        frame: any dataframe (a lazy one gives a lazy answer), a list of dataclasses or of mappings, or a mapping of grain
            ("ticket", "answer", "clock" …) to one of these, from which each metric's `spec.grain` picks.
        metrics: the metrics, each under a name of its own.
        by: key columns.
        every: length of a period, in Polars' words ("1d", "1w", "1mo"); weeks start on Monday.
        at: the column of the instant that decides a row's period, or a mapping of grain to that column. Rows without it
            are in a period null.
        timezone: the zone whose days and months count; the column's own by default.
        level: confidence level.
        weight: column of weights: how many each row represents.
        cluster: column of clusters, within which rows are not independent.
        min_n: hide cells of fewer rows, and a sibling from which they could be computed.

    Returns:
        Columns `by…, period, metric, value, low, high, se, level, method, unit, n, n_missing, n_excluded, n_eff, n_pending,
        reason, notes`, sorted by keys, metrics in the order given. Empty periods give no row; no keys give one row a metric.

    Raises:
        InputError: a column is missing, rows lie outside their domain (lazy: at collect), or frames of two grains give
            keys or periods of types that do not meet.
        ParameterError: an option does not fit, no `at` for a grain, or two metrics have one name.
    """
    chosen = named_metrics(metrics)
    instants = instant_columns(at, chosen)
    groupings = [
        Grouping.of(by=by, every=every, at=one, timezone=timezone, weight=weight, cluster=cluster)
        for one in dict.fromkeys(instants.values())
    ]
    grouping = groupings[0]
    check_options(level, min_n)
    ready = scans(frame, chosen, groupings, instants)
    schema = _schema([rows for rows, _, _ in ready], grouping)

    def answer() -> pl.DataFrame:
        tables = [plan.evaluated(rows, level=level, min_n=min_n, held=held) for rows, plan, held in ready]
        return tables[0] if len(tables) == 1 else _interleaved(tables, chosen, grouping, schema)

    return Computation(answer, lambda: schema)


def plan(
    metrics: Rule | Iterable[Rule],
    *,
    by: str | Sequence[str] = (),
    every: str | None = None,
    at: str | Mapping[str, str] | None = None,
    timezone: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> Plan:
    """Many metrics by keys and periods, computed in parts that add up: in one state, by day, by file or by machine.

    A plan can be pickled, and knows its columns, the schema of its states and its fingerprint before it runs.

    Args:
        metrics: the metrics, each under a name of its own.
        by: key columns.
        every: length of a period, in Polars' words ("1d", "1w", "1mo").
        at: the column of the instant that puts a row into its period, or a mapping of grain to that column, of which a plan
            takes one: it reads one frame.
        timezone: the zone whose days and months count.
        weight: column of weights.
        cluster: column of clusters, each of which lies in one part as a whole unless states are `spread`.

    Raises:
        ParameterError: an option does not fit, `at` names several columns, or two metrics have one name.
    """
    chosen = named_metrics(metrics)
    instants = instant_columns(at, chosen)
    if len(set(instants.values())) > 1:
        places = listed(f"{shown(name)} of {grain!r} rows" for grain, name in instants.items())
        raise ParameterError(f"a plan reads one frame, and at names {places}; make a plan of each grain")
    instant = next(iter(instants.values()))
    grouping = Grouping.of(by=by, every=every, at=instant, timezone=timezone, weight=weight, cluster=cluster)
    for rule in chosen:
        grouping.sampling.refuse_unfit(rule.name, rule.shape)
    return Plan(tuple(chosen), grouping)


def _interleaved(
    tables: Sequence[pl.DataFrame], metrics: Sequence[Metric], grouping: Grouping, schema: pl.Schema
) -> pl.DataFrame:
    """The rows of several grains in one table: by key, and then in the order of the metrics."""
    order = {metric.name: place for place, metric in enumerate(metrics)}
    place = pl.col("metric").replace_strict(order, return_dtype=pl.Int64)
    whole = pl.concat([table.cast({key: schema[key] for key in grouping.keys}) for table in tables])
    return whole.sort([*map(column, grouping.keys), place], nulls_last=True, maintain_order=True)


def key_types(frames: Iterable[Any], metrics: Sequence[Metric], grouping: Grouping) -> dict[str, pl.DataType]:
    """The types of the answer's keys, from the frames' schemas; a column that is missing or of a wrong type is found here."""
    types: dict[str, pl.DataType] = {}
    for frame in frames:
        for data, group in by_grain(frame, metrics):
            rows = grouping.frame(as_frame(data).lazy(), group)
            for key, dtype in (
                rows.select(held.alias(key) for key, held in grouping.columns.items()).collect_schema().items()
            ):
                types[key] = shared_type({types.get(key, dtype), dtype}) or types[key]
    return types


def shared_type(types: Collection[pl.DataType]) -> pl.DataType | None:
    """The type in which keys of these types meet: whole numbers as Int64, texts as String; None where they cannot."""
    known = {dtype for dtype in types if dtype != pl.Null}
    if len(known) < 2:
        return next(iter(known), pl.Null())
    if all(dtype.is_integer() for dtype in known):
        return pl.Int64()
    return pl.String() if all(isinstance(dtype, pl.String | pl.Categorical | pl.Enum) for dtype in known) else None


def _schema(frames: Sequence[pl.LazyFrame], grouping: Grouping) -> pl.Schema:
    """The columns of the answer, with keys of the types in which those of all frames meet."""
    keys = [
        frame.select(held.alias(key) for key, held in grouping.columns.items()).collect_schema() for frame in frames
    ]
    types: dict[str, pl.DataType] = {}
    for key in grouping.keys:
        own = list(dict.fromkeys(schema[key] for schema in keys))
        shared = shared_type(own)
        if shared is None:
            advice = "say timezone=, and take dates or instants alike" if key == PERIOD else "cast them to one type"
            raise InputError(f"{key!r} is {' in one frame and '.join(map(str, own))} in another; {advice}")
        types[key] = shared
    return pl.Schema({**types, PERIOD: types.get(PERIOD, pl.Datetime("us", "UTC")), **RESULT})
