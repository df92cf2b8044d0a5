"""How much comes, goes and stays: volume, backlog and its age, throughput, drain time."""

from typing import TYPE_CHECKING

from servicequality.metrics.flow import ages, counts, steadiness
from servicequality.metrics.flow.ages import *
from servicequality.metrics.flow.counts import *
from servicequality.metrics.flow.steadiness import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = counts.__all__ + ages.__all__ + steadiness.__all__
