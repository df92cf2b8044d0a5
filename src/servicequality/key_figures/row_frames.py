"""The rows that an overview reads: one frame a grain, each with the columns that its figures need and no others."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from servicequality.checks import column, listed, near, shown
from servicequality.core import Metric
from servicequality.errors import InputError
from servicequality.events import facts, reply_waits, review_scores
from servicequality.events.assignments import HELD
from servicequality.events.reviews import KEPT
from servicequality.model import TABLES, Records, Review, schema_of
from servicequality.sla import due_clocks

__all__ = ["AT", "TABLES_OF_GRAINS", "GrainFrames", "grain_frames"]

AT = "servicequality.at"
"""The instant of a row that decides its period, where the rows have no other name for it."""

TABLES_OF_GRAINS = {
    "ticket": "tickets",
    "clock": "tickets",
    "wait": "responses",
    "answer": "answers",
    "contact": "contacts",
    "agent period": "agent_time",
    "session": "sessions",
    "scored review": "reviews",
    "incident": "incidents",
    "deployment": "deployments",
}
_INSTANTS = {
    "ticket": ("created_at",),
    "clock": ("created_at",),
    "wait": ("started_at",),
    "answer": ("answered_at", "delivered_at"),
    "incident": ("started_at",),
}
_OF_TICKETS = ("ticket", "clock")
_LABELS = frozenset(
    (
        "status",
        "priority",
        "channel",
        "team",
        "agent_id",
        "requester_id",
        "account_id",
        "product",
        "category",
        "opened_by",
    )
)
"""Roles of tickets that people group by; other columns of facts are made, whatever was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrainFrames:
    """The rows of each grain, and why those of others cannot be had.

    Attributes:
        frames: the rows by grain; the column `AT` decides a row's period.
        lacks: by grain, why its rows have no keys, no instants or no values.
    """

    frames: Mapping[str, pl.DataFrame]
    lacks: Mapping[str, str]


def grain_frames(
    records: Records,
    metrics: Sequence[Metric],
    *,
    as_of: dt.datetime,
    by: Sequence[str],
    dated: bool,
    ended: tuple[str, ...],
    excluded: tuple[str, ...],
) -> GrainFrames:
    """The rows that some metrics read, as known at `as_of`.

    Args:
        records: the tables.
        metrics: the metrics.
        as_of: the instant of knowledge, inclusive.
        by: key columns; rows with the id of a ticket have the columns of their ticket too.
        dated: whether rows are put into periods, so that they need an instant.
        ended: statuses in which the work is over.
        excluded: what keeps a ticket out.

    Raises:
        InputError: a key is a column of no rows at all, or tickets, messages or changes cannot be read.
    """
    grains = list(dict.fromkeys(metric.grain for metric in metrics))
    tickets = None
    if records.tickets is not None:
        tickets = facts(records, as_of=as_of, ended=ended, excluded=excluded)
    plans: dict[str, pl.LazyFrame] = {}
    if "wait" in grains:
        plans["wait"] = reply_waits(records, as_of=as_of, ended=ended, excluded=excluded)
    for grain in grains:
        if grain not in (*_OF_TICKETS, "wait"):
            plans[grain] = _known(records.tables[TABLES_OF_GRAINS[grain]], grain, as_of)
    schemas = {grain: _columns(records, grain, plan) for grain, plan in plans.items()}
    own = [] if tickets is None else _columns(records, "ticket", tickets)
    schemas |= dict.fromkeys((grain for grain in grains if grain in _OF_TICKETS), own)
    joined, lacks = _keys(records, schemas, own, by)
    needed = {grain: _needed(grain, metrics, by, joined.get(grain, ()), dated=dated) for grain in grains}
    whole: dict[str, pl.LazyFrame] = {}
    if tickets is not None:
        names = _of_tickets({grain: names for grain, names in needed.items() if grain not in lacks}, joined)
        whole["ticket"] = tickets.select(column(name) for name in own if name in names)
    if "wait" in plans and "wait" not in lacks:
        whole["wait"] = plans.pop("wait").select(column(name) for name in schemas["wait"] if name in needed["wait"])
    frames = dict(zip(whole, pl.collect_all(whole.values()), strict=True))
    heads = frames.pop("ticket", None)
    for grain, plan in plans.items():
        if grain not in lacks:
            try:
                frames[grain] = _rows_of(grain, plan, needed[grain], by)
            except InputError as error:
                lacks[grain] = str(error)
    if heads is not None:
        for grain, keys in joined.items():
            if grain in frames:
                ones = heads.select("ticket_id", *map(column, keys)).unique("ticket_id", keep="first")
                frames[grain] = frames[grain].join(ones, on="ticket_id", how="left")
        if "ticket" in grains and "ticket" not in lacks:
            frames["ticket"] = heads
        if "clock" in grains and "clock" not in lacks:
            frames["clock"] = due_clocks(heads, as_of=as_of)
    if dated:
        frames = {grain: frame.with_columns(_instant(grain).alias(AT)) for grain, frame in frames.items()}
    return GrainFrames(frames=frames, lacks=lacks)


def _keys(
    records: Records, schemas: Mapping[str, Sequence[str]], own: Sequence[str], by: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """By grain: the keys that its rows take from their ticket; and why rows have no keys.

    Args:
        records: the tables.
        schemas: the columns of each grain's rows.
        own: those of the tickets.
        by: the keys.

    Raises:
        InputError: a key is a column of no rows at all.
    """
    known = list(dict.fromkeys(name for names in schemas.values() for name in names))
    if strange := [key for key in by if key not in known]:
        raise InputError(
            f"by: no rows have the column {shown(strange[0])}{near(strange[0], known)}; the columns are {listed(known)}"
        )
    joined, lacks = {}, {}
    for grain, names in schemas.items():
        absent = [key for key in by if key not in names]
        if absent and set(absent) <= set(own) and _has_ticket(records, grain):
            joined[grain] = absent
        elif absent:
            lacks[grain] = (
                f"{TABLES_OF_GRAINS[grain]} have no column {listed(absent)}, and no ticket that has it; "
                "leave it out of by=, or join it to them"
            )
    return joined, lacks


def _of_tickets(needed: Mapping[str, set[str]], joined: Mapping[str, Sequence[str]]) -> set[str]:
    """The columns of the tickets that their own figures read, or rows of other grains."""
    names = needed.get("ticket", set()) | needed.get("clock", set())
    if "clock" in needed:
        names |= {"created_at", "resolved_at", "due_at"}
    return names | {"ticket_id", *(key for keys in joined.values() for key in keys)} if joined else names


def _known(table: pl.LazyFrame, grain: str, as_of: dt.datetime) -> pl.LazyFrame:
    """The rows that began by `as_of`, or say no instant."""
    at = _instant(grain)
    return table.filter(at.is_null() | (at.dt.timestamp("us") <= pl.lit(as_of).dt.timestamp("us")))


def _instant(grain: str) -> pl.Expr:
    return pl.coalesce(_INSTANTS.get(grain, ("at",)))


def _needed(
    grain: str, metrics: Sequence[Metric], by: Sequence[str], joined: Collection[str], *, dated: bool
) -> set[str]:
    """The columns that the metrics of a grain read, its keys and its instant."""
    alike = [metric for metric in metrics if metric.grain == grain]
    names = {bound.name for metric in alike for bound in metric.inputs} | (set(by) - set(joined))
    conditions = [metric.condition for metric in alike if metric.condition is not None]
    names = names.union(*(condition.meta.root_names() for condition in conditions))
    names |= {"ticket_id"} if joined else set()
    return names.union(_INSTANTS.get(grain, ("at",))) if dated else names


def _columns(records: Records, grain: str, plan: pl.LazyFrame) -> list[str]:
    """The columns of a grain's rows, without roles that the records were not given."""
    names = plan.collect_schema().names()
    if grain == "scored review":
        roles = set(schema_of(Review)) - set(KEPT)
        return [name for name in names if name not in roles]
    if grain == "wait":
        return names
    if grain == "ticket":
        logged = () if records.changes is None else HELD.values()
        return [name for name in names if name not in _LABELS or name in logged or records.has("tickets", name)]
    table = TABLES_OF_GRAINS[grain]
    return [name for name in names if name not in schema_of(TABLES[table]) or records.has(table, name)]


def _rows_of(grain: str, plan: pl.LazyFrame, needed: Collection[str], by: Sequence[str]) -> pl.DataFrame:
    if grain == "scored review":
        names = plan.collect_schema().names()
        plan = review_scores(plan, keep=[key for key in by if key in names])
    return plan.select(column(name) for name in plan.collect_schema().names() if name in needed).collect()


def _has_ticket(records: Records, grain: str) -> bool:
    if records.tickets is None or grain in _OF_TICKETS:
        return False
    return grain == "wait" or records.has(TABLES_OF_GRAINS[grain], "ticket_id")
