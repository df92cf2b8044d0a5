"""How long things take, on facts: first response, waits, work, resolution. Never here: how events become durations.

A duration that is still running counts: it is known to be at least so long. Figures over finished rows alone exist under
names that say so.
"""

from servicequality.metrics.speed import stamps, waits, work
from servicequality.metrics.speed.stamps import *
from servicequality.metrics.speed.waits import *
from servicequality.metrics.speed.work import *

__all__: list[str] = []
__all__ += stamps.__all__
__all__ += waits.__all__
__all__ += work.__all__
