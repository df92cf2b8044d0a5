"""The records of a service desk, one dataclass a table, with the meaning and unit of each field."""

# A field without a default is a column that must be there; a field that admits ``None`` may hold nulls.
# Ids are text (whole numbers become text), instants are aware datetimes, durations are seconds.

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from servicequality.model.record import Record

__all__ = ["Author", "Change", "HelpSession", "Incident", "Response", "Review", "SurveyAnswer", "Ticket"]

Author = Literal["customer", "agent", "bot", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Record):
    """One request for help, with the stamps that its system keeps.

    Attributes:
        ticket_id: The ticket's own id, unique in its table.
        created_at: When the ticket came into being (instant).
        first_response_at: When a person first answered in public (instant); null until then.
        first_resolved_at: When it was solved for the first time (instant); null until then.
        resolved_at: When it was solved for the last time (instant); null while it is open.
        closed_at: When it was closed for good (instant); null until then.
        due_at: When the promise made for it falls due (instant).
        first_response_due_at: When the promise of a first response falls due (instant).
        status: Where it stands now, in the words of its system; case is ignored.
        priority: How urgent it is, in the words of its system.
        channel: How it came in (email, chat, phone, web …).
        team: The team that holds it now.
        agent_id: The agent who holds it now.
        requester_id: The person who asked.
        account_id: The customer that the person belongs to.
        account_value: What that customer is worth, in one currency for the whole table.
        product: What it is about.
        category: What kind of request it is.
        opened_by: Whose text opened it (customer, agent, bot, system).
        excluded: Why it does not count (merged, spam, deleted, test); null if it counts.
        reopen_count: How often it was reopened, as its system counts.
        reassignments: How often it changed hands, as its system counts.
        handle_seconds: Work recorded on the whole ticket (seconds).
    """

    ticket_id: str
    created_at: dt.datetime
    first_response_at: dt.datetime | None = None
    first_resolved_at: dt.datetime | None = None
    resolved_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    first_response_due_at: dt.datetime | None = None
    status: str | None = None
    priority: str | None = None
    channel: str | None = None
    team: str | None = None
    agent_id: str | None = None
    requester_id: str | None = None
    account_id: str | None = None
    account_value: float | None = None
    product: str | None = None
    category: str | None = None
    opened_by: Author | None = None
    excluded: str | None = None
    reopen_count: int | None = None
    reassignments: int | None = None
    handle_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Record):
    """One message on a ticket, public or internal.

    Attributes:
        ticket_id: The ticket that it belongs to.
        at: When it was sent (instant).
        author: Who or what sent it: customer, agent, bot or system; null if unknown, and then it is nobody's reply. The
            table of agents outranks it.
        author_id: Who sent it.
        public: Whether the customer can see it.
        automated: Whether a rule sent it, such as an acknowledgement of receipt.
        opening: Whether it is the text that opened the ticket.
        channel: How it was sent.
        handle_seconds: Recorded work on it (seconds).
    """

    ticket_id: str
    at: dt.datetime
    author: Author | None
    author_id: str | None = None
    public: bool | None = None
    automated: bool | None = None
    opening: bool | None = None
    channel: str | None = None
    handle_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Record):
    """One field of a ticket that took a new value: reopening, hold, reassignment, escalation are all read from these.

    Attributes:
        ticket_id: The ticket that changed.
        at: When it changed (instant).
        field: What changed (status, priority, agent, team, tier, policy, schedule …).
        value: What it is from then on; null if it was emptied.
        previous: What it was before.
        sequence: The place of the change in its log, where several have one instant (count).
        actor: Who made the change: customer, agent, bot or system; null if unknown. The table of agents outranks it.
        actor_id: The person, bot or rule that made it.
    """

    ticket_id: str
    at: dt.datetime
    field: str
    value: str | None
    previous: str | None = None
    sequence: int | None = None
    actor: Author | None = None
    actor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswer(Record):
    """One question put to one person, answered or not.

    Attributes:
        respondent_id: The person who was asked.
        question: The question or item, by name or number.
        score: The answer, on the question's own scale; null if it was not answered.
        delivered_at: When the survey reached the person (instant).
        answered_at: When the person answered (instant); null until then.
        ticket_id: The ticket that the survey is about.
        weight: The respondent's sampling weight, 1 if all count alike.
        comment: The person's own words.
    """

    respondent_id: str
    question: str
    score: float | None
    delivered_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ticket_id: str | None = None
    weight: float | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    """One category of a quality review, rated by one reviewer.

    Attributes:
        review_id: The review; its categories share it.
        category: What was rated.
        rating: The rating on the category's own range; null if not applicable.
        scale_min: The lowest rating possible.
        scale_max: The highest rating possible.
        at: When the review was made (instant).
        ticket_id: The ticket that was reviewed.
        agent_id: The agent whose work was reviewed.
        reviewer_id: The person who reviewed.
        weight: The category's weight in the score.
        critical: Whether failing this category fails the whole review.
    """

    review_id: str
    category: str
    rating: float | None
    scale_min: float | None = None
    scale_max: float | None = None
    at: dt.datetime | None = None
    ticket_id: str | None = None
    agent_id: str | None = None
    reviewer_id: str | None = None
    weight: float | None = None
    critical: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Record):
    """One failure of a service.

    Attributes:
        incident_id: The incident's own id, unique in its table.
        started_at: When the service failed (instant).
        acknowledged_at: When somebody took it on (instant); null until then.
        restored_at: When the service worked again (instant); null until then.
        resolved_at: When the cause was removed (instant); null until then.
        service: The service that failed.
        severity: How bad it was, in the words of its system.
        planned: Whether it was maintenance announced beforehand.
    """

    incident_id: str
    started_at: dt.datetime
    acknowledged_at: dt.datetime | None = None
    restored_at: dt.datetime | None = None
    resolved_at: dt.datetime | None = None
    service: str | None = None
    severity: str | None = None
    planned: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpSession(Record):
    """One visit to the self-service help.

    Attributes:
        session_id: The visit's own id, unique in its table.
        at: When it began (instant).
        visitor_id: The person who came.
        views: Articles viewed (count).
        searches: Searches made (count).
        solved: Whether the person said that the help solved it.
        contacted_at: When the person asked for help from a human after all (instant); null if not.
    """

    session_id: str
    at: dt.datetime
    visitor_id: str | None = None
    views: int | None = None
    searches: int | None = None
    solved: bool | None = None
    contacted_at: dt.datetime | None = None
