"""Time down, time between failures, availability: sweeps over spans, and exact limits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    Interval,
    floats,
    interval,
    positive,
    require,
    two_sided_tail,
    whole_numbers,
)
from servicequality.stats._kernel import kernel


class Downtime(NamedTuple):
    """What overlapping spans leave, one entry a group, in the unit of the instants.

    Attributes:
        down: time covered by outages outside maintenance; where outages overlap it counts once.
        excluded: time covered by maintenance.
        outages: outages that are left when those that overlap or touch are one, and those within maintenance are none.
    """

    down: IntArray
    excluded: IntArray
    outages: IntArray


class DownSpells(NamedTuple):
    """Spans in which something was down or maintained, sorted by group and time; those of one group do not overlap.

    Attributes:
        group: whose span it is.
        start: when it begins.
        end: when it ends.
        outage: which outage it is a part of, numbered over all groups; maintenance cuts an outage and leaves it one. -1 for
            maintenance.
    """

    group: IntArray
    start: IntArray
    end: IntArray
    outage: IntArray

    @property
    def maintained(self) -> NDArray[np.bool_]:
        """Which spans are maintenance."""
        return np.asarray(self.outage < 0)


@kernel
def down_spells(
    start: ArrayLike,
    end: ArrayLike,
    *,
    group: ArrayLike = 0,
    planned: ArrayLike = False,
    groups: int = 1,
    window: tuple[int, int],
) -> DownSpells:
    """Spans without overlap, from outages that may overlap one another and maintenance, which wins over them.

    One sweep over the sorted ends of all spans; the cost grows as that of a sort.

    Args:
        start: Int64 instants at which spans begin, one a span.
        end: Int64 instants at which they end, not before they begin.
        group: whose span it is, from 0 to `groups` - 1.
        planned: whether the span is announced maintenance.
        groups: how many groups there are.
        window: the ends of the window [since, until); spans are cut to it.

    Raises:
        ParameterError: a span that ends before it begins, a window without length, or a group that is not there.
    """
    low, high = window
    if not low < high:
        raise ParameterError(f"window must begin before it ends; got {low} to {high}")
    begins, ends, owner, kept_out = np.broadcast_arrays(
        whole_numbers("start", np.atleast_1d(start)),
        whole_numbers("end", np.atleast_1d(end)),
        whole_numbers("group", np.atleast_1d(group)),
        np.asarray(planned, np.bool_),
    )
    if (reversed_ := ends < begins).any():
        raise ParameterError(f"a span must not end before it begins; {reversed_.sum()} do")
    if owner.size and not (owner.min() >= 0 and owner.max() < groups):
        raise ParameterError(f"group must lie from 0 to {groups - 1}; got {owner.min()} to {owner.max()}")
    begins, ends = np.clip(begins, low, high), np.clip(ends, low, high)
    some = ends > begins
    begins, ends, owner, kept_out = begins[some], ends[some], owner[some], kept_out[some]
    at, who = np.concatenate([begins, ends]), np.concatenate([owner, owner])
    step = np.repeat(np.array([1, -1], np.int64), len(begins))
    of_plan = np.concatenate([kept_out, kept_out])
    order = np.lexsort((-step, at, who))  # at one instant a span begins before another ends: those that touch are one
    at, who, step, of_plan = at[order], who[order], step[order], of_plan[order]
    # Every span of a group ends within it, so that both counts are 0 where the next group begins.
    failing, maintained = np.cumsum(np.where(of_plan, 0, step)), np.cumsum(np.where(of_plan, step, 0))
    began = (failing > 0) & np.concatenate([[True], failing[:-1] == 0])[: len(failing)]
    outage = np.where(maintained > 0, -1, np.cumsum(began) - 1)
    until = np.append(at[1:], at[-1:])
    kept = ((failing > 0) | (maintained > 0)) & (until > at)
    return DownSpells(who[kept], at[kept], until[kept], outage[kept])


@kernel
def downtime(
    start: ArrayLike,
    end: ArrayLike,
    *,
    group: ArrayLike = 0,
    planned: ArrayLike = False,
    groups: int = 1,
    window: tuple[int, int],
) -> Downtime:
    """Time down within a window, from outages that may overlap one another and maintenance.

    Args:
        start: Int64 instants at which spans begin, one a span.
        end: Int64 instants at which they end, not before they begin.
        group: whose span it is, from 0 to `groups` - 1.
        planned: whether the span is announced maintenance.
        groups: how many groups there are.
        window: its start and its end; spans are cut to it.

    Raises:
        ParameterError: a span that ends before it begins, a window without length, or a group that is not there.
    """
    spells = down_spells(start, end, group=group, planned=planned, groups=groups, window=window)
    length, kept_out = spells.end - spells.start, spells.maintained
    owners = spells.group[~kept_out][np.unique(spells.outage[~kept_out], return_index=True)[1]]
    return Downtime(
        _per_group(spells.group, np.where(kept_out, 0, length), groups),
        _per_group(spells.group, np.where(kept_out, length, 0), groups),
        np.bincount(owners, minlength=groups).astype(np.int64),
    )


@kernel
def time_by_period(group: ArrayLike, start: ArrayLike, end: ArrayLike, *, edges: ArrayLike, groups: int) -> IntArray:
    """How much of each period spans take; spans of one group that overlap count each, so merge them first for time covered.

    Args:
        group: whose span it is, from 0 to `groups` - 1, one a span.
        start: Int64 instants at which spans begin, not before the first edge.
        end: Int64 instants at which they end, not after the last edge.
        edges: ascending Int64 instants, one more than there are periods.
        groups: how many groups there are.

    Returns:
        Whole numbers in the unit of the instants, of shape (groups, periods).
    """
    owner, begins, ends, bounds = (
        whole_numbers(name, np.atleast_1d(values))
        for name, values in (("group", group), ("start", start), ("end", end), ("edges", edges))
    )
    some = ends > begins
    pieces = cut_by_period(begins[some], ends[some], edges=bounds)
    periods = len(bounds) - 1
    places = owner[some][pieces.span] * periods + pieces.period
    return _per_group(places, pieces.length, groups * periods).reshape(groups, periods)


class Pieces(NamedTuple):
    """Spans cut where periods end, in the order of the spans.

    Attributes:
        span: which span it is a piece of.
        period: which period it lies in.
        length: how long it is.
    """

    span: IntArray
    period: IntArray
    length: IntArray


def cut_by_period(begins: IntArray, ends: IntArray, *, edges: IntArray) -> Pieces:
    """Spans cut at the edges of periods; a span of no length is one piece of the period in which it lies.

    Args:
        begins: Int64 instants at which spans begin, from the first edge on and before the last.
        ends: Int64 instants at which they end, not before they begin and not after the last edge.
        edges: ascending Int64 instants, one more than there are periods.
    """
    first = np.searchsorted(edges, begins, "right") - 1
    touched = np.maximum(np.searchsorted(edges, ends, "left") - first, 1)  # periods that a span lies in
    span = np.repeat(np.arange(len(begins)), touched)
    period = first[span] + np.arange(len(span)) - np.repeat(np.cumsum(touched) - touched, touched)
    return Pieces(span, period, np.minimum(ends[span], edges[period + 1]) - np.maximum(begins[span], edges[period]))


def _per_group(who: NDArray[np.int64], amounts: NDArray[np.int64], groups: int) -> IntArray:
    """Integer sums by group; `bincount` would add them as floats."""
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, who, amounts)
    return sums


@kernel
def mtbf_interval(exposure: ArrayLike, failures: ArrayLike, *, level: float = 0.95) -> Interval:
    """Limits of the mean time between failures of a system watched for a stated time (NIST/SEMATECH e-Handbook 8.4.5.1).

    Chi-square with 2r + 2 degrees of freedom below and 2r above. Without a failure there is no upper limit (NaN), and the
    lower limit takes the whole error to its side.

    Args:
        exposure: time in operation, above 0.
        failures: failures in it, 0 or more.
        level: two-sided confidence; one-sided where there was no failure.

    Raises:
        ParameterError: an exposure that is not above 0, failures below 0, or a level outside (0, 1).
    """
    from scipy.special import chdtri

    span, count = floats(exposure=exposure, failures=failures)
    positive("exposure", span)
    require(count >= 0, "failures", count, "0 or more", "count failures")
    tail = np.where(count > 0, two_sided_tail(level), 1 - level)
    low = 2 * span / chdtri(2 * count + 2, tail)
    high = 2 * span / chdtri(np.where(count > 0, 2 * count, 1.0), 1 - tail)
    return interval(low, np.where(count > 0, high, np.nan))


@kernel
def availability_interval(up: ArrayLike, down: ArrayLike, cycles: ArrayLike, *, level: float = 0.95) -> Interval:
    """Limits of the availability up / (up + down) of a system that failed and was restored `cycles` times (Birolini 2017).

    For exponential times up and down, the ratio of mean times follows F(2n, 2n).

    Args:
        up: total time up, above 0.
        down: total time down, above 0.
        cycles: how many times it failed, 1 or more.
        level: two-sided confidence.

    Raises:
        ParameterError: a time or a count that is not above 0, or a level outside (0, 1).
    """
    from scipy.special import fdtri

    good, bad, n = floats(up=up, down=down, cycles=cycles)
    for name, values in (("up", good), ("down", bad), ("cycles", n)):
        positive(name, values, "without an outage there is nothing to bound availability by")
    factor, odds = fdtri(2 * n, 2 * n, 1 - two_sided_tail(level)), bad / good
    return interval(1 / (1 + odds * factor), 1 / (1 + odds / factor))


@kernel
def series_availability(parts: ArrayLike) -> FloatArray:
    """Availability of a system that needs all of its parts, which fail independently: the product over the last axis.

    Args:
        parts: availabilities, the parts of one system along the last axis.

    Raises:
        ParameterError: no part, or an availability outside [0, 1].
    """
    (shares,) = floats(parts=parts)
    if not shares.size:
        raise ParameterError("a series needs at least one part")
    require((shares >= 0) & (shares <= 1), "parts", shares, "shares from 0 to 1", "divide percentages by 100")
    return np.asarray(np.prod(shares, axis=-1))
