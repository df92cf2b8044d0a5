"""Tickets for each agent: those that are open, and those that ended."""

from dataclasses import replace
from datetime import datetime

import polars as pl

from servicequality.columns import Category, Instant, Occurrences, Seconds, answered
from servicequality.core import define
from servicequality.metrics.windows import instant, moment, within
from servicequality.shapes import Shape, per_name, rate

__all__ = ["open_per_agent", "solved_per_agent", "solved_per_paid_hour"]

_COUNT = (0.0, float("inf"))
_NOBODY = "no ticket has an agent"


@define(
    title="Open tickets per agent",
    label="open tickets per agent",
    unit="count",
    better="neither",
    bounds=_COUNT,
    grain="ticket",
    census=True,
    formula=r"\#\{\text{open at } t\}\,/\,\#\{\text{agents}\}",
    references=("Garwood 1936", "Spiegelhalter 2005"),
    aliases=("workload by agent", "tickets per agent", "caseload", "assigned tickets", "load per rep"),
)
def open_per_agent(
    created: Instant = "created_at", ended: Instant = "resolved_at", agent: Category = "agent_id", *, as_of: datetime
) -> Shape:
    """How many tickets an agent has open at an instant: by agent each one's, and over several agents their mean.

    Agents are those who have any ticket in the rows, open or not. Tickets that nobody has are missing: ask `backlog` for them.
    Limits are exact ones of Poisson's: how large the load could be on another day like this one. The limits of an agent
    who has the load of the others hold their mean; `comparison.funnel` and `compare` look at many agents at once.

    When it lies:
        Some tickets are more work than others, and agents do not work equal hours. A small load can mean quick work or few
        hours; the count does not tell which. It is not a measure of merit. A bot that holds tickets is an agent here.

    Why your vendor shows another number:
        Pending or on-hold tickets left out, tickets of a team counted for each of its members, or the agent who solved it
        last in place of the one who has it now.

    Example:
        loads = sq.evaluate(rows, sq.open_per_agent(as_of=as_of), by="agent_id")
        print(loads.select("agent_id", "value", "low", "high", "n").head(5).collect())
    """
    now = pl.lit(instant("as_of", as_of))
    still = (moment(created) <= now) & (pl.col(ended).is_null() | (moment(ended) > now))
    return replace(per_name(pl.col(agent), still, of=answered(agent)), census=True, empty=_NOBODY)


@define(
    title="Solved tickets per agent",
    label="solved tickets per agent",
    unit="count",
    better="neither",
    bounds=_COUNT,
    grain="ticket",
    formula=r"\#\{s \le \text{ended} < u\}\,/\,\#\{\text{agents}\}",
    references=("Garwood 1936", "Spiegelhalter 2005"),
    aliases=("tickets solved by agent", "closed tickets per agent", "rep activity"),
)
def solved_per_agent(
    ended: Instant = "resolved_at",
    agent: Category = "agent_id",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Shape:
    """How many tickets of an agent ended in [since, until): by agent each one's, and over several agents their mean.

    Agents are those who have any ticket in the rows; tickets without an agent are missing. Limits are exact ones of Poisson's.
    Where hours are known, `solved_per_paid_hour` is the fairer figure.

    When it lies:
        Quick tickets make fast agents. Whoever takes the hard ones, trains others or reopens nothing looks slow. What is
        counted grows: read it alongside `reopen_rate` and satisfaction, and compare teams by funnel, not by rank. A bot that
        solves tickets is an agent here.

    Why your vendor shows another number:
        Each ticket once for every agent who touched it, every solving of a reopened ticket, or tickets closed by automation
        credited to the assignee.

    Example:
        from datetime import timedelta

        solved = sq.solved_per_agent(since=as_of - timedelta(weeks=4), until=as_of)
        print(sq.evaluate(rows, solved, by="agent_id").select("agent_id", "value", "low", "high").head(5).collect())
    """
    inside = within(ended, since, until)
    return replace(per_name(pl.col(agent), inside, of=answered(agent)), empty=_NOBODY)


@define(
    title="Solved tickets per paid hour",
    label="solved tickets per paid hour",
    unit="per hour",
    better="higher",
    bounds=_COUNT,
    grain="agent period",
    formula=r"\sum \text{solved} \Big/ \sum \text{paid hours}",
    references=("Garwood 1936",),
    aliases=("agent productivity", "cases per hour", "tickets per hour", "solves per hour"),
)
def solved_per_paid_hour(solved: Occurrences = "solved", paid: Seconds = "paid_seconds") -> Shape:
    """Tickets solved for each paid hour. One row is an agent, or an agent's day, with both numbers.

    Part-timers are not compared with full-timers. Limits are exact ones of Poisson's. `evaluate(tickets,
    solved_per_agent(...), by="agent_id")`, joined with the paid seconds of `presence`, gives such rows.

    When it lies:
        As `solved_per_agent`: quick tickets make fast agents. Hours of training and meetings are paid too.

    Why your vendor shows another number:
        Hours logged in, or hours on tickets, in place of those paid; days in place of hours.

    Example:
        rows = {"agent_id": ["a", "b"], "solved": [41, 17], "paid_seconds": [144_000, 57_600]}
        print(sq.evaluate(rows, sq.solved_per_paid_hour(), by="agent_id").select("agent_id", "value", "low", "high"))
    """
    return rate(pl.col(solved), pl.col(paid).cast(pl.Float64) / 3600, of=answered(solved) & answered(paid))
