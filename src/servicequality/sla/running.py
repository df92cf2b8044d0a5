"""How long clocks ran, and when their budgets end."""

# The business clock is linear, so each instant is mapped to it once. A ticket's status is a step function: between two rows of
# its log the time that a clock ran is a difference of business clocks or nothing, and running sums over the log give it up to
# any row. A clock then needs the rows at its start and at its stop, and a budget that is used up is found by bisection of the
# sums.

from dataclasses import dataclass

import numpy as np
import polars as pl

from servicequality.sla.log import Codes, Flags, Log, Times, last_at_most
from servicequality.worktime import Schedule, Schedules

__all__ = ["Hours", "Ran", "Spans", "run"]


@dataclass(frozen=True, slots=True)
class Hours:
    """A schedule, or one of several by its key."""

    schedule: Schedule | Schedules
    key: str | int | None = None

    def clock(self, at: Times) -> pl.Series:
        """The business clock in microseconds; null where no schedule is in force."""
        here = pl.col("at").cast(pl.Datetime("us", "UTC"))
        if isinstance(self.schedule, Schedule):
            elapsed = self.schedule.clock(here)
        else:
            elapsed = self.schedule.clock(here, key=pl.lit(self.key, None if isinstance(self.key, int) else pl.String))
        return pl.DataFrame({"at": at}).select(elapsed).to_series()

    def add(self, at: Times, budget: Times) -> pl.Series:
        """The earliest instant with the budget spent, in microseconds; null if it never is."""
        frame = pl.DataFrame({"at": at, "seconds": budget / 1_000_000})
        here = pl.col("at").cast(pl.Datetime("us", "UTC"))
        if isinstance(self.schedule, Schedule):
            moved = self.schedule.add(here, pl.col("seconds"))
        else:
            moved = self.schedule.add(
                here, pl.col("seconds"), key=pl.lit(self.key, None if isinstance(self.key, int) else pl.String)
            )
        return frame.select(moved.dt.timestamp("us")).to_series()


@dataclass(frozen=True, slots=True)
class Ran:
    """Microseconds that each clock ran and was paused, and the instant at which its budget ends; null where unknown."""

    elapsed: pl.Series
    paused: pl.Series
    due: pl.Series


@dataclass(frozen=True, slots=True)
class Spans:
    """Clocks: whose they are, from when to when, whether they have stopped, and their budgets, in microseconds."""

    ticket: Codes
    start: Times
    stop: Times
    stopped: Flags
    target: Times

    def __getitem__(self, rows: Codes) -> "Spans":
        return Spans(self.ticket[rows], self.start[rows], self.stop[rows], self.stopped[rows], self.target[rows])


def run(log: Log, spans: Spans, hours: Hours, *, runs: Flags, pauses: Flags) -> Ran:
    """What the clocks say, of which every ticket has a row in the log at its creation.

    Args:
        log: the log of statuses.
        spans: the clocks.
        hours: the hours that count.
        runs: whether the clocks run from each row of the log to the next.
        pauses: whether they are paused there; where neither holds the ticket is ended.
    """
    chosen = np.zeros(len(log.first) - 1, np.bool_)
    chosen[spans.ticket] = True
    log, kept = log.of_tickets(chosen)
    if kept is not None:
        runs, pauses = runs[kept], pauses[kept]
    at_row = hours.clock(log.at).fill_null(0).to_numpy()
    at_start, at_stop = hours.clock(spans.start), hours.clock(spans.stop)
    outside = (at_start.is_null() | at_stop.is_null()) | pl.Series(spans.stop < spans.start)
    starts, stops = at_start.fill_null(0).to_numpy(), at_stop.fill_null(0).to_numpy()
    first = log.first[spans.ticket]
    here = np.maximum(log.last(spans.ticket, spans.start), first)
    last = np.maximum(log.last(spans.ticket, spans.stop), first)

    def up_to(counts: Flags) -> tuple[Times, Times, Times]:
        """Time that counts, up to each row, each start and each stop."""
        sums = _sums(log, at_row, counts)
        at_here, at_there = (sums[row] - counts[row] * at_row[row] for row in (here, last))
        return sums, at_here + counts[here] * starts, at_there + counts[last] * stops

    _, paused_before, paused_after = up_to(pauses)
    sums, before, after = up_to(runs)
    needed = before + spans.target
    # The last row before the budget is spent, and the time that was spent by then.
    row = np.maximum(last_at_most(sums, here + 1, last + 1, needed - 1), here)
    inside = row > here
    left = needed - np.where(inside, sums[row], before)
    origin = np.where(inside, log.at[row], spans.start)
    # A stopped clock would have run on; when one that is paused now is due is unknown.
    stands = ~runs[row] & (spans.target > 0)
    left = np.where(stands, needed - after, left)
    due = hours.add(np.where(stands, spans.stop, origin), left)
    nowhere = outside | pl.Series(stands & ~spans.stopped)
    elapsed, paused = pl.Series(after - before), pl.Series(paused_after - paused_before)
    return Ran(_masked(elapsed, outside), _masked(paused, outside), _masked(due, nowhere))


def _sums(log: Log, clock: Times, counts: Flags) -> Times:
    """The time that counts from a ticket's first row to each of its rows.

    The running sum over all tickets may wrap; the differences within one are exact even so.
    """
    sums = np.append(0, np.cumsum(np.diff(clock) * counts[:-1]))
    begins = np.take(sums, log.first[:-1], mode="clip")
    sums -= np.repeat(begins, np.diff(log.first))
    return sums


def _masked(series: pl.Series, mask: pl.Series) -> pl.Series:
    return series.to_frame("x").select(pl.when(~mask).then("x")).to_series()
