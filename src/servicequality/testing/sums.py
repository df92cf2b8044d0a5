"""Laws of states: the sums of parts are the sum of the whole."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from servicequality.errors import InputError
from servicequality.shapes import FixedShape, PatternShape, Quantile
from servicequality.testing.comparing import Law, Trial
from servicequality.testing.strategies import CLUSTER, KEY, PART, SLICE, WEIGHT

HISTOGRAM_ERROR = 1 / 128
"""How far the middle of a bin of 6 mantissa bits lies from any number in it, relative to the number: 0.78 %."""


def parts_merge_to_the_whole(trial: Trial) -> None:
    """The states of any parts, empty ones and single rows included, add up to the state of all rows.

    Where rows of an item are read together, parts divide no item.
    """
    _merges(trial, _parts(trial))


def weighted_parts_merge_to_the_whole(trial: Trial) -> None:
    """The states of any parts add up where rows have weights and keys."""
    if not trial.whole:
        _merges(trial, _parts(trial), by=[KEY], weight=WEIGHT)


def whole_clusters_merge_to_the_whole(trial: Trial) -> None:
    """The states of parts that divide no cluster add up, and keep what its clusters say of the limits."""
    if isinstance(trial.metric.shape, FixedShape):
        parts = [trial.frame.clear(), trial.frame.filter(pl.col(CLUSTER) < 3), trial.frame.filter(pl.col(CLUSTER) >= 3)]
        _merges(trial, parts, by=[KEY], cluster=CLUSTER)


def _parts(trial: Trial) -> list[pl.DataFrame]:
    frame, shape = trial.frame, trial.metric.shape
    first = pl.int_range(pl.len()) == 0
    if isinstance(shape, PatternShape):
        first = first.any().over(shape.item)  # frames of such shapes have whole items in each part
    return [
        frame.clear(),
        *(frame.filter(rows) for rows in (first, ~first & (pl.col(PART) == 0), ~first & (pl.col(PART) != 0))),
    ]


def _merges(trial: Trial, parts: list[pl.DataFrame], **options: Any) -> None:
    metric = trial.metric
    whole = metric.merge([metric.partial(trial.frame, **options)])
    trial.same_state(metric.merge([metric.partial(part, **options) for part in parts]), whole)


def merging_is_addition(trial: Trial) -> None:
    """Merging does not depend on order or grouping, and the state of no rows changes nothing."""
    metric, frame = trial.metric, trial.frame
    a, b, c = (metric.partial(frame.filter(pl.col(PART) == part), by=KEY) for part in range(3))
    nothing = metric.partial(frame.clear(), by=KEY)
    at_once = metric.merge([a, b, c])
    for other in ([c, a, b], [metric.merge([a, b]), c], [a, metric.merge([b, c])], [a, nothing, b, c]):
        trial.same_state(metric.merge(other), at_once)
    trial.same_state(metric.merge([at_once], by=[]), metric.merge([metric.partial(frame)]))
    trial.same(metric.finish(at_once), metric.finish(trial.state))


def states_give_the_figures_of_the_rows(trial: Trial) -> None:
    """What a state gives is what the rows give; for a quantile, within the error of its histogram."""
    finished, evaluated = trial.metric.finish(trial.state), trial.by_key
    shape = trial.metric.shape
    if not isinstance(shape, Quantile):
        trial.same(finished, evaluated)
        return
    exact = ["value", "low", "high"]
    assert_frame_equal(finished.drop(exact), evaluated.drop(exact))
    near = [shape.at.filter(shape.n).cast(pl.Float64).quantile(shape.p, side).abs() for side in ("lower", "higher")]
    neighbours = trial.frame.group_by(KEY).agg(largest=pl.max_horizontal(near)).sort(KEY, nulls_last=True)["largest"]
    error = HISTOGRAM_ERROR * (1 + 1e-9)
    for column, allowed in (("value", neighbours), ("low", evaluated["low"].abs()), ("high", evaluated["high"].abs())):
        assert finished[column].is_null().eq(evaluated[column].is_null()).all(), f"{column} is null in one of the two"
        off = (finished[column] - evaluated[column]).abs()
        assert (off <= error * allowed).all(), (
            f"{column}: {finished[column].to_list()}, not {evaluated[column].to_list()}"
        )


def states_survive_parquet(trial: Trial) -> None:
    """A state comes back from a file as it was; a state that other rules made is refused."""
    metric, state = trial.metric, trial.state
    stranger = metric.where(pl.col(metric.inputs[0].name).is_not_null() | pl.col(metric.inputs[0].name).is_null())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.parquet"
        metric.save(state, path)
        trial.same_state(metric.load(path), state)
        trial.same_state(metric.merge([path]), metric.merge([state]))
        _refuses(lambda: stranger.load(path))
    other = {"by": [KEY, SLICE]} if trial.whole else {"by": KEY, "weight": WEIGHT}
    _refuses(lambda: metric.merge([state, metric.partial(trial.frame, **other)]))
    _refuses(lambda: metric.named(f"{metric.name} of others").merge([state]))


def _refuses(call: Callable[[], object]) -> None:
    try:
        call()
    except InputError:
        return
    raise AssertionError("a state of other rules was taken")


LAWS: tuple[Law, ...] = (
    parts_merge_to_the_whole,
    weighted_parts_merge_to_the_whole,
    whole_clusters_merge_to_the_whole,
    merging_is_addition,
    states_give_the_figures_of_the_rows,
    states_survive_parquet,
)
