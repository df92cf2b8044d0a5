"""How old the open tickets are."""

from datetime import datetime

import polars as pl

from servicequality.columns import Instant
from servicequality.core import define
from servicequality.metrics.durations import Statistic, quantile_of
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import Shape, quantile

__all__ = ["backlog_age"]


@define(
    title="Backlog age",
    label="age of the backlog",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    census=True,
    formula=r"x_{(p)}\ \text{of}\ t - \text{created over open tickets}",
    references=("Vacanti 2015", "Hyndman & Fan 1996"),
    aliases=("age of open tickets", "ageing backlog", "aging tickets", "work item age", "how old are open tickets"),
)
def backlog_age(
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    as_of: datetime,
    statistic: Statistic | float = "median",
) -> Shape:
    """How long the tickets that are open at an instant have been open: the median, or any other quantile.

    It is a census; the limits say how far the quantile would move among backlogs of this kind and size.

    When it lies:
        It is not a forecast of how long they will take: an open ticket is seen in the middle of its life, and long lives are
        seen more often. Closing young tickets makes the backlog older, and a burst of new tickets makes it younger.

    Why your vendor shows another number:
        A mean, which a few forgotten tickets dominate; the time since the last update; business hours; tickets on hold or
        waiting for the customer left out.
    """
    now = pl.lit(instant("as_of", as_of))
    still = (moment(created) <= now) & (pl.col(ended).is_null() | (moment(ended) > now))
    age = (now - moment(created)).dt.total_microseconds() / 1e6
    return quantile(age, quantile_of(statistic), of=still).excluding(pl.col(created).is_not_null() & ~still)
