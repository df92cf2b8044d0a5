"""Shares of agents' tickets and time: pending among open, handling among paid."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Category, Seconds, answered
from servicequality.core import define
from servicequality.events.as_of import words
from servicequality.shapes import Shape, ratio, share

__all__ = ["pending_share", "utilisation"]


@define(
    title="Pending share",
    label="share of open tickets that are pending",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\text{pending}/\#\text{open}",
    references=("Wilson 1927",),
    aliases=("pending tickets", "waiting for the customer", "tickets on the customer's side", "awaiting reply"),
)
def pending_share(
    status: Category = "status",
    *,
    pending: tuple[str, ...] = ("pending",),
    ended: tuple[str, ...] = ("solved", "resolved", "closed"),
) -> Shape:
    """Share of the open tickets that wait for the customer, by their status; case is ignored.

    A ticket is open unless its status is one of `ended`. Group by agent, team or channel.

    When it lies:
        Pending stops most clocks, so that a high share can be a way to meet service levels. A question that need not have
        been asked makes a ticket pending too. Statuses are set by hand.

    Why your vendor shows another number:
        Pending over all tickets in place of the open ones; tickets on hold for a third party counted as pending; new tickets
        counted as open or not.
    """
    state = pl.col(status).cast(pl.String).str.to_lowercase()
    over = state.is_in(sorted(words("ended", ended)))
    waits = state.is_in(sorted(words("pending", pending)))
    return share(waits, of=state.is_not_null() & ~over).excluding(over)


@define(
    title="Utilisation",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="agent period",
    formula=r"\sum \text{handling}/\sum \text{paid}",
    references=("Koole 2013", "Cochran 1977"),
    aliases=("agent utilization", "utilization", "productive time", "shrinkage", "share of paid time"),
)
def utilisation(busy: Seconds = "busy_seconds", paid: Seconds = "paid_seconds") -> Shape:
    """Share of the time that agents are paid for in which they handle contacts or tickets.

    Rows are those of `presence`, or agents' shifts with the two columns; rows without paid time do not count. `occupancy`
    divides by the available time; the difference between the two is breaks, training and meetings.

    When it lies:
        Recorded time is not work that helps. The last tenth is bought with waits and with people who leave. Agents who
        coach others look idle. Rows of one agent are alike: give the agent as `cluster`, or the limits are too narrow.

    Why your vendor shows another number:
        Logged-in time as the denominator (that is `occupancy`), breaks taken out of paid time, handle times of parallel
        chats added up, or work outside the tool left out.
    """
    known = answered(busy) & answered(paid) & (pl.col(paid) > 0)
    shape = ratio(pl.col(busy), pl.col(paid), of=known).excluding(pl.col(paid) == 0)
    return replace(
        shape, unit="share", bounds=(0.0, 1.0), refused={"busy for longer than paid": pl.col(busy) > pl.col(paid)}
    )
