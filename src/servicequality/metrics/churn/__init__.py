"""Customers who leave: churn and retention."""

from typing import TYPE_CHECKING

from servicequality.metrics.churn import rates
from servicequality.metrics.churn.rates import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = rates.__all__
