"""What to ask the export's owner about what was found."""

from servicequality.events.as_of import COUNTERS
from servicequality.events.declared import DISGUISED, UNDECLARED, UNKNOWN_KIND
from servicequality.events.findings import AUTOMATED, NAMELESS, STRANGE_REASON, TIED
from servicequality.events.vocabulary import UNUSED

__all__ = ["CLOSED", "CONTRADICTED", "QUESTIONS", "differs"]

CLOSED = "resolved by a close alone"
CONTRADICTED = "stamp that the log contradicts"


def differs(counter: str) -> str:
    """The finding that a count of the ticket's own system is not what its log comes to."""
    return f"{counter} of the export is not that of the log"


QUESTIONS = {
    "duplicate id": "Which row of a ticket is the right one?",
    "duplicate row": "Are repeated rows one event that was exported twice, or two events?",
    "stamp before creation": "Do all stamps use the same clock and time zone as the creation?",
    "stamps reversed": "Is a stamp overwritten when a ticket is reopened, and which one?",
    "of no ticket": "Were tickets deleted, or left out of this export, whose events are here?",
    "before its ticket was created": "Are events moved from merged tickets, or is the creation stamped late?",
    TIED: "In which order did events of one instant happen, and does the export hold a sequence?",
    CLOSED: "Is a close the end of the work here, or are the resolutions missing from the export?",
    **{differs(name): f"How does the export count {name}?" for name in COUNTERS},
    "unknown author": "Who wrote the messages without an author: customers, agents, or rules?",
    "agent message without author_id": "Which agents wrote the messages that name none?",
    "taken for the opening text": "Which messages are the texts that opened their tickets?",
    "field that nothing reads": "What do these fields mean, and is one of them a status, an agent, a team or a tier?",
    NAMELESS: "In which of these statuses is the work over, or on hold?",
    "previous value is not the row above": "Are changes missing from the log?",
    **{
        finding: f"Which statuses of the export belong in {name}=, as they are spelt there?"
        for name, finding in UNUSED.items()
    },
    STRANGE_REASON: "Should tickets with these marks count?",
    CONTRADICTED: "Which is right where a stamp and the log differ: does a rule, a bot or an import set the stamp?",
    AUTOMATED: "Is {examples} a bot? If so, list it in agents with kind='bot'.",
    DISGUISED: "Was {examples} a bot from its first message on?",
    UNDECLARED: "Who are the agents that the table of agents does not list: persons, bots or rules?",
    UNKNOWN_KIND: "Of which kind are the agents without one: human, bot or system?",
    "without changes": "From when on are changes logged, and for which tickets?",
}
"""For each finding that calls for an answer the question; `{examples}` stands for the cases."""
