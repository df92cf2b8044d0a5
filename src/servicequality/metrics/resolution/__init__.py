"""Was it settled, by whom, and did it hold: rates over tickets, on facts and what came after. Never here: durations."""

from typing import TYPE_CHECKING

from servicequality.metrics.resolution import first_contact, moves, reopening
from servicequality.metrics.resolution.first_contact import *
from servicequality.metrics.resolution.moves import *
from servicequality.metrics.resolution.reopening import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = first_contact.__all__ + reopening.__all__ + moves.__all__
