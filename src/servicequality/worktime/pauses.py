"""Time that does not count because a ticket was paused, over all tickets at once."""

# Any integer clock will do, so long as all arguments are on the same one: microseconds of elapsed time, or of the
# business clock (`Schedule.clock`), which keeps the order of instants and so makes a pause of working time by the same
# subtraction.

from itertools import pairwise

import numpy as np

from servicequality.errors import InputError, ParameterError
from servicequality.worktime.kernel import Codes, Times

__all__ = ["merge_pauses", "paused_time"]

_ROOM = 2**62


def merge_pauses(ticket: Codes, start: Times, end: Times) -> tuple[Codes, Times, Times]:
    """The pauses of each ticket as disjoint intervals in order; those that overlap or touch become one.

    Args:
        ticket: whose pause it is, as an integer from 0.
        start: when it starts, one per pause.
        end: when it ends, not before it starts.

    Returns:
        Ticket, start and end of the merged pauses, by ticket and start. Pauses of no length are dropped.

    Raises:
        InputError: a pause ends before it starts.
        ParameterError: the arrays differ in length, or a ticket is negative.
    """
    ticket, start, end = _checked(ticket, start, end)
    kept = end > start
    if not kept.all():
        ticket, start, end = ticket[kept], start[kept], end[kept]
    if not len(ticket):
        return ticket, start, end
    same = ticket[1:] == ticket[:-1]
    if not np.all((ticket[1:] > ticket[:-1]) | (same & (start[1:] >= start[:-1]))):
        order = np.lexsort((start, ticket))
        ticket, start, end = ticket[order], start[order], end[order]
        same = ticket[1:] == ticket[:-1]
    reach = _running_end(ticket, start, end)
    joined = same & (start[1:] <= reach[:-1])
    return ticket[np.append(True, ~joined)], start[np.append(True, ~joined)], reach[np.append(~joined, True)]


def paused_time(ticket: Codes, start: Times, end: Times, *, opened: Times, closed: Times) -> Times:
    """How long each ticket was paused between its opening and its closing; overlapping pauses count once.

    Args:
        ticket: whose pause it is, as an index of `opened` and `closed`.
        start: when it starts, one per pause.
        end: when it ends.
        opened: where each ticket's time starts, one per ticket.
        closed: where each ticket's time ends.

    Returns:
        One number per ticket, at least 0 and at most `closed - opened`, on the clock of the arguments.

    Raises:
        InputError: a pause or a ticket ends before it starts.
        ParameterError: arrays that differ in length, or a pause of a ticket that is not there.
    """
    opened, closed = np.asarray(opened, np.int64), np.asarray(closed, np.int64)
    if opened.shape != closed.shape:
        raise ParameterError(f"expected one closed per opened; got {len(closed)} and {len(opened)}")
    reversed_ = closed < opened
    if reversed_.any():
        raise InputError(
            f"expected tickets that close after they open; {reversed_.sum()} do not, "
            f"the first at index {reversed_.argmax()}"
        )
    ticket, start, end = _checked(ticket, start, end)
    if len(ticket) and ticket.max() >= len(opened):
        raise ParameterError(f"expected pauses of the tickets 0 to {len(opened) - 1}; got one of ticket {ticket.max()}")
    low, high = opened[ticket], closed[ticket]
    # Clipping keeps the order of the log, so that a sorted one stays sorted.
    ticket, start, end = merge_pauses(ticket, np.clip(start, low, high), np.clip(end, low, high))
    before = np.append(0, np.cumsum(end - start))
    return np.diff(before[np.searchsorted(ticket, np.arange(len(opened) + 1))])


def _checked(ticket: Codes, start: Times, end: Times) -> tuple[Codes, Times, Times]:
    ticket, start, end = np.asarray(ticket, np.intp), np.asarray(start, np.int64), np.asarray(end, np.int64)
    if not ticket.shape == start.shape == end.shape:
        raise ParameterError(
            f"expected one ticket, start and end per pause; got {len(ticket)}, {len(start)} and {len(end)}"
        )
    if len(ticket) and ticket.min() < 0:
        raise ParameterError(f"expected tickets as integers from 0; got {ticket.min()}")
    backward = end < start
    if backward.any():
        raise InputError(
            f"expected pauses that end after they start; {backward.sum()} do not, "
            f"the first at index {backward.argmax()}"
        )
    return ticket, start, end


def _running_end(ticket: Codes, start: Times, end: Times) -> Times:
    """The latest end of each ticket's pauses so far, of a log sorted by ticket and start."""
    first = int(start.min())
    span = int(end.max()) - first + 1
    reach = np.empty(len(end), np.int64)
    # One running maximum serves many tickets if each lies above the one before; int64 holds so many at once.
    tickets_at_once = max(_ROOM // span, 1)
    firsts = range(int(ticket[0]), int(ticket[-1]) + 1, tickets_at_once)
    bounds = [*np.searchsorted(ticket, firsts), len(ticket)]
    for left, right in pairwise(bounds):
        lift = (ticket[left:right] - ticket[left : left + 1]) * span
        np.maximum.accumulate(end[left:right] - first + lift, out=reach[left:right])
        reach[left:right] += first - lift
    return reach
