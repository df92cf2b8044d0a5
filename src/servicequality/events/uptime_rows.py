"""Uptime: how long each service was up, down and in maintenance, by period."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column, holds_flags, holds_instants, shown, values_of, zone_aware
from servicequality.core import Computation, names_of, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import known_at
from servicequality.events.existing_keys import listed_keys
from servicequality.events.periods import Periods, check_every
from servicequality.model import Records, as_frame
from servicequality.model.validation import check_timezone
from servicequality.stats.uptime import DownSpells, down_spells, time_by_period
from servicequality.worktime import Schedule

__all__ = ["uptime"]

Integers = NDArray[np.int64]

_FIGURES = ("up_seconds", "down_seconds", "maintenance_seconds")
_COUNT = "outages"


@of_frame
def uptime(
    incidents: Any,
    *,
    since: dt.datetime,
    until: dt.datetime,
    by: str | Sequence[str] | None = (),
    keys: Any = None,
    every: str | None = None,
    timezone: str | None = None,
    schedule: Schedule | None = None,
    started: str = "started_at",
    restored: str = "restored_at",
    planned: str | None = "planned",
) -> Computation:
    """How long each service was up, down and in maintenance in the window [since, until), one row a service and period.

    Incidents are cut to the window and merged: those that overlap or touch are one outage. Maintenance wins over an outage:
    its time is neither up nor down, and it does not split the outage. An outage counts in the period of its first second
    that is open and not in maintenance; one without such a second is none. Its time counts where it falls. An incident
    that is not restored lasts to `until`. The metrics `availability`, `nines`, `mean_time_between_failures` and
    `failure_rate` are over these rows.

    Args:
        incidents: any dataframe, one row an incident, or `Records`; a lazy one gives a lazy answer.
        since: where the window begins; with a time zone.
        until: where it ends, not later than the export; with a time zone.
        by: key columns, such as "service". Without them the system is down while anything is.
        keys: the services that exist, so that one without an incident has its row: a dataframe with the columns of `by`,
            or a sequence of values where `by` is one column. None takes those that had an incident.
        every: the length of the periods: a number and m, h, d, w (from Monday), mo, q or y. None makes one row of the window.
        timezone: the zone whose days and months count; by default that of `started`.
        schedule: the hours in which the service is promised; other hours are neither up nor down. None counts all.
        started: column of the instant when the service failed.
        restored: column of the instant when it worked again; null while it does not.
        planned: column that is true for announced maintenance; None where there is none.

    Returns:
        Columns `by…, period (with every), up_seconds, down_seconds, maintenance_seconds, outages`, sorted by keys and period.
        A period that the window cuts has the seconds within the window.

    Raises:
        InputError: a column is missing or of a wrong type, a start or a key is null, or incidents are restored before they
            start.
        ParameterError: a window that ends before it begins, or an option that cannot be read.
    """
    low, high = (known_at(zone_aware(name, at)) for name, at in (("since", since), ("until", until)))
    if not low < high:
        raise ParameterError(f"since must lie before until, got {since} and {until}")
    check_timezone(timezone)
    if every is not None:
        check_every(every)
    if not (schedule is None or isinstance(schedule, Schedule)):
        raise ParameterError(f"schedule must be a Schedule or None, got {shown(schedule)}")
    if isinstance(incidents, Records):
        if incidents.incidents is None:
            raise InputError("expected records with incidents; got none: say Records(incidents=…)")
        incidents = incidents.incidents
    frame = as_frame(incidents).lazy()
    schema = frame.collect_schema()
    names = names_of(by)
    named = {"started": started, "restored": restored} | ({} if planned is None else {"planned": planned})
    _check_columns(schema, names, named)
    zone = timezone or getattr(schema[started], "time_zone", None) or "UTC"
    inside = {f"key:{place}": name for place, name in enumerate(names)}
    types = {name: schema[name] for name in names}
    existing = None if keys is None else listed_keys(keys, types, table="incidents", item="a service")

    def compute() -> pl.DataFrame:
        rows = frame.select(
            *(column(name).alias(key) for key, name in inside.items()),
            _microseconds(started).alias("start"),
            _microseconds(restored).alias("end"),
            planned=pl.lit(value=False) if planned is None else column(planned).fill_null(value=False),
        ).collect()
        _check_rows(rows, inside, started, restored)
        groups = rows.select(list(inside)).unique() if inside else pl.DataFrame({"": [0]})
        if existing is not None:
            groups = pl.concat([groups, existing.rename({name: key for key, name in inside.items()})]).unique()
        groups = groups.sort(groups.columns).with_row_index("group")
        coded = rows.join(groups, on=list(inside), how="left") if inside else rows.with_columns(group=pl.lit(0))
        spans = coded.filter(pl.col("start") < high).with_columns(pl.col("end").fill_null(high))
        spells = down_spells(
            spans["start"].to_numpy(),
            spans["end"].to_numpy(),
            group=spans["group"].cast(pl.Int64).to_numpy(),
            planned=spans["planned"].to_numpy(),
            groups=groups.height,
            window=(low, high),
        )
        starts = np.array([low]) if every is None else Periods(every, high - 1, zone).edges(low)[:-1]
        edges = np.append(np.maximum(starts, low), high)
        figures = _figures(spells, edges, groups.height, schedule)
        repeated = groups.drop("group").select(pl.all().repeat_by(len(starts)).explode()) if inside else None
        answer = pl.DataFrame({name: values.ravel() for name, values in figures.items()})
        if every is not None:
            period = pl.Series("period", np.tile(starts, groups.height)).cast(pl.Datetime("us", "UTC"))
            answer = answer.insert_column(0, period.dt.convert_time_zone(zone))
        return answer if repeated is None else pl.concat([repeated.rename(inside), answer], how="horizontal")

    def answered() -> dict[str, pl.DataType]:
        period = {} if every is None else {"period": pl.Datetime("us", zone)}
        return {**types, **period, **dict.fromkeys(_FIGURES, pl.Float64()), _COUNT: pl.Int64()}

    return Computation(compute, answered)


def _figures(spells: DownSpells, edges: Integers, groups: int, schedule: Schedule | None) -> dict[str, NDArray[Any]]:
    """Seconds up, down and maintained, and outages, each of shape (groups, periods)."""
    bounds, starts, ends = (_clock(times, schedule) for times in (edges, spells.start, spells.end))
    kept_out = spells.maintained
    down, maintenance = (
        time_by_period(spells.group[some], starts[some], ends[some], edges=bounds, groups=groups)
        for some in (~kept_out, kept_out)
    )
    # The first part of each outage in which there is an open second; where closed, it begins with the next opening.
    parts = np.flatnonzero(~kept_out & (ends > starts))
    first = parts[np.unique(spells.outage[parts], return_index=True)[1]]
    began = _opening(spells.start[first], schedule)
    places = spells.group[first] * (len(edges) - 1) + np.searchsorted(edges, began, "right") - 1
    outages = np.bincount(places, minlength=groups * (len(edges) - 1)).reshape(groups, len(edges) - 1)
    up = np.diff(bounds) - down - maintenance
    return {
        "up_seconds": up / 1e6,
        "down_seconds": down / 1e6,
        "maintenance_seconds": maintenance / 1e6,
        _COUNT: outages,
    }


def _clock(times: Integers, schedule: Schedule | None) -> Integers:
    """Open microseconds up to each instant."""
    return times if schedule is None else _asked(times, schedule.clock(_AT))


def _opening(times: Integers, schedule: Schedule | None) -> Integers:
    """The instants themselves, or where closed the next opening."""
    return times if schedule is None else _asked(times, schedule.next_open(_AT).dt.epoch("us"))


_AT = pl.col("at").cast(pl.Datetime("us", "UTC"))


def _asked(times: Integers, expression: pl.Expr) -> Integers:
    return pl.DataFrame({"at": times}).select(expression.alias("answer"))["answer"].cast(pl.Int64).to_numpy()


def _microseconds(name: str) -> pl.Expr:
    return column(name).cast(pl.Datetime("us", "UTC")).dt.epoch("us")


def _check_columns(schema: pl.Schema, keys: list[str], named: dict[str, str]) -> None:
    require_columns(schema, [*keys, *named.values()], role="uptime")
    for role, name in named.items():
        fits, kind = (
            (holds_flags, "true or false") if role == "planned" else (holds_instants, "instants with a time zone")
        )
        if not fits(schema[name]):
            raise InputError(f"column {shown(name)} holds {schema[name]}, expected {kind}; cast or map it first")
    own = {"period", *_FIGURES, _COUNT}
    if taken := [name for name in keys if name in own]:
        raise ParameterError(f"by names {taken[0]!r}, which is a column of the answer; rename the frame's column first")
    if bad := [name for name in keys if schema[name].is_nested()]:
        raise InputError(f"by: column {shown(bad[0])} holds {schema[bad[0]]}, which is no key")


def _check_rows(rows: pl.DataFrame, inside: dict[str, str], started: str, restored: str) -> None:
    for key, name in {**inside, "start": started}.items():
        if missing := rows[key].null_count():
            raise InputError(
                f"column {shown(name)} is null in {missing} of {rows.height} incidents; filter them out or mend them"
            )
    backward = rows.filter(pl.col("end") < pl.col("start"))
    if backward.height:
        raise InputError(
            f"{backward.height} of {rows.height} incidents are restored before they start: {shown(restored)} lies before "
            f"{shown(started)}, such as {values_of(backward['end'].cast(pl.Datetime('us', 'UTC')), 1)}; mend them first"
        )
