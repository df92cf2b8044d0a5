"""Security incidents, patches and audits."""

from datetime import datetime
from typing import Literal

import polars as pl

from servicequality.checks import shown
from servicequality.columns import Amount, Instant, Row, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.durations import Statistic, elapsed
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import RateMethod, Shape, rate, share

__all__ = [
    "audit_coverage",
    "audit_trail_coverage",
    "patch_latency",
    "security_incident_rate",
]

_COUNT = (0.0, float("inf"))
_LONGEST = 1e12
"""Seconds, some thirty thousand years."""


@define(
    title="Security incident rate",
    unit="per unit of exposure",
    better="lower",
    bounds=_COUNT,
    grain="period",
    formula=r"\frac{\sum \text{incidents}}{\sum \text{exposure}}",
    references=("Garwood 1936", "McCullagh & Nelder 1989", "NIST SP 800-55"),
    aliases=("breaches per year", "security incidents per month", "data breach rate"),
)
def security_incident_rate(
    incidents: Amount = "incidents", exposure: Amount = "exposure", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """Security incidents for each unit of exposure: months, accounts, systems, whatever the second column counts.

    From four periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's
    (quasi-Poisson); `interval="poisson"` leaves them as they are.

    When it lies:
        None found is not none there. Twelve months without an incident still allow 3.7 a year at 95 %: read the upper limit.

    Why your vendor shows another number:
        Alerts in place of confirmed incidents; attempts that were blocked; severity classes left out.

    Example:
        print(sq.security_incident_rate().estimate({"incidents": [0, 0, 1, 0], "exposure": [3, 3, 3, 3]}))
    """
    of = answered(incidents) & answered(exposure)
    return rate(pl.col(incidents), pl.col(exposure), of=of, periods=True, interval=interval)


@define(
    title="Patch latency",
    unit="s",
    better="lower",
    bounds=_COUNT,
    grain="vulnerability",
    formula=r"\inf\{t : \hat F(t) \ge p\}",
    references=("Kaplan & Meier 1958", "NIST SP 800-40"),
    aliases=("time to patch", "vulnerability remediation time", "mean time to remediate", "days to patch"),
)
def patch_latency(
    disclosed: Instant = "disclosed_at",
    patched: Instant = "patched_at",
    *,
    as_of: datetime,
    statistic: Statistic | Literal["mean"] | float = "median",
    limit: float | None = None,
) -> Shape:
    """Time from the disclosure of a vulnerability until it was patched here; what is not patched counts as running.

    With `limit` it is the share patched within so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile.

    When it lies:
        One system that is never patched does not move the median, and is the one that is broken into: ask for the share within
        a limit, by severity.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        From the scan that found it and not from the disclosure; patched ones alone, which looks the better the more lie
        about; working days.

    Example:
        from datetime import UTC, datetime, timedelta

        now, day = datetime(2026, 3, 31, tzinfo=UTC), timedelta(days=1)
        rows = {
            "disclosed_at": [now - age * day for age in (60, 50, 40, 30, 20, 10)],
            "patched_at": [now - age * day for age in (52, 49, 12, 16, 9)] + [None],
        }
        print(sq.patch_latency(as_of=now).estimate(rows))
        print(sq.patch_latency(as_of=now, limit=14 * 86_400).estimate(rows))
    """
    return elapsed(disclosed, patched, as_of=as_of, statistic=statistic, limit=limit)


@define(
    title="Audit coverage",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="asset",
    formula=r"\#\{\text{as of} - w < \text{last audit} \le \text{as of}\}/n",
    references=("NIST SP 800-53A", "Wilson 1927"),
    aliases=("audited systems", "share of assets audited", "control coverage"),
)
def audit_coverage(
    asset: Row = "asset_id",
    audited: Instant = "last_audit_at",
    *,
    as_of: datetime,
    window: float = 365 * 86_400.0,
) -> Shape:
    """Share of the assets, one a row, whose last audit lies within `window` seconds before `as_of`.

    An asset without an audit is not covered; an audit after `as_of` is not known yet.

    When it lies:
        Systems that nobody listed are in no denominator. An audit that finds nothing and one that looked at nothing count
        alike.

    Why your vendor shows another number:
        Over the audits planned and not over the assets; whatever was ever audited.

    Example:
        from datetime import UTC, datetime

        rows = {"asset_id": ["crm", "shop", "wiki"]}
        rows["last_audit_at"] = [datetime(2025, 11, 3, tzinfo=UTC), datetime(2023, 5, 2, tzinfo=UTC), None]
        print(sq.audit_coverage(as_of=datetime(2026, 3, 31, tzinfo=UTC)).estimate(rows))
    """
    if not 0 < window <= _LONGEST:
        raise ParameterError(f"window must be a number of seconds above 0, at most {_LONGEST:g}; got {shown(window)}")
    now = instant("as_of", as_of)
    at = moment(audited)
    age = (pl.lit(now) - at).dt.total_microseconds().cast(pl.Float64) / 1e6
    recent = (age >= 0) & (age < window)
    return share(recent.fill_null(value=False), of=answered(asset))


@define(
    title="Audit trail coverage",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="change",
    formula=r"\#\{\text{changes with an actor}\}/\#\{\text{changes}\}",
    references=("NIST SP 800-53", "Wilson 1927"),
    aliases=("audit log completeness", "traceable changes", "changes with an author", "attributed changes"),
)
def audit_trail_coverage(change: Row = "field", actor: Row = "actor", person: Row = "actor_id") -> Shape:
    """Share of the changes, one a row, of which the log says who made them: a kind of actor, or an id.

    When it lies:
        Changes that are not in the log at all are in no denominator. An id that many people share names nobody. A rule that
        acts under a person's name counts as that person.

    Why your vendor shows another number:
        Fields that nobody audits are left out; "system" counted as nobody; objects that have a log in place of changes that
        have an author.
    """
    return share(answered(actor) | answered(person), of=answered(change))
