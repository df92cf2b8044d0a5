"""Whether calls and chats were answered, and how fast, on one row a contact."""

from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import ContactEnd, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.durations import Statistic, quantile_of
from servicequality.shapes import Shape, attainment, mean, survival

__all__ = ["abandonment_rate", "average_speed_of_answer", "contact_wait_time", "service_level"]

Abandoned = Literal["exclude", "missed", "short_excluded"]
ShortAbandoned = Literal["counted", "excluded", "offered_only"]


@define(
    title="Service level of a contact centre",
    label="service level",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="contact",
    formula=r"\#\{\text{answered within } t\}/n",
    references=("Gans, Koole & Mandelbaum 2003", "Koole 2013", "Wilson 1927"),
    aliases=("80/20", "TSF", "telephone service factor", "answered within 20 seconds", "calls answered in time"),
)
def service_level(
    wait: Seconds = "wait_seconds",
    outcome: ContactEnd = "outcome",
    *,
    abandoned: Abandoned,
    limit: float = 20.0,
    short: float = 5.0,
) -> Shape:
    """Share of calls or chats answered within `limit` seconds; state how abandoned ones count.

    With `abandoned="exclude"` the share is of the answered contacts alone. With `"missed"` it is of all that were offered,
    and whoever gave up was not answered in time. With `"short_excluded"` those who gave up within `short` seconds are left
    out and the others are missed. An answer after exactly `limit` is in time. A contact that still waits is pending until
    no ending can make it count otherwise.

    When it lies:
        It says nothing about how long the others wait: once a caller has waited past the limit, answering the next one
        first is better for the figure. `exclude` rewards a queue that people leave. Calls of a busy hour succeed or fail
        together, so that the limits are too narrow unless days or hours are given as `cluster`.

    Why your vendor shows another number:
        The four usual denominators (answered, offered, offered without short abandons, offered with those who gave up in
        time counted as successes) differ by ten points and more on one day of calls. The clock may start in the menu, at the
        first ring or at the last transfer, and intervals may be averaged without their volumes.

    Example:
        ways = ("exclude", "missed", "short_excluded")
        metrics = [sq.service_level(abandoned=way) for way in ways]
        print(metrics[1].estimate(rows))
        print(sq.evaluate(rows, metrics, by="queue").select("queue", "metric", "value", "low", "high", "n").collect())
    """
    choice("abandoned", abandoned, ("exclude", "missed", "short_excluded"))
    limit, short = _seconds("limit", limit), _seconds("short", short)
    end, seconds = pl.col(outcome), pl.col(wait)
    served, gave_up, waits = end == "answered", end == "abandoned", end == "waiting"
    timed = answered(wait)
    counted, unknown = served & timed, end.is_null() | (served & ~timed)
    left_out = gave_up  # unless they count as missed
    if abandoned == "missed":
        late = waits & (seconds > limit).fill_null(value=False)
        counted, left_out = counted | gave_up | late, pl.lit(value=False) & gave_up
    elif abandoned == "short_excluded":
        late = waits & (seconds > max(limit, short)).fill_null(value=False)
        counted, unknown = counted | (gave_up & (seconds > short)) | late, unknown | (gave_up & ~timed)
        left_out = gave_up & (seconds <= short)
    else:  # it may still be abandoned, and would then not count
        late = pl.lit(value=False) & waits
    pending = waits & ~late
    doomed = None if abandoned == "missed" else pending & (seconds > limit)
    shape = attainment(served & (seconds <= limit), of=counted, pending=pending, unknown=unknown, doomed=doomed)
    return shape.excluding(left_out)


@define(
    title="Average speed of answer",
    label="average speed of answer",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="contact",
    formula=r"\overline{\text{wait}}\ \text{over answered contacts}",
    references=("Gans, Koole & Mandelbaum 2003", "Brown et al. 2005", "Student 1908"),
    aliases=("ASA", "average wait", "mean time to answer", "queue time", "wait before an agent answers"),
)
def average_speed_of_answer(
    wait: Seconds = "wait_seconds", outcome: ContactEnd = "outcome", *, queued_only: bool = False
) -> Shape:
    """Mean wait of the answered calls or chats; with `queued_only`, of only those that had to wait at all.

    When it lies:
        Those who gave up are not in it, and they had often waited longest: the worse the queue, the more long waits drop
        out of the mean. Many answered at once hide a few who waited for minutes. `queued_only` tells how long a wait is,
        not how likely.

    Why your vendor shows another number:
        Waits that were 0 left out, abandoned calls counted, time in the menu or ringing included, or a mean of the
        intervals' means.
    """
    end, queued = pl.col(outcome), pl.col(wait) > 0
    of = (end == "answered") & answered(wait)
    shape = mean(pl.col(wait), of=of & queued if queued_only else of, pending=end == "waiting")
    left_out = end == "abandoned"
    return shape.excluding(left_out | ((end == "answered") & ~queued) if queued_only else left_out)


@define(
    title="Wait of a call or chat",
    label="contact wait time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="contact",
    formula=r"\inf\{t : F_1(t) \ge p\}",
    references=("Aalen & Johansen 1978", "Kalbfleisch & Prentice 2002", "Brown et al. 2005"),
    aliases=("median wait", "wait percentile", "p90 wait", "queue time percentile", "hold queue", "time in queue"),
)
def contact_wait_time(
    wait: Seconds = "wait_seconds",
    outcome: ContactEnd = "outcome",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the offer of a call or chat to an agent's answer, over all that were offered.

    A customer who gives up is a competing end: that call is never answered. One who still waits has waited at least so long.
    With `limit`, the share answered within so many seconds; the mean wait of those answered is `average_speed_of_answer`.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        A quantile that more than the rest gave up before is not reached, however fast the others were answered. Impatient
        customers make the waits of a slow queue look short in every figure of the answered calls alone, not in this one.

    Why your vendor shows another number:
        Answered calls alone, a percentile of the intervals' percentiles, time in the menu or ringing included, or waits of 0
        left out.
    """
    end = pl.col(outcome)
    p = None if limit is not None or horizon is not None else quantile_of(statistic)
    return survival(
        pl.col(wait),
        end == "answered",
        of=answered(wait) & end.is_not_null(),
        competing=end == "abandoned",
        p=p,
        limit=limit,
        horizon=horizon,
    )


@define(
    title="Abandonment rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="contact",
    formula=r"\#\text{abandoned}/\#\text{offered}",
    references=("Gans, Koole & Mandelbaum 2003", "Koole 2013", "Wilson 1927"),
    aliases=("abandon rate", "abandoned calls", "hang-ups", "lost calls", "ABA"),
)
def abandonment_rate(
    outcome: ContactEnd = "outcome",
    wait: Seconds = "wait_seconds",
    *,
    short_abandoned: ShortAbandoned = "counted",
    short: float = 5.0,
) -> Shape:
    """Share of the calls or chats offered whose customer gave up before an agent answered.

    Those who gave up within `short` seconds hardly waited for an agent. They count as abandoned (`short_abandoned="counted"`),
    leave the figure altogether (`"excluded"`), or stay among the offered without being abandoned (`"offered_only"`). A contact
    that still waits is pending.

    When it lies:
        It depends on patience as much as on the queue: a good announcement, or a line that nobody else offers, keeps people
        waiting. A busy signal or a closed menu turns callers away before they are offered.

    Why your vendor shows another number:
        Short abandons are left out at 5, 10 or 20 seconds, above the line or on both sides of it; calls that end in the menu
        are counted; people who ask to be called back count as abandoned or as answered.
    """
    choice("short_abandoned", short_abandoned, ("counted", "excluded", "offered_only"))
    end, early = pl.col(outcome), pl.col(wait) <= _seconds("short", short)
    gave_up, offered = end == "abandoned", (end == "answered") | (end == "abandoned")
    unknown, waits = end.is_null(), end == "waiting"
    if short_abandoned == "counted":
        return attainment(gave_up, of=offered, pending=waits, unknown=unknown)
    timed = ~gave_up | answered(wait)
    lost = gave_up & ~early
    of = offered & timed if short_abandoned == "offered_only" else (end == "answered") | lost
    shape = attainment(lost, of=of, pending=waits, unknown=unknown | ~timed)
    return shape if short_abandoned == "offered_only" else shape.excluding(gave_up & early)


def _seconds(name: str, value: float) -> float:
    if not 0 <= value < float("inf"):
        raise ParameterError(f"{name} is a number of seconds, 0 or more; got {value!r}")
    return value
