"""When a backlog is gone: `draining`."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.shapes.base import FloatArray, Label, Quantity, Reading
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats import drain_quantile

_WEAK = "the net outflow is hardly above its own error: it may never drain"
_NUMBERS = ("open", "drift", "sd", "n", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class Draining(WholeShape):
    """The time until a backlog is gone, if the coming periods are like the last ones. Make one with `draining`.

    The limits are a range of outcomes: they hold the time with the chance `level`.
    """

    start: Label
    complete: Label
    shrinks: Quantity
    closing: Quantity
    periods: int

    empty: str = "no period"

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        # Rows of several queues that begin together are one period.
        each = rows.frame.group_by("group", "start").agg(pl.col("complete").all(), pl.col("shrinks", "closing").sum())
        last = pl.col("shrinks").filter("complete").tail(self.periods)
        span = (pl.col("start").last() - pl.col("start").first()).dt.total_microseconds() / 1e6
        figures = [
            pl.col("closing").last().alias("open"),
            last.mean().alias("drift"),
            last.std().alias("sd"),
            last.len().cast(pl.Int64).alias("n"),
            (span / (pl.len() - 1)).alias("seconds"),
        ]
        sums = each.sort("group", "start").group_by("group", maintain_order=True).agg(figures)
        place = sums["group"].to_numpy()
        table = np.full((len(_NUMBERS), rows.groups), np.nan)
        table[:, place] = sums.select(pl.col(_NUMBERS).cast(pl.Float64)).to_numpy().T
        return self._drained(table, level)

    def _drained(self, table: FloatArray, level: float) -> WholeReading:
        backlog, drift, sd, n, seconds = table
        known = n >= self.periods
        with np.errstate(invalid="ignore"):
            drains = known & (drift > 0)
        value, low, high = np.full((3, len(n)), np.nan)
        for figure, q in ((value, 0.5), (low, (1 - level) / 2), (high, (1 + level) / 2)):
            figure[drains] = drain_quantile(backlog[drains], drift[drains], sd[drains], q) * seconds[drains]
            figure[backlog == 0] = 0.0
        weak = drains & (drift < 2 * sd / np.sqrt(np.maximum(n, 1)))
        reasons = [self._why(more, enough, still) for more, enough, still in zip(drift, known, backlog, strict=True)]
        notes = [
            "; ".join([f"{still:,.0f} open", *([_WEAK] if doubtful else [])]) if still == still else None
            for still, doubtful in zip(backlog, weak, strict=True)
        ]
        reading = Reading(low, high, np.full(len(n), np.nan), "inverse gaussian", value, notes=notes)
        return WholeReading(reading, n_eff=np.nan_to_num(n), reasons=reasons)

    def _why(self, drift: float, enough: bool, backlog: float) -> str | None:
        if np.isnan(backlog):
            return None
        if not enough:
            return f"fewer than {self.periods} complete periods"
        return f"no more ends than comes: {-drift:.3g} a period stay"


def draining(
    start: pl.Expr, shrinks: pl.Expr, closing: pl.Expr, *, complete: pl.Expr, of: pl.Expr, periods: int
) -> Draining:
    """The median time until a backlog is gone, from periods in a row: first passage of a random walk (Wald 1947).

    Args:
        start: when the period began.
        shrinks: by how much the backlog shrank in it.
        closing: what was open at its end.
        complete: boolean row rule for periods that are over.
        of: boolean row rule for the rows that count.
        periods: how many of the last complete ones are taken, at least 2.
    """
    return Draining(
        n=of,
        start=start,
        complete=complete,
        shrinks=shrinks.cast(pl.Float64),
        closing=closing.cast(pl.Float64),
        periods=periods,
    )
