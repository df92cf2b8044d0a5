"""Services that fail and come back: availability, time between failures, error budgets, deployments."""

from typing import TYPE_CHECKING

from servicequality.metrics.reliability import budgets, deployments, outages, repair, series
from servicequality.metrics.reliability.budgets import *
from servicequality.metrics.reliability.deployments import *
from servicequality.metrics.reliability.outages import *
from servicequality.metrics.reliability.repair import *
from servicequality.metrics.reliability.series import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = budgets.__all__ + deployments.__all__ + outages.__all__ + repair.__all__ + series.__all__
