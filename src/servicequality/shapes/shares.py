"""Shapes that count rows: `share`, `balance`, `attainment`."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from servicequality.shapes.base import LOST, Count, Design, FixedShape, FloatArray, Reading, Sums, quotient
from servicequality.shapes.notes import Texts, joined, notes_of
from servicequality.stats import net_interval, proportion_interval
from servicequality.stats.net import NetMethod
from servicequality.stats.proportion import ProportionMethod

Eligibility = Literal["all", "none", "proportional"]

_SURPRISING = 30
"""Among so many answers one would be positive: answers from 1 to 5 that are read as 0 to 10 have none."""

_NO_WIDTH = "all answers agree, and this method then gives no width: use another"
_ONE_SIDED = "fewer than 5 effective rows on one side: the limits are rough"
_FEWEST = 5.0


def _variance(p: FloatArray) -> FloatArray:
    """P (1 - p), exactly 0 where all rows agree: weighted sums that should be alike differ in their last bits."""
    return np.where(1 - p > LOST, p * (1 - p), 0.0)


def _one_sided(p: FloatArray, design: Design | None) -> Texts | None:
    """Whether a share of a sampled group leans on very few rows; where all agree that is another remark's matter."""
    if design is None:
        return None
    few = np.minimum(p, 1 - p) * design.n_eff
    return notes_of((((few > 0) & (few < _FEWEST)), _ONE_SIDED))


@dataclass(frozen=True, eq=False, kw_only=True)
class Share(FixedShape):
    """Hits among the rows that count, in [0, 1]. Make one with `share`."""

    hits: Count
    method: ProportionMethod = "wilson"

    unit: str | None = "share"
    bounds: tuple[float, float] | None = (0.0, 1.0)
    empty: str = "no answers"

    def value(self) -> pl.Expr:
        return quotient(self.hits, self.n)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.hits, self.n

    def spread(self, sums: Sums) -> FloatArray:
        return _variance(sums["hits"] / sums["n"])

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        p = sums["hits"] / sums["n"]
        n = sums["n"] if design is None else design.n_eff
        low, high = proportion_interval(
            np.minimum(p * n, n), n, method=self.method, level=level, df=None if design is None else design.df
        )
        se = np.sqrt(p * (1 - p) / n) if design is None else np.sqrt(design.square)
        notes = joined(notes_of((low == high, _NO_WIDTH)), _one_sided(p, design))
        return Reading(low, high, se, self.method, notes=notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenShare(Share):
    """`Share` of which some rows may still change sides. Make one with `share(pending=…)`."""

    open: Count
    open_hits: Count

    def running(self) -> pl.Expr:
        return self.open

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        sure = self.hits - self.open_hits
        return quotient(sure, self.n), quotient(sure + self.open, self.n)


@dataclass(frozen=True, eq=False, kw_only=True)
class Balance(FixedShape):
    """Positive less negative rows over the rows that count, times `per`, from `origin`. Make one with `balance`."""

    positive: Count
    negative: Count
    per: float = 1.0
    origin: float = 0.0
    method: NetMethod = "adjusted_t"

    empty: str = "no answers"

    def value(self) -> pl.Expr:
        return self.origin + self.per * quotient(self.positive - self.negative, self.n)

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.positive - self.negative, self.n

    def spread(self, sums: Sums) -> FloatArray:
        up, down = sums["positive"] / sums["n"], sums["negative"] / sums["n"]
        return _variance(up) + _variance(down) + 2 * up * down

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        up, down = sums["positive"] / sums["n"], sums["negative"] / sums["n"]
        n = sums["n"] if design is None else design.n_eff
        low, high = np.full((2, len(n)), np.nan)
        fits = n >= 2 if self.method in ("wald", "t") else n > 0  # one answer has no spread
        low[fits], high[fits] = net_interval(
            (up * n)[fits],
            (down * n)[fits],
            n[fits],
            method=self.method,
            level=level,
            df=None if design is None else design.df[fits],
        )
        notes = notes_of(
            (
                (sums["positive"] == 0) & (n >= _SURPRISING),
                "no answer is positive: is the column on the metric's scale?",
            ),
            (low == high, _NO_WIDTH),
        )
        se = np.sqrt(self.spread(sums) / n) if design is None else np.sqrt(design.square)
        low, high = (self.origin + self.per * limit for limit in (low, high))
        return Reading(low, high, self.per * se, self.method, notes=notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class Attainment(FixedShape):
    """Clocks met among those that are decided, with the open ones counted beside. Make one with `attainment`.

    With `bounds_only` the value is null while rows are pending, and the limits hold every way they can still end:
    Wilson's lower limit if all of them fail, its upper limit if all of them succeed.
    """

    met: Count
    open: Count
    unknown: Count
    bounds_only: bool = False
    method: Literal["wilson"] = "wilson"
    undefined: str = "pending rows leave it open: see the limits"

    unit: str | None = "share"
    bounds: tuple[float, float] | None = (0.0, 1.0)
    empty: str = "no decided rows"

    def value(self) -> pl.Expr:
        share = quotient(self.met, self.n)
        return pl.when(self.open == 0).then(share) if self.bounds_only else share

    def judged(self) -> pl.Expr:
        return self.n > 0

    def pair(self) -> tuple[pl.Expr, pl.Expr]:
        return self.met, self.n

    def spread(self, sums: Sums) -> FloatArray:
        return _variance(sums["met"] / sums["n"])

    def pending(self, rows: pl.Expr) -> pl.Expr:  # rows that are not due yet wait, whatever came of them
        return rows - self.n - self.unknown

    def running(self) -> pl.Expr | None:
        return self.open if self.bounds_only else None

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        whole = self.n if self.bounds_only else self.n + self.open
        return quotient(self.met, whole), quotient(self.met + self.open, whole)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        p, best = sums["met"] / sums["n"], sums["met"] / sums["n"]
        if self.bounds_only:
            best = (sums["met"] + sums["open"]) / sums["n"]
        n = sums["n"] if design is None else design.n_eff
        df = None if design is None else design.df
        low, _ = proportion_interval(np.minimum(p * n, n), n, method=self.method, level=level, df=df)
        _, high = proportion_interval(np.minimum(best * n, n), n, method=self.method, level=level, df=df)
        se = np.sqrt(p * (1 - p) / n) if design is None else np.sqrt(design.square)
        if not self.bounds_only:
            return Reading(low, high, se, self.method, notes=_one_sided(p, design))
        notes = [f"without sampling error {a:.4g} to {b:.4g}" for a, b in zip(p, best, strict=True)]
        return Reading(low, high, se, "wilson at both bounds", notes=notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class DueAttainment(Attainment):
    """`Attainment` that judges rows when they are due, while the outcome of some is decided before. See `attainment`."""

    early_met: Count
    early_missed: Count
    undecided: Count
    doomed: Count

    def extremes(self) -> tuple[pl.Expr, pl.Expr]:
        met, whole = self.met + self.early_met, self.n + self.early_met + self.early_missed + self.undecided
        lowest = quotient(met, whole + self.doomed)
        return lowest, pl.coalesce(quotient(met + self.undecided, whole), lowest)


@dataclass(frozen=True, eq=False, kw_only=True)
class EligibleShare(FixedShape):
    """Hits among the rows known to be eligible and a share of those that may be. Make one with `eligible_share`."""

    hits: Count
    known: Count
    unknown: Count
    ineligible: Count
    counted: Eligibility | float = "all"
    unit: str | None = "share"
    bounds: tuple[float, float] | None = (0.0, 1.0)
    empty: str = "no eligible rows"

    def value(self) -> pl.Expr:
        return quotient(self.hits, self._eligible())

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        eligible = self.eligible(sums)
        p = sums["hits"] / eligible
        low, high = proportion_interval(sums["hits"], eligible, level=level)
        return Reading(low, high, np.sqrt(p * (1 - p) / eligible), "wilson")

    def eligible(self, sums: Sums) -> FloatArray:
        """How many rows are taken for eligible in each group."""
        if self.counted == "none":
            return sums["known"]
        return np.asarray(sums["known"] + self._counted(sums) * sums["unknown"], dtype=np.float64)

    def _counted(self, sums: Sums) -> FloatArray | float:
        """The share of the unknown that is taken for eligible."""
        if self.counted == "proportional":
            return sums["known"] / (sums["known"] + sums["ineligible"])
        return self.counted if isinstance(self.counted, float) else 1.0

    def _eligible(self) -> pl.Expr:
        if self.counted == "none":
            return self.known
        if self.counted == "all":
            return self.known + self.unknown
        if isinstance(self.counted, float):
            return self.known + self.counted * self.unknown
        share = quotient(self.known, self.known + self.ineligible).fill_null(0.0)
        return self.known + share * self.unknown


def share(hit: pl.Expr, *, of: pl.Expr, method: ProportionMethod = "wilson", pending: pl.Expr | None = None) -> Share:
    """Share of rows for which `hit` holds, among the rows for which `of` holds.

    Args:
        hit: boolean row rule; null counts as false.
        of: boolean row rule for the denominator, usually `answered(column)`.
        method: interval for a share (Wilson 1927 by default).
        pending: boolean row rule of rows among them that may still become hits, or cease to be.
    """
    if pending is None:
        return Share(hits=hit & of, n=of, method=method)
    waiting = pending & of
    return OpenShare(hits=hit & of, n=of, method=method, open=waiting, open_hits=waiting & hit)


def balance(
    positive: pl.Expr,
    negative: pl.Expr,
    *,
    of: pl.Expr,
    per: float = 1.0,
    origin: float = 0.0,
    method: NetMethod = "adjusted_t",
) -> Balance:
    """Positive less negative rows, as a share of the rows for which `of` holds, times `per`, added to `origin`.

    Args:
        positive: boolean row rule of the upper group (promoters).
        negative: boolean row rule of the lower group (detractors); no row may be in both.
        of: boolean row rule for the denominator.
        per: 100 gives points.
        origin: the value where both groups are alike; 0.5 with `per=0.5` counts the rows in neither group by half.
        method: interval for a net score (adjusted as by Rocks 2016, with Student's t, by default).
    """
    return Balance(
        positive=positive & of,
        negative=negative & of,
        n=of,
        per=per,
        origin=origin,
        method=method,
        unit="points" if per == 100 else None,
        bounds=(origin - per, origin + per),
    )


def eligible_share(
    hit: pl.Expr, *, known: pl.Expr, unknown: pl.Expr, ineligible: pl.Expr, counted: Eligibility | float = "all"
) -> EligibleShare:
    """Share of eligible rows for which `hit` holds, where the eligibility of some rows is unknown.

    Args:
        hit: boolean row rule of success; only rows that are `known` can be hits.
        known: boolean row rule: known to be eligible.
        unknown: boolean row rule: eligible or not, nobody knows.
        ineligible: boolean row rule: known not to be eligible.
        counted: how many of the unknown are taken for eligible: all, none, as many as among the known (proportional
            allocation), or a share from 0 to 1; the limits take the share as known.
    """
    return EligibleShare(
        n=known | (unknown if counted != "none" else pl.lit(value=False)),
        hits=hit & known,
        known=known,
        unknown=unknown,
        ineligible=ineligible,
        counted=counted,
    )


def attainment(
    met: pl.Expr,
    *,
    of: pl.Expr,
    pending: pl.Expr,
    unknown: pl.Expr,
    bounds_only: bool = False,
    early_met: pl.Expr | None = None,
    early_missed: pl.Expr | None = None,
    doomed: pl.Expr | None = None,
) -> Attainment:
    """Rows met among the rows `of` that are to be judged, with `pending` rows counted beside.

    The last three say what is known of rows that are not judged yet, whether they count as pending or not. No figure
    changes by them, only how far it can still move.

    Args:
        met: boolean row rule of success.
        of: boolean row rule of the denominator.
        pending: boolean row rule of rows that are still open and in time.
        unknown: boolean row rule of rows whose outcome is missing.
        bounds_only: give limits over every way the pending rows (which `of` then holds) can end, and no value.
        early_met: boolean row rule of rows that will be judged later and are met already.
        early_missed: boolean row rule of rows that will be judged later and are missed already.
        doomed: boolean row rule of rows that will be judged later, cannot be met any more, and may still drop out.
    """
    plain = Attainment(met=met & of, open=pending, unknown=unknown, n=of, bounds_only=bounds_only)
    if early_met is None and early_missed is None and doomed is None:
        return plain
    nobody = pl.lit(value=False) & of
    known = [
        (nobody if rows is None else rows & ~of).fill_null(value=False) for rows in (early_met, early_missed, doomed)
    ]
    return DueAttainment(
        met=plain.met,
        open=pending,
        unknown=unknown,
        n=of,
        early_met=known[0],
        early_missed=known[1],
        doomed=known[2],
        undecided=pending & ~known[0] & ~known[1] & ~known[2],
    )
