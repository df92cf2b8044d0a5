"""What customers answer: NPS, CSAT, CES, boxes, response rates. Never here: SERVQUAL, or a formula's limits."""

from servicequality.metrics.satisfaction import boxes, response, scores
from servicequality.metrics.satisfaction.boxes import *
from servicequality.metrics.satisfaction.response import *
from servicequality.metrics.satisfaction.scores import *

__all__: list[str] = []
__all__ += boxes.__all__
__all__ += response.__all__
__all__ += scores.__all__
