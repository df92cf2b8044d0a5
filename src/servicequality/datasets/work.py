"""The course of each generated ticket until its end: queues, replies, holds, reopenings."""

# All tickets advance in lock-step: one pass of the loop is one reply on every ticket that still waits for an agent.

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand, Hours
from servicequality.datasets.log import Log

__all__ = ["History", "live"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """The people, dealt out to teams in turn: agent `a` is in team `a % len(TEAMS)`."""

    per_team: int
    pace: Floats
    quality: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The complete life of every ticket: instants in seconds (`effects.NEVER` if it never came), events in two logs."""

    agents: Agents
    answered: Integers
    first_resolved: Integers
    resolved: Integers
    closed: Integers
    reopens: Integers
    reopen_probability: Floats
    agent: Integers
    messages: Log
    changes: Log


def live(rng: np.random.Generator, hours: Hours, demand: Demand) -> History:
    """Every ticket's life from creation to closing; the last agent on a ticket is the one its customer remembers."""
    return _Desk(rng, hours, demand).history()


def queue(arrival: Integers, effort: Floats) -> Floats:
    """Waiting times of a first-come-first-served queue with one server, by Lindley's recursion (1952).

    The recursion W' = max(0, W + S - T) unrolls to a cumulated sum less its running minimum.
    """
    done = np.cumsum(effort)
    before = done - effort
    waits: Floats = np.maximum.accumulate(arrival - before) + before - arrival
    return waits


class _Desk:
    """The state of all tickets while they are worked on."""

    def __init__(self, rng: np.random.Generator, hours: Hours, demand: Demand) -> None:
        n = len(demand.created)
        self.rng, self.hours, self.demand = rng, hours, demand
        per_team = min(max(n // 900, 2), 100)
        crew = per_team * len(e.TEAMS)
        self.agents = Agents(
            per_team=per_team,
            pace=np.exp(rng.normal(0, e.SKILL_SPREAD, crew)),
            quality=rng.normal(0, e.QUALITY_SPREAD, crew),
        )
        self.team = demand.team.copy()
        self.tier = np.zeros(n, np.int64)
        self.agent = self.team + len(e.TEAMS) * rng.integers(0, per_team, n)
        self.messages = Log(
            author=np.int8, author_id=np.int32, public=np.bool_, automated=np.bool_, opening=np.bool_, handle=np.float64
        )
        self.changes = Log(field=np.int8, value=np.int32)
        self.answered = np.full(n, e.NEVER)
        self.first_resolved = np.full(n, e.NEVER)
        self.resolved = np.full(n, e.NEVER)
        self.closed = np.full(n, e.NEVER)
        self.reopens = np.zeros(n, np.int64)

    def history(self) -> History:
        counted = np.flatnonzero(self.demand.excluded < 0)
        self._open_all()
        self._exclude(np.flatnonzero(self.demand.excluded >= 0))
        pickup, reply = self._first_turn()
        patience = 600 + self.rng.exponential(e.PATIENCE_SECONDS, len(reply)).astype(np.int64)
        leave = self.demand.created + patience
        abandoned = (leave < reply) & ~self.demand.by_agent & (self.demand.excluded < 0)
        self._pick_up(counted[pickup[counted] < np.where(abandoned, leave, e.NEVER)[counted]], pickup)
        self._answer_at_once(counted, reply)
        gone = np.flatnonzero(abandoned)
        self._solve(gone, leave[gone])
        self._close(gone)
        stay = counted[~abandoned[counted]]
        self.answered[stay] = reply[stay]
        self._note(stay, pickup[stay], reply[stay])
        probability = self._reopen_probability()
        left = np.minimum(self.rng.geometric(e.ONE_MORE_REPLY, len(reply)), e.MAX_REPLIES)
        at = reply
        while len(stay):
            stay = self._round(stay, at, left, probability)
        return History(
            agents=self.agents,
            answered=self.answered,
            first_resolved=self.first_resolved,
            resolved=self.resolved,
            closed=self.closed,
            reopens=self.reopens,
            reopen_probability=np.where(abandoned | (self.demand.excluded >= 0), 0.0, probability),
            agent=self.agent,
            messages=self.messages,
            changes=self.changes,
        )

    # The first turn

    def _open_all(self) -> None:
        created, everyone = self.demand.created, np.arange(len(self.demand.created))
        by_agent = self.demand.by_agent
        self._say(
            everyone,
            created,
            author=np.where(by_agent, e.BY_AGENT, e.BY_CUSTOMER),
            author_id=np.where(by_agent, self.agent, self.demand.requester),
            opening=True,
        )
        self._set(everyone, created, e.STATUS, e.NEW)
        self._set(everyone, created, e.TEAM, self.demand.team)  # the log keeps no copy, and self.team changes
        self._set(everyone, created, e.TIER, 0)

    def _exclude(self, who: Integers) -> None:
        at = self.demand.created[who] + self.rng.integers(300, 8 * e.HOUR, len(who))
        self._set(who, at, e.STATUS, e.CLOSED)
        self.first_resolved[who] = self.resolved[who] = self.closed[who] = at

    def _first_turn(self) -> tuple[Integers, Integers]:
        """When an agent takes each ticket, and when the first reply is sent."""
        demand, rng = self.demand, self.rng
        n = len(demand.created)
        arrival = self.hours.worked(demand.created)
        span = int(self.hours.worked(np.array([self.hours.end]))[0])
        work = e.WORK_SECONDS * e.PRODUCT_EFFORT[demand.product] * rng.lognormal(-0.18, 0.6, n)
        wait = np.zeros(n)
        for team in range(len(e.TEAMS)):
            # Several agents are approximated by one who is as fast as all of them, staffed for the load.
            own = np.flatnonzero((demand.team == team) & (demand.excluded < 0))
            staff = max(1.0, float(work[own].sum()) / (e.UTILISATION * span))
            wait[own] = queue(arrival[own], work[own] / staff)
        # Priorities and live channels jump the queue by a factor, which is what this desk takes for precedence.
        start = arrival + (wait * e.PRIORITY_WAIT[demand.priority] * e.CHANNEL_WAIT[demand.channel]).astype(np.int64)
        effort = 20 + self._effort(np.arange(n), 420.0).astype(np.int64)
        self.first_effort = effort
        return self.hours.at(start), self.hours.at(start + effort)

    def _pick_up(self, who: Integers, pickup: Integers) -> None:
        self._set(who, pickup[who], e.AGENT, self.agent[who])
        self._set(who, pickup[who], e.STATUS, e.OPEN)

    def _answer_at_once(self, who: Integers, reply: Integers) -> None:
        """Bots and acknowledgements, which are no first response; a bot hands over to people before they reply."""
        for share, author, delay in ((e.BOT_SHARE, e.BY_BOT, 3), (e.AUTO_REPLY_SHARE, e.BY_AGENT, 60)):
            some = who[self.rng.random(len(who)) < share[self.demand.channel[who]]]
            name = self.agent[some] if author == e.BY_AGENT else -1
            at = self.demand.created[some] + delay
            self._say(some, at, author=author, author_id=name, automated=True)
            if author == e.BY_BOT:
                talked = at + self.rng.integers(*e.BOT_TALK_SECONDS, len(some))
                self._set(some, np.minimum(talked, reply[some]), e.HANDOFF, 0)

    def _note(self, who: Integers, pickup: Integers, reply: Integers) -> None:
        some = self.rng.random(len(who)) < e.NOTE_SHARE
        before, after = self.hours.worked(pickup[some]), self.hours.worked(reply[some])
        at = self.hours.at(before + ((after - before) * self.rng.random(int(some.sum()))).astype(np.int64))
        self._say(who[some], at, author=e.BY_AGENT, author_id=self.agent[who[some]], public=False)

    # Every turn

    def _round(self, who: Integers, at: Integers, left: Integers, probability: Floats) -> Integers:
        """A reply on each ticket of `who`, at `at[who]`; returns who waits for another. `at` and `left` are kept."""
        rng = self.rng
        now = at[who]
        first = now == self.answered[who]
        handle = np.where(first, self.first_effort[who], 10 + self._effort(who, 240.0).astype(np.int64))
        self._say(who, now, author=e.BY_AGENT, author_id=self.agent[who], handle=handle.astype(np.float64))
        left[who] -= 1

        asking = who[left[who] > 0]
        self._set(asking, at[asking], e.STATUS, e.PENDING)
        back = at[asking] + _capped(rng.lognormal(np.log(14 * e.HOUR), 1.2, len(asking)), 60, 10 * e.DAY)
        self._customer_writes(asking, back)

        ending = who[left[who] == 0]
        fix = np.where(
            rng.random(len(ending)) < e.SOLVED_BY_REPLY_SHARE, 0, rng.lognormal(np.log(2 * e.HOUR), 1.0, len(ending))
        )
        fixed = at[ending]
        late = fix > 0
        fixed[late] = self.hours.at(self.hours.worked(fixed[late]) + _capped(fix[late], 60, 50 * e.HOUR))
        self._solve(ending, fixed)
        again = (rng.random(len(ending)) < probability[ending]) & (self.reopens[ending] < e.MAX_REOPENS)
        self._close(ending[~again])
        returning = ending[again]
        after = 300 + rng.random(len(returning)) ** 2 * (e.CLOSE_AFTER - 600)
        unhappy = self.resolved[returning] + after.astype(np.int64)
        self.reopens[returning] += 1
        left[returning] = np.minimum(rng.geometric(0.7, len(returning)), 2)
        self._customer_writes(returning, unhappy)

        waiting = np.concatenate([asking, returning])
        since = np.concatenate([back, unhappy])
        at[waiting] = self._agents_turn(waiting, since)
        return waiting

    def _customer_writes(self, who: Integers, at: Integers) -> None:
        self._say(who, at, author=e.BY_CUSTOMER, author_id=self.demand.requester[who])
        self._set(who, at, e.STATUS, e.OPEN)

    def _agents_turn(self, who: Integers, since: Integers) -> Integers:
        """When the next reply comes, and what delays it: another agent, team or tier, a wait for a third party."""
        rng = self.rng
        start = self.hours.worked(since)
        delay = _capped(
            rng.lognormal(np.log(2 * e.HOUR), 0.9, len(who))
            * np.sqrt(e.PRIORITY_WAIT[self.demand.priority[who]] * e.CHANNEL_WAIT[self.demand.channel[who]])
            * self.agents.pace[self.agent[who]],
            90,
            50 * e.HOUR,
        )
        moved = rng.random(len(who)) < e.HAND_OVER_SHARE
        self._hand_over(who[moved], self.hours.at(start + delay // 10)[moved])
        held = rng.random(len(who)) < e.HOLD_SHARE
        some = who[held]
        spell = _capped(rng.lognormal(np.log(6 * e.HOUR), 0.8, len(some)), 60, 40 * e.HOUR)
        begin = (start + delay // 5)[held]
        self._set(some, self.hours.at(begin), e.STATUS, e.HOLD)
        self._set(some, self.hours.at(begin + spell), e.STATUS, e.OPEN)
        delay[held] += spell
        return self.hours.at(start + delay)

    def _hand_over(self, who: Integers, at: Integers) -> None:
        """To another agent, perhaps of another team, perhaps from the first tier to the second."""
        rng, teams = self.rng, len(e.TEAMS)
        leaves = rng.random(len(who)) < e.OTHER_TEAM_SHARE
        team = np.where(leaves, (self.team[who] + rng.integers(1, teams, len(who))) % teams, self.team[who])
        # A step of 1 to per_team - 1 around the team never ends at the same agent.
        slot = (self.agent[who] // teams + rng.integers(1, self.agents.per_team, len(who))) % self.agents.per_team
        self.team[who] = team
        self.agent[who] = slot * teams + team
        self._set(who[leaves], at[leaves], e.TEAM, team[leaves])
        rises = (rng.random(len(who)) < e.ESCALATED_SHARE) & (self.tier[who] == 0)
        self.tier[who[rises]] = 1
        self._set(who[rises], at[rises], e.TIER, 1)
        self._set(who, at, e.AGENT, self.agent[who])

    # Small things

    def _effort(self, who: Integers, median: float) -> Floats:
        typical = median * e.CHANNEL_EFFORT[self.demand.channel[who]] * e.PRODUCT_EFFORT[self.demand.product[who]]
        drawn: Floats = typical * self.agents.pace[self.agent[who]] * self.rng.lognormal(0, 0.7, len(who))
        return np.minimum(drawn, 4 * e.HOUR)

    def _reopen_probability(self) -> Floats:
        """By the first agent's quality, so that it is known before anything is reassigned."""
        odds = (
            e.REOPEN_LOG_ODDS
            + e.REOPEN_QUALITY * self.agents.quality[self.agent]
            + e.PRIORITY_REOPEN[self.demand.priority]
            + e.PRODUCT_REOPEN[self.demand.product]
        )
        chance: Floats = 1 / (1 + np.exp(-odds))
        return chance

    def _solve(self, who: Integers, at: Integers) -> None:
        self._set(who, at, e.STATUS, e.SOLVED)
        self.first_resolved[who] = np.minimum(self.first_resolved[who], at)
        self.resolved[who] = at

    def _close(self, who: Integers) -> None:
        self.closed[who] = self.resolved[who] + e.CLOSE_AFTER
        self._set(who, self.closed[who], e.STATUS, e.CLOSED)

    def _say(
        self,
        who: Integers,
        at: Integers,
        *,
        author: int | Integers,
        author_id: int | Integers,
        public: bool = True,
        automated: bool = False,
        opening: bool = False,
        handle: float | Floats = np.nan,
    ) -> None:
        self.messages.add(
            who,
            at,
            author=author,
            author_id=author_id,
            public=public,
            automated=automated,
            opening=opening,
            handle=handle,
        )

    def _set(self, who: Integers, at: Integers, field: int, value: int | Integers) -> None:
        self.changes.add(who, at, field=field, value=value)


def _capped(seconds: Floats, shortest: int, longest: int) -> Integers:
    return np.clip(seconds, shortest, longest).astype(np.int64)
