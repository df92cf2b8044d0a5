"""Beta products along a curve: moments of the share ended, and the limits that they give, for all groups at once."""

# Source: Fay, Brittain & Proschan 2013 (Biostatistics 14: 723), mid-p as in Fay & Brittain 2016; with competing ends, the
# same product for the share ended by one cause. The moments are running sums of terms of one sign, or nearly, never a
# difference such as E F^2 - (E F)^2 that loses its digits as the rows grow.

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from servicequality.stats._checks import FloatArray, IntArray
from servicequality.stats.survival_segments import accumulate, blocks, earlier, first, pick, sums_before

BoolArray = NDArray[np.bool_]

_STEPS = 100  # Newton takes some five; should every one of them be refused, halving 700 units of log takes sixty


_PROBES = 5  # rows of a group that one turn of a search looks at


class Part(NamedTuple):
    """A Beta distribution of the share ended by its moments, one entry a group or row; `rest` is 1 less `mean`."""

    mean: FloatArray
    rest: FloatArray
    variance: FloatArray

    def mirrored(self) -> "Part":
        """The distribution of what is left of 1."""
        return Part(self.rest, self.mean, self.variance)

    def parameters(self) -> tuple[FloatArray, FloatArray]:
        """The two parameters; of no meaning where the distribution is a point."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            size = self.mean * self.rest / self.variance - 1
        proper = (self.mean > 0) & (self.rest > 0) & (size > 0)
        size = np.where(proper, size, 1.0)
        return np.where(proper, size * self.mean, 1.0), np.where(proper, size * self.rest, 1.0)

    def where(self, mask: BoolArray) -> "Part":
        """The entries of a mask."""
        return Part(*(moment[mask] for moment in self))


class Moments(NamedTuple):
    """Moments along whole curves, at each row.

    Attributes:
        log_free: logarithm of E S.
        log_excess: logarithm of E S^2 / (E S)^2.
        causes: what competing ends add; None without them, where F = 1 - S.
    """

    log_free: FloatArray
    log_excess: FloatArray
    causes: "Causes | None"


class Causes(NamedTuple):
    """What competing ends add, at each row: moments of F, the share ended by the event, beside S, the share not ended.

    Attributes:
        ended: E F.
        otherwise: the expected share ended by another cause.
        variance: Var F.
        drag: -Cov(F, S) / E S.
    """

    ended: FloatArray
    otherwise: FloatArray
    variance: FloatArray
    drag: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Products:
    """Moments of the share not ended, S, and the share ended by the event, F, where they are needed.

    E S is the product of (Y - d + 1) / (Y + 1), with Y rows at risk and d ends of any cause. E S^2 / (E S)^2 is that of
    1 + d / ((Y - d + 1)(Y + 2)), so that its logarithm is a sum of positive terms. The moments of F follow from the
    recursion over times: its increments hold nothing but these two.

    Nothing leaves the range of floats: E S is at least Kaplan-Meier's S, and E S^2 / (E S)^2 at most its inverse, as each
    factor is; rows after S = 0, which only delayed entry brings, change nothing.

    Attributes:
        offsets: row range of each group.
        present: rows at risk; 0 after the curve has come down to 0.
        gone: of these, the rows that end at that time, by any cause.
        events: of these again, the rows that end by the event of interest.
        competing: and those that end by another cause; None where none can.
    """

    offsets: IntArray
    present: FloatArray
    gone: FloatArray
    events: FloatArray
    competing: FloatArray | None

    @cached_property
    def moments(self) -> Moments:
        """The moments along whole curves, worked out when they are needed: one row a group takes a sum, and no curve."""
        log_free, log_excess = np.empty((2, len(self.present)))
        for bounds, part in _cached(self.offsets):
            for terms in _terms(self.present[part], self.gone[part], (log_free[part], log_excess[part])):
                accumulate(np.add, terms, bounds, out=terms)
        causes = None
        if self.competing is not None:
            free, excess = np.exp(log_free), np.expm1(log_excess)
            causes = _causes(self.offsets, self.present, self.events, self.competing, free, excess)
        return Moments(log_free, log_excess, causes)

    def parts(self, rows: IntArray, left: FloatArray) -> tuple[Part, Part]:
        """The lower and the upper part of F at some rows.

        Args:
            rows: places in the tables.
            left: rows watched up to there and not ended; those censored there count.
        """
        log_free, log_excess, causes = self.moments
        moments = None if causes is None else tuple(moment[rows] for moment in causes)
        return _parts(log_free[rows], log_excess[rows], moments, left)

    def parts_after(self, rows: IntArray) -> tuple[Part, Part]:
        """The parts at the very times of some rows."""
        return self.parts(rows, self.present[rows] - self.gone[rows])

    def parts_before(self, ends: IntArray, left: FloatArray) -> tuple[Part, Part]:
        """The parts of every group once its rows before `ends` are over; at the group's start nothing has ended.

        Args:
            ends: one place a group, from its first row to its end.
            left: as for `parts`.
        """
        if self.competing is not None:
            begun = ends > self.offsets[:-1]
            log_free, log_excess, causes = self.moments
            assert causes is not None  # there are competing ends
            moments = tuple(pick(moment, ends - 1, begun, 0.0) for moment in causes)
            log_free, log_excess = (pick(log, ends - 1, begun, 0.0) for log in (log_free, log_excess))
            return _parts(log_free, log_excess, moments, left)
        log_free, log_excess = sums_before(ends, self.offsets, lambda rows: _terms(self.present[rows], self.gone[rows]))
        return _parts(log_free, log_excess, None, left)


def beta_products(
    offsets: IntArray,
    at_risk: FloatArray,
    events: FloatArray,
    *,
    survival: FloatArray,
    competing: FloatArray | None = None,
    delayed: bool,
) -> Products:
    """The beta products of all groups.

    Args:
        offsets: row range of each group.
        at_risk: rows at risk at each time.
        events: ends by the event of interest.
        survival: Kaplan-Meier's curve for all causes together.
        competing: ends by other causes.
        delayed: whether rows may join after a curve has come down to 0.
    """
    if delayed:
        alive = earlier(survival, offsets, start=1.0) > 0
        at_risk, events = np.where(alive, at_risk, 0.0), np.where(alive, events, 0.0)
        competing = None if competing is None else np.where(alive, competing, 0.0)
    gone = events if competing is None else events + competing
    return Products(offsets=offsets, present=at_risk, gone=gone, events=events, competing=competing)


def _terms(
    present: FloatArray, gone: FloatArray, out: tuple[FloatArray, FloatArray] | None = None
) -> tuple[FloatArray, FloatArray]:
    """The terms of log E S and of log E S^2 / (E S)^2, made in `out` where given: fresh memory costs as much as they do."""
    first_moment, second_moment = np.empty((2, len(present))) if out is None else out
    more = present + 1
    np.divide(gone, more, out=first_moment)
    np.negative(first_moment, out=first_moment)
    np.log1p(first_moment, out=first_moment)
    np.subtract(more, gone, out=second_moment)
    more += 1
    second_moment *= more
    np.divide(gone, second_moment, out=second_moment)
    np.log1p(second_moment, out=second_moment)
    return first_moment, second_moment


def _parts(
    log_free: FloatArray, log_excess: FloatArray, causes: tuple[FloatArray, ...] | None, left: FloatArray
) -> tuple[Part, Part]:
    """The lower and the upper part of F, from the moments at one row each and the rows that are left there."""
    free, excess = np.exp(log_free), np.expm1(log_excess)
    if causes is None:
        ended, otherwise = -np.expm1(log_free), np.zeros_like(free)
        variance, drag = free * free * excess, free * excess
    else:
        ended, otherwise, variance, drag = causes
    more = left + 1
    last = free / more  # the share that the next end would take
    apart = last * last * (left + 2 * excess * more) / (more + 1) - 2 * last * drag
    lower = Part(ended, otherwise + free, variance)
    return lower, Part(ended + last, otherwise + last * left, variance + apart)


def _causes(
    offsets: IntArray,
    at_risk: FloatArray,
    events: FloatArray,
    competing: FloatArray,
    free: FloatArray,
    excess: FloatArray,
) -> Causes:
    """The moments of F beside competing ends."""
    ended, otherwise, variance, drag = np.empty((4, len(at_risk)))
    for bounds, part in _cached(offsets):
        more, d = at_risk[part] + 1, events[part]
        before, over = earlier(free[part], bounds, start=1.0), earlier(excess[part], bounds, start=0.0)
        step = before * d / more
        ended[part] = accumulate(np.add, step, bounds)
        otherwise[part] = accumulate(np.add, before * competing[part] / more, bounds)
        drag[part] = accumulate(np.add, step * (1 - more * over) / (more + 1), bounds)
        own = before * (more - d + over * (d + 1) * more) / (more * (more + 1))
        rises = step * (own - 2 * earlier(drag[part], bounds, start=0.0))
        variance[part] = accumulate(np.add, rises, bounds)
    return Causes(ended, otherwise, variance, drag)


def _cached(offsets: IntArray) -> Iterator[tuple[IntArray, slice]]:
    """Offsets and rows of neighbouring groups, so few that intermediate results stay in the cache."""
    for head, end in blocks(offsets):
        bounds = offsets[head : end + 1]
        yield bounds - bounds[0], slice(bounds[0], bounds[-1])


def product_limits(lower: Part, upper: Part, *, tail: float, mid_p: bool) -> tuple[FloatArray, FloatArray]:
    """The lower limit of the share ended, and what its upper limit leaves of 1, each with a probability `tail` beyond.

    With mid-p the limits are quantiles of the equal mixture of both parts, without it the lower limit is one of the
    lower part and the upper limit one of the upper part. A part is a point where no event has happened (the lower, at
    0) or where nothing is left (the upper, at 1).
    """
    near, far = (
        Part(*map(np.concatenate, zip(own, other, strict=True)))
        for own, other in ((lower, upper.mirrored()), (upper, lower.mirrored()))
    )
    low, rest = np.split(_near_zero(near, far, tail=tail, mid_p=mid_p), 2)
    return low, rest


def _near_zero(near: Part, far: Part, *, tail: float, mid_p: bool) -> FloatArray:
    """The quantile at `tail` (below one half) of `near`, or of its mixture with `far`; 0 where `near` is a point there."""
    from scipy.special import betaincinv

    limit = np.zeros(len(near.mean))
    spread = near.mean > 0
    both = spread & (far.rest > 0) if mid_p else np.zeros_like(spread)
    alone = spread & ~both
    limit[alone] = betaincinv(*near.where(alone).parameters(), 2 * tail if mid_p else tail)
    limit[both] = _mixture_quantile(near.where(both), far.where(both), tail)
    return limit


def _mixture_quantile(one: Part, other: Part, tail: float) -> FloatArray:
    """The quantile of the equal mixture of two Beta distributions, by Newton's steps on log F over log x.

    There the tail of a Beta is all but straight. Steps that leave the bracket halve it instead.
    """
    from scipy.special import betainc, betaincinv, betaln

    mean, rest = (one.mean + other.mean) / 2, (one.rest + other.rest) / 2
    gap = (one.mean - other.mean) / 2
    averaged = Part(mean, rest, (one.variance + other.variance) / 2 + gap * gap)
    guess = np.clip(betaincinv(*averaged.parameters(), tail), 1e-300, 1 - 2**-53)
    at = np.log(guess)
    bottom, top = np.full_like(at, -745.0), np.zeros_like(at)
    a, b = (np.stack(column) for column in zip(one.parameters(), other.parameters(), strict=True))
    scale = betaln(a, b)
    moving = np.arange(len(at))
    for _ in range(_STEPS):
        here = at[moving]
        below = betainc(a[:, moving], b[:, moving], np.exp(here)).mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            logs = a[:, moving] * here + (b[:, moving] - 1) * np.log(-np.expm1(here)) - scale[:, moving]
            off = np.log(below / tail)
            next_log = here - off * below / np.exp(logs).mean(axis=0)
        high = off > 0
        top[moving[high]], bottom[moving[~high]] = here[high], here[~high]
        inside = (next_log >= bottom[moving]) & (next_log <= top[moving])
        at[moving] = np.where(inside, next_log, (bottom[moving] + top[moving]) / 2)
        moving = moving[np.abs(at[moving] - here) > 1e-11 * np.maximum(-here, 1e-3)]  # the next step squares it
        if not moving.size:
            break
    return np.exp(at)


def reached(products: Products, p: float, *, tail: float, delayed: bool) -> tuple[IntArray, IntArray]:
    """Per group, the first row at which F may have reached p, and the first at which it surely has, each by `tail`.

    The first: the upper part lies at p or above with probability `tail` or more; the second: the lower part does with 1 -
    `tail` or more. The group's end where there is none. The row before all others, at which nothing has ended, is -1 for
    the first where it holds already there.
    """
    starts, ends = products.offsets[:-1], products.offsets[1:]
    groups = len(starts)

    def holds(rows: IntArray, certain: BoolArray) -> BoolArray:
        lower, upper = products.parts_after(rows)
        part = Part(*(np.where(certain, *moments) for moments in zip(lower, upper, strict=True)))
        return _above(part, p, np.where(certain, 1 - tail, tail))

    # With whole rows that all were there from the start, what holds at one time holds later. Rows that join late undo it, and
    # fractions of a row may, where moments of so little are not Beta's.
    if not delayed and bool((products.gone == np.rint(products.gone)).all()):
        possible, certain = np.split(_first_by_probes(holds, np.tile(starts, 2), np.tile(ends, 2), groups), 2)
    else:
        rows = np.arange(products.offsets[-1])
        possible, certain = (first(holds(rows, np.full(len(rows), sure)), products.offsets) for sure in (False, True))
    filled = ends > starts
    nobody_ended = pick(products.present, starts, filled, 0.0)
    _, upper = products.parts_before(starts, nobody_ended)
    at_once = filled & _above(upper, p, np.full(groups, tail))
    return np.where(at_once, -1, possible), certain


def _above(part: Part, p: float, chance: FloatArray) -> BoolArray:
    """Whether a part lies at p or above with at least this chance.

    Most rows lie so far off that Cantelli's inequality settles it.
    """
    from scipy.special import betaincc

    gap = part.mean - p
    with np.errstate(divide="ignore", invalid="ignore"):
        near = part.variance / (part.variance + gap * gap)  # at most so much lies beyond p, seen from the mean
    sure = np.where(gap > 0, 1 - near, near)
    holds = (gap > 0) & (sure >= chance)
    unsettled = ~holds & ~((gap < 0) & (sure < chance))
    a, b = part.where(unsettled).parameters()
    holds[unsettled] = betaincc(a, b, p) >= chance[unsettled]
    return np.where(part.rest <= 0, True, np.where(part.mean <= 0, False, holds))  # points at 1 and at 0


def _first_by_probes(
    holds: Callable[[IntArray, BoolArray], BoolArray], starts: IntArray, ends: IntArray, groups: int
) -> IntArray:
    """The first row of each range at which `holds`, which stays true once it is; the range's end where there is none.

    The ranges of all `groups` come twice: what may hold is looked for in the first of them, what surely does in the second.
    Every turn probes a few evenly spaced rows of each range, as a call for one row costs as much as one for hundreds.
    """
    low, high = starts.copy(), ends.copy()
    moving = np.flatnonzero(low < high)
    while moving.size:
        start, end = low[moving], high[moving]
        probes = start[:, None] + (end - start)[:, None] * np.arange(_PROBES) // _PROBES
        true = holds(probes.ravel(), np.repeat(moving >= groups, _PROBES)).reshape(probes.shape)
        before, at = (~true).sum(axis=1), np.arange(len(moving))
        low[moving] = np.where(before > 0, probes[at, before - 1] + 1, start)
        high[moving] = np.where(before < _PROBES, probes[at, np.minimum(before, _PROBES - 1)], end)
        moving = moving[low[moving] < high[moving]]
    return low
