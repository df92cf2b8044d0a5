"""Calls and chats: how fast they are answered, how many give up, how busy the agents are, what they cost."""

from typing import TYPE_CHECKING

from servicequality.metrics.contact_centre import answering, handling, parallel
from servicequality.metrics.contact_centre.answering import *
from servicequality.metrics.contact_centre.handling import *
from servicequality.metrics.contact_centre.parallel import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = answering.__all__ + parallel.__all__ + handling.__all__
