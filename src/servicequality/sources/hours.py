"""`schedules`: the hours and holidays that a schema holds, as `Schedules`."""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.checks import listed, near, refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.sources.language import SourceMap
from servicequality.sources.plan import made_of, tables_of
from servicequality.sources.rails_zones import RAILS_ZONES
from servicequality.sources.reading import tables_read
from servicequality.sources.shipped import load_map, maps
from servicequality.worktime import Schedule, Schedules

__all__ = ["schedules"]

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = 24 * 60


@refusing_misfits
def schedules(
    map: str | Path,  # noqa: A002  (the word of the field)
    tables: Any,
    *,
    columns: Mapping[str, Mapping[str, str | None]] | None = None,
    names: Mapping[str, str] | None = None,
) -> Schedules:
    """The schedules of a help desk by their ids, for ``facts(records, schedule=…)``.

    Args:
        map: the name of a map that ships and has schedules, or the path of a TOML file of your own with [schedules].
        tables: as in `read`.
        columns: as in `read`.
        names: as in `read`.

    Raises:
        ParameterError: there is no such map, or it has no schedules.
        InputError: a table or column is absent or cannot be read, a zone is unknown, or hours are none.
    """
    source_map = load_map(map)
    if not source_map.schedules:
        able = listed(one.name for one in maps() if one.schedules)
        raise ParameterError(f"the map {shown(source_map.name)} has no [schedules]; these have: {able}")
    bases = tables_read(
        source_map, tables, columns=columns, names=names, only={part.source for part in source_map.schedules}
    )
    prepared = tables_of(source_map, bases)
    rows = {
        part.target: made_of(part, source_map, prepared, None).frame
        for part in source_map.schedules
        if prepared[part.source].frame is not None
    }
    intervals = rows["schedules"].with_columns(pl.col("key", "zone").cast(pl.String))
    closed = _holidays(rows.get("holidays"))
    by_key: dict[str, Schedule] = {}
    for key, several in intervals.group_by("key", maintain_order=True):
        by_key[str(key[0])] = _schedule(str(key[0]), several, closed.get(str(key[0]), []), source_map)
    if not by_key:
        raise InputError(f"{bases[source_map.schedules[0].source].place} holds no schedules")
    return Schedules(by_key)


def _schedule(key: str, rows: pl.DataFrame, holidays: list[dt.date], source_map: SourceMap) -> Schedule:
    zone = str(rows["zone"][0])
    week: dict[str, list[tuple[str, str]]] = {}
    opens, closes = (rows[name].cast(pl.Int64, strict=False).to_list() for name in ("opens", "closes"))
    for start, end in sorted(zip(opens, closes, strict=True), key=str):
        if start is None or end is None or not 0 <= start < end <= 7 * _DAY:
            hours = f"got {start} to {end}"
            raise InputError(f"schedule {shown(key)}: expected minutes since Sunday 00:00, from 0 to 10080; {hours}")
        # An interval over midnight is one of each day.
        cuts = [start, *range((start // _DAY + 1) * _DAY, end, _DAY), end]
        for one, other in pairwise(cuts):
            day = one // _DAY
            week.setdefault(_DAYS[day], []).append((_clock(one - day * _DAY), _clock(other - day * _DAY)))
    try:
        return Schedule(week, RAILS_ZONES.get(zone, zone), holidays=holidays, name=str(rows["name"][0] or key))
    except ParameterError as error:
        hint = near(zone, RAILS_ZONES) if zone not in RAILS_ZONES else ""
        raise InputError(f"schedule {shown(key)} of the map {source_map.name}: {error}{hint}") from None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _holidays(rows: pl.DataFrame | None) -> dict[str, list[dt.date]]:
    """The closed dates of each schedule: every day from the first to the last."""
    if rows is None:
        return {}
    day = pl.col("first", "last").cast(pl.String).str.slice(0, 10).str.to_date(strict=False)
    known = rows.with_columns(day, pl.col("key").cast(pl.String))
    lost = known.filter(pl.any_horizontal(pl.col("first", "last").is_null()) | (pl.col("last") < pl.col("first")))
    if lost.height:
        raise InputError(f"holidays of schedule {shown(lost['key'][0])}: expected dates from the first to the last day")
    days = known.select("key", pl.date_ranges("first", "last").alias("day")).explode("day")
    grouped = days.group_by("key").agg(pl.col("day").unique().sort()).to_dict(as_series=False)
    return dict(zip(grouped["key"], grouped["day"], strict=True))
