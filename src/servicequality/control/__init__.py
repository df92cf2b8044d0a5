"""Control charts of tidy series, as frames. Never here: formulas of limits (`stats`), pictures (`report`)."""

from servicequality.control.charts import c_chart, p_chart, u_chart, xmr
from servicequality.control.drifts import cusum_chart, ewma_chart

__all__ = ["c_chart", "cusum_chart", "ewma_chart", "p_chart", "u_chart", "xmr"]
