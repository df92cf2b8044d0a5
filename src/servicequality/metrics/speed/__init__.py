"""How long things take: first response, waits, work, resolution. Never here: how events become durations (`events`)."""

# A duration that is still running counts: it is known to be at least so long. Figures over finished rows alone have names
# that end in `_observed_only`.

from typing import TYPE_CHECKING

from servicequality.metrics.speed import stamps, waits, work
from servicequality.metrics.speed.stamps import *
from servicequality.metrics.speed.waits import *
from servicequality.metrics.speed.work import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = stamps.__all__ + waits.__all__ + work.__all__
