"""`check_laws`, and the laws that hold for every metric."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings

from servicequality.core import Metric
from servicequality.errors import DefinitionError, ParameterError
from servicequality.testing import readings, sampled, sums
from servicequality.testing.comparing import Law, Trial
from servicequality.testing.strategies import AROUND, frames, mixed

LAWS: tuple[Law, ...] = (*sums.LAWS, *readings.LAWS, *sampled.LAWS, readings.the_frame_is_left_alone)
LAWS_OF_ROWS: tuple[Law, ...] = (
    sums.parts_merge_to_the_whole,
    readings.null_rows_are_missing_and_no_more,
    readings.results_are_in_order,
)
"""What a metric's own row rules can break; the other laws rest on its shape."""
_OF_ANY_FRAME: tuple[Law, ...] = tuple(law for law in LAWS if law is not sums.states_survive_parquet)
"""All but what one frame with groups of every kind shows as well, and which writes files."""
_OF_SINGLE_ROWS: tuple[Law, ...] = (*sampled.LAWS, readings.nothing_overflows)
"""Of rows that may be weighted or repeated."""


def check_laws(metric: Metric, *, examples: int = 50, around: datetime = AROUND, shrink: bool = True) -> None:
    """Try the laws of states, of results and of sampling on frames of legal rows.

    Random frames come first; then, whatever `examples` says, frames of all types that the columns may have, with groups
    of every kind: varied, of one row, of rows that are all alike, of nulls alone; and one without rows.

    Args:
        metric: a metric, as a call of its definition gives it.
        examples: how many random frames are tried; 0 is enough for a metric whose shape is examined elsewhere.
        around: an instant near which the frames' instants lie; give the one that the metric was given, such as `as_of`.
        shrink: look for the smallest random frame that breaks a law; otherwise the first one found is shown.

    Raises:
        AssertionError: a law does not hold; the text names it, and the frame is added.
        ParameterError: what is given is not a metric, or is restricted to a slice of columns that are not its inputs, or
            examples is below 0.
    """
    if not isinstance(metric, Metric):
        raise ParameterError(f"{metric!r} is not a metric; call the definition first, such as check_laws(nps())")
    if examples < 0:
        raise ParameterError(f"examples must be 0 or more, got {examples!r}")
    if examples:
        _random(metric, examples, around, shrink=shrink)
    first, *others = (mixed(metric, seed, around) for seed in range(4))
    _try((*LAWS, readings.nothing_overflows), metric, first)
    for frame in (*others, first.clear()):
        _try(LAWS_OF_ROWS, metric, frame)


def _random(metric: Metric, examples: int, around: datetime, *, shrink: bool) -> None:
    """Try every law on frames that hypothesis draws."""
    kept = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    @kept
    @given(frames(metric, around=around))
    def small(frame: pl.DataFrame) -> None:
        obey(_OF_ANY_FRAME, metric, frame)

    @settings(kept, max_examples=2)
    @given(frames(metric, around=around, min_size=8))
    def large(frame: pl.DataFrame) -> None:
        obey((readings.nothing_overflows,), metric, frame)

    small()
    large()


def _try(laws: tuple[Law, ...], metric: Metric, frame: pl.DataFrame) -> None:
    """Try laws on a frame, and show it if one is broken."""
    try:
        obey(laws, metric, frame)
    except AssertionError as error:
        error.add_note(f"The frame: {frame}")
        raise


def obey(laws: Iterable[Law], metric: Metric, frame: pl.DataFrame) -> None:
    """Try laws on a metric and a frame of legal rows; an AssertionError names the first that is broken."""
    trial = Trial(metric, frame)
    for law in laws:
        if (trial.whole and law in _OF_SINGLE_ROWS) or (trial.partless and law in sums.LAWS):
            continue
        try:
            law(trial)
        except (AssertionError, pl.exceptions.PolarsError, DefinitionError) as error:
            name = law.__name__.replace("_", " ")
            raise AssertionError(
                f"{metric.name} breaks the law {name!r}: {' '.join((law.__doc__ or '').split())}\n{error}"
            ) from error
