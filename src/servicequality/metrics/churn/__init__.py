"""Customers who leave: churn and retention, and figures weighted by value."""

from typing import TYPE_CHECKING

from servicequality.metrics.churn import rates, weighing
from servicequality.metrics.churn.rates import *
from servicequality.metrics.churn.weighing import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = rates.__all__ + weighing.__all__
