"""How software reaches its users: how often, how fast, how often it fails, how fast it is mended (DORA's four)."""

from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.columns import Flag, Instant, answered
from servicequality.core import define
from servicequality.metrics.durations import Statistic, elapsed
from servicequality.metrics.windows import instant, within
from servicequality.shapes import Shape, per_day, share

__all__ = ["change_failure_rate", "deployment_frequency", "failed_deployment_recovery_time", "lead_time_for_changes"]

_DORA = "Forsgren, Humble & Kim 2018"
_SECONDS = (0.0, float("inf"))


@define(
    title="Deployment frequency",
    unit="per day",
    better="higher",
    bounds=(0, float("inf")),
    grain="deployment",
    formula=r"\#\text{deployments}/\text{days}",
    references=(_DORA, "Garwood 1936"),
    aliases=("deploys per day", "release frequency", "DORA deployment frequency", "how often do we release"),
)
def deployment_frequency(deployed: Instant = "at", *, since: datetime, until: datetime) -> Shape:
    """Deployments to production for each day of the window [since, until); one row is a deployment.

    By periods (`every=`), the days are those of the period that lie in the window. Rows outside the window are excluded; a
    period or a group without any row has no figure. All rows of a group are counted at once over the days of its period, so
    that there is no state of it.

    When it lies:
        Ten deployments of a changed comma are ten. A service that nobody touches has none and may be fine.

    Why your vendor shows another number:
        DORA's survey asks for classes (on demand, daily, weekly) and takes the median day; a tool counts pipelines, retries
        and test environments too, or leaves days without work out of the denominator.

    Example:
        from datetime import timedelta

        frequency = sq.deployment_frequency(since=as_of - timedelta(days=90), until=as_of)
        print(sq.evaluate(rows, frequency, by="service").select("service", "value", "low", "high", "n").collect())
    """
    inside = within(deployed, since, until)
    shape = per_day(inside, since=instant("since", since), until=instant("until", until))
    return shape.excluding(pl.col(deployed).is_not_null() & ~inside)


@define(
    title="Lead time for changes",
    unit="s",
    better="lower",
    bounds=_SECONDS,
    grain="deployment",
    formula=r"x_{(p)}",
    references=(_DORA, "Kaplan & Meier 1958"),
    aliases=("DORA lead time", "commit to production", "change lead time", "cycle time"),
)
def lead_time_for_changes(
    committed: Instant = "committed_at",
    deployed: Instant = "at",
    *,
    as_of: datetime,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """Time from a change's commit to production; changes that are committed and not yet deployed still count.

    One row is one change or one deployment with its oldest commit. With `limit` it is the share within so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile.

    When it lies:
        For long-lived branches that are squashed before the merge, the clock starts at the end. A mean over deployments
        counts a release of one commit like one of a hundred.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        From the first commit, the merge or the opening of the ticket; per commit or per release; changes that wait are
        left out.
    """
    return elapsed(committed, deployed, as_of=as_of, statistic=statistic, limit=limit)


@define(
    title="Change failure rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="deployment",
    formula=r"\#\{\text{failed}\}/n",
    references=(_DORA, "Wilson 1927"),
    aliases=("CFR", "failed deployments", "DORA change failure rate", "rollback rate", "share of releases that fail"),
)
def change_failure_rate(failed: Flag = "failed") -> Shape:
    """Share of deployments that had to be rolled back, hot-fixed or otherwise mended.

    When it lies:
        It falls when one bad change is mended by ten small deployments, since these ten count in the denominator.

    Why your vendor shows another number:
        Incidents over deployments, which can pass 100 %; rollbacks alone; failed pipelines, which never reached a user.
    """
    return share(pl.col(failed), of=answered(failed))


@define(
    title="Failed deployment recovery time",
    unit="s",
    better="lower",
    bounds=_SECONDS,
    grain="deployment",
    formula=r"\inf\{t : \hat F(t) \ge p\}",
    references=(_DORA, "Kaplan & Meier 1958"),
    aliases=("DORA time to restore", "recovery time of a failed release", "time to roll back"),
)
def failed_deployment_recovery_time(
    deployed: Instant = "at",
    restored: Instant = "restored_at",
    failed: Flag = "failed",
    *,
    as_of: datetime,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """Time from a failed deployment until service was good again; failures that still last count as running.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile.

    When it lies:
        The clock starts at the deployment, when nobody may have noticed: slow detection and slow mending look alike.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        DORA's older reports asked for any incident, not for failed deployments alone: see `mean_time_to_restore`.
    """
    shape = elapsed(deployed, restored, as_of=as_of, statistic=statistic, limit=limit)
    return shape.map(lambda _, rule: rule & pl.col(failed))
