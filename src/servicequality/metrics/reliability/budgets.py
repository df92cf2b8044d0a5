"""Incident rates, error budgets and burn rates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from servicequality.columns import Amount, Instant, answered
from servicequality.core import define, define_table, evaluate
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.model import as_frame
from servicequality.shapes import RateMethod, Shape, rate, ratio
from servicequality.stats import burn_threshold

__all__ = ["burn_alerts", "burn_rate", "error_budget", "incident_rate"]

_WORKBOOK = "Google SRE Workbook 2018, chapter 5"
_COUNT = (0.0, float("inf"))
_BAD = "with more bad events than events"

WORKBOOK_WINDOWS: Mapping[str, tuple[float, float, float]] = {
    "page, 1 h": (3_600, 300, 0.02),
    "page, 6 h": (21_600, 1_800, 0.05),
    "ticket, 3 d": (259_200, 21_600, 0.10),
}
"""Name to (long window, short window, fraction of the budget), in seconds: the alerts that the workbook recommends."""


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


@define_table(
    title="Burn-rate alerts",
    unit="times the allowed rate",
    better="lower",
    bounds=_COUNT,
    grain="period",
    formula=r"b_{\text{long}} \ge b^* \wedge b_{\text{short}} \ge b^*,\quad b^* = f \cdot \text{period}/\text{long}",
    references=(_WORKBOOK,),
    aliases=("multi-window burn rate", "SLO alerts", "fast burn", "slow burn"),
)
def burn_alerts(
    periods: Any,
    at: Instant = "at",
    bad: Amount = "bad",
    total: Amount = "total",
    *,
    objective: float,
    as_of: datetime,
    period: float = 30 * 86_400.0,
    windows: Mapping[str, tuple[float, float, float]] = WORKBOOK_WINDOWS,
    level: float = 0.95,
) -> pl.DataFrame:
    """The burn rate over several pairs of windows that end at `as_of`, and whether each pair calls for somebody.

    A pair alerts where the burn rate reaches its threshold over the long window, so that it matters, and over the short
    one, so that it still goes on.

    Args:
        periods: any dataframe, one row a stretch of time with its counts.
        at: column of the instant at which the stretch begins; rows from `as_of` on are not known yet.
        bad: column of bad events.
        total: column of all events.
        objective: share of good events that was promised, strictly between 0 and 1.
        as_of: where all windows end.
        period: length of the objective's period in seconds.
        windows: name to (long window, short window, fraction of the budget spent over the long one), in seconds.
        level: confidence level of the long window's limits.

    Returns:
        One row a pair: `alert`, the columns of `evaluate` for the long window, then `short`, `threshold`, `fires`
        (null where a window has no events).

    Raises:
        InputError: a column is missing, counts are negative, or there are more bad events than events.
        ParameterError: an objective outside (0, 1), or windows that do not fit the period.

    When it lies:
        A service with ten requests an hour alerts on one failure: require a minimum number of events too.

    Why your vendor shows another number:
        Pages on burn rates pair other windows, or say that 14.4 lasts two hours: it lasts 50 of a period of 30 days.

    Example:
        import polars as pl

        minutes = pl.datetime_range(as_of.replace(day=1), as_of, "5m", closed="left", eager=True)
        rows = pl.DataFrame({"at": minutes}).with_columns(bad=pl.lit(2), total=pl.lit(1_000))
        print(sq.burn_alerts(rows, objective=0.999, as_of=as_of).select("alert", "value", "short", "threshold", "fires"))
    """
    frame, now, when = as_frame(periods).lazy(), instant("as_of", as_of), moment(at)
    known = burn_rate(bad, total, objective=objective)
    names: list[str] = []
    thresholds: list[float] = []
    figures = []
    for name, (long, short, fraction) in windows.items():
        if not 0 < short <= long:
            raise ParameterError(f"windows[{name!r}]: the short window must be above 0 and no longer than the long one")
        thresholds.append(float(burn_threshold(fraction, window=long, period=period)))
        for seconds in (long, short):
            age = (pl.lit(now) - when).dt.total_microseconds() / 1e6
            figures.append(known.where((age > 0) & (age <= seconds)).named(f"{name}, {seconds:g} s"))
        names.append(name)
    rates = evaluate(frame, figures, level=level).collect()
    long_rows, shorts = rates.gather_every(2).drop("period"), rates["value"].gather_every(2, 1).alias("short")
    rows = pl.DataFrame([pl.Series("alert", names), *long_rows, shorts, pl.Series("threshold", thresholds)])
    seen = pl.col("value").is_not_null() & pl.col("short").is_not_null()
    reached = (pl.col("value") >= pl.col("threshold")) & (pl.col("short") >= pl.col("threshold"))
    return rows.with_columns(metric=pl.lit("burn_rate"), fires=pl.when(seen).then(reached))
