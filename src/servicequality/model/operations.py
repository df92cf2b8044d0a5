"""The rows around a service desk as dataclasses: agents and their paid time, calls and chats, customers, releases."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from servicequality.model.record import Record

__all__ = ["Account", "Agent", "AgentKind", "AgentTime", "Contact", "ContactOutcome", "Deployment"]

AgentKind = Literal["human", "bot", "system"]
ContactOutcome = Literal["answered", "abandoned", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Record):
    """One call or chat that was offered to the agents.

    Attributes:
        contact_id: The contact's own id, unique in its table.
        at: When it was offered to the agents (instant); the time in a menu before that is no waiting.
        outcome: Whether an agent answered, the customer gave up, or it still waits; null if nobody knows.
        wait_seconds: From the offer to the answer, to the giving up, or to the instant of the export (seconds).
        talk_seconds: The conversation (seconds); null if there was none.
        hold_seconds: Of the conversation, how long the customer was put on hold (seconds).
        wrap_seconds: Work after the conversation (seconds).
        channel: How it came in (phone, chat …).
        queue: The queue or skill that it was offered to.
        agent_id: The agent who answered.
        customer_id: The person who called.
        ticket_id: The ticket that it is about.
    """

    contact_id: str
    at: dt.datetime
    outcome: ContactOutcome | None
    wait_seconds: float | None = None
    talk_seconds: float | None = None
    hold_seconds: float | None = None
    wrap_seconds: float | None = None
    channel: str | None = None
    queue: str | None = None
    agent_id: str | None = None
    customer_id: str | None = None
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Record):
    """One account on the agents' side for as long as it was what the row says: a person, a bot, a rule.

    An agent whose kind, team or tier changed has a row for each stretch; the stretches of one agent do not overlap.

    Attributes:
        agent_id: The id under which it writes, changes and holds tickets.
        kind: What it is: human, bot or system (a rule, an integration); null if unknown, and then each row's own word holds.
        team: The team that it belongs to.
        tier: The tier that it works in.
        valid_from: From when on the row holds (instant); null from ever.
        valid_to: Until when it holds, itself not included (instant); null for good.
    """

    agent_id: str
    kind: AgentKind | None = None
    team: str | None = None
    tier: str | None = None
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTime(Record):
    """One agent's time in one stretch, such as a shift or a day.

    Attributes:
        agent_id: The agent whose time it is.
        at: When the stretch began (instant).
        paid_seconds: Time that is paid for (seconds).
        available_seconds: Of it, logged in: handling work or ready for it (seconds).
        busy_seconds: Of that, handling work (seconds).
        handled: Contacts or tickets finished in it (count).
        team: The team that the agent worked for.
    """

    agent_id: str
    at: dt.datetime
    paid_seconds: float | None = None
    available_seconds: float | None = None
    busy_seconds: float | None = None
    handled: int | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """One customer, from the first day to the last.

    Attributes:
        account_id: The customer's own id, unique in its table.
        started_at: When it became a customer (instant).
        churned_at: When it left (instant); null while it stays.
        value: What it is worth, in one currency for the whole table.
        segment: The kind of customer it is.
        satisfaction: Its last answer to the question about satisfaction, on that question's own scale.
        engagement: How much it uses the product, in one unit for the whole table.
    """

    account_id: str
    started_at: dt.datetime
    churned_at: dt.datetime | None = None
    value: float | None = None
    segment: str | None = None
    satisfaction: float | None = None
    engagement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Record):
    """One release put into production.

    Attributes:
        deployment_id: The deployment's own id, unique in its table.
        at: When it reached production (instant).
        committed_at: When its oldest change was committed (instant).
        failed: Whether it had to be rolled back, hot-fixed or otherwise mended.
        restored_at: When service was good again after a failed one (instant); null until then.
        service: The service that was released.
    """

    deployment_id: str
    at: dt.datetime
    committed_at: dt.datetime | None = None
    failed: bool | None = None
    restored_at: dt.datetime | None = None
    service: str | None = None
