"""Error budgets of a service-level objective (Google SRE Workbook 2018, chapter 5)."""

# An objective of 0.999 leaves a budget of 0.001 of all events. A burn rate of 1 spends it exactly by the end of the period.

import numpy as np
from numpy.typing import ArrayLike

from servicequality.stats._checks import FloatArray, between_zero_and_one, floats, positive, require
from servicequality.stats._kernel import kernel


@kernel
def burn_rate(bad: ArrayLike, total: ArrayLike, *, objective: ArrayLike) -> FloatArray:
    """How many times faster than allowed the budget is spent: the share of bad events over the share allowed.

    Args:
        bad: bad events, 0 or more.
        total: all events, above 0.
        objective: share of good events that was promised, strictly between 0 and 1.

    Raises:
        ParameterError: an argument outside its range, or more bad events than events.
    """
    failed, events, promised = floats(bad=bad, total=total, objective=objective)
    positive("total", events)
    require((failed >= 0) & (failed <= events), "bad", failed, "from 0 to total", "bad events are among all events")
    between_zero_and_one("objective", promised)
    return np.asarray(failed / events / (1 - promised))


@kernel
def burn_threshold(fraction: ArrayLike, *, window: ArrayLike, period: ArrayLike) -> FloatArray:
    """The burn rate that spends this fraction of the budget within a window of the period (both in one unit of time).

    Args:
        fraction: fractions of the budget.
        window: lengths of the windows.
        period: length of the period, in the same unit.

    Raises:
        ParameterError: an argument that is not above 0, or a window longer than the period.
    """
    spent, span, whole = floats(fraction=fraction, window=window, period=period)
    for name, values in (("fraction", spent), ("window", span), ("period", whole)):
        positive(name, values)
    require(span <= whole, "window", span, "no longer than the period", "give both in one unit")
    return np.asarray(spent * whole / span)


@kernel
def budget_time(objective: ArrayLike, *, period: ArrayLike) -> FloatArray:
    """How long a service may be down in a period, in the period's unit.

    Args:
        objective: the objective as a share, such as 0.999.
        period: length of the period.

    Raises:
        ParameterError: an objective outside (0, 1), or a period that is not above 0.
    """
    promised, whole = floats(objective=objective, period=period)
    between_zero_and_one("objective", promised)
    positive("period", whole)
    return np.asarray((1 - promised) * whole)


@kernel
def budget_spent(burn: ArrayLike, *, window: ArrayLike, period: ArrayLike) -> FloatArray:
    """The fraction of a period's budget that a burn rate spends within a window.

    Args:
        burn: burn rates.
        window: lengths of the windows.
        period: length of the period, in the same unit.

    Raises:
        ParameterError: a burn rate below 0, or a window or period that is not above 0.
    """
    rate, span, whole = floats(burn=burn, window=window, period=period)
    require(rate >= 0, "burn", rate, "0 or more", "a burn rate is a ratio of shares")
    positive("window", span)
    positive("period", whole)
    return np.asarray(rate * span / whole)


@kernel
def time_to_exhaust(burn: ArrayLike, *, period: ArrayLike, left: ArrayLike = 1.0) -> FloatArray:
    """How long the budget lasts at a burn rate, in the period's unit; infinite where nothing is spent.

    Args:
        burn: burn rate, 0 or more.
        period: the period of the objective.
        left: fraction of the budget that is left, 0 or more.

    Raises:
        ParameterError: an argument outside its range.
    """
    rate, whole, rest = floats(burn=burn, period=period, left=left)
    require(rate >= 0, "burn", rate, "0 or more", "a burn rate is a ratio of shares")
    positive("period", whole)
    require(rest >= 0, "left", rest, "0 or more", "a budget that is spent lasts no longer")
    return np.asarray(np.divide(rest * whole, rate, out=np.full(rate.shape, np.inf), where=rate > 0))
