"""Who held a ticket and when: agent, team and tier, joined as of an instant."""

from collections.abc import Collection

import polars as pl

from servicequality.checks import column, holds_instants, listed, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import changes_of, known_events, needed
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.events.per_ticket import Sum, any_of, count, distinct, earliest, first, last, latest, of_present
from servicequality.model import Records, TableLike, as_frame

__all__ = ["HELD", "assignment_facts", "in_force", "values_in_force"]

HELD = {"status": "status", "priority": "priority", "team": "team", "agent": "agent_id"}
"""The fields of `Change` that a column of `Ticket` holds too."""

_MOVES = ("agent", "team", "tier")
# The status in force comes with the other sums of the status.
_KEPT = [field for field in HELD if field != "status"]


def assignment_facts(
    changes: pl.LazyFrame, carried: bool, numbers: TicketNumbers, known: int, names: Collection[str]
) -> pl.LazyFrame:
    """What the moves of each ticket come to, of that what is asked, in the order of the tickets' numbers.

    `reassignments` and those of the agent and of the team alone, `handoffs`, `escalations`, `_teams`, and the fields in
    force: `_held_…`, and `_set_…` if there is one. `_prior_agent` held the ticket before the log begins; `_first_agent` and
    `_last_agent` are the first and the last to whom it was assigned later, with the instants. A first
    assignment is not a reassignment. Agent and team replaced at one instant are one. A tier that is set after creation is
    an escalation even if nothing says which one it was before: every ticket begins in some tier. All are null of a
    ticket without such changes. `carried`: the log says what the value was before.
    """
    carried_value = pl.col("previous") if carried else pl.lit(None, pl.String)
    read = sorted({*_MOVES, *_KEPT, *(["handoff"] if "handoffs" in names else [])})
    story = pl.col("_ticket").cast(pl.Int64) * len(read) + pl.col("field").cast(pl.Enum(read)).to_physical()
    rows = known_events(changes.filter(pl.col("field").is_in(read)), numbers, known).select(
        "_ticket", "_created", "_at", "field", "value", story.alias("_story"), carried_value.alias("_first")
    )
    begins = (pl.col("_story") != pl.col("_story").shift()).fill_null(value=True)
    rows = one_after_another(rows, by="_story").with_columns(
        pl.when(begins).then("_first").otherwise(pl.col("value").shift()).alias("previous"),
        pl.when(begins).then(pl.col("_first").fill_null("")).forward_fill().alias("_origin"),
        _began=begins & pl.col("_first").is_not_null(),
    )
    moved = (pl.col("previous") != pl.col("value")).fill_null(value=False)
    risen = moved | (
        pl.col("previous").is_null() & pl.col("value").is_not_null() & (pl.col("_at") > pl.col("_created"))
    )
    is_team, is_agent = pl.col("field") == "team", pl.col("field") == "agent"
    flagged = rows.with_columns(
        _moved=pl.when(moved & pl.col("field").is_in(["agent", "team"])).then("_at"),
        _risen=risen & (pl.col("field") == "tier"),
        _agent_moved=moved & is_agent,
        _team_moved=moved & is_team,
        _assigned=is_agent & pl.col("value").is_not_null() & pl.col("value").ne_missing(pl.col("previous")),
        _had_agent=is_agent & pl.col("_began"),
        _team=pl.when(is_team).then("value"),
        # The team before the first move counts too, once.
        _began=is_team & pl.col("_began"),
        _back=is_team & (pl.col("value") == pl.col("_origin")),
    )
    sums = {
        "reassignments": distinct(pl.col("_moved").rank("dense")),
        "agent_reassignments": count(pl.col("_agent_moved")),
        "team_reassignments": count(pl.col("_team_moved")),
        "handoffs": count(pl.col("field") == "handoff"),
        "escalations": count(pl.col("_risen")),
        "_prior_agent": first("_first", pl.String(), pl.col("_had_agent")),
        "_first_agent": first("value", pl.String(), pl.col("_assigned")),
        "_first_assigned": earliest(pl.col("_assigned")),
        "_last_agent": last("value", pl.String(), pl.col("_assigned")),
        "_last_assigned": latest(pl.col("_assigned")),
        "_logged_teams": distinct(pl.col("_team").cast(pl.Categorical).to_physical()),
        "_had_team": any_of(pl.col("_began")),
        "_back_in_team": any_of(pl.col("_back")),
        **_in_force(_KEPT),
    }
    teams = pl.col("_logged_teams") + (pl.col("_had_team") & ~pl.col("_back_in_team"))
    return of_present(flagged, sums, names, {"_teams": teams})


def values_in_force(
    changes: pl.LazyFrame, numbers: TicketNumbers, known: int, fields: Collection[str] = tuple(HELD)
) -> pl.LazyFrame:
    """For each field the latest value, `_held_…`, then `_set_…` if there is one, in the order of the tickets' numbers."""
    rows = known_events(changes.filter(pl.col("field").is_in(list(fields))), numbers, known)
    sums = _in_force(fields)
    return of_present(one_after_another(rows.select("_ticket", "_at", "field", "value")), sums, sums)


def _in_force(fields: Collection[str]) -> dict[str, Sum]:
    """For each field the last value of a ticket's rows, which are in the order of time, and whether there is one."""
    of = {field: pl.col("field") == field for field in fields}
    return {
        **{f"_held_{field}": last("value", pl.String(), which) for field, which in of.items()},
        **{f"_set_{field}": any_of(which) for field, which in of.items()},
    }


def in_force(
    rows: pl.LazyFrame | TableLike, records: Records, *, field: str, at: str, name: str | None = None
) -> pl.LazyFrame:
    """Each row with the value that a field of its ticket had at an instant: the last change at or before it.

    Args:
        rows: one row for whatever is asked, with `ticket_id` and the column `at`.
        records: the changes; where a ticket has none by then, the value is null.
        field: the field of `Change`, such as ``"priority"``.
        at: the column of `rows` that holds the instant.
        name: the new column, `field` by default.

    Returns:
        The rows in the order of `at`, with one more column (text).

    Raises:
        ParameterError: The records hold no changes, or `rows` already has the new column.
    """
    records = needed(records, "in_force")
    name, log, rows = name or field, changes_of(records), as_frame(rows).lazy()
    for parameter, text in {"field": field, "at": at, "name": name}.items():
        if not isinstance(text, str):
            raise ParameterError(f"{parameter} must be a text; got {shown(text)}")
    if log is None:
        raise ParameterError("in_force needs Records(changes=...), one row a change; got none")
    schema = rows.collect_schema()
    for needed_column in ("ticket_id", at):
        if needed_column not in schema:
            raise InputError(f"the rows have no column {shown(needed_column)}; they have {listed(map(shown, schema))}")
    dtype = schema[at]
    if not holds_instants(dtype):
        raise InputError(f"column {shown(at)} holds {dtype}, expected zone-aware instants")
    if name in schema:
        raise ParameterError(f"the rows have a column {shown(name)} already: give the value in force another name=")
    changes = log.filter(pl.col("field") == field).select("ticket_id", "at", pl.col("value").alias(name))
    if schema[at] == pl.Null:
        rows = rows.with_columns(column(at).cast(changes.collect_schema()["at"]))
    return rows.sort(at, maintain_order=True).join_asof(
        changes.sort("at", maintain_order=True),
        left_on=at,
        right_on="at",
        by="ticket_id",
        strategy="backward",
        coalesce=True,
        check_sortedness=False,
    )
