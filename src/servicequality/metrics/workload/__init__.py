"""What agents do: open, pending and solved tickets each, breadth of activity, utilisation."""

from typing import TYPE_CHECKING

from servicequality.metrics.workload import agents, breadth, shares
from servicequality.metrics.workload.agents import *
from servicequality.metrics.workload.breadth import *
from servicequality.metrics.workload.shares import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = agents.__all__ + shares.__all__ + breadth.__all__
