"""Whether a resolution held: reopened, contacted again, or neither."""

from typing import Annotated

import polars as pl

from servicequality.columns import Amount, Column, Flag, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.resolution._following import WEEK, Estimate, came_back, held
from servicequality.shapes import Shape, share

__all__ = ["reopen_rate", "repeat_contact_rate", "resolution_quality"]

Clarity = Annotated[str, Column(kind="number", low=0, high=100, meaning="a reviewer's score for clarity, 0 to 100")]


@define(
    title="Reopen rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{reopened}\}/\#\{\text{ever resolved}\}",
    references=("Wilson 1927", "Kaplan & Meier 1958"),
    aliases=("reopened tickets", "reopening rate", "bounce back", "reopened within"),
)
def reopen_rate(
    count: Amount = "reopen_count",
    resolved: Flag = "first_resolution_observed",
    seconds: Seconds = "reopening_seconds",
    observed: Flag = "reopening_observed",
    age: Seconds = "first_resolution_age_seconds",
    *,
    window: float | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the tickets ever resolved that were reopened at least once; with `window`, within so many seconds.

    With `window` the rows are those of `follow_ups`, time runs from the first resolution to the first reopening, and tickets
    resolved less than a window ago are undecided: `estimate` says what is done with them, as in first contact resolution.

    When it lies:
        Without `window`, tickets resolved yesterday have had no time to come back, so that the newest month always looks
        best. Customers who write a new ticket instead of answering the old one are in neither figure.

    Why your vendor shows another number:
        Reopenings over tickets, which counts one ticket twice; over all tickets; a move from solved to closed counted as
        one; reopenings by an automation counted; a window that ends when the ticket is closed for good.
    """
    if window is not None:
        return came_back(seconds, observed, age, window=window, estimate=estimate)
    of = answered(count) & pl.col(resolved)
    return share(pl.col(count) >= 1, of=of).excluding(~pl.col(resolved))


@define(
    title="Repeat contact rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{next contact in } (0, W]\}/\#\{\text{resolved}, \text{age} \ge W\}",
    references=("Wilson 1927", "Kaplan & Meier 1958", "Manski 1989"),
    aliases=("recontact rate", "repeat calls", "callback rate", "contacted again", "came back", "repeat contacts"),
)
def repeat_contact_rate(
    seconds: Seconds = "next_contact_seconds",
    observed: Flag = "next_contact_observed",
    age: Seconds = "resolution_age_seconds",
    *,
    window: float = WEEK,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of resolved tickets whose requester opened another ticket in (0, `window`] after the resolution.

    Rows are those of `follow_ups`, which also says what makes a contact a repeat: the same requester, or also the same
    category. Tickets resolved less than a window ago are undecided: `matured` leaves them out as pending, `bounds` gives
    limits over every way they can end, `pending_aware` uses what is known of them (Kaplan-Meier), `so_far` takes silence for
    no.

    When it lies:
        Busy customers have many unrelated requests: with the requester alone, much of it is not a failure. Require the same
        category, and compare with how often that customer writes anyway. Tickets of unknown requesters are missing.

    Why your vendor shows another number:
        The window runs from creation, or backwards from the second contact; every contact of a customer with two is counted;
        calls of households share one number; tickets of the last week are counted as if their week were over.
    """
    return came_back(seconds, observed, age, window=window, estimate=estimate)


@define(
    title="Resolution quality",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{neither reopened nor contacted again in } (0, W]\}/\#\{\text{ever resolved}, \text{age} \ge W\}",
    references=("Wilson 1927", "Kaplan & Meier 1958", "Manski 1989"),
    aliases=(
        "permanence",
        "resolution held",
        "permanent fix",
        "fixed for good",
        "quality of resolution",
        "stayed solved",
    ),
)
def resolution_quality(
    seconds: Seconds = "return_seconds",
    observed: Flag = "return_observed",
    age: Seconds = "first_resolution_age_seconds",
    clarity: Clarity | None = None,
    *,
    window: float = WEEK,
    estimate: Estimate = "matured",
    clear_min: float = 80.0,
) -> Shape:
    """Share of the tickets ever resolved whose first resolution held: neither reopened nor followed by another ticket.

    Rows are those of `follow_ups`. With `clarity`, a reviewer's score from 0 to 100, a ticket must also be explained clearly
    (`clear_min` or more), and only reviewed tickets count: else the figure would move with the number of reviews.

    When it lies:
        Silence is taken for success: customers who left, or who asked elsewhere, look well served. A customer with an
        unrelated question makes a good resolution look bad.

    Why your vendor shows another number:
        Reopenings alone, a survey's answer to "was it solved?", or the last resolution in place of the first, so that a
        ticket that took three attempts counts as one that held.
    """
    if not 0 <= clear_min <= 100:
        raise ParameterError(f"clear_min must be a score from 0 to 100, got {clear_min!r}")
    good = pl.col(observed).is_not_null() if clarity is None else pl.col(clarity) >= clear_min
    return held(good, seconds, observed, age, window=window, estimate=estimate)
