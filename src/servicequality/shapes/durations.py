"""The `survival` shape: durations of which some are still running. Never here: the estimators, which are in `stats`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.errors import ParameterError
from servicequality.shapes.base import Better, Count, FloatArray, Reading, Table, TableShape
from servicequality.stats.survival import Curves, aalen_johansen, kaplan_meier


@dataclass(frozen=True, eq=False, kw_only=True)
class Survival(TableShape):
    """One figure of a survival curve: a quantile, the share ended or not ended within a limit, or the restricted mean.

    Kaplan-Meier (1958); with competing ends, Aalen-Johansen (1978). Its state is the risk table. Make one with `survival`.
    """

    events: Count
    ended_otherwise: Count
    p: float | None = None
    limit: float | None = None
    horizon: float | None = None
    beyond: float | None = None
    competing: bool = False
    empty: str = "no durations"

    def pending(self) -> pl.Expr:
        return self.n - self.events - self.ended_otherwise

    def expression(self) -> pl.Expr:
        # The flags travel as one number, so that a null flag reads as "still running".
        flags = [rule.fill_null(value=False).cast(pl.Float64) for rule in (self.n, self.events, self.ended_otherwise)]

        def figure(columns: Sequence[pl.Series]) -> pl.Series:
            at, n, events, other = (column.cast(pl.Float64).to_numpy() for column in columns)
            at, rows = np.unique(at[n > 0], return_inverse=True)
            sums: dict[str, FloatArray] = {
                name: np.bincount(rows, weights=flag[n > 0], minlength=len(at)).astype(np.float64)
                for name, flag in (("n", n), ("events", events), ("ended_otherwise", other))
            }
            reading = self.read(Table(np.array([0, len(at)]), at, sums), level=0.95)
            assert reading.value is not None  # a table's reading holds its value
            return pl.Series([None if np.isnan(reading.value[0]) else reading.value[0]], dtype=pl.Float64)

        return pl.map_groups([self.at, *flags], figure, return_dtype=pl.Float64, returns_scalar=True)

    def read(self, table: Table, *, level: float) -> Reading:
        curves = self._curves(table)
        if self.p is not None:
            read, limits = curves.quantile(self.p, level=level), "log-log"
        elif self.limit is not None:
            read, limits = curves.incidence_at(self.limit, level=level), "log-log"
        elif self.beyond is not None:
            read, limits = curves.survival_at(self.beyond, level=level), "log-log"
        else:
            assert self.horizon is not None  # `survival` takes exactly one of the four
            read, limits = curves.restricted_mean(self.horizon, level=level), "greenwood"
        method = f"{'aalen-johansen' if self.competing else 'kaplan-meier'}, {limits}"
        return Reading(read.low, read.high, read.se, method, value=read.value)

    def _curves(self, table: Table) -> Curves:
        assert table.sums is not None  # the engine always hands over a risk table
        n, events, other = (table.sums[leaf] for leaf in ("n", "events", "ended_otherwise"))
        if self.competing:
            running = np.maximum(n - events - other, 0.0)  # weights may leave a rounding error below 0
            return aalen_johansen(table.offsets, table.at, events, other, running)
        return kaplan_meier(table.offsets, table.at, events, n - events)


def survival(
    seconds: pl.Expr,
    event: pl.Expr,
    *,
    of: pl.Expr,
    competing: pl.Expr | None = None,
    p: float | None = None,
    limit: float | None = None,
    horizon: float | None = None,
    beyond: float | None = None,
) -> Survival:
    """One figure of the survival curve of `seconds`, of which the rows without `event` are still running.

    Args:
        seconds: time to the event, to a competing end, or to the instant up to which the row was watched.
        event: Boolean row rule: the time ended with the event.
        of: Boolean row rule for the rows that count (those with a duration).
        competing: Boolean row rule: the time ended otherwise, so that the event can no longer come. The restricted mean
            is then the mean time to either end.
        p: ask for this quantile of the time to the event.
        limit: ask for the share ended by the event within this many seconds.
        horizon: ask for the mean time up to this many seconds (restricted mean).
        beyond: ask for the share not ended by the event within this many seconds: what `limit` leaves.

    Raises:
        ParameterError: not exactly one of p, limit, horizon and beyond, or one outside its range.
    """
    every = (("p", p), ("limit", limit), ("horizon", horizon), ("beyond", beyond))
    asked = {name: value for name, value in every if value is not None}
    if len(asked) != 1:
        raise ParameterError(f"give exactly one of p, limit and horizon, or beyond, got {asked or 'none of them'}")
    if p is not None and not 0 < p < 1:
        raise ParameterError(f"p must lie strictly between 0 and 1, got {p!r}; 0.9 is the 90th percentile")
    if any(value is not None and value < 0 for value in (limit, beyond)) or (horizon is not None and horizon <= 0):
        raise ParameterError(f"beyond, limit and horizon are positive numbers of seconds, got {asked}")
    if horizon is not None and competing is not None:
        event, competing = event | competing, None
    within: Better | None = "higher" if limit is not None else None
    reasons = {
        "p": "not reached: too few rows have ended for this quantile",
        "limit": "nobody was watched as long as the limit",
        "horizon": "nobody was watched as long as the horizon",
        "beyond": "nobody was watched so long",
    }
    shared = limit is not None or beyond is not None
    nobody = pl.lit(value=False) & of
    return Survival(
        n=of,
        at=seconds,
        events=event & of,
        ended_otherwise=nobody if competing is None else competing & of & ~event,
        p=p,
        limit=limit,
        horizon=horizon,
        beyond=beyond,
        competing=competing is not None,
        unit="share" if shared else None,
        bounds=(0.0, 1.0) if shared else None,
        better=within,
        undefined=reasons[next(iter(asked))],
    )
