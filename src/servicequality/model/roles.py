"""Which column plays which role: column maps, synonyms, suggestions."""

import difflib
from collections.abc import Collection, Mapping

from servicequality.checks import listed, shown
from servicequality.errors import ParameterError

__all__ = ["assign_roles", "closest", "suggest"]

# What help desks and trackers call the columns that must be there.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "ticket_id": ("id", "ticket", "number", "key", "issue_key", "case_id", "case_number", "incident", "request_id"),
    "created_at": ("created", "opened_at", "opened", "open_date", "created_date", "creation_date", "create_time",
                   "sys_created_at", "sys_created_on", "submitted_at", "start", "reported_at"),
    "at": ("timestamp", "time", "date", "datetime", "created_at", "sent_at", "changed_at", "updated_at", "created",
           "started_at", "visited_at"),
    "author": ("author_type", "sender", "sender_type", "from", "role", "actor", "actor_type"),
    "field": ("field_name", "attribute", "column", "property", "changed_field"),
    "value": ("new_value", "to", "to_value", "new", "to_string"),
    "respondent_id": ("respondent", "respid", "response_id", "user_id", "customer_id", "participant", "id"),
    "question": ("item", "question_id", "item_id", "metric", "survey"),
    "score": ("rating", "answer", "response", "value", "nps", "csat"),
    "review_id": ("id", "review", "evaluation_id", "qa_id", "scorecard_id"),
    "category": ("criterion", "item", "question", "section"),
    "rating": ("score", "points", "mark", "value"),
    "incident_id": ("id", "number", "incident", "key", "alert_id"),
    "started_at": ("start", "started", "opened_at", "created_at", "detected_at", "begin", "down_at"),
    "session_id": ("id", "session", "visit_id", "visit"),
}  # fmt: skip


def assign_roles(
    table: str, available: Collection[str], roles: Collection[str], columns: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The column of every role that has one, and the faults of the map.

    Raises:
        ParameterError: `columns` names a role that the table does not have.
    """
    strangers = [role for role in columns if role not in roles]
    if strangers:
        raise ParameterError(
            f"columns={{{table!r}: …}} names {listed(map(shown, strangers))}; the roles of {table} are "
            f"{', '.join(roles)}{closest(strangers[0], roles)}"
        )
    faults = [
        f"{table}.{role}: the column {shown(column)} that columns={{{table!r}: {{{role!r}: {shown(column)}}}}} names "
        f"is not there{closest(column, available)}; the columns are {listed(map(shown, available))}"
        for role, column in columns.items()
        if column not in available
    ]
    taken = set(columns.values())
    assigned = {role: role for role in roles if role in available and role not in taken}
    assigned |= {role: column for role, column in columns.items() if column in available}
    return {role: assigned[role] for role in roles if role in assigned}, faults


def suggest(table: str, missing: Collection[str], available: Collection[str]) -> str:
    """The fault of a table without the columns of `missing`, with the map that would probably mend it."""
    free = list(available)
    likely: dict[str, str] = {}
    for role in missing:
        if (column := _likely(role, free)) is not None:
            likely[role] = column
            free.remove(column)
    example = likely or dict.fromkeys(missing, "your column")
    verdict = "probably" if likely else "if they have other names"
    return (
        f"{table}: required column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))} missing; "
        f"{verdict}: columns={{{table!r}: {example!r}}}; unused columns: {listed(map(shown, available))}"
    )


def closest(name: str, known: Collection[str]) -> str:
    """A remark that names the known word nearest to `name`, or nothing."""
    near = difflib.get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return f" (did you mean {shown(near[0])}?)" if near else ""


def _likely(role: str, available: Collection[str]) -> str | None:
    plain = {_plain(column): column for column in reversed(list(available))}
    for name in (role, *_SYNONYMS.get(role, ())):
        if _plain(name) in plain:
            return plain[_plain(name)]
    near = difflib.get_close_matches(_plain(role), plain, n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
