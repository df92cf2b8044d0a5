"""What customers answer: NPS, CSAT, CES, boxes, response rates. Never here: SERVQUAL (`servqual`)."""

from typing import TYPE_CHECKING

from servicequality.metrics.satisfaction import boxes, breakdown, closed_loop, response, scores
from servicequality.metrics.satisfaction.boxes import *
from servicequality.metrics.satisfaction.breakdown import *
from servicequality.metrics.satisfaction.closed_loop import *
from servicequality.metrics.satisfaction.response import *
from servicequality.metrics.satisfaction.scores import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = closed_loop.__all__ + boxes.__all__ + breakdown.__all__ + response.__all__ + scores.__all__
