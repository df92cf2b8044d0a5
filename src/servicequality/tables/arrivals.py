"""When tickets come: the hours of the week, and hours in which too many came."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.columns import Instant
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.model import Records, TableLike
from servicequality.model.validation import check_timezone
from servicequality.stats import nb_spike_threshold, nb_upper_tail, poisson_rate_interval, slot_baseline

__all__ = ["arrival_spikes", "volume_profile"]

Integers = NDArray[np.int64]

_UTC = pl.Datetime("us", "UTC")
_HOUR = 3_600_000_000
_WEEK = 168  # hours


@define_table(
    title="Volume by hour and weekday",
    label="volume profile",
    unit="per hour",
    better="neither",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\#\text{created in the hour of the week}/\#\text{such hours}",
    references=("Garwood 1936",),
    aliases=(
        "tickets by hour and weekday",
        "heat map",
        "busiest hours",
        "peak hours",
        "arrival pattern",
        "volume heatmap",
    ),
)
@of_frame
def volume_profile(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    *,
    since: datetime,
    until: datetime,
    timezone: str,
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """How many tickets arrive in each hour of the week, on average over a window, by the wall clock of a zone.

    Columns: `by` …, `weekday` (1 is Monday), `hour` (0 to 23), those of every result, and `hours`: how many such hours the
    window held; a change of the clocks makes one more or less. All 168 rows are there; an hour without tickets
    is 0. Limits are exact for a Poisson rate. The window [since, until) is cut to whole hours.

    When it lies:
        Holidays and outages are in the average. Arrivals scatter more than Poisson from week to week, so that the limits are
        too narrow where weeks differ (`arrival_spikes` measures by how much).

    Why your vendor shows another number:
        Sums over a period in which one weekday occurs five times and another four; hours in UTC or in the viewer's own
        zone; hours of the reply instead of the creation.

    Example:
        from datetime import timedelta
        half_a_year = as_of - timedelta(weeks=26)
        week = sq.tables.volume_profile(rows, since=half_a_year, until=as_of, timezone="Europe/Berlin").collect()
        print(week.sort("value", descending=True).select("weekday", "hour", "value", "low", "high", "n", "hours").head(5))
    """
    window = _Hours.of(since, until, timezone)
    source = TableInput(tickets, volume_profile.spec, table="tickets", by=by, created=created)

    def compute() -> pl.DataFrame:
        groups, counts, missing = _counted(source.checked(), source.by, created, window)
        slots = window.slots()
        cells = (_WEEK * np.arange(groups.height)[:, None] + slots).reshape(-1)
        total = np.bincount(cells, weights=counts.reshape(-1), minlength=_WEEK * groups.height)
        hours = np.tile(np.bincount(slots, minlength=_WEEK), groups.height)
        seen = hours > 0
        value, low, high, se = np.full((4, len(total)), np.nan)
        value[seen], se[seen] = total[seen] / hours[seen], np.sqrt(total[seen]) / hours[seen]
        low[seen], high[seen] = poisson_rate_interval(total[seen], hours[seen], level=level)
        rows = result_rows(
            _by_slot(groups).select(*source.by, "weekday", "hour"),
            metric="volume_profile",
            unit="per hour",
            value=value,
            low=low,
            high=high,
            se=se,
            level=level,
            method="garwood",
            n=total,
            n_missing=np.repeat(missing, _WEEK),
            reason="the window holds no such hour",
        )
        return rows.with_columns(pl.Series("hours", hours, dtype=pl.Int64))

    keys = {"weekday": pl.Int64(), "hour": pl.Int64()}
    return source.answer(compute, keys=keys, more={"hours": pl.Int64()})


@define_table(
    title="Arrival spikes",
    unit="count",
    better="neither",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_t \ge \min\{k : P(X \ge k) \le \alpha\},\ X \sim \mathrm{NB}(\mu_{h(t)}, \varphi\,\mu_{h(t)})",
    references=("Hilbe 2011", "Farrington et al. 1996"),
    aliases=(
        "volume spikes",
        "ticket surge",
        "anomaly detection",
        "unusual volume",
        "peaks in demand",
        "incident storm",
    ),
)
@of_frame
def arrival_spikes(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    *,
    baseline: tuple[datetime, datetime],
    until: datetime,
    timezone: str,
    alpha: float = 0.001,
    by: str | Sequence[str] = (),
) -> Computation:
    """The hours after a baseline: the count of each, the usual count for that hour of the week, and whether it is a spike.

    The window [since, until) of the baseline is frozen: it gives each of the 168 hours of the week a mean and all of them one
    dispersion (variance over mean, at least 1), and later hours do not change it. A count is a spike if a negative binomial
    count of that mean and dispersion reaches it with probability `alpha` at most; the dispersion is raised by 1/weeks, for
    the mean itself is estimated. Columns: `by` …, `period` (the hour), those of every result (`value` is the count),
    `expected`, `threshold` (the smallest count that is a spike), `p_value`, `spike`. The hours are those of the window from
    the baseline's end to `until`, which itself is not in it.

    When it lies:
        Of a thousand quiet hours one is a spike at `alpha=0.001`, by chance. A spike within the baseline raises its mean, so
        choose quiet weeks; a desk that grows needs a new one. After a spike the next hours often are spikes too: one cause.

    Why your vendor shows another number:
        A multiple of the average day, whatever the hour; a baseline that moves, so that a long storm becomes normal; normal
        or Poisson limits, which see spikes everywhere in counts that scatter more.

    Example:
        from datetime import timedelta
        weeks = (as_of - timedelta(weeks=25), as_of - timedelta(weeks=13))
        spikes = sq.tables.arrival_spikes(rows, baseline=weeks, until=as_of, timezone="Europe/Berlin").collect()
        print(spikes.sort("p_value").select("period", "value", "expected", "threshold", "p_value", "spike").head(5))
    """
    if not (isinstance(baseline, tuple) and len(baseline) == 2):
        raise ParameterError(f"baseline is a pair of instants (since, until); got {baseline!r}")
    frozen = _Hours.of(*baseline, timezone, names=("baseline[0]", "baseline[1]"))
    later = _Hours.of(baseline[1], until, timezone, names=("baseline[1]", "until"))
    source = TableInput(tickets, arrival_spikes.spec, table="tickets", by=by, created=created)
    nb_spike_threshold(1.0, 1.0, alpha)  # refuses an alpha that is none before any row is read

    def compute() -> pl.DataFrame:
        whole = _Hours(frozen.first, int(later.first - frozen.first) // _HOUR + later.n, timezone)
        groups, counts, missing = _counted(source.checked(), source.by, created, whole)
        usual, recent = counts[:, : frozen.n], counts[:, counts.shape[1] - later.n :]
        expected, threshold, p_value = np.full((3, *recent.shape), np.nan)
        for group in range(groups.height):
            base = slot_baseline(usual[group], frozen.slots(), _WEEK)
            seen = (base.periods > 0)[later.slots()]
            slot = later.slots()[seen]
            phi = base.phi * (1 + 1 / base.periods[slot])
            expected[group, seen] = base.mean[slot]
            threshold[group, seen] = nb_spike_threshold(base.mean[slot], phi, alpha)
            p_value[group, seen] = nb_upper_tail(recent[group, seen], base.mean[slot], phi)
        value = recent.reshape(-1)
        rows = result_rows(
            _by_hour(groups, later).select(*source.by, "period"),
            metric="arrival_spikes",
            unit="count",
            value=value,
            n=value,
            n_missing=np.repeat(missing, later.n),
            method="negative binomial, frozen baseline",
            notes=pl.Series(np.isnan(threshold.reshape(-1))).replace_strict(
                {True: "the baseline holds no such hour of the week", False: None}, return_dtype=pl.String
            ),
        )
        figures = {"expected": expected, "threshold": threshold, "p_value": p_value}
        rows = rows.with_columns(
            pl.Series(name, figure.reshape(-1), nan_to_null=True) for name, figure in figures.items()
        ).cast({"threshold": pl.Int64()})
        return rows.with_columns(spike=pl.col("value") >= pl.col("threshold"))

    more = {"expected": pl.Float64(), "threshold": pl.Int64(), "p_value": pl.Float64(), "spike": pl.Boolean()}
    return source.answer(compute, keys={"period": pl.Datetime("us", timezone)}, more=more)


class _Hours(NamedTuple):
    """Whole hours one after the other: the start of the first in microseconds since 1970, how many, on whose clock."""

    first: int
    n: int
    zone: str

    @classmethod
    def of(
        cls, since: datetime, until: datetime, zone: str, *, names: tuple[str, str] = ("since", "until")
    ) -> "_Hours":
        """The hours that lie in [since, until) as a whole."""
        check_timezone(zone)
        ends = pl.Series([instant(name, at) for name, at in zip(names, (since, until), strict=True)], dtype=_UTC)
        floor = ends.dt.convert_time_zone(zone).dt.truncate("1h").dt.timestamp("us")
        first = floor[0] + (_HOUR if floor[0] < ends.dt.timestamp("us")[0] else 0)
        if first >= floor[1]:
            raise ParameterError(
                f"{names[0]} must lie before {names[1]}, with a whole hour between them; got {since} and {until}"
            )
        return cls(first, (floor[1] - first) // _HOUR, zone)

    def starts(self) -> pl.Series:
        """The start of each hour."""
        at = self.first + _HOUR * np.arange(self.n, dtype=np.int64)
        return pl.Series("period", at).cast(_UTC).dt.convert_time_zone(self.zone)

    def slots(self) -> Integers:
        """The hour of the week of each, from Monday's midnight on the wall."""
        at = self.starts()
        return ((at.dt.weekday().cast(pl.Int64) - 1) * 24 + at.dt.hour().cast(pl.Int64)).to_numpy()


def _counted(rows: pl.LazyFrame, by: list[str], created: str, hours: _Hours) -> tuple[pl.DataFrame, Integers, Integers]:
    """The groups, sorted; tickets by group and hour; tickets without an instant by group. One scan."""
    place = (moment(created).dt.timestamp("us") - hours.first) // _HOUR
    inside = place.is_between(0, hours.n - 1)
    cell = pl.when(place.is_null()).then(-2).when(inside).then(place).otherwise(-1).alias("_cell")
    cells = rows.select(*by, cell).group_by(*by, "_cell").agg(_n=pl.len().cast(pl.Int64)).collect(engine="streaming")
    groups = cells.select(by).unique().sort(by, nulls_last=True) if by else pl.DataFrame(height=1)
    numbered = groups.with_row_index("_group")
    cells = cells.join(numbered, on=by, nulls_equal=True) if by else cells.with_columns(_group=0)
    group, at, n = (cells[name].to_numpy() for name in ("_group", "_cell", "_n"))
    counts, missing = np.zeros((groups.height, hours.n), np.int64), np.zeros(groups.height, np.int64)
    counts[group[at >= 0], at[at >= 0]] = n[at >= 0]
    missing[group[at == -2]] = n[at == -2]
    return groups, counts, missing


def _by_slot(groups: pl.DataFrame) -> pl.DataFrame:
    """Every group with every hour of the week."""
    slot = pl.int_range(_WEEK, eager=True)
    week = pl.DataFrame({"weekday": slot // 24 + 1, "hour": slot % 24})
    return groups.join(week, how="cross") if groups.width else week


def _by_hour(groups: pl.DataFrame, hours: _Hours) -> pl.DataFrame:
    """Every group with every hour."""
    starts = hours.starts().to_frame()
    return groups.join(starts, how="cross") if groups.width else starts
