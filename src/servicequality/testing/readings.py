"""Laws of results: which rows may matter, and ways of computing that must agree."""

from collections.abc import Callable

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from servicequality.core import Metric, evaluate
from servicequality.errors import ParameterError
from servicequality.shapes import FixedShape, PeriodRate, TableShape
from servicequality.testing.comparing import Law, Trial, value
from servicequality.testing.strategies import CLUSTER, KEY, SLICE, WEIGHT

_MANY = 70_000


def the_order_of_rows_is_irrelevant(trial: Trial) -> None:
    """The same rows in another order give the same figures."""
    shuffled = trial.frame.reverse().sample(fraction=1.0, shuffle=True, seed=7)
    trial.same(evaluate(shuffled, trial.metric, by=KEY), trial.by_key)


def null_rows_are_missing_and_no_more(trial: Trial) -> None:
    """Rows that are null in every column of the metric change n_missing, and nothing else."""
    metric, frame = trial.metric, trial.frame
    inputs = {bound.name for bound in metric.inputs}
    blank = frame.clear(3).with_columns(*(pl.lit(None, frame.schema[name]).alias(name) for name in inputs))
    added = blank.height if metric.condition is None else blank.select(metric.condition.sum()).item()
    after = evaluate(pl.concat([frame, blank]), metric)
    trial.same(after, trial.overall.with_columns(pl.col("n_missing") + added))


def every_way_to_ask_agrees(trial: Trial) -> None:
    """`over`, `group_by().agg`, a filter for each group and `evaluate` by group give the same values."""
    metric, frame = trial.metric, trial.frame
    expected = trial.by_key.select(KEY, "value")
    ends = expected.filter(pl.int_range(pl.len()).is_in([0, expected.height - 1]))
    for key, figure in zip(ends[KEY], ends["value"], strict=True):
        trial.close(value(metric, frame.filter(pl.col(KEY).eq_missing(key))), figure)
    if trial.whole:
        return
    for answer in (
        frame.group_by(KEY).agg(value=metric.expr()),
        frame.select(KEY, value=metric.expr().over(KEY)).unique(KEY),
    ):
        trial.same(answer.sort(KEY, nulls_last=True), expected)
    trial.close(frame.select(metric.expr()).item(), trial.overall["value"].item())


def lazy_is_eager_is_streaming(trial: Trial) -> None:
    """A lazy frame gives a lazy answer of the same rows and types, by either engine."""
    metric, frame = trial.metric, trial.frame
    lazy, eager = evaluate(frame.lazy(), metric, by=KEY), trial.by_key
    assert isinstance(lazy, pl.LazyFrame), "a lazy frame gave an eager answer"
    assert lazy.collect_schema() == eager.schema, f"the schema {lazy.collect_schema()} is not {eager.schema}"
    trial.same(lazy.collect(), eager)
    if trial.whole:
        return
    plan = frame.lazy().group_by(KEY).agg(metric.expr())
    streamed, memory = (plan.collect(engine=engine).sort(KEY, nulls_last=True) for engine in ("streaming", "in-memory"))
    assert_frame_equal(streamed, memory, rel_tol=1e-9)


def results_are_in_order(trial: Trial) -> None:
    """Low <= value <= high, the value lies in the metric's bounds, nothing is NaN, and a null value has a reason."""
    honest(trial.by_key, trial.metric)
    honest(evaluate(trial.frame, trial.metric, level=0.5), trial.metric)


def every_row_is_counted_once(trial: Trial) -> None:
    """Rows that enter the value, are missing, are left out by the definition, or wait, add up to all rows of a group."""
    counts = trial.by_key.select(KEY, rows=pl.sum_horizontal("n", "n_missing", "n_excluded", "n_pending"))
    marked = trial.frame.select(KEY, rows=trial.asked)
    rows = marked.group_by(KEY).agg(pl.col("rows").sum().cast(pl.Int64)).sort(KEY, nulls_last=True)
    assert_frame_equal(counts, rows)


def honest(result: pl.DataFrame, metric: Metric) -> None:
    """Raise AssertionError for a result that contradicts itself."""
    low, high = metric.bounds
    value, slack = pl.col("value"), 1e-9 * pl.max_horizontal(1.0, pl.col("value").abs())
    finite = pl.all_horizontal(pl.col("value", "low", "high", "se", "n_eff").is_finite())
    rules = {
        "a figure is NaN or infinite": ~finite,
        "a value is null without a reason, or has one": value.is_null() != pl.col("reason").is_not_null(),
        "a count is below 0": pl.any_horizontal(pl.col("n", "n_missing", "n_excluded", "n_pending") < 0),
        f"the value lies outside {low:g} to {high:g}": (value < low - slack) | (value > high + slack),
        "low lies above the value": pl.col("low") > value + slack,
        "high lies below the value": pl.col("high") < value - slack,
    }
    broken = result.select(rule.any().alias(fault) for fault, rule in rules.items()).row(0, named=True)
    for fault in (fault for fault, broke in broken.items() if broke):
        wrong = result.filter(rules[fault])
        shown = wrong.select(
            "value", "low", "high", "se", "method", "n", "n_missing", "n_excluded", "n_pending", "reason"
        ).head(1)
        raise AssertionError(f"{fault}: {shown.row(0, named=True)}")


def where_is_a_filter_before(trial: Trial) -> None:
    """`where`, once and again, gives what the rows of the slice alone give; a null is not in the slice."""
    narrow = trial.metric.where(pl.col(SLICE)).where(pl.col(KEY) == "a")
    inside = evaluate(trial.frame.filter(SLICE, pl.col(KEY) == "a"), trial.metric)
    trial.same(evaluate(trial.frame, narrow), inside)
    if not trial.whole:
        trial.close(trial.frame.select(narrow.expr()).item(), inside["value"].item())


def whole_groups_are_not_made_of_parts(trial: Trial) -> None:
    """A metric that needs all rows of a group refuses expressions, weights and clusters in words of our own, and states too
    unless they count what it reads.
    """
    metric, frame = trial.metric, trial.frame
    calls: tuple[Callable[[], object], ...] = (
        metric.expr,
        *([lambda: metric.partial(frame)] if trial.partless else []),
        lambda: evaluate(frame, metric, weight=WEIGHT),
        lambda: evaluate(frame, metric, cluster=CLUSTER),
    )
    for call in calls if trial.whole else ():
        refusal = ""
        try:
            call()
        except ParameterError as error:
            refusal = str(error)
        assert metric.name in refusal, f"parts of groups were taken, or refused without a name: {refusal}"


def a_name_is_only_a_name(trial: Trial) -> None:
    """Another name changes the column `metric`, and asking beside others changes nothing."""
    renamed, part = trial.metric.named("another name"), trial.metric.where(pl.col(SLICE)).named("a slice")
    both = evaluate(trial.frame, [part, renamed], by=KEY)
    answer = both.filter(pl.col("metric") == renamed.name)
    trial.same(answer.with_columns(metric=pl.lit(trial.metric.name)), trial.by_key)


def nothing_overflows(trial: Trial) -> None:
    """At 70,000 rows counts are exact, values as for the rows that were repeated, and limits no wider."""
    metric, frame = trial.metric, trial.frame
    times = -(-_MANY // max(1, frame.height))
    few = trial.overall.row(0, named=True)
    crowd = frame[np.tile(np.arange(frame.height), times)]
    result = evaluate(crowd, metric)
    honest(result, metric)
    many = result.row(0, named=True)
    for column in ("n", "n_missing", "n_excluded", "n_pending"):
        expected = None if few[column] is None else few[column] * times
        assert many[column] == expected, f"{column} is {many[column]}, not {expected}"
    if isinstance(metric.shape, FixedShape) and few["value"] is not None:
        expected = few["value"] * (times if trial.grows else 1)
        trial.close(many["value"], expected)
        # Of fewer than four periods the limits do not know of the scatter that they show when repeated.
        blind = isinstance(metric.shape, PeriodRate)
        if many["low"] is not None and few["low"] is not None and not blind:
            assert many["high"] - many["low"] <= few["high"] - few["low"] + 1e-9, f"limits grew wider: {many}"
    if isinstance(metric.shape, TableShape):
        trial.close(crowd.select(metric.expr()).item(), many["value"])


def the_frame_is_left_alone(trial: Trial) -> None:
    """The caller's frame is what it was, whatever the laws before asked of it."""
    trial.metric.estimate(trial.frame)
    assert_frame_equal(trial.frame, trial.before)


LAWS: tuple[Law, ...] = (
    every_row_is_counted_once,
    the_order_of_rows_is_irrelevant,
    null_rows_are_missing_and_no_more,
    every_way_to_ask_agrees,
    lazy_is_eager_is_streaming,
    results_are_in_order,
    where_is_a_filter_before,
    whole_groups_are_not_made_of_parts,
    a_name_is_only_a_name,
)
