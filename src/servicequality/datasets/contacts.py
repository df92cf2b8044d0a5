"""Generated calls and chats: the queues, the agents who answer them, and their paid time."""

# The front line has agents of its own. Contacts are dealt out to them in turn, each agent serves in order of arrival, and
# whoever loses patience first has given up: the agent then does other work in the meantime.

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand, Hours, pick
from servicequality.datasets.log import instants, look_up
from servicequality.datasets.work import queue

__all__ = ["Line", "agent_time_table", "answer", "complete_contacts", "contacts_table"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Every contact that will ever be, in order of its offer; times in whole seconds, instants in seconds since 1970."""

    at: Integers
    queue: Integers
    customer: Integers
    ticket: Integers  # -1 for a contact that makes none
    agent: Integers
    agents: Integers  # how many there are, by queue; numbered one queue after the other
    wait: Integers
    answered: NDArray[np.bool_]
    talk: Integers
    hold: Integers
    wrap: Integers


def answer(rng: np.random.Generator, hours: Hours, demand: Demand) -> Line:
    """A contact for each phone and chat ticket that comes while the desk is open, and more that make no ticket."""
    channels = np.array([e.CHANNELS.index(name) for name in e.QUEUES])
    live = np.isin(demand.channel, channels) & hours.open[hours.index(demand.created)]
    tickets = np.flatnonzero(live & ~demand.by_agent & (demand.excluded < 0))
    more = int(rng.poisson(e.CONTACTS_PER_TICKET * len(demand.created)))
    at = np.concatenate([demand.created[tickets], _offers(rng, hours, more)])
    n, order = len(at), np.argsort(at, kind="stable")
    at = at[order]
    ticket = np.concatenate([tickets, np.full(more, -1)])[order]
    which = pick(rng, e.CALL_SHARES, np.zeros(n, np.int64))
    which[ticket >= 0] = np.argmax(demand.channel[ticket[ticket >= 0], None] == channels, axis=1)
    customer = rng.integers(0, int(demand.requester.max()) + 1, n)
    customer[ticket >= 0] = demand.requester[ticket[ticket >= 0]]

    talk = 10 + (e.TALK_SECONDS[which] * rng.lognormal(0, e.TALK_SPREAD[which])).astype(np.int64)
    wrap = rng.exponential(e.WRAP_SECONDS[which]).astype(np.int64)
    hold = np.where(rng.random(n) < e.ON_HOLD_SHARE, (talk * rng.uniform(0.1, 0.5, n)).astype(np.int64), 0)
    patience = 5 + rng.exponential(e.CALLER_PATIENCE_SECONDS[which]).astype(np.int64)
    patience[rng.random(n) < e.IMPATIENT_SHARE] %= 5

    offered, agent, agents = _queued(hours, at, which, talk + wrap)
    answered = offered <= patience
    return Line(
        at=at,
        queue=which,
        customer=customer,
        ticket=ticket,
        agent=agent,
        agents=agents,
        wait=np.where(answered, offered, patience),
        answered=answered,
        talk=talk,
        hold=hold,
        wrap=wrap,
    )


def _offers(rng: np.random.Generator, hours: Hours, n: int) -> Integers:
    """Contacts without a ticket, by the same hours of the week as the tickets, while the desk is open."""
    window = (hours.end - hours.start) // e.HOUR
    cumulated = np.concatenate([[0.0], np.cumsum(hours.weights[:window] * hours.open[:window])])
    hour = np.interp(rng.random(n) * cumulated[-1], cumulated, np.arange(window + 1))
    at: Integers = hours.start + np.minimum((hour * e.HOUR).astype(np.int64), window * e.HOUR - 1)
    return at


def _queued(hours: Hours, at: Integers, which: Integers, effort: Integers) -> tuple[Integers, Integers, Integers]:
    """The wait that each contact is offered, who would answer it, and how many agents each queue has."""
    span = float(hours.worked(np.array([hours.end]))[0])
    wait, agent = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    agents = np.zeros(len(e.QUEUES), np.int64)
    for code, at_once in enumerate(e.AT_ONCE):
        own = np.flatnonzero(which == code)
        agents[code] = max(2, int(np.ceil(effort[own].sum() / (e.LINE_LOAD[code] * at_once * span))))
        slots = int(agents[code] * at_once)
        for slot in range(slots):
            turn = own[slot::slots]
            wait[turn] = queue(at[turn], effort[turn].astype(np.float64)).astype(np.int64)
        agent[own] = agents[:code].sum() + np.arange(len(own)) % slots % agents[code]
    return wait, agent, agents


def complete_contacts(line: Line, ticket_ids: pl.Series, customers: pl.Series) -> pl.DataFrame:
    """The table of contacts when everything has happened."""
    return contacts_table(line, ticket_ids, customers, e.NEVER - 1)


def contacts_table(line: Line, ticket_ids: pl.Series, customers: pl.Series, as_of: int) -> pl.DataFrame:
    """The contacts that had been offered by `as_of`, and what was known of each: some wait, some still talk."""
    n, over = len(line.at), line.at + line.wait
    known = over <= as_of
    served = known & line.answered
    done, wrapped = served & (over + line.talk <= as_of), served & (over + line.talk + line.wrap <= as_of)

    def seconds(amount: Integers, reached: NDArray[np.bool_]) -> pl.Series:
        return pl.Series(amount.astype(np.float64)).set(pl.Series(~reached), None)

    outcome = np.where(served, 0, np.where(known, 1, 2))
    return pl.DataFrame(
        {
            "contact_id": "c-" + pl.int_range(n, eager=True).cast(pl.String).str.zfill(len(str(max(n - 1, 0)))),
            "at": instants(line.at, as_of),
            "outcome": look_up(outcome, ("answered", "abandoned", "waiting")),
            "wait_seconds": (np.minimum(over, as_of) - line.at).astype(np.float64),
            "talk_seconds": seconds(line.talk, done),
            "hold_seconds": seconds(line.hold, done),
            "wrap_seconds": seconds(line.wrap, wrapped),
            "channel": look_up(line.queue, e.QUEUES),
            "queue": look_up(line.queue, e.QUEUES),
            "agent_id": look_up(np.where(served, line.agent, -1), _agents(line)),
            "customer_id": customers.gather(line.customer),
            "ticket_id": look_up(line.ticket, ticket_ids),
        }
    ).filter(pl.col("at").is_not_null())


def agent_time_table(rng: np.random.Generator, line: Line, hours: Hours, as_of: int) -> pl.DataFrame:
    """One row for each agent and open day that was over by `as_of`: ten hours are paid, an hour is for breaks."""
    opened = np.flatnonzero(hours.open[1:] & ~hours.open[:-1]) + 1
    opened = opened[opened < (hours.end - hours.start) // e.HOUR]
    first = hours.start + opened * e.HOUR
    staff, days = int(line.agents.sum()), len(first)
    busy, handled = _busy(line, first, staff)
    length = (e.CLOSING - e.OPENING) * e.HOUR
    available = np.maximum(busy, length - e.BREAK_SECONDS - rng.integers(0, 1_800, (staff, days)))
    paid = np.maximum(length, available)  # who is not done at closing time is paid for what is left
    agent, day = np.divmod(np.arange(staff * days), days)
    return (
        pl.DataFrame(
            {
                "agent_id": look_up(agent, _agents(line)),
                "at": instants(first[day], as_of),
                "paid_seconds": paid.reshape(-1).astype(np.float64),
                "available_seconds": available.reshape(-1).astype(np.float64),
                "busy_seconds": busy.reshape(-1).astype(np.float64),
                "handled": handled.reshape(-1),
                "team": look_up(np.repeat(np.arange(len(e.QUEUES)), line.agents)[agent], e.QUEUES),
            }
        )
        .filter(pl.Series(first[day] + length + e.DAY // 4 <= as_of))
        .sort("at", "agent_id")
    )


def _busy(line: Line, first: Integers, staff: int) -> tuple[Integers, Integers]:
    """Seconds in which each agent handled at least one contact, and contacts handled, by agent and day."""
    served = np.flatnonzero(line.answered)
    begin = line.at[served] + line.wait[served]
    order = np.lexsort((begin, line.agent[served]))
    served, begin = served[order], begin[order]
    end = begin + line.talk[served] + line.wrap[served]
    agent = line.agent[served]
    # One running maximum serves all agents if each lies above the one before.
    lift = agent * (int(end.max(initial=0)) + 1)
    reach = np.maximum.accumulate(end + lift) - lift
    before = np.where(np.append(True, agent[1:] != agent[:-1])[: len(agent)], begin, np.append(begin[:1], reach[:-1]))
    alone = np.maximum(end - np.maximum(begin, before), 0)
    cell = agent * len(first) + np.searchsorted(first, begin, side="right") - 1
    shape = (staff, len(first))
    busy = np.bincount(cell, weights=alone, minlength=staff * len(first)).astype(np.int64)
    return busy.reshape(shape), np.bincount(cell, minlength=staff * len(first)).reshape(shape)


def _agents(line: Line) -> pl.Series:
    count = int(line.agents.sum())
    return "front-" + pl.int_range(count, eager=True).cast(pl.String).str.zfill(len(str(max(count - 1, 0))))
