"""Service-quality metrics with stated definitions and honest intervals: `import servicequality as sq`, then `sq.nps`."""

from typing import TYPE_CHECKING

from servicequality import metrics
from servicequality import tables as tables
from servicequality.checks import unknown_name
from servicequality.comparison import compare as compare
from servicequality.core import Estimate as Estimate
from servicequality.core import Metric as Metric
from servicequality.core import define as define
from servicequality.core import define_table as define_table
from servicequality.core import evaluate as evaluate
from servicequality.core import plan as plan
from servicequality.events import answer_follow_ups as answer_follow_ups
from servicequality.events import check as check
from servicequality.events import checked_records as checked_records
from servicequality.events import episodes as episodes
from servicequality.events import facts as facts
from servicequality.events import flow as flow
from servicequality.events import follow_ups as follow_ups
from servicequality.events import presence as presence
from servicequality.events import reply_waits as reply_waits
from servicequality.events import review_scores as review_scores
from servicequality.events import reviewed_tickets as reviewed_tickets
from servicequality.events import status_spells as status_spells
from servicequality.events import uptime as uptime
from servicequality.key_figures import overview as overview
from servicequality.metrics import *
from servicequality.model import Account as Account
from servicequality.model import Agent as Agent
from servicequality.model import AgentTime as AgentTime
from servicequality.model import Change as Change
from servicequality.model import Contact as Contact
from servicequality.model import Deployment as Deployment
from servicequality.model import HelpSession as HelpSession
from servicequality.model import Incident as Incident
from servicequality.model import Records as Records
from servicequality.model import Response as Response
from servicequality.model import Review as Review
from servicequality.model import SurveyAnswer as SurveyAnswer
from servicequality.model import Ticket as Ticket
from servicequality.scorecard import Objective as Objective
from servicequality.scorecard import Scorecard as Scorecard
from servicequality.servqual import metrics as instruments
from servicequality.servqual import tolerance
from servicequality.servqual.metrics import *
from servicequality.servqual.tolerance import *

from servicequality import catalogue as catalogue  # isort: skip  (it reads the metrics)

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = [
        "Account",
        "Agent",
        "AgentTime",
        "Change",
        "Contact",
        "Deployment",
        "Estimate",
        "HelpSession",
        "Incident",
        "Metric",
        "Objective",
        "Records",
        "Response",
        "Review",
        "Scorecard",
        "SurveyAnswer",
        "Ticket",
        "answer_follow_ups",
        "catalogue",
        "check",
        "checked_records",
        "compare",
        "define",
        "define_table",
        "episodes",
        "evaluate",
        "facts",
        "flow",
        "follow_ups",
        "overview",
        "plan",
        "presence",
        "reply_waits",
        "review_scores",
        "reviewed_tickets",
        "status_spells",
        "tables",
        "uptime",
    ]
    __all__ += metrics.__all__ + instruments.__all__ + tolerance.__all__

    def __getattr__(name: str) -> object:
        """Say what was meant by a name that is not there; checkers must not see this, or every name would be right."""
        raise unknown_name(__name__, name)
