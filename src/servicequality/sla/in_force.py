"""What was in force at an instant, and which policy and target follow."""

# In force is the value of the last change at or before the instant; before a field's first change, the value of the
# log's column `previous`, or else of the ticket's own column.

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import changes_of, known_at, known_events
from servicequality.events.assignments import HELD
from servicequality.events.numbering import one_after_another
from servicequality.model import Records
from servicequality.model.roles import closest
from servicequality.sla.candidates import History
from servicequality.sla.log import Codes, Log, Times
from servicequality.sla.policy import CLOCKS, NEEDS, Policy
from servicequality.worktime import Schedules

__all__ = ["SHOWN", "choose", "columns_of_policies", "held", "holds", "targets"]

SHOWN = ("status", "team", "agent_id")
"""The ticket's columns, beside its priority, that every clock shows as they were when it stopped."""

_FIELD = {column: field for field, column in HELD.items()}


def columns_of_policies(policies: Sequence[Policy], records: Records) -> list[str]:
    """The columns that the policies read.

    Raises:
        InputError: There are no tickets, or not the table that a target is read from.
        ParameterError: A condition is not true or false, or it or the choice of a schedule names a column that the tickets
            do not have, and no log does.
    """
    if records.tickets is None:
        raise InputError("expected records with tickets; got none: say Records(tickets=...), one row a ticket")
    tickets = records.tickets.collect_schema()
    policy_columns: dict[str, None] = {}
    for policy in policies:
        for target in policy.targets:
            table = NEEDS.get(target.clock)
            if table is not None and getattr(records, table) is None:
                raise InputError(
                    f"expected records with {table}; got none: a target for {target.clock} needs Records({table}=...), "
                    "so leave the target out or give the table"
                )
        names = set() if policy.when is None else set(policy.when.meta.root_names())
        names |= {schedule.column for schedule in policy.schedules if isinstance(schedule, Schedules)}
        for name in sorted(names):
            if name not in tickets and records.changes is None:
                raise ParameterError(
                    f"policy {policy.name!r} reads {name!r}{closest(name, tickets)}, which is not a column of the "
                    "tickets and, without Records(changes=...), no field of a change"
                )
        if policy.when is not None:
            columns = {name: tickets.get(name, pl.String()) for name in names}
            (dtype,) = pl.LazyFrame(schema=columns).select(policy.when).collect_schema().dtypes()
            if dtype != pl.Boolean:
                raise ParameterError(f"policy {policy.name!r}: when must be true or false; {policy.when} is {dtype}")
        policy_columns |= dict.fromkeys(sorted(names))
    return list(policy_columns)


def held(history: History, names: Iterable[str], ticket: Codes, at: Times, status: pl.DataFrame) -> pl.DataFrame:
    """The columns as they were for each ticket number at each instant; `status` is the log of statuses."""
    tickets, changes = history.records.tickets, changes_of(history.records)
    assert tickets is not None
    names = list(dict.fromkeys(names))
    numbered = history.tickets.lazy()
    own = [name for name in names if name in tickets.collect_schema()]
    lazy = [
        numbered.join(
            tickets.select("ticket_id", *map(column, own)), on="ticket_id", how="left", maintain_order="left"
        ).select(map(column, own))
    ]
    logged = [name for name in names if changes is not None and name != "status"]
    if changes is not None:
        carried = history.records.has("changes", "previous")
        before = pl.col("previous") if carried else pl.lit(None, pl.String)
        for name in logged:
            rows = known_events(
                changes.filter(pl.col("field") == _FIELD.get(name, name)), history.numbers, history.known
            )
            lazy.append(one_after_another(rows.select("_ticket", "_at", "value", before.alias("previous"))))
    heads, *logs = pl.collect_all(lazy)
    columns = {name: heads[name].gather(ticket) for name in own}
    if changes is not None and "status" in names:
        logged.append("status")
        logs.append(
            status.drop_nulls("status").select("_ticket", "_at", value="status", previous=pl.lit(None, pl.String))
        )
    for name, log in zip(logged, logs, strict=True):
        columns[name] = _in_force(log, columns.get(name), history.tickets.height, ticket, at)
    return pl.DataFrame({name: columns[name] for name in names})


def _in_force(log: pl.DataFrame, own: pl.Series | None, tickets: int, ticket: Codes, at: Times) -> pl.Series:
    if not log.height:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(ticket)) if own is None else own
    rows = Log.of(log, tickets)
    first, last = rows.first[ticket], rows.last(ticket, at)
    later = pl.Series(last < first)
    dtype = pl.String if own is None else own.dtype
    frame = pl.DataFrame(
        {
            "later": later,
            "changes": rows.first[ticket + 1] > first,
            "value": log["value"].cast(dtype, strict=False).gather(np.maximum(last, 0)),
            "previous": log["previous"].cast(dtype, strict=False).gather(np.minimum(first, log.height - 1)),
            "own": pl.Series([None], dtype=dtype).new_from_index(0, len(ticket)) if own is None else own,
        }
    )
    value = pl.when("later").then(pl.when("changes").then("previous")).otherwise("value")
    known = value.is_not_null() | ~pl.col("later")
    return frame.select(pl.when(known).then(value).otherwise("own").alias("value")).to_series()


def choose(policies: Sequence[Policy], columns: pl.DataFrame, at: pl.Series) -> pl.Series:
    """The number of the first policy that holds for each row at its instant (microseconds); null if none does."""
    first = pl.coalesce(pl.when(holds(policy)).then(pl.lit(number, pl.Int64)) for number, policy in enumerate(policies))
    return columns.lazy().with_columns(at.alias("_at")).select("_at", policy=first).collect()["policy"]


def holds(policy: Policy) -> pl.Expr:
    """Whether a policy holds for a row: its condition on the columns, its validity on `_at` (microseconds)."""
    mask = pl.lit(value=True) if policy.when is None else policy.when.fill_null(value=False)
    if policy.since is not None:
        mask &= pl.col("_at") >= known_at(policy.since)
    if policy.until is not None:
        mask &= pl.col("_at") < known_at(policy.until)
    return mask


def targets(policies: Sequence[Policy], rows: pl.DataFrame, place: int) -> pl.Series:
    """The budget of each clock in microseconds, by `_policy`, `kind` and `priority`; -1 where there is none.

    `place`: of the policy's schedules, the one whose targets are read. A wait before the first response, `_is_first`, has no
    target that leaves such waits out.
    """
    named = sorted(
        {target.priority.lower() for one in policies for target in one.targets if target.priority is not None}
    )
    # The last axis: waits that began before the first response, and all others.
    table = np.full((len(policies), len(CLOCKS), len(named) + 1, 2), -1, np.int64)
    for number, one in enumerate(policies):
        chosen = [target for target in one.targets if one.schedules.index(one.schedule_of(target)) == place]
        # Those for all priorities first, so that those for one overwrite them.
        for target in sorted(chosen, key=lambda target: target.priority is not None):
            column = slice(None) if target.priority is None else named.index(target.priority.lower())
            budget = round(target.seconds * 1_000_000)
            table[number, CLOCKS.index(target.clock), column] = [budget, budget if target.first_wait else -1]
    priority = (
        rows["priority"]
        .str.to_lowercase()
        .replace_strict(named, range(len(named)), default=len(named), return_dtype=pl.Int64)
    )
    which = (rows["_policy"], rows["kind"].to_physical(), priority, rows["_is_first"].cast(pl.UInt8))
    return pl.Series(table[tuple(codes.to_numpy() for codes in which)])
