"""How soon the bot answers, and how soon it passes on."""

from typing import Literal

import polars as pl

from servicequality.columns import Flag, Occurrences, Seconds, answered
from servicequality.core import define
from servicequality.metrics.automation._episodes import involved
from servicequality.metrics.durations import Statistic, quantile_of
from servicequality.shapes import Shape, mean, quantile, share, survival

__all__ = ["bot_response_time", "time_to_handoff", "time_to_handoff_observed_only"]


@define(
    title="Bot response time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="episode",
    formula=r"\inf\{t : F_1(t) \ge p\}",
    references=("Aalen & Johansen 1978", "Kalbfleisch & Prentice 2002"),
    aliases=("AI response time", "time to first bot reply", "bot first response", "bot latency"),
)
def bot_response_time(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    seconds: Seconds = "bot_response_seconds",
    answered_by_bot: Flag = "bot_response_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the start of an episode to the bot's first public reply, over the episodes in which it has acted.

    An end without a reply of the bot is a competing end. Rows are those of `episodes`; with its schedule,
    `seconds="bot_response_working_seconds"` is the time in the hours of the desk.

    When it lies:
        A bot that did not answer at all, in an outage or by a rule, has not acted, and such episodes are left out. An
        answer in two seconds may be a greeting.

    Why your vendor shows another number:
        Between every question and its answer, in place of the first; the time in which the model works, without the queue
        before it; means, which one slow hour dominates.
    """
    return _time(eligible, observed, bot_replies, handed, seconds, answered_by_bot, statistic, limit, horizon)


@define(
    title="Time to hand-off",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="episode",
    formula=r"\inf\{t : F_1(t) \ge p\}",
    references=("Aalen & Johansen 1978", "Kalbfleisch & Prentice 2002"),
    aliases=("time to handover", "time to human", "time until transfer", "bot handoff time"),
)
def time_to_handoff(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    seconds: Seconds = "handoff_seconds",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the start of an episode to the hand-off to people, over the episodes in which the bot has acted.

    An end without a hand-off is a competing end, so that the median is not reached where fewer than half are handed off: then
    `limit=` gives the share handed off within a time. Rows are those of `episodes`.

    When it lies:
        It ends when the bot lets go, not when a person answers. Episodes that nobody handed off had the customer wait too.

    Why your vendor shows another number:
        Over the episodes that were handed off, and over no others: that is `time_to_handoff_observed_only`. From the
        bot's first reply, or from the request for a person.

    Example:
        print(sq.time_to_handoff(limit=60).estimate(rows))
        print(sq.time_to_handoff_observed_only().estimate(rows))
    """
    return _time(eligible, observed, bot_replies, handed, seconds, handed, statistic, limit, horizon)


@define(
    title="Time to hand-off of handed-off episodes",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="episode",
    formula=r"x_{(p)}\ \text{over handed-off rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average time to handoff",),
)
def time_to_handoff_observed_only(
    eligible: Flag = "eligible",
    handed: Flag = "handoff_observed",
    seconds: Seconds = "handoff_seconds",
    *,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: time from the start to the hand-off, over the episodes that were handed off and over no others.

    When it lies:
        The latest hand-offs of a young cohort have not come yet, and are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to where its clock starts.
    """
    known = answered(eligible) & answered(handed) & answered(seconds)
    of = known & pl.col(eligible) & pl.col(handed)
    shape: Shape
    if limit is not None:
        shape = share(pl.col(seconds) <= limit, of=of)
    elif statistic == "mean":
        shape = mean(pl.col(seconds), of=of)
    else:
        shape = quantile(pl.col(seconds), quantile_of(statistic), of=of)
    return shape.excluding(known & ~(pl.col(eligible) & pl.col(handed)))


def _time(
    eligible: str,
    observed: str,
    bot_replies: str,
    handed: str,
    seconds: str,
    event: str,
    statistic: str | float,
    limit: float | None,
    horizon: float | None,
) -> Shape:
    known = answered(eligible) & answered(observed) & answered(bot_replies) & answered(handed) & answered(seconds)
    known = known & answered(event)
    counted = pl.col(eligible) & involved(bot_replies, handed)
    p = None if limit is not None or horizon is not None else quantile_of(statistic)
    shape = survival(
        pl.col(seconds),
        pl.col(event),
        of=known & counted,
        competing=pl.col(observed) & ~pl.col(event),
        p=p,
        limit=limit,
        horizon=horizon,
    )
    return shape.excluding(known & ~counted)
