"""Many metrics over one frame. Lives here: `evaluate`, and the plan of its scans. Never: a formula.

All sums of all metrics come from one streaming group_by; exact quantiles and risk tables from one pass more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

from servicequality.checks import first_line, listed, shown
from servicequality.core.binned import Binned, bin_rows
from servicequality.core.domains import collected, own_name
from servicequality.core.finishing import check_level, finish_fixed, finish_groups
from servicequality.core.laziness import Lazy, as_lazy_as
from servicequality.core.numbering import CODE, with_codes
from servicequality.core.question import PERIOD, Question, own_names
from servicequality.core.results import RESULT
from servicequality.core.states import fixed_state, table_state
from servicequality.core.suppression import suppress
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records, as_frame
from servicequality.shapes import FixedShape, Quantile, Table, TableShape
from servicequality.stats.grouped import GroupedRows

if TYPE_CHECKING:
    from servicequality.core.metric import Metric


@overload
def evaluate(
    frame: Lazy,
    metrics: "Metric | Iterable[Metric]",
    *,
    by: str | Sequence[str] = ...,
    every: str | None = ...,
    at: str | None = ...,
    timezone: str | None = ...,
    level: float = ...,
    weight: str | None = ...,
    cluster: str | None = ...,
    min_n: int | None = ...,
) -> pl.LazyFrame: ...
@overload
def evaluate(
    frame: Any,
    metrics: "Metric | Iterable[Metric]",
    *,
    by: str | Sequence[str] = ...,
    every: str | None = ...,
    at: str | None = ...,
    timezone: str | None = ...,
    level: float = ...,
    weight: str | None = ...,
    cluster: str | None = ...,
    min_n: int | None = ...,
) -> pl.DataFrame: ...
def evaluate(
    frame: Any,
    metrics: "Metric | Iterable[Metric]",
    *,
    by: str | Sequence[str] = (),
    every: str | None = None,
    at: str | None = None,
    timezone: str | None = None,
    level: float = 0.95,
    weight: str | None = None,
    cluster: str | None = None,
    min_n: int | None = None,
) -> pl.DataFrame | pl.LazyFrame:
    """Compute metrics by group and period into one tidy frame.

    Args:
        frame: any dataframe (a lazy one gives a lazy answer), or a mapping of grain ("ticket", "answer", "clock" …)
            to dataframe, from which each metric's `spec.grain` picks.
        metrics: the metrics, each under a name of its own.
        by: key columns.
        every: length of a period, in Polars' words ("1d", "1w", "1mo"); weeks start on Monday.
        at: the instant that puts a row into its period. Rows without it stand in a period null.
        timezone: the zone whose days and months count; the column's own by default.
        level: confidence level.
        weight: column of weights; each row stands for so many.
        cluster: column of clusters, within which rows are not independent.
        min_n: hide cells of fewer rows, and a sibling from which they could be computed.

    Returns:
        Columns `by…, period, metric, value, low, high, se, level, method, unit, n, n_missing, n_eff, n_pending, reason,
        notes`, sorted by keys, metrics in the order given. Empty periods give no row; no keys give one row a metric.

    Raises:
        InputError: a column is missing, or rows lie outside their domain (lazy: at collect).
        ParameterError: an option does not fit, or two metrics have one name.
    """
    question = Question.of(by=by, every=every, at=at, timezone=timezone, weight=weight, cluster=cluster)
    chosen = named_metrics(metrics)
    check_level(level)
    if min_n is not None and not (isinstance(min_n, int) and min_n >= 1):
        raise ParameterError(f"min_n must be at least 1, got {shown(min_n)}; None shows every cell")
    for metric in chosen:
        question.sampling.refuse_tables(metric.name, metric.shape)
    parts = by_grain(frame, chosen)
    frames = [(as_frame(data), group) for data, group in parts]
    ready = [(question.frame(data.lazy(), group), group, isinstance(data, pl.DataFrame)) for data, group in frames]

    def answer() -> pl.DataFrame:
        order = {metric.name: place for place, metric in enumerate(chosen)}
        rows = [part for data, group, held in ready for part in _figures(data, group, question, level, held=held)]
        whole = tidy(pl.concat(rows, how="vertical_relaxed"), question.keys, order)
        return own_names(whole if min_n is None else suppress(whole, question.keys, min_n))

    return as_lazy_as((data for data, _ in frames), answer, lambda: _schema(ready[0][0], question))


def partial(frame: Any, metric: "Metric", question: Question) -> pl.DataFrame | pl.LazyFrame:
    """The state of one metric; see `Metric.partial`."""
    question.sampling.refuse_tables(metric.name, metric.shape)
    data = as_frame(by_grain(frame, [metric])[0][0])
    ready = question.frame(data.lazy(), [metric])
    if isinstance(metric.shape, FixedShape):
        plan = fixed_state(ready, [metric], keys=question.keys, sampling=question.sampling)
    else:
        plan = table_state(ready, metric, keys=question.keys, sampling=question.sampling)
    groups = [name for name in plan.collect_schema().names() if not name.startswith(f"{metric.name}.")]
    plan = plan.sort(groups, nulls_last=True) if groups else plan
    plan = plan.rename({name: own_name(name) for name in groups})

    def state() -> pl.DataFrame:
        question.check(ready, [metric])
        return collected(plan)

    return as_lazy_as([data], state, plan.collect_schema)


def one_column(data: Any, metric: "Metric") -> Any:
    """A Series, list or array as a frame of the metric's first column; every other thing is left to the door."""
    listed = isinstance(data, (list, tuple)) and not (data and isinstance(data[0], Mapping))
    if not (listed or isinstance(data, (pl.Series, np.ndarray)) or _is_lone_column(data)):
        return data
    name = metric.inputs[0].name
    try:
        return pl.DataFrame({name: data if isinstance(data, (pl.Series, np.ndarray)) else pl.Series(data, strict=True)})
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{metric.name}: the values for {shown(name)} are of mixed types ({first_line(error)}); give numbers alone"
        ) from None


def tidy(rows: pl.DataFrame, keys: Sequence[str], order: Mapping[str, int] | None = None) -> pl.DataFrame:
    """Result rows in their columns and their order."""
    if PERIOD not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias(PERIOD))
    by = [key for key in keys if key != PERIOD]
    rows = rows.select(*by, PERIOD, *RESULT)
    sorting: list[Any] = list(keys)
    if order is not None:
        sorting.append(pl.col("metric").replace_strict(order, return_dtype=pl.Int64))
    return rows.sort(sorting, nulls_last=True, maintain_order=True) if sorting else rows


def _figures(
    frame: pl.LazyFrame, metrics: Sequence["Metric"], question: Question, level: float, *, held: bool
) -> Iterable[pl.DataFrame]:
    """The finished rows of metrics of one grain; `held` says that the rows are in memory."""
    question.check(frame, metrics)
    keys, sampling = question.keys, question.sampling
    fixed = [metric for metric in metrics if isinstance(metric.shape, FixedShape)]
    lists = [metric for metric in metrics if isinstance(metric.shape, Quantile) and not sampling]
    tables = [metric for metric in metrics if metric not in fixed and metric not in lists]
    if fixed or lists:
        state = collected(fixed_state(frame, [*fixed, *lists], keys=keys, sampling=sampling))
        yield from (finish_fixed(state, metric, keys=keys, level=level) for metric in fixed)
        yield from _exact_quantiles(frame, lists, state, keys, level, held=held) if lists else ()
    # Metrics that read one curve (its median, its p90, its share within a limit) read one table.
    read: dict[bytes, tuple[Metric, Binned]] = {}
    for metric in tables:
        rules = b"".join(rule.meta.serialize() for rule in _rules(metric))
        if rules not in read:
            read[rules] = metric, bin_rows(frame, metric, keys=keys, sampling=sampling)
        maker, (groups, table, n_eff) = read[rules]
        own = {name: metric.name + name.removeprefix(maker.name) for name in groups.columns if _of(name, maker)}
        yield finish_groups(groups.rename(own), table, metric, keys=keys, level=level, n_eff=n_eff)


def _exact_quantiles(
    frame: pl.LazyFrame,
    metrics: Sequence["Metric"],
    totals: pl.DataFrame,
    keys: Sequence[str],
    level: float,
    *,
    held: bool,
) -> Iterable[pl.DataFrame]:
    """Exact quantiles: the rows of a column sorted once a key serve every quantile of it and every limit.

    A frame in memory is gone through column by column, one of them copied at a time; any other is read once.
    """
    readers: dict[bytes, list[Metric]] = {}
    for metric in metrics:
        readers.setdefault(b"".join(rule.meta.serialize() for rule in _rules(metric)), []).append(metric)
    asked = [_counted(alike[0]) for alike in readers.values()]
    plan, groups = with_codes(frame, asked, totals, keys)
    rows = plan if held else collected(plan).lazy()
    codes = groups[CODE].cast(pl.Int64).to_numpy()
    of_row = collected(rows.select(CODE)).to_series().to_numpy()
    grouped = GroupedRows(of_row, int(codes.max(initial=0)) + 1, threads=pl.thread_pool_size())
    offsets = grouped.offsets(codes)
    for alike in readers.values():
        name = alike[0].name
        column = collected(rows.select(f"{name}.at")).to_series()
        numbers = grouped.sorted([part.to_numpy() for part in column.get_chunks()])
        table = Table(offsets, numbers, counts=groups[f"{name}.n"].to_numpy())
        yield from (finish_groups(groups, table, metric, keys=keys, level=level) for metric in alike)


def _counted(metric: "Metric") -> pl.Expr:
    """The numbers of the rows that count, NaN elsewhere."""
    assert isinstance(metric.shape, Quantile)  # chosen so
    return (
        pl.when(metric.shape.n)
        .then(metric.shape.at.cast(pl.Float64))
        .fill_null(float("nan"))
        .alias(f"{metric.name}.at")
    )


def _rules(metric: "Metric") -> list[pl.Expr]:
    """What two metrics must have in common to read one table."""
    shape = metric.shape
    at = [record.at for record in shape.records()] if isinstance(shape, TableShape) else []
    at += [shape.stratum] if isinstance(shape, TableShape) and shape.stratum is not None else []
    slices = [] if metric.condition is None else [metric.condition]
    return [*at, *(getattr(shape, leaf) for leaf in shape.leaves()), *slices]


def _of(column: str, metric: "Metric") -> bool:
    return column.startswith(f"{metric.name}.")


def named_metrics(metrics: "Metric | Iterable[Metric]") -> list["Metric"]:
    """The metrics of a call, each with a name of its own.

    Raises:
        ParameterError: there is none, one is no metric, or two have one name.
    """
    chosen = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    if not chosen:
        raise ParameterError("no metric given; pass at least one, such as nps()")
    if callable(chosen[0]) or any(not hasattr(metric, "shape") for metric in chosen):
        strange = next(metric for metric in chosen if not hasattr(metric, "shape"))
        raise ParameterError(f"{shown(strange)} is no metric; call the definition first, such as nps()")
    names = [metric.name for metric in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ParameterError(f"two metrics are called {twice!r}; tell them apart with .named(…)")
    if clash := next((a for a in names for b in names if a != b and a.startswith(f"{b}.")), None):
        raise ParameterError(f"{clash!r} looks like a column of another metric's state; rename it with .named(…)")
    return chosen


def by_grain(frame: Any, metrics: Sequence["Metric"]) -> list[tuple[Any, list["Metric"]]]:
    """The frame of each grain with its metrics; one frame serves all.

    Raises:
        InputError: no frame of a metric's grain is there, or records are given in the place of rows.
    """
    if isinstance(frame, Records):
        raise InputError(
            "metrics are computed of rows, got Records; make the rows of tickets with facts(records, as_of=…), those of "
            "waits with reply_waits(records, as_of=…), or name a table, such as records.answers"
        )
    if not (isinstance(frame, Mapping) and frame and all(_is_frame(part) for part in frame.values())):
        return [(frame, list(metrics))]
    grains = list(dict.fromkeys(metric.spec.grain for metric in metrics))
    if absent := [grain for grain in grains if grain not in frame]:
        wanting = [metric.name for metric in metrics if metric.spec.grain == absent[0]]
        raise InputError(
            f"no frame of {absent[0]!r} rows, which {listed(wanting)} reads; got frames of {listed(map(shown, frame))}"
        )
    return [(frame[grain], [metric for metric in metrics if metric.spec.grain == grain]) for grain in grains]


def key_types(frames: Iterable[Any], metrics: Sequence["Metric"], question: Question) -> dict[str, pl.DataType]:
    """The types of the answer's keys, from the frames' schemas; a column that is missing or of a wrong type is found here."""
    found: dict[str, pl.DataType] = {}
    for frame in frames:
        for data, group in by_grain(frame, metrics):
            rows = question.frame(as_frame(data).lazy(), group)
            keys = rows.select(question.keys).collect_schema()
            found = {**{own_name(key): dtype for key, dtype in keys.items()}, **found}
    return found


def _is_frame(thing: Any) -> bool:
    # A lazy frame warns when it is asked for its columns.
    return isinstance(thing, pl.LazyFrame) or hasattr(thing, "columns") or hasattr(thing, "column_names")


def _is_lone_column(thing: Any) -> bool:
    """A Series or array of another library: no columns, but values."""
    return not isinstance(thing, Mapping) and not _is_frame(thing) and hasattr(thing, "dtype")


def _schema(frame: pl.LazyFrame, question: Question) -> pl.Schema:
    keys = frame.select(question.keys).collect_schema()
    period = {PERIOD: keys.get(PERIOD, pl.Datetime("us", "UTC"))}
    return pl.Schema({**{own_name(key): dtype for key, dtype in keys.items()}, **period, **RESULT})
