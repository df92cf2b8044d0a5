"""From a failure to acknowledgement, restoration and resolution: the times that "MTTR" mixes."""

from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.columns import Flag, Instant
from servicequality.core import define
from servicequality.metrics.durations import Statistic, elapsed
from servicequality.shapes import Shape

__all__ = ["mean_time_to_acknowledge", "mean_time_to_resolve", "mean_time_to_restore"]

_SECONDS = (0.0, float("inf"))
_MEAN = r"\int_0^\infty \hat S(t)\,dt"
_SOURCES = ("Kaplan & Meier 1958", "Irwin 1949", "ITIL 4")


@define(
    title="Mean time to acknowledge",
    unit="s",
    better="lower",
    bounds=_SECONDS,
    grain="incident",
    formula=_MEAN,
    references=_SOURCES,
    aliases=("MTTA", "time to acknowledge", "acknowledgement time", "time until somebody took it on"),
)
def mean_time_to_acknowledge(
    started: Instant = "started_at",
    acknowledged: Instant = "acknowledged_at",
    planned: Flag | None = "planned",
    *,
    as_of: datetime,
    statistic: Literal["mean"] | Statistic | float = "mean",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the failure until somebody took it on; incidents that nobody has taken on yet count as running.

    Announced maintenance does not count.
    With `limit` it is the share acknowledged within so many seconds, with `horizon` the mean up to so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's; of the mean itself m - t se and m exp(t se / m).

    When it lies:
        One incident that was found only on Monday dominates the mean of a month: read the median too. An acknowledgement by
        a robot takes a second and helps nobody.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        The clock starts at the alert and not at the failure; incidents without acknowledgement are dropped, or take the
        time of their resolution.
    """
    shape = elapsed(started, acknowledged, as_of=as_of, statistic=statistic, limit=limit, horizon=horizon)
    return _unplanned(shape, planned)


@define(
    title="Mean time to restore",
    unit="s",
    better="lower",
    bounds=_SECONDS,
    grain="incident",
    formula=_MEAN,
    references=(*_SOURCES, "Forsgren, Humble & Kim 2018"),
    aliases=("MTTR", "mean time to recovery", "time to restore service", "time to recover", "outage duration"),
)
def mean_time_to_restore(
    started: Instant = "started_at",
    restored: Instant = "restored_at",
    planned: Flag | None = "planned",
    *,
    as_of: datetime,
    statistic: Literal["mean"] | Statistic | float = "mean",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the failure until the service worked again; incidents that still run count with what they have run so far.

    Announced maintenance does not count.
    With `limit` it is the share restored within so many seconds, with `horizon` the mean up to so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's; of the mean itself m - t se and m exp(t se / m).

    When it lies:
        A mean of times with a long tail says little: two calm months differ by half. Where small failures are no longer
        recorded, it grows although nothing got worse.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        MTTR stands for restore, resolve, repair and respond, and a tool shows the one that its fields allow; open incidents
        are dropped; maintenance counts as an incident.
    """
    shape = elapsed(started, restored, as_of=as_of, statistic=statistic, limit=limit, horizon=horizon)
    return _unplanned(shape, planned)


@define(
    title="Mean time to resolve an incident",
    unit="s",
    better="lower",
    bounds=_SECONDS,
    grain="incident",
    formula=_MEAN,
    references=_SOURCES,
    aliases=("MTTR", "incident resolution time", "mean time to repair", "time until the cause was removed"),
)
def mean_time_to_resolve(
    started: Instant = "started_at",
    resolved: Instant = "resolved_at",
    planned: Flag | None = "planned",
    *,
    as_of: datetime,
    statistic: Literal["mean"] | Statistic | float = "mean",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the failure until its cause was removed; incidents whose cause is still there count as running.

    Announced maintenance does not count.
    With `limit` it is the share resolved within so many seconds, with `horizon` the mean up to so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's; of the mean itself m - t se and m exp(t se / m).

    When it lies:
        Causes that are never looked for are never removed, and such incidents are closed by a timer: the figure then is the
        timer's.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        It shows the time to restore under this name, or the reverse; a working calendar; closed incidents alone.
    """
    shape = elapsed(started, resolved, as_of=as_of, statistic=statistic, limit=limit, horizon=horizon)
    return _unplanned(shape, planned)


def _unplanned(shape: Shape, planned: str | None) -> Shape:
    if planned is None:
        return shape
    failure = ~pl.col(planned).fill_null(value=False)
    return shape.map(lambda _, rule: rule & failure)
