"""From events to rows: one a ticket, a reply wait, a review or a period, and the check of the data. Never here: a metric."""

from servicequality.events.assignments import in_force
from servicequality.events.flows import flow
from servicequality.events.follow_up_rows import follow_ups
from servicequality.events.quality import DataCheck, check
from servicequality.events.reviews import review_scores
from servicequality.events.spells import status_spells, status_times
from servicequality.events.ticket_facts import excluded_tickets, facts
from servicequality.events.ticket_rows import FirstResponse
from servicequality.events.uptime_rows import uptime
from servicequality.events.waits import reply_waits

__all__ = [
    "DataCheck",
    "FirstResponse",
    "check",
    "excluded_tickets",
    "facts",
    "flow",
    "follow_ups",
    "in_force",
    "reply_waits",
    "review_scores",
    "status_spells",
    "status_times",
    "uptime",
]
