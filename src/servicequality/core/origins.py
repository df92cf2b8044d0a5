"""Which call makes the columns that metrics read by default, for the message that misses one."""

from collections.abc import Iterable

from servicequality.checks import listed

__all__ = ["ORIGINS", "origin"]

ORIGINS: dict[str, tuple[str, ...]] = {
    "follow_ups(facts(records, as_of=…), as_of=…)": (
        "next_contact_seconds",
        "next_contact_observed",
        "resolution_age_seconds",
        "return_seconds",
        "return_observed",
        "first_resolution_age_seconds",
        "reopening_seconds",
        "reopening_observed",
    ),
    "facts(records, as_of=…)": (
        "first_response_seconds",
        "first_response_end",
        "first_resolution_seconds",
        "first_resolution_observed",
        "resolution_seconds",
        "resolution_observed",
        "first_action_seconds",
        "first_action_observed",
        "requester_wait_seconds",
        "agent_wait_seconds",
        "hold_seconds",
        "handle_seconds",
        "reopen_count",
        "reassignments",
        "escalations",
        "public_agent_messages",
        "customer_messages",
        "one_touch",
        "no_customer_followup",
        "closed_once_one_teammate",
    ),
    "reply_waits(records, as_of=…)": ("reply_wait_seconds", "reply_wait_end"),
    "sla.clocks(records, policies, as_of=…)": (
        "elapsed_seconds",
        "target_seconds",
        "overrun_seconds",
        "remaining_seconds",
    ),
}
"""The calls and their columns; a name that several tables share is in none."""


def origin(absent: Iterable[str]) -> str:
    """What to say after a list of columns that a frame does not have: the calls that make them, or nothing."""
    names = list(absent)
    calls = [
        f"{call} gives {listed(made)}"
        for call, columns in ORIGINS.items()
        if (made := [n for n in names if n in columns])
    ]
    return f". {'; '.join(calls)}: use its rows" if calls else ""
