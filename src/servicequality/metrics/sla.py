"""Whether promises were kept: attainment, breaches, late clocks, on one row a clock. Never here: how clocks run (`sla`)."""

from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Category, Instant, Outcome, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import Shape, attainment, count, survival

__all__ = ["at_risk_count", "breach_rate", "breach_severity", "overdue_count", "sla_attainment"]

_COUNT = (0.0, float("inf"))


@define(
    title="SLA attainment",
    label="SLA attainment",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="clock",
    formula=r"\#\text{met}/\#\{\text{due} \le \text{as of, not pending}\}",
    references=("Wilson 1927", "Kaplan & Meier 1958"),
    aliases=("SLA compliance", "service level attainment", "made SLA", "on time", "within target"),
)
def sla_attainment(
    outcome: Outcome = "outcome",
    due: Instant = "due_at",
    elapsed: Seconds = "elapsed_seconds",
    target: Seconds = "target_seconds",
    policy: Category | None = "policy",
    *,
    as_of: datetime,
    estimate: Literal["matured", "bounds", "pending_aware"] = "matured",
) -> Shape:
    """Share of clocks that met their target, among those whose deadline has come.

    `matured` chooses clocks by deadline, never by outcome. `bounds` takes all clocks and gives limits over every way the
    pending ones can end. `pending_aware` is 1 - S(1) of Kaplan-Meier on elapsed over target: a curve for each `policy`, and
    the policies weighted by the clocks that they started (`policy=None` takes all clocks for one): its limits are the log-log
    band over policies, those of the beta product with mid-p for all clocks as one.

    When it lies:
        A target that everybody meets tells nothing about how long people waited; read the durations too. The limits of
        `pending_aware` over policies are too short where few clocks have stopped.

    Why your vendor shows another number:
        Closed tickets only: an overdue ticket counts as missed on the day somebody closes it, and not before. Others judge
        early successes before their deadline but failures only after it, which flatters every young period.
    """
    choice("estimate", estimate, ("matured", "bounds", "pending_aware"))
    now = pl.lit(instant("as_of", as_of))
    state = pl.col(outcome).cast(pl.String)
    pending, met = state == "pending", state == "met"
    judged = answered(outcome) & (state != "cancelled")
    unknown = ~answered(outcome)
    if estimate == "matured":
        ripe = judged & ~pending & (moment(due) <= now)
        early = judged & ~pending & (moment(due) > now)
        shape = attainment(
            met, of=ripe, pending=pending, unknown=unknown, early_met=early & met, early_missed=early & ~met
        )
        return shape.excluding(state == "cancelled")
    if estimate == "bounds":
        shape = attainment(met, of=judged, pending=pending, unknown=unknown, bounds_only=True)
        return shape.excluding(state == "cancelled")
    used = pl.col(elapsed) / pl.col(target)
    stopped = met | (state == "missed")
    return survival(
        used,
        stopped,
        of=judged & answered(elapsed) & (pl.col(target) > 0),
        limit=1.0,
        stratum=None if policy is None else pl.col(policy),
    ).excluding(state == "cancelled")


@define(
    title="Breach rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="clock",
    formula=r"\#\{\text{missed, missed open}\}/\#\{\text{due} \le \text{as of, not pending}\}",
    references=("Wilson 1927",),
    aliases=("SLA breaches", "SLA violation rate", "missed SLA", "share late"),
)
def breach_rate(outcome: Outcome = "outcome", due: Instant = "due_at", *, as_of: datetime) -> Shape:
    """Share of clocks that missed their target, among those whose deadline has come: what attainment leaves.

    When it lies:
        A miss by a minute and one by a week count alike: read it together with the breach severity.

    Why your vendor shows another number:
        Breaches over tickets closed in the period, whatever the period in which they were due; breaches of several clocks of
        one ticket counted once; open breaches not counted before somebody closes the ticket.
    """
    now = pl.lit(instant("as_of", as_of))
    state = pl.col(outcome).cast(pl.String)
    pending = state == "pending"
    judged = answered(outcome) & (state != "cancelled") & ~pending
    ripe, early = judged & (moment(due) <= now), judged & (moment(due) > now)
    missed = (state == "missed") | (state == "missed_open")
    return attainment(
        missed,
        of=ripe,
        pending=pending,
        unknown=~answered(outcome),
        early_met=early & missed,
        early_missed=early & ~missed,
    ).excluding(state == "cancelled")


@define(
    title="Breach severity",
    unit="s",
    better="lower",
    bounds=_COUNT,
    grain="clock",
    formula=r"\inf\{t: S(t) \le 1 - p\},\ t = \text{elapsed} - \text{target}",
    references=("Kaplan & Meier 1958",),
    aliases=("overrun", "how late", "lateness", "breach duration", "time past due"),
)
def breach_severity(
    outcome: Outcome = "outcome",
    overrun: Seconds = "overrun_seconds",
    *,
    statistic: Literal["median"] | float = "median",
) -> Shape:
    """By how much missed clocks overran their targets: a quantile of the overrun, in the time of the clock.

    Clocks that are late and still run count with what they have overrun so far (Kaplan-Meier).

    When it lies:
        Targets differ: an hour over a target of one hour is not an hour over a target of a week. In working time, a night
        does not count.

    Why your vendor shows another number:
        A mean, which one forgotten ticket can double; stopped clocks alone, so that the worst, still open, are missing; a
        share of the target in place of seconds.
    """
    state = pl.col(outcome).cast(pl.String)
    late = answered(overrun) & ((state == "missed") | (state == "missed_open"))
    p = 0.5 if statistic == "median" else statistic
    in_time = answered(outcome) & (state != "missed") & (state != "missed_open")
    return survival(pl.col(overrun), state == "missed", of=late, p=p).excluding(in_time)


@define(
    title="Overdue clocks",
    label="overdue clocks",
    unit="count",
    better="lower",
    bounds=_COUNT,
    grain="clock",
    census=True,
    formula=r"\#\{\text{missed open}\}",
    references=("ITIL 4",),
    aliases=("overdue tickets", "past due", "open breaches", "late now"),
)
def overdue_count(outcome: Outcome = "outcome") -> Shape:
    """How many clocks run past their target at the clocks' instant.

    When it lies:
        It falls when late work is closed badly, or when a ticket is put on hold by a rule that forgives the past.

    Why your vendor shows another number:
        Tickets in place of clocks; the deadline compared with the calendar while the clock is paused.
    """
    return count((pl.col(outcome).cast(pl.String) == "missed_open").fill_null(value=False))


@define(
    title="Clocks at risk",
    label="clocks at risk",
    unit="count",
    better="lower",
    bounds=_COUNT,
    grain="clock",
    census=True,
    formula=r"\#\{\text{pending}, \text{remaining} \le w\}",
    references=("ITIL 4",),
    aliases=("due soon", "about to breach", "next to breach", "SLA at risk"),
)
def at_risk_count(
    outcome: Outcome = "outcome", remaining: Seconds = "remaining_seconds", *, within: float = 3600.0
) -> Shape:
    """How many clocks are still in time but have at most `within` seconds left, in the time of the clock.

    When it lies:
        An hour of working time left on Friday evening is due on Monday: sort by the deadline to see what is next.

    Why your vendor shows another number:
        Wall-clock time to the deadline, paused tickets counted, or a share of the target in place of seconds.
    """
    if not within >= 0:
        raise ParameterError(f"within must be a number of seconds, 0 or more; got {within!r}")
    pending = (pl.col(outcome).cast(pl.String) == "pending").fill_null(value=False)
    return count(pending & (pl.col(remaining) <= within).fill_null(value=False))
