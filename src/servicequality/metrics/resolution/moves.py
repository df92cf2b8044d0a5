"""Resolved, reassigned, escalated, discussed: rates over tickets."""

import polars as pl

from servicequality.columns import Amount, Flag, Occurrences, Seconds, answered
from servicequality.core import define
from servicequality.shapes import Shape, mean, share, survival

__all__ = [
    "channel_switch_rate",
    "escalation_rate",
    "interactions_per_ticket",
    "reassignment_rate",
    "reopens_per_ticket",
    "resolution_rate",
]


@define(
    title="Resolution rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\text{resolved}/\#\text{created}",
    references=("Wilson 1927", "Kaplan & Meier 1958"),
    aliases=("solve rate", "share resolved", "completion rate", "resolved within"),
)
def resolution_rate(
    observed: Flag = "resolution_observed",
    seconds: Seconds = "resolution_seconds",
    *,
    limit: float | None = None,
) -> Shape:
    """Share of the tickets created that are resolved by the facts' instant; with `limit`, within so many seconds.

    With `limit` the open tickets younger than it are neither successes nor failures (Kaplan-Meier).

    When it lies:
        Without `limit` a young cohort looks bad only because it is young: compare cohorts of one age, or give a limit.

    Why your vendor shows another number:
        Solved this week over created this week, which mixes cohorts and can pass 100 %.
    """
    if limit is not None:
        return survival(pl.col(seconds), pl.col(observed), of=answered(seconds), limit=limit)
    return share(pl.col(observed), of=answered(observed), pending=~pl.col(observed))


@define(
    title="Reopenings per ticket",
    unit="per ticket",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\bar{x}",
    references=("Student 1908",),
    aliases=("reopens", "average reopenings"),
)
def reopens_per_ticket(count: Amount = "reopen_count", resolved: Flag = "first_resolution_observed") -> Shape:
    """Mean number of reopenings of the tickets ever resolved.

    When it lies:
        A few tickets that go back and forth dominate the mean: read it together with the reopen rate.

    Why your vendor shows another number:
        Over all tickets in place of those ever resolved, or short by one where the first resolution is not logged.
    """
    return mean(pl.col(count), of=answered(count) & pl.col(resolved)).excluding(~pl.col(resolved))


@define(
    title="Reassignment rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{reassigned}\}/n",
    references=("Wilson 1927",),
    aliases=("handover rate", "transfer rate", "hand-offs", "reassigned tickets"),
)
def reassignment_rate(count: Amount = "reassignments") -> Shape:
    """Share of tickets that changed hands: from one agent or team to another at least once.

    When it lies:
        A good triage reassigns every ticket once. Read it together with the time that tickets lie between hands.

    Why your vendor shows another number:
        The first assignment counted as a reassignment; agents and teams counted apart.
    """
    return share(pl.col(count) >= 1, of=answered(count))


@define(
    title="Channel switch rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{channels} \ge 2\}/\#\{\text{channels} \ge 1\}",
    references=("Dixon, Freeman & Toman 2010", "Wilson 1927"),
    aliases=("channel switching", "channel hopping", "cross-channel contacts", "had to switch channels"),
)
def channel_switch_rate(channels: Occurrences = "customer_channels") -> Shape:
    """Share of the tickets whose customer wrote by more than one channel, of those whose channel is recorded.

    When it lies:
        A customer who opened a second ticket by telephone is not in it, unless both were merged: read it beside the repeat
        contact rate. A switch that the desk proposed, such as a call to settle things, counts like one that was forced.

    Why your vendor shows another number:
        Switches between the website and a person, asked in a survey; by session or by customer in place of by ticket; the
        channel of the desk's replies counted too.
    """
    known = answered(channels) & (pl.col(channels) >= 1)
    return share(pl.col(channels) >= 2, of=known).excluding(pl.col(channels) == 0)


@define(
    title="Escalation rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{reached another tier}\}/n",
    references=("Wilson 1927", "ITIL 4"),
    aliases=("escalated tickets", "tier two rate"),
)
def escalation_rate(count: Amount = "escalations") -> Shape:
    """Share of tickets that reached another tier at least once.

    When it lies:
        A low rate may mean able agents, or a second tier that is never called in.

    Why your vendor shows another number:
        A flag that somebody ticks, a missed deadline, or a change of priority, all called escalation.
    """
    return share(pl.col(count) >= 1, of=answered(count))


@define(
    title="Interactions per ticket",
    unit="per ticket",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\overline{\text{agent} + \text{customer messages}}",
    references=("Student 1908",),
    aliases=("touches per ticket", "messages per ticket", "contacts per ticket", "replies per ticket"),
)
def interactions_per_ticket(
    agent_messages: Amount = "public_agent_messages", customer_messages: Amount = "customer_messages"
) -> Shape:
    """Mean number of public messages of both sides on a ticket.

    When it lies:
        The conversation on open tickets is not over. A chat has many short messages where a letter has one.

    Why your vendor shows another number:
        Agent replies alone, internal notes and automatic messages counted, the opening left out.
    """
    both = pl.col(agent_messages) + pl.col(customer_messages)
    return mean(both, of=answered(agent_messages) & answered(customer_messages))
