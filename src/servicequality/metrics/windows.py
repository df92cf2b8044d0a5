"""Windows of time that a call states, and the check that their instants are zone-aware."""

from datetime import UTC, datetime

import polars as pl

from servicequality.checks import zone_aware
from servicequality.errors import ParameterError


def instant(name: str, value: datetime) -> datetime:
    """The value in UTC, if it is a zone-aware datetime.

    Raises:
        ParameterError: it is naive, or no datetime.
    """
    return zone_aware(name, value).astimezone(UTC)


def moment(column: str) -> pl.Expr:
    """The column in UTC: Polars compares instants only within one zone."""
    return pl.col(column).dt.convert_time_zone("UTC")


def within(column: str, since: datetime | None, until: datetime | None) -> pl.Expr:
    """Row rule: the instant lies in [since, until); None leaves that side open."""
    if since is not None and until is not None and not instant("since", since) < instant("until", until):
        raise ParameterError(f"since must lie before until, got {since} and {until}")
    at = moment(column)
    rule = at.is_not_null()
    if since is not None:
        rule = rule & (at >= pl.lit(instant("since", since)))
    return rule if until is None else rule & (at < pl.lit(instant("until", until)))
