"""From events to rows: one a ticket, wait, review, agent or period, and the check of the data. Never here: a metric."""

from servicequality.events.answer_rows import answer_follow_ups
from servicequality.events.assignments import in_force
from servicequality.events.checked import checked_records
from servicequality.events.episode_rows import episodes
from servicequality.events.flows import flow
from servicequality.events.follow_up_rows import follow_ups
from servicequality.events.presence_rows import presence
from servicequality.events.quality import DataCheck, check
from servicequality.events.reviewed import reviewed_tickets
from servicequality.events.reviews import review_scores
from servicequality.events.status_rows import status_spells, status_times
from servicequality.events.ticket_facts import excluded_tickets, facts
from servicequality.events.ticket_rows import FirstResponse
from servicequality.events.uptime_rows import uptime
from servicequality.events.waits import reply_waits

__all__ = [
    "DataCheck",
    "FirstResponse",
    "answer_follow_ups",
    "check",
    "checked_records",
    "episodes",
    "excluded_tickets",
    "facts",
    "flow",
    "follow_ups",
    "in_force",
    "presence",
    "reply_waits",
    "review_scores",
    "reviewed_tickets",
    "status_spells",
    "status_times",
    "uptime",
]
