"""From spans of failure to availability; overlapping outages count once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import choice
from servicequality.columns import Flag, Instant
from servicequality.core import Computation, Spec, TableInput, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.stats import availability_interval, downtime, mtbf_interval, poisson_rate_interval

__all__ = ["availability", "failure_rate", "mean_time_between_failures", "nines"]

By = str | Sequence[str]

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SECONDS_IN = {"hour": 3_600.0, "day": 86_400.0, "week": 604_800.0, "year": 31_557_600.0}
_NO_OUTAGE = "no outage in the window: nothing to set limits by"
_COVERED = "maintenance covers the whole window"


@define_table(
    title="Availability",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="incident",
    formula=r"1 - \frac{|\bigcup \text{outages} \setminus \text{maintenance}|}{\text{window} - |\text{maintenance}|}",
    references=("Birolini 2017", "ITIL 4"),
    aliases=("uptime", "service availability", "downtime", "up time percentage"),
)
@of_frame
def availability(
    incidents: Any,
    started: Instant = "started_at",
    restored: Instant = "restored_at",
    planned: Flag | None = "planned",
    *,
    since: datetime,
    until: datetime,
    by: By = (),
    level: float = 0.95,
) -> Computation:
    """Share of the window [since, until) in which the service worked, maintenance left out of both sides.

    Outages that overlap or touch are one, and count once. An incident that is not restored by `until` lasts to its end.
    Limits take times up and down for exponential: F(2n, 2n) for n outages.

    Args:
        incidents: any dataframe, one row an incident, or `Records`; a lazy one gives a lazy answer.
        started: column of the instant when the service failed.
        restored: column of the instant when it worked again; null while it does not.
        planned: column that is true for announced maintenance; None where there is none.
        since: begin of the window [since, until).
        until: its end, not later than the export: what happens after it is not known.
        by: key columns. A group without an incident has no row; without `by` the service is down while anything is.
        level: confidence level.

    Returns:
        One row a group in the columns of `evaluate`: `n` outages, `n_pending` incidents that still last at `until`,
        `n_missing` incidents without a start.

    Raises:
        InputError: a column is missing or of a wrong type, or incidents are restored before they start.
        ParameterError: a window that ends before it begins.

    When it lies:
        An hour of downtime at night counts as much as an hour at noon. A service that is slow, or wrong, or down
        for one customer, is up here unless an incident says otherwise.

    Why your vendor shows another number:
        The sum of durations, which counts overlapping outages twice; degraded service counted by half or not at all;
        maintenance counted as downtime, or left out of the downtime but not of the window; checks every five minutes.

    Example:
        from datetime import timedelta

        uptime = sq.availability(rows, since=as_of - timedelta(days=90), until=as_of, by="service")
        print(uptime.select("service", "value", "low", "high", "n").collect())
    """
    source = _source(incidents, availability.spec, by, started, restored, planned)
    window = _window(since, until)

    def compute() -> pl.DataFrame:
        keys, seen = _watch(source, started, restored, planned, window)
        whole, bounded = seen.up + seen.down, (seen.up > 0) & (seen.down > 0) & (seen.outages > 0)
        value = np.divide(seen.up, whole, out=np.full(len(whole), np.nan), where=whole > 0)
        low, high = np.full((2, len(value)), np.nan)
        low[bounded], high[bounded] = availability_interval(
            seen.up[bounded], seen.down[bounded], seen.outages[bounded], level=level
        )
        notes = [None if some else _NO_OUTAGE for some in seen.outages > 0]
        return _rows("availability", "share", keys, seen, value, low, high, "F(2n, 2n)", level, _COVERED, notes)

    return source.answer(compute)


@define_table(
    title="Nines of availability",
    unit="nines",
    better="higher",
    bounds=(0, float("inf")),
    grain="incident",
    formula=r"-\log_{10}(1 - A)",
    references=("Birolini 2017",),
    aliases=("number of nines", "three nines", "five nines"),
)
@of_frame
def nines(
    incidents: Any,
    started: Instant = "started_at",
    restored: Instant = "restored_at",
    planned: Flag | None = "planned",
    *,
    since: datetime,
    until: datetime,
    by: By = (),
    level: float = 0.95,
) -> pl.LazyFrame:
    """Availability on the scale of its nines: 0.999 is 3, 0.9995 is 3.3.

    Arguments, rows and errors are those of `availability`. Without downtime it is null: a window shows no more nines than
    it has room for.

    When it lies:
        The fifth nine is five minutes a year: no month of data can show it. Look at the limits.

    Why your vendor shows another number:
        Rounded up to a whole number, or promised in a contract and never measured.

    Example:
        from datetime import timedelta

        print(sq.nines(rows, since=as_of - timedelta(days=90), until=as_of).select("value", "low", "high", "n").collect())
    """
    shares: pl.LazyFrame = availability(
        incidents, started, restored, planned, since=since, until=until, by=by, level=level
    ).lazy()
    scaled = [
        pl.when(pl.col(column) < 1).then(0 - (1 - pl.col(column)).log10()).alias(column)
        for column in ("value", "low", "high")
    ]
    reason = pl.when(pl.col("value") >= 1).then(pl.lit("no downtime in the window: more nines than it can show"))
    return shares.with_columns(
        *scaled, metric=pl.lit("nines"), unit=pl.lit("nines"), reason=pl.coalesce(reason, "reason")
    )


@define_table(
    title="Mean time between failures",
    unit="s",
    better="higher",
    bounds=(0, float("inf")),
    grain="incident",
    formula=r"\frac{\text{time up}}{\#\text{outages}}",
    references=("NIST/SEMATECH e-Handbook 8.4.5.1",),
    aliases=("MTBF", "time between outages", "mean uptime"),
)
@of_frame
def mean_time_between_failures(
    incidents: Any,
    started: Instant = "started_at",
    restored: Instant = "restored_at",
    planned: Flag | None = "planned",
    *,
    since: datetime,
    until: datetime,
    by: By = (),
    level: float = 0.95,
) -> Computation:
    """Time up in the window [since, until) for each outage, with chi-square limits.

    Arguments, rows and errors are those of `availability`. Without an outage the value is null, and the lower limit says
    what the quiet window shows (one-sided).

    When it lies:
        Two failures in a year give limits that differ by a factor of ten and more. It says nothing of failures that come in
        bursts.

    Why your vendor shows another number:
        Calendar time in place of time up; every alert a failure; the last failure to now left out, which drops the longest
        quiet stretch.

    Example:
        from datetime import timedelta

        between = sq.mean_time_between_failures(rows, since=as_of - timedelta(days=90), until=as_of, by="service")
        print(between.select("service", "value", "low", "high", "n").collect())
    """
    source = _source(incidents, mean_time_between_failures.spec, by, started, restored, planned)
    window = _window(since, until)
    reason = "no failure in the window: the lower limit is all that it shows"

    def compute() -> pl.DataFrame:
        keys, seen = _watch(source, started, restored, planned, window)
        ran = seen.up > 0
        value = np.divide(seen.up, seen.outages, out=np.full(len(seen.up), np.nan), where=seen.outages > 0)
        low, high = np.full((2, len(value)), np.nan)
        low[ran], high[ran] = mtbf_interval(seen.up[ran], seen.outages[ran], level=level)
        return _rows("mean_time_between_failures", "s", keys, seen, value, low, high, "chi-square", level, reason, None)

    return source.answer(compute)


@define_table(
    title="Failure rate",
    unit="per day",
    better="lower",
    bounds=(0, float("inf")),
    grain="incident",
    formula=r"\frac{\#\text{outages}}{\text{time up}}",
    references=("Garwood 1936", "Birolini 2017"),
    aliases=("outages per day", "failure intensity", "lambda"),
)
@of_frame
def failure_rate(
    incidents: Any,
    started: Instant = "started_at",
    restored: Instant = "restored_at",
    planned: Flag | None = "planned",
    *,
    since: datetime,
    until: datetime,
    per: Literal["hour", "day", "week", "year"] = "day",
    by: By = (),
    level: float = 0.95,
) -> Computation:
    """Outages for each unit of time up in the window [since, until), with exact Poisson limits.

    Arguments, rows and errors are those of `availability`; `per` is the unit of time (a year has 365.25 days).

    When it lies:
        A rate of one a month is twelve a year only while the system stays the same.

    Why your vendor shows another number:
        Incidents in place of merged outages, or per calendar day.

    Example:
        from datetime import timedelta

        rate = sq.failure_rate(rows, since=as_of - timedelta(days=90), until=as_of, per="week")
        print(rate.select("value", "low", "high", "unit", "n").collect())
    """
    choice("per", per, _SECONDS_IN)
    source = _source(incidents, failure_rate.spec, by, started, restored, planned)
    window = _window(since, until)

    def compute() -> pl.DataFrame:
        keys, seen = _watch(source, started, restored, planned, window)
        ran, units = seen.up > 0, seen.up / _SECONDS_IN[per]
        value, low, high = np.full((3, len(units)), np.nan)
        value[ran] = seen.outages[ran] / units[ran]
        low[ran], high[ran] = poisson_rate_interval(seen.outages[ran], units[ran], level=level)
        return _rows("failure_rate", f"per {per}", keys, seen, value, low, high, "garwood", level, _COVERED, None)

    return source.answer(compute)


class _Watched(NamedTuple):
    """What a window shows of each group: seconds up and down, merged outages, incidents without start, and open ones."""

    up: NDArray[np.float64]
    down: NDArray[np.float64]
    outages: NDArray[np.int64]
    missing: pl.Series
    open: pl.Series


def _source(incidents: Any, spec: Spec, by: By, started: str, restored: str, planned: str | None) -> TableInput:
    backward = {f"with {restored!r} before {started!r}": moment(restored) < moment(started)}
    return TableInput(
        incidents, spec, table="incidents", by=by, refused=backward, started=started, restored=restored, planned=planned
    )


def _window(since: datetime, until: datetime) -> tuple[int, int]:
    """Both ends in microseconds."""
    low, high = ((instant(name, at) - _EPOCH) // _MICROSECOND for name, at in (("since", since), ("until", until)))
    if not low < high:
        raise ParameterError(f"since must lie before until, got {since} and {until}")
    return low, high


def _watch(
    source: TableInput, started: str, restored: str, planned: str | None, window: tuple[int, int]
) -> tuple[pl.DataFrame, _Watched]:
    keys, (low, high) = source.by, window
    rows = (
        source.checked()
        .select(
            *keys,
            start=moment(started).dt.epoch("us"),
            end=moment(restored).dt.epoch("us"),
            planned=pl.lit(value=False) if planned is None else pl.col(planned).fill_null(value=False),
        )
        .collect()
    )
    groups = rows.select(keys).unique().sort(keys).with_row_index("group") if keys else pl.DataFrame({"group": [0]})
    coded = rows.join(groups, on=keys, how="left", nulls_equal=True) if keys else rows.with_columns(group=pl.lit(0))
    spans = coded.drop_nulls("start").with_columns(end=pl.col("end").fill_null(high)).filter(pl.col("start") < high)
    downtimes = downtime(
        spans["start"].to_numpy(),
        spans["end"].to_numpy(),
        group=spans["group"].cast(pl.Int64).to_numpy(),
        planned=spans["planned"].to_numpy(),
        groups=groups.height,
        window=(low, high),
    )
    still = (pl.col("start") < high) & (pl.col("end").is_null() | (pl.col("end") > high))
    counts = groups.join(
        coded.group_by("group").agg(missing=pl.col("start").null_count(), open=still.sum()), on="group", how="left"
    ).sort("group")
    down = downtimes.down / 1e6
    watched = _Watched(
        up=(high - low - downtimes.excluded) / 1e6 - down,
        down=down,
        outages=downtimes.outages,
        missing=counts["missing"].fill_null(0),
        open=counts["open"].fill_null(0),
    )
    return groups.drop("group"), watched


def _rows(
    metric: str,
    unit: str,
    keys: pl.DataFrame,
    seen: _Watched,
    value: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    method: str,
    level: float,
    reason: str,
    notes: list[str | None] | None,
) -> pl.DataFrame:
    return result_rows(
        keys,
        metric=metric,
        unit=unit,
        value=value,
        low=low,
        high=high,
        level=level,
        method=method,
        n=seen.outages,
        n_missing=seen.missing,
        n_pending=seen.open,
        reason=reason,
        notes=notes,
    )
