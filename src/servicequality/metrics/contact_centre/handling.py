"""The time and money that calls and chats take."""

import polars as pl

from servicequality.columns import Amount, ContactEnd, Seconds, answered
from servicequality.core import define
from servicequality.metrics.durations import FinishedStatistic, of_finished
from servicequality.shapes import RateMethod, Shape, rate, ratio

__all__ = [
    "average_handle_time",
    "average_talk_time",
    "contact_rate",
    "cost_per_ticket",
]

_POSITIVE = (0.0, float("inf"))


@define(
    title="Average talk time",
    unit="s",
    better="neither",
    bounds=_POSITIVE,
    grain="contact",
    formula=r"\overline{\text{talk}}",
    references=("Brown et al. 2005", "Student 1908"),
    aliases=("ATT", "talk time", "call duration", "length of calls", "conversation time"),
)
def average_talk_time(
    talk: Seconds = "talk_seconds",
    outcome: ContactEnd = "outcome",
    *,
    statistic: FinishedStatistic | float = "mean",
) -> Shape:
    """Mean conversation of the answered calls or chats whose length is recorded; holds within it count.

    `statistic` gives the median or another quantile in place of the mean, the smallest or the largest.

    When it lies:
        A few very long calls dominate it: durations are close to lognormal, so that the median is far lower. Short talks
        come from able agents as well as from calls that are cut off.

    Why your vendor shows another number:
        Calls without a recorded conversation counted as 0, holds left out, work after the call included (that is
        `average_handle_time`), or transfers counted as calls of their own.
    """
    end = pl.col(outcome)
    return of_finished(pl.col(talk), statistic, of=(end == "answered") & answered(talk)).excluding(end != "answered")


@define(
    title="Average handle time of a contact",
    label="average handle time",
    unit="s",
    better="neither",
    bounds=_POSITIVE,
    grain="contact",
    formula=r"\overline{\text{talk} + \text{wrap-up}}",
    references=("Koole 2013", "Student 1908"),
    aliases=("AHT per call", "handling time of a call", "talk plus wrap", "after-call work"),
)
def average_handle_time(
    talk: Seconds = "talk_seconds",
    wrap: Seconds = "wrap_seconds",
    outcome: ContactEnd = "outcome",
    *,
    statistic: FinishedStatistic | float = "mean",
) -> Shape:
    """Mean of conversation and work after it, over the answered calls or chats for which both are recorded.

    `statistic` gives the median or another quantile in place of the mean, the smallest or the largest. Recorded work on
    tickets is `handle_time`.

    When it lies:
        Pressing it down brings transfers, repeat calls and work done outside the recording. Where chats run side by side,
        the sum of their handle times is longer than the day.

    Why your vendor shows another number:
        Wrap-up that is not recorded counted as 0, holds added a second time, ringing time included, or minutes divided by
        calls offered in place of calls answered.
    """
    end = pl.col(outcome)
    of = (end == "answered") & answered(talk) & answered(wrap)
    return of_finished(pl.col(talk) + pl.col(wrap), statistic, of=of).excluding(end != "answered")


@define(
    title="Contact rate",
    unit="contacts per customer",
    better="lower",
    bounds=_POSITIVE,
    grain="period",
    formula=r"\sum \text{contacts}/\sum \text{customers}",
    references=("Price & Jaffe 2008", "Garwood 1936", "McCullagh & Nelder 1989"),
    aliases=("contacts per customer", "contacts per order", "ticket rate", "contact propensity", "CPO"),
)
def contact_rate(
    contacts: Amount = "contacts", base: Amount = "customers", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """Contacts for each customer, order or active user, over rows that are periods with a count of both.

    From four periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's
    (quasi-Poisson); `interval="poisson"` leaves them as they are. Take that too where rows are products or segments.

    When it lies:
        Fewer than four periods say nothing of their scatter, and the limits then take every contact for independent of the
        others; customers who call three times about one thing make them too narrow. The contacts of this month may be about
        the orders of the last.

    Why your vendor shows another number:
        The denominator is registered, active or paying customers, or orders; the numerator is tickets, contacts or
        customers who made any. Contacts solved by self-service are counted or not.

    Example:
        weeks = {"contacts": [118, 131, 97, 142], "customers": [5_020, 5_104, 5_133, 5_240]}
        print(sq.contact_rate().estimate(weeks))
    """
    of = answered(contacts) & answered(base)
    return rate(pl.col(contacts), pl.col(base), of=of, periods=True, interval=interval)


@define(
    title="Cost per ticket",
    unit="currency per ticket",
    better="lower",
    bounds=_POSITIVE,
    grain="period",
    formula=r"\sum \text{cost}/\sum \text{tickets}",
    references=("Rumburg 2012", "Cochran 1977"),
    aliases=("cost per contact", "cost per call", "unit cost", "support cost", "cost per case"),
)
def cost_per_ticket(cost: Amount = "cost", tickets: Amount = "tickets") -> Shape:
    """Cost for each ticket, over rows that hold a cost and a count of tickets (a month, a team, a channel).

    It is the quotient of the sums, not the mean of the rows' quotients. The value is in the currency of the column.

    When it lies:
        Where demand falls, the figure rises although nothing got worse: most of the cost is people who are there anyway.
        When self-service takes the easy tickets, the expensive ones remain.

    Why your vendor shows another number:
        Licences, managers, training and rooms are in the cost or not; tickets are those created, those solved, or contacts;
        merged and spam tickets make the figure smaller.

    Example:
        months = {"cost": [61_200.0, 60_900.0, 63_400.0], "tickets": [4_310, 4_875, 4_120]}
        print(sq.cost_per_ticket().estimate(months))
    """
    return ratio(pl.col(cost), pl.col(tickets), of=answered(cost) & answered(tickets))
