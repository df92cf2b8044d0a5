"""Lists, series and answers of several figures at once: causes, spikes, what comes first, plans of reviews."""

from typing import TYPE_CHECKING

from servicequality.tables import arrivals, burning, causes, churn, little, oldest, priorities, review_plans, reviews
from servicequality.tables.arrivals import *
from servicequality.tables.burning import *
from servicequality.tables.causes import *
from servicequality.tables.churn import *
from servicequality.tables.little import *
from servicequality.tables.oldest import *
from servicequality.tables.priorities import *
from servicequality.tables.review_plans import *
from servicequality.tables.reviews import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = arrivals.__all__ + burning.__all__ + causes.__all__ + churn.__all__
    __all__ += little.__all__ + oldest.__all__ + priorities.__all__ + review_plans.__all__
    __all__ += reviews.__all__
