"""The typed records of a service desk: dataclasses, schemas, `as_frame`, `Records`."""

from servicequality.model.frame_input import UNREADABLE as UNREADABLE
from servicequality.model.frame_input import TableLike, as_frame
from servicequality.model.frame_input import holds_rows as holds_rows
from servicequality.model.frames import from_frame, to_frame
from servicequality.model.operations import (
    Account,
    Agent,
    AgentKind,
    AgentTime,
    Contact,
    ContactOutcome,
    Deployment,
)
from servicequality.model.record import Record
from servicequality.model.records import Records
from servicequality.model.rows import (
    Author,
    Change,
    HelpSession,
    Incident,
    Response,
    Review,
    SurveyAnswer,
    Ticket,
)
from servicequality.model.schema import schema_of
from servicequality.model.tables import TABLES
from servicequality.model.validation import conform
from servicequality.model.validation import refuse as refuse
from servicequality.model.validity import validity_faults as validity_faults

__all__ = [
    "TABLES",
    "Account",
    "Agent",
    "AgentKind",
    "AgentTime",
    "Author",
    "Change",
    "Contact",
    "ContactOutcome",
    "Deployment",
    "HelpSession",
    "Incident",
    "Record",
    "Records",
    "Response",
    "Review",
    "SurveyAnswer",
    "TableLike",
    "Ticket",
    "as_frame",
    "conform",
    "from_frame",
    "schema_of",
    "to_frame",
]
