"""The definitions, a module a family. Here: row rules poured into shapes. Never here: statistics, scans, events.

Adding a metric touches its family's module and that family's test; nothing else is edited by hand: each family's
`__all__` is the list.
"""

from typing import TYPE_CHECKING

from servicequality.metrics import flow, resolution, satisfaction, sla, speed
from servicequality.metrics.flow import *
from servicequality.metrics.resolution import *
from servicequality.metrics.satisfaction import *
from servicequality.metrics.sla import *
from servicequality.metrics.speed import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = flow.__all__ + resolution.__all__ + satisfaction.__all__ + sla.__all__ + speed.__all__
