"""Laws of states: sums of parts are the sum of the whole. Never here: how a state becomes a figure."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars.testing import assert_frame_equal

from servicequality.core import Metric, evaluate
from servicequality.errors import InputError
from servicequality.shapes import FixedShape, Quantile
from servicequality.testing.comparing import Law, same, same_state
from servicequality.testing.strategies import CLUSTER, KEY, PART, WEIGHT

HISTOGRAM_ERROR = 1 / 128
"""How far the middle of a bin of 6 mantissa bits lies from any number in it, relative to the number: 0.78 %."""


def parts_merge_to_the_whole(metric: Metric, frame: pl.DataFrame) -> None:
    """The states of any parts, empty ones and single rows included, add up to the state of all rows."""
    first, rest = frame.head(1), frame.slice(1)
    parts = [frame.clear(), first, *(rest.filter(pl.col(PART) == part) for part in range(3))]
    whole_clusters = [frame.clear(), *(frame.filter(pl.col(CLUSTER) % 3 == part) for part in range(3))]
    for by in ([], [KEY]):
        for weight in (None, WEIGHT):
            whole = metric.partial(frame, by=by, weight=weight)
            merged = metric.merge([metric.partial(part, by=by, weight=weight) for part in parts])
            same_state(merged, metric.merge([whole]), of=metric, rows=frame)
            same(metric.finish(merged), metric.finish(whole), of=metric, rows=frame)
        if not isinstance(metric.shape, FixedShape):
            continue
        whole = metric.partial(frame, by=by, cluster=CLUSTER)
        merged = metric.merge([metric.partial(part, by=by, cluster=CLUSTER) for part in whole_clusters])
        same(metric.finish(merged), metric.finish(whole), of=metric, rows=frame)


def merging_is_addition(metric: Metric, frame: pl.DataFrame) -> None:
    """Merging does not depend on order or grouping, and the state of no rows changes nothing."""
    a, b, c = (metric.partial(frame.filter(pl.col(PART) == part), by=KEY) for part in range(3))
    nothing = metric.partial(frame.clear(), by=KEY)
    at_once = metric.merge([a, b, c])
    for other in ([c, a, b], [metric.merge([a, b]), c], [a, metric.merge([b, c])], [a, nothing, b, c]):
        same_state(metric.merge(other), at_once, of=metric, rows=frame)
    over_keys = metric.merge([at_once], by=[])
    same_state(over_keys, metric.merge([metric.partial(frame)]), of=metric, rows=frame)


def states_give_the_figures_of_the_rows(metric: Metric, frame: pl.DataFrame) -> None:
    """What a state gives is what the rows give; for a quantile, within the error of its histogram."""
    finished, evaluated = metric.finish(metric.partial(frame, by=KEY)), evaluate(frame, metric, by=KEY)
    shape = metric.shape
    if not isinstance(shape, Quantile):
        same(finished, evaluated, of=metric, rows=frame)
        return
    exact = ["value", "low", "high"]
    assert_frame_equal(finished.drop(exact), evaluated.drop(exact))
    near = [shape.at.filter(shape.n).cast(pl.Float64).quantile(shape.p, side).abs() for side in ("lower", "higher")]
    neighbours = frame.group_by(KEY).agg(largest=pl.max_horizontal(near)).sort(KEY, nulls_last=True)["largest"]
    error = HISTOGRAM_ERROR * (1 + 1e-9)
    for column, allowed in (("value", neighbours), ("low", evaluated["low"].abs()), ("high", evaluated["high"].abs())):
        assert finished[column].is_null().eq(evaluated[column].is_null()).all(), f"{column} is null in one of the two"
        off = (finished[column] - evaluated[column]).abs()
        assert (off <= error * allowed).all(), (
            f"{column}: {finished[column].to_list()}, not {evaluated[column].to_list()}"
        )


def states_survive_parquet(metric: Metric, frame: pl.DataFrame) -> None:
    """A state comes back from a file as it was; a state that other rules made is refused."""
    state = metric.partial(frame, by=KEY)
    stranger = metric.where(pl.col(metric.inputs[0].name).is_not_null() | pl.col(metric.inputs[0].name).is_null())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.parquet"
        metric.save(state, path)
        same_state(metric.load(path), state, of=metric, rows=frame)
        same_state(metric.merge([path]), metric.merge([state]), of=metric, rows=frame)
        _refuses(lambda: stranger.load(path))
    _refuses(lambda: metric.merge([state, metric.partial(frame, by=KEY, weight=WEIGHT)]))
    _refuses(lambda: metric.named(f"{metric.name} of others").merge([state]))


def _refuses(call: Callable[[], object]) -> None:
    try:
        call()
    except InputError:
        return
    raise AssertionError("a state of other rules was taken")


LAWS: tuple[Law, ...] = (
    parts_merge_to_the_whole,
    merging_is_addition,
    states_give_the_figures_of_the_rows,
    states_survive_parquet,
)
