"""Ways to call a metric that have to agree with `evaluate`."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl

import servicequality as sq
from fuzz import oracle
from fuzz.source import Source
from servicequality.shapes import Quantile

OURS = "the fuzzer's "
"""How columns begin that a check adds; no hostile name does."""


class Given(Protocol):
    """What a way needs of an input: the metric, its frame, and the order of magnitude of what is added."""

    @property
    def metric(self) -> Source: ...
    @property
    def frame(self) -> pl.DataFrame: ...
    @property
    def size(self) -> float: ...


def _by_rows(given: Given, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that states and reordered rows take."""
    return {name: value for name, value in options.items() if name not in ("level", "min_n")}


def _expr(given: Given, _result: pl.DataFrame, _options: Mapping[str, Any]) -> None:
    metric = given.metric.value

    def value() -> float | None:
        return sq.evaluate(given.frame, metric)["value"].item()  # type: ignore[no-any-return]

    whole = oracle.called(value)
    if whole.error is None and given.frame.width:
        number = oracle.called(lambda: given.frame.select(metric.expr()).item())
        oracle.close(number.value, whole.value, size=given.size, what="select(metric.expr()) for evaluate")


def _grouped(given: Given, *, over: bool) -> None:
    metric, key = given.metric.value, OURS + "key"
    codes = pl.Series(key, [place * place % 3 for place in range(given.frame.height)], pl.Int64)
    rows = given.frame.with_columns(codes) if given.frame.width else codes.to_frame()
    whole = oracle.called(lambda: sq.evaluate(rows, metric, by=key))
    if whole.error is not None:
        return
    expr = metric.expr().alias(OURS + "value")

    def values() -> pl.DataFrame:
        if over:
            return rows.select(key, expr.over(key)).unique(key).sort(key)
        return rows.lazy().group_by(key).agg(expr).sort(key).collect()

    result = oracle.called(values).value
    what = "over" if over else "group_by"
    for left, right in zip(result[OURS + "value"], whole.value["value"], strict=True):
        oracle.close(left, right, size=given.size, what=f"{what} of metric.expr() for evaluate")


def _states(given: Given, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    """Partitions of the rows, merged, are the whole; files too."""
    if options.get("min_n") is not None:
        return
    metric, rows = given.metric.value, given.frame
    if options.get("cluster") is not None:
        codes = (
            rows[options["cluster"]]
            .alias("cluster")
            .to_physical()
            .cast(pl.String)
            .fill_null("")
            .rank("dense")
            .cast(pl.Int64)
        )
    else:
        codes = pl.Series([place % 3 for place in range(rows.height)], dtype=pl.Int64)
    parts = [rows.filter(codes == code) for code in range(3)]
    parts += [rows.filter(codes > 2)]
    query = _by_rows(given, options)
    with tempfile.TemporaryDirectory() as folder:

        def finished() -> pl.DataFrame:
            states: list[Any] = [metric.partial(part, **query) for part in parts]
            path = Path(folder) / "state.parquet"
            metric.save(states[0], path)
            states[0] = path
            return metric.finish(metric.merge(states), level=options.get("level", 0.95))

        merged = oracle.called(finished)
    if merged.error is not None:
        raise oracle.FaultError("disagreement", f"states are refused, where evaluate answers: {merged.error}")
    histogram = ("value", "low", "high", "method", "notes") if isinstance(metric.shape, Quantile) else ()
    left, right = merged.value, result
    order = [*(options.get("by") or ()), "period"]
    if order != ["period"] or left.height == right.height:
        left, right = left.drop(histogram), right.drop(histogram)
        oracle.same(left, right, size=given.size, what="states of parts, merged and finished")


def _reordered(given: Given, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    if options.get("min_n") is None:
        again = oracle.called(lambda: sq.evaluate(given.frame.reverse(), given.metric.value, **options))
        oracle.same(again.value, result, size=given.size, what="the rows in reverse")


def _lazy(given: Given, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    lazy = oracle.called(lambda: sq.evaluate(given.frame.lazy(), given.metric.value, **options)).value
    if not isinstance(lazy, pl.LazyFrame):
        raise oracle.FaultError("disagreement", "a lazy frame gives an eager answer")
    read = oracle.called(lazy.collect).value
    if lazy.collect_schema() != read.schema:
        raise oracle.FaultError("disagreement", f"the schema {lazy.collect_schema()} of the plan is not {read.schema}")
    oracle.same(read, result, size=given.size, what="the lazy frame")


def _where(given: Given, _result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    """A slice is the rows of the slice."""
    flag = OURS + "slice"
    flags = pl.Series(flag, [(True, False, None)[place % 3] for place in range(given.frame.height)], pl.Boolean)
    rows = given.frame.with_columns(flags) if given.frame.width else flags.to_frame()
    rest = {name: value for name, value in options.items() if name not in ("by", "every", "at", "timezone")}
    metric = given.metric.value
    sliced = oracle.called(lambda: sq.evaluate(rows, metric.where(pl.col(flag)), **rest))
    filtered = oracle.called(lambda: sq.evaluate(rows.filter(pl.col(flag)), metric, **rest))
    if (sliced.error is None) != (filtered.error is None):
        raise oracle.FaultError("disagreement", f"where: {sliced.error} for {filtered.error}")
    if sliced.error is None:
        oracle.same(sliced.value, filtered.value, size=given.size, what="where for a filter")


def _beside(given: Given, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    metric = given.metric.value
    both = oracle.called(lambda: sq.evaluate(given.frame, [metric.named("another"), metric], **options))
    own = both.value.filter(pl.col("metric") == metric.name)
    oracle.same(own, result, size=given.size, what="beside another metric")


def _estimate(given: Given, _result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    rest = {name: value for name, value in options.items() if name in ("level", "weight", "cluster")}
    row = oracle.called(lambda: sq.evaluate(given.frame, given.metric.value, **rest))
    one = oracle.called(lambda: given.metric.value.estimate(given.frame, **rest))
    if (row.error is None) != (one.error is None):
        raise oracle.FaultError("disagreement", f"estimate: {one.error} for {row.error}")
    if row.error is None:
        oracle.called(lambda: f"{one.value} {one.value!r}")
        oracle.close(one.value.value, row.value["value"].item(), size=given.size, what="estimate for evaluate")


WAYS: Mapping[str, Callable[[Given, pl.DataFrame, Mapping[str, Any]], None]] = {
    "expr": _expr,
    "group_by": lambda given, _result, _options: _grouped(given, over=False),
    "over": lambda given, _result, _options: _grouped(given, over=True),
    "states": _states,
    "reversed": _reordered,
    "lazy": _lazy,
    "where": _where,
    "beside": _beside,
    "estimate": _estimate,
}
OF_PARTS = ("expr", "group_by", "over", "states")
"""Ways that a metric which needs all rows of a group refuses."""
