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
    _refuse_unknown(by, schemas)
    joined = {
        grain: [key for key in by if key not in names]
        for grain, names in schemas.items()
        if "ticket_id" in names and _has_ticket(records, grain)
    }
    joined = {grain: keys for grain, keys in joined.items() if keys and set(keys) <= set(own)}
    lacks = {
        grain: _no_keys(grain, [key for key in by if key not in names])
        for grain, names in schemas.items()
        if grain not in joined and not set(by) <= set(names)
    }
    needed = {grain: _needed(grain, metrics, by, joined.get(grain, ()), dated=dated) for grain in grains}
    whole: dict[str, pl.LazyFrame] = {}
    if tickets is not None and (joined or set(_OF_TICKETS) & set(grains) - set(lacks)):
        names = set[str]().union(*(needed[grain] for grain in _OF_TICKETS if grain in needed and grain not in lacks))
        names |= {"ticket_id", *(key for keys in joined.values() for key in keys)} if joined else set()
        if "clock" in grains and "clock" not in lacks:
            names |= {"created_at", "resolved_at", "due_at"}
        whole["ticket"] = tickets.select(column(name) for name in own if name in names)
    if "wait" in plans and "wait" not in lacks:
        whole["wait"] = plans["wait"].select(column(name) for name in schemas["wait"] if name in needed["wait"])
    frames = dict(zip(whole, pl.collect_all(whole.values()), strict=True))
    heads = frames.get("ticket")
    for grain, plan in plans.items():
        if grain in lacks or grain == "wait":
            continue
        try:
            frames[grain] = _rows_of(grain, plan, needed[grain], by)
        except InputError as error:
            lacks[grain] = str(error)
    for grain, keys in joined.items():
        if grain in frames and heads is not None:
            frames[grain] = frames[grain].join(
                heads.select("ticket_id", *map(column, keys)), on="ticket_id", how="left"
            )
    if heads is not None and "clock" in grains and "clock" not in lacks:
        frames["clock"] = due_clocks(heads, as_of=as_of)
    if "ticket" in lacks or "ticket" not in grains:
        frames.pop("ticket", None)
    if dated:
        frames = {grain: _with_instant(frame, grain) for grain, frame in frames.items()}
    return GrainFrames(frames=frames, lacks=lacks)


def _known(table: pl.LazyFrame, grain: str, as_of: dt.datetime) -> pl.LazyFrame:
    """The rows that began by `as_of`, or say no instant."""
    at = _instant(grain)
    return table.filter(at.is_null() | (at.dt.timestamp("us") <= pl.lit(as_of).dt.timestamp("us")))


def _instant(grain: str) -> pl.Expr:
    return pl.coalesce(_INSTANTS.get(grain, ("at",)))


def _with_instant(frame: pl.DataFrame, grain: str) -> pl.DataFrame:
    return frame.with_columns(_instant(grain).alias(AT))


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
    return records.tickets is not None and (grain == "wait" or records.has(TABLES_OF_GRAINS[grain], "ticket_id"))


def _refuse_unknown(by: Sequence[str], schemas: Mapping[str, Collection[str]]) -> None:
    known = list(dict.fromkeys(name for names in schemas.values() for name in names))
    if strange := [key for key in by if key not in known]:
        raise InputError(
            f"by: no rows have the column {shown(strange[0])}{near(strange[0], known)}; the columns are {listed(known)}"
        )


def _no_keys(grain: str, keys: Sequence[str]) -> str:
    return (
        f"{TABLES_OF_GRAINS[grain]} have no column {listed(keys)}, and no ticket that has it; "
        "leave it out of by=, or join it to them"
    )
