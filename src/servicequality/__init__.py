"""Service-quality metric definitions with stated meanings, honest intervals and real speed.

import servicequality as sq

sq.nps("score").estimate(answers)
"""

from servicequality import metrics
from servicequality.core import Estimate, Metric, define, evaluate
from servicequality.metrics import *
from servicequality.model import Change, HelpSession, Incident, Records, Response, Review, SurveyAnswer, Ticket

__all__ = [
    "Change",
    "Estimate",
    "HelpSession",
    "Incident",
    "Metric",
    "Records",
    "Response",
    "Review",
    "SurveyAnswer",
    "Ticket",
    "define",
    "evaluate",
]
__all__ += metrics.__all__
