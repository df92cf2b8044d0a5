"""From the cases on uptime to the public call: names and units are translated, nothing is computed here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

import servicequality as sq
from cases.working_time import schedule_of


def uptime(
    incidents: Sequence[Mapping[str, Any]],
    since: str,
    until: str,
    by: Sequence[str],
    every: str | None,
    timezone: str,
    schedule: Mapping[str, Any] | None,
    keys: Sequence[str] | None = None,
) -> Mapping[str, Any]:
    texts = {name: pl.String() for name in ("start", "restored", "service")}
    frame = pl.DataFrame(incidents, schema={**texts, "planned": pl.Boolean()}).with_columns(
        pl.col("start", "restored").str.to_datetime(time_zone="UTC", format="%Y-%m-%dT%H:%M:%S%z")
    )
    rows = sq.uptime(
        frame,
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        by=by,
        keys=keys,
        every=every,
        timezone=timezone,
        schedule=None if schedule is None else schedule_of(schedule),
        started="start",
        restored="restored",
    )
    if every:
        rows = rows.with_columns(pl.col("period").dt.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    return {"rows": rows.to_dicts()}


ADAPTERS = {"uptime": uptime}
