"""First contact resolution by each definition, and whether it held."""

from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Amount, Flag, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.resolution._following import WEEK, Estimate, held
from servicequality.shapes import Shape, share

__all__ = ["first_action_resolution", "first_contact_resolution"]

FirstContact = Literal["one_touch", "no_customer_followup", "closed_once_one_teammate", "no_handover_no_reopening"]
"""What settled at first contact means, before any window for a second contact."""


@define(
    title="First contact resolution",
    label="FCR",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{settled at first contact, no contact in } (0, W]\}/\#\{\text{resolved}, \text{age} \ge W\}",
    references=("Wilson 1927", "Kaplan & Meier 1958", "Manski 1989"),
    aliases=(
        "FCR",
        "first call resolution",
        "one touch resolution",
        "resolved on first contact",
        "first time fix",
        "solved at once",
    ),
)
def first_contact_resolution(
    one_touch: Flag = "one_touch",
    no_customer_followup: Flag = "no_customer_followup",
    closed_once_one_teammate: Flag = "closed_once_one_teammate",
    reassignments: Amount = "reassignments",
    reopenings: Amount = "reopen_count",
    contact_seconds: Seconds = "next_contact_seconds",
    contact_observed: Flag = "next_contact_observed",
    age: Seconds = "resolution_age_seconds",
    resolved: Flag = "resolution_observed",
    *,
    definition: FirstContact,
    window: float | None = WEEK,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of resolved tickets that were settled at the first contact and not followed by another ticket of that requester.

    Say which definition: `one_touch` (exactly one public message of an agent), `no_customer_followup` (the customer wrote
    once), `closed_once_one_teammate` (ended once, one agent) or `no_handover_no_reopening` (never reassigned, never
    reopened). Rows are those of `follow_ups`, or those of `facts` with `window=None`; only the columns of the definition are
    read.

    A next contact counts in (0, `window`] after the last resolution; `window=None` asks for none, and then the
    rows of `facts` are enough. Tickets resolved less than a window ago are undecided: `matured` leaves them out as pending,
    `bounds` gives limits over every way they can end, `pending_aware` uses what is known of them (Kaplan-Meier), and `so_far`
    takes their silence for success.

    When it lies:
        A customer who gives up, or asks by another channel that nobody joins, counts as settled. Where agents are measured by
        it, they keep tickets open rather than risk a second one, or send one long answer to everything. A ticket that was
        reopened and is still open is not among the resolved ones yet.

    Why your vendor shows another number:
        It uses another of these definitions without saying so, and they can differ by forty points on one desk. ServiceNow's
        figure means no reassignment and no reopening, which says nothing of how often the customer wrote. Most have no
        window for a next contact, or count tickets solved this morning as successes.
    """
    meanings = {
        "one_touch": pl.col(one_touch),
        "no_customer_followup": pl.col(no_customer_followup),
        "closed_once_one_teammate": pl.col(closed_once_one_teammate),
        "no_handover_no_reopening": (pl.col(reassignments) == 0) & (pl.col(reopenings) == 0),
    }
    several = "tools mean different things by first contact, so that none of them is the default"
    choice("definition", definition, meanings, why=several)
    settled = meanings[definition]
    if window is None:
        return share(settled, of=settled.is_not_null() & pl.col(resolved))
    return held(settled, contact_seconds, contact_observed, age, window=window, estimate=estimate)


@define(
    title="First action resolution",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{t_\text{resolved} - t_\text{first action} \in [0, g]\}/\#\{\text{ever resolved}\}",
    references=("Wilson 1927",),
    aliases=("resolved by first action", "solved by the first reply", "first touch resolution", "first level fix"),
)
def first_action_resolution(
    action_seconds: Seconds = "first_action_seconds",
    acted: Flag = "first_action_observed",
    resolution_seconds: Seconds = "first_resolution_seconds",
    resolved: Flag = "first_resolution_observed",
    *,
    grace: float = 0.0,
) -> Shape:
    """Share of the tickets ever resolved whose first agent action was what resolved them.

    An action is a message of a person on the agents' side, note or reply, or the first move out of the new statuses. The
    ticket must be resolved by it, or within `grace` seconds after it, for agents who write first and press solve then.

    When it lies:
        A ticket that its customer or a rule closes without a word looks like an action that solved it. It may have been
        reopened since: read it alongside the reopen rate.

    Why your vendor shows another number:
        The first public reply in place of the first action, so that a note or a question to a colleague is not seen; a grace
        of minutes or a day that nobody states; the last resolution in place of the first.
    """
    if not 0 <= grace < float("inf"):
        raise ParameterError(f"grace must be a number of seconds, 0 or more; got {grace!r}")
    later = pl.col(resolution_seconds) - pl.col(action_seconds)
    ended = answered(action_seconds) & answered(acted) & answered(resolution_seconds) & pl.col(resolved)
    return share(pl.col(acted) & (later >= 0) & (later <= grace), of=ended).excluding(~pl.col(resolved))
