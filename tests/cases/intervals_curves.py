"""Default limits of figures that are read off survival curves, called as a user gets them: metric, frame, `evaluate`."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

import servicequality as sq

Numbers = Sequence[float]
Result = dict[str, float | None]
ENDS = ("open", "answered", "ended_without")


def figures(frame: pl.DataFrame, metric: sq.Metric, level: float, name: str) -> Result:
    """The value under the case's name for it, and the limits."""
    row = sq.evaluate(frame, metric, level=level).row(0, named=True)
    return {name: row["value"], "lower": row["low"], "upper": row["high"]}


def resolutions(durations: Numbers, observed: Sequence[int], entry: Numbers | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "resolution_seconds": pl.Series(durations, dtype=pl.Float64),
            "resolution_observed": [seen == 1 for seen in observed],
            "entry_seconds": pl.Series([0.0] * len(durations) if entry is None else entry, dtype=pl.Float64),
        }
    )


def km_share(limit: float, level: float, entry: Numbers | None = None, **rows: Any) -> Result:
    metric = sq.resolution_time(limit=limit, entry=None if entry is None else "entry_seconds")
    return figures(resolutions(entry=entry, **rows), metric, level, "share")


def aj_share(durations: Numbers, state: Sequence[int], limit: float, level: float) -> Result:
    frame = pl.DataFrame(
        {
            "first_response_seconds": pl.Series(durations, dtype=pl.Float64),
            "first_response_end": [ENDS[code] for code in state],
        }
    )
    return figures(frame, sq.first_response_time(limit=limit), level, "share")


def km_quantile(p: float, level: float, **rows: Any) -> Result:
    return figures(resolutions(**rows), sq.resolution_time(statistic=p), level, "estimate")


def rmst(horizon: float, level: float, **rows: Any) -> Result:
    return figures(resolutions(**rows), sq.resolution_time(horizon=horizon), level, "estimate")


ADAPTERS: dict[str, Callable[..., Result]] = {
    "aj_share": aj_share,
    "km_quantile": km_quantile,
    "km_share": km_share,
    "rmst": rmst,
}
