"""How well people get on with the software: SUS, UMUX, task success, time on task, training, steps."""

from typing import TYPE_CHECKING

from servicequality.metrics.usability import questionnaires, tasks
from servicequality.metrics.usability.questionnaires import *
from servicequality.metrics.usability.tasks import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = questionnaires.__all__ + tasks.__all__
