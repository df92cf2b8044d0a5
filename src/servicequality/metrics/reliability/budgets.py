"""Incident rates, error budgets and burn rates."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Amount, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import RateMethod, Shape, rate, ratio

__all__ = ["burn_rate", "error_budget", "incident_rate"]

_WORKBOOK = "Google SRE Workbook 2018, chapter 5"
_COUNT = (0.0, float("inf"))
_BAD = "with more bad events than events"


@define(
    title="Incident rate",
    unit="per unit of exposure",
    better="lower",
    bounds=_COUNT,
    grain="period",
    formula=r"\frac{\sum \text{incidents}}{\sum \text{exposure}}",
    references=("Garwood 1936", "McCullagh & Nelder 1989"),
    aliases=("incidents per day", "incidents per customer", "incident frequency"),
)
def incident_rate(
    incidents: Amount = "incidents", exposure: Amount = "exposure", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """Incidents for each unit of exposure: days, customers, deployments or calls, whatever the second column counts.

    From four periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's
    (quasi-Poisson); `interval="poisson"` leaves them as they are.

    When it lies:
        Where recording an incident costs half an hour, few are recorded. Limits of fewer than four periods take incidents for
        independent; one cause that makes five incidents makes them too narrow.

    Why your vendor shows another number:
        Incidents per month whatever its length or its traffic; alerts in place of incidents; duplicates counted.
    """
    of = answered(incidents) & answered(exposure)
    return rate(pl.col(incidents), pl.col(exposure), of=of, periods=True, interval=interval)


def _burnt(bad: str, total: str, objective: float) -> Shape:
    if not 0 < objective < 1:
        raise ParameterError(f"objective must lie strictly between 0 and 1, such as 0.999; got {objective!r}")
    of = answered(bad) & answered(total)
    return ratio(pl.col(bad) / (1 - objective), pl.col(total), of=of)


@define(
    title="Burn rate",
    unit="times the allowed rate",
    better="lower",
    bounds=_COUNT,
    grain="period",
    formula=r"\frac{\sum \text{bad} / \sum \text{total}}{1 - \text{objective}}",
    references=(_WORKBOOK, "Cochran 1977"),
    aliases=("error budget burn", "SLO burn rate", "how fast is the budget spent"),
)
def burn_rate(bad: Amount = "bad", total: Amount = "total", *, objective: float) -> Shape:
    """How many times faster than allowed the error budget is spent: the share of bad events over the share allowed.

    At 1 the budget lasts exactly its period. One row is a stretch of time with its counts; limits take the rows, and not
    the events, for independent.

    When it lies:
        At night one failed request of ten is a burn rate of 100. Look at the number of events too.

    Why your vendor shows another number:
        Over another window; time in place of events; the average of the rows' rates in place of the rate of their sums.

    Example:
        rows = {"bad": [0, 2, 1, 12], "total": [1000, 1200, 900, 1100]}
        print(sq.burn_rate(objective=0.999).estimate(rows))
    """
    return replace(_burnt(bad, total, objective), refused={_BAD: pl.col(bad) > pl.col(total)})


@define(
    title="Error budget left",
    unit="share",
    better="higher",
    bounds=(float("-inf"), 1),
    grain="period",
    formula=r"1 - \frac{\sum \text{bad}}{(1 - \text{objective}) \sum \text{total}}",
    references=(_WORKBOOK, "Cochran 1977"),
    aliases=("error budget", "SLO budget remaining", "budget left"),
)
def error_budget(bad: Amount = "bad", total: Amount = "total", *, objective: float) -> Shape:
    """Share of the error budget that is left, if the rows are all of the objective's period; below 0 it is overspent.

    One row is a stretch of time with its counts. Every event of the period was counted, so an objective is met or missed by
    the value itself; limits are of the process behind it, and take the rows, and not the events, for independent.

    When it lies:
        In the first hours of a period the total is small: the budget looks spent by one failure. Count what the period will
        have, not what it has had.

    Why your vendor shows another number:
        The budget of a calendar month or of the last 30 days; minutes in place of events; bad minutes that count whole.

    Example:
        rows = {"bad": [0, 2, 1, 12], "total": [10_000, 12_000, 9_000, 11_000]}
        print(sq.error_budget(objective=0.999).estimate(rows))
    """
    left = 1 - objective
    shape = _burnt(bad, total, objective)
    kept = ratio(pl.col(total) - pl.col(bad) / left, pl.col(total), of=shape.n)
    return replace(kept, census=True, refused={_BAD: pl.col(bad) > pl.col(total)})
