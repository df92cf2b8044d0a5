"""Generated deployments, some of which break something."""

import numpy as np
import polars as pl

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Hours, Outages, pick
from servicequality.datasets.log import instants, look_up

__all__ = ["deployments_table"]


def deployments_table(rng: np.random.Generator, hours: Hours, outages: Outages, as_of: int) -> pl.DataFrame:
    """Deployments by `as_of`: about five a week in opening hours, and the one that broke it before some outages.

    A failed deployment that made an outage is restored with it; another is rolled back within the hour, mostly.
    """
    span = hours.end - hours.start
    drawn = hours.start + rng.integers(0, span, int(rng.poisson(12 * span / (7 * e.DAY))))
    usual = np.sort(drawn[hours.open[hours.index(drawn)]])
    broke = np.flatnonzero(~outages.planned & (rng.random(len(outages.started)) < e.OUTAGE_BY_RELEASE_SHARE))
    culprits = outages.started[broke] - rng.integers(300, 3_600, len(broke))
    at = np.concatenate([usual, culprits])
    failed = np.concatenate([rng.random(len(usual)) < e.RELEASE_FAILURE_SHARE, np.ones(len(broke), np.bool_)])
    mended = usual + rng.lognormal(np.log(1_500), 0.7, len(usual)).astype(np.int64)
    restored = np.where(failed, np.concatenate([mended, outages.restored[broke]]), e.NEVER)
    lead = rng.lognormal(np.log(1.5 * e.DAY), 0.9, len(at)).astype(np.int64)
    service = np.concatenate([pick(rng, e.PRODUCT_SHARES, np.zeros(len(usual), np.int64)), outages.service[broke]])
    # Ids follow the order of the whole history, whatever part of it is shown.
    order = np.argsort(at, kind="stable")
    return pl.DataFrame(
        {
            "deployment_id": pl.int_range(len(at), eager=True).cast(pl.String),
            "at": instants(at[order], as_of),
            "committed_at": instants((at - lead)[order], as_of),
            "failed": failed[order],
            "restored_at": instants(restored[order], as_of),
            "service": look_up(service[order], e.PRODUCTS),
        }
    ).filter(pl.col("at").is_not_null())
