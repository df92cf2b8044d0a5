"""Charts of results as plain Altair charts, one function a question. They need the extra `plot`; use `svg` for a web page."""

from servicequality.report.charts.gaps import dumbbell, gap_bars
from servicequality.report.charts.priorities import importance_performance_map
from servicequality.report.charts.series import time_chart
from servicequality.report.charts.style import svg
from servicequality.report.charts.zones import zone_chart

__all__ = ["dumbbell", "gap_bars", "importance_performance_map", "svg", "time_chart", "zone_chart"]
