"""The generated customers behind the tickets: who they are, what they are worth, how long they stay."""

# Every account began in the quarter before the desk's history and cannot leave within its first quarter, so that all who
# write are customers. From then on it leaves at a constant rate that falls with its satisfaction and its engagement. An
# account that has given notice is served on, and may still write.

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand, Hours
from servicequality.datasets.log import instants, look_up

__all__ = ["Customers", "accounts_table", "complete_accounts", "settle"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Every account that a ticket could name, one row each; instants in seconds, `churned` is NEVER for who stays."""

    started: Integers
    churned: Integers
    value: Floats
    segment: Integers
    satisfaction: Integers
    surveyed: NDArray[np.bool_]
    engagement: Floats
    yearly_rate: Floats


def settle(rng: np.random.Generator, hours: Hours, demand: Demand) -> Customers:
    """Accounts with the worth that their tickets say; satisfaction, engagement and a rate of leaving that follows from both."""
    n = int(demand.account.max()) + 1
    value = np.round(rng.lognormal(np.log(4_000), 1.2, n), 2)
    value[demand.account] = demand.account_value
    mood = rng.normal(0, 1, n)
    satisfaction = np.clip(np.rint(3.5 + mood), 1, 5).astype(np.int64)
    # The satisfied use it more, and those who use it more stay longer at equal satisfaction.
    log_engagement = 0.3 * mood + rng.normal(0, 0.5, n)
    rate = e.CHURN_PER_YEAR[satisfaction - 1] * np.exp(e.CHURN_PER_ENGAGEMENT * log_engagement)
    started = hours.start - rng.integers(1, e.FIRST_TERM, n)
    stays = e.FIRST_TERM + rng.exponential(1, n) / rate * 365 * e.DAY
    stays_on = stays > e.WATCHED_FOR
    return Customers(
        started=started,
        churned=np.where(stays_on, e.NEVER, started + np.where(stays_on, 0, stays).astype(np.int64)),
        value=value,
        segment=np.searchsorted(np.array([2_500.0, 10_000.0]), value, side="right").astype(np.int64),
        satisfaction=satisfaction,
        surveyed=rng.random(n) < 0.8,
        engagement=np.round(10 * np.exp(log_engagement), 1),
        yearly_rate=rate,
    )


def accounts_table(customers: Customers, account_ids: pl.Series, as_of: int) -> pl.DataFrame:
    """The accounts as they stood at `as_of`: satisfaction where one was asked, the end where it had come."""
    return complete_accounts(customers, account_ids).select(
        "account_id",
        "started_at",
        instants(customers.churned, as_of).alias("churned_at"),
        "value",
        "segment",
        pl.when(pl.Series(customers.surveyed)).then("satisfaction").cast(pl.Float64).alias("satisfaction"),
        "engagement",
    )


def complete_accounts(customers: Customers, account_ids: pl.Series) -> pl.DataFrame:
    """Every account with all that is true of it."""
    return pl.DataFrame(
        {
            "account_id": account_ids,
            "started_at": instants(customers.started, e.NEVER),
            "churned_at": instants(customers.churned, e.NEVER - 1),
            "value": customers.value,
            "segment": look_up(customers.segment, e.SEGMENTS),
            "satisfaction": customers.satisfaction,
            "engagement": customers.engagement,
            "yearly_rate": customers.yearly_rate,
        }
    )
