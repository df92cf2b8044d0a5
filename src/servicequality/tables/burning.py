"""Alerts where the error budget burns too fast over a long and a short window."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from servicequality.columns import Amount, Instant
from servicequality.core import define_table, evaluate
from servicequality.errors import ParameterError
from servicequality.metrics.reliability.budgets import burn_rate
from servicequality.metrics.windows import instant, moment
from servicequality.model import as_frame
from servicequality.stats import burn_threshold

__all__ = ["burn_alerts"]

WORKBOOK_WINDOWS: Mapping[str, tuple[float, float, float]] = {
    "page, 1 h": (3_600, 300, 0.02),
    "page, 6 h": (21_600, 1_800, 0.05),
    "ticket, 3 d": (259_200, 21_600, 0.10),
}
"""Name to (long window, short window, fraction of the budget), in seconds: the alerts that the workbook recommends."""


@define_table(
    title="Burn-rate alerts",
    unit="times the allowed rate",
    better="lower",
    bounds=(0, float("inf")),
    grain="period",
    formula=r"b_{\text{long}} \ge b^* \wedge b_{\text{short}} \ge b^*,\quad b^* = f \cdot \text{period}/\text{long}",
    references=("Google SRE Workbook 2018, chapter 5",),
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
        print(sq.tables.burn_alerts(rows, objective=0.999, as_of=as_of).select("alert", "value", "short", "threshold", "fires"))
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
