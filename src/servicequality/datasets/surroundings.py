"""What surrounds the generated tickets: incidents and help-centre sessions as tables."""

import numpy as np
import polars as pl

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand, Hours, Outages
from servicequality.datasets.log import instants, look_up

__all__ = ["incidents_table", "sessions_table"]


def incidents_table(outages: Outages, as_of: int) -> pl.DataFrame:
    """The failures that have begun by `as_of`, and what is known of them by then."""
    n = len(outages.started)
    return pl.DataFrame(
        {
            "incident_id": pl.Series(np.arange(n)).cast(pl.String),
            "started_at": instants(outages.started, as_of),
            "acknowledged_at": instants(outages.acknowledged, as_of),
            "restored_at": instants(outages.restored, as_of),
            "resolved_at": instants(outages.resolved, as_of),
            "service": look_up(outages.service, e.PRODUCTS),
            "severity": look_up(outages.severity, ("critical", "major", "minor")),
            "planned": outages.planned,
        }
    ).filter(pl.col("started_at").is_not_null())


def sessions_table(
    rng: np.random.Generator, hours: Hours, demand: Demand, requester_ids: pl.Series, as_of: int
) -> pl.DataFrame:
    """One visit up to half an hour before every fourth ticket, and as many others as there are tickets."""
    n = len(demand.created)
    came = np.flatnonzero(rng.random(n) < 0.25)
    alone = n
    contacted = np.concatenate([demand.created[came], np.full(alone, e.NEVER)])
    at = np.concatenate(
        [demand.created[came] - rng.integers(30, 1_800, len(came)), rng.integers(hours.start, hours.end, alone)]
    )
    visitor = np.concatenate([demand.requester[came], rng.integers(0, len(requester_ids), alone)])
    # Ids follow the order of the whole history, whatever part of it is shown.
    order = np.argsort(at, kind="stable")
    at, contacted, visitor = at[order], contacted[order], visitor[order]
    says = rng.random(len(at)) < 0.4
    solved = rng.random(len(at)) < np.where(contacted < e.NEVER, 0.05, 0.7)
    return pl.DataFrame(
        {
            "session_id": pl.int_range(len(at), eager=True).cast(pl.String),
            "at": instants(at, as_of),
            "visitor_id": requester_ids.gather(visitor),
            "views": 1 + rng.poisson(1.2, len(at)),
            "searches": rng.poisson(0.8, len(at)),
            "solved": pl.Series(solved).set(pl.Series(~says), None),
            "contacted_at": instants(contacted, as_of),
        }
    ).filter(pl.col("at").is_not_null())
