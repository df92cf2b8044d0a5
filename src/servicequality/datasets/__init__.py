"""Generated data whose truth is known: a service desk, a survey. Never: real data."""

from servicequality.datasets.bot_tickets import BotTruth, bot_desk, bot_desk_with_truth
from servicequality.datasets.calibration import calibration_reviews, calibration_truth
from servicequality.datasets.desk import Truth, service_desk, service_desk_with_truth
from servicequality.datasets.questionnaire import servqual_survey, servqual_truth

__all__ = [
    "BotTruth",
    "Truth",
    "bot_desk",
    "bot_desk_with_truth",
    "calibration_reviews",
    "calibration_truth",
    "service_desk",
    "service_desk_with_truth",
    "servqual_survey",
    "servqual_truth",
]
