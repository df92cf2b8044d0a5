"""How long customers and agents wait for each other between creation and resolution."""

import polars as pl

from servicequality.columns import Flag, Occurrences, Seconds, WaitEnd, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.durations import FinishedStatistic, Statistic, finished, quantile_of, waiting
from servicequality.shapes import Shape, survival

__all__ = [
    "agent_wait_time",
    "agent_wait_time_observed_only",
    "customer_effort_time",
    "hold_time",
    "hold_time_observed_only",
    "requester_wait_time",
    "requester_wait_time_observed_only",
    "response_time",
    "response_time_observed_only",
]


@define(
    title="Response time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="wait",
    formula=r"\inf\{t : F_1(t) \ge p\}",
    references=("Aalen & Johansen 1978", "Kalbfleisch & Prentice 2002"),
    aliases=("average response time", "reply time", "next reply time", "ART"),
)
def response_time(
    seconds: Seconds = "reply_wait_seconds",
    end: WaitEnd = "reply_wait_end",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the first unanswered message of a customer to the public answer of a person, over all such waits.

    A wait that the resolution ends is a competing end. Rows are those of `reply_waits`.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Many short exchanges outweigh the one long silence. Read it alongside the first response and the resolution time.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Every customer message starts a clock of its own, so that three questions in a row count as three waits; automatic
        replies end a wait; waits that still last are left out; business hours.
    """
    return waiting(
        seconds,
        pl.col(end).cast(pl.String) == "answered",
        competing=pl.col(end).cast(pl.String) == "resolved",
        statistic=statistic,
        limit=limit,
        horizon=horizon,
    )


@define(
    title="Response time of answered waits",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="wait",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average reply time",),
)
def response_time_observed_only(
    seconds: Seconds = "reply_wait_seconds",
    end: WaitEnd = "reply_wait_end",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: response time over the waits that were answered, and over no others.

    When it lies:
        The longest waits are still running and are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to automatic replies and business hours.
    """
    return finished(seconds, pl.col(end).cast(pl.String) == "answered", statistic=statistic, limit=limit)


@define(
    title="Requester wait time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("requester wait", "customer wait time"),
)
def requester_wait_time(
    seconds: Seconds = "requester_wait_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time a ticket spent in the statuses in which its requester waits (new, open and hold), until its resolution.

    A ticket that is still open has waited at least so long.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        It trusts the statuses: a ticket that is set to pending without a question to the customer stops the clock.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Another set of statuses, calendar or business hours, solved tickets only.
    """
    return waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Requester wait time of resolved tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average requester wait",),
)
def requester_wait_time_observed_only(
    seconds: Seconds = "requester_wait_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: requester wait time over the tickets that are resolved, and over no others.

    When it lies:
        The tickets that wait longest are the ones still open, and they are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to business hours and the set of statuses.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)


@define(
    title="Agent wait time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("agent wait", "waiting on customer", "pending time"),
)
def agent_wait_time(
    seconds: Seconds = "agent_wait_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time a ticket spent in the statuses in which the agents wait for its requester (pending), until its resolution.

    A ticket that is still open has been waited for at least so long.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Long agent waits may be slow customers or unclear questions; the clock cannot tell.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Another set of statuses, calendar or business hours, solved tickets only.
    """
    return waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Agent wait time of resolved tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average agent wait",),
)
def agent_wait_time_observed_only(
    seconds: Seconds = "agent_wait_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: agent wait time over the tickets that are resolved, and over no others.

    When it lies:
        Tickets still open are left out.

    Why your vendor shows another number:
        This is most often the vendor's number, up to business hours and the set of statuses.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)


@define(
    title="Hold time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Brookmeyer & Crowley 1982"),
    aliases=("on hold time", "paused time"),
)
def hold_time(
    seconds: Seconds = "hold_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time a ticket spent on hold (in the statuses given to `facts` as `paused`), until its resolution.

    A ticket that is still open has been held at least so long.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Most tickets are never on hold, so that the median is often 0: ask for a high quantile, or slice by `hold_seconds > 0`.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Hold per spell in place of hold per ticket, or the time that the SLA clock stood still.
    """
    return waiting(seconds, pl.col(observed), competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Hold time of resolved tickets",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"x_{(p)}\ \text{over finished rows}",
    references=("Hyndman & Fan 1996",),
    aliases=("average hold time",),
)
def hold_time_observed_only(
    seconds: Seconds = "hold_seconds",
    observed: Flag = "resolution_observed",
    *,
    statistic: FinishedStatistic | float = "median",
    limit: float | None = None,
) -> Shape:
    """The classic: hold time over the tickets that are resolved, and over no others.

    When it lies:
        Tickets that are on hold now are left out, and they are the ones on hold for long.

    Why your vendor shows another number:
        Hold per spell in place of hold per ticket; business hours.
    """
    return finished(seconds, pl.col(observed), statistic=statistic, limit=limit)


@define(
    title="Customer effort time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\},\quad t = \text{waits} + c \cdot \text{messages}",
    references=("Dixon, Freeman & Toman 2010", "Kaplan & Meier 1958"),
    aliases=("effort in time", "customer time spent", "time cost to the customer", "customer effort in minutes"),
)
def customer_effort_time(
    seconds: Seconds = "requester_wait_seconds",
    messages: Occurrences = "customer_messages",
    observed: Flag = "resolution_observed",
    *,
    per_message: float = 180.0,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """What a ticket cost its customer in time until its resolution: the waits, and `per_message` seconds for each message.

    The waits are those in which the customer waits for the desk, by status. Three minutes a message are a guess: measure
    your own, or give 0 to leave messages out. A ticket that is still open has cost at least so much.

    When it lies:
        A customer who waits does other things meanwhile: an hour at the telephone costs more than a day for an e-mail.
        Searching, reading and calling elsewhere are not in the log.

    Why your vendor shows another number:
        Effort is asked in a survey (CES) and not measured; the time between messages is left out, or the customer's own
        silence is counted as effort.
    """
    if not 0 <= per_message < float("inf"):
        raise ParameterError(f"per_message must be a number of seconds, 0 or more; got {per_message!r}")
    effort = pl.col(seconds) + per_message * pl.col(messages)
    p = None if limit is not None or horizon is not None else quantile_of(statistic)
    of = answered(seconds) & answered(messages)
    return survival(effort, pl.col(observed), of=of, p=p, limit=limit, horizon=horizon)
