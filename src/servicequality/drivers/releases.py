"""How a figure changed around events: releases, outages, campaigns."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import in_calendar, values_of
from servicequality.core import MAX_GAPS, Computation, Gaps, check_max_gaps, of_frame, ordered, series_types
from servicequality.errors import InputError, ParameterError

__all__ = ["event_study"]

_ROLE = "event_study"
_NUMBERS = ("before", "after", "effect", "p_value")
_TEXTS = ("reason", "notes")
_STUDIED: dict[str, pl.DataType] = {
    "outcome": pl.String(),
    **dict.fromkeys((*_NUMBERS, "q_value"), pl.Float64()),
    **dict.fromkeys(("n_events", "n_overlapping", "n"), pl.Int64()),
    **dict.fromkeys((*_TEXTS, "words"), pl.String()),
}

LEAST = 20
"""Shifts below which no p-value can fall under 0.05."""


@of_frame
def event_study(
    series: Any,
    outcomes: str | Sequence[str],
    events: Sequence[date | datetime] | pl.Series,
    *,
    at: str = "period",
    every: str,
    half: int = 7,
    max_gaps: float = MAX_GAPS,
) -> Computation:
    """Mean of a figure in the periods from each event on, less that in as many before, compared with all shifts of the events.

    The p-value is the share of circular shifts of the events around the series, the one of no shift included, with an effect
    at least as large. So seasons, drift and noise are in the reference, and few events cannot give a small p-value.

    Args:
        series: any dataframe (lazy in, lazy out), one row a period; or a result of `evaluate` by period, of one group, in
            which outcomes are names of metrics. Its rows without a period are set aside, with a note.
        outcomes: column or columns of the figure.
        events: times of the events; each belongs to the last period that begins by then.
        at: column of the periods.
        every: their distance ("1d", "1w"); a period without a row is a gap.
        half: periods on either side.
        max_gaps: share of periods that may lack a value. Means are then of the periods that have one; with more gaps there
            is no result.

    Returns:
        One row an outcome: `outcome, before, after, effect, p_value, q_value, n_events, n_overlapping, n, reason, notes,
        words`.
        `n_overlapping` counts events within `half` of the one before: their sides share periods. q-values are adjusted over
        the outcomes (Benjamini & Hochberg 1995).

    Raises:
        InputError: a column is missing or not numeric, or an event lies outside the series.
        ParameterError: no events, a `half` below 1, or a `max_gaps` that is no share.
    """
    names = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    if not len(events):
        raise ParameterError("events holds none; give the times of the releases or outages")
    if half < 1:
        raise ParameterError(f"half must be 1 period or more; got {half!r}")
    check_max_gaps(max_gaps)

    def answer() -> pl.DataFrame:
        (rows,), note = ordered(series, names, at=at, every=every, role=_ROLE)
        places = _places(rows[at], events, every)
        overlapping = int((np.diff(places) < half).sum())
        values = {name: rows[name].to_numpy() for name in names}
        studies = [
            _outcome(y, name, places, half, Gaps.of(np.isfinite(y), max_gaps, note)) for name, y in values.items()
        ]
        p = np.array([row["p_value"] for row in studies], np.float64)
        q = np.full(len(p), np.nan)
        if (known := np.isfinite(p)).any():
            q[known] = stats.benjamini_hochberg(p[known])
        table = pl.DataFrame(
            studies, schema_overrides=dict.fromkeys(_NUMBERS, pl.Float64) | dict.fromkeys(_TEXTS, pl.String)
        )
        return (
            table.with_columns(
                pl.Series("q_value", q, nan_to_null=True),
                n_events=pl.lit(len(places), pl.Int64),
                n_overlapping=pl.lit(overlapping, pl.Int64),
                n=pl.lit(rows.height, pl.Int64),
            )
            .with_columns(words=_words())
            .select(*_STUDIED)
        )

    def schema() -> dict[str, pl.DataType]:
        series_types(series, names, at=at, role=_ROLE)
        return _STUDIED

    return Computation(answer, schema)


def _places(periods: pl.Series, events: Sequence[date | datetime] | pl.Series, every: str) -> np.ndarray[Any, Any]:
    """The period of each event, each once."""
    given = pl.Series("event", events)
    try:
        times = given.cast(periods.dtype) if given.dtype != periods.dtype else given
        if isinstance(periods.dtype, pl.Datetime) and isinstance(given.dtype, pl.Datetime):
            zone = periods.dtype.time_zone
            if (zone is None) != (given.dtype.time_zone is None):
                raise InputError("events and periods must both be zone-aware, or both naive")
            times = given.dt.convert_time_zone(zone).cast(periods.dtype) if zone is not None else times
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"events hold {given.dtype}, expected times as in the series, {periods.dtype}: {error}"
        ) from None
    if not len(periods):
        raise InputError("the series has no rows: no event lies in it")
    first, last = (periods.gather([place]).alias("periods") for place in (0, -1))
    end = last.dt.offset_by(every)
    outside = times.filter((times < first) | (times >= end))
    if len(outside):
        raise InputError(
            f"{len(outside)} events outside {_time(first)} to {_time(end)}, such as {_time(outside)}; leave them out"
        )
    return np.unique(periods.search_sorted(times, side="right").to_numpy().astype(np.int64) - 1)


def _time(times: pl.Series) -> str:
    """The first of some times, as its number where no calendar holds it."""
    known = in_calendar(times.head(1)).all()
    return str(times[0]) if known else values_of(times, 1)


def _outcome(y: np.ndarray[Any, Any], name: str, places: np.ndarray[Any, Any], half: int, gaps: Gaps) -> dict[str, Any]:
    row: dict[str, Any] = {"outcome": name, **dict.fromkeys(_NUMBERS), "reason": gaps.reason, "notes": gaps.notes}
    if gaps.reason is not None:
        return row
    if len(y) < max(LEAST, 2 * half + 1):
        row["reason"] = f"{len(y)} periods, and shifts over {half} on either side need {max(LEAST, 2 * half + 1)}"
    else:
        try:
            effect, p = stats.event_shift_test(y, places, half=half)
        except ParameterError as error:  # gaps on one side of every event
            return row | {"reason": str(error)}
        sides = np.array(
            [np.take(y, range(place - half, place + half), mode="wrap").reshape(2, half) for place in places]
        )
        known = np.isfinite(sides)
        whole = known.any(axis=2).all(axis=1)  # the events with a value on both sides
        after = float(np.nanmean(sides[whole, 1], axis=1).mean())
        row |= {"before": after - effect, "after": after, "effect": effect, "p_value": p}
    return row


def _words() -> pl.Expr:
    size = pl.col("effect").abs().round(3).cast(pl.String)
    way = pl.when(pl.col("effect") > 0).then(pl.lit("higher")).otherwise(pl.lit("lower"))
    moved = pl.format(
        "{} is {} by {} after the events than before; what else came at those times is in it too", "outcome", way, size
    )
    chance = pl.format("{}: other times of this series show as much", "outcome")
    return (
        pl.when(pl.col("effect").is_null()).then("reason").when(pl.col("q_value") <= 0.05).then(moved).otherwise(chance)
    )
