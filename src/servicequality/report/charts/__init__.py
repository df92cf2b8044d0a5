"""Charts of results as plain Altair charts, one function a question. They need the extra `plot`; use `svg` for a web page."""

from servicequality.report.charts.attainments import attainment_chart
from servicequality.report.charts.budgets import budget_chart
from servicequality.report.charts.causes import pareto_chart
from servicequality.report.charts.changes import change_chart
from servicequality.report.charts.curves import survival_chart
from servicequality.report.charts.drawing import pdf, png, svg
from servicequality.report.charts.flows import backlog_chart
from servicequality.report.charts.funnels import funnel_chart
from servicequality.report.charts.gaps import dumbbell, gap_bars
from servicequality.report.charts.groups import group_chart
from servicequality.report.charts.hours import volume_chart
from servicequality.report.charts.lags import lag_chart
from servicequality.report.charts.priorities import importance_performance_map
from servicequality.report.charts.series import time_chart
from servicequality.report.charts.zones import zone_chart

__all__ = [
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
    "pareto_chart",
    "pdf",
    "png",
    "survival_chart",
    "svg",
    "time_chart",
    "volume_chart",
    "zone_chart",
]
