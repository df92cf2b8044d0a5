"""Presence: how long each agent was paid, available and in conversations, by period."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import shown, zone_aware
from servicequality.core import Computation, names_of, of_frame, shared_type
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import known_at
from servicequality.events.existing_keys import listed_keys
from servicequality.events.periods import Periods, check_every
from servicequality.events.presence_tables import Amounts, ContactTable, TimeTable
from servicequality.model import Records
from servicequality.model.validation import check_timezone
from servicequality.stats.uptime import cut_by_period, time_by_period
from servicequality.worktime.pauses import merge_pauses

__all__ = ["presence"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_FIGURES: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("paid_seconds", "available_seconds", "busy_seconds", "handled_seconds"), pl.Float64()),
    **dict.fromkeys(("contacts", "contacts_untimed"), pl.Int64()),
}


@of_frame
def presence(
    contacts: Any,
    agent_time: Any = None,
    *,
    since: dt.datetime,
    until: dt.datetime,
    by: str | Sequence[str] | None = (),
    keys: Any = None,
    every: str | None = None,
    timezone: str | None = None,
    at: str = "at",
    agent: str = "agent_id",
    wait: str = "wait_seconds",
    talk: str = "talk_seconds",
    wrap: str | None = None,
    outcome: str = "outcome",
    paid: str | None = "paid_seconds",
    available: str | None = "available_seconds",
    busy: str | None = "busy_seconds",
) -> Computation:
    """How long each agent was paid, available and in conversations in the window [since, until), one row an agent and period.

    An answered contact is a conversation: it begins `wait` after its offer and lasts for `talk`. Conversations are cut to the
    window and to its periods. An agent with two chats at once is busy once: busy time is what the conversations cover, handled
    time is what their lengths add up to. A stretch of agent time, such as a shift, lasts from its instant for the longest of
    its durations; where a period cuts it, each is split in proportion. The metrics `concurrency`, `occupancy` and
    `utilisation` are over these rows.

    Args:
        contacts: any dataframe, one row a contact, or `Records`, whose agent time is then read too; None where there are none.
            A lazy one gives a lazy answer.
        agent_time: any dataframe, one row a stretch of an agent's time; None takes that of the records, or has none. Lazy
            agent time alone is given as `Records(agent_time=…)`.
        since: where the window begins; with a time zone.
        until: where it ends, not later than the export; with a time zone.
        by: further key columns, such as "channel", of every table that is given. Within each of them an agent has rows of its
            own: chats at once, not chats next to a call.
        keys: the agents that exist, so that one without a contact has its row: a dataframe with the agent's column and those
            of `by`, or a sequence of agents where `by` is empty. None takes those with contacts or time in the window.
        every: the length of the periods: a number and m, h, d, w (from Monday), mo, q or y. None makes one row of the window.
        timezone: the zone whose days and months count; by default that of the instants.
        at: column of the instant when the contact was offered, and of that when a stretch of agent time began.
        agent: column of the agent, in contacts and in agent time.
        wait: column of the seconds from the offer to the conversation.
        talk: column of the conversation's seconds.
        wrap: column of the seconds of work after it, which then belong to the conversation; None leaves that work out.
        outcome: column that is "answered" where there was a conversation.
        paid: of agent time, column of the paid seconds; None where there is none.
        available: of agent time, column of the seconds logged in; None where there is none.
        busy: of agent time, column of the seconds of work, which is read where there are no contacts; None where there is none.

    Returns:
        Columns `agent, by…, period (with every), paid_seconds, available_seconds, busy_seconds, handled_seconds, contacts,
        contacts_untimed`, sorted by agent, keys and period. `contacts` counts conversations in the period in which they begin;
        `contacts_untimed` counts answered contacts whose wait or length is null, in the period of their offer: they are in no
        other column. What no table tells is null: the last three columns without contacts; paid and available time without
        agent time, where a stretch in the period does not state it, and where an agent has contacts in a period but no
        stretch. Answered contacts of no known agent make rows of a null agent, whose busy time is null.

    Raises:
        InputError: neither table is there; a column is missing or of a wrong type; seconds are negative, or an answered contact
            or a stretch has no instant; a stretch has no agent, or those of one agent overlap.
        ParameterError: a window that ends before it begins, or an option that cannot be read.
    """
    low, high = (known_at(zone_aware(name, instant)) for name, instant in (("since", since), ("until", until)))
    if not low < high:
        raise ParameterError(f"since must lie before until, got {since} and {until}")
    check_timezone(timezone)
    if every is not None:
        check_every(every)
    if isinstance(contacts, Records):
        agent_time = contacts.agent_time if agent_time is None else agent_time
        contacts = contacts.contacts
    if contacts is None and agent_time is None:
        raise InputError(
            "presence: expected contacts or agent time; got neither: say Records(contacts=…, agent_time=…)"
        )
    names = [agent, *names_of(by)]
    if twice := [name for name in names[1:] if name == agent]:
        raise ParameterError(f"by names {shown(twice[0])}, which is the agent's column: every agent has a row anyway")
    if taken := [name for name in names if name in ("period", *_FIGURES)]:
        raise ParameterError(
            f"a key is called {taken[0]!r}, as a column of the answer; rename the frame's column first"
        )
    talks = stretches = None
    if contacts is not None:
        talks = ContactTable(contacts, names, at=at, wait=wait, talk=talk, wrap=wrap, outcome=outcome)
    if agent_time is not None:
        amounts = Amounts(paid, available, busy if talks is None else None)
        stretches = TimeTable(agent_time, names, amounts, at=at)
    tables = [table for table in (talks, stretches) if table is not None]
    types = _key_types([table.schema for table in tables], names)
    zone = timezone or next((zone for table in tables if (zone := table.zone(at))), "UTC")
    existing = None if keys is None else listed_keys(keys, types, table="contacts or agent time", item="an agent")

    def compute() -> pl.DataFrame:
        starts = np.array([low]) if every is None else Periods(every, high - 1, zone).edges(low)[:-1]
        edges = np.append(np.maximum(starts, low), high)
        parts = [
            None if table is None else table.spans(types).filter(_within(low, high)) for table in (talks, stretches)
        ]
        inside = {f"key:{place}": name for place, name in enumerate(names)}
        owners = [rows.select(list(inside)) for rows in parts if rows is not None]
        if existing is not None:
            owners.append(existing.rename({name: key for key, name in inside.items()}))
        groups = pl.concat(owners).unique().sort(list(inside), nulls_last=True).with_row_index("group")
        spoken, worked = (
            None if rows is None else rows.join(groups, on=list(inside), how="left", nulls_equal=True) for rows in parts
        )
        figures = _figures(spoken, worked, groups, edges)
        answer = pl.DataFrame({name: values.ravel() for name, values in figures.items()}, nan_to_null=True)
        absent = [pl.lit(None, dtype).alias(name) for name, dtype in _FIGURES.items() if name not in figures]
        answer = answer.with_columns(absent).select(list(_FIGURES))
        if every is not None:
            period = pl.Series("period", np.tile(starts, groups.height)).cast(pl.Datetime("us", "UTC"))
            answer = answer.insert_column(0, period.dt.convert_time_zone(zone))
        repeated = groups.select(pl.col(list(inside)).repeat_by(len(starts)).explode())
        return pl.concat([repeated.rename(inside), answer], how="horizontal")

    def answered() -> dict[str, pl.DataType]:
        period = {} if every is None else {"period": pl.Datetime("us", zone)}
        return {**types, **period, **_FIGURES}

    return Computation(compute, answered)


def _figures(
    talks: pl.DataFrame | None, stretches: pl.DataFrame | None, groups: pl.DataFrame, edges: Integers
) -> dict[str, NDArray[Any]]:
    """What the tables tell of each agent and period, each of shape (agents, periods); NaN where it is not known."""
    figures: dict[str, NDArray[Any]] = {}
    if stretches is not None:
        n, amounts = _split(stretches, groups.height, edges)
        figures |= amounts
    if talks is not None:
        figures |= _conversations(talks, groups.height, edges)
        figures["busy_seconds"][groups["key:0"].is_null().to_numpy()] = np.nan  # who overlaps with whom is not known
        if stretches is not None:
            some = (figures["handled_seconds"] > 0) | (figures["contacts"] > 0) | (figures["contacts_untimed"] > 0)
            for values in amounts.values():
                values[some & (n == 0)] = np.nan
    return figures


def _conversations(talks: pl.DataFrame, groups: int, edges: Integers) -> dict[str, NDArray[Any]]:
    """Seconds busy and handled, and contacts."""
    timed = talks["timed"].to_numpy()
    group, start, end = (talks[name].cast(pl.Int64).to_numpy() for name in ("group", "start", "end"))
    begun = start >= edges[0]
    n, untimed = (_count(group[some], start[some], groups, edges) for some in (begun & timed, begun & ~timed))
    begins, ends = (np.clip(instants[timed], edges[0], edges[-1]) for instants in (start, end))
    handled = time_by_period(group[timed], begins, ends, edges=edges, groups=groups)
    busy = time_by_period(*merge_pauses(group[timed], begins, ends), edges=edges, groups=groups)
    return {"busy_seconds": busy / 1e6, "handled_seconds": handled / 1e6, "contacts": n, "contacts_untimed": untimed}


def _split(stretches: pl.DataFrame, groups: int, edges: Integers) -> tuple[Integers, dict[str, Floats]]:
    """How many stretches reach into each period, and the seconds of each kind in it, split evenly over their stretch."""
    group, start, end = (stretches[name].cast(pl.Int64).to_numpy() for name in ("group", "start", "end"))
    pieces = cut_by_period(np.maximum(start, edges[0]), np.minimum(end, edges[-1]), edges=edges)
    periods = len(edges) - 1
    places = group[pieces.span] * periods + pieces.period
    length = (end - start)[pieces.span]
    # A stretch that nothing cuts keeps its seconds to the last digit.
    part = np.divide(pieces.length, length, out=np.ones(len(length)), where=length > pieces.length)

    def summed(amount: Floats | None) -> NDArray[Any]:
        return np.bincount(places, weights=amount, minlength=groups * periods).reshape(groups, periods)

    amounts = {
        name: stretches[name].fill_null(np.nan).to_numpy() for name in Amounts._fields if name in stretches.columns
    }
    return summed(None), {
        f"{name}_seconds": summed(part * amount[pieces.span]) / 1e6 for name, amount in amounts.items()
    }


def _count(group: Integers, at: Integers, groups: int, edges: Integers) -> Integers:
    periods = len(edges) - 1
    places = group * periods + np.searchsorted(edges, at, "right") - 1
    return np.bincount(places, minlength=groups * periods).reshape(groups, periods).astype(np.int64)


def _within(low: int, high: int) -> pl.Expr:
    """Whether a span begins in the window or reaches into it."""
    start, end = pl.col("start"), pl.col("end")
    return (start < high) & ((end > low) | (start >= low))


def _key_types(schemas: Sequence[pl.Schema], names: Sequence[str]) -> Mapping[str, pl.DataType]:
    """The types in which the keys of the tables meet."""
    types: dict[str, pl.DataType] = {}
    for name in names:
        given = [schema[name] for schema in schemas]
        shared = shared_type(given)
        if shared is None:
            raise InputError(
                f"column {shown(name)} holds {given[0]} in contacts and {given[1]} in agent time; cast one to the other"
            )
        types[name] = shared
    return types
