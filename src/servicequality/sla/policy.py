"""Targets and policies, checked when they are made."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NoReturn, get_args

import polars as pl

from servicequality.checks import choice, shown, zone_aware
from servicequality.errors import ParameterError
from servicequality.events.as_of import words
from servicequality.worktime import ALWAYS_OPEN, Schedule, Schedules

__all__ = ["CLOCKS", "NEEDS", "PAUSED", "WORKING", "Clock", "Policy", "Target", "label", "read_policies"]

Clock = Literal["first_response", "next_reply", "periodic_update", "resolution", "requester_wait", "agent_work"]
"""What a target can be set for."""

CLOCKS: tuple[Clock, ...] = get_args(Clock)
WORKING: tuple[Clock, ...] = ("requester_wait", "agent_work")
"""Clocks that run in statuses of their own, whatever the policy's pauses."""
NEEDS: dict[Clock, str] = {
    "next_reply": "responses",
    "periodic_update": "responses",
    "requester_wait": "changes",
    "agent_work": "changes",
}
"""The table that a clock cannot do without."""
_LONGEST = 3.2e11
"""Ten thousand years in seconds: more is another unit."""
PAUSED = ("pending", "hold", "on-hold", "on hold")


@dataclass(frozen=True, slots=True)
class Target:
    """How long a clock may run.

    Attributes:
        clock: ``"first_response"``, ``"next_reply"``, ``"periodic_update"``, ``"resolution"``, ``"requester_wait"`` or
            ``"agent_work"``.
        seconds: The budget in the policy's working time; using it up to the last second is in time.
        priority: The priority that it is for, without regard to case; None is for all that have no target of their own.
        schedule: The hours that count, as for a policy; None takes the policy's. So one policy promises a reply within four
            business hours and within a day of the calendar: two targets of one clock, each of which has its rows.
        first_wait: Of ``"next_reply"``, whether the waits that began before the first response count too. False leaves them
            to ``"first_response"``.

    Raises:
        ParameterError: An unknown clock, a budget that is missing, negative or not finite, or a part that is not what it has
            to be.
    """

    clock: Clock
    seconds: float
    priority: str | None = None
    schedule: Schedule | Schedules | None = None
    first_wait: bool = True

    def __post_init__(self) -> None:
        choice("clock", self.clock, CLOCKS)
        number = isinstance(self.seconds, int | float) and not isinstance(self.seconds, bool)
        if not number or not 0 <= self.seconds <= _LONGEST:
            raise ParameterError(
                f"the target of {self.clock} must be a number of seconds, 0 or more; got {shown(self.seconds)}: "
                "leave out a target that does not exist"
            )
        if self.priority is not None and not isinstance(self.priority, str):
            raise ParameterError(f"priority must be a text, or None for all others; got {self.priority!r}")
        if not isinstance(self.schedule, Schedule | Schedules | None):
            raise ParameterError(
                f"the target of {self.clock}: schedule must be a Schedule, Schedules by a column of the ticket, or None for "
                f"the policy's; got {shown(self.schedule)}"
            )
        if not isinstance(self.first_wait, bool):
            raise ParameterError(f"first_wait must be True or False; got {shown(self.first_wait)}")
        if not self.first_wait and self.clock != "next_reply":
            raise ParameterError(f"first_wait=False is for targets of 'next_reply'; got one of {self.clock!r}")

    def __str__(self) -> str:
        who = "" if self.priority is None else f", priority {shown(self.priority)}"
        hours = "" if self.schedule is None else f", schedule {shown(label(self.schedule))}"
        return f"Target({self.clock}, {self.seconds:g} s{who}{hours})"


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """Targets, the hours in which their clocks run, and the tickets that they are for.

    Attributes:
        name: The policy's name, in the column `policy` of the clocks.
        targets: One for each clock, priority and schedule. Two of one clock in different schedules are two clocks.
        schedule: The hours that count, where a target names none. Of `Schedules`, the one whose key is the ticket's
            `schedule` (a column of its own, or a field of its changes; ``Schedules(…, column="team")`` names another).
        paused: Statuses in which the clocks stand still, without regard to case; not those of `requester_wait` and
            `agent_work`, which have statuses of their own.
        when: A condition on the ticket's columns and on fields of its changes, such as
            ``pl.col("channel") == "phone"``; None holds for all. A null is false.
        since: The policy applies to clocks that stop in [since, until), and to running ones while `as_of` lies in it; None
            leaves that side open.
        until: The end of that window.

    Raises:
        ParameterError: No target, two targets for one clock, priority and schedule, two schedules of one clock that their
            names do not tell apart, or a part that is not what it has to be.
    """

    name: str
    targets: Sequence[Target]
    schedule: Schedule | Schedules = ALWAYS_OPEN
    paused: tuple[str, ...] = PAUSED
    when: pl.Expr | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParameterError(f"a policy's name must be a text; got {self.name!r}")
        for part, kinds, expected in (
            ("schedule", (Schedule, Schedules), "a Schedule, or Schedules by key"),
            ("when", (pl.Expr, type(None)), "a Polars expression over the ticket's columns, or None"),
        ):
            if not isinstance(getattr(self, part), kinds):
                self._refuse(f"{part} must be {expected}", getattr(self, part))
        for bound in ("since", "until"):
            value = getattr(self, bound)
            if value is not None:
                zone_aware(f"policy {self.name!r}: {bound}", value)
        if self.since is not None and self.until is not None and self.since >= self.until:
            self._refuse("since must lie before until", f"{self.since} and {self.until}")
        object.__setattr__(self, "paused", tuple(sorted(words(f"policy {self.name!r}: paused", self.paused))))
        given = (self.targets,) if isinstance(self.targets, Target) else self.targets
        targets = tuple(given) if isinstance(given, Iterable) else ()
        if not targets or not all(isinstance(target, Target) for target in targets):
            self._refuse("targets must be a list of Target", self.targets)
        for one, other in combinations(targets, 2):
            self._compare(one, other)
        object.__setattr__(self, "targets", targets)

    @property
    def schedules(self) -> list[Schedule | Schedules]:
        """The different schedules of the targets, in their order."""
        return list(dict.fromkeys(self.schedule_of(target) for target in self.targets))

    def schedule_of(self, target: Target) -> Schedule | Schedules:
        """The hours that count for a target."""
        return self.schedule if target.schedule is None else target.schedule

    def _compare(self, one: Target, other: Target) -> None:
        """Refuse two targets that are one promise, or whose clocks nothing would tell apart."""
        if one.clock != other.clock:
            return
        first, second = self.schedule_of(one), self.schedule_of(other)
        if first == second and (one.priority and one.priority.lower()) == (other.priority and other.priority.lower()):
            expected = "one target for each clock, priority and schedule"
        elif first != second and label(first) == label(second):
            expected = "schedules of one clock to have names that tell them apart, such as Schedule(…, name='office')"
        else:
            return
        raise ParameterError(f"policy {self.name!r}: expected {expected}; got {one} and {other}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        if self.when is None or other.when is None:
            return self._key() == other._key() and self.when is other.when
        return self._key() == other._key() and self.when.meta.eq(other.when)

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.name, self.targets, self.schedule, self.paused, self.since, self.until

    def _refuse(self, expected: str, came: object) -> NoReturn:
        raise ParameterError(f"policy {self.name!r}: {expected}; got {shown(came)}")


def label(schedule: Schedule | Schedules) -> str | None:
    """What a clock's column `target_schedule` says: the schedule's name, or by what it is chosen."""
    return schedule.name if isinstance(schedule, Schedule) else f"by {schedule.column}"


def read_policies(policies: Policy | Sequence[Policy]) -> tuple[Policy, ...]:
    """The policies in order.

    Raises:
        ParameterError: There is none, one is not a policy, or two of one name are valid at the same time.
    """
    listed = (policies,) if isinstance(policies, Policy) else tuple(policies) if isinstance(policies, Iterable) else ()
    if not listed or not all(isinstance(policy, Policy) for policy in listed):
        raise ParameterError(
            f"expected a Policy, or several in the order in which they are tried; got {shown(policies)}"
        )
    for one, other in combinations(listed, 2):
        if one.name == other.name and _overlap(one, other):
            raise ParameterError(
                f"two policies named {one.name!r} are valid at the same time, so that the column `policy` could not tell "
                "them apart: name them differently, or give them since and until"
            )
    return listed


def _overlap(one: Policy, other: Policy) -> bool:
    def begins_before_end(first: Policy, second: Policy) -> bool:
        return first.since is None or second.until is None or first.since < second.until

    return begins_before_end(one, other) and begins_before_end(other, one)
