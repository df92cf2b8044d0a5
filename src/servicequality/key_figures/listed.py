"""Which figures an overview has: the definition of each, the rows that it reads, and what the records must hold."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from servicequality.core import Metric
from servicequality.metrics.contact_centre import abandonment_rate, contact_wait_time, occupancy, service_level
from servicequality.metrics.flow import backlog, backlog_age, ticket_volume
from servicequality.metrics.quality_assurance import qa_score
from servicequality.metrics.reliability import change_failure_rate, mean_time_to_restore
from servicequality.metrics.resolution import reopen_rate, resolution_rate
from servicequality.metrics.self_service import self_service_rate
from servicequality.metrics.sla import sla_attainment
from servicequality.metrics.speed import first_response_time, resolution_time, response_time
from servicequality.model import Records

__all__ = ["FIGURES", "KeyFigure", "status_log"]

Made = Callable[[dt.datetime], Metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One figure of an overview.

    Attributes:
        make: gives the metric at the instant of knowledge.
        table: the figure is listed where the records hold this table.
        needs: groups of alternatives, each a table ("responses"), a role ("tickets.due_at") or the status log; of every
            group one must be there.
        advice: what to do where one is not.
    """

    make: Made
    table: str
    needs: tuple[tuple[str, ...], ...] = ()
    advice: str = ""

    def lack(self, records: Records, *, logged: bool) -> str | None:
        """Why the records do not allow the figure; None where they do."""
        for alternatives in self.needs:
            if not any(_held(records, name, logged=logged) for name in alternatives):
                return f"the records hold no {' and no '.join(alternatives)}; {self.advice}"
        return None


_LOG = "changes of the status"
_ENDS = (_LOG, "tickets.resolved_at", "tickets.closed_at")
_END_ADVICE = "give one of them: without an end every ticket would count as open"


def status_log(records: Records) -> bool:
    """Whether any change is one of the status; the search ends at the first."""
    if records.changes is None:
        return False
    moves = records.changes.filter(pl.col("field") == "status").select("field").head(1)
    return moves.collect().height > 0


def _held(records: Records, name: str, *, logged: bool) -> bool:
    if name == _LOG:
        return logged
    table, _, role = name.partition(".")
    return records.has(table, role) if role else table in records.tables


def _at(definition: Callable[..., Metric], **options: Any) -> Made:
    return lambda as_of: definition(as_of=as_of, **options)


def _made(definition: Callable[..., Metric], **options: Any) -> Made:
    return lambda _: definition(**options)


FIGURES = (
    KeyFigure(make=_made(ticket_volume), table="tickets"),
    KeyFigure(make=_at(backlog), table="tickets", needs=(_ENDS,), advice=_END_ADVICE),
    KeyFigure(make=_at(backlog_age), table="tickets", needs=(_ENDS,), advice=_END_ADVICE),
    KeyFigure(
        make=_made(first_response_time),
        table="tickets",
        needs=(("responses", "tickets.first_response_at"),),
        advice="give the messages, or the stamp of the first response",
    ),
    KeyFigure(
        make=_made(response_time),
        table="tickets",
        needs=(("responses",),),
        advice="give the messages of both sides: Records(responses=…)",
    ),
    KeyFigure(make=_made(resolution_time), table="tickets", needs=(_ENDS,), advice=_END_ADVICE),
    KeyFigure(make=_made(resolution_rate), table="tickets", needs=(_ENDS,), advice=_END_ADVICE),
    KeyFigure(
        make=_made(reopen_rate),
        table="tickets",
        needs=((_LOG, "tickets.reopen_count"),),
        advice="give the log of the status: Records(changes=…), or the count of the tickets' own system",
    ),
    KeyFigure(
        make=_at(sla_attainment),
        table="tickets",
        needs=(("tickets.due_at",), _ENDS),
        advice="give the deadline of each ticket and its end, or state targets as sla.Policy and call sla.clocks",
    ),
    KeyFigure(
        make=_made(contact_wait_time),
        table="contacts",
        needs=(("contacts.wait_seconds",),),
        advice="give the wait of each contact",
    ),
    KeyFigure(
        make=_made(service_level, abandoned="missed"),
        table="contacts",
        needs=(("contacts.wait_seconds",),),
        advice="give the wait of each contact",
    ),
    KeyFigure(make=_made(abandonment_rate), table="contacts"),
    KeyFigure(
        make=_made(occupancy),
        table="agent_time",
        needs=(("agent_time.busy_seconds",), ("agent_time.available_seconds",)),
        advice="give the seconds of work and of being logged in, or make rows of contacts with presence",
    ),
    KeyFigure(
        make=_at(self_service_rate),
        table="sessions",
        needs=(("sessions.solved",), ("sessions.contacted_at",)),
        advice="give what visitors said, and whether they asked a person after all",
    ),
    KeyFigure(
        make=_made(qa_score),
        table="reviews",
        needs=(("reviews.scale_min",), ("reviews.scale_max",)),
        advice="give the range of each rating, or call review_scores with scale=",
    ),
    KeyFigure(
        make=_at(mean_time_to_restore),
        table="incidents",
        needs=(("incidents.restored_at",),),
        advice="give the instant at which each service worked again",
    ),
    KeyFigure(
        make=_made(change_failure_rate),
        table="deployments",
        needs=(("deployments.failed",),),
        advice="say of each release whether it failed",
    ),
)
"""The figures in the order of the answer; those of surveys, which depend on the questions, follow the tickets'."""
