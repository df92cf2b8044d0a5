"""From events to facts: one row a ticket, a reply wait, a review, a period; the verdict on the data. Never here: a metric."""

from servicequality.events.assignments import in_force
from servicequality.events.flows import flow
from servicequality.events.quality import Verdict, check
from servicequality.events.returns import aftermath
from servicequality.events.reviews import review_scores
from servicequality.events.status_spells import status_times
from servicequality.events.ticket_facts import excluded_tickets, facts
from servicequality.events.ticket_rows import FirstResponse
from servicequality.events.waits import reply_waits

__all__ = [
    "FirstResponse",
    "Verdict",
    "aftermath",
    "check",
    "excluded_tickets",
    "facts",
    "flow",
    "in_force",
    "reply_waits",
    "review_scores",
    "status_times",
]
