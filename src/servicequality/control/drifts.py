"""EWMA and CUSUM charts, which add up small drifts."""

from typing import Any

import numpy as np

from servicequality.control.baselines import Baseline, Drawn, Flags, Numbers, charted, signals
from servicequality.core import By, Computation, of_frame
from servicequality.errors import ParameterError
from servicequality.stats import cusum, ewma, individuals_limits

__all__ = ["cusum_chart", "ewma_chart"]


@of_frame
def ewma_chart(
    series: Any,
    value: str = "value",
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    weight: float = 0.2,
) -> Computation:
    """EWMA chart (Roberts 1959): a moving average, which finds small shifts sooner than single points do.

    Centre and standard deviation come from the baseline's mean and moving range, as in `xmr`.

    Args:
        series: any dataframe (lazy in, lazy out), one row a point.
        value: column of the points; null is a gap, over which the average stays as it is.
        metric: as for `xmr`.
        at: column of their times.
        by: key columns.
        every: as for `xmr`.
        baseline: as for `xmr`.
        weight: weight of the newest point, in (0, 1]; small weights find small shifts.

    Returns:
        As `xmr`; `value` is the average.

    Raises:
        InputError: as for `xmr`.
        ParameterError: as for `xmr`, or a weight outside (0, 1].
    """
    if not 0 < weight <= 1:
        raise ParameterError(f"weight must lie in (0, 1]; got {weight!r}")

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        (points,) = columns
        centre, sigma = _steady(points, chosen)
        average, low, high = ewma(points, target=centre, sigma=sigma, weight=weight)
        average = np.where(np.isfinite(points), average, np.nan)
        signal = signals(average, centre, low, high, runs=False)
        return Drawn(average, np.full(points.shape, centre), low, high, signal)

    return charted(series, [value], draw, at=at, by=by, every=every, baseline=baseline, metric=metric)


@of_frame
def cusum_chart(
    series: Any,
    value: str = "value",
    *,
    metric: str | None = None,
    at: str = "period",
    by: By = (),
    every: str | None = None,
    baseline: Baseline = None,
    slack: float = 0.5,
    decision: float = 5.0,
) -> Computation:
    """Tabular CUSUM (Page 1954): how far the points have drifted from the baseline's mean, beyond a slack, on either side.

    Args:
        series: any dataframe (lazy in, lazy out), one row a point.
        value: column of the points; null is a gap, which changes nothing.
        metric: as for `xmr`.
        at: column of their times.
        by: key columns.
        every: as for `xmr`.
        baseline: as for `xmr`.
        slack: how far a point may lie from the mean without counting, in standard deviations.
        decision: how much drift is a signal, in standard deviations.

    Returns:
        As `xmr`: `value` is the larger of the two sums with the sign of its side, in the unit of the points; `low` and
        `high` are the decision, and `centre` is 0.

    Raises:
        InputError: as for `xmr`.
        ParameterError: as for `xmr`, a slack below 0, or a decision that is not above 0.
    """
    if not (slack >= 0 and decision > 0):
        raise ParameterError(f"slack must be 0 or more and decision above 0; got {slack!r} and {decision!r}")

    def draw(columns: list[Numbers], chosen: Flags) -> Drawn:
        (points,) = columns
        centre, sigma = _steady(points, chosen)
        up, down = cusum(points, target=centre, slack=slack * sigma)
        drift = np.where(np.isfinite(points), np.where(up >= down, up, -down), np.nan)
        reach = np.full(points.shape, decision * sigma)
        return Drawn(drift, np.zeros(points.shape), -reach, reach, signals(drift, 0.0, -reach, reach, runs=False))

    return charted(series, [value], draw, at=at, by=by, every=every, baseline=baseline, metric=metric)


def _steady(points: Numbers, chosen: Flags) -> tuple[float, float]:
    """Mean and standard deviation of the baseline, the latter from its moving range."""
    limits = individuals_limits(np.where(chosen, points, np.nan))
    sigma = float(limits.high - limits.centre) / 3
    if not sigma > 0:
        raise ParameterError("the baseline does not vary: there is no drift to measure by it")
    return limits.centre, sigma
