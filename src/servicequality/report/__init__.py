"""Results for people to read: tables in plain text, charts, files, the demo's pages."""

# Nothing is rounded in data, only in printing.

from servicequality.report.charts import (
    attainment_chart,
    backlog_chart,
    budget_chart,
    change_chart,
    dumbbell,
    funnel_chart,
    gap_bars,
    group_chart,
    importance_performance_map,
    lag_chart,
    pareto_chart,
    pdf,
    png,
    survival_chart,
    svg,
    time_chart,
    volume_chart,
    zone_chart,
)
from servicequality.report.files import to_csv, to_json, write
from servicequality.report.listings import listing
from servicequality.report.showing import Shown, show
from servicequality.report.tables import table

__all__ = [
    "Shown",
    "attainment_chart",
    "backlog_chart",
    "budget_chart",
    "change_chart",
    "dumbbell",
    "funnel_chart",
    "gap_bars",
    "group_chart",
    "importance_performance_map",
    "lag_chart",
    "listing",
    "pareto_chart",
    "pdf",
    "png",
    "show",
    "survival_chart",
    "svg",
    "table",
    "time_chart",
    "to_csv",
    "to_json",
    "volume_chart",
    "write",
    "zone_chart",
]
