"""Whether tickets were settled, by whom, and whether it held: rates over tickets. Never here: durations (`speed`)."""

from typing import TYPE_CHECKING

from servicequality.metrics.resolution import first_contact, moves, reopening
from servicequality.metrics.resolution.first_contact import *
from servicequality.metrics.resolution.moves import *
from servicequality.metrics.resolution.reopening import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = first_contact.__all__ + reopening.__all__ + moves.__all__
