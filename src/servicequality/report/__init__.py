"""Results for people to read: tables in plain text, charts, the demo's pages."""

# Nothing is rounded in data, only in printing.

from servicequality.report.charts import dumbbell, gap_bars, importance_performance_map, svg, time_chart, zone_chart
from servicequality.report.listings import listing
from servicequality.report.tables import table

__all__ = ["dumbbell", "gap_bars", "importance_performance_map", "listing", "svg", "table", "time_chart", "zone_chart"]
