"""Churn and retention rates."""

from dataclasses import replace
from datetime import datetime

import polars as pl

from servicequality.columns import Instant
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.churn._lives import YEAR, Lives, lives
from servicequality.shapes import Shape, rate, share, survival

__all__ = ["churn_per_year", "churn_rate", "retention_rate"]


@define(
    title="Churn rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="account",
    formula=r"\#\{\text{left in } (s, u]\}/\#\{\text{customers at } s\}\ \text{or}\ 1 - \hat S(\ell)",
    references=("Wilson 1927", "Kaplan & Meier 1958"),
    aliases=("customer churn", "attrition rate", "cancellation rate", "customers lost", "logo churn", "defection rate"),
)
def churn_rate(
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    since: datetime | None = None,
    limit: float | None = None,
) -> Shape:
    """Share of the customers at `since` who had left by `as_of`; with `limit`, share who leave within so many seconds.

    The window is (since, as_of]: who left at `since` was not a customer then. Customers won in the window are in neither
    number. With `limit`, time runs from each customer's beginning, and those who have not been customers so long are neither
    stayers nor leavers (Kaplan-Meier). With both, only what happened after `since` counts: a customer who began earlier
    enters late, as is needed where those who left before are no longer in the table. The limits with `limit` are those of
    the beta product with mid-p.

    When it lies:
        A quiet month of yearly contracts says nothing: nobody could leave. A window that young customers fill looks better or
        worse than the customers are. Large and small customers count alike: read it beside the same
        rate with `weight="value"`.

    Why your vendor shows another number:
        Leavers who joined in the window are counted; the divisor is the mean, the closing or the total number of customers;
        monthly rates are multiplied by twelve; a customer who pauses counts as lost; revenue instead of customers.

    Example:
        from datetime import timedelta

        quarter = sq.churn_rate(since=as_of - timedelta(days=91), as_of=as_of)
        print(quarter.estimate(rows))
        half_year = sq.churn_rate(limit=182 * 86_400, as_of=as_of).named("left within half a year")
        shown = "segment", "value", "low", "high", "n", "n_pending"
        print(sq.evaluate(rows, half_year, by="segment").select(shown).collect())
    """
    seen = lives(started, churned, as_of=as_of, since=since)
    if limit is None:
        _require_since(since)
        shape = share(seen.left, of=seen.at_start).excluding(pl.col(started).is_not_null() & ~seen.at_start)
        return replace(shape, refused=seen.refused)
    return _followed(seen, limit=limit, beyond=None, late=since is not None)


@define(
    title="Churn per customer year",
    label="churn per year",
    unit="per year",
    better="lower",
    bounds=(0, float("inf")),
    grain="account",
    formula=r"d / T",
    references=("Garwood 1936", "Clayton & Hills 1993"),
    aliases=("annual churn", "leavers per customer year", "churn intensity", "hazard of leaving"),
)
def churn_per_year(
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    since: datetime | None = None,
) -> Shape:
    """How many customers leave for each year that one of them is a customer: leavers over the time in which they could leave.

    Customers who joined late, or are still there, count for their time up to `as_of`; with `since`, only time and leavers
    after it. So customers of any age can be compared: by a band of satisfaction or engagement, give `by=` a column that says
    the band, and `compare` gives the ratio of two bands.
    `tables.churn_by_satisfaction` puts the bands side by side, with their ratios and the trend. Limits are exact for a
    Poisson count.

    When it lies:
        It takes the risk of leaving for the same at every age; young customers often leave more, and a growing business
        then looks worse than it is. With yearly contracts leaving comes in waves, and a count over part of a year is chance.

    Why your vendor shows another number:
        Leavers of a month over customers at its start, times twelve; leavers over customers, however long each was
        followed; revenue in place of customers.

    Example:
        import polars as pl

        below_3, below_4 = (pl.col("satisfaction") < cut for cut in (3, 4))
        band = pl.when(below_3).then(pl.lit("below 3")).when(below_4).then(pl.lit("below 4")).otherwise(pl.lit("4 or more"))
        banded = rows.filter(pl.col("satisfaction").is_not_null()).with_columns(band.alias("band"))
        rates = sq.evaluate(banded, sq.churn_per_year(as_of=as_of), by="band")
        print(rates.select("band", "value", "low", "high", "n").collect())
    """
    seen = lives(started, churned, as_of=as_of, since=since)
    years = (seen.seconds - seen.entry) / YEAR
    shape = rate(seen.left.cast(pl.Float64), years, of=seen.watched).excluding(
        pl.col(started).is_not_null() & ~seen.watched
    )
    return replace(shape, refused=seen.refused, empty="no time as a customer", undefined="no time as a customer")


@define(
    title="Retention rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="account",
    formula=r"\#\{\text{customers at } s \text{ and } u\}/\#\{\text{customers at } s\}\ \text{or}\ \hat S(\ell)",
    references=("Wilson 1927", "Kaplan & Meier 1958"),
    aliases=("customer retention", "customers kept", "renewal rate", "loyalty rate", "survival of customers"),
)
def retention_rate(
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    since: datetime | None = None,
    limit: float | None = None,
) -> Shape:
    """Share of the customers at `since` who are still there at `as_of`; with `limit`, share who stay so many seconds.

    What the churn rate leaves, over the same customers: with `limit` those who have not been customers so long are
    neither stayers nor leavers (Kaplan-Meier), and with both a customer that began before `since` enters late.
    The limits with `limit` are those of the beta product with mid-p.

    When it lies:
        Customers who stay because a contract binds them are not loyal. New customers cannot make up for lost ones here,
        which is the point, and why it tells nothing about growth.

    Why your vendor shows another number:
        Customers at the end over customers at the start, new ones included, which can pass 100 %; revenue in place of
        customers ("net retention"); cohorts that are too young counted as kept.

    Example:
        from datetime import timedelta

        print(sq.retention_rate(since=as_of - timedelta(days=91), as_of=as_of).estimate(rows))
        half_year = sq.retention_rate(limit=182 * 86_400, as_of=as_of).named("kept for half a year")
        shown = "segment", "value", "low", "high", "n", "n_pending"
        print(sq.evaluate(rows, half_year, by="segment").select(shown).collect())
    """
    seen = lives(started, churned, as_of=as_of, since=since)
    if limit is None:
        _require_since(since)
        shape = share(~seen.left, of=seen.at_start).excluding(pl.col(started).is_not_null() & ~seen.at_start)
        return replace(shape, refused=seen.refused)
    return _followed(seen, limit=None, beyond=limit, late=since is not None)


def _require_since(since: datetime | None) -> None:
    if since is None:
        raise ParameterError(
            "state when customers leave: since= for the window (since, as_of], or limit= for so many seconds from each "
            "customer's beginning"
        )


def _followed(seen: Lives, *, limit: float | None, beyond: float | None, late: bool) -> Shape:
    span = limit if limit is not None else beyond
    if span is None or not 0 < span < float("inf"):
        raise ParameterError(f"limit must be a positive number of seconds, got {span!r}; a year is 365 * 86_400")
    entry: pl.Expr | None = seen.entry if late else None
    shape = survival(seen.seconds, seen.left, of=seen.watched, limit=limit, beyond=beyond, entry=entry)
    return replace(shape, better=None, refused={**shape.refused, **seen.refused})
