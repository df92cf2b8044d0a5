"""The definitions, a module a family. Here: row rules poured into shapes. Never here: statistics, scans, events.

Adding a metric touches its family's module and that family's test; nothing else is edited by hand.
"""

from servicequality.metrics.flow import backlog, inflow, net_flow, outflow, ticket_volume
from servicequality.metrics.satisfaction import (
    aapor_response_rate,
    bottom_box,
    ces,
    csat,
    csat_mean,
    net_score,
    non_response_bounds,
    nps,
    response_rate,
    top_box,
)
from servicequality.metrics.sla import sla_attainment
from servicequality.metrics.speed import (
    first_response_time,
    first_response_time_observed_only,
    resolution_time,
    resolution_time_observed_only,
)

__all__ = [
    "aapor_response_rate",
    "backlog",
    "bottom_box",
    "ces",
    "csat",
    "csat_mean",
    "first_response_time",
    "first_response_time_observed_only",
    "inflow",
    "net_flow",
    "net_score",
    "non_response_bounds",
    "nps",
    "outflow",
    "resolution_time",
    "resolution_time_observed_only",
    "response_rate",
    "sla_attainment",
    "ticket_volume",
    "top_box",
]
