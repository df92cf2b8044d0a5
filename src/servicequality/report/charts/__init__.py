"""Charts of results, one function a question, each a plain Altair chart to go on with. What they share is in `style`.

They need the extra `plot`, which is imported when a chart is asked for. Never here: a figure that is computed otherwise than
in the frame that is drawn. For a page take `svg`: Altair's own HTML runs what a name in the data contains.
"""

from servicequality.report.charts.gaps import dumbbell, gap_bars
from servicequality.report.charts.priorities import importance_performance_map
from servicequality.report.charts.style import svg
from servicequality.report.charts.zones import zone_chart

__all__ = ["dumbbell", "gap_bars", "importance_performance_map", "svg", "zone_chart"]
