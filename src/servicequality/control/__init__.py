"""Is it still the same process? Control charts of tidy series, whose limits say what chance does to a steady one.

Here: charts as frames. Never: formulas of limits (see `stats`), pictures (see `report`), or a verdict on a person.
"""

from servicequality.control.charts import c_chart, p_chart, u_chart, xmr
from servicequality.control.drifts import cusum_chart, ewma_chart

__all__ = ["c_chart", "cusum_chart", "ewma_chart", "p_chart", "u_chart", "xmr"]
