"""What holds for every metric, whatever it measures. Lives here: `check_laws` and the laws. Never: a metric's own oracle."""

from datetime import datetime

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings

from servicequality.core import Metric
from servicequality.errors import DefinitionError, ParameterError
from servicequality.testing import readings, sampled, sums
from servicequality.testing.comparing import Law
from servicequality.testing.strategies import AROUND, frames

LAWS: tuple[Law, ...] = (*sums.LAWS, *readings.LAWS, *sampled.LAWS)


def check_laws(metric: Metric, *, examples: int = 50, around: datetime = AROUND, shrink: bool = True) -> None:
    """Try the laws of states, of results and of sampling on random frames of legal rows.

    Args:
        metric: a metric, as a call of its definition gives it.
        examples: how many frames are tried.
        around: an instant near which the frames' instants lie; give the one that the metric was given, such as `as_of`.
        shrink: look for the smallest frame that breaks a law; otherwise the first one found is shown.

    Raises:
        AssertionError: a law does not hold; the text names it, and hypothesis adds the frame.
        ParameterError: what is given is no metric, or is restricted to a slice of columns that are not its inputs.
    """
    if not isinstance(metric, Metric):
        raise ParameterError(f"{metric!r} is no metric; call the definition first, such as check_laws(nps())")
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
        for law in LAWS:
            _obey(law, metric, frame)

    @settings(kept, max_examples=3)
    @given(frames(metric, around=around, min_size=8))
    def large(frame: pl.DataFrame) -> None:
        _obey(readings.nothing_overflows, metric, frame)

    small()
    large()


def _obey(law: Law, metric: Metric, frame: pl.DataFrame) -> None:
    """Try one law, and name it if it is broken."""
    try:
        law(metric, frame)
    except (AssertionError, pl.exceptions.PolarsError, DefinitionError) as error:
        said = law.__name__.replace("_", " ")
        raise AssertionError(
            f"{metric.name} breaks the law {said!r}: {' '.join((law.__doc__ or '').split())}\n{error}"
        ) from error
