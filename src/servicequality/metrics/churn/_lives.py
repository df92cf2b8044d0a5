"""Row rules for how long an account was a customer, as known at an instant."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment

YEAR = 365 * 86_400.0


class Lives(NamedTuple):
    """Row rules of accounts.

    Attributes:
        watched: the account had begun by `as_of`, and had not left by `since`.
        at_start: it was a customer at `since`.
        left: it had left by `as_of`.
        seconds: from its beginning to its leaving, or to `as_of`.
        entry: how long it had been a customer at `since`; 0 without one, or if it began later.
        refused: accounts that cannot be.
    """

    watched: pl.Expr
    at_start: pl.Expr
    left: pl.Expr
    seconds: pl.Expr
    entry: pl.Expr
    refused: dict[str, pl.Expr]


def lives(started: str, churned: str, *, as_of: datetime, since: datetime | None) -> Lives:
    """What the columns say of accounts at `as_of`, of those seen from `since` on.

    Raises:
        ParameterError: an instant is naive, or `since` does not lie before `as_of`.
    """
    now = instant("as_of", as_of)
    begun, gone = moment(started), moment(churned)
    left = (gone <= pl.lit(now)).fill_null(value=False)
    watched = (begun <= pl.lit(now)).fill_null(value=False)
    at_start, entry = watched, pl.lit(0.0)
    if since is not None:
        first = instant("since", since)
        if not first < now:
            raise ParameterError(f"since must lie before as_of, got {since} and {as_of}")
        stayed = (gone > pl.lit(first)).fill_null(value=True)
        watched = watched & stayed
        at_start = watched & (begun <= pl.lit(first)).fill_null(value=False)
        entry = (pl.lit(first) - begun).dt.total_microseconds().clip(0) / 1e6
    end = pl.when(left).then(gone).otherwise(pl.lit(now))
    return Lives(
        watched=watched,
        at_start=at_start,
        left=left,
        seconds=(end - begun).dt.total_microseconds() / 1e6,
        entry=entry,
        refused={"of accounts that end before they start": gone < begun},
    )
