"""Tickets by agent, each count with its limits and with the count of an equal load."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from servicequality.columns import Category, Instant
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import InputError, ParameterError
from servicequality.metrics.windows import instant, moment, within
from servicequality.metrics.workload.shares import utilisation
from servicequality.model import Records, TableLike
from servicequality.stats import poisson_rate_interval

__all__ = ["open_per_agent", "solved_per_agent"]


@define_table(
    title="Open tickets per agent",
    label="open tickets per agent",
    unit="count",
    better="neither",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\#\{\text{open at } t \text{ of the agent}\}",
    references=("Spiegelhalter 2005", "Garwood 1936"),
    aliases=("workload by agent", "tickets per agent", "caseload", "assigned tickets", "load per rep"),
)
@of_frame
def open_per_agent(
    tickets: Records | pl.LazyFrame | TableLike,
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    agent: Category = "agent_id",
    *,
    as_of: datetime,
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """How many tickets each agent has open at an instant, compared with an equal load.

    One row an agent who has any ticket in the data, in the order of their names; a row without an agent counts the tickets that
    nobody has. `low` and `high` are exact Poisson limits: how large the load could be on another day like this one.
    `expected` is the mean over the agents of the group of `by`; an agent whose limits hold it has a load like the others'.

    When it lies:
        Some tickets are more work than others, and agents do not work equal hours. A small load can mean quick work or few
        hours; the count does not tell which. It is not a measure of merit.

    Why your vendor shows another number:
        Pending or on-hold tickets left out, tickets of a team counted for each of its members, or the agent who solved it
        last in place of the one who has it now.

    Example:
        print(sq.open_per_agent(rows, as_of=as_of).select("agent_id", "value", "low", "high", "expected").head(5).collect())
    """
    now = pl.lit(instant("as_of", as_of))
    source = TableInput(tickets, open_per_agent.spec, table="tickets", by=by, created=created, ended=ended, agent=agent)
    _apart(agent, source.by)
    still = (moment(created) <= now) & (pl.col(ended).is_null() | (moment(ended) > now))

    def compute() -> pl.DataFrame:
        keys = [*source.by, agent]
        counts = source.checked().group_by(keys).agg(_n=still.sum().cast(pl.Int64)).collect(engine="streaming")
        counts = counts.filter(pl.col(agent).is_not_null() | (pl.col("_n") > 0)).sort(keys, nulls_last=True)
        own = pl.col("_n").filter(pl.col(agent).is_not_null()).mean()
        counts = counts.with_columns(_expected=own.over(source.by) if source.by else own)
        count = counts["_n"].to_numpy().astype(np.float64)
        low, high = poisson_rate_interval(count, 1.0, level=level)
        rows = result_rows(
            counts.select(keys),
            metric="open_per_agent",
            unit="count",
            value=count,
            low=low,
            high=high,
            se=np.sqrt(count),
            level=level,
            method="garwood",
            n=count,
            notes=counts.select(pl.when(pl.col(agent).is_null()).then(pl.lit("nobody has them"))).to_series(),
        )
        return rows.with_columns(counts["_expected"].alias("expected"))

    return source.answer(compute, keys={agent: source.schema[agent]}, more={"expected": pl.Float64()})


@define_table(
    title="Solved tickets per agent",
    label="solved tickets per agent",
    unit="count, or per paid hour",
    better="neither",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\#\{s \le \text{ended} < u\}\ [/\ \text{paid hours}]",
    references=("Spiegelhalter 2005", "Garwood 1936"),
    aliases=(
        "tickets solved by agent",
        "agent productivity",
        "closed tickets per agent",
        "cases per hour",
        "rep activity",
    ),
)
@of_frame
def solved_per_agent(
    tickets: Records | pl.LazyFrame | TableLike,
    ended: Instant = "resolved_at",
    agent: Category = "agent_id",
    *,
    since: datetime,
    until: datetime,
    by: str | Sequence[str] = (),
    agent_time: Records | pl.LazyFrame | TableLike | None = None,
    level: float = 0.95,
) -> Computation:
    """How many tickets of each agent ended in [since, until), or how many a paid hour, each with its exact Poisson limits.

    With `agent_time` (`Records` with it, or a table with an `agent_id`, `at` and `paid_seconds`) the count is divided by the
    hours paid in the window, which is the fairer figure: part-timers are not compared with full-timers. An agent with hours
    and without a ticket is there with 0; one without hours has a reason. `expected` is the same figure of all agents
    of the group of `by` together; an agent whose limits hold it does not differ from them by more than chance.

    When it lies:
        Quick tickets make fast agents. Whoever takes the hard ones, trains others or reopens nothing looks slow. What is
        counted grows: read it alongside `reopen_rate` and satisfaction, and compare teams by funnel, not by rank.

    Why your vendor shows another number:
        Each ticket once for every agent who touched it, every solving of a reopened ticket, tickets closed by automation
        credited to the assignee, or days in place of hours.

    Example:
        from datetime import timedelta
        solved = sq.solved_per_agent(rows, since=as_of - timedelta(weeks=4), until=as_of)
        print(solved.select("agent_id", "value", "low", "high", "expected").head(5).collect())
    """
    source = TableInput(tickets, solved_per_agent.spec, table="tickets", by=by, ended=ended, agent=agent)
    _apart(agent, source.by)
    inside = within(ended, since, until)
    if agent_time is not None and source.by:
        raise ParameterError("agent_time and by do not go together: paid hours are not known by group; leave out one")

    def compute() -> pl.DataFrame:
        keys = [*source.by, agent]
        counts = source.checked().group_by(keys).agg(_n=inside.sum().cast(pl.Int64)).collect(engine="streaming")
        if agent_time is not None:
            paid = (
                _hours(agent_time, since, until)
                .collect(engine="streaming")
                .cast({"_agent": counts.schema[agent]})
                .rename({"_agent": agent})
            )
            counts = counts.join(paid, on=agent, how="full", coalesce=True).with_columns(pl.col("_n").fill_null(0))
        else:
            counts = counts.with_columns(_hours=pl.lit(1.0))
        counts = counts.filter(pl.col(agent).is_not_null() | (pl.col("_n") > 0)).sort(keys, nulls_last=True)
        return _by_agent(counts, keys, agent, source.by, per_hour=agent_time is not None, level=level)

    return source.answer(compute, keys={agent: source.schema[agent]}, more={"expected": pl.Float64()})


def _by_agent(
    counts: pl.DataFrame, keys: list[str], agent: str, by: list[str], *, per_hour: bool, level: float
) -> pl.DataFrame:
    timed = pl.col(agent).is_not_null() & (pl.col("_hours") > 0)
    hours_of_all = pl.col("_hours").filter(timed).sum()
    expected = pl.when(hours_of_all > 0).then(pl.col("_n").filter(timed).sum() / hours_of_all)
    counts = counts.with_columns(_expected=expected.over(by) if by else expected)
    count, hours = counts["_n"].to_numpy().astype(np.float64), counts["_hours"].fill_null(0.0).to_numpy()
    some = hours > 0
    value, low, high, se = np.full((4, len(count)), np.nan)
    value[some], se[some] = count[some] / hours[some], np.sqrt(count[some]) / hours[some]
    low[some], high[some] = poisson_rate_interval(count[some], hours[some], level=level)
    rows = result_rows(
        counts.select(keys),
        metric="solved_per_agent",
        unit="per paid hour" if per_hour else "count",
        value=value,
        low=low,
        high=high,
        se=se,
        level=level,
        method="garwood",
        n=count,
        reason="no paid time in the window",
        notes=counts.select(pl.when(pl.col(agent).is_null()).then(pl.lit("no agent is known"))).to_series(),
    )
    return rows.with_columns(counts["_expected"].alias("expected"))


def _hours(agent_time: Records | pl.LazyFrame | TableLike, since: datetime, until: datetime) -> pl.LazyFrame:
    """Paid hours of each agent in the window."""
    records = agent_time if isinstance(agent_time, Records) else Records(agent_time=agent_time)
    if records.agent_time is None:
        raise InputError("agent_time: expected records with agent_time; got none: say Records(agent_time=…)")
    rows = TableInput(records.agent_time, utilisation.spec, paid="paid_seconds").checked()
    paid = pl.col("paid_seconds").sum() / 3600
    return rows.filter(within("at", since, until)).group_by(_agent="agent_id").agg(_hours=paid)


def _apart(agent: str, by: list[str]) -> None:
    if agent in by:
        raise ParameterError(f"by names {agent!r}, which is the agent's column: every agent has a row anyway")
