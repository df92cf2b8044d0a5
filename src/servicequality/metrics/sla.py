"""Were promises kept: attainment over clocks, one row a clock. Never here: how clocks run (see `sla`)."""

from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.columns import Instant, Outcome, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import Shape, attainment, survival

__all__ = ["sla_attainment"]


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
    *,
    as_of: datetime,
    estimate: Literal["matured", "bounds", "pending_aware"] = "matured",
) -> Shape:
    """Share of clocks that met their target, among those whose deadline has come.

    `matured` chooses clocks by deadline, never by outcome. `bounds` takes all clocks and gives limits over every way the
    pending ones can end. `pending_aware` is 1 - S(1) of Kaplan-Meier on elapsed over target.

    When it lies:
        A target that everybody meets says nothing of how long people waited; read it beside the durations.

    Why your vendor shows another number:
        Closed tickets only: an overdue ticket counts as missed on the day somebody closes it, and not before. Others judge
        early successes before their deadline but failures only after it, which flatters every young period.
    """
    now = pl.lit(instant("as_of", as_of))
    state = pl.col(outcome).cast(pl.String)
    pending, met = state == "pending", state == "met"
    judged = answered(outcome) & (state != "cancelled")
    unknown = ~answered(outcome)
    if estimate == "matured":
        ripe = judged & ~pending & (moment(due) <= now)
        return attainment(met, of=ripe, pending=pending, unknown=unknown)
    if estimate == "bounds":
        return attainment(met, of=judged, pending=pending, unknown=unknown, bounds_only=True)
    if estimate != "pending_aware":
        raise ParameterError(f"estimate must be 'matured', 'bounds' or 'pending_aware', got {estimate!r}")
    used = pl.col(elapsed) / pl.col(target)
    stopped = met | (state == "missed")
    return survival(used, stopped, of=judged & answered(elapsed) & (pl.col(target) > 0), limit=1.0)
