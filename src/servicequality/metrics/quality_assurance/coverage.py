"""How much of the work is reviewed."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Flag, Instant, answered
from servicequality.core import define
from servicequality.shapes import Shape, share

__all__ = ["review_coverage"]


@define(
    title="Review coverage",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{eligible and reviewed}\}/\#\{\text{eligible}\}",
    references=("COPC CX Standard", "Wilson 1927"),
    aliases=("QA coverage", "review rate", "share of tickets reviewed", "how much is reviewed"),
)
def review_coverage(reviewed: Flag = "reviewed", ended: Instant | None = "resolved_at") -> Shape:
    """Share of eligible tickets that were reviewed, whoever reviewed them and how often.

    Rows are those of `reviewed_tickets(tickets, reviews)`. Tickets that have ended are eligible, the others are left out;
    `ended=None` makes all of them eligible. Every eligible ticket is known, so a target is met or missed by the value; the
    limits are of the habit behind it: how far the share would move among as many tickets reviewed in the same way.

    When it lies:
        A high share of easy tickets is worse than a low share drawn at random. It does not tell whose tickets were
        reviewed: compute it by agent. A review of a ticket that is not among the rows counts nowhere.

    Why your vendor shows another number:
        Reviews over tickets, so that two reviews of one ticket count twice; open or spam tickets in the denominator;
        reviews started and not finished.

    Example:
        tickets = sq.reviewed_tickets(rows, desk.reviews)
        print(sq.review_coverage().estimate(tickets))
        by_team = sq.evaluate(tickets, sq.review_coverage(), by="team")
        print(by_team.select("team", "value", "low", "high", "n", "n_excluded").collect())
    """
    known = answered(reviewed)
    if ended is None:
        return replace(share(pl.col(reviewed), of=known), census=True, empty="no eligible tickets")
    over = answered(ended)
    shape = share(pl.col(reviewed), of=known & over).excluding(known & ~over)
    return replace(shape, census=True, empty="no eligible tickets")
