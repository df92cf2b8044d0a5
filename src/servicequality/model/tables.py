"""The names of the tables, and the record and id of each."""

from servicequality.model.operations import Account, Agent, AgentTime, Contact, Deployment
from servicequality.model.record import Record
from servicequality.model.rows import Change, HelpSession, Incident, Response, Review, SurveyAnswer, Ticket

__all__ = ["TABLES", "UNIQUE"]

TABLES: dict[str, type[Record]] = {
    "tickets": Ticket,
    "responses": Response,
    "changes": Change,
    "answers": SurveyAnswer,
    "reviews": Review,
    "incidents": Incident,
    "sessions": HelpSession,
    "contacts": Contact,
    "agents": Agent,
    "agent_time": AgentTime,
    "accounts": Account,
    "deployments": Deployment,
}
"""The tables of `Records` by their names there."""

UNIQUE: dict[type[Record], str] = {
    Ticket: "ticket_id",
    Incident: "incident_id",
    HelpSession: "session_id",
    Contact: "contact_id",
    Account: "account_id",
    Deployment: "deployment_id",
}
"""The id that names a row of its table; elsewhere an id repeats by its meaning."""
