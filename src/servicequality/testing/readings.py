"""Laws of results: which rows may matter, and the ways to ask that must agree. Never here: states, weights, clusters."""

import polars as pl
from polars.testing import assert_frame_equal

from servicequality.core import Metric, evaluate
from servicequality.shapes import FixedShape, PeriodRate, TableShape
from servicequality.testing.comparing import Law, close, grows, same, value
from servicequality.testing.strategies import KEY, SLICE

_MANY = 70_000


def the_order_of_rows_is_irrelevant(metric: Metric, frame: pl.DataFrame) -> None:
    """The same rows in another order give the same figures."""
    expected = evaluate(frame, metric, by=KEY)
    for other in (frame.reverse(), frame.sample(fraction=1.0, shuffle=True, seed=7)):
        same(evaluate(other, metric, by=KEY), expected, of=metric, rows=frame)


def null_rows_are_missing_and_no_more(metric: Metric, frame: pl.DataFrame) -> None:
    """Rows that are null in every column of the metric change n_missing, and nothing else."""
    inputs = {bound.name for bound in metric.inputs}
    blank = frame.clear(3).with_columns(*(pl.lit(None, frame.schema[name]).alias(name) for name in inputs))
    added = blank.height if metric.condition is None else blank.select(metric.condition.sum()).item()
    before, after = evaluate(frame, metric), evaluate(pl.concat([frame, blank]), metric)
    same(after, before.with_columns(pl.col("n_missing") + added), of=metric, rows=frame)


def every_way_to_ask_agrees(metric: Metric, frame: pl.DataFrame) -> None:
    """`over`, `group_by().agg`, a filter for each group and `evaluate` by group give the same values."""
    evaluated = evaluate(frame, metric, by=KEY)["value"]
    keys = frame.select(pl.col(KEY).unique()).sort(KEY, nulls_last=True)[KEY]
    filtered = [value(metric, frame.filter(pl.col(KEY).eq_missing(key))) for key in keys]
    grouped = frame.group_by(KEY).agg(metric.expr()).sort(KEY, nulls_last=True)[metric.name]
    over = frame.select(KEY, metric.expr().over(KEY)).unique(KEY).sort(KEY, nulls_last=True)[metric.name]
    for expected, *others in zip(evaluated, filtered, grouped, over, strict=True):
        for other in others:
            close(other, expected, of=metric, rows=frame)
    close(frame.select(metric.expr()).item(), value(metric, frame), of=metric, rows=frame)


def lazy_is_eager_is_streaming(metric: Metric, frame: pl.DataFrame) -> None:
    """A lazy frame gives a lazy answer of the same rows and types, by either engine."""
    lazy, eager = evaluate(frame.lazy(), metric, by=KEY), evaluate(frame, metric, by=KEY)
    assert isinstance(lazy, pl.LazyFrame), "a lazy frame gave an eager answer"
    assert lazy.collect_schema() == eager.schema, f"the schema {lazy.collect_schema()} is not {eager.schema}"
    same(lazy.collect(), eager, of=metric, rows=frame)
    asked = frame.lazy().group_by(KEY).agg(metric.expr())
    streamed, memory = (
        asked.collect(engine=engine).sort(KEY, nulls_last=True) for engine in ("streaming", "in-memory")
    )
    assert_frame_equal(streamed, memory, rel_tol=1e-9)


def results_are_in_order(metric: Metric, frame: pl.DataFrame) -> None:
    """Low <= value <= high, the value lies in the metric's bounds, nothing is NaN, and a null value has a reason."""
    honest(evaluate(frame, metric, by=KEY), metric)
    honest(evaluate(frame, metric, level=0.5), metric)


def honest(result: pl.DataFrame, metric: Metric) -> None:
    """Raise AssertionError for a result that contradicts itself."""
    low, high = metric.bounds
    value, slack = pl.col("value"), 1e-9 * pl.max_horizontal(1.0, pl.col("value").abs())
    finite = pl.all_horizontal(pl.col("value", "low", "high", "se", "n_eff").is_finite())
    rules = {
        "a figure is NaN or infinite": ~finite,
        "a value is null without a reason, or has one": value.is_null() != pl.col("reason").is_not_null(),
        "a count is below 0": pl.any_horizontal(pl.col("n", "n_missing", "n_pending") < 0),
        f"the value lies outside {low:g} to {high:g}": (value < low - slack) | (value > high + slack),
        "low lies above the value": pl.col("low") > value + slack,
        "high lies below the value": pl.col("high") < value - slack,
    }
    for fault, rule in rules.items():
        broken = result.filter(rule)
        shown = broken.select("value", "low", "high", "se", "method", "n", "n_missing", "n_pending", "reason").head(1)
        assert broken.is_empty(), f"{fault}: {shown.row(0, named=True)}"


def where_is_a_filter_before(metric: Metric, frame: pl.DataFrame) -> None:
    """`where` gives what the rows of the slice alone give; a null is not in the slice."""
    inside = evaluate(frame.filter(pl.col(SLICE)), metric)
    same(evaluate(frame, metric.where(pl.col(SLICE))), inside, of=metric, rows=frame)
    narrow = metric.where(pl.col(SLICE)).where(pl.col(KEY) == "a")
    inside = evaluate(frame.filter(SLICE, pl.col(KEY) == "a"), metric)
    same(evaluate(frame, narrow), inside, of=metric, rows=frame)
    close(frame.select(narrow.expr()).item(), inside["value"].item(), of=metric, rows=frame)


def a_name_is_only_a_name(metric: Metric, frame: pl.DataFrame) -> None:
    """Another name changes the column `metric`, and asking beside others changes nothing."""
    renamed, expected = metric.named("another name"), evaluate(frame, metric, by=KEY)
    same(evaluate(frame, renamed, by=KEY).with_columns(metric=pl.lit(metric.name)), expected, of=metric, rows=frame)
    both = evaluate(frame, [renamed, metric.where(pl.col(SLICE)).named("a slice"), metric], by=KEY)
    same(both.filter(pl.col("metric") == metric.name), expected, of=metric, rows=frame)


def the_frame_is_left_alone(metric: Metric, frame: pl.DataFrame) -> None:
    """The caller's frame is what it was."""
    before = frame.clone()
    evaluate(frame, metric, by=KEY)
    metric.estimate(frame)
    metric.partial(frame, by=KEY)
    assert_frame_equal(frame, before)


def nothing_overflows(metric: Metric, frame: pl.DataFrame) -> None:
    """At 70,000 rows counts are exact, values as for the rows that were repeated, and limits no wider."""
    times = -(-_MANY // max(1, frame.height))
    few = evaluate(frame, metric).row(0, named=True)
    crowd = pl.concat([frame] * times)
    result = evaluate(crowd, metric)
    honest(result, metric)
    many = result.row(0, named=True)
    for column in ("n", "n_missing", "n_pending"):
        expected = None if few[column] is None else few[column] * times
        assert many[column] == expected, f"{column} is {many[column]}, not {expected}"
    if isinstance(metric.shape, FixedShape) and few["value"] is not None:
        expected = few["value"] * (times if grows(metric) else 1)
        close(many["value"], expected, of=metric, rows=frame)
        # Of fewer than four periods the limits do not know of the scatter that they show when repeated.
        blind = isinstance(metric.shape, PeriodRate)
        if many["low"] is not None and few["low"] is not None and not blind:
            assert many["high"] - many["low"] <= few["high"] - few["low"] + 1e-9, f"limits grew wider: {many}"
    if isinstance(metric.shape, TableShape):
        close(crowd.select(metric.expr()).item(), many["value"], of=metric, rows=frame)


LAWS: tuple[Law, ...] = (
    the_order_of_rows_is_irrelevant,
    null_rows_are_missing_and_no_more,
    every_way_to_ask_agrees,
    lazy_is_eager_is_streaming,
    results_are_in_order,
    where_is_a_filter_before,
    a_name_is_only_a_name,
    the_frame_is_left_alone,
)
