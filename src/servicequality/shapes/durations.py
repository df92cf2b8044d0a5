"""The `survival` shape: durations of which some are still running."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.errors import ParameterError
from servicequality.shapes.base import Better, Count, FloatArray, Reading, Table, TableShape
from servicequality.stats.survival import Curves, aalen_johansen, kaplan_meier
from servicequality.stats.survival import Reading as CurveReading
from servicequality.stats.survival_curves import ShareInterval
from servicequality.stats.survival_segments import totals
from servicequality.stats.survival_strata import pool_strata

_OUT = (
    "nobody was left before the horizon: the upper limit adds the time from the last end to it, times the upper limit of the "
    "share still running then"
)
_POOLED = "log-log limits: too short where few rows have ended, or few have not"


class _Figures(NamedTuple):
    """What is read off the curves, and where nobody was left before the horizon."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    se: FloatArray
    over: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Survival(TableShape):
    """One figure of a survival curve: a quantile, the share ended or not ended within a limit, or the restricted mean.

    Kaplan-Meier (1958); with competing ends, Aalen-Johansen (1978). Its state is the risk table. Make one with `survival`.
    Limits of shares are those of the beta product with mid-p, limits of quantiles its band without mid-p inverted, limits
    of restricted means Wilson's on the share of the horizon.
    """

    events: Count
    ended_otherwise: Count
    p: float | None = None
    limit: float | None = None
    horizon: float | None = None
    beyond: float | None = None
    competing: bool = False
    empty: str = "no durations"

    def running(self) -> pl.Expr:
        return self.n - self.events - self.ended_otherwise

    def expression(self) -> pl.Expr:
        # The flags travel as one number, so that a null flag reads as "still running".
        flags = [getattr(self, leaf).fill_null(value=False).cast(pl.Float64) for leaf in self.leaves()]
        columns = [record.at for record in self.records()]
        columns += [] if self.stratum is None else [self.stratum.cast(pl.String).fill_null("")]

        def figure(given: Sequence[pl.Series]) -> pl.Series:
            reading = self.read(self._table(given), level=0.95)
            assert reading.value is not None  # a table's reading holds its value
            return pl.Series([None if np.isnan(reading.value[0]) else reading.value[0]], dtype=pl.Float64)

        return pl.map_groups([*flags, *columns], figure, return_dtype=pl.Float64, returns_scalar=True)

    def _table(self, given: Sequence[pl.Series]) -> Table:
        """The risk table of one group's rows: the leaves' flags, the number of each record, and the stratum."""
        names = list(self.leaves())
        flags = dict(zip(names, (column.to_numpy() for column in given), strict=False))
        numbers = [column.cast(pl.Float64).to_numpy() for column in given[len(names) :][: len(self.records())]]
        # Every row of every record, with the leaves that this record adds to.
        into = {leaf: min(place, len(numbers) - 1) for place, leaf in enumerate(self.WATCHED)}
        counted = [flags[leaf] > 0 for leaf in self.WATCHED]
        at = np.concatenate([number[rows] for number, rows in zip(numbers, counted, strict=True)])
        sums = {
            leaf: np.concatenate(
                [
                    flags[leaf][rows] if into.get(leaf, 0) == place else np.zeros(rows.sum())
                    for place, rows in enumerate(counted)
                ]
            )
            for leaf in names
        }
        if self.stratum is None:
            labels, of = np.array([""]), np.zeros(len(at), dtype=np.int64)
        else:
            labels, of = np.unique(given[-1].to_numpy()[counted[0]], return_inverse=True)
        order = np.lexsort((at, of))
        at, of = at[order], of[order]
        head = np.ones(len(at), dtype=np.bool_)
        head[1:] = (at[1:] != at[:-1]) | (of[1:] != of[:-1])
        places = np.cumsum(head) - 1
        summed: dict[str, FloatArray] = {
            leaf: np.bincount(places, weights=column[order], minlength=int(head.sum())).astype(np.float64)
            for leaf, column in sums.items()
        }
        offsets = np.searchsorted(of[head], np.arange(len(labels) + 1))
        strata = None if self.stratum is None else np.array([0, len(labels)])
        return Table(offsets, at[head], summed, strata=strata)

    def read(self, table: Table, *, level: float) -> Reading:
        figures = zip(*(self._figures(part, level=level) for part in table.blocks()), strict=True)
        value, low, high, se, over = (np.concatenate(parts) for parts in figures)
        notes = [_OUT if out else None for out in over] if over.any() else None
        return Reading(low, high, se, self._method(), value=value, notes=notes)

    def decision_limits(self, table: Table, *, tail: float) -> tuple[FloatArray, FloatArray]:
        """A lower and an upper limit of every group, each with a probability `tail` beyond it, to judge a target by.

        For shares the beta product without mid-p, for quantiles its band inverted, for means the limits of `read`. NaN
        where a limit cannot be given.

        Args:
            table: the tables of the groups.
            tail: between 0 and 1/2; 0.05 gives a 95 % limit each way.

        Raises:
            ParameterError: a tail that is not between 0 and 1/2.
        """
        _check_tail(tail)
        figures = [self._figures(part, level=1 - 2 * tail, share="beta_product") for part in table.blocks()]
        return np.concatenate([part.low for part in figures]), np.concatenate([part.high for part in figures])

    def _method(self) -> str:
        limits = "beta product, mid-p"
        if self.p is not None:
            limits = "beta product"
        elif self.horizon is not None:
            limits = "wilson" if self.horizon < np.inf else "t below, log-t above"
        return f"{self._estimator()}, {limits}"

    def _estimator(self) -> str:
        return "aalen-johansen" if self.competing else "kaplan-meier"

    def _figures(self, table: Table, *, level: float, share: ShareInterval = "mid_p") -> "_Figures":
        curves = self.curves(table)
        nowhere = np.zeros(len(table.offsets) - 1, dtype=np.bool_)
        if self.p is not None:
            return _Figures(*curves.quantile(self.p, level=level), nowhere)
        if self.limit is not None:
            return _Figures(*curves.incidence_at(self.limit, level=level, interval=share), nowhere)
        if self.beyond is not None:
            return _Figures(*curves.survival_at(self.beyond, level=level, interval=share), nowhere)
        assert self.horizon is not None  # `survival` takes exactly one of the four
        if self.horizon == np.inf:
            return _Figures(*curves.mean(level=level), nowhere)
        reading = curves.restricted_mean(self.horizon, level=level)
        return _Figures(*reading, curves.runs_out(self.horizon) & np.isfinite(reading.high))

    def curves(self, table: Table) -> Curves:
        """The curves of the groups of a table, from which every figure of the shape is read."""
        assert table.sums is not None  # the engine always hands over a risk table
        n, events, other = (table.sums[leaf] for leaf in ("n", "events", "ended_otherwise"))
        entered = table.sums.get("entered")
        if self.competing:
            running = np.maximum(n - events - other, 0.0)  # weights may leave a rounding error below 0
            return aalen_johansen(table.offsets, table.at, events, other, running, entered=entered)
        return kaplan_meier(table.offsets, table.at, events, n - events, entered=entered)


@dataclass(frozen=True, eq=False, kw_only=True)
class DelayedSurvival(Survival):
    """`Survival` of rows that came under watch only some time after their start (delayed entry).

    A row adds to two bins: to that of its end, and as `entered` to that of its entry. Make one with `survival(entry=…)`.
    """

    entered: Count
    entry: pl.Expr

    WATCHED: ClassVar[tuple[str, ...]] = ("n", "entered")

    def binned(self) -> pl.Expr:
        return self.n | self.entered

    def records(self) -> Sequence[Self]:
        # Masked by the leaf, so that each record keeps the slice of the metric.
        nobody = pl.lit(value=False) & self.n
        ends = replace(self, entered=nobody)
        return (ends, replace(self, at=self.entry, n=nobody, events=nobody, ended_otherwise=nobody))


@dataclass(frozen=True, eq=False, kw_only=True)
class StratifiedSurvival(Survival):
    """The share ended within a limit where each stratum has a curve of its own, weighted by the rows that it has.

    Limits are the log-log band of the pooled share.

    Make one with `survival(stratum=…)`.
    """

    def read(self, table: Table, *, level: float) -> Reading:
        pooled = self._pooled(table, level)
        notes = [None if np.isnan(value) else _POOLED for value in pooled.value]
        method = f"{self._estimator()}, log-log, stratified"
        return Reading(pooled.low, pooled.high, pooled.se, method, value=pooled.value, notes=notes)

    def decision_limits(self, table: Table, *, tail: float) -> tuple[FloatArray, FloatArray]:
        """The log-log band of the pooled share: its own limits, as no beta product is known over strata.

        Raises:
            ParameterError: as for one curve.
        """
        _check_tail(tail)
        pooled = self._pooled(table, 1 - 2 * tail)
        return pooled.low, pooled.high

    def _pooled(self, table: Table, level: float) -> CurveReading:
        assert table.sums is not None  # the engine always hands over a risk table
        assert table.strata is not None  # and strata where the shape has them
        assert self.limit is not None  # `survival` pools the share within a limit alone
        each = [self.curves(part).incidence_at(self.limit, interval="loglog") for part in table.blocks()]
        value, se = (np.concatenate([getattr(part, name) for part in each]) for name in ("value", "se"))
        rows = totals(table.sums["n"], table.offsets) if table.weights is None else table.weights
        kept = rows > 0  # a stratum of rows without a duration weighs nothing
        bounds = np.concatenate(([0], np.cumsum(kept)))[table.strata]
        return pool_strata(bounds, value[kept], se[kept], rows[kept], level=level)


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
    entry: pl.Expr | None = None,
    stratum: pl.Expr | None = None,
) -> Survival:
    """One figure of the survival curve of `seconds`, of which the rows without `event` are still running.

    Args:
        seconds: time to the event, to a competing end, or to the instant up to which the row was watched.
        event: boolean row rule: the time ended with the event.
        of: boolean row rule for the rows that count (those with a duration).
        competing: boolean row rule: the time ended otherwise, so that the event can no longer come. The restricted mean
            is then the mean time to either end.
        p: ask for this quantile of the time to the event.
        limit: ask for the share ended by the event within this many seconds.
        horizon: ask for the mean time up to this many seconds (restricted mean); infinity asks for the mean, which is known
            where nobody is left.
        beyond: ask for the share not ended by the event within this many seconds: what `limit` leaves.
        entry: how long each row had run when the watch over it began, for a window that starts with a backlog: the row is
            at risk only from then on. 0, less or null is from the start; an entry that is not before the row's end is an
            error.
        stratum: label of a stratum with a curve of its own; the shares within the limit are then pooled by rows.

    Raises:
        ParameterError: not one of p, limit, horizon and beyond, or one outside its range; strata without a limit or with
            an entry.
    """
    every = (("p", p), ("limit", limit), ("horizon", horizon), ("beyond", beyond))
    stated = {name: value for name, value in every if value is not None}
    if len(stated) != 1:
        raise ParameterError(f"give exactly one of p, limit and horizon, or beyond, got {stated or 'none of them'}")
    if p is not None and not 0 < p < 1:
        raise ParameterError(f"p must lie strictly between 0 and 1, got {p!r}; 0.9 is the 90th percentile")
    if any(value is not None and value < 0 for value in (limit, beyond)) or (horizon is not None and horizon <= 0):
        raise ParameterError(f"beyond, limit and horizon are positive numbers of seconds, got {stated}")
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
    if stratum is not None and (limit is None or entry is not None):
        raise ParameterError(
            "strata are pooled for the share within a limit, without delayed entry; evaluate by stratum"
        )
    nobody = pl.lit(value=False) & of
    curve = Survival(
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
        undefined=reasons[next(iter(stated))],
    )
    if stratum is not None:
        return StratifiedSurvival(**{**_fields(curve), "stratum": stratum})
    if entry is None:
        return curve
    late = (of & (entry > 0)).fill_null(value=False)
    return DelayedSurvival(
        **{
            **_fields(curve),
            "entered": late,
            "entry": entry,
            "refused": {"under watch only after the end": late & (entry >= seconds)},
        }
    )


def _check_tail(tail: float) -> None:
    if not 0 < tail < 0.5:
        raise ParameterError(f"tail must lie strictly between 0 and 0.5, got {tail!r}; 0.05 is 95 % each way")


def _fields(shape: Survival) -> dict[str, Any]:
    """A shape's fields by name, as they are."""
    return {field.name: getattr(shape, field.name) for field in fields(shape)}
