"""What bots and AI agents resolve, pass on and leave undone: rates over episodes. Never here: how episodes are made."""

from typing import TYPE_CHECKING

from servicequality.metrics.automation import rates, resolving, timing
from servicequality.metrics.automation.rates import *
from servicequality.metrics.automation.resolving import *
from servicequality.metrics.automation.timing import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = rates.__all__ + resolving.__all__ + timing.__all__
